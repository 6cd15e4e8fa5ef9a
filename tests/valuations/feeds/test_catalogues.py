"""Catalogues over real HTTP: what TCGplayer calls our cards is found by set, number and name, so that its prices find them."""

from __future__ import annotations

import pytest

from apps.catalog.models import ExternalId
from apps.core.models import RejectedInput
from apps.valuations.models import Feed
from tests.factories import make_product, make_variant
from tests.valuations.feeds.conftest import price, quoted, results
from tests.valuations.feeds.playing import Asked, Reply, no

pytestmark = pytest.mark.django_db


def listed(product: int, name: str, number: str = "", **more: object) -> dict[str, object]:
    extended = [{"name": "Number", "displayName": "Number", "value": number}] if number else []
    return {"productId": product, "name": name, "groupId": 21, "categoryId": 3, "extendedData": extended, **more}


GROUPS = [
    {"groupId": 21, "name": "ME01: Set emb1", "abbreviation": "XYZ", "categoryId": 3},
    {"groupId": 22, "name": "Another Set", "abbreviation": "ANO", "categoryId": 3},
]
PRODUCTS = [
    listed(901, "Ember Drake - 001/060", "001/060"),
    listed(902, "Tide Otter", "2"),
    listed(903, "Somebody Else", "003/060"),
    listed(904, "Ember Peaks Booster Box"),
    listed(905, "Nobody", "77"),
]


@pytest.fixture
def unlinked(cards):
    """The three cards and a sealed box, which no other site's ids are known of."""
    ExternalId.objects.all().delete()
    box = make_product("Ember Peaks: Booster Box", number="sealed-1", code="emb1")
    make_variant(box, finish="sealed")
    return [*cards.products, box]


@pytest.fixture
def copied(source, unlinked):
    """TCGCSV's copy."""
    Feed.objects.filter(slug="tcgcsv-catalogue").update(options={"categories": [3]})
    source.says("/tcgcsv/tcgplayer/categories", results({"categoryId": 3}, {"categoryId": 1}))
    source.says("/tcgcsv/tcgplayer/3/groups", results(*GROUPS))
    source.says("/tcgcsv/tcgplayer/3/21/products", results(*PRODUCTS))
    return source


def links() -> dict[str, str]:
    return dict(ExternalId.objects.filter(source="tcgplayer").values_list("value", "product__number"))


def test_products_are_linked_where_set_number_and_name_agree(copied, run):
    done = run("tcgcsv-catalogue")
    assert (done.state, done.error, done.rows, done.created, done.rejected) == ("done", "", 5, 3, 2)
    assert links() == {"901": "001", "902": "002", "904": "sealed-1"}
    assert copied.paths()[-1].endswith("/21/products"), "of a set that we have not nothing is asked"
    told = {each.content["id"]: each.reason for each in RejectedInput.objects.all()}
    assert set(told) == {"903", "905"}
    assert set(told.values()) == {"the catalogue has no such card: set, number and name have to agree"}


def test_a_second_time_changes_nothing(copied, run):
    run("tcgcsv-catalogue")
    again = run("tcgcsv-catalogue")
    assert (again.created, again.unchanged, again.rejected) == (0, 3, 2)
    assert len(links()) == 3


def test_prices_find_what_was_linked(copied, run):
    run("tcgcsv-catalogue")
    copied.says("/tcgcsv/last-updated.txt", "2026-07-07T20:05:27+0000")
    copied.says("/tcgcsv/tcgplayer/3/21/prices", results(price(901), price(902)))
    copied.says("/tcgcsv/tcgplayer/3/22/prices", no(404))
    Feed.objects.filter(slug="tcgcsv").update(options={"categories": [3]})
    assert run("tcgcsv").created == 2
    assert [row[0] for row in quoted()] == ["001", "002"]


def test_a_link_that_somebody_made_stays(copied, run, unlinked):
    ExternalId.objects.create(source="tcgplayer", value="901", product=unlinked[2])
    run("tcgcsv-catalogue")
    assert links()["901"] == "003"


def test_what_may_be_two_cards_is_left_to_a_person(copied, run):
    make_variant(make_product("Ember Drake", number="1", code="emb1"))
    done = run("tcgcsv-catalogue")
    assert "901" not in links()
    assert RejectedInput.objects.filter(batch_id=done.pk, reason__startswith="it may be any of 2 cards").exists()


def test_a_stop_goes_on_with_the_next_group(copied, run):
    copied.says("/tcgcsv/tcgplayer/3/groups", results({**GROUPS[0], "groupId": 20}, GROUPS[0]))
    copied.says("/tcgcsv/tcgplayer/3/20/products", results(PRODUCTS[0]))
    copied.says("/tcgcsv/tcgplayer/3/21/products", no(500))
    assert (run("tcgcsv-catalogue").state, links()) == ("failed", {"901": "001"})
    copied.says("/tcgcsv/tcgplayer/3/21/products", results(*PRODUCTS))
    copied.asked.clear()
    assert run("tcgcsv-catalogue").state == "done"
    assert "/tcgcsv/tcgplayer/3/20/products" not in copied.paths()
    assert len(links()) == 3


@pytest.mark.parametrize(
    ("products", "told"),
    [
        (Reply(b'{"results": ['), "Its answer breaks off after 13 bytes."),
        ({"success": True}, "Its answer has no list of results."),
    ],
)
def test_an_answer_that_is_none_is_told(copied, run, products, told):
    copied.says("/tcgcsv/tcgplayer/3/21/products", products)
    assert run("tcgcsv-catalogue").error == told


@pytest.mark.parametrize("wrong", [None, 7, {"productId": "1", "name": "x"}, {"productId": 1, "name": None}, {}])
def test_a_product_that_is_none_is_refused_and_the_others_stay(copied, run, wrong):
    copied.says("/tcgcsv/tcgplayer/3/21/products", results(wrong, PRODUCTS[0]))
    done = run("tcgcsv-catalogue")
    assert (done.state, done.created, done.rejected) == ("done", 1, 1)


def test_tcgplayers_own_api_is_leafed_through(source, unlinked, run, settings):
    settings.TCGPLAYER_CLIENT_ID, settings.TCGPLAYER_CLIENT_SECRET = "public", "private"
    Feed.objects.filter(slug="tcgplayer-catalogue").update(options={"categories": [3, 68]})
    base = "/tcgplayer/v1.39.0/catalog"
    many = [*PRODUCTS, *(listed(2000 + n, "Nobody", f"{100 + n}") for n in range(120))]

    def page(asked: Asked) -> dict[str, object]:
        first, most = int(asked.query["offset"]), int(asked.query["limit"])
        return {"totalItems": len(many), "success": True, "errors": [], "results": many[first : first + most]}

    source.says("/tcgplayer/token", {"access_token": "good", "expires_in": 9999})
    source.says(f"{base}/categories", {"totalItems": 1, **results({"categoryId": 3, "name": "Pokemon"})})
    source.says(f"{base}/groups", {"totalItems": 2, **results(*GROUPS)})
    source.says(f"{base}/products", page)
    done = run("tcgplayer-catalogue")
    assert (done.state, done.error, done.created, done.rejected) == ("done", "", 3, 123)
    asked = [each for each in source.asked if each.path == f"{base}/products"]
    assert [each.query["offset"] for each in asked] == ["0", "100"]
    assert asked[0].query | {"offset": ""} == {
        "categoryId": "3", "groupId": "21", "getExtendedFields": "true", "limit": "100", "offset": "",
    }  # fmt: skip
    assert asked[0].headers["authorization"] == "Bearer good"
    assert RejectedInput.objects.filter(reason="TCGplayer lists no such category").exists()
    source.says(f"{base}/products", no(404))
    assert run("tcgplayer-catalogue").state == "done", "an empty group is no failure"
