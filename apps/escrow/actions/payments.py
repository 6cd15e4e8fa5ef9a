"""Paying for a hold. The row is written first, then the processor is asked, then its answer is recorded.

The processor is never asked while locks are held. Money counts only when the processor itself says that it has arrived;
whatever arrives without being owed (paid twice, or after the hold was closed) is booked and sent back.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict, NotYours
from apps.core.money import Money
from apps.escrow import gateway, ledger
from apps.escrow.actions.checking import judge_payment
from apps.escrow.actions.moves import WrongState, advance, fact, locked, wake_settling
from apps.escrow.cards.actions import customer_for_method, customer_of
from apps.escrow.events import HoldFunded, PaymentFailed, PaymentReturned
from apps.escrow.models import Hold, HoldState, Payment, Settlement
from apps.escrow.states import Actor, HoldEvent
from apps.risk import actions as risk

log = structlog.get_logger()

_OPEN = (Payment.State.PENDING, Payment.State.ACTION)
_ARRIVED = (Payment.State.SUCCEEDED, Payment.State.RETURNED)
# The processor has not seen the request, or is still busy with it: only then may the same key be used again.
SAME_KEY_AGAIN = frozenset({"unreachable", "idempotency_key_in_use", "lock_timeout"})


class PaymentMismatch(Conflict):
    """The processor names another amount or currency than we asked for. Nothing is booked; an operator must look."""

    code = "PAYMENT_MISMATCH"
    message = "The payment does not match what was asked for."


def start_payment(
    *,
    hold: Hold,
    by: User,
    payment_method: str | None = None,
    keep_card: bool = False,
    success_url: str = "",
    cancel_url: str = "",
    now: dt.datetime | None = None,
) -> Payment:
    """Begin to pay, or come back to the attempt that is under way.

    Without `payment_method` the payment gets a `checkout_url` (the processor's page); with one (`pm_…`) it is confirmed
    at once and is then succeeded, failed (with `failure_message`) or action (with `next_action_url`, 3-D Secure). A
    failed attempt is kept; calling again makes the next one. `keep_card`: the card that is typed into the page is kept
    for the next payments. From the processor the payer comes back through the route pay-return, goes on to `success_url`.

    Must not be called inside a transaction. Raises NotYours (also for a card that is kept for somebody else), WrongState
    (paid or closed), TooFast, GatewayError.
    """
    now = now or timezone.now()
    method = payment_method or ""
    keeps = keep_card and not method
    if method:
        customer_for_method(method, by)
    for _ in range(3):
        payment, is_new = _attempt(hold.pk, by, method, keeps, success_url, cancel_url or success_url, now)
        if (payment.payment_method, payment.keeps_card) != (method, keeps):
            close_payment(payment=payment)
            continue
        payment = _ask(payment) if is_new or not _is_known_there(payment) else refresh_payment(payment=payment)
        if payment.state != Payment.State.CANCELLED:
            return payment
    raise Conflict("The payment could not be started. Try again.")


@transaction.atomic(durable=True)
def _attempt(
    hold_id: UUID, by: User, method: str, keeps_card: bool, success_url: str, cancel_url: str, now: dt.datetime
) -> tuple[Payment, bool]:
    """The attempt under way, or a new row, and whether it is new."""
    hold = locked(hold_id)
    if hold.payer_id != by.pk:
        raise NotYours("The buyer pays.")
    if hold.state != HoldState.CREATED:
        raise WrongState(
            "This sale is cancelled." if hold.state == HoldState.CANCELLED else "This is paid already.",
            state=hold.state,
        )
    if hold.due_at is not None and hold.due_at <= now:
        raise WrongState("The time to pay has passed.", state=hold.state)
    last = hold.payments.order_by("-attempt").first()
    if last is not None and last.state in _OPEN:
        return last, False
    risk.count("payment", by=by, at=now)
    payment = Payment.objects.create(
        hold=hold,
        attempt=last.attempt + 1 if last else 1,
        payment_method=method,
        keeps_card=keeps_card,
        return_url=success_url[:600],
        cancel_url=cancel_url[:600],
        amount_minor=hold.amount_minor,
        currency=hold.currency,
        created_at=now,
    )
    audit.record(action="payment.start", target=payment, by=by, after={"hold": hold.pk, "attempt": payment.attempt})
    return payment, True


def _is_known_there(payment: Payment) -> bool:
    return bool(payment.checkout_id or payment.intent_id)


def _ask(payment: Payment) -> Payment:
    """Tell the processor about the attempt. Safe to repeat: the idempotency key is the row's."""
    hold = Hold.objects.select_related("payer").get(pk=payment.hold_id)
    back = f"{settings.SITE_URL}{reverse('pay-return', args=[payment.pk])}"
    common = {
        "hold_id": str(hold.pk),
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "description": hold.description,
        "transfer_group": f"hold:{hold.pk}",
    }
    try:
        if payment.payment_method:
            intent = gateway.create_payment(
                **common,
                payment_method=payment.payment_method,
                return_url=back,
                customer_id=customer_for_method(payment.payment_method, hold.payer),
                idempotency_key=f"payment:{payment.pk}:intent",
            )
            return _record(payment.pk, intent=intent)
        session = gateway.create_checkout(
            **common,
            success_url=back,
            cancel_url=payment.cancel_url or back,
            customer_email=hold.payer.email,
            customer_id=customer_of(hold.payer) if payment.keeps_card else "",
            expires_at=hold.due_at or payment.created_at + dt.timedelta(days=1),
            idempotency_key=f"payment:{payment.pk}:checkout",
        )
        return _record(payment.pk, session=session)
    except gateway.PaymentDeclined as declined:
        return _fail(payment.pk, declined.code, declined.message)
    except gateway.GatewayError as error:
        if error.code not in SAME_KEY_AGAIN:
            _fail(payment.pk, error.code, error.message)
        raise


def refresh_payment(*, payment: Payment) -> Payment:
    """Ask the processor how the payment stands and act on it. Safe to repeat and to run twice at once.

    Raises GatewayError, PaymentMismatch.
    """
    payment = Payment.objects.get(pk=payment.pk)
    session, intent_id = None, payment.intent_id
    if payment.checkout_id:
        session = gateway.retrieve_checkout(payment.checkout_id)
        intent_id = session.payment_intent_id or intent_id
    intent = gateway.retrieve_payment(intent_id) if intent_id else None
    if session is None and intent is None:
        return payment
    return _record(payment.pk, session=session, intent=intent)


def close_payment(*, payment: Payment) -> Payment:
    """Make sure that nobody can pay on this attempt any more; one that was paid in the meantime is acted on.

    Raises GatewayError.
    """
    payment = Payment.objects.get(pk=payment.pk)
    if payment.state not in _OPEN:
        return payment
    if payment.checkout_id:
        session = gateway.expire_checkout(payment.checkout_id)
        intent = gateway.retrieve_payment(session.payment_intent_id) if session.payment_intent_id else None
        return _record(payment.pk, session=session, intent=intent)
    if payment.intent_id:
        try:
            intent = gateway.cancel_payment(payment.intent_id, f"payment:{payment.pk}:cancel")
        except gateway.GatewayError as error:
            if error.retryable:
                raise
            return refresh_payment(payment=payment)
        return _record(payment.pk, intent=intent)
    # Never seen at the processor, as far as we know. Should it turn up there all the same, its webhook finds it.
    return _fail(payment.pk, "", "", state=Payment.State.CANCELLED)


def close_abandoned(*, limit: int = 100) -> int:
    """Close the payments under way of holds that nobody can pay for any more; returns how many were closed."""
    open_ones = Payment.objects.filter(state__in=_OPEN).filter(~Q(hold__state=HoldState.CREATED))
    closed = 0
    for payment in open_ones.order_by("created_at")[:limit]:
        try:
            closed += close_payment(payment=payment).state not in _OPEN
        except gateway.GatewayError as error:
            log.warning("payment.close_failed", payment=str(payment.pk), code=error.code)
    return closed


def adopt_intent(*, intent_id: str, hold_id: UUID) -> Payment | None:
    """Learn of a payment whose answer we never got (the process ended while asking), and act on it.

    Returns None when every attempt of the hold is known to be another payment.
    """
    for payment in Payment.objects.filter(hold_id=hold_id).exclude(checkout_id="").filter(intent_id=""):
        if refresh_payment(payment=payment).intent_id == intent_id:
            return Payment.objects.get(pk=payment.pk)
    lost = Payment.objects.filter(hold_id=hold_id, intent_id="", checkout_id="").order_by("-attempt").first()
    if lost is None:
        return None
    return _record(lost.pk, intent=gateway.retrieve_payment(intent_id))


@transaction.atomic
def _record(
    payment_id: UUID, *, session: gateway.Checkout | None = None, intent: gateway.Payment | None = None
) -> Payment:
    """Write down what the processor said, and act when money arrived. Old news never undoes newer."""
    hold, payment = _locked_pair(payment_id)
    if session is not None:
        payment.checkout_id = session.id
        payment.checkout_url = session.url or payment.checkout_url
        payment.intent_id = session.payment_intent_id or payment.intent_id
    if intent is not None:
        payment.intent_id = intent.id
        payment.charge_id = intent.charge_id or payment.charge_id
        payment.next_action_url = intent.next_action_url or ""
    if payment.state in _ARRIVED:
        return payment
    if intent is not None and intent.is_paid:
        _arrive(hold, payment, intent)
    elif payment.state in _OPEN:
        _follow(hold, payment, session, intent)
    payment.save()
    return payment


def _locked_pair(payment_id: UUID) -> tuple[Hold, Payment]:
    hold = locked(Payment.objects.values_list("hold_id", flat=True).get(pk=payment_id))
    return hold, Payment.objects.select_for_update(no_key=True).get(pk=payment_id)


def _follow(hold: Hold, payment: Payment, session: gateway.Checkout | None, intent: gateway.Payment | None) -> None:
    """The state of an attempt that is not paid (yet)."""
    if intent is not None and intent.is_declined and intent.failure_code != payment.failure_code:
        _note_failure(hold, payment, intent.failure_code or "", intent.failure_message or "")
    if intent is not None and intent.status == "requires_action":
        payment.state = Payment.State.ACTION
    elif intent is not None and intent.status == "canceled":
        payment.state = Payment.State.CANCELLED
    elif session is not None or payment.checkout_id:
        # On the processor's page another card can be tried after a decline, until the page closes.
        expired = session is not None and session.status == "expired"
        payment.state = Payment.State.CANCELLED if expired else Payment.State.PENDING
    elif intent is not None and intent.is_declined:
        payment.state = Payment.State.FAILED


def _arrive(hold: Hold, payment: Payment, intent: gateway.Payment) -> None:
    """The money is at the processor: it funds the hold, or goes back when it is not owed."""
    if (intent.amount_received_minor, intent.currency) != (payment.amount_minor, payment.currency):
        raise PaymentMismatch(payment=payment.pk, received=intent.amount_received_minor, currency=intent.currency)
    now = timezone.now()
    payment.paid_at = now
    payment.failure_code = payment.failure_message = ""
    amount = Money(payment.amount_minor, payment.currency)
    if hold.state == HoldState.CREATED:
        payment.state = Payment.State.SUCCEEDED
        payment.save()
        ledger.post(
            kind="fund",
            idempotency_key=f"fund:{hold.pk}",
            cause=f"payment:{payment.pk}",
            entries=[(ledger.CLEARING, -amount), (ledger.hold_account(hold.pk), amount)],
        )
        advance(hold, HoldEvent.PAY, actor=Actor.PROCESSOR, by=None, now=now)
        outbox.emit(
            HoldFunded(
                **fact(hold, by=None, now=now),
                payment_id=payment.pk,
                amount_minor=payment.amount_minor,
                currency=payment.currency,
            )
        )
        judge_payment(hold, card=intent.card, now=now)
        wake_settling()  # other attempts that are still open are closed there
        return
    payment.state = Payment.State.RETURNED
    payment.save()
    ledger.post(
        kind="unowed",
        idempotency_key=f"unowed:{payment.pk}",
        cause=f"payment:{payment.pk}",
        entries=[(ledger.CLEARING, -amount), (ledger.refunds_account(hold.payer_id), amount)],
    )
    Settlement.objects.create(
        hold=hold,
        payment=payment,
        kind=Settlement.Kind.RETURN,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
    )
    audit.record(action="payment.return", target=payment, after={"hold_state": hold.state})
    outbox.emit(
        PaymentReturned(
            **fact(hold, by=None, now=now),
            payment_id=payment.pk,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )
    )
    wake_settling()


@transaction.atomic
def _fail(payment_id: UUID, code: str, message: str, state: str = Payment.State.FAILED) -> Payment:
    hold, payment = _locked_pair(payment_id)
    if payment.state in _OPEN:
        payment.state = state
        if code:
            _note_failure(hold, payment, code, message)
        payment.save()
    return payment


def _note_failure(hold: Hold, payment: Payment, code: str, message: str) -> None:
    payment.failure_code, payment.failure_message = code[:60], message[:300]
    outbox.emit(
        PaymentFailed(
            **fact(hold, by=None, now=timezone.now()),
            payment_id=payment.pk,
            code=payment.failure_code,
            message=payment.failure_message,
        )
    )
    log.info("payment.declined", payment=str(payment.pk), code=payment.failure_code)
