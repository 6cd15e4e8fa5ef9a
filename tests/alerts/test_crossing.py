"""The logic of crossings by itself, and the SQL of the evaluation against it."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.alerts import crossing, evaluation
from apps.alerts.crossing import State, first_state, line_of, step
from apps.alerts.evaluation import PriceChange
from apps.alerts.models import Alert, Watch
from tests.alerts.conftest import START

LINE = Decimal(80)
prices = st.decimals(Decimal(60), Decimal(110), places=2)
journeys = st.lists(st.tuples(prices, st.integers(1, 40)), min_size=1, max_size=12)


def walk(values, *, falling, cool_down=dt.timedelta(0), state=None, line=LINE):
    """Where in a journey it fires, by the state machine."""
    state, at, fired = state or State(), START, []
    for place, (value, hours) in enumerate(values):
        at += dt.timedelta(hours=hours)
        state, fires = step(state, value, line=line, falling=falling, at=at, cool_down=cool_down)
        fired += [place] * fires
    return fired


@given(journeys, st.booleans())
def test_without_a_pause_it_fires_exactly_at_crossings(journey, falling):
    """A crossing: at the line or past it, and since the last firing the price had been back past the band."""
    values = [value for value, _ in journey]
    expected, since = [], None
    for place, value in enumerate(values):
        came_back = since is None or any(crossing.is_back(each, LINE, falling=falling) for each in values[since:place])
        if crossing.is_past(value, LINE, falling=falling) and came_back:
            expected.append(place)
            since = place
    assert walk(journey, falling=falling) == expected


@given(journeys, st.booleans(), st.integers(1, 72))
def test_two_firings_are_never_nearer_than_the_pause(journey, falling, hours):
    moments = [START]
    for _, gap in journey:
        moments.append(moments[-1] + dt.timedelta(hours=gap))
    fired = [moments[place + 1] for place in walk(journey, falling=falling, cool_down=dt.timedelta(hours=hours))]
    assert all(later - earlier >= dt.timedelta(hours=hours) for earlier, later in itertools.pairwise(fired))


@given(journeys, st.booleans())
def test_what_is_past_the_line_at_first_fires_only_after_it_was_back(journey, falling):
    start = first_state(LINE, LINE, falling=falling)
    assert not start.is_armed
    fired = walk(journey, falling=falling, state=start)
    if fired:
        assert any(crossing.is_back(value, LINE, falling=falling) for value, _ in journey[: fired[0]])


@given(st.lists(st.decimals(Decimal("77.7"), Decimal("82.3"), places=2), max_size=20), st.booleans())
def test_a_price_that_trembles_within_the_band_fires_at_most_once(values, falling):
    assert len(walk([(value, 1) for value in values], falling=falling)) <= 1


@pytest.mark.parametrize(("comparison", "line"), [("<", "79.99"), ("<=", "80.00"), (">", "80.01"), (">=", "80.00")])
def test_a_line_is_the_first_price_that_counts(comparison, line):
    assert line_of(LINE, comparison) == Decimal(line)


@pytest.mark.django_db
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(journeys, st.booleans(), st.sampled_from([1, 24]), st.booleans())
def test_the_database_fires_as_the_state_machine_does(rule, variant, journey, falling, pause, in_one_set):
    with transaction.atomic():
        kind = "price_drop" if falling else "price_increase"
        start = Decimal(100)
        rule(kind, amount=LINE, comparison="<=" if falling else ">=", cool_down_hours=pause)
        at, old, changes = START, start, []
        for value, hours in journey:
            at += dt.timedelta(hours=hours)
            changes.append(PriceChange(variant.pk, "NM", old, value, "USD", at))
            old = value
        for some in [changes] if in_one_set else [[each] for each in changes]:
            evaluation.prices_changed(some)
        state = first_state(start, LINE, falling=falling)
        expected = walk(journey, falling=falling, cool_down=dt.timedelta(hours=pause), state=state)
        fired = list(Alert.objects.order_by("at").values_list("at", "value"))
        assert fired == [(changes[place].at, changes[place].new) for place in expected]
        assert Watch.objects.count() == 1
        transaction.set_rollback(True)
