"""What all sockets of one process share: one subscription in Redis for each followed stream, handed on to each client here.

A message is made once and the same text goes to everybody; a channel-layer group would make, pass and read it again for
each client. The hub lives as long as there are clients: one for each event loop.
"""

from __future__ import annotations

import asyncio
import json
import uuid
import weakref
from collections import Counter, defaultdict
from collections.abc import Awaitable, Mapping

import redis.asyncio as aioredis
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from apps.core import metrics
from apps.live import keeping, places, streams
from apps.live.connections import Connection
from apps.live.feed import Feed
from apps.live.presence import Presence
from apps.live.protocol import Close, event_frame, frame
from apps.live.rounds import Rounds

log = structlog.get_logger()

MOST_PER_MEMBER = 40
_FAN_OUT_AT_ONCE = 500
_TO_REDIS = 8
"""Connections to each, one of them the feed's; thousands who come back at once take turns."""

_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def hub() -> Hub:
    """The running loop's."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


class Hub:
    """Connections of this process, what they follow, and the tasks that serve them while there are any."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.followers: defaultdict[str, set[Connection]] = defaultdict(set)
        self.members: Counter[uuid.UUID] = Counter()
        self._counted: dict[Connection, uuid.UUID] = {}
        self._reached: dict[str, str] = {}  # by stream, the last event that was handed on
        self._joining: defaultdict[str, list[list[tuple[str, str]]]] = defaultdict(list)
        self._tasks: list[asyncio.Task[None]] = []

    # -- clients come and go -----------------------------------------------
    @property
    def is_full(self) -> bool:
        """Whether this process has as many clients as it should."""
        return len(self.connections) >= settings.LIVE_CONNECTIONS

    def join(self, connection: Connection) -> None:
        """A client came; the first one starts the tasks."""
        if not self.connections:
            self._start()
        self.connections.add(connection)
        metrics.WEBSOCKET_CLIENTS.inc()
        self.count_member(connection)

    def count_member(self, connection: Connection) -> None:
        """Whose the connection is; one member has at most MOST_PER_MEMBER of them here."""
        member = connection.reader.member_id
        if member is None or connection in self._counted:
            return
        self._counted[connection] = member
        self.members[member] += 1
        if self.members[member] > MOST_PER_MEMBER:
            connection.end(Close.TRY_LATER)

    def leave(self, connection: Connection) -> Awaitable[None] | None:
        """A client is gone; the last one ends the tasks, and what is returned then waits for their end."""
        for name in list(connection.positions):
            self.unfollow(connection, name)
        if connection in self.connections:
            self.connections.discard(connection)
            metrics.WEBSOCKET_CLIENTS.dec()
            metrics.WEBSOCKETS_CLOSED.labels(connection.ended_by).inc()
        member = self._counted.pop(connection, None)
        if member is not None:
            self.members[member] -= 1
            self.members += Counter()  # forgets who has none
        return None if self.connections else self._stop()

    def _start(self) -> None:
        self.servers = [
            aioredis.Redis.from_pool(
                aioredis.BlockingConnectionPool.from_url(
                    address, decode_responses=True, max_connections=_TO_REDIS, timeout=10
                )
            )
            for address in places.addresses()
        ]
        self._since = [server.register_script(keeping.SINCE) for server in self.servers]
        self.feeds = [Feed(server, self.heard, self.ordered, self.catch_up) for server in self.servers]
        self.presence = Presence(self)
        self.rounds = Rounds(self)
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(work())
            for work in (*(feed.run for feed in self.feeds), self.presence.run, self.rounds.run)
        ]

    def _stop(self) -> Awaitable[None]:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for feed in self.feeds:
            feed.stop()
        self._closing = asyncio.create_task(self._close(tasks, self.feeds, self.presence, self.servers))
        return self._closing

    async def _close(
        self, tasks: list[asyncio.Task[None]], feeds: list[Feed], presence: Presence, servers: list[aioredis.Redis]
    ) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        await presence.settle()
        for feed, server in zip(feeds, servers, strict=True):
            try:
                await feed.close()
                await server.aclose()
            except (RedisError, OSError) as error:
                log.info("live.closed_badly", error=type(error).__name__)

    def number_of(self, stream: str) -> int:
        """Which of the servers keeps a stream."""
        return places.number_of(stream, len(self.servers))

    # -- streams -----------------------------------------------------------
    async def follow(self, connection: Connection, wanted: Mapping[str, str]) -> None:
        """Let a client follow streams, each from the event it has or from now on; it is told what it missed."""
        for name, last in wanted.items():
            heard: list[tuple[str, str]] = []
            try:
                self._joining[name].append(heard)
                await self.feeds[self.number_of(name)].subscribe(name)
                complete, at, missed = await self.since(name, last)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("live.subscribe_failed", error=type(error).__name__)
                connection.end(Close.TRY_LATER)
                return
            finally:
                self._forget_joining(name, heard)
            if connection not in self.connections:  # it left meanwhile
                self._release(name)
                return
            connection.positions[name] = at
            self.followers[name].add(connection)
            self._reached.setdefault(name, at)
            connection.say("subscribed", stream=name, at=at, complete=complete)
            for event_id, event in [*missed, *((i, e) for i, e in heard if keeping.is_newer(i, at))]:
                connection.tell(name, event_frame(name, event_id, event))
            self.presence.came(connection, name)

    def _forget_joining(self, name: str, heard: list[tuple[str, str]]) -> None:
        self._joining[name] = [each for each in self._joining[name] if each is not heard]
        if not self._joining[name]:
            del self._joining[name]

    def unfollow(self, connection: Connection, name: str) -> None:
        """A client does not follow a stream any more."""
        if connection.positions.pop(name, None) is None:
            return
        self.followers[name].discard(connection)
        connection.missed.discard(name)
        self.presence.left(connection, name)
        self._release(name)

    def _release(self, name: str) -> None:
        if not self.followers[name] and name not in self._joining:
            del self.followers[name]
            self._reached.pop(name, None)
            self.feeds[self.number_of(name)].unsubscribe(name)

    def refuse(self, connection: Connection, name: str) -> None:
        """The client may not follow the stream any more."""
        self.unfollow(connection, name)
        connection.say("unsubscribed", stream=name, code="no_such_stream")

    def position(self, name: str) -> str:
        """The id of the last event that was handed on."""
        return self._reached.get(name, "")

    async def since(self, name: str, last: str) -> tuple[bool, str, list[tuple[str, str]]]:
        """Whether everything after `last` is kept, the id reached, and what came after it."""
        kind, _ = streams.kind_of(name)
        arguments = keeping.since_arguments(name, last, only_watched=kind.only_watched)
        since = self._since[self.number_of(name)]
        complete, at, missed = await since(keys=keeping.keys_of(name), args=arguments)
        return bool(complete), at, [(event_id, fields[1]) for event_id, fields in missed]

    # -- what Redis tells --------------------------------------------------
    async def heard(self, name: str, event_id: str, event: str) -> None:
        """Hand an event on to all who follow; without an id it is one that is not kept."""
        if event_id:
            for buffer in self._joining.get(name, ()):
                buffer.append((event_id, event))
            if name in self._reached and not keeping.is_newer(event_id, self._reached[name]):
                return
            self._reached[name] = event_id
        text = event_frame(name, event_id, event) if event_id else event
        followers = list(self.followers.get(name, ()))
        for start in range(0, len(followers), _FAN_OUT_AT_ONCE):
            for connection in followers[start : start + _FAN_OUT_AT_ONCE]:
                connection.tell(name, text)
            await asyncio.sleep(0)  # what was written goes out, and others have their turn

    async def catch_up(self, name: str) -> None:
        """Redis was away for a moment: what was pushed meanwhile is told now, or that something was missed."""
        if name not in self._reached:
            return
        complete, at, missed = await self.since(name, self._reached[name])
        if complete:
            for event_id, event in missed:
                await self.heard(name, event_id, event)
            return
        self._reached[name] = at
        for connection in list(self.followers.get(name, ())):
            connection.reload(name)

    async def ordered(self, text: str) -> None:
        """What another process wants of all: sockets of an ended session closed, a member's rights asked anew."""
        order = json.loads(text)
        if digest := order.get("end"):
            for connection in [each for each in self.connections if each.known.proof.digest == digest]:
                connection.end(Close.SIGNED_OUT)
        if member := order.get("recheck"):
            connections = [each for each in self.connections if str(each.reader.member_id) == member]
            self.rounds.recheck_soon(connections)

    def tell_presence(self, name: str, members: list[str]) -> None:
        """Say who is there."""
        text = frame("presence", stream=name, members=members)
        for connection in list(self.followers.get(name, ())):
            connection.tell(name, text)
