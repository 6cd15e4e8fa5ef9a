"""REST: the shapes of cards, prices and sets in answers. Serializers over plain rows; no request, no query."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.catalog.api import SetOutput, kept_picture
from apps.catalog.rows import ProductRow
from apps.core.conditions import grade_of
from apps.valuations.history import History, Point
from apps.valuations.queries import Mover, Price

MOST_LOOKED_UP = 100


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
        return kept_picture(row.image, row.image_source)


class CardFacetValueOutput(serializers.Serializer):
    """A choice with how many cards it leaves."""

    value = serializers.CharField()
    label = serializers.CharField()
    count = serializers.IntegerField()


class CardFacetOutput(serializers.Serializer):
    """A facet with its choices, most frequent first."""

    name = serializers.CharField()
    label = serializers.CharField()
    values = CardFacetValueOutput(many=True)


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


class GradedPrice(serializers.Serializer):
    """What a graded copy of the printing is worth. `grade_company` is empty where the sources tell no grader."""

    grade_company = serializers.SerializerMethodField()
    grade = serializers.SerializerMethodField()
    fair_value = Amount(source="amount")
    fair_value_low = Amount(source="low")
    fair_value_high = Amount(source="high")
    confidence = serializers.DecimalField(max_digits=3, decimal_places=2, coerce_to_string=False, allow_null=True)
    market_price = Amount(source="market")
    sample_size = serializers.IntegerField()
    is_converted = serializers.BooleanField(
        source="converted", help_text="all of it from other grades or ungraded copies"
    )
    currency = serializers.CharField()
    last_updated = serializers.DateTimeField(source="as_of", allow_null=True)

    def get_grade_company(self, price: Price) -> str:
        """PSA, BGS, CGC, SGC or TAG."""
        return (grade_of(price.condition) or ("", Decimal(0)))[0]

    def get_grade(self, price: Price) -> float:
        """From 1 to 10 in halves."""
        return float((grade_of(price.condition) or ("", Decimal(0)))[1])


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
    graded_prices = GradedPrice(source="grades", many=True)

    def get_image_url(self, card: dict[str, Any]) -> str | None:
        """Where its picture is."""
        image = card["detail"].image
        return kept_picture(image.file, image.source_url) if image else None


class DataPoint(serializers.Serializer):
    """What one source said at one time; with `is_sale` the middle, lowest and highest of a day's sales."""

    timestamp = serializers.DateTimeField(source="at")
    market_price = Amount(source="market")
    low_price = Amount(source="low")
    high_price = Amount(source="high")
    source = serializers.CharField()
    sample_size = serializers.IntegerField(allow_null=True)
    is_sale = serializers.BooleanField()

    def to_representation(self, instance: Point) -> dict[str, Any]:
        """The same as field by field, of which a year's history has thousands: they took most of its time."""
        return {
            "timestamp": instance.at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            "market_price": instance.market,
            "low_price": instance.low,
            "high_price": instance.high,
            "source": instance.source,
            "sample_size": instance.sample_size,
            "is_sale": instance.is_sale,
        }


class HistorySummary(serializers.Serializer):
    """The period in figures. volatility: standard deviation over mean of the source with most prices, a share."""

    avg_price = Amount(source="average")
    volatility = serializers.FloatField(allow_null=True)
    trend = serializers.ChoiceField(["increasing", "decreasing", "stable", "unknown"])
    change_percentage = serializers.FloatField(source="change_percent", allow_null=True)


class HistoryOutput(serializers.Serializer):
    """How the price of a printing went, oldest first, in one currency."""

    card_id = serializers.SerializerMethodField()
    variant_id = serializers.UUIDField(allow_null=True)
    condition = serializers.CharField()
    period = serializers.CharField()
    currency = serializers.CharField()
    data_points = DataPoint(source="points", many=True)
    summary = HistorySummary(source="*")

    def get_card_id(self, told: History) -> uuid.UUID:
        """The card that was asked for."""
        return self.context["card_id"]


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
        return kept_picture(mover.image_name, mover.image_source)


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


class SetWithValue(SetOutput):
    """A set with what one of each of its cards costs: the Near Mint fair value of the ordinary printing.

    value: the sum over `priced_count` cards, null where none has a price; cards priced in another currency are left out.
    """

    priced_count = serializers.IntegerField(source="worth.priced")
    value = Amount(source="worth.value")
    currency = serializers.CharField(source="worth.currency")
    last_updated = serializers.DateTimeField(source="worth.as_of", allow_null=True)


class SourceDownOutput(serializers.Serializer):
    """A source that does not bring prices now, and the newest price that it brought."""

    source = serializers.CharField()
    state = serializers.ChoiceField(["failed", "resting", "late"])
    newest_at = serializers.DateTimeField(allow_null=True)


class FreshnessOutput(serializers.Serializer):
    """How far the prices of an answer are up to date.

    state: current; partial (some sources are down: their prices are the last known ones); stale (all sources that run are
    down, or our own database is, and this is the last answer known). computed_at: when the answer was worked out.
    """

    state = serializers.ChoiceField(["current", "partial", "stale"])
    is_stale = serializers.BooleanField()
    computed_at = serializers.DateTimeField()
    sources_down = SourceDownOutput(many=True)


class SourceOutput(serializers.Serializer):
    """A source of prices, and how far it is trusted, in (0, 1]."""

    slug = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField()
    currency = serializers.CharField()
    reliability = serializers.DecimalField(max_digits=3, decimal_places=2, coerce_to_string=False)


class LookupInput(serializers.Serializer):
    """Which cards to answer: ours by id, TCGplayer's by its product id; at most 100 together."""

    card_ids = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=100)
    tcgplayer_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**31 - 1), required=False, max_length=100
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One to a hundred."""
        if not 1 <= len(attrs.get("card_ids", [])) + len(attrs.get("tcgplayer_ids", [])) <= MOST_LOOKED_UP:
            raise serializers.ValidationError(
                f"Name 1 to {MOST_LOOKED_UP} cards in card_ids and tcgplayer_ids together."
            )
        return attrs


class LookedUpCard(FoundCard):
    """A card of a look-up. tcgplayer_id: the id that it was asked for by, else null."""

    tcgplayer_id = serializers.IntegerField(source="extras.tcgplayer_id", allow_null=True)


class MissingOutput(serializers.Serializer):
    """What was asked for and is not there."""

    card_ids = serializers.ListField(child=serializers.UUIDField())
    tcgplayer_ids = serializers.ListField(child=serializers.IntegerField())
