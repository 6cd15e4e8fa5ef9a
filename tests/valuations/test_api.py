"""The price API beyond its shapes (tests/catalog/test_api.py): field selection, look-ups, sets, freshness, headers."""

import datetime as dt
import json
import uuid
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from rest_framework import serializers

from apps.catalog.models import ProductImage
from apps.core import answers
from apps.valuations import freshness, queries
from apps.valuations.api.output import DataPoint
from apps.valuations.feeds.queries import statuses
from apps.valuations.history import Point
from apps.valuations.models import Feed
from tests.factories import make_price, make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def get(api):
    """The answer of a path as JSON, which is a success."""

    def ask(path, **query):
        answer = api.get(f"/api/v1/{path}", query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return ask


@pytest.fixture
def feed(db):
    """Makes a feed that is on, with its last run."""

    def make(slug, *, state="done", source="file", ended=dt.timedelta()):
        options = {"url": "https://prices.example/a.csv", "source": source}
        made = Feed.objects.create(slug=slug, kind="csv", pace_minutes=60, is_on=True, options=options)
        at = timezone.now() - ended
        made.runs.create(trigger="schedule", state=state, started_at=at, ended_at=at, newest_at=at)
        return made

    return make


# -- field selection --------------------------------------------------------------------------------------------------
def test_fields_are_chosen_inner_ones_with_a_dot(get, variant):
    make_price(variant, "12.50")
    (card,) = get("cards/search", fields="card_name,current_price.fair_value")["cards"]
    assert card == {"card_name": "Ember Drake", "current_price": {"fair_value": 12.5}}
    told = get(f"cards/{variant.product_id}", fields="id,price_stats")
    assert set(told) == {"id", "price_stats", "freshness"}
    assert told["price_stats"]["fair_value"] == 12.5


@pytest.mark.parametrize("path", ["cards/search", "prices/trending", "sets"])
def test_a_field_that_is_not_there_is_told_with_those_that_are(api, path):
    error = api.get(f"/api/v1/{path}", {"fields": "price"}).json()["error"]
    assert (error["code"], error["details"]["field"], error["details"]["given"]) == ("INVALID_INPUT", "fields", "price")
    assert error["details"]["known"]


# -- look-up ------------------------------------------------------------------------------------------------------------
def test_many_cards_are_looked_up_at_once(api, variant, django_assert_max_num_queries):
    make_price(variant, "12.50")
    other, nobody = make_variant(make_product("Tide Otter")).product_id, uuid.uuid4()
    api.get("/api/v1/prices/sources")
    with django_assert_max_num_queries(3):
        answer = api.post("/api/v1/cards/lookup", {"card_ids": [other, nobody], "tcgplayer_ids": [90001, 7]}).json()
    assert [(card["card_name"], card["tcgplayer_id"]) for card in answer["cards"]] == [
        ("Tide Otter", None), ("Ember Drake", 90001),
    ]  # fmt: skip
    assert [card["current_price"] and card["current_price"]["fair_value"] for card in answer["cards"]] == [None, 12.5]
    assert answer["missing"] == {"card_ids": [str(nobody)], "tcgplayer_ids": [7]}


@pytest.mark.parametrize("asked", [{}, {"card_ids": []}, {"card_ids": ["x"]}, {"tcgplayer_ids": list(range(1, 102))}])
def test_a_lookup_of_none_or_too_many_is_refused(api, asked):
    answer = api.post("/api/v1/cards/lookup", asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")


def test_a_card_that_is_asked_for_twice_is_told_once_by_each_name(api, product):
    asked = {"card_ids": [product.pk, product.pk], "tcgplayer_ids": [90001]}
    assert len(api.post("/api/v1/cards/lookup", asked).json()["cards"]) == 2


# -- sets and sources -----------------------------------------------------------------------------------------------------
def test_a_set_is_worth_one_of_each_of_its_cards(get, product, variant):
    make_price(variant, "10")
    make_price(variant, "8", condition="LP")
    make_price(product.variants.get(finish="holofoil"), "99")
    make_price(make_variant(make_product("Tide Otter")), "2.50")
    make_price(make_variant(make_product("Dear Euro")), "500", currency="EUR")
    make_product("Unpriced")
    told = get(f"sets/{product.release_id}")
    assert (told["value"], told["currency"], told["priced_count"], told["product_count"]) == (12.5, "USD", 2, 4)
    assert api_error(get, f"sets/{uuid.uuid4()}") == "SET_NOT_FOUND"


def api_error(get, path):
    with pytest.raises(AssertionError) as refused:
        get(path)
    return next(code for code in ("SET_NOT_FOUND", "CARD_NOT_FOUND") if code in str(refused.value))


def test_a_set_without_prices_is_worth_nothing_known(get, product):
    told = get(f"sets/{product.release_id}")
    assert (told["value"], told["priced_count"], told["last_updated"]) == (None, 0, None)


def test_sources_are_told_by_trust(get):
    told = get("prices/sources")["sources"]
    assert told[0]["slug"] == "cardvault"
    assert [each["reliability"] for each in told] == sorted((each["reliability"] for each in told), reverse=True)


# -- freshness ------------------------------------------------------------------------------------------------------------
def test_with_all_sources_up_prices_are_current(api, feed, variant):
    feed("good")
    answer = api.get(f"/api/v1/cards/{variant.product_id}")
    assert answer["X-Price-Freshness"] == "current"
    assert answer.json()["freshness"]["sources_down"] == []


@pytest.mark.parametrize(
    "path",
    ["cards/search", "cards/{card}", "cards/{card}/prices/history", "prices/trending", "prices/sources", "sets/{set}"],
)
def test_with_a_source_down_answers_say_which(api, feed, variant, path):
    feed("good", source="ebay")
    feed("bad", source="cardmarket", state="failed")
    product = variant.product
    answer = api.get(f"/api/v1/{path.format(card=product.pk, set=product.release_id)}")
    assert answer["X-Price-Freshness"] == "partial"
    (down,) = answer.json()["freshness"]["sources_down"]
    assert (down["source"], down["state"]) == ("cardmarket", "failed")
    assert answer.json()["freshness"]["is_stale"] is False


def test_with_every_source_down_answers_are_stale(api, feed, variant):
    feed("bad", state="failed")
    feed("late", source="ebay", ended=dt.timedelta(hours=4))
    told = api.get(f"/api/v1/cards/{variant.product_id}").json()["freshness"]
    assert (told["state"], told["is_stale"]) == ("stale", True)
    assert [each["state"] for each in told["sources_down"]] == ["late", "failed"]


def test_a_source_is_down_only_where_every_feed_of_it_is(feed):
    feed("one", state="failed")
    feed("other")
    assert freshness.of_feeds(statuses(), now=timezone.now()).down == ()


def test_what_an_operator_reads_of_a_failure_is_not_told(api, feed, variant):
    feed("bad", state="failed").runs.update(error="key tk_secret refused at 10.0.0.7")
    assert b"10.0.0.7" not in api.get(f"/api/v1/cards/{variant.product_id}").content


# -- what is kept -----------------------------------------------------------------------------------------------------------
def test_a_second_question_asks_the_database_nothing(get, variant, django_assert_num_queries):
    make_price(variant, "12.50")
    paths = [f"cards/{variant.product_id}", f"cards/{variant.product_id}/prices/history", "cards/search", "prices/trending",
             "sets", f"sets/{variant.product.release_id}"]  # fmt: skip
    first = [get(path, limit=5) for path in paths]
    with django_assert_num_queries(0):
        assert [get(path, limit=5) for path in paths] == first
    told = {count.kind: (count.hits, count.misses) for count in answers.counts()}
    assert told["card"] == (1, 1)
    assert told["search"] == told["trending"] == told["history"] == (1, 1)
    assert told["sets"] == (2, 2)


def test_a_price_that_changes_is_told_at_once(get, sold, quoted, variant, relay):
    from apps.valuations import actions

    sold("10")
    actions.refresh_prices([variant.pk])
    card, of_set = f"cards/{variant.product_id}", f"sets/{variant.product.release_id}"

    def told():
        return (
            get(card)["price_stats"]["fair_value"],
            get(f"{card}/prices/history")["data_points"][-1]["market_price"],
            get("cards/search")["cards"][0]["current_price"]["fair_value"],
            get(of_set)["value"],
        )

    assert told() == (10, 10, 10, 10)
    sold("20", quantity=25)
    actions.refresh_prices([variant.pk])
    assert told() == (10, 10, 10, 10), "until the fact is carried"
    relay()
    assert told() == (20, 10, 20, 20)


def test_other_cards_stay_kept_when_a_price_changes(get, variant, django_assert_num_queries):
    from apps.valuations.api import kept

    other = make_variant(make_product("Tide Otter"))
    get(f"cards/{other.product_id}")
    kept.prices_changed([variant.pk])
    with django_assert_num_queries(0):
        get(f"cards/{other.product_id}")


def test_without_the_database_the_last_answer_known_is_given_and_marked(get, variant, monkeypatch):
    make_price(variant, "12.50")
    get(f"cards/{variant.product_id}")
    answers.changed([f"card:{variant.product_id}"])

    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(queries, "prices_for", away)
    told = get(f"cards/{variant.product_id}")
    assert told["price_stats"]["fair_value"] == 12.5
    assert (told["freshness"]["state"], told["freshness"]["is_stale"]) == ("stale", True)


def test_points_of_a_history_are_written_as_field_by_field():
    at = dt.datetime(2026, 7, 31, 22, 5, 3, 120, dt.timezone(dt.timedelta(hours=2)))
    point = Point(at, Decimal("1.50"), None, Decimal("12.00"), "tcgplayer", "TCGplayer", 3, "USD", is_sale=True)
    assert DataPoint(point).data == serializers.Serializer.to_representation(DataPoint(), point)


def test_without_redis_everything_is_worked_out(get, variant, settings):
    make_price(variant, "12.50")
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "unix:///nowhere/redis.sock"}
    settings.CACHES = {"default": nowhere}
    assert get(f"cards/{variant.product_id}")["price_stats"]["fair_value"] == 12.5


def test_the_same_answer_is_not_sent_twice(api, variant):
    path = f"/api/v1/cards/{variant.product_id}"
    first = api.get(path)
    again = api.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_price(variant, "3.00")
    answers.changed([f"card:{variant.product_id}"])
    assert api.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_cache_on_the_way_keeps_what_everybody_gets_and_nothing_of_a_member(api, member, variant):
    path = f"/api/v1/cards/{variant.product_id}"
    assert "public" in api.get(path)["Cache-Control"]
    assert {"Authorization", "X-API-Key", "Cookie"} <= set(api.get(path)["Vary"].replace(" ", "").split(","))
    api.force_login(member)
    assert "private" in api.get(path)["Cache-Control"]
    assert "public" not in api.get("/api/v1/cards/search", {"limit": "x"})["Cache-Control"]


def test_nothing_that_is_kept_depends_on_who_asked(api, member, variant):
    make_price(variant, "12.50")
    mine = f"/api/v1/cards/{variant.product_id}"
    visitors = api.get(mine).json()
    api.force_login(member)
    assert api.get(mine).json() == visitors


def test_long_answers_are_packed(api, catalogue_of_many):
    answer = api.get("/api/v1/cards/search", {"limit": 30}, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"


@pytest.fixture
def catalogue_of_many(db):
    """Thirty cards, with pictures that are ours."""
    for number in range(30):
        product = make_variant(make_product(f"Card {number}")).product
        ProductImage.objects.create(product=product, file=f"catalog/{number}.jpg", is_primary=True)


def test_pictures_have_the_address_that_was_asked(get, api, catalogue_of_many):
    assert get("cards/search")["cards"][0]["image_url"].startswith("http://testserver/")
    told = api.get("/api/v1/cards/search", headers={"host": "localhost"}).json()
    assert told["cards"][0]["image_url"].startswith("http://localhost/")


def test_warming_makes_the_first_question_a_hit(get, quoted, variant):
    from apps.valuations.api import kept

    quoted("12")
    make_price(variant, "12", market_price=Decimal(12), change_7d=Decimal(2))
    kept.warm()
    get("prices/trending", trend_type="losers", period="24h")
    get("prices/trending", tcg_type="pokemon")
    get(f"cards/{variant.product_id}/prices/history", period="3m")
    told = {count.kind: count for count in answers.counts()}
    assert (told["trending"].hits, told["history"].hits) == (2, 1)


def test_how_often_work_was_spared_is_told_by_a_command(get, variant, capsys):
    for _ in range(4):
        get(f"cards/{variant.product_id}")
    call_command("kept_answers")
    assert "card       75.0% of 4" in capsys.readouterr().out
    call_command("kept_answers", "--json", "--days", "7")
    told = {row["kind"]: row for row in json.loads(capsys.readouterr().out)}
    assert (told["card"]["hits"], told["card"]["misses"], told["card"]["ratio"]) == (3, 1, 0.75)
    assert told["all"]["ratio"] == 0.75, "how the sources stand is looked at beside every answer, and does not count"
