"""PDFs that are sent piece by piece."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

from django.http import StreamingHttpResponse

_PIECE = 64 * 1024


def pdf(file: IO[bytes], *, name: str) -> StreamingHttpResponse:
    """An open file, from its beginning, as a PDF that the browser shows; it is closed when it is sent."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    answer = StreamingHttpResponse(_pieces(file), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    answer["Content-Length"] = str(size)
    answer["Cache-Control"] = "private, no-store"
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
