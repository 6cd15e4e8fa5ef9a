"""What conditions and grades bring beside Near Mint is learned where enough pairs tell it, and else the published table."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.valuations import actions, evidence
from apps.valuations.fair_value import RATIOS
from apps.valuations.fair_value.parameters import STATES
from apps.valuations.fair_value.ratios import FEWEST_PAIRS, learned
from apps.valuations.models import Quote, Source
from tests.factories import make_product, make_variant


@given(st.lists(st.tuples(st.integers(1, STATES - 1), st.floats(0.01, 100)), max_size=200))
def test_the_order_of_states_always_holds(pairs):
    found = learned(np.array([state for state, _ in pairs], int), np.array([ratio for _, ratio in pairs]))
    assert found[0] == pytest.approx(1)
    assert (np.diff(found[:5]) <= 1e-12).all()
    assert (np.diff(found[5:].reshape(-1, 19), axis=1) >= -1e-12).all()


def test_few_pairs_change_nothing():
    few = np.ones(FEWEST_PAIRS - 1, int)
    assert learned(few, few * 0.5) == pytest.approx(RATIOS)


def test_many_pairs_come_near_to_what_they_say_and_never_beyond():
    some, many = (learned(np.ones(count, int), np.full(count, 0.95))[1] for count in (60, 6000))
    assert RATIOS[1] < some < many < 0.95
    assert many == pytest.approx(0.95, abs=0.001)


def test_one_strange_pair_among_many_moves_nothing():
    told = np.full(100, 0.9)
    strange = told.copy()
    strange[0] = 1000
    state = np.ones(100, int)
    assert learned(state, strange) == pytest.approx(learned(state, told))


@pytest.mark.django_db
def test_the_schedule_learns_from_the_newest_prices_of_each_printing():
    source = Source.objects.get(slug="tcgplayer")
    at = timezone.now() - dt.timedelta(days=3)
    for number in range(60):
        variant = make_variant(make_product("Moss", number=f"{number:03}", code="ratio1"), finish="normal")
        for condition, price in (("NM", "10.00"), ("LP", "9.50")):
            Quote.objects.create(
                source=source, variant=variant, condition=condition, observed_at=at, market=Decimal(price)
            )
    assert evidence.ratios() == pytest.approx(RATIOS)
    try:
        actions.refresh_stale()
        assert RATIOS[1] < evidence.ratios()[1] < 0.95
        assert evidence.ratios()[2:] == pytest.approx(RATIOS[2:])
    finally:
        cache.delete(evidence.RATIOS_KEY)
