"""At the same moment: two swaps of one copy, both sides content, a cancellation against a parcel."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.core.errors import DomainError
from apps.trades.swaps import actions, course
from apps.trades.swaps.models import Swap
from tests.factories import ADDRESS
from tests.together import together
from tests.trades.swaps.conftest import copies_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment; done, or the code of what was refused."""
    return [each.code if isinstance(each, DomainError) else "done" for each in together(acts)]


def test_one_copy_goes_into_one_of_two_swaps(table):
    at = table().propose()
    other = table(ada=at.ada, hers=at.hers).propose()
    results = at_once(
        lambda: actions.agree(swap=at.swap, ship_to=ADDRESS, by=at.bob),
        lambda: actions.agree(swap=other.swap, ship_to=ADDRESS, by=other.bob),
    )
    assert sorted(results) == ["OUT_OF_STOCK", "done"]
    assert at.free(at.hers) == (1, 1)


def test_both_content_at_once_end_it_once(table, settings):
    settings.NEW_SELLER_SALES = 0
    at = table().agree()
    for person in (at.ada, at.bob):
        at.ship(person)
    for person in (at.ada, at.bob):
        at.receive(person)
    results = at_once(*[lambda who=who: course.content(swap=at.swap, by=who) for who in (at.ada, at.bob)] * 2)
    assert results == ["done"] * 4
    assert Swap.objects.get().state == "completed"
    assert (copies_of(at.ada, at.his.variant_id), copies_of(at.bob, at.hers.variant_id)) == (1, 1)


def test_it_is_either_cancelled_or_shipped(table, settings):
    settings.NEW_SELLER_SALES = 0
    at = table().agree()
    results = at_once(
        lambda: course.cancel(swap=at.swap, by=at.bob),
        lambda: course.ship(swap=at.swap, by=at.ada, tracking_number="1"),
    )
    assert sorted(results) == ["SWAP_MOVED_ON", "done"]
    assert at.free(at.his) == ((1, 0) if at.fresh().swap.state == "cancelled" else (1, 1))
