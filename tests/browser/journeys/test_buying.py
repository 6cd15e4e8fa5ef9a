"""What can go differently when buying: a declined card, the bank's question, a deadline, a case, two buyers at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.core import outbox
from apps.escrow import actions as escrow
from apps.escrow import ledger
from apps.escrow.models import Hold
from apps.listings.models import Listing
from apps.trades import actions as trades
from apps.trades.models import Trade
from tests.browser.accessibility import assert_accessible
from tests.browser.journeys.test_first_sale import check_out, fill_address, pay_with
from tests.factories import make_listing, make_trade, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_declined_card_is_said_and_another_one_pays(site, new_page, payments):
    listing, buyer = make_listing(price_minor=2000), make_user("Bea")
    page = new_page(user=buyer, allow=["status of 402"])
    check_out(page, listing)
    pay_with(page, "4000000000000002")
    expect(page.get_by_role("alert")).to_contain_text("declined")
    pay_with(page, "4242424242424242")
    page.wait_for_url("**/trades/*/")
    expect(page.get_by_text("Paid, waiting for the parcel").first).to_be_visible()


def test_the_bank_asks_and_the_payment_goes_through(site, new_page, payments):
    page = new_page(user=make_user("Bea"))
    check_out(page, make_listing(price_minor=2000))
    pay_with(page, "4000002760003184")
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url("**/trades/*/")
    expect(page.get_by_text("Paid, waiting for the parcel").first).to_be_visible()


def test_a_deadline_that_passes_cancels_the_trade_and_both_see_it(site, new_page, payments):
    trade = make_trade(make_listing(make_user("Mira")), make_user("Bea"))
    page = new_page(user=trade.buyer)
    page.goto(f"/trades/{trade.pk}/")
    expect(page.get_by_role("heading", name="Your turn: pay")).to_be_visible()
    Hold.objects.filter(pk=trade.hold_id).update(due_at="2020-01-01T00:00:00Z")
    escrow.sweep_deadlines()
    outbox.relay()
    page.reload()
    expect(page.get_by_text("Cancelled").first).to_be_visible()
    assert Listing.objects.get(pk=trade.lines.get().listing_id).state == "active"


def test_a_moderator_settles_a_case_in_the_admin(site, new_page, payments):
    trade = make_trade(make_listing(make_user("Mira"), price_minor=3000), make_user("Bea"))
    trades.pay(trade=trade, by=trade.buyer, payment_method="pm_card_visa")
    trades.ship(trade=trade, by=trade.seller, carrier="Post", tracking_number="T1")

    buyer = new_page(user=trade.buyer)
    buyer.goto(f"/trades/{trade.pk}/")
    buyer.get_by_role("button", name="It has arrived").click()
    buyer.get_by_text("Report a problem").click()
    buyer.select_option("[name=reason]", "not-as-described")
    buyer.fill("[name=statement]", "Two corners are white.")
    buyer.get_by_role("button", name="Open a case").click()
    expect(buyer.get_by_role("heading", name="The case")).to_be_visible()
    assert_accessible(buyer)

    seller = new_page(user=trade.seller)
    seller.goto(f"/trades/{trade.pk}/")
    seller.locator("#case [name=statement]").fill("They were fine when I packed it.")
    seller.get_by_role("button", name="Answer").click()
    expect(seller.get_by_text("Both sides are talking").first).to_be_visible()
    case = trade.hold.disputes.get()
    for person in (trade.buyer, trade.seller):
        escrow.ask_moderator(dispute=case, by=person)

    judge = new_page(user=make_user("Max", role="moderator"))
    judge.goto("/admin/cases/")
    judge.get_by_role("link", name=trade.hold.description).click()
    expect(judge.get_by_text("Two corners are white.").first).to_be_visible()
    judge.get_by_label("Split it", exact=True).check()
    judge.fill("[name=refund_minor]", "10.00")
    judge.fill("[name=decision]", "A fair discount for the wear.")
    judge.get_by_role("button", name="Decide").click()
    expect(judge.get_by_text("A fair discount for the wear.").first).to_be_visible()

    for person in (trade.buyer, trade.seller):
        escrow.accept_ruling(dispute=case, by=person)
    outbox.relay()
    buyer.reload()
    expect(buyer.get_by_text("A fair discount for the wear.").first).to_be_visible()
    assert Trade.objects.get(pk=trade.pk).state == "completed"
    assert ledger.check() == []


def test_of_two_buyers_of_the_last_copy_exactly_one_gets_it(site, new_page, payments):
    listing = make_listing(price_minor=2000)
    first, second = new_page(user=make_user("Bea")), new_page(user=make_user("Ben"), allow=(r"status of 422",))
    for page in (first, second):
        page.goto(f"/checkout/{listing.pk}/")
        fill_address(page)
    first.get_by_role("button", name="Continue to payment").click()
    first.wait_for_url("**/c/pay/**")
    second.get_by_role("button", name="Continue to payment").click()
    expect(second.get_by_role("alert").first).to_contain_text("Somebody else was quicker")
    assert Trade.objects.count() == 1
