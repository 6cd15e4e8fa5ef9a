"""What the processor says of payouts to sellers' banks, kept so that a seller sees them here as well."""

from __future__ import annotations

import structlog
from django.db import transaction

from apps.core import outbox
from apps.escrow import gateway
from apps.escrow.events import PayoutFailed
from apps.escrow.models import SellerAccount
from apps.escrow.payouts.models import SellerPayout

log = structlog.get_logger()
# Told in any order: what is at the end of this list is never undone by what is before it.
_ORDER = ("pending", "in_transit", "paid", "canceled", "failed")


def record_payout(*, stripe_id: str, account_id: str) -> SellerPayout | None:
    """Fetch a payout of a seller's account and write it down. Safe to repeat, in any order.

    None for an account that is not ours. Raises GatewayError. Emits: payout.failed.
    """
    account = SellerAccount.objects.filter(stripe_id=account_id).first() if account_id else None
    if account is None:
        return None
    told = gateway.retrieve_payout(stripe_id, account_id=account_id)
    with transaction.atomic():
        payout, is_new = SellerPayout.objects.select_for_update(no_key=True).get_or_create(
            stripe_id=told.id,
            defaults={
                "account": account,
                "amount_minor": told.amount_minor,
                "currency": told.currency,
                "state": told.status,
                "arrives_at": told.arrives_at,
            },
        )
        if _ORDER.index(told.status) >= _ORDER.index(payout.state):
            failed = told.status == SellerPayout.State.FAILED and (is_new or payout.state != told.status)
            payout.state, payout.arrives_at, payout.failure = told.status, told.arrives_at, told.failure[:300]
            payout.save(update_fields=["state", "arrives_at", "failure"])
            if failed:
                outbox.emit(
                    PayoutFailed(
                        payout_id=payout.pk, member_id=account.user_id, amount_minor=told.amount_minor,
                        currency=told.currency, why=payout.failure,
                    )
                )  # fmt: skip
    log.info("payout.seen", payout=told.id, state=payout.state)
    return payout
