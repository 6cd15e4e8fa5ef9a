"""REST: the views of cards, prices and sets. Each parses, asks for a kept answer, and tells how fresh it is."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.catalog.api import GAME, id_asked, one_of, plain, word
from apps.catalog.models import Finish
from apps.catalog.search.sorting import SORTS
from apps.core.answers import Answer
from apps.core.conditions import Condition, condition_from
from apps.core.errors import InvalidInput
from apps.core.lists import CURSOR, PAGING, Asked, CursorPagination, asked
from apps.core.pagination import Page, Stretch
from apps.core.reading import PublicRead, with_addresses
from apps.core.selection import FIELDS, only, selection
from apps.valuations import freshness, queries
from apps.valuations.api import kept, parts
from apps.valuations.api.kept import TRENDS, Search
from apps.valuations.api.output import (
    CardFacetOutput,
    CardFacts,
    DataPoint,
    FoundCard,
    FreshnessOutput,
    HistoryOutput,
    LookedUpCard,
    LookupInput,
    MissingOutput,
    SetWithValue,
    SourceOutput,
    TrendingOutput,
)
from apps.valuations.queries import CHANGES, PERIODS

CONDITION = OpenApiParameter("condition", str, description="near_mint (unless told), lightly_played … or NM, LP …")
VARIANT = OpenApiParameter("variant_id", uuid.UUID, description="which printing; the ordinary one unless told")
DEFAULT_TRENDING, MOST_TRENDING = 10, 50
LONGEST_TRENDING = 500
"""How many cards a trending list has in all, by cursor."""
MOST_POINTS = 1000


class WithFreshness(serializers.Serializer):
    """What every answer with prices tells beside them."""

    freshness = FreshnessOutput()


class CardAnswer(CardFacts, WithFreshness):
    """A card, and how far its prices are up to date."""


class HistoryAnswer(HistoryOutput, WithFreshness):
    """A history, and how far its prices are up to date. pagination: where it was asked for in parts."""

    pagination = CursorPagination(required=False)


class SetAnswer(SetWithValue, WithFreshness):
    """A set, and how far its prices are up to date."""


def _told(request: Request, answer: Answer | None, told: dict[str, Any]) -> Response:
    """The answer with whole addresses and its freshness, which a header repeats for who selects fields."""
    stands = freshness.freshness()
    is_last_known = answer is not None and answer.is_last_known
    state = "stale" if is_last_known else stands.state
    made_at: dt.datetime = answer.made_at if answer else timezone.now()
    beside = FreshnessOutput(
        {"state": state, "is_stale": state == "stale", "computed_at": made_at, "sources_down": stands.down}
    )
    response = Response(with_addresses(request, told) | {"freshness": beside.data})
    response["X-Price-Freshness"] = state
    return response


def _condition(request: Request) -> str:
    given = word(request, "condition")
    condition = condition_from(given) if given else Condition.NM
    if condition is None:
        known = [str(label).lower().replace(" ", "_") for label in Condition.labels]
        raise InvalidInput(f"condition is one of {', '.join(known)}.", field="condition", given=given, known=known)
    return str(condition)


class CardSearch(PublicRead):
    """Search of the catalogue."""

    @extend_schema(
        tags=["cards"],
        operation_id="cards_search",
        parameters=[
            OpenApiParameter(
                "q", str, description="name, number as printed (4/102, OP01-016), set, barcode; typos are forgiven"
            ),
            GAME,
            OpenApiParameter("set_identifier", str, description="code, printed abbreviation or id of a set"),
            OpenApiParameter("rarity", str, description="as the answers write it"),
            OpenApiParameter("finish", str, description="normal, holofoil, reverse-holofoil …"),
            OpenApiParameter("language", str, description="ISO 639-1, such as en or ja"),
            OpenApiParameter("sort", str, description="relevance, name, number, newest, price, price-low"),
            OpenApiParameter("facets", bool, description="true: also how many cards each further filter would leave"),
            *PAGING,
            FIELDS,
        ],
        responses=inline_serializer(
            "CardSearch",
            {
                "cards": FoundCard(many=True),
                "pagination": CursorPagination(),
                "suggestion": serializers.CharField(),
                "all_words": serializers.BooleanField(),
                "facets": CardFacetOutput(many=True, required=False),
                "freshness": FreshnessOutput(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Cards by name, number and set, the best first.

        Half-typed and mistyped words find what they mean; `suggestion` then says what was searched instead. Where no card
        has all of the words, `all_words` is false and the cards are those that have most of them. `fields` is about each card.
        """
        part, chosen = asked(request), selection(request, FoundCard)
        answer = kept.search(
            Search(
                text=word(request, "q"),
                game=word(request, "tcg_type"),
                release=word(request, "set_identifier"),
                rarity=word(request, "rarity"),
                finish=one_of(request, "finish", list(Finish.values)),
                language=word(request, "language"),
                sort=one_of(request, "sort", list(SORTS), default="relevance"),
                limit=part.limit,
                offset=part.offset,
                after=part.after,
                facets=one_of(request, "facets", ["true", "false"], default="false") == "true",
            )
        )
        told = {name: value for name, value in answer.value.items() if name != "last"}
        told["pagination"] = part.pagination(told["pagination"], answer.value["last"])
        told["cards"] = only(chosen, told["cards"])
        return part.link(_told(request, answer, told), told["pagination"])


class CardLookup(PublicRead):
    """Many cards at once."""

    @extend_schema(
        tags=["cards"],
        operation_id="cards_lookup",
        parameters=[FIELDS],
        request=LookupInput,
        responses=inline_serializer(
            "CardLookup",
            {"cards": LookedUpCard(many=True), "missing": MissingOutput(), "freshness": FreshnessOutput()},
        ),
    )
    def post(self, request: Request) -> Response:
        """Up to 100 cards by id with their current prices, in the order in which they were asked for.

        It only reads: no sign-in is needed. What is not there is told in `missing`. `fields` is about each card.
        """
        wanted = LookupInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        chosen = selection(request, LookedUpCard)
        asked = list(dict.fromkeys(wanted.validated_data.get("card_ids", [])))
        theirs = list(dict.fromkeys(wanted.validated_data.get("tcgplayer_ids", [])))
        found = queries.cards_by_id(asked, theirs)
        told = {
            "cards": only(chosen, plain(LookedUpCard(found, many=True).data)),
            "missing": {
                "card_ids": sorted(map(str, set(asked) - {row.id for row in found})),
                "tcgplayer_ids": sorted(set(theirs) - {row.extras["tcgplayer_id"] for row in found}),
            },
        }
        return _told(request, None, told)


class CardDetail(PublicRead):
    """One card."""

    @extend_schema(tags=["cards"], operation_id="card", parameters=[VARIANT, CONDITION, FIELDS], responses=CardAnswer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """One card with its set, its printings and its price."""
        chosen = selection(request, CardFacts)
        answer = kept.card(pk, id_asked(request, "variant_id"), _condition(request))
        return _told(request, answer, only(chosen, answer.value))


class PriceHistory(PublicRead):
    """How a card's price went."""

    @extend_schema(
        tags=["cards"],
        operation_id="card_prices_history",
        parameters=[
            OpenApiParameter("period", str, enum=list(PERIODS), description="30d unless told"),
            OpenApiParameter("source", str, description="slug of a source such as tcgplayer; all unless told"),
            CONDITION,
            VARIANT,
            OpenApiParameter("limit", int, description=f"how many data points, 1 to {MOST_POINTS}; all unless told"),
            CURSOR,
            OpenApiParameter("fields", str, description="names of the fields of each data point to answer, by comma"),
        ],
        responses=HistoryAnswer,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Prices of a card over a period, by source, with a summary. The summary is of the whole period always."""
        chosen = selection(request, DataPoint)
        answer = kept.history(
            pk,
            id_asked(request, "variant_id"),
            _condition(request),
            one_of(request, "period", list(PERIODS), default="30d"),
            word(request, "source") or "all",
        )
        points: list[dict[str, Any]] = answer.value["data_points"]
        if not {"limit", "cursor"} & set(request.query_params):
            return _told(request, answer, answer.value | {"data_points": only(chosen, points)})
        part = asked(request, default=MOST_POINTS, most=MOST_POINTS)
        shown, stands = _part(part, points if part.after is None else _behind(parts.points_after, points, part.after))
        pagination = part.pagination(stands, parts.point_position(shown[-1]) if shown else None)
        told = answer.value | {"data_points": only(chosen, shown), "pagination": pagination}
        return part.link(_told(request, answer, told), pagination)


def _behind(follow: Callable[..., list[dict[str, Any]]], *of: Any) -> list[dict[str, Any]]:
    try:
        return follow(*of)
    except (ValueError, ZeroDivisionError):
        raise InvalidInput("This cursor is of another list.", field="cursor") from None


def _part(part: Asked, rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, object]]:
    """The rows of a whole list that are told, and where they stand."""
    shown = rows[part.offset : part.offset + part.limit]
    if part.after is None:
        return shown, Page(shown, len(rows), part.limit, part.offset).envelope()
    return shown, Stretch(shown, 0, part.limit, 0, follows=len(rows) > part.limit).envelope()


class Trending(PublicRead):
    """What moved."""

    @extend_schema(
        tags=["cards"],
        operation_id="prices_trending",
        parameters=[
            GAME,
            OpenApiParameter("trend_type", str, enum=list(TRENDS), description="gainers unless told"),
            OpenApiParameter("period", str, enum=list(CHANGES), description="7d unless told"),
            OpenApiParameter("limit", int, description="how many, 1 to 50; 10 unless told"),
            CURSOR,
            FIELDS,
        ],
        responses=inline_serializer(
            "TrendingCards",
            {
                "trending_cards": TrendingOutput(many=True),
                "pagination": CursorPagination(),
                "freshness": FreshnessOutput(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Cards whose market price rose or fell most.

        `most_watched`: those with the most sales and quotes of late. Prices under one unit and figures of low confidence
        are left out. They are not counted: `total` is null. By cursor up to 500 are told.
        """
        part = asked(request, default=DEFAULT_TRENDING, most=MOST_TRENDING)
        chosen = selection(request, TrendingOutput)
        trend = one_of(request, "trend_type", list(TRENDS), default="gainers")
        answer = kept.trending(
            word(request, "tcg_type"),
            one_of(request, "period", list(CHANGES), default="7d"),
            trend,
            part.limit if part.after is None else LONGEST_TRENDING,
        )
        rows = answer.value if part.after is None else _behind(parts.movers_after, answer.value, part.after, trend)
        shown = rows[: part.limit]
        stands = Stretch(shown, 0, part.limit, 0, follows=len(rows) > part.limit).envelope()
        pagination = part.pagination(stands, parts.mover_position(shown[-1]) if shown else None)
        told = {"trending_cards": only(chosen, shown), "pagination": pagination}
        return part.link(_told(request, answer, told), pagination)


class SetDetail(PublicRead):
    """One set."""

    @extend_schema(tags=["catalogue"], operation_id="set", parameters=[FIELDS], responses=SetAnswer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """One set with what one of each of its cards costs. Its cards: `cards/search?set_identifier=` its id."""
        chosen = selection(request, SetWithValue)
        answer = kept.release(pk)
        return _told(request, answer, only(chosen, answer.value))


class PriceSources(PublicRead):
    """Where prices come from."""

    @extend_schema(
        tags=["cards"],
        operation_id="prices_sources",
        responses=inline_serializer(
            "PriceSources", {"sources": SourceOutput(many=True), "freshness": FreshnessOutput()}
        ),
    )
    def get(self, request: Request) -> Response:
        """The sources of prices, the most trusted first, and which of them are down now."""
        answer = kept.sources()
        return _told(request, answer, {"sources": answer.value})
