"""Charges: money that a card paid, or tried to. They come from payment intents only."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, Desk
from apps.escrow.sandbox.parameters import PAGING, anything, metadata, text
from apps.escrow.sandbox.resources import balance
from apps.escrow.sandbox.resources.payment_methods import billing_details, card_of
from apps.escrow.sandbox.routes import listing, route
from apps.escrow.sandbox.shapes import merged_metadata


def outcome(decline: tuple[str, str | None, str] | None, *, blocked: bool) -> Obj:
    """What the network and the fraud rules said."""
    advice = {"advice_code": None, "network_advice_code": None, "network_decline_code": None}
    risk = {"risk_level": "highest" if blocked else "normal", "risk_score": 99 if blocked else 17}
    if decline is None:
        approved = {"network_status": "approved_by_network", "reason": None, "type": "authorized"}
        return {**advice, **risk, **approved, "seller_message": "Payment complete."}
    if blocked:
        refused = {"network_status": "not_sent_to_network", "reason": "highest_risk_level", "type": "blocked"}
        return {**advice, **risk, **refused, "seller_message": "Stripe blocked this payment as too risky."}
    refused = {"network_status": "declined_by_network", "reason": decline[1] or decline[0], "type": "issuer_declined"}
    return (
        advice
        | {"network_decline_code": "01"}
        | risk
        | refused
        | {"seller_message": "The bank did not return any further details with this decline."}
    )


def card_details(method: Obj, *, amount: int, authenticated: bool, captured: bool, now: int) -> Obj:
    """The card as it was when it was charged."""
    card = method["card"]
    details: Obj = {
        "amount_authorized": amount,
        "authorization_code": "123456",
        "brand": card["brand"],
        "checks": card["checks"] | ({"cvc_check": "pass"} if card["checks"]["cvc_check"] else {}),
        "country": card["country"],
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "last4": card["last4"],
        "mandate": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": "123456789012345",
        "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": None,
            "version": "2.2.0",
        }
        if authenticated
        else None,
        "transaction_link_id": None,
        "wallet": None,
    }
    if not captured:
        details["capture_before"] = now + 7 * DAY
    return {"card": details, "type": "card"}


def charge_intent(desk: Desk, intent: Obj, method: Obj, *, authenticated: bool) -> Obj:
    """Charge the card behind `method` for `intent`; the charge tells whether it succeeded."""
    card = card_of(desk, method)
    captured = intent["capture_method"] != "manual"
    decline = card.decline
    name = desk.name("ch")
    charge: Obj = {
        "id": name,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured and not decline else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "CARDVAULT",
        "captured": captured and not decline,
        "created": desk.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline[0] if decline else None,
        "failure_message": decline[2] if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": outcome(decline, blocked=card.blocked),
        "paid": not decline,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": card_details(
            method, amount=intent["amount"], authenticated=authenticated, captured=captured, now=desk.now
        ),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None if decline else f"{desk.public_url}/receipts/{name}",
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if decline else "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
    }
    desk.add(charge)
    if decline:
        desk.emit("charge.failed", charge)
    elif captured:
        settle(desk, charge, intent["amount"])
        desk.emit("charge.succeeded", charge)
    else:
        desk.emit("charge.succeeded", charge)
        desk.later(desk.now + 7 * DAY, "authorization_expires", intent["id"])
    return charge


def settle(desk: Desk, charge: Obj, amount: int) -> None:
    """Book a captured charge: the amount less the fee, available after the settlement delay."""
    instant = card_of(desk, desk.get("payment_method", charge["payment_method"])).instant
    movement = balance.post(
        desk,
        "charge",
        amount,
        charge["currency"],
        charge["id"],
        fee=balance.processing_fee(amount),
        available_on=desk.now + (0 if instant else desk.switches.settlement_delay),
        description=charge["description"],
    )
    charge |= {"balance_transaction": movement["id"], "captured": True, "amount_captured": amount}
    desk.save(charge)


def incoming_transfer(desk: Desk, transfer: Obj, available_on: int) -> Obj:
    """The payment that a transfer makes in the account that receives it (its id starts with `py_`)."""
    amount, currency = transfer["amount"], transfer["currency"]
    name = desk.name("py")
    movement = balance.post(desk, "payment", amount, currency, name, available_on=available_on)
    payment: Obj = {
        "id": name,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": movement["id"],
        "billing_details": billing_details(),
        "calculated_statement_descriptor": None,
        "captured": True,
        "created": desk.now,
        "currency": currency,
        "customer": None,
        "description": transfer["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": None,
        "paid": True,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": {"stripe_account": {}, "type": "stripe_account"},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": transfer["id"],
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": transfer["transfer_group"],
    }
    desk.add(payment)
    desk.emit("payment.created", payment)
    return payment


@route("GET", "/v1/charges/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One charge."""
    return desk.get("charge", identifier)


@route(
    "POST",
    "/v1/charges/{id}",
    {"description": text, "metadata": metadata, "shipping": anything, "transfer_group": text},
)
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change the description, the group or the metadata."""
    charge = desk.get("charge", identifier)
    before = {name: charge[name] for name in values}
    for name, value in values.items():
        charge[name] = merged_metadata(charge["metadata"], value) if name == "metadata" else (value or None)
    desk.save(charge)
    desk.emit("charge.updated", charge, before)
    return charge


@route("GET", "/v1/charges", PAGING | {"customer": text, "payment_intent": text, "transfer_group": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Charges, newest first."""
    filters = {name: values.get(name) for name in ("customer", "payment_intent", "transfer_group")}
    return listing(desk, "charge", values, "/v1/charges", **filters)
