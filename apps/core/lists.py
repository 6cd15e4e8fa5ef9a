"""Lists of the API: which part is asked for, by offset or by cursor, and how the answer tells the way on.

A cursor is the place of the last row that was told, in the order of the list. What is added or goes away meanwhile neither
repeats nor hides a row. It is signed, and good for the same question alone: a cursor lets nobody ask for anything new.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import InvalidInput
from apps.core.pagination import Page, Place, limit_offset

Position = tuple[str | None, ...]
"""The values by which a list is ordered, of one row, as text."""

_LONGEST = 1500
_ABOUT_THE_PART = ("limit", "offset", "cursor", "fields", "facets")

LIMIT = OpenApiParameter("limit", int, description="how many, 1 to 100; 20 unless told")
OFFSET = OpenApiParameter("offset", int, description="how many to skip")
CURSOR = OpenApiParameter(
    "cursor",
    str,
    description="`next_cursor` of the last answer to the same question: what follows it, instead of an offset",
)
BY_OFFSET = [LIMIT, OFFSET]
PAGING = [LIMIT, OFFSET, CURSOR]


class Pagination(serializers.Serializer):
    """Where a page stands in the whole."""

    total = serializers.IntegerField()
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    has_more = serializers.BooleanField()


class CursorPagination(serializers.Serializer):
    """Where a page stands in the whole. By cursor rows are not counted: `total` and `offset` are null.

    next_cursor: for what follows; null at the end. The header `Link` has the whole address, as `rel="next"`.
    """

    total = serializers.IntegerField(allow_null=True)
    limit = serializers.IntegerField()
    offset = serializers.IntegerField(allow_null=True)
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


@dataclass(frozen=True)
class Asked:
    """The part of a list that a request asks for: `after` a position, else from an offset on."""

    request: Request
    limit: int
    offset: int
    after: Position | None

    @property
    def after_place(self) -> Place | None:
        """The position in a list that is told newest first. Raises InvalidInput where it is of another list."""
        if self.after is None:
            return None
        try:
            at, key = self.after
            return dt.datetime.fromisoformat(str(at)), UUID(str(key))
        except ValueError:
            raise _useless() from None

    def pagination(self, stands: dict[str, Any], last: Position | None) -> dict[str, Any]:
        """The `pagination` object of the answer: where the page stands, and the way on from its last row (None: no rows)."""
        cursor = _signed(self.request, last) if last is not None and stands["has_more"] else None
        return stands | {"next_cursor": cursor}

    def link(self, response: Response, pagination: dict[str, Any]) -> Response:
        """The answer with the address of what follows as its `Link` header, where something does."""
        cursor = pagination.get("next_cursor")
        if cursor:
            query = self.request.query_params.copy()
            query.pop("offset", None)
            query["cursor"] = str(cursor)
            address = self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")
            response["Link"] = f'<{address}>; rel="next"'
        return response

    def answer(self, name: str, rows: Any, page: Page[Any]) -> Response:
        """The answer of a list of models that is told newest first: rows below `name`, pagination, the way on."""
        last = place_of(page.rows[-1]) if page.rows else None
        pagination = self.pagination(page.envelope(), last)
        return self.link(Response({name: rows, "pagination": pagination}), pagination)


def place_of(row: Any) -> Position:
    """The position of a model in a list that is told newest first."""
    return row.created_at.isoformat(), str(row.pk)


def asked(request: Request, *, default: int = 20, most: int = 100) -> Asked:
    """The part of a list that a request asks for. Raises InvalidInput, which names what is wrong with it."""
    limit, offset = limit_offset(request, default=default, most=most)
    cursor = request.query_params.get("cursor")
    if not cursor:
        return Asked(request, limit, offset, None)
    if "offset" in request.query_params:
        raise InvalidInput("Ask by cursor or by offset, not by both.", field="cursor")
    try:
        if len(cursor) > _LONGEST:
            raise signing.BadSignature
        position = signing.loads(cursor, salt=_salt(request))
    except (signing.BadSignature, ValueError):
        raise _useless() from None
    return Asked(request, limit, 0, tuple(position))


def _useless() -> InvalidInput:
    return InvalidInput(
        "This cursor is none that an answer to this question gave. Begin without one, and go on with `next_cursor`.",
        field="cursor",
    )


def _salt(request: Request) -> str:
    """What a cursor is bound to: the list and its filters."""
    filters = sorted((name, value) for name, value in request.query_params.items() if name not in _ABOUT_THE_PART)
    question = f"{request.path}?{urlencode(filters)}"
    return f"cursor:{hashlib.sha256(question.encode(errors='replace')).hexdigest()}"


def _signed(request: Request, position: Position) -> str:
    return signing.dumps(list(position), salt=_salt(request))
