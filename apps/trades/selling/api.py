"""REST of the seller's orders: those to ship, the pick list, slips and labels."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import InvalidInput
from apps.core.files import PDF, AsPdf, FileView, one_of
from apps.core.lists import PAGING, CursorPagination, asked
from apps.trades.selling import orders
from apps.trades.selling.labels import SHEETS, address_labels
from apps.trades.selling.orders import Asked
from apps.trades.selling.sending import pdf
from apps.trades.selling.slips import PAPERS, packing_slips
from apps.trades.selling.views import sender_of

_FILTERS = [
    OpenApiParameter("text", str, description="words of the card, the buyer or the address, or an order's number"),
    OpenApiParameter("due", str, enum=["soon", "late"], description="within two days (late ones too), or late"),
    OpenApiParameter("to", str, enum=["home", "abroad"]),
    OpenApiParameter("tracking", bool, description="those alone that were offered with tracking"),
    OpenApiParameter("binder_id", UUID),
]
_CHOSEN = [
    OpenApiParameter("order", UUID, many=True, description="ids of trades; without any, all that wait and match"),
    *_FILTERS,
]


class _Filters(serializers.Serializer):
    text = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    due = serializers.ChoiceField(["", "soon", "late"], required=False, default="")
    to = serializers.ChoiceField(["", "home", "abroad"], required=False, default="")
    tracking = serializers.BooleanField(required=False, default=False)
    binder_id = serializers.UUIDField(required=False, default=None, source="binder")

    @classmethod
    def of(cls, request: Request) -> Asked:
        """The filters of a request. Raises ValidationError."""
        said = cls(data={name: value for name, value in request.query_params.items() if name in cls._declared_fields})
        said.is_valid(raise_exception=True)
        return Asked(**said.validated_data)


class PickedLine(serializers.Serializer):
    """Copies in a parcel."""

    card_id = serializers.UUIDField(source="item.variant.product_id")
    card_name = serializers.CharField(source="item.variant.product.name")
    set_name = serializers.CharField(source="item.variant.product.release.name")
    card_number = serializers.CharField(source="item.variant.product.number")
    finish = serializers.CharField(source="item.variant.finish")
    language = serializers.CharField(source="item.variant.language")
    condition = serializers.CharField(source="condition_label")
    quantity = serializers.IntegerField()
    price_minor = serializers.IntegerField()


class OrderOutput(serializers.Serializer):
    """A paid order that waits for its parcel."""

    id = serializers.UUIDField(source="trade.pk")
    number = serializers.CharField()
    buyer = serializers.CharField(source="trade.buyer.display_name")
    ship_to = serializers.DictField(source="trade.ship_to", child=serializers.CharField(allow_blank=True))
    ship_by = serializers.DateTimeField()
    is_late = serializers.BooleanField()
    needs_tracking = serializers.BooleanField()
    total_minor = serializers.IntegerField(source="trade.total_minor")
    currency = serializers.CharField(source="trade.currency")
    lines = PickedLine(source="trade.lines", many=True)


class OrderList(APIView):
    """Paid orders of the seller that wait for their parcel."""

    @extend_schema(
        tags=["selling"],
        operation_id="orders",
        parameters=[*_FILTERS, *PAGING],
        responses=inline_serializer("Orders", {"orders": OrderOutput(many=True), "pagination": CursorPagination()}),
    )
    def get(self, request: Request) -> Response:
        """The most urgent first."""
        part = asked(request)
        page = orders.to_ship(
            seller=request.user,
            asked=_Filters.of(request),
            limit=part.limit,
            offset=part.offset,
            after=part.after_place,
        )
        last = page.rows[-1].place if page.rows else None
        pagination = part.pagination(page.envelope(), last)
        answer = Response({"orders": OrderOutput(page.rows, many=True).data, "pagination": pagination})
        return part.link(answer, pagination)


class PickOutput(serializers.Serializer):
    """Copies of one item to take from its place."""

    item_id = serializers.UUIDField(source="item.pk")
    binder = serializers.CharField(allow_blank=True)
    card_name = serializers.CharField(source="product.name")
    set_name = serializers.CharField(source="product.release.name")
    card_number = serializers.CharField(source="product.number")
    finish = serializers.CharField(source="item.variant.finish")
    language = serializers.CharField(source="item.variant.language")
    condition = serializers.CharField()
    quantity = serializers.IntegerField()
    orders = serializers.SerializerMethodField()

    def get_orders(self, pick: orders.Pick) -> list[dict[str, Any]]:
        """For which orders, and how many for each."""
        return [{"number": number, "quantity": quantity} for number, quantity in pick.orders]


def _chosen(request: Request) -> list[orders.Order]:
    try:
        ids = [UUID(text) for text in request.query_params.getlist("order")]
    except ValueError:
        raise InvalidInput("order is the id of a trade.", field="order") from None
    return orders.chosen(seller=request.user, ids=ids, asked=_Filters.of(request))


class PickList(APIView):
    """One pick list for many orders."""

    @extend_schema(
        tags=["selling"],
        operation_id="orders_pick_list",
        parameters=_CHOSEN,
        responses=inline_serializer("PickList", {"picks": PickOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """By binder, set and number: each place is visited once."""
        return Response({"picks": PickOutput(orders.pick_list(_chosen(request)), many=True).data})


class Slips(FileView):
    """Packing slips of many orders."""

    renderer_classes = [JSONRenderer, AsPdf]

    @extend_schema(
        tags=["selling"],
        operation_id="orders_slips",
        parameters=[*_CHOSEN, OpenApiParameter("paper", str, enum=list(PAPERS))],
        responses=PDF,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """One PDF, an order after another."""
        paper = one_of(request, "paper", list(PAPERS))
        made = packing_slips(_chosen(request), paper=paper, site=settings.SITE_NAME)
        return pdf(made, name="packing-slips.pdf")


class Labels(FileView):
    """Address labels of many orders."""

    renderer_classes = [JSONRenderer, AsPdf]

    @extend_schema(
        tags=["selling"],
        operation_id="orders_labels",
        parameters=[
            *_CHOSEN,
            OpenApiParameter("sheet", str, enum=list(SHEETS)),
            OpenApiParameter("skip", int, description="labels of the first sheet that are used up"),
        ],
        responses=PDF,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """One PDF, a label for each order."""
        sheet, skip = one_of(request, "sheet", list(SHEETS)), request.query_params.get("skip") or "0"
        if not (skip.isascii() and skip.isdigit() and len(skip) < 4):
            raise InvalidInput("skip is a whole number.", field="skip")
        made = address_labels(
            _chosen(request), sheet=sheet, skip=int(skip), sender=sender_of(request.user), site=settings.SITE_NAME
        )
        return pdf(made, name="labels.pdf")
