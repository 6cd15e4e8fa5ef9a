"""What is looked at from time to time: who readers are and what they may follow now, what is watched, who is stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

from apps.live import streams
from apps.live.protocol import Close
from apps.live.readers import Known, still_known
from apps.live.streams import Reader
from apps.live.threads import in_thread

if TYPE_CHECKING:
    from apps.live.connections import Connection
    from apps.live.hub import Hub

log = structlog.get_logger()

RECHECK_SECONDS = 60.0
RENEW_SECONDS = 240.0
_STUCK_ROUND_SECONDS = 5.0


class Rounds:
    """The rounds of one process."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._soon: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Go round for ever."""
        loop = asyncio.get_running_loop()
        checked = renewed = loop.time()
        while True:
            await asyncio.sleep(_STUCK_ROUND_SECONDS)
            now = loop.time()
            for connection in list(self._hub.connections):
                connection.end_if_stuck(now)
            try:
                if now - checked >= RECHECK_SECONDS:
                    checked = now
                    await self.recheck(list(self._hub.connections))
                if now - renewed >= RENEW_SECONDS:
                    renewed = now
                    await self.renew_watches()
            except (RedisError, OSError) as error:
                log.warning("live.round_failed", error=type(error).__name__)

    def recheck_soon(self, connections: Iterable[Connection]) -> None:
        """The same without waiting: the feed that asks for it has events to hand on."""
        task = asyncio.get_running_loop().create_task(self.recheck(connections))
        self._soon.add(task)
        task.add_done_callback(self._soon.discard)

    async def recheck(self, connections: Iterable[Connection]) -> None:
        """Close whoever is signed out, and take streams away that somebody may not follow any more."""
        asked = [(each, each.known, list(each.positions)) for each in connections]
        try:
            told, allowed = await in_thread(_look)([(known, names) for _, known, names in asked])
        except Exception as error:  # noqa: BLE001 - the database is away: the next round asks again
            log.warning("live.recheck_failed", error=type(error).__name__)
            return
        for connection, known, names in asked:
            if connection.known is not known:
                continue  # it has shown something newer meanwhile
            reader = told.get(known, known.reader)
            if reader is None:
                connection.end(Close.SIGNED_OUT)
                continue
            connection.known = Known(reader, known.proof)
            for name in names:
                if (reader, name) not in allowed:
                    self._hub.refuse(connection, name)

    async def renew_watches(self) -> None:
        """What is followed here stays watched."""
        for name in list(self._hub.followers):
            await self._hub.since(name, "")


def _look(asked: list[tuple[Known, list[str]]]) -> tuple[dict[Known, Reader | None], set[tuple[Reader, str]]]:
    """Who everybody is now, and which pairs of reader and stream are allowed; each pair is asked once."""
    told = still_known(known for known, _ in asked)
    pairs = {(reader, name) for known, names in asked if (reader := told.get(known, known.reader)) for name in names}
    allowed = {(r, name) for r, name in pairs if streams.kind_of(name)[0].is_public or streams.may_follow(r, name)}
    return told, allowed
