"""Watching a listing: told of drops and of the sale, counted for the seller."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.alerts.models import Alert
from apps.core.errors import Conflict
from apps.listings import actions as listings
from apps.listings.watching import actions, queries
from apps.listings.watching.models import Watch
from tests.factories import make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def change(listing, price_minor):
    listings.change_listing(listing=listing, by=listing.seller, price_minor=price_minor)


def told(member):
    return list(Alert.objects.filter(owner=member).order_by("created_at").values_list("words", flat=True))


@pytest.fixture
def listing():
    return make_listing(price_minor=2000, variant=make_variant(make_product("Tide Warden")))


def test_a_drop_is_told_once_and_a_rise_is_not(listing, member, relay):
    actions.watch(listing=listing, by=member)
    change(listing, 1500)
    relay()
    relay()
    assert told(member) == ["Tide Warden NM, which you watch, fell by 25 %, from $20.00 to $15.00."]
    change(listing, 1800)
    relay()
    assert len(told(member)) == 1
    change(listing, 1700)
    relay()
    assert told(member)[1].endswith("from $18.00 to $17.00.")
    alert = Alert.objects.filter(owner=member).last()
    assert alert.listing_id == listing.pk


def test_what_is_off_the_market_meanwhile_is_told_when_it_is_back(listing, member, relay):
    actions.watch(listing=listing, by=member)
    listings.set_paused(listing=listing, paused=True, by=listing.seller)
    change(listing, 1000)
    relay()
    assert told(member) == []
    listings.set_paused(listing=listing, paused=False, by=listing.seller)
    relay()
    assert len(told(member)) == 1


def test_the_sale_is_told_to_whoever_watches(listing, member, relay):
    other = make_user()
    for each in (member, other):
        actions.watch(listing=listing, by=each)
    actions.unwatch(listing_id=listing.pk, by=other)
    listings.take(listing_id=listing.pk, quantity=1)
    relay()
    assert told(member) == ["Tide Warden NM, which you watch, was sold for $20.00."]
    assert told(other) == []


def test_drops_of_many_watchers_are_one_statement(member, django_assert_num_queries):
    made = [make_listing(price_minor=1000) for _ in range(3)]
    for each in made:
        for watcher in (member, make_user()):
            actions.watch(listing=each, by=watcher)
        change(each, 900)
    with django_assert_num_queries(1 + 2):
        news = actions.price_drops(listing_ids=[each.pk for each in made])
    assert len(news) == 6
    assert actions.price_drops(listing_ids=[each.pk for each in made]) == []


def test_watching_twice_is_once_and_nobody_watches_their_own(listing, member, monkeypatch):
    assert actions.watch(listing=listing, by=member) == actions.watch(listing=listing, by=member)
    assert queries.standing(listing_id=listing.pk, reader=member) == (1, True)
    with pytest.raises(Conflict, match="your own"):
        actions.watch(listing=listing, by=listing.seller)
    sold = listings.take(listing_id=listing.pk, quantity=1)
    with pytest.raises(listings.NotForSale):
        actions.watch(listing=sold, by=make_user())
    monkeypatch.setattr(actions, "MOST_WATCHED", 1)
    with pytest.raises(Conflict, match="already"):
        actions.watch(listing=make_listing(), by=member)


def test_the_button_the_page_and_the_sellers_count(client, listing, member):
    assert "Sign in to watch it" in client.get(listing.get_absolute_url()).content.decode()
    client.force_login(member)
    assert "Watch" in client.get(listing.get_absolute_url()).content.decode()
    client.post(reverse("listing-watch", args=[listing.pk]))
    assert "Stop watching" in client.get(listing.get_absolute_url()).content.decode()
    change(listing, 1500)
    page = client.get(reverse("watching")).content.decode()
    for shown in ("Tide Warden", "$20.00", "$15.00"):
        assert shown in page
    client.force_login(listing.seller)
    assert "watched by 1" in client.get(listing.get_absolute_url()).content.decode()
    assert client.get(reverse("sell")).context["page"].rows[0].watchers == 1
    client.force_login(member)
    gone = {"watch": "no", "next": "https://elsewhere.example/"}
    assert client.post(reverse("listing-watch", args=[listing.pk]), gone)["Location"] == listing.get_absolute_url()
    assert "You watch no listing" in client.get(reverse("watching")).content.decode()


def test_over_rest(api, listing, member):
    api.force_authenticate(member)
    address = reverse("api-watch", args=[listing.pk])
    assert api.put(address).status_code == 204
    assert api.put(address).status_code == 204
    (row,) = api.get(reverse("api-watched")).json()["watched"]
    assert (row["listing_id"], row["price_minor"], row["price_then_minor"]) == (str(listing.pk), 2000, 2000)
    assert api.delete(address).status_code == 204
    assert api.delete(address).status_code == 204
    assert not Watch.objects.exists()
    api.force_authenticate(listing.seller)
    assert api.put(address).status_code == 409
