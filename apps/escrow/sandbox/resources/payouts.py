"""Payouts: the balance goes to a bank account. Connected accounts are paid out daily unless set to manual."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import PAGING, amount, choice, currency, metadata, text
from apps.escrow.sandbox.resources import balance
from apps.escrow.sandbox.routes import listing, route, timer
from apps.escrow.sandbox.shapes import merged_metadata

ACCEPTED = {
    "amount": amount,
    "currency": currency,
    "description": text,
    "destination": text,
    "metadata": metadata,
    "method": choice("standard", "instant"),
    "source_type": choice("card", "bank_account", "fpx"),
    "statement_descriptor": text,
}


def send(desk: Desk, values: dict[str, Any], *, automatic: bool) -> Obj:
    """Send part of the available balance to the bank; it arrives two days later."""
    here = balance.available(desk, values["currency"])
    if values["amount"] > here:
        raise balance.insufficient(
            f"You have insufficient funds in your Stripe account for this transfer. Your card balance is {here}."
        )
    name = desk.name("po")
    arrives_at = desk.now + (0 if values.get("method") == "instant" else 2 * DAY)
    movement = balance.post(desk, "payout", -values["amount"], values["currency"], name, description="STRIPE PAYOUT")
    payout: Obj = {
        "id": name,
        "object": "payout",
        "amount": values["amount"],
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrives_at,
        "automatic": automatic,
        "balance_transaction": movement["id"],
        "created": desk.now,
        "currency": values["currency"],
        "description": values.get("description") or "STRIPE PAYOUT",
        "destination": values.get("destination") or f"ba_{(desk.account or 'acct_platform').removeprefix('acct_')}",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": merged_metadata({}, values.get("metadata")),
        "method": values.get("method", "standard"),
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress" if automatic else "not_applicable",
        "reversed_by": None,
        "source_type": values.get("source_type", "card"),
        "statement_descriptor": values.get("statement_descriptor") or None,
        "status": "pending",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }
    desk.add(payout)
    desk.emit("payout.created", payout)
    desk.later(arrives_at, "payout_arrives", name)
    return payout


@timer("payout_arrives")
def arrives(desk: Desk, identifier: str) -> None:
    """The bank has it."""
    payout = desk.find(identifier)
    if payout and payout["status"] == "pending":
        payout |= {"status": "paid", "trace_id": {"status": "supported", "value": desk.token(12)}}
        if payout["automatic"]:
            payout["reconciliation_status"] = "completed"
        desk.save(payout)
        desk.emit("payout.paid", payout, {"status": "pending"})


def fail(desk: Desk, payout: Obj) -> Obj:
    """The bank sends a payout back; the money is in the balance again. Even one that was reported as paid may fail."""
    before = payout["status"]
    movement = balance.post(desk, "payout_failure", payout["amount"], payout["currency"], payout["id"])
    payout |= {
        "status": "failed",
        "failure_balance_transaction": movement["id"],
        "failure_code": "account_closed",
        "failure_message": "The bank account has been closed",
    }
    desk.save(payout)
    desk.emit("payout.failed", payout, {"status": before})
    return payout


@timer("money_available")
def money_available(desk: Desk, code: str) -> None:
    """Money has settled: say so, and pay out what a connected account on a daily schedule has."""
    here = balance.available(desk, code)
    desk.emit("balance.available", balance.balance_of(desk))
    if not desk.account or here <= 0:
        return
    account = desk.books.find(desk.account)
    if account and account["payouts_enabled"] and account["settings"]["payouts"]["schedule"]["interval"] != "manual":
        send(desk, {"amount": here, "currency": code}, automatic=True)


@route("POST", "/v1/payouts", ACCEPTED, "amount", "currency")
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """Pay out by hand."""
    return send(desk, values, automatic=False)


@route("POST", "/v1/payouts/{id}/cancel")
def cancel(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Call a payout back before the bank has it."""
    payout = desk.get("payout", identifier)
    if payout["status"] != "pending":
        raise ApiError("Payouts can only be canceled while they are pending.", param="payout")
    balance.post(desk, "payout_cancel", payout["amount"], payout["currency"], identifier)
    payout["status"] = "canceled"
    desk.save(payout)
    desk.emit("payout.canceled", payout, {"status": "pending"})
    return payout


@route("GET", "/v1/payouts/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One payout."""
    return desk.get("payout", identifier)


@route("GET", "/v1/payouts", PAGING | {"status": text, "destination": text, "arrival_date": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Payouts, newest first."""
    return listing(desk, "payout", values, "/v1/payouts", status=values.get("status"))
