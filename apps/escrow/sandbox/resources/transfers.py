"""Transfers to connected accounts and their reversals. With `source_transaction` they follow that charge's money."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import PAGING, amount, boolean, choice, currency, metadata, text
from apps.escrow.sandbox.resources import balance
from apps.escrow.sandbox.resources.charges import incoming_transfer
from apps.escrow.sandbox.resources.refunds import passed_on, refunded
from apps.escrow.sandbox.routes import listing, route
from apps.escrow.sandbox.shapes import merged_metadata

ACCEPTED = {
    "amount": amount,
    "currency": currency,
    "destination": text,
    "description": text,
    "metadata": metadata,
    "source_transaction": text,
    "source_type": choice("card", "bank_account", "fpx"),
    "transfer_group": text,
}


def _receiver(desk: Desk, identifier: str) -> Obj:
    account = desk.find(identifier)
    if account is None or account["object"] != "account":
        raise ApiError(f"No such destination: '{identifier}'", code="resource_missing", param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise ApiError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _source(desk: Desk, values: dict[str, Any]) -> Obj:
    """The charge whose money is passed on. Raises when it has less left than is asked for."""
    charge = desk.get("charge", values["source_transaction"], param="source_transaction")
    if charge["status"] != "succeeded" or not charge["captured"]:
        raise ApiError(
            f"Charge {charge['id']} has not succeeded: nothing can be transferred.", param="source_transaction"
        )
    if charge["currency"] != values["currency"]:
        raise ApiError(
            f"The currency of source_transaction's balance transaction ({charge['currency']}) must be the same as the"
            f" transfer currency ({values['currency']})",
            param="currency",
        )
    if values.get("transfer_group") and charge["transfer_group"] not in (None, values["transfer_group"]):
        raise ApiError(
            "The transfer_group of a transfer with a source_transaction must be that of the charge.",
            param="transfer_group",
        )
    left = charge["amount_captured"] - refunded(desk, charge) - passed_on(desk, charge)
    if values["amount"] > left:
        raise ApiError(
            f"Insufficient funds in your source_transaction: {values['amount']} was asked for, {max(left, 0)} of"
            f" {charge['id']} is left after refunds and other transfers.",
            code="balance_insufficient",
            param="amount",
        )
    return charge


@route("POST", "/v1/transfers", ACCEPTED, "amount", "currency", "destination")
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """Pay a connected account, from a charge before it has settled or from the available balance."""
    receiver = _receiver(desk, values["destination"])
    charge: Obj | None = None
    available_on = desk.now
    if values.get("source_transaction"):
        charge = _source(desk, values)
        available_on = desk.get("balance_transaction", charge["balance_transaction"])["available_on"]
    elif values["amount"] > balance.available(desk, values["currency"]):
        raise balance.insufficient(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available"
            " balance by creating Charges using the 4000000000000077 test card. You can use the the /v1/balance"
            " endpoint to view your Stripe balance (for more details, see stripe.com/docs/api#balance)."
        )
    name = desk.name("tr")
    movement = balance.post(
        desk,
        "transfer",
        -values["amount"],
        values["currency"],
        name,
        available_on=available_on,
        description=values.get("description") or None,
    )
    group = values.get("transfer_group") or (charge["transfer_group"] if charge else None) or None
    if charge and group is None:
        group = f"group_{charge['id']}"
    transfer: Obj = {
        "id": name,
        "object": "transfer",
        "amount": values["amount"],
        "amount_reversed": 0,
        "balance_transaction": movement["id"],
        "created": desk.now,
        "currency": values["currency"],
        "description": values.get("description") or None,
        "destination": receiver["id"],
        "destination_payment": None,
        "livemode": False,
        "metadata": merged_metadata({}, values.get("metadata")),
        "reversals": {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{name}/reversals"},
        "reversed": False,
        "source_transaction": charge["id"] if charge else None,
        "source_type": values.get("source_type", "card"),
        "transfer_group": group,
    }
    if charge and charge["transfer_group"] is None:
        charge["transfer_group"] = group
        desk.save(charge)
    payment = incoming_transfer(desk.at(receiver["id"]), transfer, available_on)
    transfer["destination_payment"] = payment["id"]
    desk.add(transfer)
    desk.emit("transfer.created", transfer)
    return transfer


@route("GET", "/v1/transfers/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One transfer."""
    return desk.get("transfer", identifier)


@route("POST", "/v1/transfers/{id}", {"description": text, "metadata": metadata})
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change the description or the metadata."""
    transfer = desk.get("transfer", identifier)
    if "description" in values:
        transfer["description"] = values["description"] or None
    transfer["metadata"] = merged_metadata(transfer["metadata"], values.get("metadata"))
    desk.save(transfer)
    desk.emit("transfer.updated", transfer)
    return transfer


@route("GET", "/v1/transfers", PAGING | {"destination": text, "transfer_group": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Transfers, newest first, by group or receiver."""
    filters = {name: values.get(name) for name in ("destination", "transfer_group")}
    return listing(desk, "transfer", values, "/v1/transfers", **filters)


@route(
    "POST",
    "/v1/transfers/{id}/reversals",
    {"amount": amount, "description": text, "metadata": metadata, "refund_application_fee": boolean},
)
def reverse(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Take a transfer back, or part of it, out of what the receiver still has."""
    transfer = desk.get("transfer", identifier)
    left = transfer["amount"] - transfer["amount_reversed"]
    wanted = values.get("amount", left)
    if left == 0:
        raise ApiError(f"Transfer {identifier} is already fully reversed.", code="transfer_already_reversed")
    if wanted > left:
        raise ApiError(
            f"Reversal amount ({wanted}) is greater than unreversed amount on transfer ({left})", param="amount"
        )
    receiver = desk.at(transfer["destination"])
    held = receiver.books.totals(receiver.account, desk.now).get(transfer["currency"], (0, 0))
    if wanted > sum(held):
        raise balance.insufficient(
            "The destination account has insufficient funds to reverse this transfer:"
            f" {wanted} was asked for, {max(sum(held), 0)} is there."
        )
    original = desk.get("balance_transaction", transfer["balance_transaction"])["available_on"]
    name = desk.name("trr")
    payment = receiver.get("charge", transfer["destination_payment"])
    returned = balance.post(
        receiver, "payment_refund", -wanted, transfer["currency"], desk.name("pyr"), available_on=original
    )
    payment["amount_refunded"] += wanted
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    receiver.save(payment)
    movement = balance.post(desk, "transfer_refund", wanted, transfer["currency"], name, available_on=original)
    reversal: Obj = {
        "id": name,
        "object": "transfer_reversal",
        "amount": wanted,
        "balance_transaction": movement["id"],
        "created": desk.now,
        "currency": transfer["currency"],
        "destination_payment_refund": returned["source"],
        "metadata": merged_metadata({}, values.get("metadata")),
        "source_refund": None,
        "transfer": identifier,
    }
    desk.add(reversal)
    transfer["amount_reversed"] += wanted
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    desk.save(transfer)
    desk.emit("transfer.reversed", transfer)
    return reversal


@route("GET", "/v1/transfers/{id}/reversals", PAGING)
def reversals(desk: Desk, values: dict[str, Any], transfer: str) -> Obj:
    """The reversals of one transfer."""
    desk.get("transfer", transfer)
    return listing(desk, "transfer_reversal", values, f"/v1/transfers/{transfer}/reversals", transfer=transfer)


@route("GET", "/v1/transfers/{id}/reversals/{reversal}")
def reversal(desk: Desk, values: dict[str, Any], transfer: str, identifier: str) -> Obj:
    """One reversal."""
    return desk.get("transfer_reversal", identifier)
