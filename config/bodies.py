"""Refusing a request whose body is far too large before it is received: Django itself looks at it afterwards.

Django keeps a body on disk before any page sees it, so that every path has a limit: an import's file, a scan's photographs,
one picture anywhere else.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from apps.core.problems import error_body
from apps.scans.actions.sending import MOST_PHOTOS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

IMPORTS = ("/inventory/import/", "/api/v1/inventory/imports")
SCANS = ("/scan/", "/api/v1/scans")
_AROUND_A_FILE = 1 << 20
"""Bytes that a form may have besides its file."""
_LINGERS = 8 << 20
"""Bytes of a refused body that are still read: a browser shows the answer only when it is done sending."""


class _TooLarge(Exception):
    """More came than is taken."""


def bounded(application: App) -> App:
    """The application behind a limit for what is sent to it, by Content-Length or, without one, by counting."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await application(scope, receive, send)
            return
        most, came, answered = _most(scope["path"]) + _AROUND_A_FILE, 0, False
        length = dict(scope["headers"]).get(b"content-length", b"")
        if length.isdigit() and int(length) > most:
            await _drain(receive)
            await _refuse(scope, send)
            return

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > most:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await application(scope, counted, watched)
        except _TooLarge:
            if not answered:
                await _refuse(scope, send)

    return guarded


def _most(path: str) -> int:
    """Bytes of files that one request may bring there."""
    if path.startswith(IMPORTS):
        return int(settings.IMPORT_MAX_BYTES)
    return int(settings.UPLOAD_MAX_BYTES) * (MOST_PHOTOS if path.startswith(SCANS) else 1)


async def _drain(receive: Receive) -> None:
    """Read a little of what is refused, so that a small excess is answered instead of cut off."""
    came = 0
    while came < _LINGERS:
        message = await receive()
        came += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return


async def _refuse(scope: Scope, send: Send) -> None:
    is_import = scope["path"].startswith(IMPORTS)
    advice = "Split it, and send the parts." if is_import else "Send a smaller one."
    most = f"The file is over {_most(scope['path']) // 2**20} MB. {advice}"
    if scope["path"].startswith("/api/"):
        kind = b"application/json"
        body = json.dumps(error_body("TOO_LARGE", most)).encode()
    else:
        kind = b"text/html; charset=utf-8"
        back = '<p><a href="/inventory/import/">Back to the import</a></p>' if is_import else ""
        body = (
            '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Too large</title>'
            f"<main><h1>That file is too large</h1><p>{most}</p>{back}</main></html>"
        ).encode()
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
