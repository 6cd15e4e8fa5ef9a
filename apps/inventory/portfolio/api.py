"""REST: the member's portfolio over the same queries as the page. Reads only; each currency apart."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import InvalidInput
from apps.core.lists import BY_OFFSET, Pagination
from apps.core.pagination import limit_offset
from apps.inventory.portfolio.allocation import allocation
from apps.inventory.portfolio.history import PERIODS, history
from apps.inventory.portfolio.holdings import SORTS, holdings
from apps.inventory.portfolio.movers import MOVER_PERIODS, movers
from apps.inventory.portfolio.suggestions import ACTIONS
from apps.inventory.portfolio.sums import Summary, summaries

CURRENCY = OpenApiParameter("currency", str, description="ISO 4217; the one with the highest value unless told")


class Amount(serializers.DecimalField):
    """Whole units of the currency, as a JSON number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=20, decimal_places=2, coerce_to_string=False, **options)


class Percent(serializers.DecimalField):
    """In percent, to a tenth, as a JSON number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=20, decimal_places=1, coerce_to_string=False, **options)


class Share(serializers.DecimalField):
    """Of all that has a price, from 0 to 1, as a JSON number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=6, decimal_places=4, coerce_to_string=False, **options)


class PortfolioSumsOutput(serializers.Serializer):
    """What the portfolio adds up to in one currency. Gains are by lot, before fees; `as_of` is of the newest price."""

    currency = serializers.CharField()
    value = Amount()
    cost = Amount(help_text="of the copies whose cost is noted")
    unrealised_gain = Amount(source="unrealised", help_text="of the copies that have a price and a cost")
    realised_gain = Amount(source="realised", help_text="of all sales whose copies had a cost")
    total_gain = Amount(source="gain")
    proceeds = Amount(help_text="of all sales")
    copies = serializers.IntegerField()
    copies_unpriced = serializers.IntegerField(source="unpriced", help_text="not in the value")
    copies_with_gain = serializers.IntegerField(source="gaining")
    copies_sold = serializers.IntegerField(source="sold")
    copies_sold_without_cost = serializers.IntegerField(source="sold_uncosted")
    as_of = serializers.DateTimeField(allow_null=True)
    oldest_price_at = serializers.DateTimeField(source="oldest", allow_null=True)


class PortfolioDayOutput(serializers.Serializer):
    """One day. `is_estimate`: worked out later from price history."""

    date = serializers.DateField(source="day")
    value = Amount()
    cost = Amount()
    unrealised_gain = Amount(source="unrealised")
    realised_gain = Amount(source="realised")
    copies = serializers.IntegerField()
    copies_unpriced = serializers.IntegerField(source="unpriced")
    is_estimate = serializers.BooleanField()


class PortfolioHistoryOutput(serializers.Serializer):
    """Days, oldest first; the last one is now."""

    currency = serializers.CharField()
    period = serializers.CharField(help_text=", ".join(PERIODS))
    days = PortfolioDayOutput(many=True)


class CostBasisOutput(serializers.Serializer):
    """Cost and gain counted one way; null where they are not known."""

    cost = Amount()
    average_cost = Amount(allow_null=True)
    realised_gain = Amount(source="realised")
    unrealised_gain = Amount(source="unrealised", allow_null=True)


class LotOutput(serializers.Serializer):
    """Copies that cost the same, of one item."""

    item_id = serializers.UUIDField()
    quantity = serializers.IntegerField()
    unit_cost = Amount(source="cost", allow_null=True)
    currency = serializers.CharField()
    acquired_on = serializers.DateField()


class SuggestionReasonOutput(serializers.Serializer):
    """What one factor found: its strength from -1 to 1, and what that adds to the suggested action."""

    factor = serializers.CharField()
    strength = serializers.DecimalField(max_digits=4, decimal_places=2, coerce_to_string=False)
    weight = serializers.DecimalField(max_digits=12, decimal_places=4, coerce_to_string=False)
    text = serializers.CharField()


class SuggestionOutput(serializers.Serializer):
    """Arithmetic over market data, no financial advice. `clarity`: from 0 to 1, how far the action leads."""

    action = serializers.ChoiceField(list(ACTIONS))
    clarity = serializers.DecimalField(max_digits=3, decimal_places=2, coerce_to_string=False)
    reasons = SuggestionReasonOutput(many=True)


class HoldingOutput(serializers.Serializer):
    """All copies of one printing in one condition or grade; null is not known."""

    card_id = serializers.UUIDField(source="product_id")
    variant_id = serializers.UUIDField()
    card_name = serializers.CharField(source="name")
    card_number = serializers.CharField(source="number")
    set_name = serializers.CharField()
    finish = serializers.CharField()
    language = serializers.CharField()
    condition = serializers.CharField()
    grade_company = serializers.CharField()
    grade = serializers.DecimalField(max_digits=3, decimal_places=1, coerce_to_string=False, allow_null=True)
    currency = serializers.CharField()
    copies = serializers.IntegerField()
    copies_sold = serializers.IntegerField(source="sold")
    copies_with_cost = serializers.IntegerField(source="costed")
    unit_value = Amount(allow_null=True)
    value = Amount(allow_null=True)
    as_of = serializers.DateTimeField(allow_null=True)
    is_stale = serializers.BooleanField(source="stale")
    is_estimate = serializers.BooleanField(source="estimate", help_text="from asking prices alone")
    share = Share(allow_null=True)
    change_percent_30d = Percent(source="percent_30d", allow_null=True)
    gain_percent = Percent(allow_null=True)
    by_lot = CostBasisOutput()
    at_average_cost = CostBasisOutput(source="at_average")
    lots = LotOutput(many=True)
    suggestion = SuggestionOutput(allow_null=True)


class AllocationPartOutput(serializers.Serializer):
    """A part of the value."""

    name = serializers.CharField()
    copies = serializers.IntegerField()
    value = Amount()
    share = Share()


class AllocationOutput(serializers.Serializer):
    """How the value is spread, largest part first; each of the three adds up to the value."""

    currency = serializers.CharField()
    category = AllocationPartOutput(many=True)
    set = AllocationPartOutput(many=True)
    condition = AllocationPartOutput(many=True)


class PortfolioMoverOutput(serializers.Serializer):
    """A holding that moved: what that did to the portfolio, and by how much the price changed."""

    card_id = serializers.UUIDField(source="product_id")
    variant_id = serializers.UUIDField()
    card_name = serializers.CharField(source="name")
    card_number = serializers.CharField(source="number")
    set_name = serializers.CharField()
    condition = serializers.CharField()
    copies = serializers.IntegerField()
    value = Amount()
    change = Amount(source="effect")
    change_percent = Percent(source="percent")


class PortfolioMovesOutput(serializers.Serializer):
    """One period; null where no change is known."""

    period = serializers.CharField(help_text=", ".join(MOVER_PERIODS))
    change = Amount(source="total", allow_null=True)
    change_percent = Percent(source="percent", allow_null=True)
    movers = PortfolioMoverOutput(source="rows", many=True)


def _summary(request: Request) -> Summary:
    """The sums in the currency asked for, the most valuable one unless told. Raises InvalidInput on no currency."""
    wanted = request.query_params.get("currency", "")
    if wanted and not (len(wanted) == 3 and wanted.isascii() and wanted.isupper()):
        raise InvalidInput("currency is an ISO 4217 code such as USD.", field="currency", given=wanted[:40])
    sums = summaries(owner=request.user)
    if not wanted:
        return sums[0] if sums else Summary(request.user.currency)
    return next((each for each in sums if each.currency == wanted), Summary(wanted))


class PortfolioSums(APIView):
    """What the portfolio adds up to."""

    @extend_schema(
        tags=["portfolio"],
        operation_id="portfolio",
        responses=inline_serializer("PortfolioSumsAnswer", {"sums": PortfolioSumsOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """One row for each currency, the highest value first. Currencies are never added."""
        return Response({"sums": PortfolioSumsOutput(summaries(owner=request.user), many=True).data})


class PortfolioHistory(APIView):
    """Value over time."""

    @extend_schema(
        tags=["portfolio"],
        operation_id="portfolio_history",
        parameters=[CURRENCY, OpenApiParameter("period", str, enum=list(PERIODS), description="1y unless told")],
        responses=PortfolioHistoryOutput,
    )
    def get(self, request: Request) -> Response:
        """One row for each day that was taken or estimated, and one of now."""
        period = request.query_params.get("period", "1y")
        told = history(owner=request.user, now=_summary(request), period=period)
        return Response(PortfolioHistoryOutput(told).data)


class PortfolioHoldings(APIView):
    """Holdings with cost, gain and suggestion."""

    @extend_schema(
        tags=["portfolio"],
        operation_id="portfolio_holdings",
        parameters=[
            OpenApiParameter("currency", str, description="ISO 4217; all unless told"),
            OpenApiParameter("sort", str, enum=list(SORTS), description="value unless told"),
            *BY_OFFSET,
        ],
        responses=inline_serializer(
            "PortfolioHoldingsAnswer", {"holdings": HoldingOutput(many=True), "pagination": Pagination()}
        ),
    )
    def get(self, request: Request) -> Response:
        """Gain is told by lot and at average cost; each suggestion with all its reasons."""
        limit, offset = limit_offset(request)
        wanted = request.query_params.get("currency", "").replace("\x00", "")[:3]
        sort = request.query_params.get("sort", "value")
        page = holdings(owner=request.user, currency=wanted, sort=sort, limit=limit, offset=offset)
        return Response({"holdings": HoldingOutput(page.rows, many=True).data, "pagination": page.envelope()})


class PortfolioAllocation(APIView):
    """How the value is spread."""

    @extend_schema(
        tags=["portfolio"], operation_id="portfolio_allocation", parameters=[CURRENCY], responses=AllocationOutput
    )
    def get(self, request: Request) -> Response:
        """Over categories, sets and conditions."""
        currency = _summary(request).currency
        told = allocation(owner=request.user, currency=currency)
        parts = {
            name: AllocationPartOutput(getattr(told, name), many=True).data for name in ("category", "set", "condition")
        }
        return Response({"currency": currency} | parts)


class PortfolioMovers(APIView):
    """What moved."""

    @extend_schema(
        tags=["portfolio"],
        operation_id="portfolio_movers",
        parameters=[CURRENCY],
        responses=inline_serializer(
            "PortfolioMoversAnswer", {"currency": serializers.CharField(), "periods": PortfolioMovesOutput(many=True)}
        ),
    )
    def get(self, request: Request) -> Response:
        """What prices did in 24 hours, 7 and 30 days to what is held now, the ten largest effects of each."""
        currency = _summary(request).currency
        told = movers(owner=request.user, currency=currency, most=10)
        return Response({"currency": currency, "periods": PortfolioMovesOutput(told, many=True).data})
