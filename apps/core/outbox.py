"""Transactional outbox: `emit` states a fact inside the action's transaction, `relay` carries it to each handler.

Each event reaches each handler exactly once in effect: the handler's writes and its delivery row commit together. Order
holds per aggregate and handler. A failing handler is retried with back-off and parked after the last try, where an
operator sees it in the admin and can release it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.core.models import Delivery, OutboxEvent

log = structlog.get_logger()

LAST_TRY = 8
Handler = Callable[[Any], None]
_handlers: dict[str, dict[str, tuple[Handler, type[Event]]]] = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense, with ids and plain values. Subclasses set `topic` and say what they are about."""

    topic: ClassVar[str]

    @property
    def aggregate(self) -> str:
        """What the fact is about, e.g. `trade:<id>`; events of one aggregate arrive in order."""
        raise NotImplementedError


def subscribe(event_type: type[Event]) -> Callable[[Handler], Handler]:
    """Decorator for a handler in an app's handlers.py. The handler runs in a transaction of the relay."""

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__qualname__}".removeprefix("apps.")
        _handlers.setdefault(event_type.topic, {})[name] = (handler, event_type)
        return handler

    return register


def _plain(value: object) -> object:
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value


def emit(event: Event) -> None:
    """State a fact. Must be called inside a transaction; the relay is woken when it commits."""
    if not connection.in_atomic_block:
        raise RuntimeError("emit() outside a transaction: the fact and its cause must commit together")
    payload = {field.name: _plain(getattr(event, field.name)) for field in dataclasses.fields(event)}
    row = OutboxEvent.objects.create(
        topic=event.topic,
        aggregate=event.aggregate,
        payload=payload,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
    names = _handlers.get(event.topic, {})
    Delivery.objects.bulk_create([Delivery(event=row, handler=name) for name in names])
    if names:
        transaction.on_commit(_wake_relay, robust=True)


def _wake_relay() -> None:
    """Best effort: beat runs the relay every two seconds anyhow."""
    from apps.core.tasks import relay_outbox

    try:
        relay_outbox.apply_async(retry=False, ignore_result=True)
    except Exception as error:  # noqa: BLE001 - the queue may be down; the fact is safe in its table
        log.warning("outbox.wake_failed", error=str(error))


# The oldest pending delivery of each (aggregate, handler): a younger one waits for it.
_NEXT = """
select d.id from core_delivery d join core_outboxevent e on e.sequence = d.event_id
where d.delivered_at is null and d.parked_at is null and d.next_attempt_at <= %s
  and not exists (
    select 1 from core_delivery older join core_outboxevent oe on oe.sequence = older.event_id
    where older.handler = d.handler and older.delivered_at is null and older.parked_at is null
      and oe.aggregate = e.aggregate and oe.sequence < e.sequence)
order by d.id limit 1 for update of d skip locked
"""


def relay(*, limit: int = 500) -> int:
    """Deliver what is pending, at most `limit` deliveries; returns how many succeeded. Safe to run in parallel."""
    succeeded = 0
    for _ in range(limit):
        outcome = _deliver_one()
        if outcome is None:
            break
        succeeded += outcome
    return succeeded


def _deliver_one() -> int | None:
    """1 after a success, 0 after a failure, None when nothing is due."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [timezone.now()])
            found = cursor.fetchone()
        if not found:
            return None
        delivery = Delivery.objects.select_related("event").get(pk=found[0])
        event = delivery.event
        handler = _handlers.get(event.topic, {}).get(delivery.handler)
        try:
            if handler is None:
                raise LookupError(f"no handler is registered under {delivery.handler}")
            with transaction.atomic(), structlog.contextvars.bound_contextvars(request_id=event.request_id):
                handler[0](revive(handler[1], event.payload))
        except Exception as error:  # noqa: BLE001 - any failure is recorded, retried and finally parked
            _record_failure(delivery, error)
            return 0
        delivery.attempts += 1
        delivery.delivered_at = timezone.now()
        delivery.last_error = ""
        delivery.save(update_fields=["attempts", "delivered_at", "last_error"])
        return 1


def _record_failure(delivery: Delivery, error: Exception) -> None:
    delivery.attempts += 1
    delivery.last_error = f"{type(error).__name__}: {error}"[:2000]
    delivery.next_attempt_at = timezone.now() + dt.timedelta(seconds=min(2**delivery.attempts, 600))
    if delivery.attempts >= LAST_TRY:
        delivery.parked_at = timezone.now()
    delivery.save(update_fields=["attempts", "last_error", "next_attempt_at", "parked_at"])
    log.warning("outbox.delivery_failed", handler=delivery.handler, attempts=delivery.attempts, exc_info=error)


def release(delivery: Delivery) -> None:
    """Give a parked delivery its tries back (an operator's decision)."""
    Delivery.objects.filter(pk=delivery.pk, delivered_at__isnull=True).update(
        parked_at=None, attempts=0, next_attempt_at=timezone.now()
    )


def revive(event_type: type[Event], payload: dict[str, Any]) -> Event:
    """The typed event of a stored payload: ids, instants and decimals get their types back."""
    values = {}
    for field in dataclasses.fields(event_type):
        value = payload.get(field.name)
        declared = str(field.type)
        if isinstance(value, str):
            if "UUID" in declared:
                value = uuid.UUID(value)
            elif "datetime" in declared:
                value = dt.datetime.fromisoformat(value)
            elif "Decimal" in declared:
                value = Decimal(value)
        values[field.name] = value
    return event_type(**values)
