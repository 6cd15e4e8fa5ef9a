"""A cart of several sellers: filled by a visitor, made cheaper, checked out and paid, while one listing vanishes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.escrow import ledger
from apps.inventory.models import InventoryItem
from apps.listings import actions as listings
from apps.trades.checkout.models import OrderParcel
from apps.trades.models import Trade
from tests.browser.accessibility import assert_accessible
from tests.browser.journeys.test_first_sale import fill_address, pay_with
from tests.factories import make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = os.environ.get("CARDVAULT_SHOTS", "")  # a folder for pictures of the screens, for whoever wants to look


def checked(page: Page, name: str) -> None:
    """Accessible as it stands; a picture where one is asked for."""
    assert_accessible(page)
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_from_a_visitors_cart_to_paid_trades_while_one_listing_vanishes(site, new_page, payments, viewport):
    cards = {name: make_variant(make_product(name)) for name in ("Ember Drake", "Tide Warden", "Moss Sage", "Ash Fox")}
    first, second, third, fourth = (
        make_listing(make_user(f"Seller {name[:3]}"), variant=variant, price_minor=1000)
        for name, variant in cards.items()
    )
    one = make_user("One Parcel")
    for name in ("Ember Drake", "Tide Warden"):
        make_listing(one, variant=cards[name], price_minor=1040)
    buyer = make_user("Bea")
    page = new_page(viewport=viewport)

    # A visitor fills the cart, once in place and otherwise as without script.
    page.goto(f"/listings/{first.pk}/")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="See the cart").click()
    for listing in (second, third, fourth):
        page.goto(f"/cards/{listing.item.variant.product_id}/")
        page.locator(f"form[action='/cart/add/{listing.pk}/'] button").click()
        expect(page.get_by_role("link", name="See the cart")).to_be_visible()
    page.goto("/cart/")
    expect(page.get_by_text("$46.00")).to_be_visible()
    checked(page, f"cart-{viewport}")

    # Signing in keeps it.
    page.goto("/accounts/login/?next=/cart/")
    page.fill("[name=login]", buyer.email)
    page.fill("[name=password]", "collect-2026")
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/cart/")
    expect(page.get_by_text("$46.00")).to_be_visible()

    # The plan is taken, undone, and taken again.
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("saves $0.70").first).to_be_visible()
    checked(page, f"plans-{viewport}")
    page.get_by_role("button", name="Take it lowest total").click()
    expect(page.get_by_role("heading", name="From One Parcel")).to_be_visible()
    page.get_by_role("button", name="Undo the plan").click()
    expect(page.get_by_text("$46.00")).to_be_visible()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Take it lowest total").click()
    expect(page.get_by_text("$45.30")).to_be_visible()

    # While the address is typed one listing vanishes.
    page.get_by_role("link", name="Check out").click()
    fill_address(page)
    checked(page, f"checkout-{viewport}")
    listings.withdraw(listing=third, by=third.seller)
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/orders/*/")
    expect(page.get_by_text("Not bought")).to_be_visible()
    expect(page.get_by_text("Moss Sage: This is not for sale any more.")).to_be_visible()
    checked(page, f"order-{viewport}")

    # The two others are paid one after the other.
    page.get_by_role("button", name="Go on to payment").click()
    page.wait_for_url("**/c/pay/**")
    before = page.url
    pay_with(page, "4242424242424242")
    page.wait_for_url(lambda url: "/c/pay/" in url and url != before)
    pay_with(page, "4242424242424242")
    page.wait_for_url("**/orders/*/")
    expect(page.get_by_text("Paid, waiting for the parcel")).to_have_count(2)
    checked(page, f"paid-{viewport}")
    assert Trade.objects.filter(buyer=buyer, hold__state="funded").count() == 2
    assert OrderParcel.objects.get(seller=third.seller).refusal_code == "NOT_FOR_SALE"
    assert not InventoryItem.objects.get(pk=third.item_id).reserved
    assert ledger.check() == []
