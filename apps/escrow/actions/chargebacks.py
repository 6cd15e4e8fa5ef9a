"""Chargebacks: the buyer's bank takes a payment back. The hold is frozen until the bank has decided; the books follow.

Drawn money is booked on platform:chargebacks until the case is closed, then it comes back, or it is taken out of the
hold (when that still holds the money), or the seller who was paid owes it, or it is our loss.
"""

from __future__ import annotations

import datetime as dt

import structlog
from django.db import transaction
from django.utils import timezone

from apps.core import audit, outbox
from apps.core.money import Money
from apps.escrow import gateway, ledger, states
from apps.escrow.actions.disputes import begin
from apps.escrow.actions.moves import advance, close_dispute, fact, locked
from apps.escrow.actions.receivables import PAID_OUT, charge_seller
from apps.escrow.events import ChargebackOpened, HoldRefunded
from apps.escrow.models import Chargeback, Dispute, Hold, HoldState, Payment
from apps.escrow.states import Actor, HoldEvent

log = structlog.get_logger()

_CLOSED = {"won": Chargeback.State.WON, "lost": Chargeback.State.LOST}


def record_chargeback(*, stripe_id: str) -> Chargeback | None:
    """Fetch a bank's dispute and bring hold and books in line with it. Safe to repeat, in any order.

    None for an inquiry, and for a payment that is not ours. Raises GatewayError.
    """
    told = gateway.retrieve_dispute(stripe_id)
    if told.status.startswith("warning_"):
        return None  # only a question of the bank's: no money has moved
    payment = Payment.objects.filter(charge_id=told.charge_id).first() if told.charge_id else None
    if payment is None and told.payment_id:
        payment = Payment.objects.filter(intent_id=told.payment_id).first()
    if payment is None:
        log.warning("chargeback.unknown_payment", dispute=stripe_id)
        return None
    return _record(payment, told)


@transaction.atomic
def _record(payment: Payment, told: gateway.CardDispute) -> Chargeback:
    hold = locked(payment.hold_id)
    now = timezone.now()
    chargeback, is_new = Chargeback.objects.select_for_update(no_key=True).get_or_create(
        stripe_id=told.id,
        defaults={
            "payment": payment,
            "amount_minor": told.amount_minor,
            "currency": told.currency,
            "reason": told.reason,
            "evidence_due_at": told.evidence_due_at,
        },
    )
    if chargeback.state != Chargeback.State.OPEN:
        return chargeback
    _book_drawn(chargeback, told)
    holds_the_money = payment.state == Payment.State.SUCCEEDED and hold.state in states.HOLDING
    if is_new:
        audit.record(action="chargeback.open", target=chargeback, after={"hold": hold.pk, "reason": told.reason})
        if holds_the_money:
            _freeze(hold, told.reason, now)
        if told.status not in _CLOSED:
            told_by = told.evidence_due_at
            outbox.emit(
                ChargebackOpened(**fact(hold, by=None, now=now), chargeback_id=chargeback.pk, answer_by=told_by)
            )
    if told.status in _CLOSED:
        _close(hold, chargeback, _CLOSED[told.status], holds_the_money, now)
    chargeback.save()
    return chargeback


def _book_drawn(chargeback: Chargeback, told: gateway.CardDispute) -> None:
    """Bring platform:chargebacks to what the processor has drawn by now, amount and fee together."""
    drawn = told.withdrawn_minor + told.fee_minor
    step = Money(drawn - chargeback.drawn_minor, told.currency)
    if step:
        ledger.post(
            kind="chargeback",
            idempotency_key=f"chargeback:{chargeback.pk}:{chargeback.drawn_minor}:{drawn}",
            cause=f"chargeback:{chargeback.pk}",
            entries=[(ledger.CLEARING, step), (ledger.CHARGEBACKS, -step)],
        )
        chargeback.drawn_minor = drawn


def _freeze(hold: Hold, reason: str, now: dt.datetime) -> None:
    if hold.state == HoldState.DISPUTED:
        advance(hold, HoldEvent.FREEZE, actor=Actor.PROCESSOR, by=None, now=now, deadline=(hold.due_at, hold.due_event))
        return
    begin(
        hold,
        HoldEvent.FREEZE,
        actor=Actor.PROCESSOR,
        by=None,
        opened_by=hold.payer,
        reason=Dispute.Reason.OTHER,
        statement=f"The buyer's bank disputes the payment ({reason or 'no reason given'}).",
        now=now,
        waits_for_seller=False,
    )


def _close(hold: Hold, chargeback: Chargeback, state: str, holds_the_money: bool, now: dt.datetime) -> None:
    """What is still drawn leaves platform:chargebacks: out of the hold if the bank took all of it, else the seller owes it
    who was paid, else it is our loss.
    """
    chargeback.state, chargeback.closed_at = state, now
    drawn = Money(chargeback.drawn_minor, chargeback.currency)
    taken = Money(0, chargeback.currency)
    lost = state == Chargeback.State.LOST
    if lost and holds_the_money and chargeback.amount_minor == hold.amount_minor:
        taken = Money(hold.amount_minor, hold.currency)
        hold.refunded_minor = hold.amount_minor
        advance(hold, HoldEvent.CHARGE_BACK, actor=Actor.PROCESSOR, by=None, now=now)
        ledger.post(
            kind="charge-back",
            idempotency_key=f"charge-back:{hold.pk}",
            cause=f"chargeback:{chargeback.pk}",
            entries=[(ledger.hold_account(hold.pk), -taken), (ledger.CHARGEBACKS, taken)],
        )
        close_dispute(hold, by=None, now=now, decision="The buyer's bank took the payment back.")
        outbox.emit(
            HoldRefunded(
                **fact(hold, by=None, now=now),
                amount_minor=hold.amount_minor,
                currency=hold.currency,
                reason="The buyer's bank took the payment back.",
            )
        )
    rest = drawn - taken
    if rest and lost and payment_was_passed_on(chargeback, hold):
        charge_seller(
            hold,
            account=ledger.CHARGEBACKS,
            amount=rest,
            key=f"chargeback:{chargeback.pk}:owed",
            cause=f"chargeback:{chargeback.pk}",
        )
    elif rest:
        ledger.post(
            kind="loss",
            idempotency_key=f"chargeback:{chargeback.pk}:loss",
            cause=f"chargeback:{chargeback.pk}",
            entries=[(ledger.CHARGEBACKS, rest), (ledger.LOSSES, -rest)],
        )
    audit.record(action=f"chargeback.{state}", target=chargeback, after={"rest_minor": rest.amount_minor})


def payment_was_passed_on(chargeback: Chargeback, hold: Hold) -> bool:
    """Whether the seller has, or is owed, what this payment brought."""
    return chargeback.payment.state == Payment.State.SUCCEEDED and hold.state in PAID_OUT
