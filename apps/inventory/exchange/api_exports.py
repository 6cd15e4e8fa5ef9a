"""REST: the member's inventory as a file in each format, and what a format cannot say. Imports: api.py."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.conditions import Condition
from apps.core.errors import InvalidInput, NotFound
from apps.inventory.exchange import exporting
from apps.inventory.exchange.formats import FORMATS
from apps.inventory.exchange.streams import attachment

_FILTERS = [
    OpenApiParameter("q", str),
    OpenApiParameter("condition", str),
    OpenApiParameter("binder_id", OpenApiTypes.UUID),
]


class FormatOutput(serializers.Serializer):
    """A format, and what it cannot say of how many of the member's items."""

    layout = serializers.CharField()
    name = serializers.CharField()
    losses = serializers.DictField(child=serializers.IntegerField())


def _items(request: Request) -> Any:
    told = request.query_params
    try:
        binder = uuid.UUID(told["binder_id"]) if told.get("binder_id") else None
    except ValueError:
        raise InvalidInput("binder_id is a UUID.", field="binder_id") from None
    if told.get("condition", "") not in ("", "graded", *Condition.values):
        raise InvalidInput("condition is NM, LP, MP, HP, DMG or graded.", field="condition")
    return exporting.items_of(
        request.user, text=told.get("q", "")[:100], condition=told.get("condition", ""), binder=binder
    )


class ExportList(APIView):
    """The formats that an inventory can be had in."""

    @extend_schema(
        tags=["inventory"],
        operation_id="exports",
        parameters=_FILTERS,
        responses=inline_serializer("ExportFormats", {"formats": FormatOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """Each format, and what it cannot say of the items."""
        items = _items(request)
        told = [
            {"layout": each.slug, "name": each.name, "losses": exporting.losses_of(items, each)}
            for each in FORMATS.values()
        ]
        return Response({"formats": FormatOutput(told, many=True).data})


class ExportFile(APIView):
    """An inventory as a file."""

    @extend_schema(
        tags=["inventory"],
        parameters=[OpenApiParameter("layout", str, OpenApiParameter.PATH, enum=list(FORMATS)), *_FILTERS],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, layout: str) -> HttpResponseBase:
        """The file, streamed."""
        if layout not in FORMATS:
            raise NotFound("There is no such format.")
        name = f"inventory-{layout}-{timezone.localdate():%Y-%m-%d}.csv"
        lines = exporting.lines_of(_items(request), FORMATS[layout])
        return attachment(lines, name=name)
