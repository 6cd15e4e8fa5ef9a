"""Held money as notifications: payments, parcels, cases, deadlines, transfers and payouts. Of swaps what swaps do not say."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.urls import reverse

from apps.core.money import Money
from apps.core.outbox import Event
from apps.escrow import events as facts
from apps.escrow.models import Dispute, Hold, Payment, Settlement
from apps.notifications.sources.registry import source
from apps.notifications.telling import Told


def holds(events: Sequence[facts.HoldFact]) -> dict[uuid.UUID, Hold]:
    """The holds of these facts with the two people."""
    return Hold.objects.select_related("payer", "payee").in_bulk({event.hold_id for event in events})


def place_of(hold: Hold) -> tuple[str, str]:
    """(group, path) of what a hold is for."""
    what, _, rest = hold.cause.partition(":")
    pk = rest.split(":")[0]
    return f"{what}:{pk}", reverse(what, args=[pk]) if what in ("trade", "swap") else ""


def about(hold: Hold, **more: Any) -> dict[str, Any]:
    """What every notification about a hold names."""
    group = place_of(hold)[0]
    return {
        "subject": group, "goods": hold.description, "buyer": str(hold.payer), "seller": str(hold.payee),
        "total": str(Money(hold.amount_minor, hold.currency)), "due_at": hold.due_at,
    } | more  # fmt: skip


def told(kind: str, owner_id: uuid.UUID, hold: Hold, cause: str, **more: Any) -> Told:
    """A notification about a hold."""
    group, url = place_of(hold)
    return Told(kind, owner_id, cause, group, url, about(hold, **more))


def _both(
    event_type: type[Event], seller: str, buyer: str, more: Callable[[Any], dict[str, Any]] = lambda _: {}
) -> None:
    """Register a fact about a sale that both learn of, each in their own kind."""

    @source(event_type)
    def read(events: Sequence[Any]) -> Iterator[Told]:
        known = holds(events)
        for event in events:
            hold = known[event.hold_id]
            if hold.is_led:
                continue
            cause = f"{event.topic}:{hold.pk}:{event.at.isoformat()}"
            for kind, owner in ((seller, hold.payee_id), (buyer, hold.payer_id)):
                if kind:
                    yield told(kind, owner, hold, cause, **more(event))


_both(facts.HoldFunded, "sale.paid", "purchase.paid")
_both(facts.HoldShipped, "", "purchase.shipped")
_both(facts.HoldDelivered, "sale.delivered", "purchase.delivered", lambda event: {"inspect_until": event.inspect_until})
_both(
    facts.HoldReleased, "sale.released", "",
    lambda event: {"amount": str(Money(event.seller_minor, event.currency)), "fee": str(Money(event.fee_minor, event.currency))},
)  # fmt: skip
_both(
    facts.HoldRefunded, "sale.ended", "purchase.ended",
    lambda event: {"refunded": str(Money(event.amount_minor, event.currency)), "reason": event.reason},
)  # fmt: skip
_both(facts.HoldCancelled, "sale.ended", "purchase.ended", lambda event: {"reason": event.reason})
_both(
    facts.HoldSplit, "trade.split", "trade.split",
    lambda event: {
        "refunded": str(Money(event.refund_minor, event.currency)), "amount": str(Money(event.seller_minor, event.currency)),
    },
)  # fmt: skip

_ENDED = (Dispute.State.DECIDED, Dispute.State.WITHDRAWN)
_OVERDUE = {"late": "both", "ask": "both", "claim": "payer", "unanswered": "both", "escalate": "both"}


@source(facts.HoldOverdue)
def overdue(events: Sequence[facts.HoldOverdue]) -> Iterator[Told]:
    """A deadline passed that closes nothing by itself."""
    known = holds(events)
    for event in events:
        hold = known[event.hold_id]
        owners = [hold.payer_id] if _OVERDUE.get(event.event) == "payer" else [hold.payer_id, hold.payee_id]
        for owner in owners:
            more = {"event": event.event, "is_buyer": owner == hold.payer_id}
            yield told("trade.overdue", owner, hold, f"overdue:{hold.pk}:{event.at.isoformat()}", **more)


def other_than(hold: Hold, member_id: uuid.UUID | None) -> uuid.UUID:
    """The other side; the payee where nobody of the two did it (a bank)."""
    return hold.payer_id if member_id == hold.payee_id else hold.payee_id


@source(facts.HoldDisputed)
def disputed(events: Sequence[facts.HoldDisputed]) -> Iterator[Told]:
    """The other side is to answer."""
    known = holds(events)
    cases = Dispute.objects.in_bulk({event.dispute_id for event in events})
    for event in events:
        hold, case = known[event.hold_id], cases.get(event.dispute_id)
        reason = str(case.get_reason_display()) if case else event.reason
        answer_by = case.answer_due_at if case else None
        cause = f"dispute:{event.dispute_id}"
        yield told("case.opened", other_than(hold, event.by), hold, cause, reason=reason, answer_by=answer_by)


@source(facts.DisputeAnswered)
def answered(events: Sequence[facts.DisputeAnswered]) -> Iterator[Told]:
    """Who opened the case learns of the answer."""
    known = holds(events)
    for event in events:
        hold = known[event.hold_id]
        yield told("case.answered", other_than(hold, event.by), hold, f"dispute:{event.dispute_id}")


@source(facts.DisputeWithdrawn)
def withdrawn(events: Sequence[facts.DisputeWithdrawn]) -> Iterator[Told]:
    """The other side learns that it is over."""
    known = holds(events)
    for event in events:
        hold = known[event.hold_id]
        yield told("case.withdrawn", other_than(hold, event.by), hold, f"dispute:{event.dispute_id}")


@source(facts.DisputeDecided)
def decided(events: Sequence[facts.DisputeDecided]) -> Iterator[Told]:
    """Both learn of the decision."""
    known = holds(events)
    cases = Dispute.objects.in_bulk({event.dispute_id for event in events})
    for event in events:
        hold, case = known[event.hold_id], cases.get(event.dispute_id)
        more = {"outcome": event.outcome, "decision": case.decision[:600] if case else ""}
        for owner in (hold.payer_id, hold.payee_id):
            yield told("case.decided", owner, hold, f"dispute:{event.dispute_id}", **more)


@source(facts.CaseMoved)
def moved(events: Sequence[facts.CaseMoved]) -> Iterator[Told]:
    """Who did not do it learns that a case went on; both where a moderator or the clock did. Its end has a fact of its own."""
    known = holds(events)
    for event in events:
        hold = known[event.hold_id]
        if event.state in _ENDED:
            continue
        for owner in {hold.payer_id, hold.payee_id} - {event.by}:
            cause = f"dispute:{event.dispute_id}:{event.what}:{event.at.isoformat()}"
            yield told("case.moved", owner, hold, cause, what=event.what, state=event.state)


@source(facts.ChargebackOpened)
def charged_back(events: Sequence[facts.ChargebackOpened]) -> Iterator[Told]:
    """The seller is to give evidence."""
    known = holds(events)
    for event in events:
        hold = known[event.hold_id]
        cause = f"chargeback:{event.chargeback_id}"
        yield told("chargeback.opened", hold.payee_id, hold, cause, answer_by=event.answer_by)


@source(facts.PaymentFailed)
def payment_failed(events: Sequence[facts.PaymentFailed]) -> Iterator[Told]:
    """The payer is to try another way. Each attempt is told once."""
    known = holds(events)
    attempts = Payment.objects.in_bulk({event.payment_id for event in events})
    for event in events:
        hold, attempt = known[event.hold_id], attempts.get(event.payment_id)
        if attempt is not None:
            yield told("payment.failed", hold.payer_id, hold, f"payment:{attempt.pk}", why=event.message)


@source(facts.PaymentReturned)
def payment_returned(events: Sequence[facts.PaymentReturned]) -> Iterator[Told]:
    """Paid twice, or too late."""
    known = holds(events)
    for event in events:
        hold = known[event.hold_id]
        amount = str(Money(event.amount_minor, event.currency))
        yield told("payment.returned", hold.payer_id, hold, f"payment:{event.payment_id}", amount=amount)


@source(facts.SettlementSent)
def settled(events: Sequence[facts.SettlementSent]) -> Iterator[Told]:
    """Money left for the seller, or for the buyer. What is taken back from a seller is told by its case."""
    known = holds(events)
    for event in events:
        hold, amount = known[event.hold_id], str(Money(event.amount_minor, event.currency))
        cause = f"settlement:{event.settlement_id}"
        if event.kind == Settlement.Kind.TRANSFER:
            yield told("payout.sent", hold.payee_id, hold, cause, amount=amount)
        elif event.kind in (Settlement.Kind.REFUND, Settlement.Kind.GOODWILL, Settlement.Kind.RETURN):
            yield told("refund.sent", hold.payer_id, hold, cause, amount=amount)


@source(facts.PayoutFailed)
def payout_failed(events: Sequence[facts.PayoutFailed]) -> Iterator[Told]:
    """The seller's bank refused what was sent to it."""
    for event in events:
        more = {"amount": str(Money(event.amount_minor, event.currency)), "why": event.why}
        cause = f"payout:{event.payout_id}"
        yield Told("payout.failed", event.member_id, cause, "payouts", reverse("onboarding"), more)
