"""Listings as moderators find them in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import make_listing, make_product, make_variant

pytestmark = pytest.mark.django_db


def test_moderators_read_which_copy_is_for_sale_and_for_how_much(client, moderator, django_assert_max_num_queries):
    for number in range(5):
        make_listing(variant=make_variant(make_product(f"Tide Warden {number}")), price_minor=1_250)
    client.force_login(moderator)
    with django_assert_max_num_queries(12):  # none for each row
        page = client.get(reverse("admin:listings_listing_changelist")).content.decode()
    assert page.count("$12.50") == 5
    assert "Tide Warden 3" in page
    listing = make_listing(variant=make_variant(make_product("Moss Colossus")))
    shown = client.get(reverse("admin:listings_listing_change", args=[listing.pk])).content.decode()
    assert "Moss Colossus" in shown
    assert str(listing.item_id) not in shown.split("<form")[0]
