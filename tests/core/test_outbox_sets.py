"""Handlers that take facts in sets: many in one call, in order; a set that fails is tried again one by one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from apps.core import outbox
from apps.core.models import Delivery
from tests.core.outbox_world import Counted, arrived, note, write
from tests.core.test_outbox import emit, make_due

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class Doubled(outbox.Event):
    topic = "test.doubled"
    number: int

    @property
    def aggregate(self) -> str:
        return "doubled"


@pytest.fixture
def sets(subscribed) -> list[list[int]]:
    """The numbers of each set that the handler `together` was given; it stumbles over 13."""
    given: list[list[int]] = []

    def together(events: list[Counted]) -> None:
        given.append([event.number for event in events])
        for event in events:
            write("together", event)
            if event.number == 13:
                raise RuntimeError("stumbled over 13")

    subscribed(note)
    outbox.subscribe_to_sets(Counted)(together)
    return given


def test_what_is_due_arrives_in_one_call_and_in_order(sets, relay):
    emit(1, 2, 3)
    emit(4, thing="b")
    assert relay() == 8, "four for each handler"
    assert sets == [[1, 2, 3, 4]]
    assert arrived("note", "a") == [1, 2, 3]
    assert relay() == 0


def test_a_set_is_no_larger_than_it_may_be(sets, relay, monkeypatch):
    monkeypatch.setattr(outbox, "LARGEST_SET", 2)
    emit(1, 2, 3)
    relay()
    relay()
    assert sets == [[1, 2], [3]]


def test_a_set_that_fails_leaves_nothing_behind_and_is_tried_one_by_one(sets, relay):
    emit(1, thing="a")
    emit(13, thing="b")
    emit(3, thing="c")
    relay()
    assert sets == [[1, 13, 3]]
    assert arrived("together") == []
    assert "in a set of 3: RuntimeError: stumbled" in Delivery.objects.exclude(last_error="").first().last_error
    make_due()
    relay()
    assert sorted(sets[1:]) == [[1], [3], [13]]
    assert arrived("together") == [1, 3]


def test_what_follows_a_fact_that_failed_waits_for_it(sets, relay):
    emit(13)
    relay()
    emit(14)
    emit(15, thing="b")
    relay()
    assert sets == [[13], [15]], "14 is about the same thing as 13"
    Delivery.objects.filter(event__payload__number=13).update(parked_at=None, delivered_at="2030-01-01T00:00Z")
    make_due()
    relay()
    assert sets[2:] == [[14]]


def test_what_a_set_states_reaches_another_set_in_the_same_round(sets, relay, django_assert_num_queries):
    heard: list[int] = []

    def after(events: list[Counted]) -> None:
        for event in events:
            outbox.emit(Doubled(number=2 * event.number))

    def afore(events: list[Doubled]) -> None:
        heard.extend(event.number for event in events)

    outbox.subscribe_to_sets(Counted)(after)
    outbox.subscribe_to_sets(Doubled)(afore)
    emit(1, 2)
    relay()
    assert heard == [2, 4]
    with django_assert_num_queries(2):  # nothing is due: asked once for all that is tried by itself, once for all sets
        assert relay() == 0
