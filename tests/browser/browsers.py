"""Finds and starts Chromium, and watches a page: errors in its console and breaches of the content policy."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

# The first two are pages of their own behind the address bar, drawn for each window that is opened: a third of its whole
# work, and nobody sees them. The others Playwright would switch off, and the last list that is named is the only one.
_FEATURES_OFF = [
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    f"--disable-features={','.join(_FEATURES_OFF)}",
]
VIEWPORTS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


def chromium_path() -> str | None:
    """The browser to drive: $CHROMIUM, else Debian's, else one on the path; None when there is none."""
    for candidate in (
        os.environ.get("CHROMIUM"),
        "/usr/bin/chromium",
        shutil.which("chromium"),
        shutil.which("google-chrome"),
    ):
        if candidate and Path(candidate).exists():
            return candidate
    return None


def launch(playwright: Playwright, executable: str) -> Browser:
    """Chromium without a window."""
    return playwright.chromium.launch(executable_path=executable, args=FLAGS)


def open_context(
    browser: Browser, *, base_url: str, viewport: str, theme: str, javascript: bool, worker: bool = False
) -> BrowserContext:
    """A fresh profile: no cookies, English, UTC, little motion; without the service worker unless it is asked for."""
    return browser.new_context(
        base_url=base_url,
        viewport=VIEWPORTS[viewport],
        has_touch=viewport == "phone",
        color_scheme=theme,
        locale="en-US",
        timezone_id="UTC",
        reduced_motion="reduce",
        java_script_enabled=javascript,
        service_workers="allow" if worker else "block",
    )


_watches: WeakKeyDictionary[Page, Watch] = WeakKeyDictionary()


@contextmanager
def unwatched(page: Page) -> Iterator[None]:
    """While the test's own tools work on the page, what they provoke is not the page's fault."""
    watch = _watches.get(page)
    if watch:
        watch.paused = True
    yield
    if watch:
        watch.paused = False


# A part of the page was on its way when the test went to another page. An answer with an error says so in other words.
_LEFT_MEANWHILE = (r"^htmx:sendAbort", r"^htmx:afterRequest")


class Watch:
    """Collects what went wrong on a page: console errors (a breach of the content policy is one) and thrown errors."""

    def __init__(self, page: Page, allow: tuple[str, ...] = ()) -> None:
        self.allow = list(allow)
        self.found: list[str] = []
        self.paused = False
        _watches[page] = self
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"thrown: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not self.paused:
            self.found.append(f"{message.text} ({message.location.get('url', '')})")

    @property
    def problems(self) -> list[str]:
        """What was found and is not allowed (`allow` holds regular expressions)."""
        allowed = [*self.allow, *_LEFT_MEANWHILE]
        return [each for each in self.found if not any(re.search(pattern, each) for pattern in allowed)]
