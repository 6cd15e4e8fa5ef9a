"""Pages in their states, as each kind of reader sees them: both themes, desk and phone, by keyboard, without script.

That every route's page is accessible is asked in test_every_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.accounts import actions as accounts
from apps.accounts.models import User
from apps.catalog.actions import refresh_vocabulary
from apps.catalog.images import store_reference
from apps.catalog.models import Variant
from apps.core import outbox
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.trades import actions as trades
from apps.trades.models import Trade
from tests.browser.accessibility import assert_accessible, assert_fits
from tests.browser.browsers import VIEWPORTS
from tests.factories import (
    ADDRESS,
    make_item,
    make_listing,
    make_price,
    make_product,
    make_user,
    make_variant,
    picture_bytes,
)
from tests.trades.conftest import STAGES, at_stage, company  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class World:
    """A seller, a buyer, somebody new, and between them a few cards, copies and offers."""

    seller: User
    buyer: User
    newcomer: User
    variant: Variant
    item: InventoryItem
    free: InventoryItem
    listing: Listing
    ended: Listing
    trades: dict[str, Trade] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def _storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9


def card(name: str, price: str = "12.50") -> Variant:
    """A card with a picture and a price."""
    variant = make_variant(make_product(name, rarity="Rare Holo", artist="Mitsu Brush"))
    store_reference(variant.product, picture_bytes())
    make_price(variant, price, change_30d="4.20")
    return variant


@pytest.fixture
def world(site) -> World:
    seller = make_user("Mira Sells", about="Vintage cards. Ships on Mondays.")
    buyer, newcomer = make_user("Bea Buyer"), make_user("Noa New")
    variant = card("Ember Drake")
    make_variant(variant.product, finish="reverse-holofoil")
    item = make_item(seller, variant, quantity=3, unit_cost_minor=900)
    binder = inventory.create_binder(owner=seller, name="Shelf")
    free = make_item(seller, card("Moon Drake", "340.00"), notes="From the attic.", binder=binder)
    ended = make_listing(seller, variant=card("Quartz Golem"), price_minor=800)
    listings.withdraw(listing=ended, by=seller)
    listing = make_listing(item=item, price_minor=1250, quantity=2, description="Straight from the binder.")
    for person in (seller, buyer):
        accounts.save_address(user=person, by=person, **ADDRESS)
    accounts.create_api_key(user=seller, by=seller, name="Price sheet", scopes=["read"])
    refresh_vocabulary()
    outbox.relay()
    return World(seller, buyer, newcomer, variant, item, free, listing, ended)


@pytest.fixture
def rooms(world, company) -> World:  # noqa: F811
    """The same world with a trade at every stage between its seller and its buyer."""
    for stage in STAGES:
        world.trades[stage] = at_stage(
            stage, listing=make_listing(world.seller, variant=world.variant), buyer=world.buyer
        )
    trades.say(trade=world.trades["shipped"], by=world.seller, body="On its way, in a top loader.")
    trades.review(trade=world.trades["released"], by=world.buyer, rating=5, body="As described.")
    outbox.relay()
    return world


def public_pages(world: World) -> Iterator[str]:
    """What a visitor can open."""
    product = world.variant.product
    yield from (reverse(name) for name in ("home", "search", "scan-new"))
    yield f"{reverse('search')}?q=drake&sort=price"
    yield f"{reverse('search')}?q=nosuchcard"
    yield reverse("release", args=[product.release_id])
    yield reverse("card", args=[product.pk])
    yield reverse("card", args=[world.ended.item.variant.product_id])
    yield reverse("listing", args=[world.listing.pk])
    yield reverse("member", args=[world.seller.pk])
    yield reverse("api-docs")


def member_pages(world: World) -> Iterator[str]:
    """What the seller can open beside that, and what looks different to them."""
    product = world.variant.product
    yield from (reverse(name) for name in ("home", "inventory", "portfolio", "sell", "trades", "addresses", "api-keys"))
    yield f"{reverse('inventory')}?q=drake&sort=value"
    yield f"{reverse('inventory')}?q=nosuchcard"
    yield f"{reverse('sell')}?show=ended"
    yield reverse("card", args=[product.pk])
    yield reverse("item", args=[world.item.pk])
    yield reverse("item", args=[world.free.pk])
    yield reverse("list-item", args=[world.free.pk])
    yield reverse("listing", args=[world.listing.pk])
    yield reverse("listing", args=[world.ended.pk])


def newcomer_pages(world: World) -> Iterator[str]:
    """What is empty at first, and what somebody else's offer looks like."""
    yield from (reverse(name) for name in ("inventory", "portfolio", "sell", "trades", "addresses", "api-keys"))
    yield reverse("listing", args=[world.listing.pk])
    yield reverse("checkout", args=[world.listing.pk])


def trade_pages(world: World) -> Iterator[str]:
    """The list, and the room of every stage."""
    yield reverse("trades")
    yield from (reverse("trade", args=[trade.pk]) for trade in world.trades.values())


def assert_pleasant(page: Page, path: str) -> None:
    """Both themes and both screens: axe is content once in each theme, and nothing is ever wider than the screen."""
    page.set_viewport_size(VIEWPORTS["phone"])
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    answer = page.goto(path)
    assert answer.status == 200, f"{path} answers {answer.status}"
    expect(page.locator("h1")).to_have_count(1)
    assert_accessible(page)
    page.set_viewport_size(VIEWPORTS["desktop"])
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert_accessible(page)


def assert_all_pleasant(page: Page, paths: Iterator[str]) -> None:
    """Every page is looked at; all that is wrong is told at once."""
    found = []
    for path in paths:
        try:
            assert_pleasant(page, path)
        except AssertionError as error:
            found.append(f"{path}\n{error}")
    assert not found, "\n\n".join(found)


def test_what_a_visitor_can_open(world, new_page):
    assert_all_pleasant(new_page(), public_pages(world))


def test_what_a_member_can_open(world, new_page):
    assert_all_pleasant(new_page(user=world.seller), member_pages(world))


def test_what_a_newcomer_can_open(world, new_page):
    assert_all_pleasant(new_page(user=world.newcomer), newcomer_pages(world))


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_both_sides_of_a_trade(rooms, new_page, side):
    assert_all_pleasant(new_page(user=getattr(rooms, side)), trade_pages(rooms))


def test_a_page_that_is_not_there(site, new_page):
    page = new_page(user=make_user(), allow=["status of 404"])
    for path in (reverse("trade", args=[make_user().pk]), "/nowhere/"):
        assert page.goto(path).status == 404
        assert_accessible(page)


# -- by keyboard --------------------------------------------------------------
_STANDS_ON = """
element => {
  const here = document.activeElement;
  if (here !== element) return "elsewhere";
  const drawn = [getComputedStyle(here), getComputedStyle(here, "::after")];  // a tile's link covers its whole tile
  return drawn.some(style => style.outlineStyle !== "none" || style.boxShadow !== "none") ? "seen" : "unseen";
}
"""


def assert_reached_by_keyboard(page: Page, path: str, name: str, role: str = "button", most: int = 40) -> None:
    """From the top: past the header by the skip link, then by Tab to the action, which shows that it has the focus."""
    page.goto(path)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    action = page.get_by_role("main").get_by_role(role, name=name).first.element_handle()
    for _ in range(most):
        page.keyboard.press("Tab")
        stands = page.evaluate(_STANDS_ON, action)
        if stands != "elsewhere":
            assert stands == "seen", f"{path}: {name} does not show that it has the focus"
            return
    raise AssertionError(f"{path}: {name} is not reached within {most} steps")


def test_the_main_action_of_each_page_is_reached_by_keyboard(rooms, new_page):
    at = {stage: reverse("trade", args=[trade.pk]) for stage, trade in rooms.trades.items()}
    card_page = reverse("card", args=[rooms.variant.product_id])
    actions = {
        None: [
            (reverse("home"), "Find my cards", "button"),
            (reverse("scan-new"), "Find my cards", "button"),
            (f"{reverse('search')}?q=moon", "Moon Drake", "link"),
            (card_page, "Add to inventory", "link"),
            (reverse("account_login"), "Sign in", "button"),
        ],
        rooms.seller: [
            (reverse("inventory-add", args=[rooms.variant.pk]), "Add", "button"),
            (reverse("item", args=[rooms.free.pk]), "Save", "button"),
            (reverse("list-item", args=[rooms.free.pk]), "List for sale", "button"),
            (reverse("onboarding"), "Set up payouts", "button"),
            (at["funded"], "I have shipped it", "button"),
            (at["disputed"], "Answer", "button"),
        ],
        rooms.buyer: [
            (reverse("listing", args=[rooms.listing.pk]), "Buy", "link"),
            (reverse("checkout", args=[rooms.listing.pk]), "Continue to payment", "button"),
            (at["created"], "Pay", "button"),
            (at["shipped"], "It has arrived", "button"),
            (at["delivered"], "release the money", "button"),
        ],
    }
    for user, steps in actions.items():
        page = new_page(user=user)
        for path, name, role in steps:
            assert_reached_by_keyboard(page, path, name, role)


# -- without script -----------------------------------------------------------
def test_a_card_is_found_added_and_listed_without_script(world, new_page):
    page = new_page(user=world.newcomer, javascript=False, viewport="phone")
    page.goto("/")
    page.get_by_role("searchbox").fill("moon drake")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("main").get_by_role("link", name="Moon Drake").first.click()
    page.get_by_role("link", name="Add to inventory").click()
    page.get_by_label("Copies").fill("2")
    page.get_by_label("Cost of one copy").fill("200.00")
    page.get_by_role("button", name="Add", exact=True).click()
    item = InventoryItem.objects.get(owner=world.newcomer)
    assert (item.quantity, item.unit_cost_minor) == (2, 20_000)

    page.goto(reverse("item", args=[item.pk]))
    page.get_by_role("link", name="List for sale").click()
    page.get_by_label("Price of one copy").fill("31.00")
    page.get_by_role("button", name="List for sale").click()
    page.wait_for_url("**/listings/*/")
    assert Listing.objects.get(seller=world.newcomer).price_minor == 3_100
    assert_fits(page)


def test_buying_leads_to_the_payment_page_without_script(world, new_page, payments):
    page = new_page(user=world.buyer, javascript=False)
    page.goto(reverse("card", args=[world.variant.product_id]))
    page.get_by_role("link", name="See and buy").first.click()
    page.get_by_role("link", name="Buy", exact=True).click()
    page.get_by_role("button", name="Continue to payment").click()  # the address is the member's own
    page.wait_for_url(f"{payments.public_url}/c/pay/**")
    trade = Trade.objects.get(buyer=world.buyer)
    assert trade.hold.state == "created"

    # Who came back without paying finds the way again.
    page.goto(reverse("trade", args=[trade.pk]))
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url(f"{payments.public_url}/c/pay/**")


def test_a_parcel_is_sent_received_and_paid_out_without_script(rooms, new_page):
    trade = rooms.trades["funded"]
    room = reverse("trade", args=[trade.pk])
    seller = new_page(user=rooms.seller, javascript=False, viewport="phone")
    seller.goto(room)
    seller.get_by_label("Carrier").fill("Parcel Post")
    seller.get_by_label("Tracking number").fill("PP123")
    seller.get_by_role("button", name="I have shipped it").click()
    expect(seller.get_by_text("PP123")).to_be_visible()

    buyer = new_page(user=rooms.buyer, javascript=False, viewport="phone")
    buyer.goto(room)
    buyer.get_by_role("button", name="It has arrived").click()
    buyer.get_by_role("button", name="release the money").click()
    expect(buyer.get_by_text("Released to the seller").first).to_be_visible()
    trade.hold.refresh_from_db()
    assert trade.hold.state == "released"


def test_a_case_is_opened_and_answered_without_script(rooms, new_page):
    trade = rooms.trades["delivered"]
    room = reverse("trade", args=[trade.pk])
    buyer = new_page(user=rooms.buyer, javascript=False, viewport="phone")
    buyer.goto(room)
    buyer.get_by_text("Report a problem").click()
    buyer.get_by_label("What is wrong?").select_option("not-as-described")
    buyer.locator("[name=statement]").fill("Two corners are white.")
    buyer.get_by_role("button", name="Open a case").click()
    expect(buyer.get_by_text("Two corners are white.")).to_be_visible()

    seller = new_page(user=rooms.seller, javascript=False, viewport="phone")
    seller.goto(room)
    seller.locator("#case [name=statement]").fill("They were fine.")
    seller.get_by_role("button", name="Answer").click()
    expect(seller.get_by_text("They were fine.")).to_be_visible()
    assert trade.hold.disputes.get().state == "answered"
