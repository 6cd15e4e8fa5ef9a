"""Market data and what follows from it: source, quote, daily and market price, sale, current price, valuation; feeds, runs.

Quotes are partitioned by month.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Variant
from apps.core.conditions import STATE_LENGTH, Condition, GradeCompany
from apps.core.models import Base

_STATE = "or a grade: PSA 9.5; Grade 9 where no grader is told"


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
    """What one source says one variant in one condition or grade costs at one time. The table is partitioned by month."""

    pk = models.CompositePrimaryKey("variant_id", "source_id", "condition", "observed_at")
    variant = models.ForeignKey(Variant, on_delete=models.DO_NOTHING, related_name="quotes")
    source = models.ForeignKey(Source, on_delete=models.DO_NOTHING)
    condition = models.CharField(max_length=STATE_LENGTH, default=Condition.NM, help_text=_STATE)
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


class DailyPrice(models.Model):
    """The close of a day: what the most reliable source said last. Kept up by the loader; it outlives its quotes."""

    pk = models.CompositePrimaryKey("variant_id", "condition", "currency", "day")
    variant = models.ForeignKey(
        Variant, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    condition = models.CharField(max_length=STATE_LENGTH, help_text=_STATE)
    currency = models.CharField(max_length=3)
    day = models.DateField(help_text="UTC")
    source = models.ForeignKey(
        Source, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    observed_at = models.DateTimeField()
    market = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    low = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=12, decimal_places=2, null=True)

    def __str__(self) -> str:
        return f"{self.day} {self.market} {self.currency}"


class MarketPrice(models.Model):
    """The newest close of a variant in a condition and a currency, and how it came to it. Kept up by the loader."""

    pk = models.CompositePrimaryKey("variant_id", "condition", "currency")
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="market_prices", db_index=False)
    condition = models.CharField(max_length=STATE_LENGTH, help_text=_STATE)
    currency = models.CharField(max_length=3)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_index=False)
    observed_at = models.DateTimeField()
    day = models.DateField(help_text="of the newest close")
    market = models.DecimalField(max_digits=12, decimal_places=2)
    low = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    change_1d = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, help_text="in currency, within one source"
    )
    change_7d = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    change_30d = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    all_time_low = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    all_time_high = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    volatility_30d = models.DecimalField(
        max_digits=8, decimal_places=4, null=True, help_text="deviation as a share of the mean"
    )
    trend_30d = models.DecimalField(
        max_digits=8, decimal_places=2, null=True, help_text="percent in thirty days, by least squares"
    )
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["changed_at"], name="market_price_by_change")]

    def __str__(self) -> str:
        return f"{self.market} {self.currency}"


class ExchangeRate(models.Model):
    """A central bank's reference rate of a day."""

    pk = models.CompositePrimaryKey("currency", "day")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    per_euro = models.DecimalField(max_digits=18, decimal_places=8, help_text="how much of it a euro is")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(per_euro__gt=0), name="exchange_rate_positive")]

    def __str__(self) -> str:
        return f"{self.day} {self.per_euro} {self.currency}"


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
    """The one row per variant and condition or grade that pages read. Kept up by the batch that changed its inputs."""

    class Method(models.TextChoices):
        """What the figure rests on."""

        SALES = "sales", _("recent sales")
        QUOTES = "quotes", _("market quotes")
        ASKS = "asks", _("asking prices only")

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="prices")
    condition = models.CharField(max_length=STATE_LENGTH, default=Condition.NM, help_text=_STATE)
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
        indexes = [
            models.Index(fields=["computed_at"], name="current_price_by_age"),
            # What movers are found by, without a look at the rows.
            models.Index(
                fields=["variant"],
                include=[
                    "market_price", "change_1d", "change_7d", "change_30d", "currency", "confidence", "sample_size",
                    "observed_at",
                ],
                condition=Q(condition="NM"),
                name="current_price_near_mint",
            ),
        ]  # fmt: skip

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


class Feed(models.Model):
    """A source that is asked by itself, at its pace: what the operator chose, and what is remembered between runs."""

    slug = models.SlugField(unique=True)
    kind = models.CharField(max_length=24, help_text="which adapter asks it")
    is_on = models.BooleanField(default=False, help_text="whether it runs by itself; one without its keys never does")
    pace_minutes = models.PositiveIntegerField(help_text="from the beginning of one run to that of the next")
    options = models.JSONField(default=dict, blank=True, help_text="see docs/feeds.md")
    validators = models.JSONField(
        default=dict,
        editable=False,
        help_text="ETag and Last-Modified of files that are asked for only if they changed",
    )
    next_run_at = models.DateTimeField(null=True, blank=True, help_text="empty: as soon as somebody looks")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pace_minutes__gt=0), name="feed_pace_positive")]

    def __str__(self) -> str:
        return self.slug


class FeedRun(Base):
    """One run of a feed, from its first page to its last, however often it was stopped on the way."""

    class State(models.TextChoices):
        """Where it stands. A running one whose process died is known by the feed's lock being free."""

        RUNNING = "running", _("running")
        PAUSED = "paused", _("goes on soon")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    class Trigger(models.TextChoices):
        """What started it."""

        SCHEDULE = "schedule", _("the schedule")
        ADMIN = "admin", _("the admin")
        COMMAND = "command", _("the command line")

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    trigger = models.CharField(max_length=8, choices=Trigger)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0, help_text="at work, pauses left out")
    resumed = models.PositiveIntegerField(default=0, help_text="how often it went on after a stop")
    continues = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, help_text="the failed run from whose place it went on"
    )
    cursor = models.JSONField(default=dict, help_text="where to go on; stored with the rows that came before")
    requests = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0, help_text="read: the sum of the next six")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0, help_text="said twice on one page; the last word counts")
    unpriced = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    newest_at = models.DateTimeField(null=True, help_text="the newest observation in it")
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed"], condition=Q(state__in=["running", "paused"]), name="feed_run_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed"], ended_at__isnull=False)
                | Q(state__in=["running", "paused"], ended_at__isnull=True),
                name="feed_run_ended_or_under_way",
            ),
            models.CheckConstraint(
                condition=Q(
                    rows=F("created") + F("updated") + F("unchanged") + F("repeated") + F("unpriced") + F("rejected")
                ),
                name="feed_run_accounts_for_every_row",
            ),
        ]
        indexes = [models.Index(fields=["feed", "-started_at"], name="feed_run_by_feed")]

    def __str__(self) -> str:
        return f"{self.feed_id} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def stored(self) -> int:
        """Rows that were new or said something new."""
        return self.created + self.updated
