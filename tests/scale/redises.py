"""Tasks, cache and live pages each on Redis servers of their own, with the whole product on them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from config.embedded.addresses import redis_answers
from config.embedded.binaries import find_redis
from config.embedded.servers import Redis
from config.env import ROOT

_NAMES = ("tasks", "cache", "live-1", "live-2")
_TASKS = ("_kombu.", "unacked", "default", "feeds", "vision", "notify")


class Redises:
    """Four servers, for as long as this process lives."""

    def __init__(self, folder: Path) -> None:
        self.servers: dict[str, Redis] = {}
        for name in _NAMES:
            home, sockets = folder / name, folder / name / "s"
            sockets.mkdir(mode=0o700, parents=True)
            self.servers[name] = Redis(home, sockets, find_redis(), ephemeral=True)
            self.servers[name].start()
        _until(lambda: all(redis_answers(server.sockets) for server in self.servers.values()))

    def address(self, name: str) -> str:
        """As redis-py reads it."""
        return f"unix://{self.servers[name].sockets}/redis.sock?db=0"

    @property
    def environment(self) -> dict[str, str]:
        """What the program is told."""
        return {
            "REDIS_URL": self.address("tasks"),
            "CACHE_REDIS_URL": self.address("cache"),
            "LIVE_REDIS_URL": ",".join(map(self.address, ("live-1", "live-2"))),
        }

    def keys(self, name: str) -> set[str]:
        """Everything that lies there."""
        import redis

        with redis.Redis.from_url(self.address(name), decode_responses=True) as client:
            return set(client.keys("*"))

    def end(self) -> None:
        """Stop all."""
        for server in self.servers.values():
            server.stop()


def stores(servers: Redises) -> list[str]:
    """Pages, sockets and tasks work, each leaves its keys where they belong, and what is away is told."""
    from asgiref.sync import async_to_sync
    from django.test import Client

    from apps.core import tasks
    from apps.core.models import Delivery
    from apps.live.pushing import push
    from tests.factories import make_item, make_user
    from tests.live.clients import Socket, do, signed_in

    found: list[str] = []
    people = [make_user() for _ in range(12)]
    heard: list[str] = []

    async def story() -> None:
        pages = [Socket(await do(signed_in, person)) for person in people]
        for page, person in zip(pages, people, strict=True):
            await page.connect()
            await page.follow(f"member:{person.pk}")
        for page, person in zip(pages, people, strict=True):
            await do(push, f"member:{person.pk}", "told")
            heard.append((await page.heard())["event"])
            await page.leave()

    async_to_sync(story)()
    found += [] if heard == ["told"] * len(people) else [f"sockets heard {heard}"]
    make_item(people[0])
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "-Q", "default", "-P", "solo", "-c", "1"],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
    )  # fmt: skip
    try:
        tasks.relay_outbox.delay()
        _until(lambda: not Delivery.objects.filter(delivered_at=None, parked_at=None).exists())
    finally:
        worker.terminate()
        worker.wait(30)
    statuses = [Client().get(path).status_code for path in ("/", "/readyz", "/accounts/login/")]
    found += [] if statuses == [200] * 3 else [f"pages answered {statuses}"]
    kept = {name: servers.keys(name) for name in _NAMES}
    found += [f"not a task's: {key}" for key in kept["tasks"] if not key.startswith(_TASKS)]
    found += [f"not of live pages: {key}" for key in kept["live-1"] | kept["live-2"] if not key.startswith("live:")]
    found += [f"nothing lies on {name}" for name in _NAMES if not kept[name]]
    found += [f"not the cache's: {key}" for key in kept["cache"] if key.startswith(("live:", "_kombu"))]
    servers.servers["live-2"].stop()
    told = Client().get("/readyz")
    found += [] if (told.status_code, told.json()["checks"]["redis"]) == (503, "unreachable") else ["nobody was told"]
    told_of = {name: len(keys) for name, keys in kept.items()}
    print(f"redis: {len(people)} sockets heard what was theirs, a worker handled the events; keys by server: {told_of}")
    return found


def _until(holds: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain")
        time.sleep(0.1)
