"""REST of the seller's desk: orders to ship, pick list, slips and labels, tracking in bulk, statements, the fee."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import InvalidInput
from apps.core.pagination import limit_offset
from apps.core.reading import PublicRead
from apps.escrow import fees
from apps.inventory.exchange.streams import attachment
from apps.trades.selling import orders, statement_papers, statements, tracking
from apps.trades.selling.labels import SHEETS, address_labels
from apps.trades.selling.orders import Asked
from apps.trades.selling.sending import pdf
from apps.trades.selling.slips import PAPERS, packing_slips
from apps.trades.selling.views import sender_of, told_of

MOST_PRICE_MINOR = 50_000_000
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


class OrdersSlice(serializers.Serializer):
    """Which part of all orders this is."""

    total = serializers.IntegerField()
    limit = serializers.IntegerField()
    offset = serializers.IntegerField()
    has_more = serializers.BooleanField()


class OrderList(APIView):
    """Paid orders of the seller that wait for their parcel."""

    @extend_schema(
        tags=["selling"],
        operation_id="orders",
        parameters=[*_FILTERS, OpenApiParameter("limit", int), OpenApiParameter("offset", int)],
        responses=inline_serializer("Orders", {"orders": OrderOutput(many=True), "pagination": OrdersSlice()}),
    )
    def get(self, request: Request) -> Response:
        """The most urgent first."""
        limit, offset = limit_offset(request)
        page = orders.to_ship(seller=request.user, asked=_Filters.of(request), limit=limit, offset=offset)
        return Response({"orders": OrderOutput(page.rows, many=True).data, "pagination": page.envelope()})


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


def _one_of(request: Request, name: str, known: list[str]) -> str:
    said = request.query_params.get(name) or known[0]
    if said not in known:
        raise InvalidInput(f"{name} is one of {', '.join(known)}.", field=name)
    return said


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


class _File(BaseRenderer):
    """Lets programs ask for a file as they ask for JSON. A file is sent as it is, and errors are told as JSON."""

    charset = None


class _FileView(APIView):
    """Errors are JSON, whatever was asked for."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """See APIView."""
        if getattr(response, "exception", False):
            request.accepted_renderer, request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().finalize_response(request, response, *args, **kwargs)


class AsPdf(_File):
    """PDF."""

    media_type, format = "application/pdf", "pdf"


class AsCsv(_File):
    """CSV."""

    media_type, format = "text/csv", "csv"


_PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}


class Slips(_FileView):
    """Packing slips of many orders."""

    renderer_classes = [JSONRenderer, AsPdf]

    @extend_schema(
        tags=["selling"],
        operation_id="orders_slips",
        parameters=[*_CHOSEN, OpenApiParameter("paper", str, enum=list(PAPERS))],
        responses=_PDF,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """One PDF, an order after another."""
        paper = _one_of(request, "paper", list(PAPERS))
        made = packing_slips(_chosen(request), paper=paper, site=settings.SITE_NAME)
        return pdf(request._request, made, name="packing-slips.pdf")


class Labels(_FileView):
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
        responses=_PDF,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """One PDF, a label for each order."""
        sheet, skip = _one_of(request, "sheet", list(SHEETS)), request.query_params.get("skip") or "0"
        if not (skip.isascii() and skip.isdigit() and len(skip) < 4):
            raise InvalidInput("skip is a whole number.", field="skip")
        made = address_labels(
            _chosen(request), sheet=sheet, skip=int(skip), sender=sender_of(request.user), site=settings.SITE_NAME
        )
        return pdf(request._request, made, name="labels.pdf")


class ParcelLine(serializers.Serializer):
    """An order's parcel. order: its number or its id. carrier: guessed from the number where it is left out."""

    order = serializers.CharField(max_length=60)
    carrier = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tracking_number = serializers.CharField(
        max_length=60, required=False, allow_blank=True, default="", source="number"
    )


class ParcelsInput(serializers.Serializer):
    """Parcels to tell of, as a list, or as `text` (the lines of a CSV file). only_look: nothing is changed."""

    parcels = ParcelLine(many=True, required=False)
    text = serializers.CharField(max_length=200_000, required=False, trim_whitespace=False)
    only_look = serializers.BooleanField(required=False, default=False)


class ParcelResult(serializers.Serializer):
    """What became of a line."""

    line = serializers.IntegerField(source="line.line")
    order = serializers.CharField(source="line.order")
    outcome = serializers.ChoiceField([tracking.SHIPPED, tracking.SAME, tracking.READY, tracking.REFUSED])
    message = serializers.CharField(source="said")
    carrier = serializers.CharField()
    is_guessed = serializers.BooleanField()
    trade_id = serializers.UUIDField(source="trade.pk", allow_null=True, default=None)


class Parcels(APIView):
    """Tracking in bulk."""

    required_scopes = {"POST": "trades:write"}

    @extend_schema(
        tags=["selling"],
        operation_id="orders_tracking",
        request=ParcelsInput,
        responses=inline_serializer("ParcelResults", {"results": ParcelResult(many=True)}),
    )
    def post(self, request: Request) -> Response:
        """Ship the order of each line, each for itself; sent twice it changes nothing more."""
        wanted = ParcelsInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        given = said.get("parcels") or []
        if bool(given) == bool(said.get("text")):
            raise InvalidInput("Send parcels, or text, and one of both.", field="parcels")
        if len(given) > tracking.MOST_LINES:
            raise InvalidInput(f"At most {tracking.MOST_LINES} parcels at once.", field="parcels")
        lines = [tracking.Line(number, **each) for number, each in enumerate(given, 1)] or tracking.lines_in(
            said["text"]
        )
        found = tracking.ship_many(lines=lines, by=request.user, only_look=said["only_look"])
        return Response({"results": ParcelResult(found, many=True).data})


class SumsOutput(serializers.Serializer):
    """A period in minor units; refunds, fees and payouts are negative."""

    sales = serializers.IntegerField()
    opening_minor = serializers.IntegerField(source="opening")
    cards_minor = serializers.IntegerField(source="cards")
    shipping_minor = serializers.IntegerField(source="shipping")
    refunds_minor = serializers.IntegerField(source="refunds")
    fees_minor = serializers.IntegerField(source="fees")
    payouts_minor = serializers.IntegerField(source="payouts")
    closing_minor = serializers.IntegerField(source="closing")
    held_minor = serializers.IntegerField(source="held")


class MovementOutput(serializers.Serializer):
    """A posting."""

    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(list(statement_papers.KINDS))
    what = serializers.CharField()
    trade_id = serializers.UUIDField(allow_null=True)
    cards_minor = serializers.IntegerField(source="cards")
    shipping_minor = serializers.IntegerField(source="shipping")
    refunds_minor = serializers.IntegerField(source="refunds")
    fees_minor = serializers.IntegerField(source="fees")
    payouts_minor = serializers.IntegerField(source="payouts")


class ReachedOutput(serializers.Serializer):
    """How the year stands to a tax threshold. is_reached: null where no exchange rate is known."""

    code = serializers.CharField(source="threshold.code")
    name = serializers.CharField(source="threshold.name")
    is_reached = serializers.BooleanField(allow_null=True)
    words = serializers.CharField()
    rule = serializers.CharField(source="threshold.words")
    source = serializers.CharField(source="threshold.source")
    as_of = serializers.DateField(source="threshold.as_of")


class StatementOutput(serializers.Serializer):
    """A month (with its movements) or a year (with tax thresholds) in one currency."""

    period = serializers.CharField(source="period.slug")
    currency = serializers.CharField()
    sums = SumsOutput()
    movements = MovementOutput(many=True)
    taxes = ReachedOutput(many=True)


class StatementView(_FileView):
    """A statement of a seller, from the ledger."""

    renderer_classes = [JSONRenderer, AsCsv, AsPdf]

    @extend_schema(
        tags=["selling"],
        parameters=[
            OpenApiParameter(
                "currency", str, description="ISO 4217; the first that the seller was paid in unless told"
            ),
            OpenApiParameter("format", str, enum=["json", "csv", "pdf"]),
        ],
        responses={
            (200, "application/json"): StatementOutput,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, year: int, month: int = 0) -> Response | StreamingHttpResponse:
        """As JSON, CSV (all movements) or PDF."""
        period = statements.period_of(year, month)
        known = statements.currencies_of(seller=request.user)
        currency = _one_of(request, "currency", known)
        written = request.accepted_renderer.format
        told = told_of(seller=request.user, period=period, currency=currency, whole=written == "csv")
        if written == "csv":
            name = f"statement-{period.slug}-{currency}.csv"
            return attachment(request._request, statement_papers.as_csv(told), name=name)
        if written == "pdf":
            made = statement_papers.as_pdf(told, site=settings.SITE_NAME)
            return pdf(request._request, made, name=f"statement-{period.slug}.pdf")
        return Response(StatementOutput(told).data)


@extend_schema_view(get=extend_schema(operation_id="statement_year"))
class YearStatement(StatementView):
    """A year."""


@extend_schema_view(get=extend_schema(operation_id="statement_month"))
class MonthStatement(StatementView):
    """A month."""


class FeeExample(serializers.Serializer):
    """A sale worked through, in minor units."""

    items_minor = serializers.IntegerField()
    shipping_minor = serializers.IntegerField()
    buyer_pays_minor = serializers.IntegerField()
    fee_minor = serializers.IntegerField()
    seller_gets_minor = serializers.IntegerField()
    currency = serializers.CharField()


class Fees(PublicRead):
    """The fee in a worked example."""

    permission_classes = [AllowAny]

    @extend_schema(
        tags=["selling"],
        operation_id="fee_example",
        parameters=[
            OpenApiParameter("price_minor", int, required=True, description="of one copy"),
            OpenApiParameter("quantity", int, description="1 unless told"),
            OpenApiParameter("shipping_minor", int, description="0 unless told"),
        ],
        responses=FeeExample,
    )
    def get(self, request: Request) -> Response:
        """What a buyer pays, what we take, what the seller gets."""
        price = _whole(request, "price_minor", None, MOST_PRICE_MINOR)
        quantity = _whole(request, "quantity", 1, 10_000)
        shipping = _whole(request, "shipping_minor", 0, 50_000)
        return Response(FeeExample(fees.worked_example(price * quantity, shipping_minor=shipping)).data)


def _whole(request: Request | HttpRequest, name: str, fallback: int | None, most: int) -> int:
    text = request.query_params.get(name, "" if fallback is None else str(fallback))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= most):
        raise InvalidInput(f"{name} is a whole number up to {most}.", field=name)
    return int(text)
