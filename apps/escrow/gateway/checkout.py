"""Checkout sessions: the processor's own pages for one payment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import Checkout
from apps.escrow.processor.reading import checkout_of

SHORTEST_CHECKOUT = timedelta(minutes=30)
LONGEST_CHECKOUT = timedelta(hours=24)


def checkout_expiry(expires_at: datetime, *, now: datetime | None = None) -> int | None:
    """When the processor is to close its page: seconds since 1970, or None for its longest, 24 hours.

    It accepts 30 minutes to 24 hours from now. A nearer deadline is moved to the next full hour that is far enough
    away, so that a repeated call says the same; the caller closes the page at the true deadline.
    """
    now = now or datetime.now(UTC)
    if expires_at >= now + LONGEST_CHECKOUT:
        return None
    if expires_at >= now + SHORTEST_CHECKOUT + timedelta(minutes=1):
        return int(expires_at.timestamp())
    soonest = int((now + SHORTEST_CHECKOUT + timedelta(minutes=1)).timestamp())
    return -(-soonest // 3600) * 3600


@translated
def create_checkout(
    *,
    hold_id: str,
    amount_minor: int,
    currency: str,
    description: str,
    success_url: str,
    cancel_url: str,
    transfer_group: str,
    customer_email: str,
    expires_at: datetime,
    idempotency_key: str,
    customer_id: str = "",
) -> Checkout:
    """A page at the processor on which a hold can be paid. `success_url` may contain {CHECKOUT_SESSION_ID}.

    The payment's metadata carries `hold_id`. With a customer the card is kept for the next payment. Raises GatewayError.
    """
    price = {"currency": currency.lower(), "unit_amount": amount_minor, "product_data": {"name": description[:250]}}
    params: Any = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "payment_intent_data": {
            "description": description[:500],
            "metadata": {"hold_id": str(hold_id)},
            "transfer_group": transfer_group,
        },
        "client_reference_id": str(hold_id),
        "metadata": {"hold_id": str(hold_id)},
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    if customer_id:
        params["customer"] = customer_id
        params["payment_intent_data"]["setup_future_usage"] = "on_session"
    elif customer_email:
        params["customer_email"] = customer_email
    if (expiry := checkout_expiry(expires_at)) is not None:
        params["expires_at"] = expiry
    return checkout_of(client().v1.checkout.sessions.create(params, keyed(idempotency_key)))


@translated
def retrieve_checkout(checkout_id: str) -> Checkout:
    """A page as it stands."""
    return checkout_of(client().v1.checkout.sessions.retrieve(checkout_id))


@translated
def expire_checkout(checkout_id: str) -> Checkout:
    """Close a page. One that is already closed or paid is left as it is: look at the status."""
    sessions = client().v1.checkout.sessions
    try:
        return checkout_of(sessions.expire(checkout_id))
    except stripe.InvalidRequestError:
        session = sessions.retrieve(checkout_id)
        if session.status == "open":
            raise
        return checkout_of(session)
