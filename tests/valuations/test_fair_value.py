"""The fair value as a function: what must hold for any evidence, and examples that can be followed by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.valuations.example import worked
from apps.valuations.fair_value import (
    CONDITION_RATIOS,
    PAIR_SHARE,
    SELLER_SHARE,
    Comparables,
    Kind,
    NothingToGoBy,
    fair_value,
    fair_values,
    half_life,
    weighted_median,
)

LIFE = 21.0

prices = st.floats(0.05, 20_000)
comparable = st.fixed_dictionaries(
    {
        "price": prices,
        "kind": st.sampled_from([0, 0, 0, 1, 2]),
        "age": st.floats(0, 700),
        "reliability": st.sampled_from([0.6, 0.7, 0.9, 1.0]),
        "condition": st.integers(0, 4),
        "copies": st.integers(1, 40),
        "seller": st.integers(-1, 3),
        "buyer": st.integers(-1, 3),
    }
)
evidence = st.lists(comparable, min_size=1, max_size=25)


def of(rows, **more):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return Comparables.of(columns.pop("price"), **columns, **more)


def value(*prices, **columns):
    return fair_value(Comparables.of(prices, **columns), half_life_days=LIFE)


def as_wanted(rows, condition=0):
    """Prices as the wanted condition's."""
    return [row["price"] * CONDITION_RATIOS[condition] / CONDITION_RATIOS[row["condition"]] for row in rows]


@given(evidence, st.integers(0, 4))
def test_the_value_is_one_of_the_prices_and_lies_in_its_interval(rows, condition):
    found = fair_value(of(rows), half_life_days=LIFE, condition=condition)
    converted = as_wanted(rows, condition)
    assert any(math.isclose(found.value, price, rel_tol=1e-9) for price in converted)
    assert min(converted) * (1 - 1e-9) <= found.value <= max(converted) * (1 + 1e-9)
    assert 0 < found.low <= found.value <= found.high


@given(evidence)
def test_confidence_and_count_are_within_their_bounds(rows):
    found = fair_value(of(rows), half_life_days=LIFE)
    assert 0 <= found.confidence <= 1
    assert 1 <= found.n <= len(rows)
    assert found.method in ("sales", "quotes", "asks")
    assert found.reasons


@given(evidence, st.randoms())
def test_order_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    first, second = (fair_value(of(each), half_life_days=LIFE) for each in (rows, shuffled))
    assert first.value == pytest.approx(second.value)
    assert first.confidence == pytest.approx(second.confidence)


@given(evidence, st.floats(0.1, 50))
def test_prices_in_another_unit_give_the_value_in_that_unit(rows, factor):
    first = fair_value(of(rows), half_life_days=LIFE)
    second = fair_value(of([{**row, "price": row["price"] * factor} for row in rows]), half_life_days=LIFE)
    # A price on the edge of being an outlier may fall to either side after rounding; the others must agree.
    if first.n == second.n:
        assert second.value == pytest.approx(first.value * factor, rel=1e-6)
        assert second.confidence == pytest.approx(first.confidence, abs=1e-6)


@given(st.lists(prices, min_size=1, max_size=12), st.integers(2, 6))
def test_each_sale_told_several_times_changes_no_value_and_adds_confidence(told, times):
    once = value(*told)
    often = value(*told * times)
    if once.n == len(told) and often.n == times * len(told):
        assert often.value == pytest.approx(once.value)
        assert often.confidence >= once.confidence - 1e-9
        assert often.high - often.low <= once.high - once.low + 1e-6


@given(st.lists(prices, min_size=3, max_size=15), st.integers(1, 10))
def test_more_sales_at_the_value_do_not_move_it(told, more):
    """As long as nothing is an outlier: what is one is judged anew by what came."""
    before = value(*told)
    after = value(*told, *[before.value] * more)
    if (before.n, after.n) == (len(told), len(told) + more):
        assert after.value == pytest.approx(before.value)
    assert min(told) <= after.value <= max(told)


@given(st.lists(prices, min_size=1, max_size=10), st.integers(0, 9), st.floats(1, 3))
def test_a_dearer_sale_never_lowers_the_weighted_middle(told, which, factor):
    weights = np.ones(len(told))
    raised = [price * factor if place == which else price for place, price in enumerate(told)]
    assert weighted_median(np.array(raised), weights) >= weighted_median(np.array(told), weights)


@given(st.lists(evidence, min_size=1, max_size=6), st.lists(st.integers(0, 4), min_size=6, max_size=6))
def test_one_item_is_valued_as_in_a_whole_catalogue(items, conditions):
    rows = [row for rows in items for row in rows]
    owners = [place for place, rows in enumerate(items) for _ in rows]
    lives = np.array([7.0 * (place + 1) for place in range(len(items))])
    wanted = np.array(conditions[: len(items)])
    whole = fair_values(of(rows, item=owners), items=len(items), half_lives=lives, conditions=wanted)
    for place, own in enumerate(items):
        alone = fair_value(of(own), half_life_days=lives[place], condition=int(wanted[place]))
        assert whole.value[place] == pytest.approx(alone.value)
        assert (whole.low[place], whole.high[place]) == (pytest.approx(alone.low), pytest.approx(alone.high))
        assert whole.confidence[place] == pytest.approx(alone.confidence)
        assert whole.used[place] == alone.n


def test_an_item_without_evidence_among_others_is_left_blank():
    found = fair_values(Comparables.of([5.0, 6.0], item=[0, 2]), items=4, half_lives=LIFE)
    assert found.value[[0, 2]].tolist() == [5.0, 6.0]
    assert np.isnan(found.value[[1, 3]]).all()
    assert found.confidence[[1, 3]].tolist() == [0, 0]


def test_nothing_to_go_by_is_said():
    with pytest.raises(NothingToGoBy):
        value()


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf])
def test_a_price_that_is_none_is_refused(price):
    with pytest.raises(ValueError, match="above zero"):
        value(price, 3.0)


def test_the_middle_of_three_equal_sales():
    found = value(10, 30, 20)
    assert (found.value, found.n, found.method) == (20, 3, "sales")


def test_a_new_sale_weighs_more_than_two_old_ones():
    """Weights 1, 1/4, 1/4: half of 1.5 is reached at the new one."""
    assert value(10, 20, 21, age=[0, 42, 42]).value == 10


def test_an_unreliable_source_weighs_less():
    assert value(10, 20, reliability=[0.6, 1.0]).value == 20


def test_a_lot_of_copies_weighs_as_the_root_of_its_number():
    """9 copies weigh 3, more than the two single sales together."""
    assert value(10, 20, 21, copies=[9, 1, 1]).value == 10


def test_a_played_copy_is_converted_and_weighs_less():
    found = value(8.50, condition=[1])
    assert found.value == pytest.approx(10)
    assert any("other conditions" in reason for reason in found.reasons)
    assert value(10, 8.50, condition=[0, 4]).value == 10


def test_one_strange_sale_is_left_out():
    found = value(10, 11, 12, 10.5, 11.5, 900)
    assert (found.n, found.value) == (5, 11)
    assert any("left out" in reason for reason in found.reasons)


def test_asks_count_only_where_sales_are_scarce():
    few = value(10, 14, 14, kind=[Kind.SALE, Kind.ASK, Kind.ASK])
    many = value(10, 10, 10, 40, 40, kind=[0, 0, 0, Kind.ASK, Kind.ASK])
    assert (few.n, many.n) == (3, 3)
    assert any("asking prices" in reason for reason in few.reasons)


def test_asks_alone_are_an_estimate_of_little_confidence():
    found = value(*[20.0] * 30, kind=Kind.ASK)
    assert found.method == "asks"
    assert found.confidence <= 0.4


def test_one_seller_cannot_set_the_price():
    """Twenty sales at 50 by one seller against three of others at 10: the seller carries 40 % at most."""
    found = value(*[50.0] * 20, 10, 10.1, 10.2, seller=[7] * 20 + [1, 2, 3])
    assert found.value < 11
    assert any("held back" in reason for reason in found.reasons)


@given(st.integers(2, 40), st.integers(4, 8))
def test_a_pair_that_trades_with_itself_moves_little(rounds, others):
    """Wash trades at twice the price stay under a fifth of the weight, and so below the middle."""
    honest = [10 + n / 10 for n in range(others)]
    found = value(
        *[20.0] * rounds, *honest, seller=[99] * rounds + list(range(others)), buyer=[98] * rounds + list(range(others))
    )
    assert PAIR_SHARE < SELLER_SHARE < 0.5
    assert found.value <= max(honest)


def test_old_evidence_is_trusted_less():
    assert value(10, 10, 10, age=200.0).confidence < value(10, 10, 10, age=1.0).confidence


@pytest.mark.parametrize(
    ("category", "days"),
    [("trading-cards/pokemon", 21), ("toys/lego", 90), ("toys", 90), ("toyshop", 60), ("comics", 60), ("art", 180)],
)
def test_the_half_life_is_that_of_the_longest_beginning(category, days):
    assert half_life(category) == days


@given(st.lists(prices, min_size=1, max_size=20))
def test_the_weighted_median_of_equal_weights_is_the_lower_median(told):
    assert weighted_median(np.array(told), np.ones(len(told))) == sorted(told)[(len(told) - 1) // 2]


def test_a_median_without_weight_is_refused():
    with pytest.raises(ValueError, match="weight"):
        weighted_median(np.array([1.0]), np.array([0.0]))


def test_the_example_of_the_method_page_by_hand():
    """As Near Mint: 10.00 (weight 1), 8.50/0.85 = 10.00 (0.6), 11.00 (0.9), 12.00 (0.5); 60.00 is left out.

    Half of 3.0 is 1.5; 1 and 0.6 together reach it at 10.00.
    """
    example = worked()
    assert example.half == "1.50"
    assert example.found.value == pytest.approx(10.0)
    assert example.found.n == 4
    assert [line.as_near_mint for line in example.lines] == ["10.00", "10.00", "11.00", "12.00", "60.00"]
    assert [line.is_left_out for line in example.lines] == [False, False, False, False, True]
    assert sum(line.is_middle for line in example.lines) == 1
