"""Django's handler of requests under ASGI, with a request's whole way in one piece on one thread.

Django's own goes to a new thread and back for each change between code that awaits and code that does not: signals, middleware,
the view, the end. Under load each change waits for its turn at the interpreter. Here there is one way there and one back, on a
thread that is kept for the next request, with its database connection's object. docs/load.md has what that saves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

IDLE = 40
"""Threads that wait for the next request; one that is let go ends by itself."""

Scope = MutableMapping[str, Any]


class Pages(ASGIHandler):
    """Answers HTTP. Everything in the settings' MIDDLEWARE has to work without awaiting."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware()
        self.idle: deque[Executor] = deque()  # only the event loop's thread takes from it and gives back

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request, on one thread from beginning to end."""
        if scope["type"] != "http":
            raise ValueError(f"pages are asked for by HTTP, not by {scope['type']}")
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
        async with ThreadSensitiveContext(executor=thread):
            await self.handle(scope, receive, send)
        if len(self.idle) < IDLE:
            self.idle.append(thread)

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:
        """Receive, answer, send."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            set_script_prefix(get_script_prefix(scope))
            request, response = self.create_request(scope, body)
            if request is not None:
                response = await sync_to_async(self._answer)(scope, request)
            if response.streaming:
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)
        finally:
            body.close()

    def _answer(self, scope: Scope, request: ASGIRequest) -> HttpResponseBase:
        """The answer; one that is whole is also done with what it took: the connection to the database goes back."""
        signals.request_started.send(sender=self.__class__, scope=scope)
        response = self.get_response(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]  # Django's own name
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response

    async def _stream(self, response: HttpResponseBase, receive: Any, send: Any) -> None:
        """Send it piece by piece for as long as somebody is there."""
        if not response.is_async:  # type: ignore[attr-defined]  # Django would gather all of it first
            response.streaming_content = _awaited(iter(response.streaming_content))  # type: ignore[attr-defined]
        sending = asyncio.ensure_future(self.send_response(response, send))
        leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()
            told = await asyncio.gather(sending, leaving, return_exceptions=True)
            await sync_to_async(response.close)()
        if isinstance(told[0], Exception):
            raise told[0]


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same from the request's own thread, which has the database's connection."""
    following = sync_to_async(lambda: next(pieces, None))
    while (piece := await following()) is not None:
        yield piece
