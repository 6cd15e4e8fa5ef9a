"""Scanning in a real browser: dropped, pasted and chosen photos, live progress, the review by keyboard, confirmed."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from apps.inventory.models import InventoryItem
from apps.scans import actions
from apps.scans.models import Correction, Scan, ScanPhoto
from tests.browser.accessibility import assert_accessible
from tests.factories import make_price, make_product, make_user, make_variant
from tests.scans.conftest import Engine, cards_of, make_scan, photo_bytes

pytestmark = pytest.mark.django_db(transaction=True)

_GIVE = """
([kind, name, type, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name, { type }));
  const event = kind === "drop"
    ? new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true });
  document.querySelector("[data-drop]").dispatchEvent(event);
}
"""


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture
def engine(monkeypatch) -> Engine:
    from apps.scans import engines

    stand_in = Engine()
    monkeypatch.setattr(engines, "pipeline_for", lambda scan: stand_in)
    return stand_in


def look(photo: ScanPhoto) -> None:
    """As the worker does, in a thread of its own: this one belongs to the browser's driver."""

    def work() -> None:
        try:
            actions.process_photo(photo_id=photo.pk)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)


def give(page: Page, kind: str, name: str, content: bytes, type_: str = "image/jpeg") -> None:
    """Drop or paste a file."""
    page.evaluate(_GIVE, [kind, name, type_, base64.b64encode(content).decode()])


def test_dropped_pasted_and_chosen_photos_are_looked_at_live(new_page, engine, tmp_path) -> None:
    member = make_user()
    engine.found = [(make_variant(make_product("Moon Drake")), 0.97)]
    page = new_page(user=member)
    page.goto("/scan/")
    give(page, "drop", "dropped.jpg", photo_bytes(1))
    give(page, "paste", "pasted.png", photo_bytes(2, kind="PNG"), "image/png")
    give(page, "drop", "notes.txt", b"my cards", "text/plain")
    status = page.locator("[data-drop-status]")
    expect(status).to_contain_text("notes.txt is not a picture")
    chosen = tmp_path / "chosen.jpg"
    chosen.write_bytes(photo_bytes(3))
    page.set_input_files("input.drop__input--main", str(chosen))
    expect(status).to_have_text("3 photos ready to send.")
    page.get_by_role("button", name="Find my cards").click()
    page.wait_for_url("**/scan/*-*/")
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()
    assert_accessible(page)

    scan = Scan.objects.get(owner=member)
    photos = list(scan.photos.all())
    assert [photo.original_name for photo in photos] == ["dropped.jpg", "pasted.png", "chosen.jpg"]
    look(photos[0])
    expect(page.get_by_text("1 of 3 photos done, 1 card found so far.")).to_be_visible()
    for photo in photos[1:]:
        look(photo)
    expect(page.get_by_role("heading", name="3 cards found")).to_be_visible()
    assert page.title().startswith("3 cards found")


def test_the_review_is_done_by_keyboard_alone(new_page) -> None:
    from apps.catalog.actions import refresh_vocabulary

    member = make_user()
    first, second, third = (make_variant(make_product(name)) for name in ("Sun Drake", "Moon Drake", "Star Drake"))
    for variant in (first, second, third):
        make_price(variant, "10.00")
    elsewhere = make_variant(make_product("Quartz Golem", number="77"))
    refresh_vocabulary()
    scan = make_scan(member, cards=4, variants=[first, second, third], decided=False)
    page = new_page(user=member)
    page.goto(f"/scan/{scan.pk}/")
    cards = page.locator("[data-found]")

    page.keyboard.press("j")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("2")
    expect(cards.nth(0).locator("legend")).to_contain_text("Moon Drake")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(cards.nth(1).locator("legend")).to_contain_text("left out")
    page.keyboard.press("j")
    page.keyboard.press("/")
    page.keyboard.type("Quartz Golem")
    expect(cards.nth(2).locator(".found__results [data-candidate]").first).to_contain_text("Quartz Golem")
    page.keyboard.press("Enter")
    expect(cards.nth(2)).to_be_focused()
    expect(cards.nth(2).locator("legend")).to_contain_text("Quartz Golem")
    page.keyboard.press("j")
    page.keyboard.press("0")
    expect(cards.nth(3).locator("legend")).to_contain_text("none of these")
    page.keyboard.press("1")
    expect(cards.nth(3).locator("legend")).to_contain_text("Sun Drake")
    expect(page.get_by_role("button", name="Add 3 cards to my inventory")).to_be_visible()
    expect(page.locator("#review-told")).to_contain_text("$20.00")
    page.keyboard.press("k")
    expect(cards.nth(2)).to_be_focused()
    page.keyboard.press("a")
    page.wait_for_url("**/inventory/")

    owned = set(InventoryItem.objects.filter(owner=member).values_list("variant", flat=True))
    assert owned == {second.pk, elsewhere.pk, first.pk}
    assert Correction.objects.count() == 2
    assert [card.state for card in cards_of(scan)] == ["confirmed", "dismissed", "confirmed", "confirmed"]


@pytest.mark.parametrize("viewport", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_screen_of_scanning_is_accessible(new_page, viewport, theme) -> None:
    member = make_user()
    scan = make_scan(member, cards=2, decided=True)
    unsure = make_scan(member, cards=1, decided=False)
    failed = make_scan(member, cards=0, state="failed")
    failed.photos.update(error="This photo could not be read. Try again.")
    Scan.objects.filter(pk=failed.pk).update(error="This photo could not be read. Try again.")
    Scan.objects.filter(pk=unsure.pk).update(refused=[{"name": "notes.jpg", "message": "This is not a picture."}])
    page = new_page(user=member, viewport=viewport, theme=theme)
    for path in ("/scan/", *(f"/scan/{each.pk}/" for each in (scan, unsure, failed))):
        page.goto(path)
        assert_accessible(page)


def test_the_job_is_done_without_script(new_page, engine, tmp_path) -> None:
    member = make_user()
    engine.found = [(make_variant(make_product("Moon Drake")), 0.97)]
    page = new_page(user=member, javascript=False)
    photo = tmp_path / "cards.jpg"
    photo.write_bytes(photo_bytes(4))
    page.goto("/scan/")
    page.set_input_files("input[name=photos]", str(photo))
    page.get_by_role("button", name="Find my cards").click()
    page.wait_for_url("**/scan/*-*/")
    scan = Scan.objects.get(owner=member)
    look(scan.photos.get())
    expect(page.get_by_role("heading", name="1 card found")).to_be_visible()  # the page has asked again by itself
    page.get_by_role("button", name="Add 1 card to my inventory").click()
    page.wait_for_url("**/inventory/")
    assert InventoryItem.objects.get(owner=member).provenance["scan_id"] == str(scan.pk)
