"""Sending what a closed hold owes: a transfer to the seller, a refund to the buyer. Retried until the processor has it.

A settlement is claimed by moving its next attempt ahead (a lease), so that nothing is locked while the processor is
asked. From the second attempt on we first look whether an earlier one arrived after all.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import NotYours
from apps.core.money import Money
from apps.escrow import gateway, ledger
from apps.escrow.actions.moves import WrongState, fact, wake_settling
from apps.escrow.actions.payments import SAME_KEY_AGAIN
from apps.escrow.actions.receivables import claim_back, set_off
from apps.escrow.actions.sellers import refresh_seller_account
from apps.escrow.events import SettlementSent
from apps.escrow.models import Chargeback, SellerAccount, Settlement

log = structlog.get_logger()

LEASE = dt.timedelta(minutes=2)  # longer than the gateway's timeouts and retries together
LAST_TRY = 12
_LONGEST_WAIT = dt.timedelta(hours=6)
_State, _Kind = Settlement.State, Settlement.Kind


def settle_due(*, limit: int = 100, now: dt.datetime | None = None) -> int:
    """Send what is due, refunds first; returns how many were sent. Safe to run in parallel and to be killed."""
    now = now or timezone.now()
    _wake_waiting(now)
    sent = 0
    for _ in range(limit):
        settlement = _claim(now)
        if settlement is None:
            break
        sent += settlement.state == _State.DUE and _send(settlement, now)
    return sent


def _wake_waiting(now: dt.datetime) -> None:
    """Transfers that waited for a payout account which is active by now."""
    Settlement.objects.filter(state=_State.WAITING, hold__payee__seller_account__transfers_active=True).update(
        state=_State.DUE, next_attempt_at=now
    )


# While a bank decides about a payment nothing of it is passed on.
_DRAWN = Chargeback.objects.filter(payment=OuterRef("payment"), state=Chargeback.State.OPEN)


@transaction.atomic
def _claim(now: dt.datetime) -> Settlement | None:
    settlement = (
        Settlement.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(state=_State.DUE, next_attempt_at__lte=now)
        .exclude(Exists(_DRAWN), kind=_Kind.TRANSFER)
        .order_by("kind", "next_attempt_at")  # refunds and returns come before transfers, also by name
        .first()
    )
    if settlement is None:
        return None
    if settlement.kind == _Kind.TRANSFER and settlement.attempts == 0:
        set_off(settlement)
    settlement.attempts += 1
    settlement.next_attempt_at = now + LEASE
    settlement.first_tried_at = settlement.first_tried_at or now
    settlement.save(
        update_fields=["attempts", "next_attempt_at", "first_tried_at", "recovered_minor", "state", "sent_at"]
    )
    return settlement


def _send(settlement: Settlement, now: dt.datetime) -> bool:
    settlement = Settlement.objects.select_related("hold__payee__seller_account", "payment").get(pk=settlement.pk)
    try:
        stripe_id = _WAYS.get(settlement.kind, _refund)(settlement)
    except gateway.GatewayError as error:
        if settlement.kind == _Kind.REVERSAL and error.code in _NOTHING_THERE:
            _leave_to_next_sales(settlement.pk)
            return False
        _postpone(settlement.pk, error, now)
        if error.code == "insufficient_capabilities_for_transfer":
            _ask_about_seller(settlement)
        return False
    if stripe_id is None:
        _wait_for_account(settlement.pk)
        return False
    return _record_sent(settlement.pk, stripe_id)


def _ask_about_seller(settlement: Settlement) -> None:
    """What we know of the account is out of date; the next attempt will wait for it."""
    try:
        refresh_seller_account(user=settlement.hold.payee)
    except gateway.GatewayError as error:
        log.warning("seller.refresh_failed", user=str(settlement.hold.payee_id), code=error.code)


def _key(settlement: Settlement) -> str:
    return f"settlement:{settlement.pk}:{settlement.key_number}"


def _transfer(settlement: Settlement) -> str | None:
    """The transfer's id; None when the seller cannot be paid yet."""
    account: SellerAccount | None = getattr(settlement.hold.payee, "seller_account", None)
    group = f"hold:{settlement.hold_id}"
    if settlement.attempts > 1:
        # One hold has one transfer, so whatever is in its group is it.
        for earlier in gateway.list_transfers(group):
            if earlier.amount_minor == settlement.sent_minor and not earlier.reversed_minor:
                return earlier.id
    if account is None or not account.stripe_id or not account.transfers_active:
        return None
    return gateway.transfer(
        hold_id=str(settlement.hold_id),
        account_id=account.stripe_id,
        amount_minor=settlement.sent_minor,
        currency=settlement.currency,
        charge_id=settlement.payment.charge_id,
        transfer_group=group,
        idempotency_key=_key(settlement),
    ).id


def _refund(settlement: Settlement) -> str:
    intent_id = settlement.payment.intent_id
    if settlement.attempts > 1:
        for earlier in gateway.list_refunds(intent_id):
            ours = earlier.metadata.get("settlement_id") == str(settlement.pk)
            if ours and earlier.status not in {"failed", "canceled"}:
                return earlier.id
    return gateway.refund(
        payment_id=intent_id,
        amount_minor=settlement.amount_minor,
        reason="duplicate" if settlement.kind == _Kind.RETURN else "requested_by_customer",
        metadata={"hold_id": str(settlement.hold_id), "settlement_id": str(settlement.pk)},
        idempotency_key=_key(settlement),
    ).id


def _reverse(settlement: Settlement) -> str:
    transfer = settlement.hold.settlements.get(kind=_Kind.TRANSFER).stripe_id
    if settlement.attempts > 1:
        for earlier in gateway.list_reversals(transfer):
            if earlier.metadata.get("settlement_id") == str(settlement.pk):
                return earlier.id
    return gateway.reverse_transfer(
        transfer_id=transfer,
        amount_minor=settlement.amount_minor,
        metadata={"hold_id": str(settlement.hold_id), "settlement_id": str(settlement.pk)},
        idempotency_key=_key(settlement),
    ).id


_WAYS = {_Kind.TRANSFER: _transfer, _Kind.REVERSAL: _reverse}
# The seller's payout account has been paid out.
_NOTHING_THERE = frozenset({"balance_insufficient", "insufficient_funds", "transfer_already_reversed"})


@transaction.atomic
def _leave_to_next_sales(settlement_id: UUID) -> None:
    """What cannot be reversed is set off against the seller's next proceeds."""
    settlement = _locked(settlement_id)
    if settlement.state == _State.DUE:
        settlement.state = _State.NETTED
        settlement.save(update_fields=["state"])
        audit.record(action="settlement.left", target=settlement)


@transaction.atomic
def _record_sent(settlement_id: UUID, stripe_id: str) -> bool:
    settlement = _locked(settlement_id)
    if settlement.state == _State.SENT:
        return False
    now = timezone.now()
    settlement.state, settlement.stripe_id, settlement.sent_at, settlement.last_error = _State.SENT, stripe_id, now, ""
    settlement.save(update_fields=["state", "stripe_id", "sent_at", "last_error"])
    amount = Money(settlement.sent_minor, settlement.currency)
    if settlement.kind == _Kind.REVERSAL:
        amount = -amount
    ledger.post(
        kind=settlement.kind,
        idempotency_key=f"sent:{settlement.pk}:{stripe_id}",
        cause=f"settlement:{settlement.pk}",
        entries=[(_owed_account(settlement), -amount), (ledger.CLEARING, amount)],
    )
    if settlement.kind == _Kind.TRANSFER:
        claim_back(settlement.hold)
    audit.record(action="settlement.sent", target=settlement, after={"stripe_id": stripe_id})
    outbox.emit(
        SettlementSent(
            **fact(settlement.hold, by=None, now=now),
            settlement_id=settlement.pk,
            kind=settlement.kind,
            amount_minor=settlement.sent_minor,
            currency=settlement.currency,
        )
    )
    log.info("settlement.sent", settlement=str(settlement.pk), kind=settlement.kind, minor=settlement.amount_minor)
    return True


def _owed_account(settlement: Settlement) -> str:
    if settlement.kind == _Kind.TRANSFER:
        return ledger.available_account(settlement.hold.payee_id)
    if settlement.kind == _Kind.REVERSAL:
        return ledger.receivable_account(settlement.hold.payee_id)
    return ledger.refunds_account(settlement.hold.payer_id)


@transaction.atomic
def _postpone(settlement_id: UUID, error: gateway.GatewayError, now: dt.datetime) -> None:
    settlement = _locked(settlement_id)
    if settlement.state != _State.DUE:
        return
    settlement.last_error = f"{error.code}: {error.message}"[:300]
    if error.code not in SAME_KEY_AGAIN:
        settlement.key_number += 1
    settlement.next_attempt_at = now + min(dt.timedelta(seconds=5 * 2**settlement.attempts), _LONGEST_WAIT)
    if settlement.attempts >= LAST_TRY:
        settlement.state = _State.FAILED
    settlement.save(update_fields=["last_error", "key_number", "next_attempt_at", "state"])
    log.warning("settlement.postponed", settlement=str(settlement_id), code=error.code, attempts=settlement.attempts)


def _wait_for_account(settlement_id: UUID) -> None:
    """No attempt was made, so none is counted."""
    Settlement.objects.filter(pk=settlement_id, state=_State.DUE).update(
        state=_State.WAITING, attempts=F("attempts") - 1, last_error=""
    )


def _locked(settlement_id: UUID) -> Settlement:
    return Settlement.objects.select_for_update(of=("self",), no_key=True).select_related("hold").get(pk=settlement_id)


def check_refund(*, settlement: Settlement) -> Settlement:
    """Ask for a refund that was sent; one that the bank has refused is owed again and shown to an operator.

    Raises GatewayError.
    """
    found = gateway.retrieve_refund(settlement.stripe_id)
    if found.status not in {"failed", "canceled"}:
        return settlement
    with transaction.atomic():
        settlement = _locked(settlement.pk)
        if settlement.state != _State.SENT or settlement.stripe_id != found.id:
            return settlement
        amount = Money(settlement.amount_minor, settlement.currency)
        settlement.state, settlement.sent_at = _State.FAILED, None
        settlement.last_error = "The bank did not take the refund."
        settlement.key_number += 1
        settlement.save(update_fields=["state", "sent_at", "last_error", "key_number"])
        ledger.post(
            kind="refund-failed",
            idempotency_key=f"failed:{settlement.pk}:{found.id}",
            cause=f"settlement:{settlement.pk}",
            entries=[(ledger.CLEARING, -amount), (_owed_account(settlement), amount)],
        )
        audit.record(action="settlement.failed", target=settlement, after={"stripe_id": found.id})
    return settlement


@transaction.atomic
def retry_settlement(*, settlement: Settlement, by: User) -> Settlement:
    """A moderator has a failed settlement tried again. Raises NotYours, WrongState."""
    if not by.is_moderator:
        raise NotYours
    settlement = _locked(settlement.pk)
    if settlement.state != _State.FAILED:
        raise WrongState("Only a failed settlement is tried again.")
    # Not from zero: the first of the new attempts must look for an earlier one as well.
    settlement.state, settlement.attempts, settlement.next_attempt_at = _State.DUE, 1, timezone.now()
    settlement.save(update_fields=["state", "attempts", "next_attempt_at"])
    audit.record(action="settlement.retry", target=settlement, by=by)
    wake_settling()
    return settlement
