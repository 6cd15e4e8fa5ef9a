"""Views: a visitor counts once a day, the seller never, and reading a page writes nothing."""

from __future__ import annotations

import pytest

from apps.listings import seen
from tests.factories import make_listing, make_user

pytestmark = pytest.mark.django_db


def views(listing):
    seen.write_views()
    listing.refresh_from_db()
    return listing.views


def test_a_visitor_counts_once_a_day(client):
    listing, other = make_listing(), make_listing()
    for _ in range(3):
        client.get(listing.get_absolute_url())
    client.head(other.get_absolute_url())
    assert (views(listing), views(other)) == (1, 0)
    client.get(listing.get_absolute_url(), headers={"User-Agent": "another browser"})
    client.force_login(make_user())
    client.get(listing.get_absolute_url())
    client.get(listing.get_absolute_url(), headers={"User-Agent": "a member counts by name, whatever the browser"})
    assert views(listing) == 3


def test_the_seller_never_counts(client):
    listing = make_listing()
    client.force_login(listing.seller)
    client.get(listing.get_absolute_url())
    assert views(listing) == 0


def test_what_was_counted_is_written_once_and_in_one_statement(django_assert_num_queries):
    made = [make_listing() for _ in range(3)]
    for each in made:
        for visitor in ("a", "b", "a"):
            seen.saw(listing_id=each.pk, visitor=visitor)
    with django_assert_num_queries(1):
        assert seen.write_views() == 3
    assert seen.write_views() == 0
    assert [views(each) for each in made] == [2, 2, 2]


def test_without_redis_the_page_is_there_and_nobody_is_counted(client, settings):
    listing = make_listing()
    settings.CACHES = settings.CACHES | {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1"}}
    assert not seen.saw(listing_id=listing.pk, visitor="a")
