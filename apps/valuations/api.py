"""REST: cards with their prices, how a price went, what moved. Reads only; no sign-in is needed."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.catalog import queries as catalog
from apps.catalog.api import GAME, PAGING, Pagination, game_asked, id_asked, one_of, picture, word
from apps.catalog.models import Variant
from apps.catalog.queries import ProductDetail, ProductRow
from apps.catalog.search import SORTS
from apps.core.conditions import Condition, condition_from
from apps.core.errors import InvalidInput
from apps.core.pagination import limit_offset
from apps.valuations import queries
from apps.valuations.queries import CHANGES, PERIODS, History, Mover, Price

CONDITION = OpenApiParameter("condition", str, description="near_mint (unless told), lightly_played … or NM, LP …")
VARIANT = OpenApiParameter("variant_id", uuid.UUID, description="which printing; the ordinary one unless told")
TRENDS = {"gainers": "gainers", "losers": "losers", "most_watched": "active"}
DEFAULT_TRENDING, MOST_TRENDING = 10, 50


class Amount(serializers.DecimalField):
    """A price in whole units of its currency, as a JSON number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=12, decimal_places=2, coerce_to_string=False, allow_null=True, **options)


class Percent(serializers.DecimalField):
    """A change in percent, to a tenth, as a JSON number."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=12, decimal_places=1, coerce_to_string=False, allow_null=True, **options)


class CurrentPriceOutput(serializers.Serializer):
    """What a Near Mint copy of the printing costs: the latest quote (null where nobody quotes it) and our fair value."""

    market_price = Amount(source="market")
    low_price = Amount(source="market_low")
    high_price = Amount(source="market_high")
    fair_value = Amount(source="amount")
    confidence = serializers.DecimalField(max_digits=3, decimal_places=2, coerce_to_string=False, allow_null=True)
    currency = serializers.CharField()
    last_updated = serializers.DateTimeField(source="as_of", allow_null=True)


class FoundCard(serializers.Serializer):
    """A card of a search. `variant_id` is the printing that the filters ask for, else the ordinary one."""

    id = serializers.UUIDField()
    tcg_type = serializers.CharField(source="game")
    set_identifier = serializers.CharField(source="release_code")
    set_name = serializers.CharField(source="release_name")
    card_number = serializers.CharField(source="number")
    card_name = serializers.CharField(source="name")
    rarity = serializers.CharField()
    image_url = serializers.SerializerMethodField()
    variant_id = serializers.UUIDField(allow_null=True)
    finish = serializers.CharField()
    current_price = CurrentPriceOutput(source="extras.price", allow_null=True)

    def get_image_url(self, row: ProductRow) -> str | None:
        """Where its picture is."""
        return picture(self.context["request"], row.image, row.image_source)


class FacetValueOutput(serializers.Serializer):
    """A choice with how many cards it leaves."""

    value = serializers.CharField()
    label = serializers.CharField()
    count = serializers.IntegerField()


class FacetOutput(serializers.Serializer):
    """A facet with its choices, most frequent first."""

    name = serializers.CharField()
    label = serializers.CharField()
    values = FacetValueOutput(many=True)


class CardSearch(APIView):
    """Search of the catalogue."""

    permission_classes = [AllowAny]

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
        ],
        responses=inline_serializer(
            "CardSearch",
            {
                "cards": FoundCard(many=True),
                "pagination": Pagination(),
                "suggestion": serializers.CharField(),
                "all_words": serializers.BooleanField(),
                "facets": FacetOutput(many=True, required=False),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Cards by name, number and set, the best first.

        Half-typed and mistyped words find what they mean; `suggestion` then says what was searched instead. Where no card
        has all of the words, `all_words` is false and the cards are those that have most of them.
        """
        limit, offset = limit_offset(request)
        with_facets = one_of(request, "facets", ["true", "false"], default="false") == "true"
        found = catalog.search_products(
            text=word(request, "q"),
            category=game_asked(request),
            release=word(request, "set_identifier"),
            rarity=word(request, "rarity"),
            finish=one_of(request, "finish", [value for value, _ in Variant._meta.get_field("finish").choices]),
            language=word(request, "language"),
            sort=one_of(request, "sort", list(SORTS), default="relevance"),
            limit=limit,
            offset=offset,
            facets=with_facets,
        )
        answer = {
            "cards": FoundCard(found.page.rows, many=True, context={"request": request}).data,
            "pagination": found.page.envelope(),
            "suggestion": found.suggestion,
            "all_words": not found.understood.is_loose,
        }
        if with_facets:
            answer["facets"] = FacetOutput(found.facets, many=True).data
        return Response(answer)


class SetFacts(serializers.Serializer):
    """The set of a card."""

    id = serializers.UUIDField()
    set_name = serializers.CharField(source="name")
    release_date = serializers.DateField(source="released_on", allow_null=True)
    total_cards = serializers.IntegerField(allow_null=True)
    series = serializers.CharField()


class PriceRange(serializers.Serializer):
    """The latest quote's range."""

    low = Amount(source="market_low")
    high = Amount(source="market_high")


class PriceChange(serializers.Serializer):
    """How far a price moved."""

    amount = Amount(source="change")
    percentage = Percent(source="percent")


class PriceStats(serializers.Serializer):
    """What the printing costs in the condition. All null where nothing is known; see `reasons` for what it rests on."""

    current_market_price = Amount(source="market")
    price_range = PriceRange(source="*")
    all_time_high = Amount()
    all_time_low = Amount()
    fair_value = Amount(source="amount")
    fair_value_low = Amount(source="low")
    fair_value_high = Amount(source="high")
    confidence = serializers.DecimalField(max_digits=3, decimal_places=2, coerce_to_string=False, allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    condition = serializers.CharField()
    currency = serializers.CharField()
    last_updated = serializers.DateTimeField(source="as_of", allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        """The fields, with the one whose name begins with a digit."""
        return super().get_fields() | {"30_day_change": PriceChange(source="*")}


class PrintingOutput(serializers.Serializer):
    """A printing of a card."""

    id = serializers.UUIDField()
    finish = serializers.CharField()
    language = serializers.CharField()
    treatment = serializers.CharField()
    is_default = serializers.BooleanField()


class CardFacts(serializers.Serializer):
    """A card with its set, its printings and what the printing asked for costs."""

    id = serializers.UUIDField(source="detail.product.pk")
    tcg_type = serializers.CharField(source="detail.product.category.game")
    set_identifier = serializers.CharField(source="detail.product.release.code")
    card_number = serializers.CharField(source="detail.product.number")
    card_name = serializers.CharField(source="detail.product.name")
    rarity = serializers.CharField(source="detail.product.rarity")
    artist = serializers.CharField(source="detail.product.artist")
    attributes = serializers.DictField(source="detail.product.attributes")
    barcodes = serializers.ListField(child=serializers.CharField(), source="detail.barcodes")
    image_url = serializers.SerializerMethodField()
    set_info = SetFacts(source="detail.product.release")
    variant_id = serializers.UUIDField(source="price.variant_id", allow_null=True)
    variants = PrintingOutput(source="detail.variants", many=True)
    price_stats = PriceStats(source="price")

    def get_image_url(self, card: dict[str, Any]) -> str | None:
        """Where its picture is."""
        image = card["detail"].image
        return picture(self.context["request"], image.file, image.source_url) if image else None


def _condition(request: Request) -> str:
    given = word(request, "condition")
    condition = condition_from(given) if given else Condition.NM
    if condition is None:
        known = [str(label).lower().replace(" ", "_") for label in Condition.labels]
        raise InvalidInput(f"condition is one of {', '.join(known)}.", field="condition", given=given, known=known)
    return condition


def _printing(request: Request, detail: ProductDetail) -> Variant | None:
    """The printing asked for, else the ordinary one. Raises InvalidInput where it is not one of this card."""
    asked = id_asked(request, "variant_id")
    known = [str(variant.pk) for variant in detail.variants]
    if asked and str(asked) not in known:
        raise InvalidInput(
            "This card has no such printing; its printings are in `variants` of the card.",
            field="variant_id", given=str(asked), known=known,
        )  # fmt: skip
    return detail.variant(asked)


class CardDetail(APIView):
    """One card."""

    permission_classes = [AllowAny]

    @extend_schema(tags=["cards"], operation_id="card", parameters=[VARIANT, CONDITION], responses=CardFacts)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """One card with its set, its printings and its price."""
        detail = catalog.product_detail(pk)
        variant, condition = _printing(request, detail), _condition(request)
        price = queries.price_block(variant.pk, condition) if variant else Price(None, condition)
        return Response(CardFacts({"detail": detail, "price": price}, context={"request": request}).data)


class DataPoint(serializers.Serializer):
    """What one source said at one time; with `is_sale` the middle, lowest and highest of a day's sales."""

    timestamp = serializers.DateTimeField(source="at")
    market_price = Amount(source="market")
    low_price = Amount(source="low")
    high_price = Amount(source="high")
    source = serializers.CharField()
    sample_size = serializers.IntegerField(allow_null=True)
    is_sale = serializers.BooleanField()


class HistorySummary(serializers.Serializer):
    """The period in figures. volatility: standard deviation over mean of the source with most prices, a share."""

    avg_price = Amount(source="average")
    volatility = serializers.FloatField(allow_null=True)
    trend = serializers.ChoiceField(["increasing", "decreasing", "stable", "unknown"])
    change_percentage = serializers.FloatField(source="change_percent", allow_null=True)


class HistoryOutput(serializers.Serializer):
    """How the price of a printing went, oldest first, in one currency."""

    card_id = serializers.SerializerMethodField()
    variant_id = serializers.UUIDField()
    condition = serializers.CharField()
    period = serializers.CharField()
    currency = serializers.CharField()
    data_points = DataPoint(source="points", many=True)
    summary = HistorySummary(source="*")

    def get_card_id(self, told: History) -> uuid.UUID:
        """The card that was asked for."""
        return self.context["card_id"]


class PriceHistory(APIView):
    """How a card's price went."""

    permission_classes = [AllowAny]

    @extend_schema(
        tags=["cards"],
        operation_id="card_prices_history",
        parameters=[
            OpenApiParameter("period", str, enum=list(PERIODS), description="30d unless told"),
            OpenApiParameter("source", str, description="slug of a source such as tcgplayer; all unless told"),
            CONDITION,
            VARIANT,
        ],
        responses=HistoryOutput,
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        """Prices of a card over a period, by source, with a summary."""
        period = one_of(request, "period", list(PERIODS), default="30d")
        condition = _condition(request)
        source = one_of(request, "source", ["all", *queries.source_slugs()], default="all")
        detail = catalog.product_detail(pk)
        variant = _printing(request, detail)
        if variant is None:
            told = History(None, condition, period, "USD", (), ())
        else:
            told = queries.history(variant.pk, period, "" if source == "all" else source, condition)
        return Response(HistoryOutput(told, context={"card_id": detail.product.pk}).data)


class TrendingCard(serializers.Serializer):
    """The card that moved."""

    id = serializers.UUIDField(source="product_id")
    card_name = serializers.CharField(source="name")
    card_number = serializers.CharField(source="number")
    set_identifier = serializers.CharField(source="release_code")
    tcg_type = serializers.CharField(source="game")
    variant_id = serializers.UUIDField()
    image_url = serializers.SerializerMethodField()

    def get_image_url(self, mover: Mover) -> str | None:
        """Where its picture is."""
        return picture(self.context["request"], mover.image_name, mover.image_source)


class TrendingChange(serializers.Serializer):
    """From where to where."""

    current_price = Amount(source="value")
    previous_price = Amount(source="previous")
    change_amount = Amount(source="change")
    change_percentage = Percent(source="percent")
    currency = serializers.CharField()


class TrendingOutput(serializers.Serializer):
    """A card that moved. `volume`: sales and quotes behind its fair value."""

    card = TrendingCard(source="*")
    price_change = TrendingChange(source="*")
    volume = serializers.IntegerField(source="sample_size")


class Trending(APIView):
    """What moved."""

    permission_classes = [AllowAny]

    @extend_schema(
        tags=["cards"],
        operation_id="prices_trending",
        parameters=[
            GAME,
            OpenApiParameter("trend_type", str, enum=list(TRENDS), description="gainers unless told"),
            OpenApiParameter("period", str, enum=list(CHANGES), description="7d unless told"),
            OpenApiParameter("limit", int, description="how many, 1 to 50; 10 unless told"),
        ],
        responses=inline_serializer("TrendingCards", {"trending_cards": TrendingOutput(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """Cards whose market price rose or fell most.

        `most_watched`: those with the most sales and quotes of late. Prices under one unit and figures of low confidence
        are left out.
        """
        limit, _ = limit_offset(request, default=DEFAULT_TRENDING, most=MOST_TRENDING)
        rows = queries.movers(
            limit=limit,
            period=one_of(request, "period", list(CHANGES), default="7d"),
            side=TRENDS[one_of(request, "trend_type", list(TRENDS), default="gainers")],
            game=game_asked(request),
        )
        return Response({"trending_cards": TrendingOutput(rows, many=True, context={"request": request}).data})
