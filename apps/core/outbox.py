"""Transactional outbox: `emit` states a fact inside the action's transaction, `relay` carries it to each handler.

Each event reaches each handler exactly once in effect: the handler's writes and its delivery row commit together. Order
holds per aggregate and handler. A failing handler is retried with back-off and parked after the last try, where an
operator sees it in the admin and can release it or set it aside.

A handler of many small facts takes them in sets (`subscribe_to_sets`): a batch that states fifty thousand of them is then
carried in a few turns and holds nobody else up. A set that fails is tried again one by one, as single facts are.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import structlog
from django.db import connection, transaction
from django.utils import timezone
from pydantic import TypeAdapter

from apps.core import metrics
from apps.core.logging import about
from apps.core.models import Delivery, OutboxEvent

log = structlog.get_logger()

LAST_TRY = 8
LARGEST_SET = 10_000
Handler = Callable[[Any], None]
_handlers: dict[str, dict[str, Subscription]] = {}
_at_once: dict[str, list[Handler]] = {}
_adapters: dict[type[Event], TypeAdapter[Event]] = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """A fact in the past tense, with ids and plain values. Subclasses set `topic` and say what they are about."""

    topic: ClassVar[str]

    @property
    def aggregate(self) -> str:
        """What the fact is about, e.g. `trade:<id>`; events of one aggregate arrive in order."""
        raise NotImplementedError


class Subscription(NamedTuple):
    """A handler of one kind of facts: one at a time, or a list of them."""

    run: Handler
    event_type: type[Event]
    in_sets: bool


def subscribe(event_type: type[Event], *, in_sets: bool = False) -> Callable[[Handler], Handler]:
    """Decorator for a handler in an app's handlers.py. The handler runs in a transaction of the relay."""

    def register(handler: Handler) -> Handler:
        name = f"{handler.__module__}.{handler.__qualname__}".removeprefix("apps.")
        known = _handlers.setdefault(event_type.topic, {})
        if name in known:
            raise ValueError(f"two handlers of {event_type.topic} are called {name}")
        known[name] = Subscription(handler, event_type, in_sets)
        return handler

    return register


def subscribe_to_sets(event_type: type[Event]) -> Callable[[Handler], Handler]:
    """Decorator for a handler that takes a list of facts, in their order, at most LARGEST_SET of them."""
    return subscribe(event_type, in_sets=True)


def at_once(event_type: type[Event]) -> Callable[[Handler], Handler]:
    """Decorator for what is told live, in the emitting process right after the commit: quick, and lost where it fails.

    For liveness alone; what must happen is a handler's. Facts that come by the thousand have handlers of sets.
    """

    def register(tell: Handler) -> Handler:
        _at_once.setdefault(event_type.topic, []).append(tell)
        return tell

    return register


def _adapter(event_type: type[Event]) -> TypeAdapter[Event]:
    """Pydantic's reader and writer of the event's fields: ids, instants and decimals survive the way through JSON."""
    if event_type not in _adapters:
        _adapters[event_type] = TypeAdapter(event_type)
    return _adapters[event_type]


def payload_of(event: Event) -> dict[str, Any]:
    """The event's fields as JSON can hold them."""
    return _adapter(type(event)).dump_python(event, mode="json")


def revive(event_type: type[Event], payload: dict[str, Any]) -> Event:
    """The typed event of a stored payload. A field that the payload lacks (it is younger) takes its default."""
    return _adapter(event_type).validate_python(payload)


def emit(event: Event) -> None:
    """State a fact. Must be called inside a transaction; the relay is woken when it commits.

    Facts of one aggregate arrive in the order in which they were emitted, as long as whoever changes the aggregate
    holds its row lock while emitting, as actions do.
    """
    emit_all([event])


def emit_all(events: Sequence[Event]) -> None:
    """State many facts in their order, in two statements, as batches do. See `emit`."""
    if not connection.in_atomic_block:
        raise RuntimeError("emit() outside a transaction: the fact and its cause must commit together")
    for event in events:
        for tell in _at_once.get(event.topic, ()):
            transaction.on_commit(functools.partial(tell, event), robust=True)
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    rows = OutboxEvent.objects.bulk_create(
        [
            OutboxEvent(topic=event.topic, aggregate=event.aggregate, payload=payload_of(event), request_id=request_id)
            for event in events
        ],
        batch_size=2000,
    )
    deliveries = [
        Delivery(event=row, handler=name, aggregate=row.aggregate)
        for row in rows
        for name in _handlers.get(row.topic, {})
    ]
    Delivery.objects.bulk_create(deliveries, batch_size=2000)
    if deliveries and not any(entry[1] is _wake_relay for entry in connection.run_on_commit):
        transaction.on_commit(_wake_relay, robust=True)


def _wake_relay() -> None:
    """Best effort: the relay runs every two seconds anyhow."""
    from apps.core.tasks import relay_outbox

    try:
        relay_outbox.apply_async(retry=False, ignore_result=True)
    except Exception as error:  # noqa: BLE001 - the queue may be down; the fact is safe in its table
        log.warning("outbox.wake_failed", error=type(error).__name__)


# The oldest delivery that is due. One waits for every older one of its aggregate and handler, also for a parked one:
# going on without it would break the order, so an operator decides (release or set aside).
# Beginning a try is a commit of its own, so that a handler that kills its process uses its tries up as well.
_BEGIN = """
update core_delivery set attempts = attempts + 1,
  next_attempt_at = %(now)s + least(2 ^ (attempts + 1), 600) * interval '1 s'
where id = (
    select d.id from core_delivery d
    where d.delivered_at is null and d.parked_at is null and d.next_attempt_at <= %(now)s
      and (d.attempts > 0 or d.handler <> all(%(in_sets)s))
      and not exists (
        select 1 from core_delivery older
        where older.aggregate = d.aggregate and older.handler = d.handler
          and older.event_id < d.event_id and older.delivered_at is null)
    order by d.id limit 1 for update of d skip locked)
returning id, attempts
"""


_DUE_SETS = """
select distinct handler from core_delivery
where delivered_at is null and parked_at is null and attempts = 0 and next_attempt_at <= %(now)s
  and handler = any(%(in_sets)s)
order by handler
"""

# A set: what is due for one handler and was not tried yet, in order. What waits for an older one that was tried is left.
# Claims of one handler queue up, or a second one would pass over what the first has locked and be out of order.
_BEGIN_SET = """
update core_delivery set attempts = 1, next_attempt_at = %(now)s + interval '2 s'
where id = any(array(
    select d.id from core_delivery d
    where d.handler = %(handler)s and d.attempts = 0 and d.delivered_at is null and d.parked_at is null
      and d.next_attempt_at <= %(now)s
      and not exists (
        select 1 from core_delivery older
        where older.aggregate = d.aggregate and older.handler = d.handler
          and older.event_id < d.event_id and older.delivered_at is null and older.attempts > 0)
    order by d.event_id limit %(most)s for update of d skip locked))
returning id
"""


def relay(*, limit: int = 500) -> int:
    """Deliver what is due: at most `limit` single deliveries, then one set for each handler that takes sets.

    Returns how many succeeded. Safe to run in parallel.
    """
    succeeded = 0
    for _ in range(limit):
        begun = _begin()
        if begun is None:
            break
        succeeded += _deliver(*begun)
    seen: set[str] = set()  # asked again after each round: what a set states may be for another one
    while due := [handler for handler in _due_sets() if handler not in seen]:
        seen.update(due)
        succeeded += sum(_deliver_set(handler) for handler in due)
    return succeeded


def _set_handlers() -> list[str]:
    return sorted({name for known in _handlers.values() for name, entry in known.items() if entry.in_sets})


def _due_sets() -> list[str]:
    """Which of the handlers that take sets have something due; most have nothing most of the time."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE_SETS, {"now": timezone.now(), "in_sets": _set_handlers()})
        return [handler for (handler,) in cursor.fetchall()]


def _begin() -> tuple[int, int] | None:
    """Claim the next due delivery: its id and the number of this try; None when nothing is due."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, {"now": timezone.now(), "in_sets": _set_handlers()})
        return cursor.fetchone()


def _deliver_set(handler: str) -> int:
    """Run a handler with all that is due for it; how many were delivered. More of it than one set wakes the relay again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"outbox:{handler}"])
        cursor.execute(_BEGIN_SET, {"now": timezone.now(), "handler": handler, "most": LARGEST_SET})
        begun = [pk for (pk,) in cursor.fetchall()]
    if not begun:
        return 0
    if len(begun) == LARGEST_SET:
        _wake_relay()
    try:
        with transaction.atomic():
            deliveries = list(
                Delivery.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("event")
                .filter(pk__in=begun, attempts=1, delivered_at__isnull=True, parked_at__isnull=True)
                .order_by("event_id")
            )
            _run_handler(deliveries)
            done = Delivery.objects.filter(pk__in=[each.pk for each in deliveries])
            delivered = done.update(delivered_at=timezone.now(), last_error="")
        metrics.OUTBOX_DELIVERIES.labels(handler, "success").inc(delivered)
        return delivered
    except Exception as error:  # any failure is recorded; each is then tried by itself
        told = f"in a set of {len(begun)}: {type(error).__name__}: {error}"[:2000]
        Delivery.objects.filter(pk__in=begun, attempts=1, delivered_at__isnull=True).update(last_error=told)
        log.warning("outbox.set_failed", handler=handler, size=len(begun), exc_info=error)
        return 0


def _deliver(delivery_id: int, attempt: int) -> bool:
    """Run the handler; its writes and the mark of delivery commit together. Whether it succeeded."""
    try:
        with transaction.atomic():
            delivery = (
                Delivery.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("event")
                .filter(pk=delivery_id, attempts=attempt, delivered_at__isnull=True, parked_at__isnull=True)
                .first()
            )
            if delivery is None:
                return False  # somebody else took it up after our time for it had run out
            if attempt > LAST_TRY:
                raise RuntimeError("the process ended during the last try")
            _run_handler([delivery])
            Delivery.objects.filter(pk=delivery_id).update(delivered_at=timezone.now(), last_error="")
        metrics.OUTBOX_DELIVERIES.labels(delivery.handler, "success").inc()
    except Exception as error:  # noqa: BLE001 - any failure is recorded, retried and finally parked
        _record_failure(delivery_id, attempt, error)
        return False
    return True


def _run_handler(deliveries: Sequence[Delivery]) -> None:
    """Hand over events of one handler; a set of none is none."""
    if not deliveries:
        return
    name = deliveries[0].handler
    entries = [_handlers.get(each.event.topic, {}).get(name) for each in deliveries]
    if None in entries:
        raise LookupError(f"no handler is registered under {name}")
    known = [entry for entry in entries if entry is not None]
    events = [revive(entry.event_type, each.event.payload) for entry, each in zip(known, deliveries, strict=True)]
    with (
        structlog.contextvars.bound_contextvars(request_id=deliveries[0].event.request_id),
        about("" if known[0].in_sets else deliveries[0].aggregate),
    ):
        for told in [events] if known[0].in_sets else events:
            known[0].run(told)


def _record_failure(delivery_id: int, attempt: int, error: Exception) -> None:
    changes: dict[str, object] = {"last_error": f"{type(error).__name__}: {error}"[:2000]}
    parked = attempt >= LAST_TRY
    if parked:
        changes["parked_at"] = timezone.now()
    Delivery.objects.filter(pk=delivery_id, attempts=attempt, delivered_at__isnull=True).update(**changes)
    handler = Delivery.objects.filter(pk=delivery_id).values_list("handler", flat=True).first()
    metrics.OUTBOX_DELIVERIES.labels(handler or "gone", "parked" if parked else "failure").inc()
    say = log.error if parked else log.warning
    say(
        "outbox.delivery_parked" if parked else "outbox.delivery_failed",
        delivery=delivery_id,
        attempt=attempt,
        exc_info=error,
    )


def release(delivery: Delivery) -> None:
    """Give a parked delivery its tries back (an operator's decision)."""
    Delivery.objects.filter(pk=delivery.pk, delivered_at__isnull=True).update(
        parked_at=None, attempts=0, next_attempt_at=timezone.now()
    )


def set_aside(delivery: Delivery) -> None:
    """Give a parked delivery up (an operator's decision): those behind it go on. `last_error` stays to say why."""
    Delivery.objects.filter(pk=delivery.pk, parked_at__isnull=False).update(parked_at=None, delivered_at=timezone.now())
