"""Saved searches: whom they are told to, once, in one statement for all."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.utils import timezone

from apps.alerts.models import Alert
from apps.catalog.actions import refresh_vocabulary
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.listings import actions as listings
from apps.listings.models import SearchHit, SearchRow
from apps.listings.search import saved
from apps.listings.search.asking import wanted_from
from apps.listings.selling import repricing
from apps.listings.selling.pricing import FAIR, PriceRule
from tests.factories import make_item, make_listing, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def keep(query, owner=None):
    return saved.save_search(by=owner or make_user(), wanted=wanted_from(QueryDict(query), country="US"))


def offer(name="Tide Warden", price=1000, condition="NM", seller=None, **fields):
    variant = make_variant(make_product(name), **fields)
    return make_listing(item=make_item(seller, variant, condition=condition), price_minor=price)


@pytest.fixture
def tide():
    product = make_product("Tide Warden")
    refresh_vocabulary()
    return product


def test_what_is_newly_listed_for_a_search_is_told_once(tide, relay):
    search = keep("q=tide+ward&condition=NM&condition=LP&price_max=15")
    wanted = offer()
    offer(condition="MP")
    offer(price=1600)
    offer("Ember Drake")
    relay()
    alert = Alert.objects.get()
    assert alert.owner == search.owner
    assert alert.listing_id == wanted.pk
    assert alert.words == "New for “tide ward · Near Mint, Lightly Played · up to $15.00”: Tide Warden NM at $10.00."
    relay()
    assert saved.new_for_searches(listing_ids=[wanted.pk], at=timezone.now()) == []
    assert Alert.objects.count() == 1


def test_several_new_listings_are_told_in_one_sentence_with_the_cheapest(tide):
    keep("q=tide")
    made = [offer(price=price) for price in (900, 700, 800)]
    (hit,) = saved.new_for_searches(listing_ids=[each.pk for each in made], at=timezone.now())
    assert (hit.listings, hit.listing_id) == (3, made[1].pk)


def test_ones_own_listings_silent_searches_and_old_offers_are_not_told(tide, relay):
    offer()
    mine, silent = keep("q=tide"), keep("q=warden")
    saved.set_search_on(search=silent, on=False, by=silent.owner)
    offer(seller=mine.owner)
    relay()
    assert not SearchHit.objects.filter(search__in=[silent]).exists()
    assert SearchHit.objects.filter(search=mine).count() == 1  # the first one was still to be told when it was saved


def test_holding_many_searches_against_many_listings_is_one_statement(tide, django_assert_num_queries):
    for number in range(5):
        keep(f"q=tide&price_max={number + 20}")
    made = [offer().pk for _ in range(4)]
    with django_assert_num_queries(1 + 2):
        hits = saved.new_for_searches(listing_ids=made, at=timezone.now())
    assert [hit.listings for hit in hits] == [4] * 5


def test_a_seller_can_be_kept(tide):
    seller = make_user("Mirabelle Quince")
    offer(seller=seller)
    keep("q=mirabelle+quince")
    made = offer("Ember Drake", seller=seller)
    other = offer("Ember Drake")
    (hit,) = saved.new_for_searches(listing_ids=[made.pk, other.pk], at=timezone.now())
    assert (hit.listing_id, hit.listings) == (made.pk, 1)


def test_a_search_is_kept_once_and_not_for_nothing(tide):
    owner = make_user()
    keep("q=tide", owner)
    with pytest.raises(Conflict, match="this very search"):
        keep("q=tide", owner)
    for nothing in ("", "sort=price", "q=xqzzzzkw"):
        with pytest.raises(InvalidInput):
            keep(nothing, owner)
    saved.MOST_SEARCHES, before = 1, saved.MOST_SEARCHES
    try:
        with pytest.raises(Conflict, match="already"):
            keep("q=warden", owner)
    finally:
        saved.MOST_SEARCHES = before


def test_anothers_search_is_not_there(tide):
    search, stranger = keep("q=tide"), make_user()
    with pytest.raises(NotFound):
        saved.own_search(owner=stranger, pk=search.pk)
    for refused in (saved.delete_search, lambda **given: saved.set_search_on(on=False, **given)):
        with pytest.raises(NotYours):
            refused(search=search, by=stranger)


def test_a_kept_search_asks_the_same_again(tide):
    search = keep("q=tide&language=ja&price_min=1.50&sort=price")
    again = saved.asked_by(search)
    assert (again.text, again.facets, again.least_minor, again.sort) == ("tide", {"language": ("ja",)}, 150, "price")


# -- repriced into a search ------------------------------------------------------------------------------------------
def test_a_listing_repriced_into_a_search_is_told_once(tide, relay):
    made = offer(price=1600)
    relay()
    search = keep("q=tide&price_max=15")
    for price in (1400, 1300):
        listings.change_listing(listing=made, by=made.seller, price_minor=price)
        relay()
    assert [alert.owner for alert in Alert.objects.all()] == [search.owner]
    assert SearchHit.objects.get().listing_id == made.pk


def test_what_fitted_before_its_new_price_is_no_news(tide, relay):
    made = offer(price=1200)
    relay()
    keep("q=tide&price_max=15")
    keep("q=tide")
    listings.change_listing(listing=made, by=made.seller, price_minor=1100)
    relay()
    assert not Alert.objects.exists()


def test_a_price_band_and_a_deal_are_left_and_entered_by_price(tide):
    made = offer(price=1200)
    make_price(made.item.variant, "12.00")
    SearchRow.objects.filter(pk=made.pk).update(
        fair_minor=1200, low_minor=1100, high_minor=1300, tags=["c:NM", "p:2", "d:great"]
    )
    band, deal, other = keep("q=tide&price=2"), keep("q=tide&deal=great"), keep("q=tide&deal=good")
    hits = saved.new_for_searches(repriced={made.pk: 2500}, at=timezone.now())
    assert {hit.search_id for hit in hits} == {band.pk, deal.pk}
    assert other.pk not in {hit.search_id for hit in hits}
    SearchHit.objects.all().delete()
    (hit,) = saved.new_for_searches(repriced={made.pk: 1190}, at=timezone.now())
    assert hit.search_id == deal.pk


def test_many_repriced_listings_are_told_as_well(tide, relay):
    made = [offer(price=price) for price in (1600, 1700)]
    seller = made[0].seller
    relay()
    keep("q=tide&price_max=15")
    make_price(made[0].item.variant, "10.00")
    found = repricing.propose(by=seller, rule=PriceRule(kind=FAIR))
    repricing.apply(repricing=found, by=seller)
    relay()
    assert SearchHit.objects.get().listing_id == made[0].pk
