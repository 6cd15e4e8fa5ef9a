"""Two members swap in two browsers: propose, counter, agree, pay, ship both ways, receive; and the pages without script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.journeys.test_first_sale import fill_address, pay_with
from tests.factories import ADDRESS, make_user
from tests.trades.swaps.conftest import copies_of, offer_for_trade

pytestmark = pytest.mark.django_db(transaction=True)


def step(page: Page, button: str, then: str) -> None:
    """Press a button of the room and wait for what it leads to."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name=then)).to_be_visible()


def test_two_swap_with_cash_and_both_have_new_cards(site, new_page, payments, settle):
    mira, bea = make_user("Mira"), make_user("Bea")
    hers, his = offer_for_trade(mira, "20.00"), offer_for_trade(bea, "30.00")
    bea.addresses.create(**ADDRESS, is_default=True)
    one, other = new_page(user=mira, viewport="phone"), new_page(user=bea)

    one.goto(f"/members/{bea.pk}/")
    one.get_by_role("link", name="Propose a swap").click()
    assert_accessible(one)
    one.fill(f"[name=give-{hers.pk}]", "1")
    one.fill(f"[name=take-{his.pk}]", "1")
    one.get_by_role("button", name="Work out the balance").click()
    expect(one.get_by_text("This swap is in your favour.")).to_be_visible()
    fill_address(one)
    one.get_by_role("button", name="Send the proposal").click()
    expect(one.get_by_role("heading", name=f"Waiting for {bea} to answer")).to_be_visible()
    assert_accessible(one)

    other.goto("/swaps/")
    assert_accessible(other)
    other.locator("table a").first.click()
    expect(other.get_by_role("heading", name="Your turn: answer")).to_be_visible()
    assert_accessible(other)
    other.get_by_role("link", name="Answer with other terms").click()
    assert_accessible(other)
    other.fill("[name=cash_minor]", "10")
    other.select_option("[name=cash_by]", "them")
    other.get_by_role("button", name="Work out the balance").click()
    expect(other.get_by_text("An even swap.")).to_be_visible()
    other.get_by_role("button", name="Send the proposal").click()
    expect(other.get_by_role("heading", name=f"Waiting for {mira} to answer")).to_be_visible()

    one.goto("/swaps/")
    one.locator("table a").first.click()
    step(one, "Agree to the swap", "Your turn: pay")
    assert_accessible(one)
    for page in (one, other):
        page.reload()
        page.get_by_role("button", name="Pay", exact=True).click()
        page.wait_for_url("**/c/pay/**")
        pay_with(page, "4242424242424242")
        page.wait_for_url("**/swaps/*/")
        settle()

    for page in (one, other):
        page.reload()
        page.fill("[name=tracking_number]", "T1")
        page.get_by_role("button", name="I have shipped it").click()
        expect(page.get_by_text("Who gets your parcel is told that it is on its way.")).to_be_visible()
    for page in (one, other):
        page.reload()
        step(page, "Their parcel has arrived", "Your turn: check the cards and say whether you are content")
        assert_accessible(page)
        page.get_by_role("button", name="All fine").click()
    expect(other.get_by_role("heading", name="Completed")).to_be_visible()
    assert_accessible(other)

    settle()
    assert copies_of(mira, his.variant_id) == copies_of(bea, hers.variant_id) == 1
    for page, item in ((one, his), (other, hers)):
        page.goto("/inventory/")
        expect(page.get_by_text(item.variant.product.number).first).to_be_visible()


@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_the_pages_of_swaps_are_accessible(site, new_page, viewport):
    member = make_user("Mira")
    page = new_page(user=member, viewport=viewport)
    for address in ("/swaps/", "/swaps/matches/", f"/swaps/with/{make_user('Bea').pk}/"):
        page.goto(address)
        assert_accessible(page)
