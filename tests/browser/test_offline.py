"""Offline and back in a real browser: the inventory read without network, photos that wait, nothing left after signing out."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from apps.scans.models import Scan
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import session_cookie
from tests.factories import make_item, make_price, make_product, make_user, make_variant
from tests.scans.conftest import photo_bytes

pytestmark = pytest.mark.django_db(transaction=True)

# What a browser shows of a lost network in its console.
OFFLINE = ["ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "WebSocket", "Failed to fetch"]

_READY = """async () => {
  await navigator.serviceWorker.ready;
  while (!navigator.serviceWorker.controller || !(await self.kept.inventory())) await new Promise((go) => setTimeout(go, 30));
}"""
_LEFT = """async () => {
  const names = (await indexedDB.databases()).map((each) => each.name);
  const { owner, inventory, captures } = self.kept;
  const rows = names.includes("cardvault") ? [await owner(), await inventory(), ...(await captures())] : [];
  const cached = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) cached.push(new URL(request.url).pathname);
  }
  return { rows: rows.filter(Boolean), cached };
}"""


# The first answer to photos is lost on its way: they came, and the page does not know.
_LOSES_AN_ANSWER = """
const real = self.fetch;
self.fetch = async (...asked) => {
  const answer = await real(...asked);
  if (String(asked[0]).endsWith("/api/v1/scans") && !sessionStorage.lost) {
    sessionStorage.lost = "1";
    throw new TypeError("Failed to fetch");
  }
  return answer;
};
"""


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def an_owner():
    member = make_user()
    variant = make_variant(make_product("Sun Drake"))
    make_price(variant, "12.50")
    make_item(owner=member, variant=variant)
    return member


def ready(new_page, member, **how) -> Page:
    """A page of a member whose browser has kept the inventory."""
    page = new_page(member, worker=True, allow=OFFLINE, **how)
    page.goto("/inventory/")
    page.evaluate(_READY)
    return page


def test_the_inventory_is_read_offline_with_its_mark_and_the_rest_says_what_is_wrong(new_page):
    page = ready(new_page, an_owner(), viewport="phone")
    devtools = page.context.new_cdp_session(page)
    assert devtools.send("Page.getAppManifest")["errors"] == []
    errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors] == ["in-incognito"]  # as every profile of a test is

    page.context.set_offline(True)
    page.goto("/inventory/")
    expect(page.get_by_text("Offline, as of")).to_be_visible()
    expect(page.locator("time").first).not_to_be_empty()
    row = page.get_by_role("row").filter(has_text="Sun Drake")
    expect(row).to_contain_text("$12.50")
    assert page.locator("main form, main [contenteditable]").count() == 0
    assert_accessible(page)
    page.get_by_label("Find a card").fill("moon")
    expect(row).to_be_hidden()
    page.goto("/trades/")
    expect(page.get_by_role("heading", name="There is no connection")).to_be_visible()
    assert_accessible(page)

    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Trades", exact=True)).to_be_visible()  # the page itself, asked for anew


def test_photos_taken_offline_wait_and_make_one_scan_even_if_an_answer_is_lost(new_page, tmp_path):
    member = an_owner()
    page = ready(new_page, member)
    page.add_init_script(_LOSES_AN_ANSWER)
    page.context.set_offline(True)
    page.goto("/scan/")
    for number in (1, 2):
        photo = tmp_path / f"{number}.jpg"
        photo.write_bytes(photo_bytes(number))
        page.set_input_files("input.drop__input--main", str(photo))
        page.get_by_role("button", name="Keep until I am online").click()
        expect(page.get_by_role("button", name="Delete")).to_have_count(number)
    assert_accessible(page)
    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_role("button", name="Delete")).to_have_count(1)
    assert not Scan.objects.exists()

    page.context.set_offline(False)
    expect(page.get_by_text("You are online.", exact=True)).to_be_visible()
    page.get_by_role("link", name="Scan at once").click()
    expect(page.get_by_role("heading", name="Scan cards")).to_be_visible()
    page.evaluate(
        """async () => {
          while ((await self.kept.captures()).length) {
            await self.sendCaptures().catch(() => {});
            await new Promise((go) => setTimeout(go, 50));
          }
        }"""
    )
    expect(page.locator("[data-captures]")).to_be_hidden()
    scan = Scan.objects.get(owner=member)
    assert [photo.original_name for photo in scan.photos.all()] == ["2.jpg"]


def test_nothing_of_a_members_stays_when_they_sign_out_or_somebody_else_comes(new_page, site):
    member, other = an_owner(), make_user()
    page = ready(new_page, member)
    assert page.evaluate(_LEFT)["rows"]
    page.evaluate(
        """(member) => self.kept.capture({ key: "k", member, at: new Date().toISOString(), game: "", refused: "too dark",
                                          photos: [{ name: "a.jpg", content: new Blob(["x"]) }] })""",
        str(member.pk),
    )
    questions = []
    page.once("dialog", lambda asked: (questions.append(asked.message), asked.accept()))
    page.locator(".menu__summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    assert "not sent yet" in questions[0]
    assert page.evaluate(_LEFT) == {"rows": [], "cached": []}

    page = ready(new_page, member)
    page.context.add_cookies([session_cookie(other, site)])
    page.goto("/fees/")
    page.wait_for_function("(member) => self.kept.owner().then((owner) => owner === member)", arg=str(other.pk))
    left = page.evaluate(_LEFT)
    assert "Sun Drake" not in str(left)

    Session.objects.all().delete()
    page.evaluate(
        """async (member) => {
          await self.kept.capture({ key: "k", member, at: new Date().toISOString(), game: "", photos: [] });
          await self.sendCaptures({ patient: true });
        }""",
        str(other.pk),
    )
    assert page.evaluate(_LEFT)["rows"] == []
    page.goto("/fees/")
    assert page.evaluate(_LEFT)["rows"] == []


def test_what_was_asked_for_before_all_was_forgotten_is_not_kept_after_it(new_page):
    page = ready(new_page, an_owner())
    kept = page.evaluate(
        """async () => {
          const told = await self.kept.inventory();
          const visit = await self.kept.visit(told.member);
          await self.kept.clear();
          await self.kept.visit(told.member);
          return [await self.kept.keepInventory(told, visit), (await self.kept.inventory()) ?? null];
        }"""
    )
    assert kept == [False, None]
