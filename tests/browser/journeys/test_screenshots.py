"""The pictures of the documentation, taken of the demo: `make screenshots` writes them to docs/images.

Only with --screenshots: the demo is loaded for it. Cards, photographs and boxes in them are drawn by our own code.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from PIL import Image
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from apps.demo.people import known_people
from apps.demo.waiting import unlisted
from apps.listings.offers.models import Offer
from apps.trades.models import Trade
from apps.trades.swaps.models import Swap
from apps.valuations.queries import movers
from config.env import ROOT
from tests.browser.conftest import NewPage

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 100_000

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.screenshots]


@dataclass(frozen=True)
class Shot:
    """A page to show: who looks at what, on which screen, and how many pixels of it are high enough."""

    address: str
    who: str = ""
    viewport: str = "desktop"
    height: int = 800


def keep(page: Page, name: str, height: int) -> None:
    """The upper part of the page as docs/images/NAME.webp, as good as it can be below the limit."""
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    page.evaluate("document.activeElement?.blur()")
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in (85, 75, 65, 50):
        packed = io.BytesIO()
        picture.save(packed, "WEBP", quality=quality, method=6)
        if packed.tell() < MOST_BYTES:
            break
    else:
        pytest.fail(f"{name} stays above {MOST_BYTES} bytes")
    IMAGES.mkdir(parents=True, exist_ok=True)
    (IMAGES / f"{name}.webp").write_bytes(packed.getvalue())


def shots(people: dict[str, User]) -> dict[str, Shot]:
    """By name of the picture."""
    seller = people["seller"]
    held = Trade.objects.get(request_key="demo-funded", buyer=people["buyer"])
    asked = Swap.objects.get(request_key="demo-asked")
    offer = Offer.objects.filter(listing__seller=seller).latest("created_at")
    to_list = unlisted(seller).last()
    return {
        "front-page": Shot("/", height=850),
        "front-page-phone": Shot("/", viewport="phone", height=844),
        "card": Shot(f"/cards/{movers(limit=1)[0].product_id}/", height=1180),
        "list": Shot(f"/sell/{to_list.pk}/", "seller", height=880),
        "trade": Shot(f"/trades/{held.pk}/", "buyer", height=760),
        "orders": Shot("/orders/", "seller", height=800),
        "offer": Shot(f"/offers/{offer.pk}/", "seller", height=920),
        "swap": Shot(f"/swaps/{asked.pk}/", "seller", height=820),
        "cart": Shot("/cart/", "buyer", height=590),
    }


def scanned(page: Page, tmp_path: Path) -> None:
    """The photograph of nine cards, sent and looked at."""
    photo = tmp_path / "nine.jpg"
    with default_storage.open("demo/photos/nine-on-a-table.jpg") as file:
        photo.write_bytes(file.read())
    page.goto("/scan/")
    page.set_input_files("input.drop__input--main", str(photo))
    page.get_by_role("button", name="Find my cards").click()
    page.wait_for_url("**/scan/*-*/")
    found = page.get_by_role("heading", name="cards found")
    expect(found).to_be_visible(timeout=180_000)
    page.reload()  # without what was said the moment it was found
    expect(found).to_be_visible()


def test_pictures_are_taken(
    new_page: NewPage,
    worker: None,
    payments: object,
    settle: Callable[[], None],
    settings: object,
    tmp_path: Path,
) -> None:
    settings.MEDIA_ROOT, settings.DATA_DIR = tmp_path / "media", tmp_path
    call_command("load_demo", force=True)
    settle()
    people = known_people()
    for name, shot in shots(people).items():
        page = new_page(user=people.get(shot.who), viewport=shot.viewport)
        page.goto(shot.address)
        keep(page, name, shot.height)
        page.context.close()
    page = new_page(user=people["seller"])
    scanned(page, tmp_path)
    keep(page, "scan", height=1000)
