"""Live pages: thousands of websockets on one web process, against a bare Channels consumer with Redis groups in the same run.

One process serves (uvicorn, as in production), one holds all clients and pushes. Measured of both: memory of the server for
each client, how long an event takes from the push to each client (one a second, so that each finds the server idle), how
many messages go out a second when events come at once, and how many questions (ping; an echo there) are answered a second.
`ratio`: the baseline's time or memory over ours, our messages a second over the baseline's; above 1 ours is better.

Then, with nobody else there: how long after it was made an offer stands on the seller's open page, in a real browser.

5,000 clients; with --large 10,000. Each takes a file descriptor on both sides (ulimit -n).
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of
from tests.benchmarks.web import served


@dataclass(frozen=True, slots=True)
class Hall:
    """Clients; events one at a time, events at once, rounds of questions; seconds of rest between single events."""

    clients: int
    single: int = 10
    burst: int = 20
    questions: int = 3
    rest: float = 1.0


SIZES = {
    Size.TINY: Hall(4, single=2, burst=2, questions=1, rest=0.0),
    Size.USUAL: Hall(5_000),
    Size.LARGE: Hall(10_000),
}
AT_ONCE = 200
"""Clients that connect at the same time, at most."""
OFFERS = 15
STREAM = "card:0198c1f2-0000-7000-8000-000000000001"
OURS, BASELINE = "ours", "Channels (baseline)"
_APPLICATIONS = {OURS: "config.asgi:application", BASELINE: "tests.benchmarks.channels_echo:application"}
_MASK = b"\x00\x00\x00\x00"


def frame(message: dict[str, Any]) -> bytes:
    """A client's text frame under 126 or 65,536 bytes, masked with zeros (RFC 6455, 5.2)."""
    text = json.dumps(message).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + length + _MASK + text


class Client(asyncio.Protocol):
    """One websocket, as little as it takes: what it hears is handed on as JSON."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self.heard = heard
        self.is_open = asyncio.get_running_loop().create_future()
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a websocket."""
        self.transport = transport
        lines = ["GET /ws/ HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
        transport.write("\r\n".join(lines).encode())

    def data_received(self, data: bytes) -> None:
        """Take the server's frames apart, which are not masked."""
        data = self._left + data
        if not self.is_open.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._left = head
                return
            self.is_open.set_result(head.startswith(b"HTTP/1.1 101"))
        while len(data) >= 2:
            length, start = data[1], 2
            if length == 126 and len(data) >= 4:
                length, start = int.from_bytes(data[2:4], "big"), 4
            if len(data) < start + length:
                break
            if data[0] & 0x0F == 1:
                self.heard(data[start : start + length])
            elif data[0] & 0x0F == 9:  # a ping wants its pong
                self.transport.write(b"\x8a" + bytes([0x80 | length]) + _MASK + data[start : start + length])
            data = data[start + length :]
        self._left = data

    def connection_lost(self, exc: Exception | None) -> None:
        """The server ended it, or we did."""
        if not self.is_open.done():
            self.is_open.set_result(False)


class Crowd:
    """All clients together: what they heard, counted, with how long it took."""

    def __init__(self) -> None:
        self.clients: list[Client] = []
        self.delays: list[float] = []
        self.answers = self.following = 0

    def hear(self, text: bytes) -> None:
        """Count one message; an event carries the moment of its push, by a clock that both processes share."""
        if b'"pushed"' in text:
            told = json.loads(text)
            self.delays.append(time.monotonic() - told["data"]["pushed"])
        elif b'"subscribed"' in text:
            self.following += 1
        elif b'"pong"' in text:
            self.answers += 1

    async def gather(self, port: int, count: int) -> None:
        """Connect and follow the stream, some at a time."""
        loop = asyncio.get_running_loop()
        for start in range(0, count, AT_ONCE):
            some = [
                (await loop.create_connection(lambda: Client(self.hear), "127.0.0.1", port))[1]
                for _ in range(start, min(start + AT_ONCE, count))
            ]
            if not all([await client.is_open for client in some]):
                raise RuntimeError("a client was not let in")
            for client in some:
                client.transport.write(frame({"type": "subscribe", "streams": [STREAM]}))
            self.clients += some
            await reached(lambda: self.following >= len(self.clients))

    def ask(self) -> None:
        """Every client asks at once."""
        question = frame({"type": "ping"})
        for client in self.clients:
            client.transport.write(question)

    def leave(self) -> None:
        """All go."""
        for client in self.clients:
            client.transport.close()


async def reached(is_so: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for what the clients hear. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.002)


def web(size: Size, name: str) -> AbstractContextManager[tuple[int, int]]:
    """One process of ours or of the baseline: its port and its process id."""
    more = ("--no-access-log", "--backlog", "4096", "--ws", "config.sockets:Sockets")
    return served(size, application=_APPLICATIONS[name], workers=1, more=more, env={"LIVE_CONNECTIONS": "20000"})


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measure(port: int, pid: int, hall: Hall, push: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """Figures of one server."""
    warm, count = Crowd(), hall.clients
    await warm.gather(port, min(AT_ONCE, count))  # what is loaded and kept once is no client's
    before = resident(pid)
    crowd = Crowd()
    began = time.monotonic()
    await crowd.gather(port, count)
    joined = time.monotonic() - began
    told = {"clients": count, "KiB a client": max(1, resident(pid) - before) / count / 1024, "seconds to join": joined}
    await asyncio.sleep(2 * hall.rest)
    for number in range(1, hall.single + 1):
        await push()
        await reached(lambda number=number: len(crowd.delays) >= number * count)
        await asyncio.sleep(hall.rest)
    delays = [1000 * each for each in crowd.delays]
    told |= {"fan-out p50 ms": statistics.median(delays), "fan-out p95 ms": statistics.quantiles(delays, n=20)[-1]}
    crowd.delays.clear()
    began = time.monotonic()
    for _ in range(hall.burst):
        await push()
    await reached(lambda: len(crowd.delays) >= hall.burst * count)
    told["messages/s"] = hall.burst * count / (time.monotonic() - began)
    began = time.monotonic()
    for number in range(1, hall.questions + 1):
        crowd.ask()
        await reached(lambda number=number: crowd.answers >= number * count)
    told["answers/s"] = hall.questions * count / (time.monotonic() - began)
    crowd.leave()
    warm.leave()
    return told


def pushes() -> dict[str, Callable[[], Awaitable[None]]]:
    """How each side is told of an event."""
    from channels.layers import get_channel_layer

    from apps.live import pushing

    async def ours() -> None:
        event = json.dumps({"event": "price", "data": {"pushed": time.monotonic()}})
        pushing.send([(STREAM, event)])

    layer = get_channel_layer()

    async def baseline() -> None:
        event = {"event": "price", "data": {"pushed": time.monotonic()}}
        await layer.group_send("crowd", {"type": "told", "event": event})

    return {OURS: ours, BASELINE: baseline}


_SEEN = """() => {
  window.seenAt = {};
  new MutationObserver(() => {
    const rows = document.querySelectorAll("#offers tbody tr").length;
    window.seenAt[rows] ??= Date.now();
  }).observe(document, { childList: true, subtree: true });
}"""


def from_person_to_person() -> dict[str, float] | None:
    """Milliseconds from the moment at which an offer is made until the seller's open page shows it, in a real browser."""
    from django.conf import settings
    from django.test import Client as Visitor
    from playwright.sync_api import sync_playwright

    from apps.listings.offers import actions
    from tests.browser.browsers import chromium_path, launch
    from tests.factories import make_listing, make_user

    executable = chromium_path()
    if executable is None:
        return None
    buyer, seller = make_user("Bea"), make_user("Mira")
    listings = [make_listing(seller, price_minor=4000 + number) for number in range(OFFERS)]
    visitor = Visitor(HTTP_HOST="127.0.0.1")
    visitor.force_login(seller, backend=settings.AUTHENTICATION_BACKENDS[0])
    cookie = visitor.cookies[settings.SESSION_COOKIE_NAME].value
    delays = []
    with web(Size.USUAL, OURS) as (port, _), sync_playwright() as playwright, ThreadPoolExecutor(1) as aside:
        browser = launch(playwright, executable)
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}")
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "domain": "127.0.0.1", "path": "/"}]
        )
        page = context.new_page()
        page.goto("/offers/")
        page.locator("html[data-live-state=on]").wait_for(state="attached")
        page.evaluate(_SEEN)
        for number, listing in enumerate(listings, start=1):
            aside.submit(actions.make_offer, listing=listing, by=buyer, price_minor=3000).result()
            made = time.time()
            page.locator(f"#offers tbody tr:nth-child({number})").wait_for()
            delays.append(page.evaluate(f"window.seenAt[{number}]") - 1000 * made)
            time.sleep(0.4)  # somebody who offers again and again meets the page's own pause between two requests
        browser.close()
    return {"p50 ms": statistics.median(delays), "p95 ms": statistics.quantiles(delays, n=20)[-1], "offers": OFFERS}


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Both, one after the other."""
    told: dict[str, Any] = {}
    with scratch():
        for name, push in pushes().items():
            with web(size, name) as (port, pid):
                told[name] = asyncio.run(measure(port, pid, of(SIZES, size), push))
            print(f"  {name}: " + ", ".join(f"{key} {value:,.1f}" for key, value in told[name].items()))
        if size is not Size.TINY:
            told["an offer in one browser shown in another"] = shown = from_person_to_person()
            print(f"  an offer made by one shown to the other: {shown}")
    for key in ("KiB a client", "seconds to join", "fan-out p50 ms", "fan-out p95 ms"):
        told[OURS][f"{key}, ratio"] = told[BASELINE][key] / told[OURS][key]
    for key in ("messages/s", "answers/s"):
        told[OURS][f"{key}, ratio"] = told[OURS][key] / told[BASELINE][key]
    return told


if __name__ == "__main__":
    run()
