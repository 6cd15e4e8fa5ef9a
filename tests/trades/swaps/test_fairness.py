"""How fair a swap is, in words and figures."""

from hypothesis import given
from hypothesis import strategies as st

from apps.trades.swaps.fairness import Pile, Valued, balance, deposits, made_good, pile

valued = st.builds(
    lambda quantity, low, more, most: Valued(quantity, low + more, low, low + more + most),
    st.integers(1, 5), st.integers(0, 10_000), st.integers(0, 1000), st.integers(0, 1000),
)  # fmt: skip
piles = st.lists(valued, max_size=5).map(pile)


@given(piles, piles, st.integers(-5000, 5000))
def test_what_one_side_gains_the_other_loses(one, other, cash):
    mine, theirs = balance(one, other, pays=cash), balance(other, one, pays=-cash)
    assert (mine.difference, mine.low, mine.high) == (-theirs.difference, -theirs.high, -theirs.low)
    assert {mine.verdict, theirs.verdict} in ({"even"}, {"gain", "loss"})


@given(piles, piles, st.integers(-5000, 5000))
def test_the_difference_lies_within_its_interval(one, other, cash):
    found = balance(one, other, pays=cash)
    assert found.low <= found.difference <= found.high


def test_cash_makes_two_piles_even():
    assert balance(Pile(2000, 1800, 2200, 0), Pile(3000, 2700, 3300, 0), pays=1000).words == "An even swap."


def test_a_card_without_a_value_leaves_the_fairness_open():
    found = balance(pile([Valued(1, 500)]), pile([Valued(2)]), pays=0)
    assert found.words == "How fair this is cannot be said: 2 cards have no fair value."


def test_a_gain_within_the_interval_is_called_open():
    found = balance(pile([Valued(1, 1000, 800, 1300)]), pile([Valued(1, 1200, 1000, 1400)]), pays=0)
    assert "within what the values leave open" in found.words


@given(piles, piles, st.booleans())
def test_a_deposit_is_worth_what_comes_to_the_side_that_leaves_it(one, other, newcomer):
    left, right = deposits(one, other, newcomer=newcomer, over_minor=10_000, percent=100)
    asked = newcomer or max(one.value, other.value) > 10_000
    assert (left, right) == ((other.value, one.value) if asked else (0, 0))


@given(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_making_good_never_takes_more_than_is_held(cash, deposit, sent):
    part = made_good(amount_minor=cash + deposit, deposit_minor=deposit, sent_minor=sent)
    assert deposit <= part <= cash + deposit
