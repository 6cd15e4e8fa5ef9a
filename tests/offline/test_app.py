"""The site as an app: its manifest, icons and service worker as a browser fetches them; what a browser may keep of whom."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from apps.moderation.seeing import SESSION_KEY
from tests.factories import make_item, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def test_the_manifest_is_all_that_an_installation_asks_for(client):
    answer = client.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    told = answer.json()
    assert (told["name"], told["start_url"], told["scope"], told["display"]) == ("CardVault", "/", "/", "standalone")
    shown = {(each["sizes"], each["purpose"]) for each in told["icons"]}
    assert shown == {(size, purpose) for size in ("192x192", "512x512") for purpose in ("any", "maskable")}
    assert {each["url"] for each in told["shortcuts"]} == {"/scan/", "/inventory/"}


def test_icons_are_as_large_as_the_manifest_says_and_fill_the_square_where_they_are_cut(client):
    for icon in client.get("/manifest.webmanifest").json()["icons"]:
        with Image.open(finders.find(icon["src"].removeprefix("/static/"))) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
            corner = picture.convert("RGBA").getpixel((0, 0))
            assert (corner[3] == 255) == (icon["purpose"] == "maskable")


def test_every_page_names_the_manifest_and_the_windows_colour_in_the_theme_that_is_shown(client):
    page = client.get("/fees/").content.decode()
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page
    assert len(re.findall('name="theme-color" media=', page)) == 2
    client.cookies["theme"] = "dark"
    assert re.findall('name="theme-color" content="([^"]+)"', client.get("/fees/").content.decode()) == ["#141b19"]


def test_the_worker_is_asked_for_anew_each_time_and_serves_the_whole_site(client):
    answer = client.get("/sw.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert answer["Service-Worker-Allowed"] == "/"
    told = json.loads(re.match("const BUILT = (.+);\n", answer.content.decode())[1])
    assert "/static/js/worker/push.js" in told["parts"]
    assert {"/static/css/tokens.css", "/static/js/drop.js", "/static/js/offline/kept.js"} <= set(told["files"])
    assert all(client.get(path).status_code == 200 for path in told["pages"].values())
    assert [path for path in (*told["files"], *told["parts"]) if not finders.find(path.removeprefix("/static/"))] == []


def test_pages_that_every_device_keeps_are_the_same_for_everybody(client, member):
    for name in ("offline", "offline-inventory", "offline-scan"):
        visitors = client.get(reverse(name)).content
        client.force_login(member)
        assert client.get(reverse(name)).content == visitors
        assert b"nonce" not in visitors
        client.logout()


def test_what_is_kept_of_an_inventory_is_ones_own_newest_items_with_their_prices(client, member):
    variant = make_variant(make_product("Sun Drake"))
    make_price(variant, "12.50")
    make_item(owner=member, variant=variant)
    make_item(owner=make_user(), variant=make_variant(make_product("Moon Drake")))
    client.force_login(member)
    answer = client.get("/offline/inventory.json")
    assert "no-store" in answer["Cache-Control"]
    kept = answer.json()
    assert kept["member"] == str(member.pk)
    assert "Sun Drake" in kept["html"]
    assert "$12.50" in kept["html"]
    assert "Moon Drake" not in kept["html"]
    assert not re.search("<(form|a|script|button) ", kept["html"])


@pytest.mark.parametrize("path", ["/offline/inventory.json", "/offline/self.json"])
def test_a_browser_that_nobody_is_signed_in_at_is_told_to_sign_in(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/accounts/login/")


def test_signing_out_makes_the_browser_forget(client, member):
    client.force_login(member)
    assert "Clear-Site-Data" not in client.get("/inventory/")
    assert client.post("/accounts/logout/")["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/")


def test_a_session_that_a_new_password_ended_is_forgotten_too(client, member):
    client.force_login(member)
    member.set_password("something-new-2026")
    member.save()
    assert client.get("/inventory/")["Clear-Site-Data"] == '"cache", "storage"'


def test_a_page_says_whose_device_it_is(client, member):
    assert 'data-offline=""' in client.get("/").content.decode()
    client.force_login(member)
    assert f'data-offline="{member.pk}"' in client.get("/").content.decode()


def test_staff_who_see_the_site_as_a_member_keep_nothing_of_theirs(client, member, admin):
    client.force_login(admin)
    session = client.session
    session[SESSION_KEY] = {"member": str(member.pk), "until": timezone.now().timestamp() + 600}
    session.save()
    assert "data-offline" not in client.get("/").content.decode()
    assert client.get("/offline/inventory.json").status_code == 403


def test_icons_of_push_messages_exist():
    script = finders.find("js/worker/push.js")
    with open(script, encoding="utf-8") as file:
        (icon,) = re.findall('icon: "/static/([^"]+)"', file.read())
    with open(finders.find(icon), "rb") as file:
        assert Image.open(io.BytesIO(file.read())).size == (192, 192)
