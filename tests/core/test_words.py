"""Money with its sign, countries and languages as pages write them."""

from decimal import Decimal

import pytest

from apps.core.templatetags import cardvault


@pytest.mark.parametrize(
    ("value", "shown"),
    [("4.56", "+$4.56"), ("-0.85", "−$0.85"), ("0", "$0.00"), ("-1234.5", "−$1,234.50")],
)
def test_a_change_in_money_has_its_sign(value, shown):
    assert cardvault.signed(Decimal(value)) == shown


def test_no_change_is_nothing():
    assert cardvault.signed(None) == ""


def test_countries_and_languages_have_names():
    assert (cardvault.country("US"), cardvault.country("??")) == ("United States", "??")
    assert (cardvault.language("ja"), cardvault.language("xx")) == ("Japanese", "XX")
