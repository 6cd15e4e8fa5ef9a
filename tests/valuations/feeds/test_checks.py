"""What no source may say; pure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.http import FetchFailed, wait_told
from apps.core.rejects import Reject
from apps.valuations.feeds.checks import MOST, SKEW, checked
from apps.valuations.feeds.client import worth_another_try
from apps.valuations.feeds.ebay import is_about
from apps.valuations.feeds.errors import AnswerUnusable, FeedError
from apps.valuations.feeds.protocol import without
from apps.valuations.feeds.wanted import Wanted
from apps.valuations.importers.rows import Lookup, QuoteRow

NOW = dt.datetime(2026, 7, 7, 12, tzinfo=dt.UTC)
prices = st.none() | st.decimals(Decimal("0.01"), Decimal(10) ** 9, places=2)
instants = st.integers(-90_000, 90_000).map(lambda hours: NOW + dt.timedelta(hours=hours * 7))


@given(prices, prices, prices, prices, instants, st.none() | st.integers(-(10**12), 10**12))
def test_what_passes_is_believable_and_what_does_not_says_why(low, mid, high, market, at, copies):
    row = QuoteRow(1, {}, Lookup(), "ebay", "NM", at, low, mid, high, market, "USD", copies)
    found = checked(row, NOW)
    if isinstance(found, Reject):
        assert found.reason
        return
    assert all(price is None or price <= MOST for price in (found.low, found.mid, found.high, found.market))
    assert found.observed_at <= NOW + SKEW
    assert (found.low, found.mid, found.market) == (low, mid, market)


def test_what_was_refused_before_stays_so():
    row = Reject(3, {}, "no")
    assert checked(row, NOW) is row


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("Tue, 07 Jul 2026 12:01:00 GMT", 60.0), ("Tue, 07 Jul 2026 11:00:00 GMT", 0.0),
     ("", None), ("soon", None), ("-5", None), ("99999999", None), ("7.5", None), ("²", None)],
)  # fmt: skip
def test_how_long_to_wait_is_read_as_seconds_or_a_date(written, seconds):
    assert wait_told(written, now=NOW) == seconds


@given(st.text(max_size=40))
def test_any_header_is_understood_or_left(text):
    assert (wait_told(text) or 0) >= 0


def test_what_is_worth_another_try():
    assert worth_another_try(FetchFailed("down")) is True
    assert worth_another_try(FetchFailed("busy", status=429, retry_after=9)) == 9
    assert worth_another_try(FetchFailed("busy", status=429, retry_after=3600)) is False
    assert worth_another_try(AnswerUnusable("torn")) is True
    assert worth_another_try(FeedError("used up")) is False


DRAKE = Wanted("x", "Ember Drake", "004", "Ember Peaks", "trading-cards/pokemon", "normal")


@pytest.mark.parametrize(
    ("title", "means_it"),
    [
        ("Ember Drake 004/060 Ember Peaks NM", True),
        ("Pokemon EMBER-DRAKE #4 Rare", True),
        ("Ember Drake 4/60 - PSA 10", True),
        ("Ember Drake 14/60", False),
        ("Ember Drake 40/60", False),
        ("Ember Drake", False),
        ("Ember Otter 004/060", False),
        ("Ember Drake 004 Reverse Holo", False),
        ("Ember Drake 004 1st Edition", False),
        ("Ember Drake 004 Japanese", False),
        ("Lot of 5 Ember Drake 004", False),
        ("Ember Drake 004 proxy card", False),
        ("Ember Drake 004 gold plated metal", False),
        ("", False),
    ],
)
def test_only_titles_that_mean_the_printing_count(title, means_it):
    assert is_about(title, DRAKE) is means_it


def test_what_is_missing_is_named():
    assert without(A="x", B="y") == ""
    assert without(A="", B="y") == "A is not set."
    assert without(A="", B="", C="") == "A, B and C are not set."
