"""REST: listings that the member watches."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.lists import PAGING, CursorPagination, asked
from apps.core.reading import MemberRead
from apps.listings.queries import listing_for
from apps.listings.watching import actions, queries


class WatchOutput(serializers.Serializer):
    """A watched listing; money in minor units."""

    listing_id = serializers.UUIDField()
    card_id = serializers.UUIDField(source="listing.item.variant.product_id")
    variant_id = serializers.UUIDField(source="listing.item.variant_id")
    card_name = serializers.CharField(source="listing.item.variant.product.name")
    condition = serializers.CharField(source="listing.item.condition_label")
    state = serializers.CharField(source="listing.state")
    price_minor = serializers.IntegerField(source="listing.price_minor")
    price_then_minor = serializers.IntegerField(source="first_minor", help_text="when the watching began")
    currency = serializers.CharField(source="listing.currency")
    watched_since = serializers.DateTimeField(source="created_at")


class Watched(MemberRead):
    """What the member watches."""

    @extend_schema(
        tags=["listings"],
        operation_id="listings_watched",
        parameters=PAGING,
        responses=inline_serializer(
            "WatchedListings", {"watched": WatchOutput(many=True), "pagination": CursorPagination()}
        ),
    )
    def get(self, request: Request) -> Response:
        """Latest first."""
        part = asked(request)
        page = queries.watched(owner=request.user, limit=part.limit, offset=part.offset, after=part.after_place)
        return part.answer("watched", WatchOutput(page.rows, many=True).data, page)


class WatchDetail(MemberRead):
    """Whether the member watches one listing."""

    required_scopes = {"PUT": "alerts:write", "DELETE": "alerts:write"}

    @extend_schema(tags=["listings"], operation_id="listing_watch", request=None, responses={204: None})
    def put(self, request: Request, pk: uuid.UUID) -> Response:
        """Watch it: price drops and its sale are told as alerts. Safe to repeat."""
        actions.watch(listing=listing_for(pk=pk, reader=request.user), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(tags=["listings"], operation_id="listing_unwatch", request=None, responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Watch it no more. Safe to repeat."""
        actions.unwatch(listing_id=pk, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
