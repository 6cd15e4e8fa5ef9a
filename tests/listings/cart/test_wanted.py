"""Wanted cards as what the optimiser looks for: pasted, or of a list of wants; and the header's count."""

from __future__ import annotations

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from apps.core.errors import InvalidInput
from apps.listings.cart import actions, queries, wanted
from apps.listings.cart.market import Offer, Want
from apps.listings.cart.models import Cart, CartLine
from apps.listings.wants import actions as wants
from tests.factories import make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    """A drake in two printings, the later one cheaper; a fox at two sellers, one of whom has all."""
    cards = {
        "old": make_variant(make_product("Ember Drake", code="emb1", number="4")),
        "new": make_variant(make_product("Ember Drake", code="emb2", number="9")),
        "fox": make_variant(make_product("Ash Fox", code="emb1", number="7")),
    }
    one = make_user("One Parcel")
    cards["listings"] = {
        "old": make_listing(variant=cards["old"], price_minor=2000),
        "new": make_listing(one, variant=cards["new"], price_minor=900),
        "fox": make_listing(one, variant=cards["fox"], price_minor=400),
        "cheap fox": make_listing(variant=cards["fox"], price_minor=350),
    }
    return cards


def put_plan(client, page):
    form = page.split('action="/cart/apply/"')[1]
    typed = {name: form.split(f'name="{name}" value="')[1].split('"')[0] for name in ("picks", "kept")}
    return client.post(reverse("cart-apply"), typed)


def in_cart(**whose):
    return {line.listing: line.quantity for line in CartLine.objects.filter(cart__in=Cart.objects.filter(**whose))}


def test_a_visitor_pastes_a_list_and_takes_the_plan(client, market):
    page = client.post(reverse("cart-wanted"), {"text": "1 Ember Drake\n1x Ash Fox\n1 No Such Card\n"}).content.decode()
    assert "$14.50" in page  # 9.00 + 4.00 in one parcel of 1.50
    assert "No Such Card: The catalogue has no such card." in page
    assert put_plan(client, page)["Location"] == reverse("cart")
    offers = market["listings"]
    assert in_cart() == {offers["new"]: 1, offers["fox"]: 1}


def test_a_name_without_a_set_takes_any_printing_and_one_with_a_set_that_one(market):
    drakes = {str(market[name].product_id) for name in ("old", "new")}
    told = wanted.wanted_in("Ember Drake\n2 Ember Drake (emb1) 4")
    assert [want.cards for want in told.wants] == [drakes, {str(market["old"].product_id)}]
    assert [want.quantity for want in told.wants] == [1, 2]
    assert told.left_out == []


def test_what_is_not_for_sale_is_named(client, market):
    page = client.post(reverse("cart-wanted"), {"text": "3 Ash Fox"}).content.decode()
    assert "3 Ash Fox: 1 copy missing" in page


def test_no_copy_is_dearer_than_the_most_that_is_paid(client, market):
    page = client.post(reverse("cart-wanted"), {"text": "1 Ember Drake (emb1) 4", "most_minor": "19.99"})
    assert "1 Ember Drake (emb1) 4: 1 copy missing" in page.content.decode()
    want = Want("a", frozenset({"c"}), most_minor=500)
    assert want.accepts(Offer("o", "s", "c", 1, 500, "p"))
    assert not want.accepts(Offer("o", "s", "c", 1, 501, "p"))


def test_a_list_of_wants_is_looked_for_and_what_is_in_the_cart_stays(client, member, market):
    listed = wants.make_list(by=member, name="Dragons")
    wants.add_lines(wanted=listed, text="1 Ember Drake (emb2) 9", by=member)
    other = make_listing(price_minor=100)
    actions.add(listing_id=other.pk, quantity=1, by=member)
    client.force_login(member)
    assert f'value="{listed.pk}" selected' in client.get(f"{reverse('cart-wanted')}?list={listed.pk}").content.decode()
    page = client.post(reverse("cart-wanted"), {"wanted": listed.pk}).content.decode()
    put_plan(client, page)
    assert in_cart(owner=member) == {other: 1, market["listings"]["new"]: 1}
    actions.undo(cart=Cart.objects.get(owner=member))
    assert in_cart(owner=member) == {other: 1}


def test_what_cannot_be_looked_for_is_said(client, member, market):
    client.force_login(member)
    assert "Write down at least one card" in client.post(reverse("cart-wanted"), {"text": " "}).content.decode()
    assert "names a card that we know" in client.post(reverse("cart-wanted"), {"text": "1 Nobody"}).content.decode()
    with pytest.raises(InvalidInput):
        wanted.wanted_in("Ash Fox\n" * 201)
    with pytest.raises(InvalidInput):
        wanted.wanted_on(wants.make_list(by=member, name="Empty"), currency="USD")


def test_the_optimiser_over_rest_takes_a_text_or_a_list(member, market):
    api = APIClient()
    api.force_authenticate(member)
    answer = api.post("/api/v1/cart/optimise", {"text": "Ember Drake\nAsh Fox\nNobody"}, format="json").json()
    assert (answer["total_minor"], answer["parcels"]) == (1450, 1)
    assert [each["line"] for each in answer["left_out"]] == ["Nobody"]
    listed = wants.make_list(by=member, name="Dragons")
    wants.add_lines(wanted=listed, text="1 Ember Drake (emb2) 9", by=member)
    asked = {"want_list_id": str(listed.pk), "apply": True}
    assert api.post("/api/v1/cart/optimise", asked, format="json").json()["goods_minor"] == 900
    assert in_cart(owner=member) == {market["listings"]["new"]: 1}
    both = api.post("/api/v1/cart/optimise", asked | {"text": "Ash Fox"}, format="json")
    assert both.status_code == 400
    strange = {"want_list_id": str(wants.make_list(by=make_user(), name="x").pk)}
    assert api.post("/api/v1/cart/optimise", strange, format="json").status_code == 404


def test_the_header_counts_what_is_in_the_cart(client, member):
    listing = make_listing()
    client.post(reverse("cart-add", args=[listing.pk]))
    assert "header-button__count" in client.get(reverse("cart")).content.decode()
    actions.add(listing_id=make_listing().pk, quantity=1, by=member)
    actions.add(listing_id=make_listing().pk, quantity=1, by=member)
    client.logout()
    client.force_login(member)
    assert '<span class="header-button__count">2<' in client.get(reverse("wants")).content.decode()
    assert queries.count(Cart.objects.get(owner=member)) == 2
