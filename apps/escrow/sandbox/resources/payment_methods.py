"""Payment methods: cards, made from a test number or from one of the documented tokens (`pm_card_visa`)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.cards import BY_NUMBER, BY_TOKEN, TestCard, passes_checksum
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import ApiError, missing_object
from apps.escrow.sandbox.parameters import PAGING, anything, choice, email, group, integer, metadata, text
from apps.escrow.sandbox.routes import listing, route
from apps.escrow.sandbox.shapes import ADDRESS, empty_address, merged_metadata

BILLING = group({"address": ADDRESS, "email": email, "name": text, "phone": text, "tax_id": text})
CARD = group(
    {"number": text, "exp_month": integer, "exp_year": integer, "cvc": text, "token": text, "networks": anything}
)
ACCEPTED = {
    "type": choice("card"),
    "card": CARD,
    "billing_details": BILLING,
    "metadata": metadata,
    "allow_redisplay": choice("always", "limited", "unspecified"),
}


def billing_details(given: Obj | None = None) -> Obj:
    """Who the card belongs to, as far as told."""
    given = given or {}
    return {
        "address": empty_address() | (given.get("address") or {}),
        "email": given.get("email") or None,
        "name": given.get("name") or None,
        "phone": given.get("phone") or None,
        "tax_id": given.get("tax_id") or None,
    }


def refusal(code: str, message: str, param: str) -> ApiError:
    """A card that cannot even be written down."""
    return ApiError(message, status=402, kind="card_error", code=code, param=param)


def known_card(number: str, exp_month: int, exp_year: int, cvc: str | None, now: int) -> TestCard:
    """The test card behind typed-in details. Raises card errors as Stripe words them."""
    number = number.replace(" ", "").replace("-", "")
    if not number.isdecimal() or not 12 <= len(number) <= 19 or not passes_checksum(number):
        raise refusal("incorrect_number", "Your card number is incorrect.", "number")
    if not 1 <= exp_month <= 12:
        raise refusal("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    exp_year += 2000 if exp_year < 100 else 0
    today = datetime.fromtimestamp(now, UTC)
    if (exp_year, exp_month) < (today.year, today.month) or exp_year > today.year + 50:
        raise refusal("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    if cvc is not None and not (cvc.isdecimal() and len(cvc) in (3, 4)):
        raise refusal("invalid_cvc", "Your card's security code is invalid.", "cvc")
    card = BY_NUMBER.get(number)
    if card is None:
        raise ApiError(
            "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test"
            " cards, visit: https://docs.stripe.com/testing.",
            status=402,
            kind="card_error",
            code="card_declined",
            decline_code="test_mode_live_card",
        )
    return card


def write_card(
    desk: Desk, card: TestCard, *, exp_month: int, exp_year: int, cvc: bool, billing: Obj | None, values: Obj
) -> Obj:
    """The payment method for a test card. Only the last four digits show; the number itself stays private."""
    method: Obj = {
        "id": desk.name("pm"),
        "object": "payment_method",
        "allow_redisplay": values.get("allow_redisplay", "unspecified"),
        "billing_details": billing_details(billing),
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "unchecked" if cvc else None,
            },
            "country": card.country,
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": exp_year + (2000 if exp_year < 100 else 0),
            "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
            "funding": card.funding,
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": desk.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": merged_metadata({}, values.get("metadata")),
        "type": "card",
    }
    return desk.add(method, number=card.number)


def from_number(desk: Desk, card: Obj, *, billing: Obj | None = None, values: Obj | None = None) -> Obj:
    """A payment method from typed-in details: number, exp_month, exp_year, cvc."""
    for name in ("number", "exp_month", "exp_year"):
        if card.get(name) in (None, ""):
            raise ApiError(f"Missing required param: card[{name}].", code="parameter_missing", param=f"card[{name}]")
    found = known_card(card["number"], card["exp_month"], card["exp_year"], card.get("cvc"), desk.now)
    return write_card(
        desk,
        found,
        exp_month=card["exp_month"],
        exp_year=card["exp_year"],
        cvc=bool(card.get("cvc")),
        billing=billing,
        values=values or {},
    )


def from_token(desk: Desk, token: str, *, billing: Obj | None = None, values: Obj | None = None) -> Obj:
    """A payment method from a documented token, a fresh one each time as at Stripe."""
    card = BY_TOKEN.get(token.replace("tok_", "pm_card_"))
    if card is None:
        raise missing_object("payment_method", token, param="payment_method")
    year = datetime.fromtimestamp(desk.now, UTC).year + 1
    return write_card(desk, card, exp_month=12, exp_year=year, cvc=False, billing=billing, values=values or {})


def resolve(desk: Desk, identifier: str, *, param: str = "payment_method") -> Obj:
    """The payment method behind an id or a token."""
    if identifier.startswith("pm_card_"):
        return from_token(desk, identifier)
    return desk.get("payment_method", identifier, param=param)


def card_of(desk: Desk, method: Obj) -> TestCard:
    """How the card behind a payment method behaves."""
    return BY_NUMBER[desk.private(method["id"])["number"]]


def attach_to(desk: Desk, method: Obj, customer: str) -> Obj:
    """Save a card with a customer."""
    desk.get("customer", customer, param="customer")
    if method["customer"] not in (None, customer):
        raise ApiError(
            "This payment method has already been attached to a customer.", code="payment_method_unexpected_state"
        )
    if (decline := card_of(desk, method).decline) and method["card"]["last4"] != "0341":
        code, reason, message = decline
        raise ApiError(message, status=402, kind="card_error", code=code, decline_code=reason)
    method["customer"] = customer
    desk.save(method)
    desk.emit("payment_method.attached", method)
    return method


@route("POST", "/v1/payment_methods", ACCEPTED, "type")
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """A new card, from a number or a token."""
    card = values.get("card") or {}
    if card.get("token"):
        return from_token(desk, card["token"], billing=values.get("billing_details"), values=values)
    return from_number(desk, card, billing=values.get("billing_details"), values=values)


@route("GET", "/v1/payment_methods/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One payment method; a token makes one."""
    return (
        resolve(desk, identifier, param="id")
        if identifier.startswith("pm_card_")
        else desk.get("payment_method", identifier)
    )


@route("POST", "/v1/payment_methods/{id}", {"billing_details": BILLING, "metadata": metadata})
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change the holder's details or the metadata."""
    method = desk.get("payment_method", identifier)
    if "billing_details" in values:
        method["billing_details"] = billing_details(method["billing_details"] | values["billing_details"])
    method["metadata"] = merged_metadata(method["metadata"], values.get("metadata"))
    desk.save(method)
    desk.emit("payment_method.updated", method)
    return method


@route("POST", "/v1/payment_methods/{id}/attach", {"customer": text}, "customer")
def attach(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Save a card with a customer."""
    return attach_to(desk, resolve(desk, identifier), values["customer"])


@route("POST", "/v1/payment_methods/{id}/detach")
def detach(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Take a card away from its customer."""
    method = desk.get("payment_method", identifier)
    if method["customer"] is None:
        raise ApiError("The payment method you provided is not attached to a customer so detachment is impossible.")
    before, method["customer"] = method["customer"], None
    desk.save(method)
    desk.emit("payment_method.detached", method, {"customer": before})
    return method


@route("GET", "/v1/payment_methods", PAGING | {"customer": text, "type": text, "allow_redisplay": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """The cards of a customer, or all."""
    return listing(desk, "payment_method", values, "/v1/payment_methods", customer=values.get("customer"))


@route("GET", "/v1/customers/{id}/payment_methods", PAGING | {"type": text})
def of_customer(desk: Desk, values: dict[str, Any], customer: str) -> Obj:
    """The cards of a customer."""
    desk.get("customer", customer)
    return listing(desk, "payment_method", values, f"/v1/customers/{customer}/payment_methods", customer=customer)
