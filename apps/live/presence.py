"""Who looks at a stream right now: marks in Redis that expire, one for each member and process."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

from apps.live import keeping, streams
from apps.live.protocol import frame
from apps.live.threads import in_thread

if TYPE_CHECKING:
    from apps.live.connections import Connection
    from apps.live.hub import Hub

log = structlog.get_logger()

EVERY_SECONDS = 15.0
_EXPIRES_MS = 40_000

# KEYS: marks. ARGV: mark, how long, whether it comes (1), leaves (0) or is only asked for (''). Answers the marks that hold.
_MARK = (
    keeping._NOW
    + """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif ARGV[3] == '0' then redis.call('ZREM', KEYS[1], ARGV[1]) end
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
)


class Presence:
    """Keeps the marks of this process's clients fresh and tells who is there when that changes."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._process = secrets.token_hex(6)
        self._here: dict[str, dict[Connection, str]] = {}
        self._told: dict[str, list[str]] = {}
        self._mark = [server.register_script(_MARK) for server in hub.servers]
        self._moves: set[asyncio.Task[None]] = set()

    def came(self, connection: Connection, stream: str) -> None:
        """A client follows a stream."""
        if streams.kind_of(stream)[0].is_present is not None:
            self._later(self._arrive(connection, stream))

    def left(self, connection: Connection, stream: str) -> None:
        """A client follows it no more."""
        here = self._here.get(stream, {})
        member = here.pop(connection, None)
        if not here:
            self._here.pop(stream, None)
        if member is not None and member not in here.values():
            self._later(self._publish(stream, member, "0"))
        if not self._hub.followers.get(stream):
            self._told.pop(stream, None)

    def _later(self, move: object) -> None:
        task = asyncio.get_running_loop().create_task(move)  # type: ignore[arg-type]
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)

    async def settle(self) -> None:
        """Wait until what began is done."""
        if self._moves:
            await asyncio.wait(list(self._moves), timeout=2)

    async def _arrive(self, connection: Connection, stream: str) -> None:
        if await in_thread(streams.is_present)(connection.reader, stream) and stream in connection.positions:
            member = str(connection.reader.member_id)
            self._here.setdefault(stream, {})[connection] = member
            await self._publish(stream, member, "1")
        else:  # one who only looks on is told all the same
            members = await self._members(stream)
            connection.tell(stream, frame("presence", stream=stream, members=members))

    async def _members(self, stream: str, member: str = "", how: str = "") -> list[str]:
        arguments = [f"{member}@{self._process}", _EXPIRES_MS, how]
        mark = self._mark[self._hub.number_of(stream)]
        marks = await mark(keys=[keeping.name("here", stream)], args=arguments)
        return sorted({mark.partition("@")[0] for mark in marks})

    async def _publish(self, stream: str, member: str, how: str) -> None:
        """Come or leave, and tell everybody who is there now."""
        try:
            text = frame("presence", stream=stream, members=await self._members(stream, member, how))
            await self._hub.servers[self._hub.number_of(stream)].publish(keeping.name("heard", stream), f" {text}")
        except (RedisError, OSError) as error:
            log.info("live.presence_failed", error=type(error).__name__)

    async def run(self) -> None:
        """Renew the marks, and tell where others' have expired."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            for stream, here in list(self._here.items()):
                try:
                    for member in set(here.values()):
                        members = await self._members(stream, member, "1")
                except (RedisError, OSError) as error:
                    log.info("live.presence_failed", error=type(error).__name__)
                    break
                if members != self._told.get(stream):
                    self._told[stream] = members
                    self._hub.tell_presence(stream, members)
