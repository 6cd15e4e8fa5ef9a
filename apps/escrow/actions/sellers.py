"""Sellers' payout accounts at the processor: open one, keep what the processor says of it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import InvalidInput, NotFound
from apps.escrow import gateway
from apps.escrow.actions.moves import wake_settling
from apps.escrow.models import SellerAccount
from apps.escrow.payouts.holding import can_hold_for
from apps.escrow.payouts.stages import stage_of
from apps.risk import actions as risk
from apps.risk.models import Sighting


def start_onboarding(*, user: User, refresh_url: str, return_url: str) -> str:
    """The address of the processor's form for this seller; the account is opened on the first call.

    `refresh_url`: where to go when the address has expired; that page calls this anew. Coming back to `return_url`
    means nothing by itself: ask refresh_seller_account. Must not be called inside a transaction. Raises InvalidInput
    (a country for which money cannot be held for as long as a sale may take), GatewayError.
    """
    if not can_hold_for(user.country):
        raise InvalidInput(
            "Sales cannot be paid out to your country yet: its rules want money sooner than a sale may take here.",
            field="country",
        )
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
    account = _existing(user)
    try:
        told = gateway.retrieve_seller_account(account.stripe_id or "")
    except gateway.GatewayError as error:
        if error.code != "account_invalid":
            raise
        told = _gone(account)
    return _record(user, told)


def _gone(account: SellerAccount) -> gateway.SellerAccount:
    """An account that the processor does not show us any more: closed, or its owner has parted from us."""
    return gateway.SellerAccount(
        id=account.stripe_id or "",
        transfers_active=False,
        payouts_enabled=False,
        details_submitted=account.details_submitted,
        requirements_due=(),
        disabled_reason="rejected.not_ours_any_more",
        country=account.country,
    )


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
    before = _standing(account)
    account.stripe_id = told.id
    account.transfers_active = told.transfers_active
    account.payouts_enabled = told.payouts_enabled
    account.details_submitted = told.details_submitted
    account.requirements_due = list(told.requirements_due)
    account.requirements_past_due = list(told.requirements_past_due)
    account.requirements_pending = list(told.requirements_pending)
    account.disabled_reason = told.disabled_reason or ""
    account.due_by = told.due_by
    account.country = told.country
    account.refreshed_at = timezone.now()
    account.save()
    risk.see([(user.pk, Sighting.Kind.BANK, told.bank)], at=account.refreshed_at)
    after = _standing(account)
    if before != after:
        audit.record(action="seller.account", target=account, before=before, after=after)
    if account.transfers_active:
        wake_settling()
    return account


def _standing(account: SellerAccount) -> dict[str, object]:
    return {
        "transfers_active": account.transfers_active,
        "payouts_enabled": account.payouts_enabled,
        "stage": stage_of(account if account.stripe_id else None).value,
    }
