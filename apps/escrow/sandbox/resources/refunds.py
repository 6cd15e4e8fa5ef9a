"""Refunds: money back to the card. All refunds of a charge together never exceed it."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import PAGING, amount, boolean, choice, metadata, text
from apps.escrow.sandbox.resources import balance
from apps.escrow.sandbox.resources.payment_methods import card_of
from apps.escrow.sandbox.routes import listing, route, timer
from apps.escrow.sandbox.shapes import merged_metadata

ACCEPTED = {
    "amount": amount,
    "charge": text,
    "payment_intent": text,
    "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
    "metadata": metadata,
    "instructions_email": text,
    "refund_application_fee": boolean,
    "reverse_transfer": boolean,
}


def passed_on(desk: Desk, charge: Obj) -> int:
    """Minor units of a charge that transfers have taken further, less what was reversed."""
    transfers = desk.books.every("transfer", desk.account, source_transaction=charge["id"])
    return sum(transfer["amount"] - transfer["amount_reversed"] for transfer in transfers)


def refundable_charge(desk: Desk, values: dict[str, Any]) -> Obj:
    """The charge that a refund names, by itself or by its payment."""
    if values.get("charge"):
        charge = desk.get("charge", values["charge"], param="charge")
    elif values.get("payment_intent"):
        intent = desk.get("payment_intent", values["payment_intent"], param="payment_intent")
        if intent["status"] not in ("succeeded", "requires_capture") or not intent["latest_charge"]:
            raise ApiError(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                code="payment_intent_unexpected_state",
                param="payment_intent",
            )
        charge = desk.get("charge", intent["latest_charge"])
    else:
        raise ApiError(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
            began=False,
        )
    if charge["disputed"] and any(
        dispute["status"] not in ("won", "warning_closed", "warning_needs_response", "warning_under_review")
        for dispute in desk.books.every("dispute", desk.account, charge=charge["id"])
    ):
        raise ApiError(f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
    if not charge["captured"]:
        raise ApiError(f"Charge {charge['id']} has not been captured.", code="charge_not_captured", param="charge")
    if charge["refunded"]:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    return charge


@route("POST", "/v1/refunds", ACCEPTED)
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """Give back a charge or part of it. Stripe keeps the fee."""
    charge = refundable_charge(desk, values)
    left = charge["amount_captured"] - refunded(desk, charge)
    wanted = values.get("amount", left)
    if wanted > left:
        raise ApiError(f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", param="amount")
    if desk.switches.guard_refunds and wanted + passed_on(desk, charge) > left:
        raise ApiError(
            f"Refunding {wanted} would cost the platform money: transfers have passed on {passed_on(desk, charge)} of"
            f" the {left} left. Reverse them first.",
            code="refund_after_transfer",
            param="amount",
        )
    ending = card_of(desk, desk.get("payment_method", charge["payment_method"])).refund
    name = desk.name("re")
    settled_on = desk.get("balance_transaction", charge["balance_transaction"])["available_on"]
    movement = balance.post(desk, "refund", -wanted, charge["currency"], name, available_on=settled_on)
    refund: Obj = {
        "id": name,
        "object": "refund",
        "amount": wanted,
        "balance_transaction": movement["id"],
        "charge": charge["id"],
        "created": desk.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {
            "card": {
                "reference": desk.token(11),
                "reference_status": "available",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": merged_metadata({}, values.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": values.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if ending == "pending" else "succeeded",
        "transfer_reversal": None,
    }
    desk.add(refund)
    write_refunded(desk, charge)
    desk.emit("refund.created", refund)
    desk.emit("charge.refunded", charge)
    if ending != "succeeded":
        desk.later(desk.now + DAY, f"refund_{ending}", name)
    return refund


def refunded(desk: Desk, charge: Obj) -> int:
    """Minor units of a charge given back so far, or on their way."""
    refunds = desk.books.every("refund", desk.account, charge=charge["id"])
    return sum(refund["amount"] for refund in refunds if refund["status"] not in ("failed", "canceled"))


def write_refunded(desk: Desk, charge: Obj) -> None:
    """Keep the charge's own account of its refunds."""
    given_back = refunded(desk, charge) + charge["amount"] - charge["amount_captured"]
    charge |= {"amount_refunded": given_back, "refunded": given_back == charge["amount"]}
    desk.save(charge)


@timer("refund_pending")
def arrives(desk: Desk, identifier: str) -> None:
    """A slow refund reaches the card."""
    refund = desk.find(identifier)
    if refund and refund["status"] == "pending":
        refund["status"] = "succeeded"
        desk.save(refund)
        desk.emit("refund.updated", refund, {"status": "pending"})


@timer("refund_failed")
def fails(desk: Desk, identifier: str) -> None:
    """The bank sends a refund back: the money returns to the balance."""
    refund = desk.find(identifier)
    if refund is None or refund["status"] == "failed":
        return
    movement = balance.post(desk, "refund_failure", refund["amount"], refund["currency"], refund["id"])
    refund |= {
        "status": "failed",
        "failure_reason": "expired_or_canceled_card",
        "failure_balance_transaction": movement["id"],
    }
    desk.save(refund)
    write_refunded(desk, desk.get("charge", refund["charge"]))
    desk.emit("refund.failed", refund)


@route("GET", "/v1/refunds/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One refund."""
    return desk.get("refund", identifier)


@route("POST", "/v1/refunds/{id}", {"metadata": metadata})
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change the metadata."""
    refund = desk.get("refund", identifier)
    refund["metadata"] = merged_metadata(refund["metadata"], values.get("metadata"))
    desk.save(refund)
    desk.emit("refund.updated", refund)
    return refund


@route("GET", "/v1/refunds", PAGING | {"charge": text, "payment_intent": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Refunds, newest first."""
    return listing(
        desk, "refund", values, "/v1/refunds", charge=values.get("charge"), payment_intent=values.get("payment_intent")
    )


@route("GET", "/v1/charges/{id}/refunds", PAGING)
def of_charge(desk: Desk, values: dict[str, Any], charge: str) -> Obj:
    """The refunds of one charge."""
    desk.get("charge", charge)
    return listing(desk, "refund", values, f"/v1/charges/{charge}/refunds", charge=charge)
