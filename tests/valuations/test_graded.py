"""Graded copies have prices of their own: from quotes and sales of that grade, and where those are scarce from what is near."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.conditions import Condition, GradeCompany, grade_of, graded_state_from, state_key
from apps.valuations import actions, evidence
from apps.valuations.fair_value import RATIOS, fair_value, state_of
from apps.valuations.models import CurrentPrice, Quote, Source
from apps.valuations.queries import graded_prices

pytestmark = pytest.mark.django_db


def priced(variant, state):
    return CurrentPrice.objects.get(variant=variant, condition=state)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("PSA 10.0 GEM - MT", "PSA 10"),
        ("bgs 9.5", "BGS 9.5"),
        ("9", "Grade 9"),
        ("Grade 9.0", "Grade 9"),
        ("grade 11", None),
        ("9.7", None),
        ("", None),
    ],
)
def test_a_grade_has_one_word(text, state):
    assert graded_state_from(text) == state


def test_the_word_for_a_state_says_grader_and_grade_again():
    for company in ("", *GradeCompany.values):
        for grade in (Decimal("9.5"), Decimal("10.0"), Decimal(1)):
            assert grade_of(state_key("", company, grade)) == (company, grade)
    assert [grade_of(state_key(each)) for each in Condition.values] == [None] * 5


def test_each_grade_that_was_sold_or_quoted_has_a_price(variant, sold, quoted):
    quoted("10.00")
    for price in ("79.00", "80.00", "81.00"):
        sold(price, condition="", grade_company="PSA", grade=Decimal("10.0"))
    quoted("30.00", source="pricecharting", condition="Grade 9")
    actions.refresh_prices([variant.pk])
    assert set(CurrentPrice.objects.values_list("condition", flat=True)) == {*Condition.values, "PSA 10", "Grade 9"}
    assert priced(variant, "NM").value == Decimal("10.00")
    assert float(priced(variant, "PSA 10").value) == pytest.approx(80, rel=0.01)
    assert priced(variant, "Grade 9").market_price == Decimal("30.00")


def test_graded_copies_say_nothing_of_ungraded_ones(variant, sold):
    sold("80.00", condition="", grade_company="PSA", grade=Decimal(10))
    actions.refresh_prices([variant.pk])
    assert set(CurrentPrice.objects.values_list("condition", flat=True)) == {"PSA 10"}
    assert actions.stale_variants(as_of=timezone.now(), limit=10) == []


def test_the_set_and_the_single_way_come_to_the_same(variant, sold, quoted):
    quoted("10.00", days=3)
    quoted("28.00", source="pricecharting", condition="Grade 9", days=20)
    sold("33.00", days=9, condition="", grade_company="PSA", grade=Decimal(9))
    sold("45.00", days=9, condition="", grade_company="BGS", grade=Decimal("9.5"))
    at = timezone.now()
    actions.refresh_prices([variant.pk], as_of=at)
    told = evidence.gather([variant.pk], as_of=at).graded
    for number, word in enumerate(told.word):
        alone = fair_value(
            told.comparables.take(told.comparables.item == number),
            half_life_days=told.half_lives[number],
            condition=told.state[number],
        )
        row = priced(variant, word)
        assert (row.value, row.sample_size) == (actions.cents(alone.value), alone.n)
    stated = actions.value(variant=variant, grade_company="PSA", grade=Decimal(9), as_of=at)
    assert stated.value == priced(variant, "PSA 9").value


def test_a_grade_that_nobody_traded_follows_from_ungraded_copies(variant, quoted, monkeypatch):
    quoted("10.00")
    monkeypatch.setattr(evidence, "GRADES_ASKED", [lambda ids: [(variant.pk, "CGC 9")]])
    actions.refresh_prices([variant.pk])
    row = priced(variant, "CGC 9")
    assert float(row.value) == pytest.approx(10 * RATIOS[state_of(grade=9, grader="CGC")], abs=0.01)
    assert row.confidence < priced(variant, "NM").confidence or row.high - row.low > row.value
    assert graded_prices(variant.pk)[0].converted


def test_enough_copies_of_the_grade_leave_ungraded_ones_out(variant, sold, quoted):
    quoted("500.00")
    for price in ("79.00", "80.00", "81.00"):
        sold(price, condition="", grade_company="PSA", grade=Decimal(10))
    actions.refresh_prices([variant.pk])
    row = priced(variant, "PSA 10")
    assert (row.value, row.basis["converted"]) == (Decimal("80.00"), 0)


def test_a_grade_in_another_currency_keeps_its_own(variant, quoted):
    quoted("8.00", source="cardmarket", currency="EUR")
    quoted("80.00", source="pricecharting", condition="PSA 10")
    actions.refresh_prices([variant.pk])
    assert (priced(variant, "NM").currency, priced(variant, "PSA 10").currency) == ("EUR", "USD")
    assert priced(variant, "PSA 10").value == Decimal("80.00")


def test_the_database_knows_no_other_grades(variant):
    source = Source.objects.get(slug="file")
    with pytest.raises(Exception, match="quote_condition_known"):
        Quote.objects.create(
            source=source, variant=variant, condition="PSA 11", market=1, observed_at=timezone.now() - dt.timedelta(1)
        )


def test_the_card_page_tells_each_grade_best_first(client, variant, quoted):
    quoted("10.00")
    for state, price in (("Grade 9", "30"), ("PSA 9", "33"), ("PSA 10", "80"), ("BGS 9.5", "60")):
        quoted(price, source="pricecharting", condition=state)
    actions.refresh_prices([variant.pk])
    assert [row.condition for row in graded_prices(variant.pk)] == ["PSA 10", "PSA 9", "BGS 9.5", "Grade 9"]
    page = client.get(reverse("card", args=[variant.product_id])).content.decode()
    assert "Value by grade" in page
    assert page.index("PSA 10") < page.index("BGS 9.5") < page.index("Grade 9")


def test_the_api_tells_each_grade(api, variant, quoted):
    quoted("10.00")
    quoted("80.00", source="pricecharting", condition="PSA 10")
    quoted("30.00", source="pricecharting", condition="Grade 9.5")
    actions.refresh_prices([variant.pk])
    told = api.get(f"/api/v1/cards/{variant.product_id}").json()["graded_prices"]
    assert [(each["grade_company"], each["grade"]) for each in told] == [("PSA", 10.0), ("", 9.5)]
    assert (told[0]["market_price"], told[0]["currency"]) == (80.0, "USD")
    assert told[0]["fair_value_low"] < told[0]["fair_value"] < told[0]["fair_value_high"]
