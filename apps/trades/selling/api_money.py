"""REST of the seller's statements and of the fee's worked example."""

from __future__ import annotations

from django.conf import settings
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import InvalidInput
from apps.core.files import AsCsv, AsPdf, FileView, one_of
from apps.core.reading import PublicRead
from apps.escrow import fees
from apps.inventory.exchange.streams import attachment
from apps.trades.selling import statement_papers, statements
from apps.trades.selling.sending import pdf
from apps.trades.selling.views import told_of

MOST_PRICE_MINOR = 50_000_000


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


class StatementView(FileView):
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
        currency = one_of(request, "currency", known)
        written = request.accepted_renderer.format
        told = told_of(seller=request.user, period=period, currency=currency, whole=written == "csv")
        if written == "csv":
            name = f"statement-{period.slug}-{currency}.csv"
            return attachment(statement_papers.as_csv(told), name=name)
        if written == "pdf":
            made = statement_papers.as_pdf(told, site=settings.SITE_NAME)
            return pdf(made, name=f"statement-{period.slug}.pdf")
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


def _whole(request: Request, name: str, fallback: int | None, most: int) -> int:
    text = request.query_params.get(name, "" if fallback is None else str(fallback))
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= most):
        raise InvalidInput(f"{name} is a whole number up to {most}.", field=name)
    return int(text)
