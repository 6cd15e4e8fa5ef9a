"""Suggestions: what speaks for holding, selling and trading, and that every reason comes from a known fact."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from apps.inventory.portfolio.suggestions import ACTIONS, FACTORS, Facts, suggestion

WEIGHTS = settings.PORTFOLIO_SUGGESTION_WEIGHTS
price = st.none() | st.decimals("0.01", 100_000, places=2)
shares = st.none() | st.decimals(0, 1, places=2)
percents = st.none() | st.decimals(-99, 10_000, places=1)


def D(text):
    return Decimal(text)


def told(**facts):
    return suggestion(Facts(**{"copies": 1, "value": D("10")} | facts), WEIGHTS)


def test_the_table_weighs_every_factor_for_every_action():
    assert set(WEIGHTS) == set(FACTORS)
    assert all(set(row) == set(ACTIONS) for row in WEIGHTS.values())


def test_without_a_price_nothing_is_suggested():
    assert told(value=None) is None


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        ({"percent_30d": D("18"), "gain_percent": D("10")}, "hold"),
        (
            {
                "value": D("60"), "percent_30d": D("-18"), "sales": 14, "all_time_low": D("10"),
                "all_time_high": D("65"), "gain_percent": D("150"),
            },
            "sell",
        ),
        ({"copies": 9, "value": D("0.80"), "sales": 1, "percent_30d": D("-2")}, "trade"),
    ],
)  # fmt: skip
def test_what_a_collector_would_expect(facts, action):
    assert told(**facts).action == action


def test_reasons_are_told_in_the_order_of_their_weight_and_carry_their_figures():
    found = told(copies=9, value=D("0.80"))
    assert found.told[0].text == "You hold 9 copies, 5 more than a playset."
    assert [reason.weight for reason in found.reasons] == sorted((r.weight for r in found.reasons), reverse=True)


def test_what_speaks_against_it_is_told_too():
    found = told(percent_30d=D("18"), gain_percent=D("80"))
    assert found.action == "hold"
    assert found.against.weight < 0
    assert found.against not in found.told


def test_the_weights_are_the_operators_to_choose():
    stubborn = {name: {"hold": 0, "sell": 0, "trade": 0} for name in WEIGHTS} | {"demand": {"sell": 1}}
    assert suggestion(Facts(copies=1, value=D("10"), sales=12, percent_30d=D("50")), stubborn).action == "sell"


@given(
    st.builds(
        Facts, copies=st.integers(1, 10_000), value=price, confidence=shares, percent_30d=percents, all_time_low=price,
        all_time_high=price, market_price=price, lowest_ask=price, sales=st.none() | st.integers(0, 500), share=shares,
        gain_percent=percents,
    )
)  # fmt: skip
def test_strengths_stay_within_one_and_silent_factors_give_no_reason(facts):
    found = suggestion(facts, WEIGHTS)
    if found is None:
        assert facts.value is None
        return
    assert found.action in ACTIONS
    assert 0 <= found.clarity <= 1
    assert found.told
    assert all(-1 <= reason.strength <= 1 and reason.text for reason in found.reasons)
    named = {reason.factor for reason in found.reasons}
    silent = {"trend": facts.percent_30d, "demand": facts.sales, "gain": facts.gain_percent}
    assert not named & {name for name, fact in silent.items() if fact is None}


def test_every_fact_is_optional_but_the_number_of_copies():
    assert [field.name for field in fields(Facts) if field.default is not None] == ["copies"]
    assert suggestion(Facts(copies=1), WEIGHTS) is None
