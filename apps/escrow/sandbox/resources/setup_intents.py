"""Setup intents: a card is checked and kept for a customer, nothing is charged. Made by checkout sessions of mode `setup`."""

from __future__ import annotations

from typing import Any

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import Desk
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.sandbox.parameters import PAGING, text
from apps.escrow.sandbox.resources import payment_methods
from apps.escrow.sandbox.routes import listing, route


def open_setup(desk: Desk, customer: str | None) -> Obj:
    """A card is to be given."""
    name = desk.name("seti")
    setup: Obj = {
        "id": name,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{name}_secret_{desk.token(25)}",
        "created": desk.now,
        "customer": customer,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "managed_payments": None,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "on_session",
    }
    desk.add(setup)
    desk.emit("setup_intent.created", setup)
    return setup


def try_card(desk: Desk, setup: Obj, method: Obj, *, return_url: str) -> Obj:
    """Keep the card, or ask the bank first (3-D Secure). Raises a card error when it is declined."""
    setup["payment_method"] = method["id"]
    if not payment_methods.card_of(desk, method).challenge:
        return keep(desk, setup)
    secret = desk.token(32)
    address = f"{desk.public_url}/challenge/{setup['id']}/{secret}"
    setup["status"] = "requires_action"
    setup["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": return_url, "url": address},
    }
    desk.save(setup, challenge=secret, return_url=return_url)
    desk.emit("setup_intent.requires_action", setup)
    return setup


def keep(desk: Desk, setup: Obj) -> Obj:
    """The card is the customer's."""
    if setup["customer"]:
        payment_methods.attach_to(desk, desk.get("payment_method", setup["payment_method"]), setup["customer"])
    setup |= {"status": "succeeded", "next_action": None}
    desk.save(setup)
    desk.emit("setup_intent.succeeded", setup)
    return setup


def finish_challenge(desk: Desk, setup: Obj, *, passed: bool) -> Obj:
    """The bank was asked."""
    if setup["status"] != "requires_action":
        raise ApiError(f"This SetupIntent has a status of {setup['status']}.", code="setup_intent_unexpected_state")
    if passed:
        return keep(desk, setup)
    setup |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_setup_error": {
            "code": "setup_intent_authentication_failure",
            "message": "The provided PaymentMethod has failed authentication.",
            "type": "invalid_request_error",
        },
    }
    desk.save(setup)
    desk.emit("setup_intent.setup_failed", setup)
    return setup


@route("GET", "/v1/setup_intents/{id}", {"client_secret": text})
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One setup intent."""
    return desk.get("setup_intent", identifier)


@route("GET", "/v1/setup_intents", PAGING | {"customer": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Setup intents, newest first."""
    return listing(desk, "setup_intent", values, "/v1/setup_intents", customer=values.get("customer"))
