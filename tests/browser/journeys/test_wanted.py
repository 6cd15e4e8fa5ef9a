"""A list of wanted cards becomes a cart: pasted, both plans compared, the cheaper one taken, and paid."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.trades.models import Trade
from tests.browser.accessibility import assert_accessible
from tests.browser.journeys.test_first_sale import fill_address, pay_with
from tests.factories import make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_a_pasted_list_is_found_at_the_lowest_total_and_paid(site, new_page, payments, viewport):
    cards = [make_variant(make_product(name)) for name in ("Ember Drake", "Tide Warden", "Moss Sage")]
    one = make_user("One Parcel")
    for variant in cards:
        make_listing(variant=variant, price_minor=1000)
        make_listing(one, variant=variant, price_minor=1040)
    page = new_page(make_user("Bea"), viewport=viewport)

    page.goto("/cart/")
    page.get_by_role("link", name="Find the best offers for a list of cards").click()
    page.get_by_label("Cards, one a line").fill("1 Ember Drake\n1x Tide Warden\nMoss Sage x1\n1 Gone Forever")
    assert_accessible(page)
    page.get_by_role("button", name="Find offers").click()
    expect(page.get_by_text("Gone Forever: The catalogue has no such card.")).to_be_visible()
    expect(page.get_by_text("Picked card by card: $34.50")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Take it lowest total").click()
    expect(page.get_by_role("heading", name="From One Parcel")).to_be_visible()
    expect(page.get_by_role("link", name="Cart 3 in it")).to_be_visible()
    expect(page.get_by_text("$32.70").first).to_be_visible()

    page.get_by_role("link", name="Check out").click()
    fill_address(page)
    page.get_by_role("button", name="Order and pay").click()
    page.wait_for_url("**/c/pay/**")
    pay_with(page, "4242424242424242")
    page.wait_for_url("**/orders/*/")
    trade = Trade.objects.get()
    assert (trade.seller, trade.items_minor, trade.lines.count()) == (one, 3120, 3)
