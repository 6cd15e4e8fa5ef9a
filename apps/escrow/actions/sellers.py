"""Sellers' payout accounts at the processor: open one, keep what the processor says of it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import NotFound
from apps.escrow import gateway
from apps.escrow.actions.moves import wake_settling
from apps.escrow.models import SellerAccount


def start_onboarding(*, user: User, refresh_url: str, return_url: str) -> str:
    """The address of the processor's form for this seller; the account is opened on the first call.

    `refresh_url`: where to go when the address has expired. Coming back to `return_url` means nothing by itself: ask
    refresh_seller_account. Must not be called inside a transaction. Raises GatewayError.
    """
    account, _ = SellerAccount.objects.get_or_create(user=user)
    if not account.stripe_id:
        opened = gateway.create_seller_account(
            email=user.email, country=user.country, member_id=str(user.pk), idempotency_key=f"seller:{account.pk}"
        )
        account = _record(user, opened)
    return gateway.onboarding_link(account.stripe_id or "", refresh_url, return_url)


def dashboard_address(*, user: User) -> str:
    """A one-time address of the seller's own pages at the processor. Raises NotFound, GatewayError."""
    return gateway.dashboard_link(_existing(user).stripe_id or "")


def refresh_seller_account(*, user: User) -> SellerAccount:
    """Ask the processor how the account stands; transfers that waited for it are due once it is active.

    Raises NotFound (no account yet), GatewayError.
    """
    return _record(user, gateway.retrieve_seller_account(_existing(user).stripe_id or ""))


def _existing(user: User) -> SellerAccount:
    account = SellerAccount.objects.filter(user=user, stripe_id__isnull=False).first()
    if account is None:
        raise NotFound("There is no payout account yet.")
    return account


@transaction.atomic
def _record(user: User, told: gateway.SellerAccount) -> SellerAccount:
    account = SellerAccount.objects.select_for_update(no_key=True).get(user=user)
    if account.stripe_id and account.stripe_id != told.id:
        return account  # two first visits at once: the account that was written first counts
    before = {"transfers_active": account.transfers_active, "payouts_enabled": account.payouts_enabled}
    account.stripe_id = told.id
    account.transfers_active = told.transfers_active
    account.payouts_enabled = told.payouts_enabled
    account.details_submitted = told.details_submitted
    account.requirements_due = list(told.requirements_due)
    account.refreshed_at = timezone.now()
    account.save()
    after = {"transfers_active": account.transfers_active, "payouts_enabled": account.payouts_enabled}
    if before != after:
        audit.record(action="seller.account", target=account, before=before, after=after)
    if account.transfers_active:
        wake_settling()
    return account
