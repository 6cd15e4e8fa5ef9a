"""The outbox: a fact reaches each handler once in effect and in order, is retried, and finally parked."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core import outbox
from apps.core.models import Delivery, OutboxEvent
from tests.core.outbox_world import Counted, arrived, note, write

pytestmark = pytest.mark.django_db


def emit(*numbers: int, thing: str = "a") -> None:
    with transaction.atomic():
        for number in numbers:
            outbox.emit(Counted(thing=thing, number=number))


def make_due() -> None:
    """Let the time pass that back-off waits for."""
    Delivery.objects.update(next_attempt_at=timezone.now() - dt.timedelta(seconds=1))


class Fault(Exception):
    """What a handler raises in these tests."""


def failing_first(times: int, origin: str = "flaky"):
    left = [times]

    def flaky(event: Counted) -> None:
        write(origin, event)
        if left[0]:
            left[0] -= 1
            raise Fault("not yet")

    return flaky


def test_a_fact_reaches_every_handler_once(subscribed, relay):
    def other(event):
        write("other", event)

    subscribed(note, other)
    emit(1, 2, 3)
    assert relay() == 6
    assert relay() == 0
    assert arrived("note") == arrived("other") == [1, 2, 3]


def test_a_fact_whose_transaction_fails_was_never_stated(subscribed, relay):
    subscribed(note)
    with pytest.raises(Fault), transaction.atomic():
        outbox.emit(Counted(thing="a", number=1))
        raise Fault
    assert not OutboxEvent.objects.exists()
    assert relay() == 0


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_refused(subscribed):
    with pytest.raises(RuntimeError, match="outside a transaction"):
        outbox.emit(Counted(thing="a", number=1))


def test_what_a_failed_handler_wrote_is_taken_back(subscribed, relay):
    subscribed(failing_first(1))
    emit(1)
    assert relay() == 0
    assert arrived("flaky") == []
    make_due()
    assert relay() == 1
    assert arrived("flaky") == [1]


def test_a_failure_of_one_handler_does_not_touch_another(subscribed, relay):
    subscribed(failing_first(1), note)
    emit(1)
    assert relay() == 1
    assert arrived("note") == [1]


def test_a_broken_statement_in_a_handler_is_a_failure_like_any_other(subscribed, relay):
    def breaks_the_transaction(event):
        with connection.cursor() as cursor:
            cursor.execute("select 1 / 0")

    subscribed(breaks_the_transaction, note)
    emit(1)
    assert relay() == 1
    assert "division by zero" in Delivery.objects.get(handler__endswith="breaks_the_transaction").last_error


def test_younger_facts_wait_for_an_older_one_of_the_same_thing(subscribed, relay):
    subscribed(failing_first(1))
    emit(1, 2)
    emit(10, thing="b")
    assert relay() == 1
    assert arrived("flaky") == [10]
    make_due()
    assert relay() == 2
    assert arrived("flaky", "a") == [1, 2]


def test_waits_grow_between_tries(subscribed, relay):
    subscribed(failing_first(99))
    emit(1)
    waits = []
    for _ in range(outbox.LAST_TRY):
        began = timezone.now()
        relay()
        waits.append(round((Delivery.objects.get().next_attempt_at - began).total_seconds()))
        make_due()
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256]


def parked(relay) -> Delivery:
    for _ in range(outbox.LAST_TRY):
        relay()
        make_due()
    return Delivery.objects.get(parked_at__isnull=False)


def test_after_the_last_try_a_delivery_is_parked_and_holds_back_those_behind_it(subscribed, relay):
    subscribed(failing_first(outbox.LAST_TRY))
    emit(1, 2)
    delivery = parked(relay)
    assert (delivery.attempts, delivery.last_error) == (outbox.LAST_TRY, "Fault: not yet")
    assert relay() == 0
    assert arrived("flaky") == []


def test_a_released_delivery_is_tried_anew_and_the_order_holds(subscribed, relay):
    subscribed(failing_first(outbox.LAST_TRY))
    emit(1, 2)
    outbox.release(parked(relay))
    assert relay() == 2
    assert arrived("flaky") == [1, 2]


def test_those_behind_a_delivery_that_is_set_aside_go_on(subscribed, relay):
    subscribed(failing_first(outbox.LAST_TRY))
    emit(1, 2)
    delivery = parked(relay)
    outbox.set_aside(delivery)
    assert relay() == 1
    assert arrived("flaky") == [2]
    delivery.refresh_from_db()
    assert delivery.last_error == "Fault: not yet"


def test_only_parked_deliveries_can_be_set_aside(subscribed, relay):
    subscribed(note)
    emit(1)
    outbox.set_aside(Delivery.objects.get())
    assert relay() == 1


def test_a_handler_that_is_gone_is_parked_and_not_forgotten(subscribed, relay, monkeypatch):
    subscribed(note)
    emit(1)
    monkeypatch.setattr(outbox, "_handlers", {})
    assert "no handler is registered" in parked(relay).last_error


def test_a_handler_may_state_facts_of_its_own(subscribed, relay):
    def chain(event):
        write("chain", event)
        if event.number < 3:
            outbox.emit(Counted(thing=event.thing, number=event.number + 1))

    subscribed(chain)
    emit(1)
    assert relay() == 3
    assert arrived("chain") == [1, 2, 3]


def test_facts_without_handlers_are_kept(subscribed, relay):
    emit(1)
    assert OutboxEvent.objects.count() == 1
    assert not Delivery.objects.exists()


def test_a_fact_does_not_change_after_it_was_stated(subscribed):
    emit(1)
    with pytest.raises(DatabaseError, match="append only"), transaction.atomic():
        OutboxEvent.objects.update(payload={"thing": "a", "number": 2})


def test_two_handlers_of_one_name_are_refused(subscribed):
    subscribed(note)
    with pytest.raises(ValueError, match="two handlers"):
        subscribed(note)


def test_the_relay_is_woken_once_for_many_facts(subscribed, monkeypatch, django_capture_on_commit_callbacks):
    woken = []
    monkeypatch.setattr(outbox, "_wake_relay", lambda: woken.append(1))
    subscribed(note)
    with django_capture_on_commit_callbacks(execute=True):
        emit(*range(5))
    assert woken == [1]


def test_the_request_that_caused_a_fact_is_known_where_it_is_handled(subscribed, relay):
    import structlog

    seen = []
    subscribed(lambda event: seen.append(structlog.contextvars.get_contextvars().get("request_id")))
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        emit(1)
    relay()
    assert seen == ["request-1"]


class Colour(StrEnum):
    """An enumeration in an event."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Everything(outbox.Event):
    """A fact with every kind of value."""

    topic = "test.everything"
    thing_id: uuid.UUID
    maybe_id: uuid.UUID | None
    at: dt.datetime
    on: dt.date
    price: Decimal
    minor: int
    text: str
    colour: Colour
    is_first: bool
    ids: tuple[uuid.UUID, ...]
    prices: dict[str, Decimal]
    added_later: str = "default"

    @property
    def aggregate(self) -> str:
        return f"thing:{self.thing_id}"


everything = st.builds(
    Everything,
    thing_id=st.uuids(),
    maybe_id=st.none() | st.uuids(),
    at=st.datetimes(timezones=st.just(dt.UTC)),
    on=st.dates(),
    price=st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9),
    minor=st.integers(-(2**63), 2**63 - 1),
    text=st.text(max_size=50),
    colour=st.sampled_from(Colour),
    is_first=st.booleans(),
    ids=st.lists(st.uuids(), max_size=3).map(tuple),
    prices=st.dictionaries(
        st.text(max_size=5), st.decimals(allow_nan=False, allow_infinity=False, places=2), max_size=3
    ),
)


@given(everything)
def test_a_fact_survives_the_way_through_json(event):
    stored = json.loads(json.dumps(outbox.payload_of(event)))
    assert outbox.revive(Everything, stored) == event


def test_a_stored_fact_that_lacks_a_younger_field_takes_its_default():
    stored = {**outbox.payload_of(Counted(thing="a", number=1)), "unknown": True}
    assert outbox.revive(Counted, stored) == Counted(thing="a", number=1)
