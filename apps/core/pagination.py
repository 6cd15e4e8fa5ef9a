"""Slices of long lists: numbered pages for the web, limit and offset for the API, and what follows a place. All are bounded.

How the API hands out places is in lists.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.request import Request

from apps.core.errors import InvalidInput

Row = TypeVar("Row")
Place = tuple[dt.datetime, UUID]
"""Where a row stands among rows that are told newest first: when it was made, and its key."""


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


@dataclass(frozen=True)
class Stretch(Page[Row]):
    """The rows that follow a place. They are not counted: `total` and `offset` say nothing."""

    follows: bool = False

    @property
    def has_more(self) -> bool:
        """Whether rows follow."""
        return self.follows

    def envelope(self) -> dict[str, object]:
        """The `pagination` object of the API."""
        return {"total": None, "limit": self.limit, "offset": None, "has_more": self.has_more}


def newest_first(rows: QuerySet[Any], *, limit: int, offset: int = 0, after: Place | None = None) -> Page[Any]:
    """A slice of rows with `created_at`, newest first: by offset and counted, or the rows that follow a place.

    One query; two by offset where there is more than the first slice.
    """
    ordered = rows.order_by("-created_at", "-pk")
    if after is not None:
        at, key = after
        found = list(ordered.filter(created_at__lte=at).exclude(created_at=at, pk__gte=key)[: limit + 1])
        return Stretch(found[:limit], 0, limit, 0, follows=len(found) > limit)
    found = list(ordered[offset : offset + limit])
    total = len(found) if not offset and len(found) < limit else rows.order_by().count()
    return Page(found, total, limit, offset)


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
