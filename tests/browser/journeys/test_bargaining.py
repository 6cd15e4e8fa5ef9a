"""Two people bargain in two browsers: offer, counter, agreement, checkout and payment; with script and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.core import outbox
from apps.listings.offers import actions
from apps.listings.offers.models import Offer
from apps.trades.models import Trade
from tests.browser.accessibility import assert_accessible
from tests.browser.journeys.test_first_sale import fill_address, pay_with
from tests.factories import make_listing, make_price, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_bargain_agree_and_the_buyer_pays_the_agreed_price(site, new_page, payments):
    listing = make_listing(make_user("Mira"), price_minor=4000)
    make_price(listing.item.variant, "36.00")
    buyer = new_page(user=make_user("Bea"), viewport="phone")
    seller = new_page(user=listing.seller)

    buyer.goto(f"/listings/{listing.pk}/")
    expect(buyer.get_by_text("Fair value: $36.00")).to_be_visible()
    assert_accessible(buyer)
    buyer.fill("#bargain-title ~ form [name=price_minor]", "30.00")
    buyer.fill("#bargain-title ~ form [name=message]", "For my binder.")
    buyer.get_by_role("button", name="Send the offer").click()
    expect(buyer.get_by_role("heading", name="The seller’s turn")).to_be_visible()
    assert_accessible(buyer)

    seller.goto("/offers/")
    expect(seller.get_by_text("You accept, counter or decline")).to_be_visible()
    assert_accessible(seller)
    seller.get_by_role("link", name=listing.item.variant.product.name).click()
    expect(seller.get_by_text("For my binder.")).to_be_visible()
    seller.fill("#negotiation [name=price_minor]", "35.00")
    seller.get_by_role("button", name="Send the counter-offer").click()
    expect(seller.get_by_role("heading", name="The buyer’s turn")).to_be_visible()
    assert_accessible(seller)

    buyer.reload()
    expect(buyer.get_by_role("heading", name="Your turn: accept, counter or decline")).to_be_visible()
    assert_accessible(buyer)
    buyer.get_by_role("button", name="Accept $35.00").click()
    buyer.get_by_role("link", name="Check out at $35.00").click()
    assert_accessible(buyer)
    fill_address(buyer)
    buyer.get_by_role("button", name="Continue to payment").click()
    buyer.wait_for_url("**/c/pay/**")
    pay_with(buyer, "4242424242424242")
    buyer.wait_for_url("**/trades/*/")
    expect(buyer.get_by_text("Paid, waiting for the parcel").first).to_be_visible()
    assert Trade.objects.get().items_minor == 3500

    seller.reload()
    seller.get_by_role("link", name="To the trade").click()
    seller.wait_for_url("**/trades/*/")
    outbox.relay()


def test_without_script_offers_are_answered_too(site, new_page, payments):
    listing = make_listing(make_user("Mira"), price_minor=4000)
    offer = actions.make_offer(listing=listing, by=make_user("Bea"), price_minor=3000)
    seller = new_page(user=listing.seller, javascript=False)
    seller.goto(f"/offers/{offer.pk}/")
    seller.get_by_role("button", name="Accept $30.00").click()
    expect(seller.get_by_role("heading", name="The buyer’s turn")).to_be_visible()
    assert Offer.objects.get().state == "agreed"


@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_the_pages_of_reputation_are_accessible(site, new_page, viewport):
    member, other = make_user("Mira"), make_user("Bea")
    page = new_page(user=member, viewport=viewport)
    for address in ("/standing/", f"/members/{other.pk}/block/", "/me/blocks/", "/offers/?side=made&show=ended"):
        page.goto(address)
        assert_accessible(page)
