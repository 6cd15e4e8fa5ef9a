"""Every route that answers with a page: axe is content with it, light on the phone or dark at the desk in turn.

`make accessibility` looks at each in both themes on both screens. The routes are those of tests/routes, with its world: who may
open a page opens it. States of a page that this world does not have (each stage of a trade, empty lists) are in test_pages.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import NoReverseMatch, get_resolver, reverse
from playwright.sync_api import Page

from apps.accounts.models import Role, User
from apps.core import outbox
from apps.core.images import SIZES, thumbnail_name
from tests.browser.accessibility import assert_accessible
from tests.browser.browsers import VIEWPORTS
from tests.escrow.conftest import a_company
from tests.factories import make_user, picture_bytes
from tests.routes.accounts import ACCOUNT
from tests.routes.asking import address_of, routes
from tests.routes.kinds import MODERATOR, PUBLIC, SIGNED
from tests.routes.listed import WEB
from tests.routes.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = [name for name, route in WEB.items() if route.method == "get" and route.who != SIGNED]
READERS = {
    "visitor": [name for name in ASKED if WEB[name].who == PUBLIC],
    "member": [name for name in ASKED if WEB[name].who not in {PUBLIC, MODERATOR}],
    "moderator": [name for name in ASKED if WEB[name].who == MODERATOR],
}
PARTS = [("visitor", 0), ("member", 0), ("member", 1), ("member", 2), ("moderator", 0)]
SCREENS = [("phone", "light"), ("desktop", "dark"), ("phone", "dark"), ("desktop", "light")]


@pytest.fixture
def world(site, settings, tmp_path) -> Iterator[SimpleNamespace]:
    settings.MEDIA_ROOT = tmp_path / "media"
    with a_company():
        made = make_world()
        for photo in ("items/a.jpg", "scans/a.jpg"):
            for name in (photo, *(thumbnail_name(photo, size) for size in SIZES)):
                default_storage.save(name, ContentFile(picture_bytes()))
        outbox.relay()
        yield made


def page_at(page: Page, path: str) -> bool:
    """Whether the address answers with a whole page: not a part of one, a file, or the way to somewhere else."""
    answer = page.request.get(path, max_redirects=0)
    assert answer.status < 500, f"{path} answers {answer.status}"
    return answer.status == 200 and answer.text().lstrip()[:15].lower() == "<!doctype html>"


def assert_pleasant(page: Page, path: str, screens: list[tuple[str, str]]) -> None:
    """Axe on these screens, each in this theme."""
    page.set_viewport_size(VIEWPORTS[screens[0][0]])
    page.goto(path)
    for viewport, theme in screens:
        page.set_viewport_size(VIEWPORTS[viewport])
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        try:
            assert_accessible(page)
        except AssertionError as error:
            raise AssertionError(f"{viewport}, {theme}: {error}") from None


@pytest.fixture
def look_at(pytestconfig) -> Callable[[Page, dict[str, str]], list[str]]:
    """Looks at pages, on every screen where that was asked for."""
    every = pytestconfig.getoption("--every-screen")
    return lambda page, paths: assert_all_pleasant(page, paths, every)


def assert_all_pleasant(page: Page, paths: dict[str, str], every: bool) -> list[str]:
    """Names of those that are pages; all that is wrong with any is told at once."""
    found, looked_at = [], []
    for name, path in paths.items():
        if page_at(page, path):
            looked_at.append(name)
            try:
                assert_pleasant(page, path, SCREENS if every else [SCREENS[len(looked_at) % 2]])
            except AssertionError as error:
                found.append(f"{name} at {error}")
    assert not found, "\n\n".join(found)
    return looked_at


def reader_of(name: str, world: SimpleNamespace) -> User | None:
    return {"visitor": None, "member": world.owner, "moderator": make_user(role=Role.ADMIN)}[name]


@pytest.mark.parametrize(("reader", "part"), PARTS)
def test_every_page_of_the_product(world, new_page, look_at, reader, part):
    parts = sum(1 for each, _part in PARTS if each == reader)
    names = READERS[reader][part::parts]
    looked_at = look_at(
        new_page(user=reader_of(reader, world)), {name: address_of(name, WEB[name], world) for name in names}
    )
    assert len(looked_at) > len(names) / 2


def argument_less(names: set[str]) -> dict[str, str]:
    found = {}
    for name in sorted(names):
        try:
            found[name] = reverse(name)
        except NoReverseMatch:
            continue
    return found


def test_every_page_of_signing_in(world, new_page, look_at):
    assert "account_login" in look_at(new_page(), argument_less(ACCOUNT["open"]))
    assert "mfa_index" in look_at(new_page(user=world.owner), argument_less(ACCOUNT["member"]))


def test_every_table_of_the_admin(world, new_page, look_at):
    tables = {name for name in routes(get_resolver().url_patterns) if name.endswith(("_changelist", "_add"))}
    paths = argument_less({name for name in tables if name.startswith("admin:")})
    assert len(look_at(new_page(user=make_user(role=Role.ADMIN)), paths)) > 20
