"""`make newcomer`: from a clone to the first card in an inventory, in a folder of its own and a real Chromium, step by step.

What is committed is cloned, set up and started as README.md says; a visitor signs up, follows the link in the message, sends
a photograph that the demo has drawn, and keeps the card that is found. Ends with 1 where a step fails, and shows what the
demo said. Packages come from the machine's cache where they are there; --cold fetches all of them anew.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import Error, Page, expect, sync_playwright

from config.env import ROOT
from tests.browser.browsers import chromium_path, launch, open_context

PASSWORD = "a-shoebox-of-cards-1999"
START_SECONDS, FIND_SECONDS = 900, 300
_LINK = re.compile(r"https?://\S+/accounts/confirm-email/\S+")


class Stopwatch:
    """Seconds of each step, told as they pass."""

    def __init__(self) -> None:
        self.whole = 0.0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step; nothing is told of one that fails."""
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.whole += seconds
        print(f"{name:<44}{seconds:>8.1f} s", flush=True)


class Demo:
    """`make demo` in the clone: what it says, until it is told to stop."""

    def __init__(self, clone: Path, environment: dict[str, str]) -> None:
        self.said: list[str] = []
        self.ready = threading.Event()
        self._process = subprocess.Popen(
            ["make", "--no-print-directory", "demo"],
            cwd=clone, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            self.said.append(line.rstrip())
            if "is ready at" in line:
                self.ready.set()

    def wait(self) -> None:
        """Until it says that it is ready. Raises RuntimeError where it ends before, or takes too long."""
        until = time.monotonic() + START_SECONDS
        while not self.ready.wait(0.1):
            if self._process.poll() is not None:
                raise RuntimeError("the demo ended before it was ready")
            if time.monotonic() > until:
                raise RuntimeError(f"the demo was not ready after {START_SECONDS} s")

    def stop(self) -> None:
        """As Ctrl-C does: make and what it runs are told, and the last of them is waited for."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGINT)
        self._listening.join(90)  # to the end of what anybody says
        if self._listening.is_alive():
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def confirmation(data: Path) -> str:
    """The link in the message that the demo has written to a file. Raises RuntimeError where none comes."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for path in sorted((data / "mail").glob("*")):
            for message in path.read_bytes().split(b"-" * 79 + b"\n"):
                body = message_from_bytes(message, policy=policy.default).get_body(("plain",))
                if body and (link := _LINK.search(body.get_content())):
                    return link[0]
        time.sleep(0.1)
    raise RuntimeError("no message with a link to confirm the address came")


def sign_up(page: Page, data: Path) -> None:
    """By the page and the link in the message."""
    page.goto("/accounts/signup/")
    page.fill("[name=email]", "newcomer@example.com")
    page.fill("[name=password1]", PASSWORD)
    page.fill("[name=password2]", PASSWORD)
    page.check("[name=terms]")
    page.check("[name=notice]")
    page.get_by_role("button", name="Make the account").click()
    page.wait_for_url("**/confirm-email/")
    page.goto(confirmation(data))
    page.get_by_role("button", name="confirm").click()
    page.wait_for_load_state()


def first_card(page: Page, photo: Path, watch: Stopwatch) -> None:
    """The photograph is sent, its card found, and put into the inventory."""
    with watch.step("the photograph is sent"):
        page.goto("/scan/")
        page.set_input_files("input.drop__input--main", str(photo))
        page.get_by_role("button", name="Find my cards").click()
        page.wait_for_url("**/scan/*-*/")
    with watch.step("its card is named"):
        expect(page.get_by_role("heading", name="1 card found")).to_be_visible(timeout=FIND_SECONDS * 1000)
    with watch.step("the card is in the inventory"):
        page.get_by_role("button", name="Add 1 card to my inventory").click()
        page.wait_for_url("**/inventory/")
        expect(page.locator("main").get_by_role("link", name=re.compile("^List "))).to_be_visible()


def walked(folder: Path, watch: Stopwatch, *, cold: bool) -> None:
    """The whole path. Raises RuntimeError, CalledProcessError, or Playwright's errors."""
    clone = folder / "cardvault"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # What this process has been told of its own servers and folders is not a newcomer's.
    own = ("DATABASE_URL", "REDIS_URL", "CARDVAULT_", "DJANGO_", "STRIPE_", "EMAIL_", "SITE_", "VIRTUAL_ENV", "MAKE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environment |= {"PORT": str(port)} | ({"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"} if cold else {})
    with watch.step("git clone"):
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    with watch.step("make setup"):
        subprocess.run(["make", "--no-print-directory", "setup"], cwd=clone, env=environment, check=True)
    demo = Demo(clone, environment)
    try:
        with watch.step("make demo, until it is ready"):
            demo.wait()
        print("\n".join(f"    {line.partition('| ')[2]}" for line in demo.said if "| demo: " in line))
        data = clone / ".cardvault"
        with sync_playwright() as playwright:
            browser = launch(playwright, chromium_path() or "")
            address = f"http://127.0.0.1:{port}"
            how = {"viewport": "desktop", "theme": "light", "javascript": True}
            page = open_context(browser, base_url=address, **how).new_page()
            with watch.step("the front page"):
                page.goto("/")
            with watch.step("signed up, the address confirmed"):
                sign_up(page, data)
            first_card(page, data / "media" / "demo" / "photos" / "one-card.jpg", watch)
            browser.close()
    except (RuntimeError, Error, AssertionError):
        print("\n".join(demo.said[-40:]), file=sys.stderr)
        raise
    finally:
        demo.stop()


def main() -> int:
    """Run; 0 when the card is in the inventory."""
    parser = argparse.ArgumentParser(prog="make newcomer", description=__doc__)
    parser.add_argument("--cold", action="store_true", help="fetch every package anew")
    parser.add_argument("--keep", action="store_true", help="keep the folder, and say which it is")
    asked = parser.parse_args()
    if chromium_path() is None:
        print("no Chromium: apt-get install chromium, or name one in $CHROMIUM", file=sys.stderr)
        return 1
    folder, watch = Path(tempfile.mkdtemp(prefix="cv-newcomer-")), Stopwatch()
    try:
        walked(folder, watch, cold=asked.cold)
    except (RuntimeError, subprocess.CalledProcessError, Error, AssertionError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    finally:
        if asked.keep:
            print(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{'from the clone to the card in the inventory':<44}{watch.whole:>8.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
