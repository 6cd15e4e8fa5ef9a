"""Messages of the processor: whether they are genuine, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import stripe
from django.conf import settings

from apps.escrow.gateway.connection import client, our_error
from apps.escrow.processor import InvalidSignature, PaymentsNotConfigured, WebhookEvent
from apps.escrow.processor.reading import event_from, event_of

REPLAY_WINDOW_SECONDS = 300


def parse_webhook(payload: bytes, signature: str) -> WebhookEvent:
    """The message in a webhook, once its signature and age (at most five minutes) are right.

    STRIPE_WEBHOOK_SECRET may name several secrets, separated by commas: two endpoints, or an old and a new secret.
    Raises InvalidSignature; PaymentsNotConfigured without a secret.
    """
    secrets = [part.strip() for part in getattr(settings, "STRIPE_WEBHOOK_SECRET", "").split(",") if part.strip()]
    if not secrets:
        raise PaymentsNotConfigured(
            "Set STRIPE_WEBHOOK_SECRET to the signing secret of the webhook endpoint (whsec_…)."
        )
    if not any(_is_signed(payload, signature, secret) for secret in secrets):
        raise InvalidSignature
    return event_of(payload)


def _is_signed(payload: bytes, signature: str, secret: str) -> bool:
    try:
        return bool(stripe.WebhookSignature.verify_header(payload, signature, secret, REPLAY_WINDOW_SECONDS))
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False


def list_events(created_after: datetime) -> Iterator[WebhookEvent]:
    """Everything that the processor told of our own account since a moment, newest first. Raises GatewayError."""
    try:
        page = client().v1.events.list({"created": {"gte": int(created_after.timestamp())}, "limit": 100})
        for event in page.auto_paging_iter():
            yield event_from(event.to_dict())
    except stripe.StripeError as error:
        raise our_error(error) from error
