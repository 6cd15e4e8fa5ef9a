"""The inbox of the processor's messages: stored once after the signature is checked, handled by a task.

A message only says where to look: the object is fetched and its state acted on, so that messages may repeat, overtake
each other, or be handled twice. Messages about one object are handled one after the other. What fails is retried with
growing pauses and finally parked where an operator sees it. What never arrived is asked for (fetch_missed).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import NotYours
from apps.escrow import gateway
from apps.escrow.actions.chargebacks import record_chargeback
from apps.escrow.actions.moves import wake
from apps.escrow.actions.payments import adopt_intent, refresh_payment
from apps.escrow.actions.sellers import refresh_seller_account
from apps.escrow.actions.settlements import check_refund
from apps.escrow.models import Payment, SellerAccount, Settlement, WebhookEvent
from apps.escrow.payouts.actions import record_payout

log = structlog.get_logger()

LEASE = dt.timedelta(minutes=2)  # longer than the gateway's timeouts and retries together
LAST_TRY = 10
_ACCOUNTS_AT_ONCE = 50


def receive_webhook(*, payload: bytes, signature: str) -> bool:
    """Check and store a message; returns whether it is new. Fast: nothing is done about it here.

    Raises InvalidSignature (not the processor's, or too old), PaymentsNotConfigured.
    """
    message = gateway.parse_webhook(payload, signature)
    if message.api_version != gateway.API_VERSION:
        log.warning("webhook.other_version", webhook=message.id, version=message.api_version)
    return _store(message)


@transaction.atomic
def _store(message: gateway.WebhookEvent) -> bool:
    _, is_new = WebhookEvent.objects.get_or_create(
        event_id=message.id,
        defaults={
            "type": message.type,
            "object_id": message.object_id,
            "payload": message.raw,
            "api_version": (message.api_version or "")[:40],
            "occurred_at": message.created_at,
        },
    )
    if is_new:
        _wake()
    return is_new


def fetch_missed(*, since: dt.datetime) -> int:
    """Ask the processor what it told since then, and store what did not arrive; returns how many that were.

    It keeps what it tells for 30 days. Its list holds what happened in our own account; sellers' accounts that are not
    settled are asked one by one. Raises GatewayError.
    """
    missed = sum(_store(message) for message in gateway.list_events(since))
    for account in (
        SellerAccount.objects.select_related("user")
        .filter(stripe_id__isnull=False, refreshed_at__lt=since)
        .exclude(transfers_active=True, requirements_due=[])[:_ACCOUNTS_AT_ONCE]
    ):
        refresh_seller_account(user=account.user)
    if missed:
        log.warning("webhook.missed", number=missed)
    return missed


def _wake() -> None:
    from apps.escrow.tasks import handle_webhooks as task

    wake(task)


def handle_webhooks(*, limit: int = 200, now: dt.datetime | None = None) -> int:
    """Handle what waits in the inbox, oldest first; returns how many were handled. Safe in parallel and when killed."""
    now = now or timezone.now()
    handled = 0
    for _ in range(limit):
        message = _claim(now)
        if message is None:
            break
        handled += _handle(message, now)
    return handled


# What waits or is being handled about the same object and happened before.
_EARLIER = (
    WebhookEvent.objects.filter(object_id=OuterRef("object_id"), handled_at__isnull=True, parked_at__isnull=True)
    .exclude(object_id="")
    .filter(
        Q(occurred_at__lt=OuterRef("occurred_at"))
        | Q(occurred_at=OuterRef("occurred_at"), received_at__lt=OuterRef("received_at"))
        | Q(
            occurred_at=OuterRef("occurred_at"),
            received_at=OuterRef("received_at"),
            event_id__lt=OuterRef("event_id"),
        )
    )
)


@transaction.atomic
def _claim(now: dt.datetime) -> WebhookEvent | None:
    message = (
        WebhookEvent.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(~Exists(_EARLIER), handled_at__isnull=True, parked_at__isnull=True, next_attempt_at__lte=now)
        .order_by("next_attempt_at")
        .first()
    )
    if message is None:
        return None
    # Counted before the work, so that a message that kills its worker is parked as well.
    message.attempts += 1
    message.next_attempt_at = now + LEASE
    if message.attempts > LAST_TRY:
        message.parked_at = now
        message.save(update_fields=["attempts", "next_attempt_at", "parked_at"])
        return _claim(now)
    message.save(update_fields=["attempts", "next_attempt_at"])
    return message


def _handle(message: WebhookEvent, now: dt.datetime) -> bool:
    try:
        _act_on(message)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is written down, retried and finally parked
        _postpone(message, error, now)
        return False
    WebhookEvent.objects.filter(pk=message.pk).update(handled_at=timezone.now(), last_error="")
    return True


def _postpone(message: WebhookEvent, error: Exception, now: dt.datetime) -> None:
    parked = message.attempts >= LAST_TRY
    WebhookEvent.objects.filter(pk=message.pk, handled_at__isnull=True).update(
        last_error=f"{type(error).__name__}: {error}"[:2000],
        next_attempt_at=now + dt.timedelta(seconds=min(2**message.attempts, 3600)),
        parked_at=now if parked else None,
    )
    log.warning("webhook.failed", webhook=message.pk, type=message.type, attempts=message.attempts, exc_info=error)


def _act_on(message: WebhookEvent) -> None:
    about = message.payload.get("data", {}).get("object", {})
    if about.get("object") == "payout":
        # Its id means something only together with whose payout it is, which the message says and the object does not.
        record_payout(stripe_id=message.object_id, account_id=str(message.payload.get("account") or ""))
    react = _REACTIONS.get(str(about.get("object", "")))
    if react is not None:
        react(message.object_id, about)


def _checkout(object_id: str, about: dict[str, object]) -> None:
    payment = Payment.objects.filter(checkout_id=object_id).first()
    if payment is not None:
        refresh_payment(payment=payment)
    elif hold_id := _hold_id(about):
        _refresh_hold(hold_id)


def _payment_intent(object_id: str, about: dict[str, object]) -> None:
    payment = Payment.objects.filter(intent_id=object_id).first()
    if payment is not None:
        refresh_payment(payment=payment)
    elif hold_id := _hold_id(about):
        adopt_intent(intent_id=object_id, hold_id=hold_id)


def _charge(object_id: str, about: dict[str, object]) -> None:
    if intent_id := about.get("payment_intent"):
        _payment_intent(str(intent_id), about)


def _refund(object_id: str, about: dict[str, object]) -> None:
    settlement = Settlement.objects.filter(stripe_id=object_id).first()
    if settlement is not None:
        check_refund(settlement=settlement)


def _account(object_id: str, about: dict[str, object]) -> None:
    account = SellerAccount.objects.select_related("user").filter(stripe_id=object_id).first()
    if account is not None:
        refresh_seller_account(user=account.user)


def _capability(object_id: str, about: dict[str, object]) -> None:
    _account(str(about.get("account", "")), about)


def _dispute(object_id: str, about: dict[str, object]) -> None:
    record_chargeback(stripe_id=object_id)


def _hold_id(about: dict[str, object]) -> uuid.UUID | None:
    metadata = about.get("metadata")
    try:
        return uuid.UUID(str(metadata["hold_id"])) if isinstance(metadata, dict) else None
    except (KeyError, ValueError):
        return None  # somebody else's payment in the same account


def _refresh_hold(hold_id: uuid.UUID) -> None:
    for payment in Payment.objects.filter(hold_id=hold_id).exclude(checkout_id="", intent_id=""):
        refresh_payment(payment=payment)


# By the kind of object that a message is about; every other kind needs nothing done.
_REACTIONS: dict[str, Callable[[str, dict[str, object]], None]] = {
    "checkout.session": _checkout,
    "payment_intent": _payment_intent,
    "charge": _charge,
    "refund": _refund,
    "account": _account,
    "bank_account": _capability,
    "capability": _capability,
    "person": _capability,
    "dispute": _dispute,
}


@transaction.atomic
def release_webhook(*, message: WebhookEvent, by: User) -> None:
    """A moderator has a parked message handled again. Raises NotYours."""
    if not by.is_moderator:
        raise NotYours
    WebhookEvent.objects.filter(pk=message.pk, handled_at__isnull=True).update(
        parked_at=None, attempts=0, next_attempt_at=timezone.now()
    )
    audit.record(action="webhook.release", target=message, by=by)
    _wake()
