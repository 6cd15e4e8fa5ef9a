"""The payments sandbox's pages in a real browser: on a phone and a desk, in light and dark, for everybody."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import stripe
from playwright.sync_api import Browser, Page

from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.server import application
from tests.browser.accessibility import assert_accessible
from tests.browser.browsers import open_context
from tests.site import serving

SHOTS = os.environ.get("SANDBOX_SCREENSHOTS")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox behind HTTP."""
    made = Sandbox()
    with serving(application(made)) as port:
        made.public_url = f"http://127.0.0.1:{port}"
        yield made
    made.close()


@pytest.fixture
def shop(sandbox):
    return stripe.StripeClient("sk_test_sandbox", http_client=SandboxHTTPClient(sandbox)).v1


@pytest.fixture(params=[("phone", "light"), ("desktop", "dark")], ids=["phone", "desktop, dark"])
def page(request, chromium: Browser, sandbox) -> Iterator[Page]:
    viewport, theme = request.param
    context = open_context(chromium, base_url=sandbox.public_url, viewport=viewport, theme=theme, javascript=True)
    yield context.new_page()
    context.close()


def look(page: Page, name: str) -> None:
    """Check the page for everybody; keep a picture where one is wanted."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-{page.viewport_size['width']}.png", full_page=True)
    assert_accessible(page)


def checkout(sandbox, shop):
    return shop.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [
                {
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 4250,
                        "product_data": {"name": "Ember Drake 4, holo"},
                    }
                }
            ],
            "customer_email": "buyer@example.com",
            "success_url": f"{sandbox.public_url}/?paid={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{sandbox.public_url}/",
        }
    )


def test_a_buyer_pays_after_a_decline_and_a_confirmation(page, sandbox, shop):
    session = checkout(sandbox, shop)
    page.goto(session.url)
    look(page, "pay")
    page.get_by_role("link", name="Fill in a test card that pays").click()
    page.get_by_label("Card number").fill("4000000000000002")
    page.get_by_role("button", name="Pay $42.50").click()
    assert "Your card was declined." in page.get_by_role("alert").inner_text()
    look(page, "declined")
    page.get_by_label("Card number").fill("4000 0027 6000 3184")
    page.get_by_role("button", name="Pay $42.50").click()
    look(page, "challenge")
    page.get_by_role("button", name="Complete authentication").click()
    page.wait_for_url(f"**/?paid={session.id}")
    assert shop.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_seller_fills_in_the_form_and_sees_the_money(page, sandbox, shop):
    seller = shop.accounts.create(
        {"type": "express", "email": "seller@example.com", "capabilities": {"transfers": {"requested": True}}}
    ).id
    link = {"account": seller, "refresh_url": f"{sandbox.public_url}/", "return_url": f"{sandbox.public_url}/?back=1"}
    page.goto(shop.account_links.create(link | {"type": "account_onboarding"}).url)
    look(page, "setup")
    page.get_by_label("First name").fill("")
    page.get_by_role("button", name="Agree and submit").click()
    assert "Not sent." in page.get_by_role("alert").inner_text()
    look(page, "setup-missing")
    page.get_by_label("First name").fill("Grace")
    page.get_by_role("button", name="Agree and submit").click()
    page.wait_for_url("**/?back=1")
    card = {"amount": 5000, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True}
    payment = shop.payment_intents.create(card | {"payment_method_types": ["card"], "description": "Ember Drake 4"})
    sale = {"amount": 4500, "currency": "usd", "destination": seller, "source_transaction": payment.latest_charge}
    shop.transfers.create(sale)
    page.goto(shop.accounts.login_links.create(seller).url)
    look(page, "express")
    page.goto("/")
    look(page, "dashboard")
    page.get_by_role("button", name="Send again: transfer.created").click()
    page.get_by_role("link", name="transfer.created").first.click()
    look(page, "event")
    page.goto(shop.charges.retrieve(payment.latest_charge).receipt_url)
    look(page, "receipt")
