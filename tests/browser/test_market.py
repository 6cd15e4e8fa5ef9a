"""The market in a real browser: found by a misspelt half-name, narrowed, kept; two hundred cards listed at once."""

import os
import time
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.catalog.actions import refresh_vocabulary
from apps.catalog.models import Product, Variant
from apps.core.conditions import Condition
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from tests.browser.accessibility import assert_fits
from tests.browser.browsers import VIEWPORTS
from tests.browser.test_pages import assert_pleasant
from tests.factories import make_item, make_listing, make_price, make_product, make_user, make_variant
from tests.waiting import BUSY

pytestmark = pytest.mark.django_db(transaction=True)
KEPT = os.environ.get("CARDVAULT_SCREENSHOTS", "")


def keep(page, name):
    """A picture of the page for whoever wants to look: only where a folder for them is named."""
    if KEPT:
        page.screenshot(path=Path(KEPT) / f"{name}.png", full_page=True)


@pytest.fixture
def market(site):
    """A few offers, cheap and dear, from near and far."""
    near, far = make_user("Mira Quince"), make_user("Tom Bell", country="DE")
    for number, name in enumerate(("Gloomtide Leviathan", "Ember Drake", "Moon Warden", "Gloomtide Leviathan")):
        product = make_product(name, rarity="Rare Holo", code=f"emb{number % 2 + 1}")
        variant = make_variant(product, finish="holofoil" if number % 2 else "normal")
        make_price(variant, "20.00", low="18.00", high="22.00")
        for condition, price in (("NM", 1500 + 400 * number), ("LP", 2100)):
            item = make_item(far if number % 2 else near, variant, condition=condition)
            make_listing(item=item, price_minor=price)
    refresh_vocabulary()


@pytest.mark.parametrize("viewport", VIEWPORTS)
def test_a_card_is_found_by_a_misspelt_half_name_and_the_search_is_kept(market, new_page, viewport):
    member = make_user()
    page = new_page(user=member, viewport=viewport)
    assert_pleasant(page, reverse("market"))
    page.set_viewport_size(VIEWPORTS[viewport])
    keep(page, f"market-{viewport}")
    page.get_by_label("Card, set, number or seller").fill("gloomtde levi")
    page.get_by_role("button", name="Search", exact=True).last.click()
    expect(page.locator(".page-head__lead")).to_contain_text("shown for gloomtide levi")
    expect(page.locator(".offer")).to_have_count(4)
    keep(page, f"market-found-{viewport}")
    if viewport == "desktop":
        page.locator("label.facet__option", has_text="Lightly Played").click()
        expect(page.locator(".offer")).to_have_count(2)
    page.get_by_role("button", name="Keep this search").click()
    expect(page.get_by_role("link", name="gloomtde levi")).to_be_visible()
    assert_fits(page)
    keep(page, f"searches-{viewport}")


def test_two_hundred_cards_are_listed_in_under_a_minute(site, new_page):
    seller = make_user()
    base = make_product("Ember Drake")
    products = Product.objects.bulk_create(
        Product(category=base.category, release=base.release, number=f"x{n}", name=f"Drake {n}") for n in range(200)
    )
    variants = Variant.objects.bulk_create(Variant(product=product, is_default=True) for product in products)
    InventoryItem.objects.bulk_create(
        InventoryItem(owner=seller, variant=variant, condition=Condition.NM) for variant in variants
    )
    for variant in variants[:5]:
        make_price(variant, "3.50")
    page = new_page(user=seller)
    assert_pleasant(page, reverse("sell-many"))
    page.set_viewport_size(VIEWPORTS["desktop"])
    began = time.monotonic()
    boxes = page.locator('input[name^="price-"]')
    expect(boxes).to_have_count(200)
    for box in boxes.all():
        if not box.input_value():
            box.fill("1.00")
    page.locator("[data-select-all]").check()
    keep(page, "many")
    page.get_by_role("button", name="List the chosen ones").first.click()
    expect(page.get_by_text("200 listed.")).to_be_visible()
    assert time.monotonic() - began < 60 * BUSY
    assert Listing.objects.filter(seller=seller, state="active").count() == 200
    page.goto(f"{site}{reverse('reprice')}")
    page.get_by_label("Share of fair value", exact=True).fill("90")
    page.get_by_role("button", name="Show the new prices").click()
    expect(page.get_by_text("5 prices would change")).to_be_visible()
    keep(page, "repricing")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    assert_fits(page)
