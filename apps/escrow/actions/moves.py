"""How a hold moves: lock it, check the table in states.py, write state, clock, books, audit and event together.

Locks are taken in one order: hold, payment, dispute, settlement, then the ledger's own (see escrow_post).
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import structlog
from django.db import transaction

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, NotFound, NotYours
from apps.core.logging import about
from apps.core.money import Money
from apps.escrow import ledger, states
from apps.escrow.cases.models import ACTIVE, CaseEntry, CaseOffer
from apps.escrow.events import DisputeDecided, HoldRefunded, HoldReleased, HoldSplit
from apps.escrow.fees import fee_on_part
from apps.escrow.models import Chargeback, Dispute, Hold, HoldState, Payment, Settlement
from apps.escrow.states import Actor, HoldEvent
from apps.risk import actions as risk
from apps.risk.rules import About

log = structlog.get_logger()

_ENTERED_AT = {
    HoldState.FUNDED: "funded_at",
    HoldState.SHIPPED: "shipped_at",
    HoldState.DELIVERED: "delivered_at",
}
_OUTCOMES = {
    HoldState.RELEASED: Dispute.Outcome.RELEASE,
    HoldState.REFUNDED: Dispute.Outcome.REFUND,
    HoldState.SPLIT: Dispute.Outcome.SPLIT,
}


class WrongState(Conflict):
    """The hold is no longer in a state in which this can be done."""

    code = "WRONG_STATE"
    message = "That is no longer possible here: the sale has moved on. Look at it again."


class UnderReview(Conflict):
    """A moderator looks at it first."""

    code = "UNDER_REVIEW"
    message = "We are looking at this order before it goes on, usually within a day. The money is held meanwhile."


# What would let goods or money go. Giving the money back is always possible.
STOPPED_WHILE_CHECKED = frozenset(
    {HoldEvent.SHIP, HoldEvent.DELIVER, HoldEvent.RELEASE, HoldEvent.SPLIT, HoldEvent.WITHDRAW}
)


def locked(hold_id: UUID) -> Hold:
    """The hold, ours until the transaction ends. Raises NotFound."""
    hold = Hold.objects.select_for_update(no_key=True).filter(pk=hold_id).first()
    if hold is None:
        raise NotFound
    return hold


def actor_of(hold: Hold, by: User) -> Actor:
    """In which role a member acts; nobody is moderator in a sale of their own. Raises NotYours."""
    if by.pk == hold.payer_id:
        return Actor.PAYER
    if by.pk == hold.payee_id:
        return Actor.PAYEE
    if by.is_moderator:
        return Actor.MODERATOR
    raise NotYours


def check_allowed(hold: Hold, event: HoldEvent, actor: Actor) -> HoldState:
    """The state that the event leads to. Raises WrongState, NotYours, UnderReview."""
    step = states.step(hold.state, event, is_led=hold.is_led)
    if step is None:
        raise WrongState(state=hold.state, event=str(event))
    if actor not in step.actors:
        raise NotYours(f"That is for the {' or the '.join(sorted(step.actors))} to do.")
    if hold.checked_since is not None and event in STOPPED_WHILE_CHECKED:
        raise UnderReview
    return step.next


def advance(
    hold: Hold,
    event: HoldEvent,
    *,
    actor: Actor,
    by: User | None,
    now: dt.datetime,
    reason: str = "",
    deadline: tuple[dt.datetime | None, str] | None = None,
) -> None:
    """Write the next state and its first deadline to a locked hold, with its audit entry.

    `deadline` replaces the table's. Raises WrongState, NotYours.
    """
    following = check_allowed(hold, event, actor)
    before = {"state": hold.state, "due_at": hold.due_at, "due_event": hold.due_event}
    hold.state = following
    hold.due_at, hold.due_event = deadline or (
        (None, "") if hold.is_led else states.first_deadline(following, since=now)
    )
    stays = before["state"] == following
    if (field := _ENTERED_AT.get(following)) and not stays:
        setattr(hold, field, now)
    if following in states.TERMINAL:
        hold.closed_at = now
        if hold.checked_since is not None:
            hold.checked_since = hold.clock_left = None
            risk.lapse(about=About.PAYMENT, subject_id=hold.pk)
    hold.save(
        update_fields=[
            "state",
            "due_at",
            "due_event",
            "funded_at",
            "shipped_at",
            "delivered_at",
            "closed_at",
            "refunded_minor",
            "checked_since",
            "clock_left",
        ]
    )
    after = {"state": hold.state, "due_at": hold.due_at, "due_event": hold.due_event}
    audit.record(action=f"hold.{event}", target=hold, by=by, before=before, after=after, reason=reason)
    with about(hold.cause):  # the trade
        log.info("hold.moved", hold=str(hold.pk), hold_event=str(event), actor=str(actor), state=hold.state)


def close(
    hold: Hold,
    event: HoldEvent,
    *,
    refund_minor: int,
    actor: Actor,
    by: User | None,
    now: dt.datetime,
    reason: str = "",
) -> None:
    """End a locked hold that holds money: `refund_minor` to the buyer, the rest less the fee to the seller.

    Books, settlements, dispute and event go with it in the caller's transaction.
    """
    was_disputed = hold.state == HoldState.DISPUTED
    check_allowed(hold, event, actor)
    refuse_while_the_bank_decides(hold)
    kept = hold.amount_minor - refund_minor
    fee = _fee(hold, event, kept)
    hold.refunded_minor = refund_minor
    advance(hold, event, actor=actor, by=by, now=now, reason=reason)
    _book(hold, refund_minor=refund_minor, seller_minor=kept - fee, fee_minor=fee)
    if was_disputed:
        close_dispute(hold, by=by, now=now, decision=reason)
    _emit_closed(hold, seller_minor=kept - fee, fee_minor=fee, by=by, now=now, reason=reason)
    wake_settling()


def _fee(hold: Hold, event: HoldEvent, kept: int) -> int:
    """What of the fee stays. In a led hold it is on the cash alone, and nothing is taken of what makes a harm good."""
    if hold.is_led:
        return hold.fee_minor if event == HoldEvent.RELEASE else 0
    return fee_on_part(fee_minor=hold.fee_minor, part_minor=kept, amount_minor=hold.amount_minor)


def refuse_while_the_bank_decides(hold: Hold) -> None:
    """Raises Conflict while a chargeback of the hold's payment is open."""
    if Chargeback.objects.filter(payment__hold=hold, state=Chargeback.State.OPEN).exists():
        raise Conflict(
            "The buyer's bank has taken the payment back and is still deciding. Nothing can be paid out yet."
        )


def _book(hold: Hold, *, refund_minor: int, seller_minor: int, fee_minor: int) -> None:
    """One posting that empties the hold, and a settlement for what leaves to each side."""
    currency = hold.currency
    ledger.post(
        kind=hold.state,
        idempotency_key=f"close:{hold.pk}",
        cause=f"hold:{hold.pk}",
        entries=[
            (ledger.hold_account(hold.pk), Money(-hold.amount_minor, currency)),
            (ledger.refunds_account(hold.payer_id), Money(refund_minor, currency)),
            (ledger.available_account(hold.payee_id), Money(seller_minor, currency)),
            (ledger.FEES, Money(fee_minor, currency)),
        ],
    )
    payment = Payment.objects.get(hold=hold, state=Payment.State.SUCCEEDED)
    for kind, amount in ((Settlement.Kind.REFUND, refund_minor), (Settlement.Kind.TRANSFER, seller_minor)):
        if amount:
            Settlement.objects.create(hold=hold, payment=payment, kind=kind, amount_minor=amount, currency=currency)


def close_dispute(hold: Hold, *, by: User | None, now: dt.datetime, decision: str) -> None:
    """Mark the open dispute as decided the way the hold ended; one that says already who decided keeps that."""
    dispute = Dispute.objects.select_for_update(no_key=True).filter(hold=hold, state__in=ACTIVE).first()
    if dispute is None:
        return
    dispute.state = Dispute.State.DECIDED
    dispute.outcome = _OUTCOMES[HoldState(hold.state)]
    dispute.refund_minor = hold.refunded_minor
    dispute.decision = decision
    dispute.decided_by = by
    dispute.decided_at = now
    end_talks(dispute, now)
    dispute.save()
    CaseEntry.objects.create(
        dispute=dispute,
        at=now,
        by=by,
        what=CaseEntry.What.CLOSED,
        text=decision,
        remedy=dispute.outcome,
        refund_minor=dispute.refund_minor,
    )
    audit.record(action="dispute.decided", target=dispute, by=by, after={"outcome": dispute.outcome}, reason=decision)
    outbox.emit(DisputeDecided(**fact(hold, by=by, now=now), dispute_id=dispute.pk, outcome=dispute.outcome))


def end_talks(dispute: Dispute, now: dt.datetime) -> None:
    """Nothing waits any more in a locked case that ends; the caller saves it."""
    dispute.turn = dispute.turn_due_at = dispute.asked_by = dispute.due_at = None
    dispute.offers.filter(state=CaseOffer.State.OPEN).update(state=CaseOffer.State.VOID, closed_at=now)
    dispute.parcels.filter(closed_at__isnull=True).update(closed_at=now)


def _emit_closed(
    hold: Hold, *, seller_minor: int, fee_minor: int, by: User | None, now: dt.datetime, reason: str
) -> None:
    common = {**fact(hold, by=by, now=now), "currency": hold.currency}
    if hold.state == HoldState.RELEASED:
        outbox.emit(HoldReleased(**common, seller_minor=seller_minor, fee_minor=fee_minor))
    elif hold.state == HoldState.REFUNDED:
        outbox.emit(HoldRefunded(**common, amount_minor=hold.refunded_minor, reason=reason))
    else:
        outbox.emit(
            HoldSplit(**common, refund_minor=hold.refunded_minor, seller_minor=seller_minor, fee_minor=fee_minor)
        )


def fact(hold: Hold, *, by: User | None, now: dt.datetime) -> dict[str, object]:
    """The fields that every fact about the hold carries."""
    return {"hold_id": hold.pk, "cause": hold.cause, "at": now, "by": by.pk if by else None}


def wake_settling() -> None:
    """Ask for the settlements to be sent once the transaction has committed."""
    from apps.escrow.tasks import settle_due

    wake(settle_due)


def wake(task: object) -> None:
    """Start a task after the commit; best effort, since the schedule runs the same tasks anyhow."""

    def send() -> None:
        try:
            task.apply_async(retry=False, ignore_result=True)
        except Exception as error:  # noqa: BLE001 - the queue may be down; the work is safe in its table
            log.warning("escrow.wake_failed", task=task.name, error=str(error))

    transaction.on_commit(send, robust=True)
