"""Connected accounts (Express): who is paid, and what each may do. The hosted form that opens them: onboarding.py."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import ApiError, missing_object
from apps.escrow.sandbox.parameters import PAGING, anything, boolean, choice, email, group, metadata, text
from apps.escrow.sandbox.routes import listing, route
from apps.escrow.sandbox.shapes import empty_address, merged_metadata

CURRENCY = {"US": "usd", "GB": "gbp", "CA": "cad", "AU": "aud", "CH": "chf", "JP": "jpy", "SE": "sek", "DK": "dkk"}
CAPABILITY = group({"requested": boolean})
CHANGEABLE = {
    "business_profile": anything,
    "business_type": choice("individual", "company", "non_profit", "government_entity"),
    "capabilities": group({"transfers": CAPABILITY, "card_payments": CAPABILITY}),
    "email": email,
    "external_account": anything,
    "individual": anything,
    "company": anything,
    "metadata": metadata,
    "settings": anything,
    "tos_acceptance": anything,
}
NEEDED = (
    "business_type",
    "external_account",
    "individual.address.city",
    "individual.address.line1",
    "individual.address.postal_code",
    "individual.dob.day",
    "individual.dob.month",
    "individual.dob.year",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)


def requirements(
    currently_due: tuple[str, ...] = (),
    *,
    reason: str | None = None,
    pending: tuple[str, ...] = (),
    deadline: int | None = None,
) -> Obj:
    """What the company still has to be told about an account."""
    return {
        "alternatives": [],
        "current_deadline": deadline,
        "currently_due": list(currently_due),
        "disabled_reason": reason,
        "errors": [],
        "eventually_due": list(currently_due),
        "past_due": list(currently_due) if reason == "requirements.past_due" else [],
        "pending_verification": list(pending),
    }


def blank_settings() -> Obj:
    """The settings of a fresh account: daily payouts."""
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": None},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def open_capabilities(wanted: Obj) -> dict[str, str]:
    """Requested capabilities start inactive."""
    return {name: "inactive" for name, asked in wanted.items() if asked.get("requested")}


@route(
    "POST",
    "/v1/accounts",
    CHANGEABLE
    | {
        "type": choice("express", "custom", "standard"),
        "country": text,
        "default_currency": text,
        "controller": anything,
    },
)
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """A new account, able to nothing until its owner has filled in the hosted form."""
    name = f"acct_1{desk.token(15)}"
    country = (values.get("country") or "US").upper()
    kind = values.get("type") or "none"
    account: Obj = {
        "id": name,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": None,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        }
        | (values.get("business_profile") or {}),
        "business_type": values.get("business_type"),
        "capabilities": open_capabilities(values.get("capabilities") or {}),
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application"},
            "is_controller": True,
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "express"},
            "type": "application",
        },
        "country": country,
        "created": desk.now,
        "default_currency": values.get("default_currency") or CURRENCY.get(country, "eur"),
        "details_submitted": False,
        "email": values.get("email") or None,
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{name}/external_accounts",
        },
        "future_requirements": requirements(),
        "metadata": merged_metadata({}, values.get("metadata")),
        "payouts_enabled": False,
        "requirements": requirements(NEEDED, reason="requirements.past_due"),
        "settings": blank_settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": kind,
    }
    _schedule(account, values)
    desk.add(account)
    return account


def _schedule(account: Obj, values: dict[str, Any]) -> None:
    payouts = (values.get("settings") or {}).get("payouts") or {}
    interval = (payouts.get("schedule") or {}).get("interval")
    if interval:
        account["settings"]["payouts"]["schedule"]["interval"] = interval


@route("GET", "/v1/accounts/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One connected account."""
    found = desk.find(identifier)
    if found is None or found["object"] != "account":
        raise ApiError(
            f"The provided key does not have access to account '{identifier}' (or that account does not exist)."
            " Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return found


@route("POST", "/v1/accounts/{id}", CHANGEABLE)
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change what the platform may change."""
    account = retrieve(desk, {}, identifier)
    before = {name: account.get(name) for name in values if name in ("email", "business_type", "metadata")}
    for name in ("email", "business_type"):
        if name in values:
            account[name] = values[name] or None
    account["business_profile"] |= values.get("business_profile") or {}
    account["metadata"] = merged_metadata(account["metadata"], values.get("metadata"))
    for name, status in open_capabilities(values.get("capabilities") or {}).items():
        account["capabilities"].setdefault(name, "active" if account["details_submitted"] else status)
    _schedule(account, values)
    return changed(desk, account, before)


@route("DELETE", "/v1/accounts/{id}")
def delete(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Close an account that holds nothing."""
    account = retrieve(desk, {}, identifier)
    if any(sum(both) for both in desk.books.totals(identifier, desk.now).values()):
        raise ApiError("You cannot delete an account that has a balance.")
    desk.books.delete(identifier, desk.account)
    desk.at(identifier).emit("account.application.deauthorized", account)
    return {"id": identifier, "object": "account", "deleted": True}


@route("GET", "/v1/accounts", PAGING)
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Connected accounts, newest first."""
    return listing(desk, "account", values, "/v1/accounts")


def changed(desk: Desk, account: Obj, before: Obj) -> Obj:
    """Write an account and tell the platform, as an event of that account."""
    desk.save(account)
    desk.at(account["id"]).emit("account.updated", account, before)
    return account


# -- capabilities ------------------------------------------------------------
def capability_of(account: Obj, name: str) -> Obj:
    """One capability as an object of its own."""
    if name not in account["capabilities"]:
        raise missing_object("capability", name)
    return {
        "id": name,
        "object": "capability",
        "account": account["id"],
        "future_requirements": requirements(),
        "requested": True,
        "requested_at": account["created"],
        "requirements": account["requirements"],
        "status": account["capabilities"][name],
    }


@route("GET", "/v1/accounts/{id}/capabilities")
def capabilities(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """What an account may do, or asked to do."""
    account = retrieve(desk, {}, identifier)
    found = [capability_of(account, name) for name in account["capabilities"]]
    return {"object": "list", "data": found, "has_more": False, "url": f"/v1/accounts/{identifier}/capabilities"}


@route("GET", "/v1/accounts/{id}/capabilities/{capability}")
def capability(desk: Desk, values: dict[str, Any], identifier: str, name: str) -> Obj:
    """One capability."""
    return capability_of(retrieve(desk, {}, identifier), name)


@route("POST", "/v1/accounts/{id}/capabilities/{capability}", {"requested": boolean})
def request_capability(desk: Desk, values: dict[str, Any], identifier: str, name: str) -> Obj:
    """Ask for a capability."""
    account = update(desk, {"capabilities": {name: {"requested": values.get("requested", False)}}}, identifier)
    return capability_of(account, name)


@route("GET", "/v1/account")
def own(desk: Desk, values: dict[str, Any]) -> Obj:
    """The account that asks: the platform itself, or the connected account named in the header."""
    if desk.account:
        return retrieve(desk.at(""), {}, desk.account)
    return platform_account()


def platform_account() -> Obj:
    """The platform's own account: payouts are by hand, as a marketplace that holds payments must set them."""
    settings = blank_settings()
    settings["payouts"]["schedule"] = {"delay_days": 2, "interval": "manual"}
    settings["dashboard"]["display_name"] = "CardVault (test sandbox)"
    return {
        "id": "acct_1SandboxPlatform",
        "object": "account",
        "business_profile": {"name": "CardVault (test sandbox)", "support_address": empty_address()},
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "platform@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": settings,
        "type": "standard",
    }
