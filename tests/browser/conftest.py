"""A real Chromium, the real ASGI application on the test database, and pages that fail when their console does.

`new_page(user=…, viewport="desktop" | "phone", theme="light" | "dark")` opens a fresh profile, signed in by session
cookie, on a database that is emptied after the test; `open_page` does the same without one, for pages that need none.
`worker=True` runs the site's service worker, which costs every page its start.
`site` is the server's address. Every test here is marked `browser`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.escrow.sandbox.company import Sandbox
from tests.browser.browsers import Watch, chromium_path, launch, open_context
from tests.payments import payment_company
from tests.site import serving

HERE = Path(__file__).parent
PATIENCE_MS = 30_000  # what is there in a moment may take long on a machine that has much else to do
NewPage = Callable[..., Page]


def pytest_configure(config: pytest.Config) -> None:
    """Names the markers."""
    config.addinivalue_line("markers", "browser: drives a real Chromium")
    config.addinivalue_line("markers", "screenshots: takes pictures for the documentation, only with --screenshots")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what lives in this folder; pictures are taken only when they are asked for."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("screenshots") and not item.config.getoption("--screenshots"):
            item.add_marker(pytest.mark.skip(reason="make screenshots takes them"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module: while it is open, this thread has an event loop, which Django's own client refuses."""
    executable = chromium_path()
    if executable is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in $CHROMIUM")
    # Playwright's synchronous driver keeps an event loop in this thread; Django would refuse the database beside it.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright, executable)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def asgi_server(django_db_setup: None) -> Iterator[str]:
    """The address of the whole application, websockets included, in a thread of this process."""
    from config.asgi import application

    with serving(application) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def site(asgi_server: str, transactional_db: None, settings: object) -> str:
    """The running site's address, on a database of the test's own."""
    settings.SITE_URL = asgi_server
    settings.CSRF_TRUSTED_ORIGINS = [asgi_server]
    return asgi_server


@pytest.fixture
def open_page(chromium: Browser, asgi_server: str) -> Iterator[NewPage]:
    """Opens pages that need no database, each in a profile of its own; afterwards none may have an error in its console.

    Pass `allow` (regular expressions) for errors that the test provokes, e.g. `allow=["status of 409"]`.
    """
    opened: list[tuple[Page, Watch]] = []

    def open_one(
        user: object = None,
        viewport: str = "desktop",
        theme: str = "light",
        javascript: bool = True,
        worker: bool = False,
        allow: Sequence[str] = (),
    ) -> Page:
        how = {"viewport": viewport, "theme": theme, "javascript": javascript, "worker": worker}
        context = open_context(chromium, base_url=asgi_server, **how)
        context.set_default_timeout(PATIENCE_MS)
        if user is not None:
            context.add_cookies([session_cookie(user, asgi_server)])
        page = context.new_page()
        opened.append((page, Watch(page, tuple(allow))))
        return page

    yield open_one
    problems = []
    for page, watch in opened:
        problems += [f"{page.url}: {each}" for each in watch.problems]
        page.context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def new_page(site: str, open_page: NewPage) -> NewPage:
    """The same on a database of the test's own, where a user can be signed in."""
    return open_page


@pytest.fixture
def payments(site: str, settings: object) -> Iterator[Sandbox]:
    """The payment company on a port of its own, sending its webhooks to the site."""
    with payment_company(webhook_url=f"{site}/webhooks/stripe/") as sandbox:
        address = sandbox.public_url
        settings.STRIPE_API_BASE = address
        directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives | {"form-action": ["'self'", address]}}
        settings.STRIPE_SECRET_KEY = sandbox.secret_key
        settings.STRIPE_WEBHOOK_SECRET = sandbox.webhook_secret
        yield sandbox


def session_cookie(user: object, site: str) -> dict[str, str]:
    """What signs a browser in."""
    client = Client()
    client.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    name = django_settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": site}
