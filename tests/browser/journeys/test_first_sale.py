"""The whole job in a real browser: from a visitor's photograph to settled money, with everything real in between."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.models import Settlement
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from apps.trades.models import Trade
from tests.browser.accessibility import assert_accessible
from tests.browser.journeys.conftest import Catalogue
from tests.factories import ADDRESS, make_user

PASSWORD = "a-shoebox-of-cards-1999"


def sign_up(page: Page, site: str) -> User:
    """A new member, by the page and the message."""
    page.goto("/accounts/signup/")
    page.fill("[name=email]", "mira@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.check("[name=terms]")
    page.check("[name=notice]")
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/confirm-email/")
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+", mail.outbox[-1].body)[0]
    page.goto(link)
    page.get_by_role("button", name="confirm").click()
    page.wait_for_load_state()
    return User.objects.get(email="mira@example.com")


def pay_with(page: Page, number: str) -> None:
    """Fill in the payment company's form."""
    page.fill("#number", number)
    page.fill("#expiry", "12 / 40")
    page.fill("#cvc", "123")
    page.fill("#name", "Bea Buyer")
    if not page.input_value("#email"):
        page.fill("#email", "bea@example.com")
    page.click(".main-button")


def fill_address(page: Page) -> None:
    """Where the parcel goes."""
    for name, value in ADDRESS.items():
        field = page.locator(f"main [name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def check_out(page: Page, listing: Listing) -> None:
    """From the listing to the payment company's page."""
    page.goto(f"/listings/{listing.pk}/")
    page.get_by_role("link", name="Buy", exact=True).click()
    fill_address(page)
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url("**/c/pay/**")


@pytest.mark.django_db(transaction=True)
def test_from_a_photograph_to_settled_money(
    site: str, new_page: object, worker: None, payments: object, catalogue: Catalogue, settle: object, tmp_path: Path
) -> None:
    photo = tmp_path / "card.jpg"
    catalogue.photographs["one-card"].picture.save(photo, quality=88)

    # A visitor scans before signing up, and keeps what was found.
    seller = new_page()
    seller.goto("/")
    seller.set_input_files("input[type=file][name=photos]", str(photo))
    seller.get_by_role("button", name="Find my cards").click()
    seller.wait_for_url("**/scan/*/")
    expect(seller.get_by_role("heading", name="1 card found")).to_be_visible(timeout=60_000)
    expect(seller.get_by_text("Alakazam").first).to_be_visible()
    assert_accessible(seller)
    scan_url = seller.url
    member = sign_up(seller, site)
    seller.goto(scan_url)
    chosen = seller.locator("[data-found] input[type=radio]:checked")
    expect(chosen).to_have_value(str(catalogue.variant(0).pk))
    seller.get_by_role("button", name="Add 1 card to my inventory").click()
    seller.wait_for_url("**/inventory/")
    expect(seller.get_by_role("link", name="Alakazam", exact=True)).to_be_visible()
    assert_accessible(seller)
    item = InventoryItem.objects.get(owner=member)
    assert item.provenance["from"] == "scan"

    # Listed beside its fair value, with the fee worked out.
    seller.get_by_role("link", name="List Alakazam").click()
    seller.fill("[name=price_minor]", "11.00")
    seller.get_by_role("button", name="List for sale").click()
    seller.wait_for_url("**/listings/*/")
    listing = Listing.objects.get(seller=member)
    assert listing.price_minor == 1100

    # The seller opens a payout account at the payment company.
    seller.goto("/sell/payouts/")
    seller.get_by_role("button", name=re.compile("Go on|Set up|Start", re.I)).click()
    seller.fill("[name=password]", PASSWORD)
    seller.get_by_role("button", name="It is me").click()
    seller.wait_for_url("**/setup/e/**")
    if not seller.is_checked("#agree"):
        seller.check("#agree")
    seller.get_by_role("button", name="Agree and submit").click()
    seller.wait_for_url("**/sell/payouts/**")

    # Somebody else buys with a test card.
    bea = make_user("Bea Buyer")
    buyer = new_page(user=bea)
    check_out(buyer, listing)
    pay_with(buyer, "4242424242424242")
    buyer.wait_for_url("**/trades/*/")
    expect(buyer.get_by_text("Paid, waiting for the parcel").first).to_be_visible()
    assert_accessible(buyer)
    trade = Trade.objects.select_related("hold").get(buyer=bea)
    assert ledger.balance(ledger.hold_account(trade.hold_id)) == Money(trade.total_minor, "USD")

    # Shipped, received, released.
    seller.goto(f"/trades/{trade.pk}/")
    seller.fill("[name=carrier]", "Parcel Post")
    seller.fill("[name=tracking_number]", "PP123")
    seller.get_by_role("button", name="I have shipped it").click()
    expect(seller.get_by_text("On its way").first).to_be_visible()
    buyer.reload()
    buyer.get_by_role("button", name="It has arrived").click()
    buyer.get_by_role("button", name="All fine: release the money").click()
    expect(buyer.get_by_text("Released to the seller").first).to_be_visible()

    # The copy is the buyer's, the books balance, and the transfer exists at the payment company.
    settle()
    trade.refresh_from_db()
    assert trade.state == "completed"
    assert InventoryItem.objects.get(owner=bea).variant == catalogue.variant(0)
    settlement = Settlement.objects.get(hold=trade.hold)
    assert (settlement.kind, settlement.state) == ("transfer", "sent")
    with payments.work() as desk:
        transfer = desk.get("transfer", settlement.stripe_id)
    assert transfer["amount"] == trade.total_minor - trade.hold.fee_minor
    assert ledger.check() == []
