"""Market data and what follows from it: source, quote, sale, current price, valuation. Quotes are partitioned by month."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Variant
from apps.core.conditions import Condition, GradeCompany
from apps.core.models import Base


class Source(models.Model):
    """Where prices come from and how far they are trusted."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    url = models.URLField(blank=True)
    currency = models.CharField(max_length=3, default="USD")
    reliability = models.DecimalField(max_digits=3, decimal_places=2, default=1, help_text="weight in (0, 1]")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reliability__gt=0, reliability__lte=1), name="source_reliability_in_range"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Quote(models.Model):
    """What one source says one variant in one condition costs at one time. The table is partitioned by month."""

    pk = models.CompositePrimaryKey("variant_id", "source_id", "condition", "observed_at")
    variant = models.ForeignKey(Variant, on_delete=models.DO_NOTHING, related_name="quotes")
    source = models.ForeignKey(Source, on_delete=models.DO_NOTHING)
    condition = models.CharField(max_length=3, choices=Condition, default=Condition.NM)
    observed_at = models.DateTimeField()
    low = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    mid = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    market = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    sample_size = models.PositiveIntegerField(null=True)
    currency = models.CharField(max_length=3, default="USD")

    class Meta:
        db_table = "valuations_quote"

    def __str__(self) -> str:
        return f"{self.market} {self.currency}"


class Sale(Base):
    """One sold copy: the comparable that fair value rests on."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="sales")
    source = models.ForeignKey(Source, on_delete=models.PROTECT)
    reference = models.CharField(max_length=80, help_text="the source's own id of the sale: a replay changes nothing")
    condition = models.CharField(max_length=3, choices=Condition, blank=True)
    grade_company = models.CharField(max_length=3, choices=GradeCompany, blank=True)
    grade = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")
    quantity = models.PositiveIntegerField(default=1)
    seller_ref = models.CharField(max_length=64, blank=True, help_text="hash of the seller, for wash-trade resistance")
    buyer_ref = models.CharField(max_length=64, blank=True)
    sold_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="sale_once_per_source"),
            models.CheckConstraint(condition=Q(price__gt=0), name="sale_price_positive"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="sale_quantity_positive"),
            models.CheckConstraint(condition=Q(condition="") ^ Q(grade__isnull=True), name="sale_condition_or_grade"),
        ]
        indexes = [models.Index(fields=["variant", "sold_at"], name="sale_by_variant")]

    def __str__(self) -> str:
        return f"{self.price} {self.currency}"


class CurrentPrice(models.Model):
    """The one row per variant and condition that pages read. Kept up by the batch that changed its inputs."""

    class Method(models.TextChoices):
        """What the figure rests on."""

        SALES = "sales", _("recent sales")
        QUOTES = "quotes", _("market quotes")
        ASKS = "asks", _("asking prices only")

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="prices")
    condition = models.CharField(max_length=3, choices=Condition, default=Condition.NM)
    value = models.DecimalField(max_digits=12, decimal_places=2, help_text="fair market value")
    low = models.DecimalField(max_digits=12, decimal_places=2, help_text="lower end of the interval")
    high = models.DecimalField(max_digits=12, decimal_places=2, help_text="upper end of the interval")
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    sample_size = models.PositiveIntegerField()
    method = models.CharField(max_length=8, choices=Method)
    currency = models.CharField(max_length=3, default="USD")
    market_price = models.DecimalField(max_digits=12, decimal_places=2, null=True, help_text="the latest quote's")
    low_price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    high_price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    all_time_low = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    all_time_high = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    change_1d = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, help_text="of the market price, in currency"
    )
    change_7d = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    change_30d = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    basis = models.JSONField(default=dict, help_text="what the figure rests on, out of which its reasons are told")
    observed_at = models.DateTimeField(help_text="age of the newest input")
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["variant", "condition"], name="current_price_once"),
            models.CheckConstraint(
                condition=Q(low__lte=F("value"), high__gte=F("value")), name="current_price_within_interval"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="current_price_confidence_in_range"
            ),
        ]
        indexes = [models.Index(fields=["computed_at"], name="current_price_by_age")]

    def __str__(self) -> str:
        return f"{self.value} {self.currency}"


class Valuation(Base):
    """A fair value as it was stated once, with all that it takes to check it."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="valuations")
    condition = models.CharField(max_length=3, choices=Condition, blank=True)
    grade_company = models.CharField(max_length=3, choices=GradeCompany, blank=True)
    grade = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    value = models.DecimalField(max_digits=12, decimal_places=2)
    low = models.DecimalField(max_digits=12, decimal_places=2)
    high = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3, default="USD")
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    sample_size = models.PositiveIntegerField()
    method = models.CharField(max_length=24)
    model_version = models.CharField(max_length=24)
    inputs_hash = models.CharField(max_length=64)
    reasons = models.JSONField(default=list)
    as_of = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["variant", "as_of"], name="valuation_by_variant")]

    def __str__(self) -> str:
        return f"{self.value} {self.currency}"
