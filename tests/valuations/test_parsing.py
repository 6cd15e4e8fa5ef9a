"""Reading prices, days and conditions of market data: understood or refused, never guessed."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.conditions import Condition
from apps.valuations.importers.rows import condition_of, currency_of, instant_from, person, price_from

amounts = st.decimals(Decimal("0.01"), Decimal("9999999.99"), places=2)


@given(amounts, st.sampled_from(["{}", "${}", " {} ", "€{}", "{} €"]))
def test_a_price_is_read_with_its_sign(amount, written):
    assert price_from(written.format(amount)) == amount


@given(amounts)
def test_a_price_is_read_with_commas_between_thousands(amount):
    assert price_from(f"{amount:,}") == amount


@given(st.floats(0.01, 1e6))
def test_a_json_number_is_read_to_the_cent(amount):
    assert abs(price_from(amount) - Decimal(amount)) <= Decimal("0.006")


@pytest.mark.parametrize("written", [None, "", "  ", "0", "0.00", 0, 0.0, "$0", "0.004", "-0"])
def test_no_price_is_none(written):
    assert price_from(written) is None


@pytest.mark.parametrize(
    "written", ["free", "1.2.3", "1,2", "NaN", "Infinity", "1e99", "12 or so", "--", [], {}, "-1", -0.5, True]
)
def test_what_is_no_price_is_refused(written):
    with pytest.raises(ValueError, match="price"):
        price_from(written)


@given(st.text(max_size=20))
def test_any_text_is_a_price_or_is_refused(text):
    try:
        found = price_from(text)
    except ValueError:
        return
    assert found is None or 0 < found < 10**10


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_instants_come_back(at):
    assert instant_from(at.isoformat()) == at
    assert instant_from(at.isoformat().replace("+00:00", "Z")) == at


@given(st.dates(dt.date(2000, 1, 1)))
def test_a_day_is_its_midnight(day):
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    assert instant_from(day.isoformat()) == instant_from(day.isoformat().replace("-", "/")) == midnight


@given(st.text(max_size=20))
def test_any_text_is_an_instant_or_is_refused(text):
    try:
        assert instant_from(text).tzinfo is not None
    except ValueError:
        pass


def test_no_condition_is_near_mint_and_an_unknown_one_is_refused():
    assert condition_of(" ", "ebay") == Condition.NM
    assert condition_of("EX", "cardmarket") == Condition.LP
    with pytest.raises(ValueError, match="'shabby' is not a condition"):
        condition_of("shabby", "ebay")


@pytest.mark.parametrize("code", ["dollars", "U$", "12"])
def test_a_currency_has_three_letters(code):
    assert currency_of("", "USD") == "USD"
    assert currency_of(" eur ", "USD") == "EUR"
    with pytest.raises(ValueError, match="not a currency code"):
        currency_of(code, "USD")


@given(st.text(min_size=1, max_size=30))
def test_people_are_told_apart_without_being_named(name):
    hidden = person("ebay", name)
    if name.strip():
        assert len(hidden) == 64
        assert person("ebay", f" {name} ") == hidden
        assert person("tcgplayer", name) != hidden
    else:
        assert hidden == ""
