"""Money: whole minor units, exact sums, named rounding, never two currencies at once."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.money import CurrencyMismatch, Money, exponent

amounts = st.integers(min_value=-(10**15), max_value=10**15)
currencies = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
monies = st.builds(Money, amounts, currencies)
dollars = st.builds(Money, amounts, st.just("USD"))


@given(monies)
def test_an_amount_survives_the_way_through_decimal(money):
    assert Money.from_decimal(money.decimal, money.currency) == money
    assert Money.from_decimal(str(money.decimal), money.currency) == money


@given(dollars, dollars, dollars)
def test_sums_do_not_depend_on_the_order(a, b, c):
    assert (a + b) + c == a + (c + b)
    assert a + b - b == a
    assert a + -a == Money(0, "USD")


@given(dollars, dollars)
def test_exactly_one_of_less_equal_more_holds(a, b):
    assert [a < b, a == b, a > b].count(True) == 1
    assert (a <= b) == (not b < a)


@given(dollars, st.integers(-1000, 1000))
def test_times_a_count_is_repeated_addition(money, count):
    repeated = money * count
    assert repeated.amount_minor == money.amount_minor * count


@given(dollars, st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_parts_add_up_to_the_whole_and_are_fair_to_one_unit(money, weights):
    parts = money.split(weights)
    assert sum((part.amount_minor for part in parts), 0) == money.amount_minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.amount_minor - Decimal(money.amount_minor) * weight / sum(weights)) < 1
        if weight == 0:
            assert part.amount_minor == 0


@given(dollars, st.integers(0, 20_000))
def test_basis_points_round_halves_to_even(money, points):
    exact = Decimal(money.amount_minor) * points / 10_000
    assert money.basis_points(points).amount_minor == exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


@given(monies, monies)
def test_two_currencies_never_mix(a, b):
    if a.currency == b.currency:
        return
    for combine in (lambda: a + b, lambda: a - b, lambda: a < b, lambda: a <= b):
        with pytest.raises(CurrencyMismatch):
            combine()


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.99", "USD", 1299),
        ("0.005", "USD", 0),
        ("0.015", "USD", 2),
        ("-0.025", "USD", -2),
        ("1234", "JPY", 1234),
        ("12.5", "JPY", 12),
        ("1.2345", "KWD", 1234),
        ("7", "ISK", 7),
    ],
)
def test_amounts_are_read_to_the_nearest_minor_unit(text, currency, minor):
    assert Money.from_decimal(text, currency) == Money(minor, currency)


@pytest.mark.parametrize("text", ["", "free", "NaN", "Infinity", "1,5", "12 USD"])
def test_text_that_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        Money.from_decimal(text)


@pytest.mark.parametrize("wrong", [12.99, True, "12", None, Decimal(12)])
def test_only_whole_numbers_of_minor_units_make_money(wrong):
    with pytest.raises(TypeError):
        Money(wrong)


def test_floats_are_refused_where_amounts_are_read():
    with pytest.raises(TypeError):
        Money.from_decimal(0.1)


@pytest.mark.parametrize("code", ["usd", "US", "DOLLAR", "U5D", "ÄÖÜ", ""])
def test_only_currency_codes_are_currencies(code):
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, code)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [-1, 3]])
def test_weights_that_share_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        Money(100).split(weights)


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(129900), "$1,299.00"),
        (Money(-5, "EUR"), "-€0.05"),
        (Money(1234567, "JPY"), "¥1,234,567"),
        (Money(1500, "KWD"), "1.500 KWD"),
    ],
)
def test_amounts_read_naturally(money, text):
    assert str(money) == text


def test_exponents_are_those_of_the_standard():
    assert [exponent(code) for code in ("USD", "JPY", "BHD", "CLF")] == [2, 0, 3, 4]
