"""Position: the n-th cheapest delivered for the same copy within the seller's own country."""

from __future__ import annotations

import pytest

from apps.listings.position import Position, positions
from apps.listings.shipping import Rate, default_shipping, save_profile
from tests.factories import make_item, make_listing, make_user, make_variant

pytestmark = pytest.mark.django_db


def seller(shipping_minor, destination="HOME"):
    user = make_user()
    profile = default_shipping(seller=user)
    save_profile(
        by=user, profile=profile, name=profile.name, rates=[Rate(destination=destination, price_minor=shipping_minor)]
    )
    return user


def place(listing):
    return positions(listing_ids=[listing.pk], country="US").get(listing.pk)


def test_the_delivered_total_counts_not_the_price():
    variant = make_variant()
    mine = make_listing(seller(100), variant=variant, price_minor=1000)
    make_listing(seller(500), variant=variant, price_minor=700)
    make_listing(seller(50), variant=variant, price_minor=900)
    assert place(mine) == Position(2, 3)


def test_other_conditions_own_offers_and_what_is_not_sent_here_do_not_compete():
    variant, me = make_variant(), seller(100)
    mine = make_listing(me, variant=variant, price_minor=1000)
    make_listing(item=make_item(me, variant, notes="second"), price_minor=500)
    make_listing(item=make_item(seller(0), variant, condition="LP"), price_minor=500)
    make_listing(seller(0, destination="DE"), variant=variant, price_minor=500)
    assert place(mine) == Position(1, 1)


def test_equal_totals_share_a_place_and_what_is_off_the_market_has_none():
    variant = make_variant()
    one, other = (make_listing(seller(100), variant=variant, price_minor=1000) for _ in range(2))
    assert place(one) == place(other) == Position(1, 2)
    one.state = "paused"
    one.save()
    assert place(one) is None
    assert positions(listing_ids=[], country="US") == {}


def test_a_page_of_positions_is_one_query(django_assert_num_queries):
    variant = make_variant()
    made = [make_listing(seller(100), variant=variant, price_minor=1000 + number) for number in range(5)]
    with django_assert_num_queries(1):
        found = positions(listing_ids=[each.pk for each in made], country="US")
    assert [found[each.pk].place for each in made] == [1, 2, 3, 4, 5]
