"""Cards and sets over REST: the shapes that programs rely on, and errors that say what to do."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.catalog.actions import refresh_vocabulary
from apps.catalog.models import ProductImage
from apps.valuations.models import Quote, Source
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
def refused(api):
    """The error of a path."""

    def ask(path, status, **query):
        answer = api.get(f"/api/v1/{path}", query)
        assert answer.status_code == status, answer.content
        error = answer.json()["error"]
        assert set(error) == {"code", "message", "details", "timestamp"}
        return error

    return ask


def test_a_search_answers_cards_and_pagination(get, catalogue):
    card = catalogue["emb1 004"]
    variant = card.variants.get()
    at = timezone.now()
    make_price(variant, "12.50", market_price=Decimal("12.99"), low_price=Decimal("10"), high_price=Decimal("20"),
               observed_at=at)  # fmt: skip
    ProductImage.objects.create(product=card, source_url="https://pictures.example/4.png")
    answer = get("cards/search", q="emberizard 4/102")
    assert answer["pagination"] == {"total": 1, "limit": 20, "offset": 0, "has_more": False, "next_cursor": None}
    assert answer["cards"] == [
        {
            "id": str(card.pk),
            "tcg_type": "pokemon",
            "set_identifier": "emb1",
            "set_name": "Ember Peaks",
            "card_number": "004",
            "card_name": "Emberizard",
            "rarity": "Rare Holo",
            "image_url": "https://pictures.example/4.png",
            "variant_id": str(variant.pk),
            "finish": "holofoil",
            "current_price": {
                "market_price": 12.99,
                "low_price": 10.0,
                "high_price": 20.0,
                "fair_value": 12.5,
                "confidence": 0.8,
                "currency": "USD",
                "last_updated": at.isoformat().replace("+00:00", "Z"),
            },
        }
    ]


def test_a_stored_picture_has_a_whole_address(get, catalogue):
    ProductImage.objects.create(product=catalogue["emb1 004"], file="catalog/x.jpg")
    (card,) = get("cards/search", q="emberizard 4/102")["cards"]
    assert card["image_url"].startswith("http://testserver/")
    assert card["image_url"].endswith("catalog/x.512.webp")


def test_a_card_without_price_or_picture_says_null(get, catalogue):
    (card,) = get("cards/search", q="emberizard ex")["cards"]
    assert (card["current_price"], card["image_url"]) == (None, None)


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ({}, 10),
        ({"tcg_type": "onepiece"}, 3),
        ({"set_identifier": "emb1"}, 4),
        ({"set_identifier": "EMB"}, 4),
        ({"rarity": "Super Rare"}, 2),
        ({"finish": "reverse-holofoil"}, 2),
        ({"language": "ja", "tcg_type": "pokemon"}, 1),
        ({"q": "emberisard"}, 3),
    ],
)
def test_filters(get, catalogue, query, total):
    assert get("cards/search", **query)["pagination"]["total"] == total


def test_a_typo_is_told(get, catalogue):
    assert get("cards/search", q="emberisard")["suggestion"] == "emberizard"


def test_facets_come_when_asked_for(get, catalogue):
    assert "facets" not in get("cards/search", q="ember")
    facets = {facet["name"]: facet for facet in get("cards/search", q="otterling", facets="true")["facets"]}
    assert set(facets) == {"game", "set", "rarity", "finish", "language"}
    assert facets["language"]["values"] == [
        {"value": "en", "label": "English", "count": 2},
        {"value": "ja", "label": "Japanese", "count": 1},
    ]


def test_pages(get, catalogue):
    first = get("cards/search", limit=4)
    assert first["pagination"] | {"next_cursor": None} == {
        "total": 10,
        "limit": 4,
        "offset": 0,
        "has_more": True,
        "next_cursor": None,
    }
    last = get("cards/search", limit=4, offset=8)
    assert (len(last["cards"]), last["pagination"]["has_more"]) == (2, False)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"tcg_type": "digimon"}, "tcg_type is one of onepiece, pokemon."),
        ({"sort": "cheap"}, "sort is one of relevance, name, number, newest, price, price-low."),
        ({"finish": "shiny"}, "finish is one of normal, holofoil"),
        ({"facets": "yes"}, "facets is one of true, false."),
        ({"limit": "101"}, "limit is a whole number from 1 to 100."),
        ({"limit": "many"}, "limit is a whole number from 1 to 100."),
        ({"offset": "-1"}, "offset is a whole number from 0 to"),
    ],
)
def test_a_bad_filter_is_told_what_is_possible(refused, catalogue, query, message):
    error = refused("cards/search", 400, **query)
    assert error["code"] == "INVALID_INPUT"
    assert error["message"].startswith(message)
    assert error["details"]["field"] == next(iter(query))


def test_search_takes_the_same_queries_for_one_result_and_for_many(get, catalogue, django_assert_max_num_queries):
    for n in range(30):
        make_price(make_variant(make_product("Otterling Solo" if n == 0 else "Otterling Crowd")), "2.00")
    refresh_vocabulary()
    get("prices/sources")  # how the sources stand is remembered for a minute
    with django_assert_max_num_queries(3):
        assert len(get("cards/search", q="otterling solo", limit=100)["cards"]) == 1
    with django_assert_max_num_queries(3):
        assert len(get("cards/search", q="otterling", limit=100)["cards"]) == 32


def test_a_card_has_its_set_printings_and_prices(get, catalogue):
    card = catalogue["emb1 010"]
    variant = card.variants.get(is_default=True)
    make_price(
        variant, "12.50", market_price=Decimal("12"), low_price=Decimal("10"), high_price=Decimal("20"),
        change_30d=Decimal("-3"), all_time_low=Decimal("8"), all_time_high=Decimal("40"),
    )  # fmt: skip
    answer = get(f"cards/{card.pk}")
    assert answer["id"] == str(card.pk)
    assert answer["set_info"] == {
        "id": str(card.release_id), "set_name": "Ember Peaks", "release_date": "2021-03-05", "total_cards": 102,
        "series": "",
    }  # fmt: skip
    stats = answer["price_stats"]
    assert stats["current_market_price"] == 12
    assert stats["price_range"] == {"low": 10, "high": 20}
    assert stats["30_day_change"] == {"amount": -3, "percentage": -20}
    assert (stats["all_time_low"], stats["all_time_high"]) == (8, 40)
    assert (stats["fair_value"], stats["fair_value_low"], stats["fair_value_high"]) == (12.5, 11.25, 13.75)
    assert {(each["finish"], each["language"]) for each in answer["variants"]} == {
        ("normal", "en"), ("normal", "ja"), ("reverse-holofoil", "en"), ("reverse-holofoil", "ja"),
    }  # fmt: skip


def test_the_price_of_another_printing_and_condition(get, catalogue):
    card = catalogue["emb1 010"]
    other = card.variants.get(finish="reverse-holofoil", language="ja")
    make_price(other, "4.00", condition="LP")
    answer = get(f"cards/{card.pk}", variant_id=str(other.pk), condition="lightly_played")
    assert (answer["variant_id"], answer["price_stats"]["fair_value"]) == (str(other.pk), 4)
    assert answer["price_stats"]["condition"] == "LP"


def test_a_card_that_nobody_prices_says_null(get, catalogue):
    stats = get(f"cards/{catalogue['tid2 017'].pk}")["price_stats"]
    assert (stats["current_market_price"], stats["fair_value"], stats["30_day_change"]["amount"]) == (None, None, None)


def test_an_unknown_card_is_not_found(refused):
    pk = uuid.uuid4()
    error = refused(f"cards/{pk}", 404)
    assert (error["code"], error["details"]) == ("CARD_NOT_FOUND", {"card_id": str(pk)})
    assert refused(f"cards/{pk}/prices/history", 404)["code"] == "CARD_NOT_FOUND"
    assert refused("cards/999", 404)["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"condition": "shabby"}, "condition"),
        ({"variant_id": "7"}, "variant_id"),
        ({"variant_id": str(uuid.uuid4())}, "variant_id"),
    ],
)
def test_a_printing_or_condition_that_is_not_there_is_told(refused, catalogue, query, field):
    card = catalogue["emb1 004"]
    for path in (f"cards/{card.pk}", f"cards/{card.pk}/prices/history"):
        assert refused(path, 400, **query)["details"]["field"] == field


@pytest.fixture
def priced(catalogue):
    """A card with three weeks of quotes of one source, rising."""
    card = catalogue["emb1 004"]
    source = Source.objects.get(slug="tcgplayer")
    for week, price in ((2, "10"), (1, "11"), (0, "12")):
        Quote.objects.create(
            variant=card.variants.get(), source=source, observed_at=timezone.now() - dt.timedelta(days=7 * week, hours=1),
            low=Decimal(9), market=Decimal(price), high=Decimal(30), sample_size=5,
        )  # fmt: skip
    return card


def test_history(get, priced):
    answer = get(f"cards/{priced.pk}/prices/history")
    assert (answer["card_id"], answer["period"], answer["currency"]) == (str(priced.pk), "30d", "USD")
    assert [point["market_price"] for point in answer["data_points"]] == [10, 11, 12]
    assert {**answer["data_points"][0], "timestamp": ""} == {
        "timestamp": "", "market_price": 10, "low_price": 9, "high_price": 30, "source": "tcgplayer", "sample_size": 5,
        "is_sale": False,
    }  # fmt: skip
    assert answer["summary"] == {
        "avg_price": 11, "volatility": 0.0742, "trend": "increasing", "change_percentage": 20,
    }  # fmt: skip


def test_history_of_a_shorter_period_and_of_one_source(get, priced):
    assert len(get(f"cards/{priced.pk}/prices/history", period="7d")["data_points"]) == 1
    assert get(f"cards/{priced.pk}/prices/history", source="ebay")["data_points"] == []
    assert len(get(f"cards/{priced.pk}/prices/history", source="all")["data_points"]) == 3
    assert get(f"cards/{priced.pk}/prices/history", condition="damaged")["summary"]["trend"] == "unknown"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"period": "2d"}, "period is one of 7d, 30d, 1m, 3m, 1y, all."),
        ({"source": "x"}, "source is one of all, bricklink"),
    ],
)
def test_a_bad_period_or_source_is_told_what_is_possible(refused, priced, query, message):
    assert refused(f"cards/{priced.pk}/prices/history", 400, **query)["message"].startswith(message)


def test_trending(get, catalogue):
    for key, change in (("emb1 004", "3"), ("emb1 005", "-2"), ("OP77 OP77-016", "1")):
        make_price(
            catalogue[key].variants.get(is_default=True), "12", market_price=Decimal(12), change_7d=Decimal(change)
        )
    rising = get("prices/trending")["trending_cards"]
    assert [each["card"]["card_name"] for each in rising] == ["Emberizard", "Captain Reef"]
    assert rising[0]["card"]["set_identifier"] == "emb1"
    assert rising[0]["price_change"] == {
        "current_price": 12, "previous_price": 9, "change_amount": 3, "change_percentage": 33.3, "currency": "USD",
    }  # fmt: skip
    assert rising[0]["volume"] == 12
    assert [each["card"]["card_name"] for each in get("prices/trending", trend_type="losers")["trending_cards"]] == [
        "Emberizard ex"
    ]
    assert len(get("prices/trending", trend_type="most_watched")["trending_cards"]) == 3
    assert len(get("prices/trending", tcg_type="onepiece")["trending_cards"]) == 1
    assert get("prices/trending", period="24h")["trending_cards"] == []
    assert len(get("prices/trending", limit=1)["trending_cards"]) == 1


@pytest.mark.parametrize("query", [{"trend_type": "up"}, {"period": "1y"}, {"limit": "51"}, {"tcg_type": "x"}])
def test_a_bad_trend_is_told_what_is_possible(refused, catalogue, query):
    assert refused("prices/trending", 400, **query)["details"]["field"] == next(iter(query))


def test_sets(get, catalogue):
    answer = get("sets", tcg_type="pokemon")
    assert answer["pagination"]["total"] == 2
    assert answer["sets"][1] == {
        "id": str(catalogue["emb1 004"].release_id),
        "tcg_type": "pokemon",
        "set_code": "emb1",
        "set_name": "Ember Peaks",
        "abbreviation": "EMB",
        "release_date": "2021-03-05",
        "total_cards": 102,
        "product_count": 4,
        "series": "",
    }
    assert [each["set_code"] for each in get("sets", q="depth")["sets"]] == ["tid2"]


def test_sets_of_an_unknown_game(refused, catalogue):
    assert refused("sets", 400, tcg_type="chess")["details"]["known"] == ["onepiece", "pokemon"]


def test_reading_needs_no_sign_in_but_writing_is_not_possible(api, catalogue):
    assert api.get("/api/v1/cards/search").status_code == 200
    assert api.post("/api/v1/cards/search", {}).status_code == 405


@pytest.mark.parametrize("method", ["sets", "cards/search", "prices/trending"])
def test_the_allowance_is_told(api, method):
    answer = api.get(f"/api/v1/{method}")
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(answer.headers)


def test_every_route_is_in_the_reference(client):
    page = client.get("/api/v1/docs/").content.decode()
    for path in ("cards/search", "cards/{id}", "cards/{id}/prices/history", "prices/trending", "sets"):
        assert f"/api/v1/{path}" in page, path


@pytest.mark.parametrize("text", ["\x00", "%", "'; drop table x", "x" * 4000])
def test_no_text_breaks_a_search(get, catalogue, text):
    get("cards/search", q=text, set_identifier=text, rarity=text, language=text)
    get("sets", q=text)
