"""Customers and the cards that are kept for them."""

from __future__ import annotations

from typing import Any

import stripe

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import Card, Checkout
from apps.escrow.processor.reading import card_of, checkout_of


@translated
def create_customer(*, email: str, name: str, user_id: str, idempotency_key: str) -> str:
    """A member as the processor's customer; the id there."""
    params: Any = {"email": email, "name": name[:250], "metadata": {"user_id": user_id}}
    return str(client().v1.customers.create(params, keyed(idempotency_key)).id)


@translated
def create_setup(*, customer_id: str, success_url: str, cancel_url: str, idempotency_key: str) -> Checkout:
    """The processor's page on which a card is typed in to be kept; nothing is charged."""
    params: Any = {
        "mode": "setup",
        "customer": customer_id,
        "payment_method_types": ["card"],
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    return checkout_of(client().v1.checkout.sessions.create(params, keyed(idempotency_key)))


@translated
def list_cards(customer_id: str) -> tuple[Card, ...]:
    """The cards that are kept for a customer, newest first."""
    page = client().v1.customers.payment_methods.list(customer_id, {"type": "card", "limit": 100})
    return tuple(card_of(found) for found in page.auto_paging_iter())


@translated
def detach_card(*, card_id: str, idempotency_key: str) -> None:
    """Forget a card; nobody can pay with it any more. One that is forgotten already, or unknown, is left."""
    methods = client().v1.payment_methods
    try:
        if methods.retrieve(card_id).customer is not None:
            methods.detach(card_id, {}, keyed(idempotency_key))
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
