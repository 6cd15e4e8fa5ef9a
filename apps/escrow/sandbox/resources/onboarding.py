"""The hosted form of a connected account: the links to it, what filling it in leads to, and the time that is given."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, MINUTE, Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import anything, choice, text, url
from apps.escrow.sandbox.resources.accounts import changed, requirements, retrieve
from apps.escrow.sandbox.routes import route, timer

LINK_LIFE = 30 * MINUTE


def onboard(desk: Desk, account: Obj, given: dict[str, str]) -> Obj:
    """The hosted form was sent. given: its fields; `outcome` says how the company takes it.

    approve: transfers and payouts work; document: a picture of an identity card is asked for; review: the company
    looks at it for two minutes; due: works, but a document is wanted within a week; reject: never.
    """
    watched = ("capabilities", "details_submitted", "payouts_enabled", "charges_enabled", "requirements")
    before = {name: account[name] for name in watched}
    outcome = given.get("outcome", "approve")
    bank: Obj = {
        "id": f"ba_{account['id'].removeprefix('acct_')}",
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": f"{given.get('first_name', '')} {given.get('last_name', '')}".strip(),
        "account_holder_type": "individual",
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": account["country"],
        "currency": account["default_currency"],
        "default_for_currency": True,
        "fingerprint": desk.token(16),
        "last4": (given.get("account_number") or "0000")[-4:],
        "metadata": {},
        "routing_number": given.get("routing_number") or None,
        "status": "new",
    }
    account["external_accounts"]["data"] = [bank]
    account |= {
        "business_type": account["business_type"] or "individual",
        "details_submitted": True,
        "email": given.get("email") or account["email"],
        "tos_acceptance": {"date": desk.now, "ip": "127.0.0.1", "user_agent": None},
    }
    _judge(desk, account, outcome)
    return changed(desk, account, before)


def _judge(desk: Desk, account: Obj, outcome: str) -> None:
    active = outcome in ("approve", "due")
    account |= {
        "payouts_enabled": active,
        "charges_enabled": active,
        "capabilities": {
            name: "active" if active else ("pending" if outcome == "review" else "inactive")
            for name in account["capabilities"]
        },
        "requirements": {
            "document": requirements(("individual.verification.document",), reason="requirements.past_due"),
            "due": requirements(("individual.verification.document",), deadline=desk.now + 7 * DAY),
            "review": requirements(reason="requirements.pending_verification", pending=("individual.id_number",)),
            "reject": requirements(reason="rejected.other"),
        }.get(outcome, requirements()),
    }
    if outcome == "due":
        desk.later(desk.now + 7 * DAY, "requirements_past_due", account["id"])
    if outcome == "review":
        desk.later(desk.now + 2 * MINUTE, "account_reviewed", account["id"])


@timer("requirements_past_due")
def nothing_was_given(desk: Desk, identifier: str) -> None:
    """The time to give what was wanted is over."""
    account = desk.find(identifier)
    if account and account["requirements"]["current_deadline"]:
        before = {
            name: account[name] for name in ("capabilities", "payouts_enabled", "charges_enabled", "requirements")
        }
        _judge(desk, account, "document")
        changed(desk, account, before)


@timer("account_reviewed")
def reviewed(desk: Desk, identifier: str) -> None:
    """A review ends well."""
    account = desk.find(identifier)
    if account and account["requirements"]["disabled_reason"] == "requirements.pending_verification":
        before = {
            name: account[name] for name in ("capabilities", "payouts_enabled", "charges_enabled", "requirements")
        }
        _judge(desk, account, "approve")
        changed(desk, account, before)


LINKING = {
    "account": text,
    "type": choice("account_onboarding", "account_update"),
    "refresh_url": url,
    "return_url": url,
    "collect": text,
    "collection_options": anything,
}


@route("POST", "/v1/account_links", LINKING, "account", "type")
def link(desk: Desk, values: dict[str, Any]) -> Obj:
    """A one-time address of the hosted form."""
    account = retrieve(desk, {}, values["account"])
    for name in ("refresh_url", "return_url"):
        if not values.get(name):
            raise ApiError(f"You must provide a `{name}`.", code="parameter_missing", param=name, began=False)
    if values["type"] == "account_update" and account["type"] == "express":
        raise ApiError("You cannot create `account_update` type Account Links for this account.", param="type")
    secret = desk.token(20)
    desk.save(
        account,
        link={
            "secret": secret,
            "expires_at": desk.now + LINK_LIFE,
            "return_url": values["return_url"],
            "refresh_url": values["refresh_url"],
        },
    )
    return {
        "object": "account_link",
        "created": desk.now,
        "expires_at": desk.now + LINK_LIFE,
        "url": f"{desk.public_url}/setup/e/{account['id']}/{secret}",
    }


@route("POST", "/v1/accounts/{id}/login_links")
def login_link(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """A one-time address of the account's own dashboard."""
    account = retrieve(desk, {}, identifier)
    if not account["details_submitted"]:
        raise ApiError("Cannot create a login link for an account that has not completed onboarding.")
    secret = desk.token(20)
    desk.save(account, dashboard={"secret": secret, "expires_at": desk.now + DAY})
    return {"object": "login_link", "created": desk.now, "url": f"{desk.public_url}/express/{identifier}/{secret}"}
