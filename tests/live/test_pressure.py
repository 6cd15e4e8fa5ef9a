"""A client that does not read: it never slows others, waits for nothing without end, and is told what to ask for anew."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from apps.live import connections, rounds
from apps.live.consumers import live_socket
from apps.live.hub import hub
from apps.live.pushing import push
from tests.live.clients import do, live
from tests.live.test_following import open_stream
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


class Client:
    """A program behind a server whose `send` waits until it reads, as a real one's does when its buffers are full."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self.heard: list[dict[str, Any]] = []
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {"type": "websocket", "path": "/ws/", "headers": [], "client": ("203.0.113.9", 1)}
        self._said.put_nowait({"type": "websocket.connect"})
        self.served = asyncio.create_task(live_socket(scope, self._said.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        self.heard.append(json.loads(message["text"]) if "text" in message else message)

    def say(self, kind: str, **told: object) -> None:
        text = json.dumps({"type": kind, **told})
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    async def hears(self, kind: str, times: int = 1) -> list[dict[str, Any]]:
        """What was heard of this kind, as soon as there is enough of it."""
        async with asyncio.timeout(PATIENCE):
            while len(found := [each for each in self.heard if each["type"] == kind]) < times:
                await asyncio.sleep(0)
        return found

    async def leave(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await asyncio.wait([self.served], timeout=PATIENCE)


async def two(stream: str) -> tuple[Client, Client]:
    slow, quick = Client(), Client()
    for client in (slow, quick):
        client.say("subscribe", streams=[stream])
        await client.hears("subscribed")
    slow.reads.clear()
    return slow, quick


def test_one_that_does_not_read_slows_nobody_and_is_told_to_ask_anew(monkeypatch):
    monkeypatch.setattr(connections, "MOST_QUEUED", 10)
    stream = open_stream()

    def push_many() -> None:
        for number in range(50):
            push(stream, "tick", {"number": number})

    async def story() -> None:
        slow, quick = await two(stream)
        await do(push_many)
        told = await quick.hears("event", 50)
        assert [each["data"]["number"] for each in told] == list(range(50))
        slow.reads.set()
        (again,) = await slow.hears("reload")
        assert (again["stream"], again["at"]) == (stream, told[-1]["id"])
        assert len([each for each in slow.heard if each["type"] == "event"]) < 12
        await do(push, stream, "tick", {"number": 50})
        assert (await slow.hears("event"))[-1] and (await quick.hears("event", 51))
        await slow.leave()
        await quick.leave()

    live(story)


def test_one_that_reads_nothing_for_long_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "STUCK_SECONDS", 0.0)
    monkeypatch.setattr(rounds, "_STUCK_ROUND_SECONDS", 0.01)
    stream = open_stream()

    async def story() -> None:
        slow, quick = await two(stream)
        await do(push, stream, "tick")
        await quick.hears("event")
        await asyncio.wait([slow.served], timeout=PATIENCE)
        assert slow.served.done()
        assert len(hub().connections) == 1
        await quick.leave()

    live(story)


def test_a_full_process_asks_to_come_later(settings):
    settings.LIVE_CONNECTIONS = 0

    async def story() -> None:
        late = Client()
        (closed,) = await late.hears("websocket.close")
        assert closed["code"] == 1013
        await late.leave()

    live(story)
