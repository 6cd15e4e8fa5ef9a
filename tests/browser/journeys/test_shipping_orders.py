"""A seller's morning: three paid orders, one walk along the shelves, slips on paper, tracking pasted, all shipped."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.core import outbox
from apps.inventory.models import Binder
from apps.trades import actions as trades
from apps.trades.models import Trade
from apps.trades.selling.orders import number_of
from tests.browser.accessibility import assert_accessible
from tests.factories import make_item, make_listing, make_product, make_trade, make_user, make_variant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller(site, payments, settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9
    seller = make_user("Mira")
    binder = Binder.objects.create(owner=seller, name="Holos")
    for number, name in enumerate(("Charizard", "Blastoise", "Venusaur"), 1):
        variant = make_variant(make_product(name, number=str(number), code="base1"))
        listing = make_listing(item=make_item(seller, variant, binder=binder), price_minor=2000)
        trade = make_trade(listing, make_user(f"Buyer {number}"))
        trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa")
    outbox.relay()
    return seller


def test_three_orders_are_picked_printed_tracked_and_shipped(seller, new_page):
    page = new_page(user=seller)
    page.goto("/orders/")
    expect(page.get_by_text("3 paid orders wait")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("All of this page").check()
    page.get_by_role("button", name="Pick list").click()
    expect(page.get_by_role("heading", name="Holos")).to_be_visible()
    expect(page.get_by_text("3 cards for 3 orders")).to_be_visible()
    rows = page.locator("tbody tr")
    assert ["Charizard" in rows.nth(0).inner_text(), "Venusaur" in rows.nth(2).inner_text()] == [True, True]
    assert_accessible(page)

    orders = list(Trade.objects.order_by("created_at"))
    asked = "&".join(f"order={order.pk}" for order in orders)
    for paper in ("slips", "labels"):
        answer = page.request.get(f"/orders/{paper}.pdf?{asked}")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.body().startswith(b"%PDF-")

    page.goto(f"/orders/tracking/?{asked}")
    assert number_of(orders[0].pk) in page.get_by_label("Order, carrier, parcel number").input_value()
    lines = [f"{number_of(order.pk)},,RR12345678{check}JP" for order, check in zip(orders, "5", strict=False)]
    lines += [f"{number_of(order.pk)},Post,T-{number}" for number, order in enumerate(orders[1:])]
    page.get_by_label("Order, carrier, parcel number").fill("\n".join([*lines, "FFFF-0000,Post,1"]))
    page.get_by_role("button", name="Only check").click()
    expect(page.get_by_role("heading", name="3 would be marked as shipped, 1 refused")).to_be_visible()
    page.get_by_role("button", name="Mark as shipped").click()
    expect(page.get_by_role("heading", name="3 marked as shipped, 1 refused")).to_be_visible()
    expect(page.get_by_text("Japan Post")).to_be_visible()
    assert_accessible(page)

    page.goto("/orders/")
    expect(page.get_by_text("Nothing to ship")).to_be_visible()
    page.goto("/statements/")
    expect(page.get_by_text("Held until buyers are content")).to_be_visible()
    assert_accessible(page)


def test_the_desk_fits_a_phone(seller, new_page):
    page = new_page(user=seller, viewport="phone")
    for address in ("/orders/", "/orders/pick-list/", "/orders/tracking/", "/statements/"):
        page.goto(address)
        assert_accessible(page)
    page.get_by_role("link", name=str(Trade.objects.first().created_at.year), exact=True).click()
    expect(page.get_by_text("1099-K").first).to_be_visible()
    assert_accessible(page)


def test_wants_are_pasted_repaired_and_matched_on_a_phone_and_a_desk(seller, new_page):
    make_product("Charizard", number="9", code="promo")
    offered = make_listing(variant=make_variant(make_product("Mewtwo", number="10", code="base1")))
    for viewport in ("desktop", "phone"):
        page = new_page(user=make_user(), viewport=viewport)
        page.goto("/wants/")
        page.get_by_label("Name of the list").fill("Deck")
        page.get_by_role("button", name="Begin the list").click()
        page.get_by_label("Cards, one a line").fill("2 Mewtwo (base1) 10\n1 Charizard")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("It may be any of 2 cards.")).to_be_visible()
        assert_accessible(page)
        page.get_by_label("Charizard, Set promo 9").check()
        page.get_by_role("button", name="Look for these").click()
        outbox.relay()
        page.reload()
        expect(page.locator(f"a[href='{offered.get_absolute_url()}']").first).to_be_visible()
        assert_accessible(page)
        for address in ("/wants/", "/haves/"):
            page.goto(address)
            assert_accessible(page)
