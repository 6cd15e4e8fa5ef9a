"""What collectors read of prices: a card's chart with its table, what moved, and what a set is worth to whom has part of it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.valuations import actions, charts, queries
from apps.valuations.models import Feed
from tests.factories import make_item, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client, variant):
    """The card's page: its text, and its context."""

    def ask(**query):
        answer = client.get(reverse("card", args=[variant.product_id]), query)
        assert answer.status_code == 200
        return answer.content.decode(), answer.context

    return ask


@pytest.fixture
def priced(variant, quoted, sold):
    """The card with three weeks of quotes, a sale elsewhere, and the price that follows from them."""
    for market, days in (("10", 20), ("11", 8), ("12", 1)):
        quoted(market, days=days)
    sold("14", days=3, source="ebay")
    actions.refresh_prices([variant.pk])
    return queries.price_block(variant.pk)


# -- the chart ----------------------------------------------------------------------------------------------------------
def test_the_interval_reaches_over_the_next_weeks_and_not_over_the_past(page, priced):
    _, context = page()
    chart = context["chart"].chart
    band = chart["band"]
    assert band["low"][-2:] == [float(priced.low)] * 2
    assert band["high"][-2:] == [float(priced.high)] * 2
    assert set(band["low"][:-2]) == {None}
    last = dt.datetime.fromtimestamp(chart["x"][-1], dt.UTC).date()
    assert last - dt.datetime.fromtimestamp(chart["x"][chart["known"]], dt.UTC).date() >= charts.AHEAD
    assert all(each["values"][-1] is None for each in chart["series"]), "nobody knows a price of then"


def test_every_column_of_the_chart_is_as_long_as_its_days(page, priced):
    chart = page()[1]["chart"].chart
    columns = [chart["band"]["low"], chart["band"]["high"], *(each["values"] for each in chart["series"])]
    assert {len(column) for column in columns} == {len(chart["x"])}


def test_the_table_behind_the_chart_tells_the_same(page, priced):
    text, context = page()
    first, *days = context["chart"].rows
    assert first[:2] == ["The next weeks, 9 times in 10", f"${priced.low} to ${priced.high}"]
    assert len(days) == 4
    assert "The figures as a table" in text
    assert "$14.00" in text


def test_an_old_price_has_no_interval_of_the_next_weeks(page, variant, quoted):
    for days in (90, 100):
        quoted("10", days=days)
    actions.refresh_prices([variant.pk])
    assert "band" not in page()[1]["chart"].chart


def test_sales_are_dots(page, priced):
    series = {each["label"]: each["dots"] for each in page()[1]["chart"].chart["series"]}
    assert series == {"TCGplayer": False, "Sales on eBay": True}


def test_one_source_alone_is_shown_where_it_is_chosen(page, priced, quoted):
    quoted("20", days=2, source="cardmarket")
    quoted("21", days=9, source="cardmarket")
    text, context = page(source="cardmarket")
    assert [each["label"] for each in context["chart"].chart["series"]] == ["Cardmarket"]
    assert list(context["recent_sales"]) == []
    assert '<option value="cardmarket" selected>Cardmarket</option>' in text
    assert len(page(source="nobody")[1]["chart"].chart["series"]) == 3, "an unknown one is all of them"


def test_period_and_source_can_be_chosen_without_script(page, priced):
    text, context = page(period="7d")
    assert '<option value="7d" selected>A week</option>' in text
    assert len(context["chart"].rows) == 1 + 2
    assert "over the last week" in context["chart"].takeaway or "the last price known" in context["chart"].takeaway


def test_a_source_that_is_down_is_told_on_the_card(page, priced):
    feed = Feed.objects.create(
        slug="mine", kind="csv", pace_minutes=60, is_on=True, options={"url": "https://a.example/x", "source": "ebay"}
    )
    feed.runs.create(trigger="schedule", state="failed", ended_at=timezone.now())
    assert "eBay brings no prices just now" in page()[0]


# -- movers ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def moved(db):
    """A card that rose by a third within a week, and one that fell by a quarter within a day."""
    rose = make_variant(make_product("Riser"))
    make_price(rose, "12", market_price=Decimal(12), change_7d=Decimal(3))
    fell = make_variant(make_product("Faller"))
    make_price(fell, "9", market_price=Decimal(9), change_1d=Decimal(-3), change_7d=Decimal(-1))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Riser", "Faller"]),
        ({"side": "gainers"}, ["Riser"]),
        ({"side": "losers"}, ["Faller"]),
        ({"period": "24h"}, ["Faller"]),
        ({"period": "30d"}, []),
        ({"game": "trading-cards/pokemon"}, ["Riser", "Faller"]),
        ({"game": "nonsense", "side": "x", "period": "y"}, ["Riser", "Faller"]),
    ],
)
def test_movers(client, moved, query, names):
    answer = client.get("/movers/", query)
    assert [row.name for row in answer.context["rows"]] == names
    assert ("Nothing moved" in answer.content.decode()) is not names


def test_movers_are_reached_from_the_front_page(client, moved):
    assert 'href="/movers/"' in client.get("/").content.decode()


# -- a set ------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def of_set(variant):
    """Three cards of one set: 10 dollars, 2.50, and one without a price."""
    make_price(variant, "10")
    other = make_variant(make_product("Tide Otter"))
    make_price(other, "2.50")
    make_variant(make_product("Unpriced"))
    return variant, other


def test_a_set_tells_what_one_of_each_card_costs(client, of_set):
    text = client.get(reverse("release", args=[of_set[0].product.release_id])).content.decode()
    assert "$12.50" in text
    assert "one each of 2 priced cards, Near Mint" in text
    assert "You have" not in text


def test_a_member_sees_how_much_of_a_set_is_theirs(client, of_set):
    owner = make_user()
    make_item(owner, of_set[0], quantity=2)
    make_item(owner, of_set[0].product.variants.get(finish="holofoil"), condition="HP")
    make_item(make_user(), of_set[1])
    client.force_login(owner)
    answer = client.get(reverse("release", args=[of_set[0].product.release_id]))
    told = answer.context["completion"]
    assert (told.owned, told.cards, told.cost, told.unpriced) == (1, 3, Decimal("2.50"), 1)
    text = answer.content.decode()
    assert "1 of 3 cards" in text
    assert "2 missing, Near Mint; 1 without a price left out" in text


def test_copies_that_are_gone_complete_nothing(client, of_set):
    owner = make_user()
    item = make_item(owner, of_set[0])
    type(item).objects.filter(pk=item.pk).update(quantity=0)
    client.force_login(owner)
    assert client.get(reverse("release", args=[of_set[0].product.release_id])).context["completion"].owned == 0
