"""REST: sets; and what the rooms above need to show a card: its filters, its picture's address. Prices are added there."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog import queries
from apps.catalog.images import image_url
from apps.core import answers
from apps.core.errors import InvalidInput
from apps.core.lists import BY_OFFSET, Pagination
from apps.core.pagination import limit_offset
from apps.core.reading import PublicRead
from apps.core.selection import FIELDS, only, selection

LONGEST = 120
GAME = OpenApiParameter("tcg_type", str, description="short code of a game: pokemon, onepiece, magic …")


class SetOutput(serializers.Serializer):
    """A set. `total_cards` is the official count (as in 4/102), `product_count` how many printings the catalogue has."""

    id = serializers.UUIDField()
    tcg_type = serializers.CharField(source="category.game")
    set_code = serializers.CharField(source="code")
    set_name = serializers.CharField(source="name")
    abbreviation = serializers.CharField()
    release_date = serializers.DateField(source="released_on", allow_null=True)
    total_cards = serializers.IntegerField(allow_null=True)
    product_count = serializers.IntegerField()
    series = serializers.CharField()


def word(request: Request, name: str) -> str:
    """A text of the query string without what no text has, cut to a sensible length."""
    return request.query_params.get(name, "").replace("\x00", "").strip()[:LONGEST]


def one_of(request: Request, name: str, known: list[str], *, default: str = "") -> str:
    """A word of the query string out of those that are known. Raises InvalidInput, which names them."""
    given = word(request, name) or default
    if given and given not in known:
        raise InvalidInput(f"{name} is one of {', '.join(known)}.", field=name, given=given, known=known)
    return given


def known_game(given: str) -> str:
    """The game that `tcg_type` named, empty for all. Raises InvalidInput, which names those that have cards."""
    if not given:
        return ""
    known = [category.game or category.path for category in queries.games()]
    if given not in known:
        raise InvalidInput(f"tcg_type is one of {', '.join(known)}.", field="tcg_type", given=given, known=known)
    return given


def plain(rows: Any) -> Any:
    """What a serializer answers as plain lists and dicts, which can be kept."""
    if isinstance(rows, dict):
        return {name: plain(value) for name, value in rows.items()}
    return [plain(each) for each in rows] if isinstance(rows, list | tuple) else rows


def id_asked(request: Request, name: str) -> uuid.UUID | None:
    """An id of the query string. Raises InvalidInput."""
    given = word(request, name)
    try:
        return uuid.UUID(given) if given else None
    except ValueError:
        raise InvalidInput(f"{name} is an id such as those of the answers.", field=name, given=given) from None


def kept_picture(file: str, source_url: str = "") -> str | None:
    """Address of a card's picture: ours where it is stored (without our host), else the source's; None for none."""
    return image_url(file, 512) if file else source_url or None


class SetList(PublicRead):
    """The sets of the catalogue."""

    @extend_schema(
        tags=["catalogue"],
        operation_id="sets",
        parameters=[GAME, OpenApiParameter("q", str, description="part of the name, or the code"), *BY_OFFSET, FIELDS],
        responses=inline_serializer("Sets", {"sets": SetOutput(many=True), "pagination": Pagination()}),
    )
    def get(self, request: Request) -> Response:
        """Sets, newest first.

        Of one game where `tcg_type` names it. No sign-in is needed.
        """
        limit, offset = limit_offset(request)
        chosen = selection(request, SetOutput)
        game, text = word(request, "tcg_type"), word(request, "q")

        def look() -> dict[str, Any]:
            page = queries.releases(category=known_game(game), text=text, limit=limit, offset=offset)
            return {"sets": plain(SetOutput(page.rows, many=True).data), "pagination": page.envelope()}

        key = answers.key_of("sets", answers.hashed(game, text, limit, offset))
        told = answers.kept(key, look, about=["sets"]).value
        return Response(told | {"sets": only(chosen, told["sets"])})
