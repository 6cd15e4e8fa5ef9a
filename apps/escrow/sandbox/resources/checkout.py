"""Checkout sessions: a hosted page on which one payment is made. The page itself is in pages/."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, MINUTE, Desk
from apps.escrow.sandbox.errors import ApiError, wrong_parameter
from apps.escrow.sandbox.parameters import (
    PAGING,
    amount,
    anything,
    choice,
    currency,
    email,
    group,
    integer,
    many,
    metadata,
    text,
    url,
)
from apps.escrow.sandbox.resources import payment_intents, payment_methods, setup_intents
from apps.escrow.sandbox.routes import listing, route, timer
from apps.escrow.sandbox.shapes import empty_address, merged_metadata

PRODUCT = group(
    {"name": text, "description": text, "images": many(text), "metadata": metadata, "tax_code": text}, "name"
)
PRICE = group(
    {"currency": currency, "product_data": PRODUCT, "unit_amount": amount, "tax_behavior": text},
    "currency",
    "unit_amount",
)
LINE = group({"price_data": PRICE, "quantity": integer, "adjustable_quantity": anything, "metadata": metadata})
INTENT_DATA = group(
    {
        "capture_method": choice("automatic", "automatic_async", "manual"),
        "description": text,
        "metadata": metadata,
        "receipt_email": email,
        "setup_future_usage": text,
        "shipping": anything,
        "statement_descriptor": text,
        "statement_descriptor_suffix": text,
        "transfer_group": text,
    }
)
ACCEPTED = {
    "mode": choice("payment", "setup", "subscription"),
    "ui_mode": choice("hosted_page", "embedded_page", "elements", "form"),
    "line_items": many(LINE),
    "payment_intent_data": INTENT_DATA,
    "payment_method_types": many(text),
    "success_url": url,
    "cancel_url": url,
    "client_reference_id": text,
    "customer": text,
    "customer_email": email,
    "customer_creation": choice("always", "if_required"),
    "expires_at": integer,
    "metadata": metadata,
    "locale": text,
    "submit_type": choice("auto", "book", "donate", "pay"),
    "billing_address_collection": choice("auto", "required"),
    "custom_text": anything,
}


def _lines(desk: Desk, given: list[Obj]) -> tuple[list[Obj], str, int]:
    """The lines as objects, their one currency and their total in minor units."""
    lines: list[Obj] = []
    for index, line in enumerate(given):
        price = line.get("price_data")
        if price is None:
            raise wrong_parameter(
                "Missing required param: line_items[0][price_data].", f"line_items[{index}][price_data]"
            )
        quantity = line.get("quantity", 1)
        product = price.get("product_data") or {"name": "Item"}
        total = price["unit_amount"] * quantity
        price_id, product_id = desk.name("price"), f"prod_{desk.token(14)}"
        lines.append(
            {
                "id": desk.name("li"),
                "object": "item",
                "adjustable_quantity": None,
                "amount_discount": 0,
                "amount_subtotal": total,
                "amount_tax": 0,
                "amount_total": total,
                "currency": price["currency"],
                "description": product["name"],
                "metadata": line.get("metadata") or {},
                "price": {
                    "id": price_id,
                    "object": "price",
                    "active": False,
                    "billing_scheme": "per_unit",
                    "created": desk.now,
                    "currency": price["currency"],
                    "custom_unit_amount": None,
                    "livemode": False,
                    "lookup_key": None,
                    "metadata": {},
                    "nickname": None,
                    "product": product_id,
                    "recurring": None,
                    "tax_behavior": "unspecified",
                    "tiers_mode": None,
                    "transform_quantity": None,
                    "type": "one_time",
                    "unit_amount": price["unit_amount"],
                    "unit_amount_decimal": str(price["unit_amount"]),
                },
                "quantity": quantity,
            }
        )
    currencies = {line["currency"] for line in lines}
    if len(currencies) != 1:
        raise wrong_parameter("All prices on a Checkout Session must be in the same currency.", "line_items")
    return lines, currencies.pop(), sum(line["amount_total"] for line in lines)


@route("POST", "/v1/checkout/sessions", ACCEPTED, "mode")
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """A page on which one payment can be made until it expires."""
    if values["mode"] == "subscription" or values.get("ui_mode", "hosted_page") != "hosted_page":
        raise wrong_parameter("This sandbox offers hosted pages in the modes `payment` and `setup` only.", "mode")
    is_setup = values["mode"] == "setup"
    for name in ("success_url",) if is_setup else ("success_url", "line_items"):
        if not values.get(name):
            raise wrong_parameter(f"Missing required param: {name}.", name, "parameter_missing")
    if values.get("customer"):
        desk.get("customer", values["customer"], param="customer")
    expires_at = values.get("expires_at", desk.now + DAY)
    if expires_at < desk.now + 30 * MINUTE:
        expires_at += desk.offset  # a platform whose clock was not advanced with ours
    if not desk.now + 30 * MINUTE <= expires_at <= desk.now + DAY:
        raise wrong_parameter(
            "The `expires_at` timestamp must be less than 24 hours, and at least 30 minutes, from Checkout Session"
            " creation.",
            "expires_at",
        )
    lines, code, total = ([], "usd", 0) if is_setup else _lines(desk, values["line_items"])
    if not is_setup:
        payment_intents.check_smallest(total, code)
    name = f"cs_test_{desk.token(58)}"
    session: Obj = {
        "id": name,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": None if is_setup else total,
        "amount_total": None if is_setup else total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": values.get("billing_address_collection"),
        "cancel_url": values.get("cancel_url"),
        "client_reference_id": values.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": desk.now,
        "currency": None if is_setup else code,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": values.get("customer") or None,
        "customer_account": None,
        "customer_creation": values.get("customer_creation", "if_required"),
        "customer_details": None,
        "customer_email": values.get("customer_email") or None,
        "discounts": [],
        "expires_at": expires_at,
        "integration_identifier": None,
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": values.get("locale"),
        "managed_payments": None,
        "metadata": merged_metadata({}, values.get("metadata")),
        "mode": values["mode"],
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": values.get("payment_method_types") or ["card"],
        "payment_status": "no_payment_required" if is_setup else "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": setup_intents.open_setup(desk, values.get("customer"))["id"] if is_setup else None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": values.get("submit_type"),
        "subscription": None,
        "success_url": values["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{desk.public_url}/c/pay/{name}",
        "wallet_options": None,
    }
    desk.add(session, lines=lines, intent=values.get("payment_intent_data") or {})
    desk.later(expires_at, "session_expires", name)
    return session


def success_address(session: Obj) -> str:
    """Where the browser goes after paying."""
    return str(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))


def pay(desk: Desk, session: Obj, card: Obj, *, payer: Obj) -> Obj:
    """A card was typed into the page. card: number, exp_month, exp_year, cvc; payer: email and name.

    Returns the payment, which may ask for 3-D Secure. Raises a card error when declined; the page can be tried again.
    """
    if session["status"] != "open":
        raise ApiError("This Checkout Session is no longer open.")
    method = payment_methods.from_number(desk, card, billing=payer)
    if session["mode"] == "setup":
        return keep_card(desk, session, method)
    private = desk.private(session["id"])
    if session["payment_intent"]:
        intent = desk.get("payment_intent", session["payment_intent"])
    else:
        given = private["intent"] | {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "customer": session["customer"],
            "payment_method_types": ["card"],
        }
        intent = desk.save(payment_intents.open_intent(desk, given), session=session["id"])
        session["payment_intent"] = intent["id"]
    session["customer_details"] = {
        "address": empty_address(),
        "business_name": None,
        "email": payer.get("email") or session["customer_email"],
        "individual_name": None,
        "name": payer.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    desk.save(session)
    intent = payment_intents.confirm_intent(
        desk, intent, {"payment_method": method["id"], "return_url": session["url"]}
    )
    if intent["status"] in ("succeeded", "requires_capture"):
        complete(desk, session, intent)
    return intent


def keep_card(desk: Desk, session: Obj, method: Obj) -> Obj:
    """A card was typed into a page of mode `setup`; the setup intent, which may ask for 3-D Secure."""
    setup = desk.get("setup_intent", session["setup_intent"])
    setup = setup_intents.try_card(desk, setup, method, return_url=session["url"])
    desk.save(setup, session=session["id"])
    if setup["status"] == "succeeded":
        complete(desk, session, setup)
    return setup


def complete(desk: Desk, session: Obj, intent: Obj) -> Obj:
    """The page has done its work."""
    if session["status"] == "open":
        session |= {
            "status": "complete",
            "payment_status": "no_payment_required"
            if session["mode"] == "setup"
            else "paid"
            if intent["status"] == "succeeded"
            else "unpaid",
            "url": None,
        }
        desk.save(session)
        desk.emit("checkout.session.completed", session)
    return session


def close(desk: Desk, session: Obj) -> Obj:
    """Nobody can pay here any more; a payment that was begun is cancelled."""
    session |= {"status": "expired", "url": None}
    desk.save(session)
    if session["payment_intent"]:
        intent = desk.get("payment_intent", session["payment_intent"])
        if intent["status"] not in ("succeeded", "canceled"):
            payment_intents.cancel_intent(desk, intent, "expired")
    desk.emit("checkout.session.expired", session)
    return session


@timer("session_expires")
def expires(desk: Desk, identifier: str) -> None:
    """The time to pay is over."""
    session = desk.find(identifier)
    if session and session["status"] == "open":
        close(desk, session)


@route("GET", "/v1/checkout/sessions/{id}")
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One session."""
    return desk.get("checkout.session", identifier)


@route("POST", "/v1/checkout/sessions/{id}", {"metadata": metadata})
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change the metadata."""
    session = desk.get("checkout.session", identifier)
    session["metadata"] = merged_metadata(session["metadata"], values.get("metadata"))
    return desk.save(session)


@route("POST", "/v1/checkout/sessions/{id}/expire")
def expire(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Close the page before its time."""
    session = desk.get("checkout.session", identifier)
    if session["status"] != "open":
        raise ApiError(
            'This Session is not in an expireable state: only Checkout Sessions with a status in ["open"] can be'
            " expired."
            f" This Checkout Session has a status of {session['status']}.",
        )
    return close(desk, session)


@route("GET", "/v1/checkout/sessions", PAGING | {"customer": text, "payment_intent": text, "status": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Sessions, newest first."""
    filters = {name: values.get(name) for name in ("customer", "payment_intent", "status")}
    return listing(desk, "checkout.session", values, "/v1/checkout/sessions", **filters)


@route("GET", "/v1/checkout/sessions/{id}/line_items", PAGING)
def line_items(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """What is being paid for."""
    desk.get("checkout.session", identifier)
    return lines_of(desk, identifier)


def lines_of(desk: Desk, identifier: str) -> Obj:
    """The lines of a session as a list object."""
    lines = desk.private(identifier)["lines"]
    return {"object": "list", "data": lines, "has_more": False, "url": f"/v1/checkout/sessions/{identifier}/line_items"}
