"""Arithmetic of gains: nothing appears or disappears, whichever way costs are counted."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.inventory.portfolio.gains import Gains, Step, amount, at_average, by_lot

METHODS = pytest.mark.parametrize("method", [by_lot, at_average])
money = st.integers(0, 10**9)


@st.composite
def histories(draw, *, uncosted=False):
    """Lots that are bought, and copies of them that leave, sold or not, never more than are there."""
    costs = draw(st.lists(st.none() | money if uncosted else money, min_size=1, max_size=4))
    there = dict.fromkeys(range(len(costs)), 0)
    steps = []
    for lot in draw(st.lists(st.sampled_from(sorted(there)), min_size=1, max_size=12)):
        leaves = there[lot] and draw(st.booleans())
        change = -draw(st.integers(1, there[lot])) if leaves else draw(st.integers(1, 50))
        price = draw(st.none() | money) if leaves else None
        there[lot] += change
        steps.append(Step(lot, change, costs[lot], price))
    return steps


@METHODS
@given(steps=histories(), value=money)
def test_realised_and_unrealised_are_value_and_proceeds_less_cost(method, steps, value):
    told = method(steps)
    spent = sum(step.change * step.unit_cost for step in steps if step.change > 0)
    assert told.paid == spent
    assert told.realised + told.unrealised(value) == (told.held * value + told.proceeds - (spent - told.given_up))


@METHODS
@given(steps=histories(uncosted=True))
def test_what_was_paid_is_still_there_was_sold_or_was_given_up(method, steps):
    told = method(steps)
    assert told.paid == told.cost + (told.proceeds - told.realised) + told.given_up
    assert 0 <= told.costed <= told.held
    assert told.cost >= 0


@METHODS
@given(steps=histories(uncosted=True), data=st.data())
def test_splitting_a_lot_changes_nothing(method, steps, data):
    """Every step of a lot is done by two lots of the same cost instead, one after the other."""
    split = []
    for step in steps:
        first = data.draw(st.integers(0, abs(step.change))) * (1 if step.change > 0 else -1)
        for half, change in (("a", first), ("b", step.change - first)):
            if change:
                split.append(Step((step.lot, half), change, step.unit_cost, step.unit_price))
    assert method(split) == method(steps)


@given(steps=histories(), seed=st.randoms(use_true_random=False))
def test_by_lot_the_order_does_not_matter(steps, seed):
    told = by_lot(steps)
    seed.shuffle(steps)
    assert by_lot(steps) == told


@given(steps=histories())
def test_both_ways_agree_where_every_copy_cost_the_same(steps):
    same = [Step(step.lot, step.change, 700, step.unit_price) for step in steps]
    assert by_lot(same) == at_average(same)


def test_a_copy_sold_from_the_dear_lot_gains_less_by_lot_than_at_average():
    steps = [Step("cheap", 1, 1000), Step("dear", 1, 3000), Step("dear", -1, 3000, 3500)]
    lots, average = by_lot(steps), at_average(steps)
    assert (lots.realised, lots.cost) == (500, 1000)
    assert (average.realised, average.cost) == (1500, 2000)
    assert lots.realised + lots.unrealised(2500) == average.realised + average.unrealised(2500) == 2000


def test_copies_without_a_cost_have_no_gain():
    told = by_lot([Step("gift", 2), Step("gift", -1, None, 900)])
    assert told == Gains(held=1, sold=1, uncosted_sold=1, uncosted_proceeds=Fraction(900))
    assert told.average_cost is None


def test_amounts_are_rounded_to_the_currencys_own_unit_halves_to_even():
    assert amount(Fraction(2501, 2), "USD") == Decimal("12.50")
    assert amount(Fraction(2503, 2), "USD") == Decimal("12.52")
    assert amount(Fraction(1250), "JPY") == Decimal(1250)
