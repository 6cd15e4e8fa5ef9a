"""A member brings two hundred cards in from another app, mends one line, and has all of them for sale within a minute."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from apps.inventory.exchange.formats import FORMATS
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from tests.browser.accessibility import assert_accessible, assert_fits
from tests.factories import make_price, make_product, make_user, make_variant
from tests.waiting import BUSY

CARDS = 200


@pytest.fixture
def file(site: str, tmp_path: Path, settings: object) -> Path:
    """Two hundred cards as Moxfield writes them; the condition of two of them is a word that nobody knows."""
    settings.MEDIA_ROOT = tmp_path / "media"
    rows = [",".join(FORMATS["moxfield"].headings)]
    for n in range(1, CARDS + 1):
        make_price(make_variant(make_product(f"Shoebox Card {n}", code="box", number=str(n))), "3.50")
        condition = "Chewed" if n in (50, 51) else "Near Mint"
        rows.append(f"1,0,Shoebox Card {n},box,{condition},English,,,,{n},False,False,0.50")
    path = tmp_path / "collection.csv"
    path.write_text("\r\n".join(rows) + "\r\n", encoding="utf-8")
    return path


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_two_hundred_cards_of_a_file_are_for_sale_within_a_minute(
    site: str, new_page: object, worker: None, file: Path, viewport: str
) -> None:
    owner = make_user()
    page = new_page(user=owner, viewport=viewport)
    page.goto("/inventory/")
    page.get_by_role("link", name="Import").click()
    assert_accessible(page)
    began = time.monotonic()
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("This looks like a file of Moxfield.")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("“Chewed” means")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("“Chewed” means").select_option("LP")
    page.get_by_role("button", name="Mend").click()
    expect(page.get_by_text("2 lines looked at again.")).to_be_visible()
    page.get_by_role("button", name="Add 200 lines").click()
    expect(page.get_by_text("Read, and done.")).to_be_visible()
    report = page.url
    page.get_by_role("link", name="List them for sale").click()
    expect(page.get_by_role("heading", name="List many")).to_be_visible()
    boxes = page.locator('input[name^="price-"]')
    expect(boxes).to_have_count(CARDS)
    for box in boxes.all():
        if not box.input_value():
            box.fill("3.00")
    page.locator("[data-select-all]").check()
    page.get_by_role("button", name="List the chosen ones").first.click()
    expect(page.get_by_text("200 listed.")).to_be_visible()
    assert time.monotonic() - began < 60 * BUSY
    assert InventoryItem.objects.filter(owner=owner, condition="LP").count() == 2
    assert InventoryItem.objects.filter(owner=owner).count() == CARDS
    assert Listing.objects.filter(seller=owner, state="active").count() == CARDS
    page.goto(report)
    assert_accessible(page)
    page.locator("a[href$='/lines/50/']").click()
    assert_accessible(page)
    page.goto("/inventory/export/?layout=moxfield")
    expect(page.get_by_role("heading", name="200 items as a file of Moxfield")).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").count("Shoebox Card") == CARDS


@pytest.mark.django_db(transaction=True)
def test_an_import_works_without_script(site: str, new_page: object, worker: None, file: Path) -> None:
    owner = make_user()
    page = new_page(user=owner, javascript=False, viewport="phone")
    page.goto("/inventory/import/")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Look at it").click()
    assert "Moxfield" in page.inner_text("h1 + p")
    page.get_by_label("Add what is matched at once").check()
    page.get_by_role("button", name="Read the file").click()
    for _ in range(240):
        if page.get_by_role("link", name="Load it again").count() == 0:
            break
        time.sleep(0.5)
        page.get_by_role("link", name="Load it again").click()
    assert InventoryItem.objects.filter(owner=owner).count() == CARDS - 2
    page.get_by_role("link", name="Correct the line").first.click()
    page.get_by_label("Condition").select_option("HP")
    page.get_by_role("button", name="Look it up again").click()
    assert "2 lines looked at again" in page.content()
    assert page.get_by_role("button", name="Add 2 lines").count() == 1
    assert_fits(page)
