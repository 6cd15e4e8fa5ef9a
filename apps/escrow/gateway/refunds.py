"""Refunds: a payment, or part of it, back to the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.escrow.gateway.connection import client, keyed, translated
from apps.escrow.processor import Refund
from apps.escrow.processor.reading import refund_of


@translated
def refund(
    *, payment_id: str, amount_minor: int, reason: str, metadata: Mapping[str, str], idempotency_key: str
) -> Refund:
    """Give back a payment or part of it. reason: duplicate, fraudulent, requested_by_customer or "".

    Raises GatewayError, e.g. charge_already_refunded or charge_disputed.
    """
    params: Any = {"payment_intent": payment_id, "amount": amount_minor, "metadata": dict(metadata)}
    if reason:
        params["reason"] = reason
    return refund_of(client().v1.refunds.create(params, keyed(idempotency_key)))


@translated
def retrieve_refund(refund_id: str) -> Refund:
    """A refund as it stands; one that has succeeded may still fail at the bank."""
    return refund_of(client().v1.refunds.retrieve(refund_id))


@translated
def list_refunds(payment_id: str) -> tuple[Refund, ...]:
    """Every refund of a payment, newest first."""
    page = client().v1.refunds.list({"payment_intent": payment_id, "limit": 100})
    return tuple(refund_of(found) for found in page.auto_paging_iter())
