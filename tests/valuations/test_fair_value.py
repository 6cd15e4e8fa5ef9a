"""The fair value as a function: what must hold for any evidence, and examples that can be followed by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.valuations.example import worked
from apps.valuations.fair_value import (
    DISTANCES,
    GRADERS,
    GRADES,
    PAIR_SHARE,
    RATIOS,
    SELLER_SHARE,
    Comparables,
    Kind,
    NothingToGoBy,
    basis_of,
    character,
    fair_value,
    fair_values,
    half_life,
    state_of,
    weighted_median,
)
from apps.valuations.fair_value.parameters import MOST_MOVE

LIFE = 21.0

prices = st.floats(0.05, 20_000)
comparable = st.fixed_dictionaries(
    {
        "price": prices,
        "kind": st.sampled_from([0, 0, 0, 1, 2]),
        "age": st.floats(0, 700),
        "reliability": st.sampled_from([0.6, 0.7, 0.9, 1.0]),
        "condition": st.sampled_from([0, 0, 0, 1, 2, 3, 4, 18, 23]),
        "copies": st.integers(1, 40),
        "seller": st.integers(-1, 3),
        "buyer": st.integers(-1, 3),
        "pace": st.sampled_from([0.1, 1.0, 3.0]),
        "trend": st.sampled_from([-0.2, 0.0, 0.25]),
        "noise": st.sampled_from([0.05, 0.3]),
    }
)
evidence = st.lists(comparable, min_size=1, max_size=25)


def of(rows, **more):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return Comparables.of(columns.pop("price"), **columns, **more)


def value(*prices, **columns):
    """Of plain sales; a movement neither goes on nor is taken back, so that figures can be followed."""
    return fair_value(Comparables.of(prices, **{"trend": 0.0} | columns), half_life_days=LIFE)


def as_wanted(rows, condition=0):
    """Prices as the wanted condition's."""
    return [row["price"] * RATIOS[condition] / RATIOS[row["condition"]] for row in rows]


states = st.integers(0, len(RATIOS) - 1)


@given(evidence, states)
def test_the_value_lies_among_the_prices_but_for_a_movement_and_in_its_interval(rows, condition):
    found = fair_value(of(rows), half_life_days=LIFE, condition=condition)
    converted = as_wanted(rows, condition)
    assert min(converted) * math.exp(-MOST_MOVE) <= found.value <= max(converted) * math.exp(MOST_MOVE)
    assert 0 < found.low <= found.value <= found.high


@given(evidence, states)
def test_every_comparable_is_told_with_its_part_of_the_weight(rows, condition):
    found = fair_value(of(rows), half_life_days=LIFE, condition=condition)
    assert sorted(each.price for each in found.weighed) == sorted(row["price"] for row in rows)
    assert sum(each.share for each in found.weighed) == pytest.approx(1)
    assert found.weighed[-1].until == pytest.approx(1)
    assert all((each.weight == 0) == bool(each.left_out) for each in found.weighed)
    assert found.n == sum(not each.left_out for each in found.weighed)


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
        assert often.high - often.low <= (once.high - once.low) * (1 + 1e-6)


@given(st.lists(prices, min_size=1, max_size=10), st.integers(0, 9), st.floats(1, 3))
def test_a_dearer_sale_never_lowers_the_weighted_middle(told, which, factor):
    raised = [price * factor if place == which else price for place, price in enumerate(told)]
    weights = [1.0] * len(told)
    assert weighted_median(raised, weights) >= weighted_median(told, weights) * (1 - 1e-12)


@given(st.lists(evidence, min_size=1, max_size=6), st.lists(states, min_size=6, max_size=6))
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
        assert basis_of(whole, place, half_life_days=lives[place]).reasons()[0] == alone.reasons[0]


def test_an_item_without_evidence_among_others_is_left_blank():
    found = fair_values(Comparables.of([5.0, 6.0], item=[0, 2]), items=4, half_lives=LIFE)
    assert found.value[[0, 2]] == pytest.approx([5.0, 6.0])
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
    assert (found.value, found.n, found.method) == (pytest.approx(20), 3, "sales")


def test_a_new_sale_weighs_more_than_two_old_ones():
    """Weights 1, 1/4, 1/4: two thirds of 1.5, are the new one's."""
    assert value(10, 20, 21, age=[0, 42, 42]).value == pytest.approx(10)


def test_an_unreliable_source_weighs_less():
    assert value(10, 20, reliability=[0.6, 1.0]).value > 10 * math.sqrt(2)


def test_a_lot_of_copies_weighs_as_the_root_of_its_number():
    """9 copies weigh 3, 60 % of the whole, where the two single sales weigh 1 each."""
    assert value(10, 20, 21, copies=[9, 1, 1]).value == pytest.approx(10 * 2**0.2)


def test_a_played_copy_is_converted_and_weighs_less():
    found = value(8.50, condition=[1])
    assert found.value == pytest.approx(10)
    assert any("other conditions" in reason for reason in found.reasons)
    assert value(10, 10, 10, 8.50, condition=[0, 0, 0, 4]).value == pytest.approx(10)


def test_one_strange_sale_is_left_out():
    found = value(10, 11, 12, 10.5, 11.5, 900)
    assert (found.n, found.value) == (5, pytest.approx(11, rel=1e-3))
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
    """Twenty sales at 50 by one seller against three of others at 10: the seller carries 30 % at most."""
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


@given(st.integers(4, 12), st.floats(5, 1e6), st.booleans())
def test_one_extreme_price_moves_the_value_little(count, factor, cheap):
    told = [10 + n / 10 for n in range(count)]
    strange = told[0] / factor if cheap else told[-1] * factor
    found = value(*told, strange)
    assert told[0] <= found.value * (1 + 1e-9)
    assert found.value <= told[-1] * (1 + 1e-9)
    assert found.n == count


@given(st.integers(6, 15), st.integers(1, 30), st.floats(0.01, 100))
def test_a_pair_cannot_pull_the_value_out_of_the_middle_of_the_others(others, rounds, price):
    """With a fifth of the weight at any price, the middle third stays within the middle 3/4 of what the others paid."""
    honest = [10 * 1.05**n for n in range(others)]
    seller, buyer = [99] * rounds + list(range(others)), [98] * rounds + list(range(others))
    found = value(*[price] * rounds, *honest, seller=seller, buyer=buyer)
    bounds = np.quantile(honest, [0.1, 0.9], method="inverted_cdf")
    assert bounds[0] * (1 - 1e-9) <= found.value <= bounds[1] * (1 + 1e-9)


def test_of_a_lagging_source_a_part_of_the_movement_goes_on():
    """Fast middle 12, slow middle nearer to 10: a quarter of the distance is added, 15 % of distance at most."""
    told = {"age": [0, 7, 14, 21], "kind": Kind.QUOTE, "pace": 2 / 21}
    found = value(12, 11, 10.5, 10, trend=0.25, **told)
    still = value(12, 11, 10.5, 10, trend=0.0, **told)
    assert still.value < found.value <= still.value * math.exp(0.25 * MOST_MOVE)
    assert any("moving" in reason for reason in found.reasons)


def test_a_newer_market_quote_makes_earlier_ones_obsolete():
    pace = character(Kind.QUOTE, "tcgplayer").pace("trading-cards/pokemon")
    found = fair_value(
        Comparables.of([12, 10, 10, 10], age=[0, 7, 14, 21], kind=Kind.QUOTE, pace=pace, trend=0.0), half_life_days=7
    )
    assert found.value == pytest.approx(12)


def test_a_graded_copy_is_compared_with_its_grade_and_with_others_only_where_those_are_scarce():
    nine, ten = state_of(grade=9), state_of(grade=10)
    enough = fair_value(
        Comparables.of([100, 110, 105, 10, 11], condition=[ten, ten, ten, 0, 0]), half_life_days=LIFE, condition=ten
    )
    scarce = fair_value(Comparables.of([10, 10, 40], condition=[0, 0, nine]), half_life_days=LIFE, condition=ten)
    assert (enough.n, enough.value) == (3, pytest.approx(105, rel=0.05))
    assert scarce.n == 3
    assert scarce.value > 40
    assert any("other conditions" in reason for reason in scarce.reasons)


def test_a_converted_price_widens_the_interval():
    same, other = value(10, 10, 10), value(8.5, 8.5, 8.5, condition=1)
    assert other.high / other.low > same.high / same.low


def test_states_are_conditions_and_grades():
    assert [state_of(condition=each) for each in ("NM", "DMG")] == [0, 4]
    assert [state_of(grade=each) for each in (1, 9.5, 10)] == [5, 22, 23]
    assert [state_of(grade=1, grader=each) for each in GRADERS] == [5 + len(GRADES) * n for n in range(6)]
    assert RATIOS.shape == (5 + len(GRADERS) * len(GRADES),)
    with pytest.raises(ValueError, match="grade"):
        state_of(grade=9.7)


def test_dearer_states_are_better_ones():
    assert (np.diff(RATIOS[:5]) < 0).all()
    assert (np.diff(RATIOS[5:].reshape(len(GRADERS), -1)) > 0).all()


def test_copies_of_another_grader_are_further_away_than_those_of_an_untold_one():
    psa, untold, bgs, lower = (
        state_of(grade=grade, grader=grader) for grade, grader in ((9, "PSA"), (9, ""), (9, "BGS"), (8, "PSA"))
    )
    assert [DISTANCES[psa, each] for each in (psa, untold, bgs, lower)] == [0, 1, 2, 2]
    assert DISTANCES[psa, state_of(condition="NM")] == 6
    assert (DISTANCES == DISTANCES.T).all()


@pytest.mark.parametrize(
    ("category", "days"),
    [("trading-cards/pokemon", 7), ("toys/lego", 90), ("toys", 90), ("toyshop", 60), ("comics", 60), ("art", 180)],
)
def test_the_half_life_is_that_of_the_longest_beginning(category, days):
    assert half_life(category) == days


@given(st.lists(prices, min_size=1, max_size=20))
def test_without_a_band_the_weighted_median_is_the_median(told):
    assert weighted_median(told, [1] * len(told), band=1e-9) == pytest.approx(float(np.median(told)))


@given(st.lists(st.tuples(prices, st.floats(0.01, 5)), min_size=1, max_size=20))
def test_the_weighted_median_lies_between_the_quantiles_of_its_band(pairs):
    told, weights = zip(*sorted(pairs), strict=True)
    until = np.cumsum(weights) / sum(weights)
    found = weighted_median(told, weights)
    low, high = (told[min(int(np.searchsorted(until, share)), len(told) - 1)] for share in (1 / 3 - 1e-9, 2 / 3 + 1e-9))
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)


def test_a_median_without_weight_is_refused():
    with pytest.raises(ValueError, match="weight"):
        weighted_median([1.0], [0.0])


def test_the_example_of_the_method_page_by_hand():
    """As Near Mint: 10.00 (weight 1), 8.50/0.85 = 10.00 (0.6), 11.00 (0.9), 12.00 (0.5); 60.00 is left out.

    The middle third of 3.0 is from 1.0 to 2.0; 1 and 0.6 together are at 10.00, so 0.6 of it are 10.00 and 0.4 11.00.
    """
    example = worked()
    assert (example.begins, example.half, example.ends) == ("1.00", "1.50", "2.00")
    assert example.found.value == pytest.approx(10**0.6 * 11**0.4)
    assert example.found.n == 4
    assert sorted(line.as_near_mint for line in example.lines) == ["10.00", "10.00", "11.00", "12.00", "60.00"]
    assert [line.is_left_out for line in example.lines] == [False, False, False, False, True]
    assert {line.as_near_mint for line in example.lines if line.is_middle} == {"10.00", "11.00"}
