"""Intervals of shares: published values, and what must hold for any counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.proportions import difference, wilson

counts = st.integers(0, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("counted", "interval"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3
    [
        ((81, 263), (0.2553, 0.3662)),
        ((15, 148), (0.0624, 0.1605)),
        ((0, 20), (0.0, 0.1611)),
        ((1, 29), (0.0061, 0.1718)),
    ],
)
def test_the_interval_is_the_published_one(counted, interval):
    assert wilson(*counted) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "interval"),
    # Newcombe 1998, "Interval estimation for the difference", table II, method 10
    [((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090)), ((10, 10), (0, 20), (0.6791, 1.0))],
)
def test_the_interval_of_a_difference_is_the_published_one(first, second, interval):
    assert difference(first, second) == pytest.approx(interval, abs=5e-4)


@given(counts)
def test_the_share_lies_in_its_interval_and_the_interval_in_zero_to_one(counted):
    low, high = wilson(*counted)
    assert 0 <= low <= high <= 1
    if counted[1]:
        assert low <= counted[0] / counted[1] <= high


@given(counts, counts)
def test_a_difference_turned_round_is_its_mirror(first, second):
    low, high = difference(first, second)
    assert difference(second, first) == pytest.approx((-high, -low))
    assert -1 <= low <= high <= 1


def test_nothing_tried_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert difference((0, 0), (5, 5)) == (-1.0, 1.0)


@pytest.mark.parametrize("counted", [(2, 1), (-1, 4)])
def test_counts_that_are_no_share_are_refused(counted):
    with pytest.raises(ValueError, match="no share"):
        wilson(*counted)
