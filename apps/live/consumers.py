"""The websocket at /ws/: who may connect, then a Connection serves it until it ends.

Plain ASGI rather than a Channels consumer: that keeps a queue, a task and a channel for each client, which here the hub has
once for all.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http.request import validate_host

from apps.core.ids import uuid7
from apps.live.connections import Connection
from apps.live.hub import hub
from apps.live.protocol import Close
from apps.live.readers import VISITOR, Known, by_cookie
from apps.live.threads import in_thread

log = structlog.get_logger()


async def live_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Serve one client.

    A page shows its session by cookie, which counts only where the page is ours (Origin); another site's is turned away.
    A program sends no Origin, is a visitor at first, and says who it is by `auth`.
    """
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=str(uuid7()))
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"origin", b"cookie")}
    origin = headers.get(b"origin")
    await receive()
    if origin is not None and not is_ours(origin):
        await send({"type": "websocket.close", "code": 1008})
        return
    known, code = VISITOR, None
    if hub().is_full:
        code = Close.TRY_LATER
    elif origin is not None and b"cookie" in headers:
        known, code = await _signed_in(headers[b"cookie"])
    await send({"type": "websocket.accept"})
    if code is not None:
        await send({"type": "websocket.close", "code": int(code)})
        return
    connection = Connection(hub(), known, _address(scope), receive, send)
    hub().join(connection)
    began = time.monotonic()
    try:
        await connection.run()
    finally:
        log.info("live.ended", why=connection.ended_by, seconds=round(time.monotonic() - began, 1))


async def _signed_in(cookie: str) -> tuple[Known, Close | None]:
    try:
        return await in_thread(by_cookie)(cookie), None
    except Exception as error:  # noqa: BLE001 - the database is away; the page comes again
        log.warning("live.reader_unknown", error=type(error).__name__)
        return VISITOR, Close.TRY_LATER


def is_ours(origin: str) -> bool:
    """Whether a page of this site opened the socket."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    return validate_host(host, settings.ALLOWED_HOSTS)


def _address(scope: dict[str, Any]) -> str:
    """Where the client is; behind our proxy whom the proxy saw, as for pages (core.middleware.client_address)."""
    if settings.BEHIND_PROXY:
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                return value.decode("latin-1").rpartition(",")[2].strip()
    return (scope.get("client") or ("unknown",))[0]
