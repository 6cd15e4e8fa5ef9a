"""Two people, or one in a hurry, at the same moment: of an agreement, a sale and a counter one comes first."""

from __future__ import annotations

import pytest

from apps.listings.offers import actions
from apps.listings.offers.models import Offer
from apps.trades import actions as trades
from apps.trades.models import Trade
from tests.factories import ADDRESS, make_listing, make_trade, make_user
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_offers_for_the_last_copy_one_is_agreed():
    listing = make_listing(price_minor=2000)
    offers = [actions.make_offer(listing=listing, by=make_user(), price_minor=1500) for _ in range(2)]
    together([lambda offer=offer: actions.accept(offer=offer, by=listing.seller) for offer in offers])
    assert Offer.objects.filter(state="agreed").count() == 1
    listing.item.refresh_from_db()
    assert listing.item.reserved == 1


def test_a_sale_and_an_agreement_do_not_both_get_the_last_copy():
    listing, buyer = make_listing(price_minor=2000), make_user()
    offer = actions.make_offer(listing=listing, by=make_user(), price_minor=1500)
    together([lambda: actions.accept(offer=offer, by=listing.seller), lambda: make_trade(listing, buyer)])
    assert Trade.objects.count() + Offer.objects.filter(state="agreed").count() == 1
    listing.item.refresh_from_db()
    assert listing.item.reserved == 1


def test_a_double_click_makes_one_offer_one_agreement_and_one_trade():
    listing, buyer = make_listing(price_minor=2000, quantity=3), make_user()
    made = together([lambda: actions.make_offer(listing=listing, by=buyer, price_minor=1500)] * 3)
    assert len({offer.pk for offer in made}) == 1
    agreed = together([lambda: actions.accept(offer=made[0], by=listing.seller)] * 3)
    assert {offer.state for offer in agreed} == {"agreed"}
    bought = together([lambda: trades.buy_agreed(offer=made[0], ship_to=ADDRESS, by=buyer)] * 3)
    assert len({trade.pk for trade in bought}) == 1
    listing.item.refresh_from_db()
    assert listing.item.reserved == 1


def test_of_accepting_and_countering_at_once_one_comes_first():
    listing, buyer = make_listing(price_minor=2000), make_user()
    offer = actions.make_offer(listing=listing, by=buyer, price_minor=1500)
    together(
        [
            lambda: actions.accept(offer=offer, by=listing.seller),
            lambda: actions.counter(offer=offer, by=listing.seller, price_minor=1800),
            lambda: actions.withdraw(offer=offer, by=buyer),
        ]
    )
    assert Offer.objects.filter(state__in=["open", "agreed"]).count() <= 1
    listing.item.refresh_from_db()
    assert listing.item.reserved == Offer.objects.filter(state="agreed").count()
