"""The process's one ear in Redis: subscriptions that survive a Redis that goes away and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import redis.asyncio as aioredis
import structlog
from redis.exceptions import RedisError

from apps.live import keeping

log = structlog.get_logger()

_CONFIRM_SECONDS = 5.0
_RETRY_SECONDS = 1.0


class Feed:
    """Subscribes to streams and hands on what is published, in order.

    heard(stream, event id or nothing, text), ordered(text), catch_up(stream): awaited one after another.
    """

    def __init__(
        self,
        connection: aioredis.Redis,
        heard: Callable[[str, str, str], Awaitable[None]],
        ordered: Callable[[str], Awaitable[None]],
        catch_up: Callable[[str], Awaitable[None]],
    ) -> None:
        self._redis = connection
        self._heard, self._ordered, self._catch_up = heard, ordered, catch_up
        self._pubsub = connection.pubsub(ignore_subscribe_messages=False)
        self._orders = keeping.name("orders")
        self._prefix = keeping.name("heard", "")
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._is_connected = False
        self._leaving: set[asyncio.Task[None]] = set()

    async def subscribe(self, stream: str) -> None:
        """Hear of a stream; returns when Redis has confirmed it. Raises RedisError, TimeoutError."""
        if stream not in self._confirmed:
            self._confirmed[stream] = asyncio.get_running_loop().create_future()
            if self._is_connected:
                await self._pubsub.subscribe(self._prefix + stream)
        await asyncio.wait_for(asyncio.shield(self._confirmed[stream]), _CONFIRM_SECONDS)

    def unsubscribe(self, stream: str) -> None:
        """Hear no more of it."""
        if self._confirmed.pop(stream, None) is not None:
            task = asyncio.get_running_loop().create_task(self._leave(stream))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _leave(self, stream: str) -> None:
        try:
            if stream not in self._confirmed and self._is_connected:  # somebody came meanwhile
                await self._pubsub.unsubscribe(self._prefix + stream)
        except (RedisError, OSError) as error:
            log.info("live.unsubscribe_failed", error=type(error).__name__)

    async def _connect(self) -> None:
        """Subscribe to everything that is wanted; what is asked for while that goes on is subscribed to as well."""
        await self._pubsub.subscribe(self._orders)
        done: set[str] = set()
        while new := set(self._confirmed) - done:
            await self._pubsub.subscribe(*(self._prefix + name for name in new))
            done |= new
        # redis-py loses a cancellation that comes while it connects (seen with 8.1): nothing would ever end this task.
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError
        self._is_connected = True

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            try:
                await self._connect()
                while True:
                    message = await self._pubsub.get_message(timeout=None)
                    if message is not None:
                        await self._take(message)
            except (RedisError, OSError) as error:
                self._is_connected = False
                log.warning("live.feed_lost", error=type(error).__name__)
                await self._pubsub.aclose()
                self._pubsub = self._redis.pubsub(ignore_subscribe_messages=False)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _take(self, message: dict[str, str]) -> None:
        channel = message["channel"]
        stream = channel.removeprefix(self._prefix)
        if message["type"] == "subscribe":
            confirmed = self._confirmed.get(stream)
            if confirmed is not None and not confirmed.done():
                confirmed.set_result(None)
            elif confirmed is not None:  # once more: the connection was lost, and with it what was told meanwhile
                await self._catch_up(stream)
        elif message["type"] == "message" and channel == self._orders:
            await self._ordered(message["data"])
        elif message["type"] == "message":
            event_id, _, text = message["data"].partition(" ")
            await self._heard(stream, event_id, text)

    def stop(self) -> None:
        """Ask Redis for nothing more: what follows is `close`."""
        self._is_connected = False

    async def close(self) -> None:
        """Leave Redis."""
        if self._leaving:
            await asyncio.wait(self._leaving)
        await self._pubsub.aclose()
