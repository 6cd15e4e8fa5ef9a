"""The market's page, saved searches as pages, and both over REST."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.catalog.actions import refresh_vocabulary
from apps.listings.models import SavedSearch
from tests.accounts.conftest import signed_in  # noqa: F401 - a fixture
from tests.factories import make_item, make_listing, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db
API = "/api/v1/listings/search"


@pytest.fixture
def tide():
    variant = make_variant(make_product("Tide Warden"))
    make_price(variant, "20.00", low="18.00", high="22.00")
    listing = make_listing(make_user("Ada Sells", country="DE"), variant=variant, price_minor=1250)
    make_listing(item=make_item(variant=variant, condition="LP"), price_minor=2000)
    refresh_vocabulary()
    return listing


def test_the_page_shows_offers_with_totals_deals_and_counts(client, tide):
    page = client.get(reverse("market"), {"q": "tide wardn"}).content.decode()
    for shown in (
        "2 listings", "Tide Warden", "$12.50", "$24.50 delivered", "38 % under fair value", "Ada Sells", "Germany",
        "shown for <strong>tide warden", "Keep this search", 'name="condition"',
    ):  # fmt: skip
        assert shown in page, shown
    client.post(reverse("country"), {"country": "DE", "next": "/market/"})
    assert "$14.00 delivered" in client.get(reverse("market")).content.decode()


def test_facets_prices_and_orders_work_by_address(client, tide):
    def found(**asked):
        return [row.price_minor for row in client.get(reverse("market"), asked).context["results"].rows]

    assert found(condition="LP") == [2000]
    assert found(price_max="15") == [1250]
    assert found(country="DE") == [1250]
    assert found(sort="price-desc") == [2000, 1250]
    assert found(category="pokemon", set="EMB1") == [2000, 1250]
    assert found(set="nothing") == []
    assert found(price_min="x", sort="y", cursor="z", page="-1") == [2000, 1250]


@pytest.mark.parametrize("asked", [{"q": "zzzz"}, {"condition": "XX"}, {"q": "<script>alert(1)</script>"}, {"q": "🔥"}])
def test_what_is_not_there_is_said_with_a_way_on(client, tide, asked):
    answer = client.get(reverse("market"), asked)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Nothing for sale fits" in page
    assert "<script>alert" not in page


def test_pages_follow_by_key(client, tide):
    for number in range(30):
        make_listing(variant=make_variant(make_product(f"Drake {number}")), price_minor=100 + number)
    first = client.get(reverse("market"), {"sort": "price"})
    prices = [row.price_minor for row in first.context["results"].rows]
    second = client.get(first.context["next_url"])
    prices += [row.price_minor for row in second.context["results"].rows]
    assert prices == sorted(prices)
    assert len(prices) == 32
    assert second.context["next_url"] == ""
    assert "First page" in second.content.decode()


def test_a_search_is_kept_listed_silenced_and_forgotten(client, tide):
    member = make_user()
    client.force_login(member)
    answer = client.post(reverse("search-save"), {"question": "q=tide&condition=NM"}, follow=True)
    assert "is kept" in answer.content.decode()
    assert "tide · Near Mint" in answer.content.decode()
    search = SavedSearch.objects.get()
    client.post(reverse("search-on", args=[search.pk]), {"on": "no"})
    assert "Tell me again" in client.get(reverse("searches")).content.decode()
    again = client.post(reverse("search-save"), {"question": "q=tide&condition=NM"}, follow=True)
    assert "this very search" in again.content.decode()
    client.post(reverse("search-delete", args=[search.pk]))
    assert "No search is kept" in client.get(reverse("searches")).content.decode()


# -- REST -------------------------------------------------------------------------------------------------------------
def test_the_same_search_over_rest(api, tide):
    body = api.get(API, {"q": "tide wardn", "deliver_to": "de", "condition": "NM"}).json()
    (row,) = body["listings"]
    assert (row["id"], row["delivered_minor"], row["fair_value_minor"]) == (str(tide.pk), 1400, 2000)
    assert row["deal"] == "38 % under fair value, below the usual range"
    assert body["shown_for"] == "tide warden"
    assert body["pagination"] == {
        "total": 1, "total_is_exact": True, "limit": 24, "offset": None, "has_more": False,
        "next_cursor": None,
    }  # fmt: skip
    counts = {facet["name"]: {c["value"]: c["count"] for c in facet["choices"]} for facet in body["facets"]}
    assert counts["condition"] == {"NM": 1, "LP": 1}


def test_a_search_is_walked_through_as_every_list_is(api, tide):
    answer = api.get(API, {"limit": 1, "sort": "price", "facets": "false"})
    first = answer.json()
    cursor = first["pagination"]["next_cursor"]
    second = api.get(API, {"limit": 1, "sort": "price", "cursor": cursor}).json()
    assert [first["listings"][0]["price_minor"], second["listings"][0]["price_minor"]] == [1250, 2000]
    assert first["facets"] == []
    assert 'rel="next"' in answer["Link"]
    assert api.get(answer["Link"][1:].split(">")[0]).json()["listings"] == second["listings"]
    assert api.get(API, {"limit": 1, "sort": "price-desc", "cursor": cursor}).status_code == 400


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"sort": "best"}, "sort"),
        ({"deliver_to": "XX"}, "deliver_to"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"price_min": "-1"}, "price_min"),
        ({"price_max": "NaN"}, "price_max"),
        ({"price_max": "9" * 30}, "price_max"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"offset": "20"}, "offset"),
    ],
)
def test_wrong_questions_are_named(api, tide, asked, field):
    answer = api.get(API, asked)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == field


def test_searches_are_kept_over_rest(signed_in, tide):  # noqa: F811
    member = make_user()
    mine = signed_in(member)
    made = mine.post("/api/v1/listings/searches", {"query": "q=tide", "name": "Tides"}, format="json")
    assert made.status_code == 201
    one = f"/api/v1/listings/searches/{made.json()['id']}"
    assert mine.get(one).json()["name"] == "Tides"
    assert mine.patch(one, {"is_on": False}, format="json").json()["is_on"] is False
    assert [row["id"] for row in mine.get("/api/v1/listings/searches").json()["searches"]] == [made.json()["id"]]
    assert signed_in(make_user()).get(one).status_code == 404
    assert signed_in(make_user()).delete(one).status_code == 404
    assert mine.delete(one).status_code == 204
    assert mine.post("/api/v1/listings/searches", {"query": ""}, format="json").status_code == 400
