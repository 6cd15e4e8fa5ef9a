"""Price pages in a real browser: the chart with its interval and one source alone, what moved, a set that is half complete."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from apps.valuations import actions
from apps.valuations.models import Quote, Sale, Source
from tests.browser.accessibility import assert_fits
from tests.browser.browsers import VIEWPORTS
from tests.browser.test_pages import assert_pleasant
from tests.factories import make_item, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def variant(site):
    """A card with four months of quotes of two sources, a few sales, and its fair value."""
    variant = make_variant(make_product("Ember Drake", rarity="Rare Holo"))
    now = timezone.now() - dt.timedelta(hours=1)
    for days in range(0, 120, 4):
        for slug, market in (("tcgplayer", 20 + days % 7), ("cardmarket", 18 + days % 5)):
            Quote.objects.create(
                variant=variant, source=Source.objects.get(slug=slug), observed_at=now - dt.timedelta(days=days),
                market=Decimal(market), low=Decimal(market - 4), condition="NM",
            )  # fmt: skip
    for days in (3, 9, 30):
        Sale.objects.create(
            variant=variant, source=Source.objects.get(slug="ebay"), reference=f"s{days}", condition="NM",
            price=Decimal(19), sold_at=now - dt.timedelta(days=days),
        )  # fmt: skip
    actions.refresh_prices([variant.pk])
    for name, change in (("Moon Drake", "4"), ("Quartz Golem", "-3")):
        other = make_variant(make_product(name))
        make_price(other, "14", market_price=Decimal(14), change_7d=Decimal(change))
    return variant


def test_the_chart_shows_the_interval_and_one_source_alone(variant, new_page):
    page = new_page()
    path = reverse("card", args=[variant.product_id])
    assert_pleasant(page, path)
    expect(page.locator("figure[data-chart-ready] canvas")).to_have_count(1)
    expect(page.locator(".chart__legend")).to_contain_text("Expected, 9 times in 10 $")
    expect(page.locator(".chart__legend")).to_contain_text("Sales on eBay")
    page.get_by_label("Prices from").select_option("cardmarket")
    expect(page.locator(".chart__legend")).not_to_contain_text("TCGplayer")
    expect(page.locator("figure[data-chart-ready] canvas")).to_have_count(1)
    page.get_by_role("button", name="3m").click()
    expect(page.get_by_role("button", name="3m")).to_have_attribute("aria-pressed", "true")
    assert "source=cardmarket" in page.url
    page.set_viewport_size(VIEWPORTS["phone"])
    page.reload()
    page.locator("figure.chart").scroll_into_view_if_needed()
    expect(page.locator("figure[data-chart-ready] canvas")).to_be_visible()
    assert_fits(page)


def test_without_script_the_same_is_chosen_by_a_form(variant, new_page):
    page = new_page(javascript=False)
    page.goto(reverse("card", args=[variant.product_id]))
    page.get_by_label("Prices from").select_option("cardmarket")
    page.locator("#period").select_option("3m")
    page.locator("#prices").get_by_role("button", name="Show").click()
    expect(page.locator(".chart__takeaway")).to_contain_text("Cardmarket")
    expect(page.locator(".chart__takeaway")).to_contain_text("the last three months")
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_text("The next weeks, 9 times in 10")).to_be_visible()


def test_movers_and_a_set_that_is_half_complete(variant, new_page):
    owner = make_user()
    make_item(owner, variant)
    page = new_page(user=owner)
    assert_pleasant(page, reverse("movers"))
    page.get_by_role("link", name="Down", exact=True).click()
    expect(page.get_by_role("link", name="Quartz Golem")).to_be_visible()
    expect(page.get_by_role("link", name="Moon Drake")).to_have_count(0)
    assert_pleasant(page, reverse("release", args=[variant.product.release_id]))
    expect(page.get_by_text("1 of 3 cards")).to_be_visible()
    expect(page.get_by_text("2 missing, Near Mint")).to_be_visible()
