"""Connected accounts: who is paid, the processor's forms and pages for them."""

from __future__ import annotations

from typing import Any

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import SellerAccount
from apps.escrow.processor.reading import seller_of


@translated
def create_seller_account(*, email: str, country: str, member_id: str, idempotency_key: str) -> SellerAccount:
    """An Express account that asks for transfers. The seller completes it on the processor's own form."""
    params: Any = {
        "type": "express",
        "country": country.upper(),
        "email": email,
        "business_type": "individual",
        "capabilities": {"transfers": {"requested": True}},
        "metadata": {"member_id": str(member_id)},
    }
    return seller_of(client().v1.accounts.create(params, keyed(idempotency_key)))


@translated
def retrieve_seller_account(account_id: str) -> SellerAccount:
    """An account as it stands."""
    return seller_of(client().v1.accounts.retrieve(account_id))


@translated
def onboarding_link(account_id: str, refresh_url: str, return_url: str) -> str:
    """A one-time address of the processor's form. `refresh_url`: where to go when it has expired."""
    link = client().v1.account_links.create(
        {"account": account_id, "refresh_url": refresh_url, "return_url": return_url, "type": "account_onboarding"}
    )
    return link.url


@translated
def dashboard_link(account_id: str) -> str:
    """A one-time address of the seller's own pages at the processor. Raises GatewayError before onboarding."""
    return client().v1.accounts.login_links.create(account_id).url
