"""Payment intents: one payment each, made with a card that the payer has given to the processor."""

from __future__ import annotations

from typing import Any

import stripe

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import Payment
from apps.escrow.processor.reading import field_of, payment_of


@translated
def create_payment(
    *,
    hold_id: str,
    amount_minor: int,
    currency: str,
    payment_method: str,
    description: str,
    transfer_group: str,
    return_url: str,
    idempotency_key: str,
    customer_id: str = "",
) -> Payment:
    """Create and confirm a payment with a payment method that the payer's browser or client has made.

    A decline is returned as a Payment with `failure_code` and `failure_message`, since the attempt exists; 3-D Secure
    as status requires_action with `next_action_url`. Raises PaymentDeclined when the card cannot be tried at all, and
    GatewayError. A card that is kept for a customer is paid with in that customer's name alone.
    """
    params: Any = {
        "amount": amount_minor,
        "currency": currency.lower(),
        "payment_method": payment_method,
        "payment_method_types": ["card"],
        "description": description[:500],
        "metadata": {"hold_id": str(hold_id)},
        "transfer_group": transfer_group,
        "confirm": True,
        "expand": ["latest_charge"],
    }
    if customer_id:
        params["customer"] = customer_id
    if return_url:
        params["return_url"] = return_url
    try:
        return payment_of(client().v1.payment_intents.create(params, keyed(idempotency_key)))
    except stripe.CardError as error:
        intent = field_of(error.error, "payment_intent")
        if intent is None:
            raise
        return payment_of(intent)


@translated
def retrieve_payment(payment_id: str) -> Payment:
    """A payment as it stands."""
    return payment_of(client().v1.payment_intents.retrieve(payment_id, {"expand": ["latest_charge"]}))


@translated
def cancel_payment(payment_id: str, idempotency_key: str) -> Payment:
    """Cancel a payment that has not been made. One already cancelled is returned as it is.

    Raises GatewayError with code payment_intent_unexpected_state when it was paid in the meantime.
    """
    intents = client().v1.payment_intents
    try:
        return payment_of(intents.cancel(payment_id, {"cancellation_reason": "abandoned"}, keyed(idempotency_key)))
    except stripe.InvalidRequestError:
        intent = intents.retrieve(payment_id)
        if intent.status != "canceled":
            raise
        return payment_of(intent)
