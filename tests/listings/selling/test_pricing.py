"""Prices by rule: floors hold whatever happens, and a rule without anything to go by gives none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.listings.selling.pricing import FAIR, LEAST_MINOR, MOST_MINOR, UNDERCUT, PriceRule, price_by

minor = st.integers(LEAST_MINOR, MOST_MINOR)
rules = st.builds(
    PriceRule,
    kind=st.sampled_from([FAIR, UNDERCUT]),
    percent=st.integers(1, 1000),
    by_minor=st.integers(0, 10_000),
    floor_minor=st.none() | minor,
    floor_percent=st.none() | st.integers(1, 200),
    ceiling_minor=st.none() | minor,
)


@given(rules, st.none() | minor, st.none() | minor)
def test_a_price_is_within_its_bounds_or_not_given(rule, fair, lowest):
    price = price_by(rule, fair_minor=fair, lowest_minor=lowest)
    if price is None:
        return
    assert LEAST_MINOR <= price <= MOST_MINOR
    assert rule.floor_minor is None or price >= rule.floor_minor
    if rule.floor_percent and fair:
        assert price >= min(fair * rule.floor_percent // 100, MOST_MINOR)
    if not rule.wrong() and rule.ceiling_minor is not None and rule.floor_percent is None:
        assert price <= rule.ceiling_minor


@pytest.mark.parametrize(
    ("rule", "fair", "lowest", "price"),
    [
        (PriceRule(FAIR, percent=95), 1000, None, 950),
        (PriceRule(FAIR), None, 900, None),
        (PriceRule(UNDERCUT, by_minor=5, floor_percent=80), 1000, 900, 895),
        (PriceRule(UNDERCUT, by_minor=5, floor_percent=95), 1000, 900, 950),
        (PriceRule(UNDERCUT, floor_percent=95), None, 900, None),
        (PriceRule(UNDERCUT, floor_minor=100), None, None, None),
        (PriceRule(FAIR, percent=120, ceiling_minor=1100), 1000, None, 1100),
    ],
)
def test_what_rules_give(rule, fair, lowest, price):
    assert price_by(rule, fair_minor=fair, lowest_minor=lowest) == price


@pytest.mark.parametrize(
    "rule",
    [
        PriceRule("other"),
        PriceRule(FAIR, percent=0),
        PriceRule(UNDERCUT),
        PriceRule(UNDERCUT, by_minor=-1, floor_minor=100),
        PriceRule(FAIR, floor_minor=0),
        PriceRule(FAIR, floor_minor=500, ceiling_minor=400),
        PriceRule(FAIR, ceiling_minor=10**12),
    ],
)
def test_a_rule_that_makes_no_sense_says_why(rule):
    assert rule.wrong().endswith(".")
