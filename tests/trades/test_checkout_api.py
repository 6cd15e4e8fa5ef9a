"""The cart and checkout over REST: lines, plans, one confirmation for all sellers."""

from __future__ import annotations

import pytest

from tests.accounts.conftest import signed_in, with_key  # noqa: F401 - fixtures
from tests.factories import ADDRESS, make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db
URL = "/api/v1"


@pytest.fixture
def buyer(signed_in):  # noqa: F811
    return signed_in(make_user())


def put(buyer, listing, quantity=1):
    return buyer.post(f"{URL}/cart/lines", {"listing_id": str(listing.pk), "quantity": quantity}, format="json")


def test_a_cart_from_the_first_line_to_paid_trades(buyer, company):
    first, second = make_listing(quantity=2), make_listing(price_minor=500)
    assert put(buyer, first, 2).status_code == 201
    cart = put(buyer, second).json()
    assert (cart["ready"], cart["totals"][0]["total_minor"]) == (True, 3300)
    agreed = [{"seller_id": each["seller_id"], "total_minor": each["total_minor"]} for each in cart["parcels"]]
    body = {"ship_to": ADDRESS, "agreed": agreed, "request_key": "k", "payment_method": "pm_card_visa"}
    order = buyer.post(f"{URL}/checkout", body, format="json")
    assert order.status_code == 201, order.content
    assert [each["stage"] for each in order.json()["parcels"]] == ["funded", "funded"]
    again = buyer.post(f"{URL}/checkout", body, format="json").json()
    assert again == order.json() == buyer.get(f"{URL}/checkout/{order.json()['id']}").json()
    assert buyer.get(f"{URL}/cart").json()["parcels"] == []


def test_lines_are_changed_kept_for_later_and_removed(buyer):
    line = put(buyer, make_listing(quantity=3)).json()["parcels"][0]["lines"][0]["id"]
    changed = buyer.patch(f"{URL}/cart/lines/{line}", {"quantity": 3}, format="json").json()
    assert changed["parcels"][0]["lines"][0]["quantity"] == 3
    assert buyer.patch(f"{URL}/cart/lines/{line}", {"quantity": 4}, format="json").status_code == 409
    assert buyer.patch(f"{URL}/cart/lines/{line}", {"saved": True}, format="json").json()["parcels"] == []
    assert buyer.delete(f"{URL}/cart/lines/{line}").status_code == 204
    assert buyer.delete(f"{URL}/cart/lines/{line}").status_code == 404


def test_wants_become_a_plan_and_the_plan_a_cart(buyer):
    card = make_variant(make_product("Drake"))
    cheap = make_listing(variant=card, price_minor=100)
    make_listing(variant=card, price_minor=900)
    wants = [{"card_ids": [str(card.product_id)], "conditions": ["NM"]}, {"card_ids": [str(make_product().pk)]}]
    plan = buyer.post(f"{URL}/cart/optimise", {"wants": wants, "apply": True}, format="json").json()
    assert (plan["total_minor"], plan["gap"], plan["missing"]) == (250, 0, {"1": 1})
    assert plan["picks"] == [{"listing_id": str(cheap.pk), "quantity": 1, "price_minor": 100}]
    assert buyer.get(f"{URL}/cart").json()["totals"][0]["total_minor"] == 250
    few = buyer.post(f"{URL}/cart/optimise", {"objective": "parcels"}, format="json").json()
    assert few["parcels"] == 1


def test_an_order_without_totals_is_refused(buyer):
    answer = buyer.post(f"{URL}/checkout", {"ship_to": ADDRESS, "agreed": [], "request_key": "k"}, format="json")
    assert answer.status_code == 400
