"""Listings over REST."""

from __future__ import annotations

import uuid

import pytest

from apps.listings.models import Listing
from tests.accounts.conftest import signed_in, with_key  # noqa: F401 - fixtures
from tests.factories import make_item, make_listing, make_trade, make_user, make_variant

pytestmark = pytest.mark.django_db
URL = "/api/v1/listings"


@pytest.fixture
def mine(member, signed_in):  # noqa: F811
    return signed_in(member)


def problem(answer, status):
    assert answer.status_code == status, answer.content
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "details", "timestamp"}
    return body


def test_an_offer_is_made_read_changed_and_withdrawn(mine, member, api):
    item = make_item(member, quantity=3)
    made = mine.post(URL, {"item_id": item.pk, "price_minor": 1299, "quantity": 2}, format="json")
    assert made.status_code == 201
    listing = made.json()
    assert (listing["state"], listing["price_minor"], listing["quantity"]) == ("active", 1299, 2)
    assert listing["seller"] == {"id": str(member.pk), "display_name": str(member), "country": member.country}
    one = f"{URL}/{listing['id']}"
    assert api.get(one).json() == listing
    changed = mine.patch(one, {"price_minor": 999, "description": "Clean."}, format="json").json()
    assert (changed["price_minor"], changed["description"], changed["quantity"]) == (999, "Clean.", 2)
    assert mine.delete(one).status_code == 204
    problem(api.get(one), 404)
    assert mine.get(one).json()["state"] == "withdrawn"
    assert problem(mine.delete(one), 409)["code"] == "NOT_FOR_SALE"
    assert problem(mine.patch(one, {"price_minor": 500}, format="json"), 409)["code"] == "NOT_FOR_SALE"


def test_everybody_reads_active_listings_of_a_card_or_a_seller(api):
    seller, variant = make_user(), make_variant()
    wanted = make_listing(seller, variant=variant)
    make_listing(variant=variant)
    make_trade(make_listing(seller))
    body = api.get(URL, {"card_id": variant.product_id, "seller_id": seller.pk}).json()
    assert [row["id"] for row in body["listings"]] == [str(wanted.pk)]
    assert body["pagination"] == {"total": 1, "limit": 20, "offset": 0, "has_more": False, "next_cursor": None}
    assert api.get(URL).json()["pagination"]["total"] == 2
    assert api.get(URL, {"limit": 1}).json()["pagination"]["has_more"]
    assert problem(api.get(URL, {"card_id": "x"}), 400)["details"]["field"] == "card_id"
    assert problem(api.get(URL, {"limit": "0"}), 400)["details"]["field"] == "limit"


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"item_id": "x"}, 400, "item_id"),
        ({"item_id": str(uuid.uuid4())}, 404, None),
        ({"price_minor": 0}, 400, "price_minor"),
        ({"price_minor": 10**30}, 400, "field"),
        ({"price_minor": 12.5}, 400, "price_minor"),
        ({"quantity": 0}, 400, "quantity"),
        ({"quantity": 10**30}, 409, "left"),
        ({"description": "x" * 501}, 400, "description"),
    ],
)
def test_wrong_input_is_named(mine, member, wrong, status, field):
    item = make_item(member, quantity=2)
    body = problem(mine.post(URL, {"item_id": str(item.pk), "price_minor": 500} | wrong, format="json"), status)
    assert field is None or field in body["details"]
    assert not Listing.objects.exists()


def test_an_item_is_listed_once(mine, member):
    wanted = {"item_id": make_item(member).pk, "price_minor": 500}
    assert mine.post(URL, wanted, format="json").status_code == 201
    assert problem(mine.post(URL, wanted, format="json"), 409)["code"] == "CONFLICT"


def test_others_can_neither_list_my_item_nor_touch_my_listing(mine):
    listing = make_listing()
    problem(mine.post(URL, {"item_id": make_item().pk, "price_minor": 500}, format="json"), 404)
    problem(mine.patch(f"{URL}/{listing.pk}", {"price_minor": 1}, format="json"), 404)
    problem(mine.delete(f"{URL}/{listing.pk}"), 404)
    listing.refresh_from_db()
    assert (listing.state, listing.price_minor) == ("active", 1250)


def test_writing_needs_credentials_and_the_scope(api, with_key, member):  # noqa: F811
    wanted = {"item_id": make_item(member).pk, "price_minor": 500}
    assert problem(api.post(URL, wanted, format="json"), 401)["code"] == "NOT_AUTHENTICATED"
    assert (
        problem(with_key(member, "read", "trades:write").post(URL, wanted, format="json"), 403)["code"] == "FORBIDDEN"
    )
    made = with_key(member, "listings:write").post(URL, wanted, format="json")
    assert made.status_code == 201
    one = f"{URL}/{made.json()['id']}"
    problem(with_key(member, "read").patch(one, {"price_minor": 1}, format="json"), 403)
    problem(api.delete(one), 401)
