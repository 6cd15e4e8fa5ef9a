"""The cart as people meet it: parcels and sums, what changes meanwhile, visitors who sign in, plans and undoing them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.inventory.actions import OutOfStock
from apps.listings import actions as listings
from apps.listings.cart import actions, plans, queries
from apps.listings.cart.models import Cart, CartLine
from apps.listings.cart.parcels import postage
from apps.listings.shipping import Rate, save_profile, shipping_minor
from tests.factories import make_item, make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def put(listing, by, quantity=1):
    return actions.add(listing_id=listing.pk, quantity=quantity, by=by)


def shown(owner, country="US"):
    return queries.contents(actions.cart_of(owner=owner), country=country)


def test_two_listings_of_one_seller_are_one_parcel(member):
    seller = make_user()
    first, second = make_listing(seller, price_minor=1000), make_listing(seller, price_minor=500, quantity=2)
    put(first, member)
    put(second, member, 2)
    put(make_listing(price_minor=300), member)
    found = shown(member)
    assert [(parcel.goods_minor, parcel.shipping_minor) for parcel in found.parcels] == [(2000, 150), (300, 150)]
    assert found.sums[0].total_minor == 2600
    assert found.is_ready


def test_a_parcel_goes_by_its_weight_and_by_its_dearest_profile(member):
    seller = make_user()
    light = save_profile(by=seller, name="Letter", rates=[Rate("HOME", 100, up_to_grams=40), Rate("HOME", 400)])
    safe = save_profile(by=seller, name="Safe", rates=[Rate("HOME", 250)])
    copies = make_listing(seller, quantity=8, shipping=light)
    assert postage({copies.pk: 3}, "US") == {(seller.pk, "USD"): 100}
    assert postage({copies.pk: 4}, "US") == {(seller.pk, "USD"): 400}
    other = make_listing(seller, shipping=safe)
    assert postage({copies.pk: 1, other.pk: 1}, "US") == {(seller.pk, "USD"): 250}
    assert postage({copies.pk: 1}, "DE") == {(seller.pk, "USD"): None}
    assert postage({other.pk: 1}, "US")[seller.pk, "USD"] == shipping_minor(other, "US")


def test_no_more_copies_than_are_offered_and_never_ones_own(member):
    listing = make_listing(quantity=2)
    put(listing, member, 2)
    with pytest.raises(OutOfStock):
        put(listing, member)
    with pytest.raises(InvalidInput):
        put(make_listing(member), member)
    with pytest.raises(InvalidInput):
        put(listing, member, 0)


def test_what_changed_is_said_and_waits_for_a_yes(member):
    dearer, fewer, gone = make_listing(price_minor=1000), make_listing(quantity=3), make_listing()
    for listing, copies in ((dearer, 1), (fewer, 3), (gone, 1)):
        put(listing, member, copies)
    listings.change_listing(listing=dearer, by=dearer.seller, price_minor=1100)
    listings.change_listing(listing=fewer, by=fewer.seller, quantity=2)
    listings.withdraw(listing=gone, by=gone.seller)
    found = shown(member)
    said = [row.change for parcel in found.parcels for row in parcel.rows]
    assert said == ["The price went from $10.00 to $11.00.", "Only 2 of 3 left."]
    assert [row.change for row in found.gone] == ["Not for sale any more."]
    assert not found.is_ready
    actions.accept_changes(cart=Cart.objects.get())
    found = shown(member)
    assert found.is_ready
    assert [(row.copies, row.line.price_minor) for p in found.parcels for row in p.rows] == [(1, 1100), (2, 1250)]


def test_a_visitor_keeps_the_cart_on_signing_in(client, member):
    listing, both = make_listing(quantity=3), make_listing(quantity=3)
    put(both, member)
    for each, copies in ((listing, 2), (both, 2)):
        assert client.post(reverse("cart-add", args=[each.pk]), {"quantity": copies})["Location"] == reverse("cart")
    assert "Total" in client.get(reverse("cart")).content.decode()
    client.force_login(member)
    page = client.get(reverse("cart")).content.decode()
    assert "2 copies" in page
    assert {line.listing: line.quantity for line in CartLine.objects.all()} == {listing: 2, both: 2}
    assert Cart.objects.get().owner == member


def test_anothers_line_is_not_ones_own(client, member):
    line = put(make_listing(), make_user())
    client.force_login(member)
    assert client.post(reverse("cart-line", args=[line.pk]), {"remove": "yes"}).status_code == 404
    with pytest.raises(NotFound):
        actions.line_of(cart=None, pk=line.pk)


def test_kept_for_later_is_not_bought(client, member):
    client.force_login(member)
    line = put(make_listing(), member)
    address = reverse("cart-line", args=[line.pk])
    client.post(address, {"save": "yes"})
    found = shown(member)
    assert (found.parcels, len(found.saved)) == ([], 1)
    client.post(address, {"take": "yes"})
    assert len(shown(member).parcels) == 1
    client.post(address, {"remove": "yes"})
    assert not CartLine.objects.exists()


def test_with_htmx_the_button_answers_in_its_place(client):
    listing = make_listing()
    page = client.get(listing.get_absolute_url()).content.decode()
    assert reverse("cart-add", args=[listing.pk]) in page
    answer = client.post(reverse("cart-add", args=[listing.pk]), headers={"HX-Request": "true"})
    assert "In your cart: 1" in answer.content.decode()
    answer = client.post(reverse("cart-add", args=[listing.pk]), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "Only 1 are for sale" in answer.content.decode()


def test_a_full_cart_takes_no_more(member, monkeypatch):
    monkeypatch.setattr(actions, "MOST_LINES", 1)
    put(make_listing(), member)
    with pytest.raises(actions.CartFull):
        put(make_listing(), member)


def test_the_plan_that_costs_least_is_applied_and_undone_by_one_click(client, member):
    drake, warden = make_variant(make_product("Drake")), make_variant(make_product("Warden"))
    put(make_listing(variant=drake, price_minor=1000), member)
    put(make_listing(variant=warden, price_minor=1000), member)
    one = make_user("One Parcel")
    for variant in (drake, warden):
        make_listing(one, variant=variant, price_minor=1050)
    make_listing(member, variant=drake, price_minor=10)
    client.force_login(member)
    page = client.post(reverse("cart-compare")).content.decode()
    assert "saves $0.50" in page
    assert "1 parcel fewer" in page
    found = plans.plans_for(plans.wants_of(shown(member), "USD"), country="US", currency="USD", buyer=member)
    assert (found.lowest.total_minor, found.lowest.gap, found.fewest.parcels) == (2250, 0, 1)
    typed = " ".join(":".join(map(str, pick)) for pick in plans.picked(found.lowest, found))
    client.post(reverse("cart-apply"), {"picks": typed, "kept": ""})
    assert [str(parcel.seller) for parcel in shown(member).parcels] == ["One Parcel"]
    client.post(reverse("cart-undo"))
    assert len(shown(member).parcels) == 2
    with pytest.raises(Conflict):
        actions.undo(cart=Cart.objects.get())


def test_a_worse_condition_is_no_substitute_but_a_better_one_is(member):
    variant = make_variant()
    put(make_listing(item=make_item(variant=variant, condition="LP"), price_minor=1000), member)
    make_listing(item=make_item(variant=variant, condition="MP"), price_minor=100)
    found = plans.plans_for(plans.wants_of(shown(member), "USD"), country="US", currency="USD", buyer=member)
    assert found.lowest.goods_minor == 1000
    make_listing(item=make_item(variant=variant, condition="NM"), price_minor=900)
    found = plans.plans_for(plans.wants_of(shown(member), "USD"), country="US", currency="USD", buyer=member)
    assert found.lowest.goods_minor == 900


def test_what_the_optimiser_reckons_is_what_the_cart_shows(member):
    seller = make_user()
    rates = [Rate("HOME", 300, up_to_grams=30), Rate("NAMERICA", 100), Rate("WORLD", 50)]
    profile = save_profile(by=seller, name="Odd", rates=rates)
    put(make_listing(seller, quantity=3, shipping=profile, price_minor=400), member, 3)
    for copies in (3, 1):
        CartLine.objects.update(quantity=copies)
        found = shown(member)
        plan = plans.plans_for(plans.wants_of(found, "USD"), country="US", currency="USD", buyer=member).lowest
        assert plan.shipping_minor == found.parcels[0].shipping_minor == (100 if copies == 3 else 300)


@pytest.mark.parametrize("picks", ["", "x", "a:b:c", "0190:1:1", "%s:0:5", "%s:1:-1", "%s:1"])
def test_a_forged_plan_changes_nothing(client, member, picks):
    listing = make_listing()
    put(listing, member)
    client.force_login(member)
    client.post(reverse("cart-apply"), {"picks": picks.replace("%s", str(listing.pk))})
    assert CartLine.objects.get().listing == listing


def test_the_cart_makes_as_many_queries_for_many_lines_as_for_one(client, member):
    client.force_login(member)
    counts = []
    for number in (1, 6):
        for _ in range(number):
            put(make_listing(), member)
        client.get(reverse("cart"))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            client.get(reverse("cart"))
        counts.append(len(seen))
    assert counts[0] == counts[1]
