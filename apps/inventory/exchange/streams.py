"""Answers that are sent while they are made, under ASGI too, where Django would gather a plain iterator first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

_LINES = 500


def attachment(request: HttpRequest, lines: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """A CSV file to be kept under this name, sent in pieces of a few hundred lines."""
    pieces = _pieces(lines)
    content = _awaited(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    while piece := "".join(islice(lines, _LINES)):
        yield piece.encode()


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same from the request's own thread, which has the database's connection."""
    following = sync_to_async(lambda: next(pieces, b""))
    while piece := await following():
        yield piece
