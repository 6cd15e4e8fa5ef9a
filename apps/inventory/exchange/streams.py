"""Answers that are sent while they are made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import StreamingHttpResponse

_LINES = 500


def attachment(lines: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """A CSV file to be kept under this name, sent in pieces of a few hundred lines."""
    answer = StreamingHttpResponse(_pieces(lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    while piece := "".join(islice(lines, _LINES)):
        yield piece.encode()
