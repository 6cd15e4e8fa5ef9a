"""A seller's standing: more good never lowers it, little says little, and it stays between 0 and 100."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.standing.formula import Record, level_of, standing_of

COUNTS = st.integers(0, 5000)


@st.composite
def records(draw):
    paid, shipped, reviews = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    return Record(
        sales=draw(COUNTS), paid=paid, good=draw(st.integers(0, paid)), shipped=shipped,
        quick=draw(st.integers(0, shipped)), reviews=reviews, stars=draw(st.integers(reviews, 5 * reviews)),
    )  # fmt: skip


GOOD = [
    lambda r: replace(r, sales=r.sales + 1),
    lambda r: replace(r, paid=r.paid + 1, good=r.good + 1),
    lambda r: replace(r, shipped=r.shipped + 1, quick=r.quick + 1),
    lambda r: replace(r, reviews=r.reviews + 1, stars=r.stars + 5),
]
BAD = [
    lambda r: replace(r, paid=r.paid + 1),
    lambda r: replace(r, shipped=r.shipped + 1),
    lambda r: replace(r, reviews=r.reviews + 1, stars=r.stars + 1),
]


@pytest.mark.parametrize("more", GOOD)
@given(record=records())
def test_more_of_what_is_good_never_lowers_it(more, record):
    assert standing_of(more(record)).exact >= standing_of(record).exact - 1e-9


@pytest.mark.parametrize("more", BAD)
@given(record=records())
def test_more_of_what_is_bad_never_raises_it(more, record):
    assert standing_of(more(record)).exact <= standing_of(record).exact + 1e-9


@given(record=records())
def test_it_lies_between_nothing_and_a_hundred(record):
    assert 0 <= standing_of(record).score <= 100


def test_one_bad_sale_says_little_and_a_hundred_say_all():
    usual = standing_of(Record()).exact
    one = standing_of(Record(paid=1, shipped=1, reviews=1, stars=1)).exact
    many = standing_of(Record(paid=100, shipped=100, reviews=100, stars=100)).exact
    assert usual - one < 10
    assert many < 10


def test_the_worked_example():
    # (24 reviews, 113 stars): (22.25 + 8) / 34; (30 + 9) / 41; (28 + 7) / 41; 30 / 50
    worked = standing_of(Record(sales=30, paid=31, good=30, shipped=31, quick=28, reviews=24, stars=113))
    assert worked.reviews == pytest.approx(30.25 / 34)
    assert worked.reliability == pytest.approx(39 / 41)
    assert worked.speed == pytest.approx(35 / 41)
    assert worked.volume == pytest.approx(0.6)
    assert (worked.score, worked.level) == (88, "Good")


@pytest.mark.parametrize(
    ("score", "word"), [(100, "Excellent"), (90, "Excellent"), (89, "Good"), (60, "Fair"), (0, "Poor")]
)
def test_words(score, word):
    assert level_of(score) == word


@pytest.mark.parametrize(
    "wrong", [{"good": 1}, {"quick": 1}, {"reviews": 1}, {"reviews": 1, "stars": 6}, {"sales": -1}]
)
def test_a_record_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match="no seller"):
        Record(**wrong)
