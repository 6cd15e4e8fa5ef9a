"""Two people in two browsers: what one does the other sees by itself, also after having been offline; nobody's typing is lost."""

from __future__ import annotations

import threading

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from apps.trades import actions as trades
from tests.browser.accessibility import assert_accessible
from tests.factories import make_listing, make_trade, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def do(work, **how) -> object:
    """As another process does: this thread belongs to the browser's driver."""
    done: list[object] = []

    def run() -> None:
        try:
            done.append(work(**how))
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return done[0]


def listens(page: Page) -> None:
    page.locator("html[data-live-state=on]").wait_for(state="attached")


def test_an_offer_made_in_one_browser_appears_in_the_other_and_after_having_been_offline(site, new_page):
    listing, buyer = make_listing(make_user("Mira"), price_minor=4000), make_user("Bea")
    seller = new_page(user=listing.seller, allow=["ERR_INTERNET_DISCONNECTED"])
    seller.goto("/offers/")
    listens(seller)
    bargains = new_page(user=buyer, viewport="phone")
    bargains.goto(f"/listings/{listing.pk}/")
    bargains.fill("#bargain-title ~ form [name=price_minor]", "30.00")
    bargains.get_by_role("button", name="Send the offer").click()
    expect(seller.get_by_text("$30.00")).to_be_visible()
    assert_accessible(seller)

    seller.context.set_offline(True)
    expect(seller.get_by_text("You are offline.")).to_be_visible()
    assert_accessible(seller)
    bargains.get_by_role("button", name="Withdraw").click()
    expect(bargains.get_by_role("heading", name="Withdrawn")).to_be_visible()
    expect(seller.get_by_text("$30.00")).to_be_visible()
    seller.context.set_offline(False)
    expect(seller.get_by_text("No offers here")).to_be_visible()
    expect(seller.get_by_text("You are offline.")).to_be_hidden()


def test_both_see_the_room_change_and_who_is_there_while_nothing_typed_is_lost(site, new_page):
    trade = make_trade()
    buyer, seller = new_page(user=trade.buyer), new_page(user=trade.seller, viewport="phone")
    for page in (buyer, seller):
        page.goto(f"/trades/{trade.pk}/")
        listens(page)
    expect(buyer.get_by_text(f"{trade.seller} is here now")).to_be_visible()
    expect(seller.get_by_text(f"{trade.buyer} is here now")).to_be_visible()
    buyer.fill("[name=body]", "Half a sentence")
    buyer.get_by_text("Cancel the trade").first.click()
    do(trades.say, trade=trade, by=trade.seller, body="Shall I wrap it twice?")
    expect(buyer.get_by_role("log").get_by_text("Shall I wrap it twice?")).to_be_visible()
    expect(buyer.locator("[name=body]")).to_have_value("Half a sentence")
    expect(buyer.get_by_text("This has changed meanwhile.")).to_be_visible()
    assert_accessible(buyer)
    seller.goto("/trades/")
    expect(buyer.get_by_text(f"{trade.seller} is here now")).to_be_hidden()
