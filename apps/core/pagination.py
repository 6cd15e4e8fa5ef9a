"""Limit and offset for the API, numbered pages for the web. Both are bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.http import HttpRequest
from rest_framework.request import Request

from apps.core.errors import InvalidInput

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A slice of a longer list. `offset` counts from 0; `number` from 1."""

    rows: Sequence[Row]
    total: int
    limit: int
    offset: int

    @property
    def number(self) -> int:
        """Which page this is, from 1."""
        return self.offset // self.limit + 1

    @property
    def pages(self) -> int:
        """How many pages there are; at least 1."""
        return max(1, -(-self.total // self.limit))

    @property
    def has_more(self) -> bool:
        """Whether rows follow."""
        return self.offset + len(self.rows) < self.total

    @property
    def first(self) -> int:
        """Which row of all the first one here is, from 1; 0 where there are none."""
        return self.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Which row of all the last one here is."""
        return self.offset + len(self.rows)

    @property
    def numbers(self) -> list[int | None]:
        """Page numbers to offer: the ends and the neighbours; None stands for a gap."""
        near = {1, self.pages, *range(max(1, self.number - 2), min(self.pages, self.number + 2) + 1)}
        shown: list[int | None] = []
        for number in sorted(near):
            if shown and shown[-1] is not None and number - shown[-1] > 1:
                shown.append(None)
            shown.append(number)
        return shown

    def envelope(self) -> dict[str, object]:
        """The `pagination` object of the API."""
        return {"total": self.total, "limit": self.limit, "offset": self.offset, "has_more": self.has_more}


def numbered(request: HttpRequest, *, size: int) -> tuple[int, int]:
    """Limit and offset of `?page=`, counted from 1. What is not a page number is the first page."""
    text = request.GET.get("page", "1")
    number = int(text) if len(text) <= 5 and text.isascii() and text.isdigit() else 1
    return size, (max(number, 1) - 1) * size


def limit_offset(request: Request, *, default: int = 20, most: int = 100) -> tuple[int, int]:
    """`limit` and `offset` of an API request. Raises InvalidInput naming the wrong one."""
    found = []
    for name, fallback, least, top in (("limit", default, 1, most), ("offset", 0, 0, 1_000_000)):
        text = request.query_params.get(name, str(fallback))
        if len(text) > 9 or not text.isascii() or not text.isdigit() or not least <= int(text) <= top:
            raise InvalidInput(f"{name} is a whole number from {least} to {top}.", field=name, given=text[:40])
        found.append(int(text))
    return found[0], found[1]
