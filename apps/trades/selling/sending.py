"""PDFs that are sent piece by piece, under ASGI too, where Django would gather a plain iterator first."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import IO

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

_PIECE = 64 * 1024


def pdf(request: HttpRequest, file: IO[bytes], *, name: str) -> StreamingHttpResponse:
    """An open file, from its beginning, as a PDF that the browser shows; it is closed when it is sent."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    pieces = _pieces(file)
    content = _awaited(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    answer["Content-Length"] = str(size)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


async def _awaited(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(pieces, b""))
    while piece := await following():
        yield piece
