"""Payment intents: the whole life of one payment, from the amount to the charge, with 3-D Secure and late capture."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from apps.escrow.sandbox.books import Obj
from apps.escrow.sandbox.desk import DAY, Desk
from apps.escrow.sandbox.errors import ApiError, wrong_parameter
from apps.escrow.sandbox.parameters import (
    PAGING,
    amount,
    anything,
    boolean,
    choice,
    currency,
    email,
    group,
    many,
    metadata,
    text,
    url,
)
from apps.escrow.sandbox.resources import charges, payment_methods
from apps.escrow.sandbox.resources.disputes import open_dispute
from apps.escrow.sandbox.routes import listing, route, timer
from apps.escrow.sandbox.shapes import merged_metadata

SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "cad": 50, "aud": 50, "chf": 50}
DETAILS = {
    "amount": amount,
    "currency": currency,
    "customer": text,
    "description": text,
    "metadata": metadata,
    "payment_method": text,
    "payment_method_options": anything,
    "payment_method_types": many(text),
    "receipt_email": email,
    "setup_future_usage": choice("off_session", "on_session"),
    "shipping": anything,
    "statement_descriptor": text,
    "statement_descriptor_suffix": text,
    "transfer_group": text,
}
CONFIRMING = {
    "error_on_requires_action": boolean,
    "off_session": boolean,
    "payment_method_data": group(payment_methods.ACCEPTED),
    "return_url": url,
    "use_stripe_sdk": boolean,
    "mandate_data": anything,
}
CREATING = (
    DETAILS
    | CONFIRMING
    | {
        "automatic_payment_methods": group(
            {"enabled": boolean, "allow_redirects": choice("always", "never")}, "enabled"
        ),
        "capture_method": choice("automatic", "automatic_async", "manual"),
        "confirm": boolean,
        "confirmation_method": choice("automatic", "manual"),
    }
)
FIELD_AT_FAULT = {"expired_card": "exp_month", "incorrect_cvc": "cvc"}
REASONS = choice("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def check_smallest(amount_minor: int, code: str) -> None:
    """Stripe takes nothing below about half a dollar."""
    smallest = SMALLEST.get(code, 1)
    if amount_minor < smallest:
        raise ApiError(
            f"Amount must be at least {smallest / 100:.2f} {code}", code="amount_too_small", param="amount", began=False
        )


def wrong_state(intent: Obj, what: str) -> ApiError:
    """The intent is past, or not yet at, the point where this can be done."""
    return ApiError(
        f"This PaymentIntent could not be {what} because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def open_intent(desk: Desk, values: dict[str, Any]) -> Obj:
    """A payment that waits for a card. values: as CREATING, amount and currency given."""
    check_smallest(values["amount"], values["currency"])
    if values.get("customer"):
        desk.get("customer", values["customer"], param="customer")
    automatic = values.get("automatic_payment_methods")
    if automatic is None and "payment_method_types" not in values:
        automatic = {"enabled": True, "allow_redirects": "always"}
    name = desk.name("pi")
    intent: Obj = {
        "id": name,
        "object": "payment_intent",
        "amount": values["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always"} | automatic
        if automatic and automatic["enabled"]
        else None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": values.get("capture_method", "automatic_async"),
        "client_secret": f"{name}_secret_{desk.token(25)}",
        "confirmation_method": values.get("confirmation_method", "automatic"),
        "created": desk.now,
        "currency": values["currency"],
        "customer": values.get("customer") or None,
        "customer_account": None,
        "description": values.get("description") or None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": merged_metadata({}, values.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": values.get("payment_method_types") or ["card"],
        "processing": None,
        "receipt_email": values.get("receipt_email") or None,
        "review": None,
        "setup_future_usage": values.get("setup_future_usage"),
        "shipping": values.get("shipping") or None,
        "source": None,
        "statement_descriptor": values.get("statement_descriptor") or None,
        "statement_descriptor_suffix": values.get("statement_descriptor_suffix") or None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": values.get("transfer_group") or None,
    }
    if values.get("payment_method"):
        intent |= {
            "payment_method": payment_methods.resolve(desk, values["payment_method"])["id"],
            "status": "requires_confirmation",
        }
    desk.add(intent)
    desk.emit("payment_intent.created", intent)
    return intent


def confirm_intent(desk: Desk, intent: Obj, values: dict[str, Any]) -> Obj:
    """Try to pay. Raises a card error that keeps its traces when the card is declined."""
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise wrong_state(intent, "confirmed")
    method = _method_for(desk, intent, values)
    if method["customer"] and method["customer"] != intent["customer"]:
        raise ApiError(
            "The provided PaymentMethod cannot be attached or used: it is attached to a customer. To use it, provide that"
            " customer in the request.",
            code="payment_method_unexpected_state",
            param="payment_method",
        )
    automatic = intent["automatic_payment_methods"]
    if (
        automatic
        and automatic["allow_redirects"] == "always"
        and not (values.get("return_url") or values.get("use_stripe_sdk"))
    ):
        raise ApiError(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of"
            " these payment methods might redirect your customer off of your page, you must provide a `return_url`. If"
            " you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to"
            " `true` and"
            " `automatic_payment_methods[allow_redirects]` to `never` when creating PaymentIntents.",
        )
    intent |= {"payment_method": method["id"], "next_action": None, "last_payment_error": None}
    if not payment_methods.card_of(desk, method).challenge:
        return charge_now(desk, intent, method, authenticated=False)
    if values.get("off_session") or values.get("error_on_requires_action"):
        declined = ApiError(
            "Your card was declined. This transaction requires authentication.",
            status=402,
            kind="card_error",
            code="authentication_required",
            decline_code="authentication_required",
            keeps_changes=True,
        )
        raise _failed(desk, intent, method, declined)
    secret = desk.token(32)
    address = f"{desk.public_url}/challenge/{intent['id']}/{secret}"
    intent["status"] = "requires_action"
    if values.get("return_url"):
        action: Obj = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": values["return_url"], "url": address},
        }
    else:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": address}}
    intent["next_action"] = action
    desk.save(intent, challenge=secret, return_url=values.get("return_url"))
    desk.emit("payment_intent.requires_action", intent)
    return intent


def _method_for(desk: Desk, intent: Obj, values: dict[str, Any]) -> Obj:
    if values.get("payment_method_data"):
        given = values["payment_method_data"]
        return payment_methods.create(desk, given)
    if values.get("payment_method"):
        return payment_methods.resolve(desk, values["payment_method"])
    if intent["payment_method"]:
        return desk.get("payment_method", intent["payment_method"])
    raise ApiError(
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the"
        " PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment"
        " method or ConfirmationToken.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def charge_now(desk: Desk, intent: Obj, method: Obj, *, authenticated: bool) -> Obj:
    """Charge the card and take the intent where the outcome leads."""
    charge = charges.charge_intent(desk, intent, method, authenticated=authenticated)
    intent["latest_charge"] = charge["id"]
    if charge["status"] == "failed":
        code, reason, message = payment_methods.card_of(desk, method).decline or ("card_declined", None, "")
        declined = ApiError(
            message,
            status=402,
            kind="card_error",
            code=code,
            decline_code=reason,
            keeps_changes=True,
            charge=charge["id"],
            param=FIELD_AT_FAULT.get(code),
        )
        raise _failed(desk, intent, method, declined)
    if intent["capture_method"] == "manual":
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        desk.save(intent)
        desk.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    return _succeeded(desk, intent, charge)


def _failed(desk: Desk, intent: Obj, method: Obj, error: ApiError) -> ApiError:
    """Write the failure into the intent; the error to raise carries the intent."""
    fields = error.fields() | {"payment_method": method}
    intent |= {
        "status": "requires_payment_method",
        "last_payment_error": fields,
        "next_action": None,
        "payment_method": None,
    }
    desk.save(intent)
    desk.emit("payment_intent.payment_failed", intent)
    error.extra |= {"payment_intent": intent, "payment_method": method}
    return error


def _succeeded(desk: Desk, intent: Obj, charge: Obj) -> Obj:
    intent |= {"status": "succeeded", "amount_received": charge["amount_captured"], "amount_capturable": 0}
    desk.save(intent)
    if intent["setup_future_usage"] and intent["customer"]:
        paid_with = desk.get("payment_method", charge["payment_method"])
        if paid_with["customer"] is None:
            payment_methods.attach_to(desk, paid_with, intent["customer"])
    desk.emit("payment_intent.succeeded", intent)
    card = payment_methods.card_of(desk, desk.get("payment_method", charge["payment_method"]))
    if card.dispute:
        open_dispute(desk, charge, reason=card.dispute[0], status=card.dispute[1])
    return intent


def finish_challenge(desk: Desk, intent: Obj, *, passed: bool) -> Obj:
    """The cardholder passed or failed 3-D Secure, once. A failure is written down; a decline after passing is raised."""
    if intent["status"] != "requires_action":
        raise wrong_state(intent, "confirmed")
    method = desk.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if passed:
        return charge_now(desk, intent, method, authenticated=True)
    _failed(
        desk,
        intent,
        method,
        ApiError(
            "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new"
            " PaymentMethod to attempt to fulfill this PaymentIntent again.",
            kind="invalid_request_error",
            code="payment_intent_authentication_failure",
        ),
    )
    return intent


def return_address(intent: Obj, return_url: str) -> str:
    """Where the browser goes after a challenge, told how it went."""
    parts = urlsplit(return_url)
    told = {
        "payment_intent": intent["id"],
        "payment_intent_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if intent["status"] in ("succeeded", "requires_capture") else "failed",
    }
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *told.items()])))


@route("POST", "/v1/payment_intents", CREATING, "amount", "currency")
def create(desk: Desk, values: dict[str, Any]) -> Obj:
    """A payment; with `confirm` it is tried at once."""
    if not values.get("confirm"):
        for name in ("return_url", "off_session", "error_on_requires_action"):
            if name in values:
                raise wrong_parameter(f"You can only provide `{name}` when `confirm` is true.", name)
    intent = open_intent(desk, values)
    if not values.get("confirm"):
        return intent
    # The card is the intent's by now: a token would make a second one.
    return confirm_intent(desk, intent, {name: value for name, value in values.items() if name != "payment_method"})


@route("GET", "/v1/payment_intents/{id}", {"client_secret": text})
def retrieve(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """One payment."""
    return desk.get("payment_intent", identifier, param="intent")


@route("POST", "/v1/payment_intents/{id}", DETAILS)
def update(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Change a payment that has not been made."""
    intent = desk.get("payment_intent", identifier, param="intent")
    final = intent["status"] in ("succeeded", "canceled", "requires_capture")
    if final and set(values) - {"description", "metadata", "receipt_email", "shipping", "transfer_group"}:
        raise wrong_state(intent, "updated")
    if "amount" in values:
        check_smallest(values["amount"], values.get("currency") or intent["currency"])
    if values.get("payment_method"):
        values["payment_method"] = payment_methods.resolve(desk, values["payment_method"])["id"]
        intent["status"] = "requires_confirmation"
    for name, value in values.items():
        intent[name] = merged_metadata(intent["metadata"], value) if name == "metadata" else (value or None)
    return desk.save(intent)


@route("POST", "/v1/payment_intents/{id}/confirm", CONFIRMING | {"payment_method": text, "receipt_email": email})
def confirm(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Try to pay."""
    return confirm_intent(desk, desk.get("payment_intent", identifier, param="intent"), values)


@route(
    "POST",
    "/v1/payment_intents/{id}/capture",
    {"amount_to_capture": amount, "metadata": metadata, "statement_descriptor": text, "final_capture": boolean},
)
def capture(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Take what was authorised, or part of it; the rest is let go."""
    intent = desk.get("payment_intent", identifier, param="intent")
    if intent["status"] != "requires_capture":
        raise wrong_state(intent, "captured")
    wanted: int = values.get("amount_to_capture") or intent["amount_capturable"]
    if wanted > intent["amount_capturable"]:
        raise ApiError(
            f"Amount ({wanted}) is greater than the capturable amount ({intent['amount_capturable']}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    intent["metadata"] = merged_metadata(intent["metadata"], values.get("metadata"))
    charge = desk.get("charge", intent["latest_charge"])
    charges.settle(desk, charge, wanted)
    if wanted < charge["amount"]:
        charge["amount_refunded"] = charge["amount"] - wanted
        desk.save(charge)
    desk.emit("charge.captured", charge)
    return _succeeded(desk, intent, charge)


def cancel_intent(desk: Desk, intent: Obj, reason: str | None) -> Obj:
    """Let go of a payment that was not made; an authorisation is released."""
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise wrong_state(intent, "canceled")
    if intent["status"] == "requires_capture":
        charge = desk.get("charge", intent["latest_charge"])
        charge |= {"amount_refunded": charge["amount"], "refunded": True}
        desk.save(charge)
        desk.emit("charge.refunded", charge)
    intent |= {
        "status": "canceled",
        "canceled_at": desk.now,
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    desk.save(intent)
    desk.emit("payment_intent.canceled", intent)
    return intent


@route("POST", "/v1/payment_intents/{id}/cancel", {"cancellation_reason": REASONS})
def cancel(desk: Desk, values: dict[str, Any], identifier: str) -> Obj:
    """Cancel a payment."""
    intent = desk.get("payment_intent", identifier, param="intent")
    if desk.private(identifier).get("session"):
        raise ApiError(
            "You cannot cancel PaymentIntents created by Checkout. To cancel this PaymentIntent, use the Expire a"
            " Checkout Session endpoint instead.",
            payment_intent=intent,
        )
    return cancel_intent(desk, intent, values.get("cancellation_reason"))


@timer("authorization_expires")
def authorization_expires(desk: Desk, identifier: str) -> None:
    """Seven days after an authorisation that nobody captured."""
    intent = desk.find(identifier)
    if intent and intent["status"] == "requires_capture":
        charge = desk.get("charge", intent["latest_charge"])
        if charge["created"] + 7 * DAY <= desk.now:
            cancel_intent(desk, intent, "automatic")


@route("GET", "/v1/payment_intents", PAGING | {"customer": text})
def index(desk: Desk, values: dict[str, Any]) -> Obj:
    """Payments, newest first."""
    return listing(desk, "payment_intent", values, "/v1/payment_intents", customer=values.get("customer"))
