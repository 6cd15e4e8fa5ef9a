"""Offers: what can be listed, by whom, and that the last copy is sold once."""

from __future__ import annotations

import pytest

from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.inventory.actions import OutOfStock
from apps.listings import actions, queries
from apps.listings.models import Listing
from tests.factories import make_item, make_listing, make_price, make_user, make_variant
from tests.together import together

pytestmark = pytest.mark.django_db


def test_listing_an_item_offers_its_copies_with_a_shipping_price():
    listing = make_listing(quantity=2, price_minor=999)
    assert (listing.state, listing.quantity, listing.price_minor) == ("active", 2, 999)
    assert listing.shipping.seller == listing.seller


def test_an_item_has_one_open_listing():
    listing = make_listing()
    with pytest.raises(Conflict, match="listed already"):
        actions.list_item(item=listing.item, quantity=1, price_minor=100, by=listing.seller)


def test_only_the_owner_lists_and_only_free_copies():
    item, stranger = make_item(quantity=1), make_user()
    with pytest.raises(NotYours):
        actions.list_item(item=item, quantity=1, price_minor=100, by=stranger)
    with pytest.raises(OutOfStock, match="1 free"):
        actions.list_item(item=item, quantity=2, price_minor=100, by=item.owner)


@pytest.mark.parametrize("price", [0, 9, -5, 50_000_001])
def test_a_price_out_of_bounds_is_refused(price):
    item = make_item()
    with pytest.raises(InvalidInput):
        actions.list_item(item=item, quantity=1, price_minor=price, by=item.owner)


def test_the_last_copy_sells_the_listing_out_and_returns_to_it():
    listing = make_listing(quantity=1)
    assert actions.take(listing_id=listing.pk, quantity=1).state == Listing.State.SOLD_OUT
    with pytest.raises(OutOfStock):
        actions.take(listing_id=listing.pk, quantity=1)
    actions.put_back(listing_id=listing.pk, quantity=1)
    listing.refresh_from_db()
    assert (listing.state, listing.quantity) == ("active", 1)


def test_a_withdrawn_or_paused_listing_is_not_for_sale():
    listing = make_listing()
    actions.set_paused(listing=listing, paused=True, by=listing.seller)
    with pytest.raises(actions.NotForSale):
        actions.take(listing_id=listing.pk, quantity=1)
    actions.withdraw(listing=listing, by=listing.seller)
    with pytest.raises(actions.NotForSale):
        actions.change_listing(listing=listing, by=listing.seller, price_minor=100)


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_exactly_one_takes_the_last_copy():
    listing = make_listing(quantity=1)
    outcomes = together([lambda: actions.take(listing_id=listing.pk, quantity=1)] * 2)
    assert sum(isinstance(each, OutOfStock) for each in outcomes) == 1


def test_offers_are_sorted_by_what_they_cost_delivered_to_the_reader():
    variant = make_variant()
    abroad = make_listing(make_user(country="DE"), variant=variant, price_minor=1000)
    at_home = make_listing(make_user(country="US"), variant=variant, price_minor=1500)
    rows = queries.offers_for(product_id=variant.product_id, country="US")
    assert [row.pk for row in rows] == [at_home.pk, abroad.pk]
    assert rows[0].delivered_minor == 1500 + at_home.shipping.rates.get(destination="HOME").price_minor


def test_a_seller_who_does_not_ship_abroad_is_shown_last():
    variant = make_variant()
    local = make_listing(make_user(country="DE"), variant=variant, price_minor=100)
    local.shipping.rates.filter(destination="WORLD").delete()
    other = make_listing(make_user(country="US"), variant=variant, price_minor=5000)
    rows = queries.offers_for(product_id=variant.product_id, country="US")
    assert [row.pk for row in rows] == [other.pk, local.pk]
    assert rows[1].delivered_minor is None


def test_what_could_be_listed_next_is_the_dearest_first(django_assert_num_queries):
    owner = make_user()
    cheap, dear = make_item(owner), make_item(owner)
    make_price(cheap.variant, "1.00")
    make_price(dear.variant, "90.00")
    make_listing(owner)
    with django_assert_num_queries(1):
        rows = queries.unlisted_items(owner=owner, limit=5)
    assert [row.pk for row in rows] == [dear.pk, cheap.pk]
