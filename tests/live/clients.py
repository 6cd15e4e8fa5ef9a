"""A websocket to the whole application, as a page or a program opens it, without a server between."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.test import Client

from tests.waiting import PATIENCE

ORIGIN = b"http://testserver"


def cookie_of(client: Client) -> bytes:
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}".encode()


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


class Socket(ApplicationCommunicator):
    """One connection. `Socket(client)` is a page with the client's session, `Socket()` a program."""

    def __init__(self, client: Client | None = None, *, origin: bytes | None = ORIGIN) -> None:
        from config.asgi import application

        headers = [(b"host", b"testserver")]
        if client is not None:
            headers += [(b"cookie", cookie_of(client))] if settings.SESSION_COOKIE_NAME in client.cookies else []
            headers += [(b"origin", origin)] if origin else []
        scope = {
            "type": "websocket", "path": "/ws/", "query_string": b"", "headers": headers, "subprotocols": [],
            "client": ("203.0.113.9", 4000),
        }  # fmt: skip
        super().__init__(application, scope)

    async def connect(self) -> dict[str, Any]:
        """The first thing heard: hello, or the close that turned us away."""
        await self.send_input({"type": "websocket.connect"})
        taken = await self.receive_output(PATIENCE)
        return taken if taken["type"] == "websocket.close" else await self.heard()

    async def say(self, kind: str, **told: object) -> None:
        await self.send_input({"type": "websocket.receive", "text": json.dumps({"type": kind, **told})})

    async def ask(self, kind: str, **told: object) -> dict[str, Any]:
        """Say something and hear the next answer."""
        await self.say(kind, **told)
        return await self.heard()

    async def follow(self, stream: str, last: str | None = None) -> dict[str, Any]:
        return await self.ask("subscribe", streams={stream: last})

    async def heard(self) -> dict[str, Any]:
        """The next message; a close as `{"type": "close", "code": …}`."""
        message = await self.receive_output(PATIENCE)
        if message["type"] == "websocket.close":
            return {"type": "close", "code": message["code"]}
        return json.loads(message["text"])

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(PATIENCE)


def live(story: Callable[[], Awaitable[Any]]) -> Any:
    """Run what happens on sockets."""
    return async_to_sync(story)()


def do(work: Callable[..., Any], *args: object, **how: object) -> Awaitable[Any]:
    """Something in the database, meanwhile."""
    return database_sync_to_async(work)(*args, **how)
