"""REST: search over what is for sale, and the searches that a member keeps."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import InvalidInput
from apps.core.lists import CURSOR, Asked, CursorPagination, asked
from apps.listings.destinations import is_country
from apps.listings.models import SavedSearch
from apps.listings.search import saved
from apps.listings.search.asking import FACETS, PAGE_SIZE, SORTS, Wanted, place_from, wanted_from
from apps.listings.search.results import search_listings
from apps.listings.shipping import country_of


class FoundListing(serializers.Serializer):
    """A listing that a search found; money in minor units. Totals are for one copy delivered to `country`."""

    id = serializers.UUIDField(source="listing_id")
    card_id = serializers.UUIDField(source="product_id")
    variant_id = serializers.UUIDField()
    card_name = serializers.CharField(source="name")
    card_number = serializers.CharField(source="number")
    set_identifier = serializers.CharField(source="set_code")
    set_name = serializers.CharField()
    category = serializers.CharField()
    finish = serializers.CharField()
    language = serializers.CharField()
    condition = serializers.CharField(help_text="empty for a graded copy")
    grade_company = serializers.CharField()
    grade = serializers.DecimalField(max_digits=3, decimal_places=1, allow_null=True)
    quantity = serializers.IntegerField()
    seller_id = serializers.UUIDField()
    seller_name = serializers.CharField(source="seller")
    seller_country = serializers.CharField()
    seller_standing = serializers.CharField(help_text="new seller, or excellent, good, fair or poor")
    price_minor = serializers.IntegerField()
    currency = serializers.CharField()
    shipping_minor = serializers.IntegerField(allow_null=True, help_text="null: not sent there")
    delivered_minor = serializers.IntegerField(allow_null=True)
    tracked = serializers.BooleanField(source="is_tracked")
    fair_value_minor = serializers.IntegerField(source="fair_minor", allow_null=True)
    fair_value_low_minor = serializers.IntegerField(source="low_minor", allow_null=True)
    fair_value_high_minor = serializers.IntegerField(source="high_minor", allow_null=True)
    deal = serializers.CharField(help_text="the price against fair value, in words")
    listed_at = serializers.DateTimeField()


class ChoiceOutput(serializers.Serializer):
    """One value of a facet and how many listings it leaves."""

    value = serializers.CharField()
    label = serializers.CharField()
    count = serializers.IntegerField(help_text="of many listings about so many, rounded to two digits")
    selected = serializers.BooleanField()


class FacetOutput(serializers.Serializer):
    """A facet with its choices."""

    name = serializers.CharField()
    label = serializers.CharField()
    choices = ChoiceOutput(many=True)


class SearchPagination(CursorPagination):
    """How many there are, exactly or about, on every page; `offset` is always null. The way on is that of every list."""

    total = serializers.IntegerField()
    total_is_exact = serializers.BooleanField()


_ASKED = [
    OpenApiParameter("q", str, description="words of card, set, number or seller; begun and mistyped words count"),
    *[OpenApiParameter(name, str, many=True, description=f"{label}: any of these") for name, (_, label) in FACETS.items()],
    OpenApiParameter("price_min", str, description="of one copy, in major units"),
    OpenApiParameter("price_max", str),
    OpenApiParameter("sort", str, enum=list(SORTS)),
    OpenApiParameter("deliver_to", str, description="country (ISO 3166-1) that totals are for; else the member's own, or US"),
    OpenApiParameter("limit", int, description="how many, 1 to 100; 24 unless told"),
    CURSOR,
    OpenApiParameter("facets", bool, description="false: without counts, quicker"),
]  # fmt: skip


def _wanted(request: Request) -> Wanted:
    country = request.query_params.get("deliver_to", "").upper()
    if country and not is_country(country):
        raise InvalidInput("deliver_to is a country's code, e.g. DE.", field="deliver_to", given=country[:10])
    given = request.query_params.copy()
    given.pop("cursor", None)
    return wanted_from(given, country=country or country_of(request), strict=True)


def _part(request: Request) -> Asked:
    """The part that is asked for, by cursor alone. Raises InvalidInput."""
    if "offset" in request.query_params:
        raise InvalidInput("A search is walked through by cursor: go on with `next_cursor`.", field="offset")
    return asked(request, default=PAGE_SIZE)


class Search(APIView):
    """What is for sale."""

    permission_classes = [AllowAny]

    @extend_schema(
        tags=["listings"],
        operation_id="listings_search",
        parameters=_ASKED,
        responses=inline_serializer(
            "ListingSearch",
            {
                "listings": FoundListing(many=True),
                "facets": FacetOutput(many=True),
                "shown_for": serializers.CharField(help_text="where a word was mistyped"),
                "sort": serializers.ChoiceField(list(SORTS)),
                "pagination": SearchPagination(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """By words and facets; delivered totals, deals against fair value, counts beside facets."""
        part = _part(request)
        wanted = replace(
            _wanted(request), limit=part.limit, after=place_from(str(part.after[0])) if part.after else None
        )
        found = search_listings(wanted, with_facets=request.query_params.get("facets", "true").lower() != "false")
        stands = {
            "total": found.counts.total,
            "total_is_exact": found.counts.is_exact,
            "limit": part.limit,
            "offset": None,
            "has_more": found.has_more,
        }
        pagination = part.pagination(stands, (found.next_cursor,) if found.next_cursor else None)
        answer = Response(
            {
                "listings": FoundListing(found.rows, many=True).data,
                "facets": FacetOutput(found.counts.facets, many=True).data,
                "shown_for": found.meaning.suggestion,
                "sort": found.wanted.sort,
                "pagination": pagination,
            }
        )
        return part.link(answer, pagination)


class SavedSearchOutput(serializers.Serializer):
    """A search that a member keeps."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    query = serializers.CharField(source="question", help_text="the search as a query string")
    deliver_to = serializers.CharField(source="country")
    is_on = serializers.BooleanField()
    listings_told = serializers.IntegerField(source="found")
    created_at = serializers.DateTimeField()


class NewSearch(serializers.Serializer):
    """A search to keep: as the query string of a search."""

    query = serializers.CharField(max_length=2000)
    name = serializers.CharField(max_length=80, required=False, default="")
    is_on = serializers.BooleanField(required=False, default=True)


class SearchChange(serializers.Serializer):
    """Whether the owner is told."""

    is_on = serializers.BooleanField()


def _told(search: SavedSearch) -> dict[str, Any]:
    if not hasattr(search, "found"):
        search.found = 0
    return SavedSearchOutput(search).data


class Searches(APIView):
    """Kept searches."""

    required_scopes = {"POST": "alerts:write"}

    @extend_schema(
        tags=["listings"],
        operation_id="saved_searches",
        responses=inline_serializer("SavedSearches", {"searches": SavedSearchOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """All of them, newest first."""
        return Response({"searches": SavedSearchOutput(saved.searches_of(owner=request.user), many=True).data})

    @extend_schema(
        tags=["listings"], operation_id="saved_search_keep", request=NewSearch, responses={201: SavedSearchOutput}
    )
    def post(self, request: Request) -> Response:
        """Keep a search; what is newly listed for it is told as an alert."""
        given = NewSearch(data=request.data)
        given.is_valid(raise_exception=True)
        fields = given.validated_data
        wanted = wanted_from(QueryDict(fields["query"]), country=country_of(request), strict=True)
        made = saved.save_search(by=request.user, wanted=wanted, name=fields["name"], is_on=fields["is_on"])
        return Response(_told(made), status=status.HTTP_201_CREATED)


class SearchDetail(APIView):
    """One kept search."""

    required_scopes = {"PATCH": "alerts:write", "DELETE": "alerts:write"}

    @extend_schema(tags=["listings"], operation_id="saved_search", responses=SavedSearchOutput)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """The search."""
        return Response(_told(saved.own_search(owner=request.user, pk=pk)))

    @extend_schema(
        tags=["listings"], operation_id="saved_search_change", request=SearchChange, responses=SavedSearchOutput
    )
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        """Be told, or not for now."""
        given = SearchChange(data=request.data)
        given.is_valid(raise_exception=True)
        found = saved.own_search(owner=request.user, pk=pk)
        return Response(_told(saved.set_search_on(search=found, on=given.validated_data["is_on"], by=request.user)))

    @extend_schema(tags=["listings"], operation_id="saved_search_delete", responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Forget it."""
        saved.delete_search(search=saved.own_search(owner=request.user, pk=pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
