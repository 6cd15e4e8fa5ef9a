"""What a member wants to be told of (rule), what the evaluation reads of it (watch), what was told (alert)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Product, Variant
from apps.core.conditions import Condition
from apps.core.models import Base


class Kind(models.TextChoices):
    """What is waited for. The values are the API's words."""

    DROP = "price_drop", _("Falls under")
    RISE = "price_increase", _("Rises above")
    MOVE = "price_change", _("Moves by a percentage")
    OFFER = "availability", _("Is for sale")
    DEAL = "under_fair_value", _("Is offered under fair value")
    WORTH_DROP = "portfolio_drop", _("Inventory falls under")
    WORTH_RISE = "portfolio_increase", _("Inventory rises above")
    WORTH_MOVE = "portfolio_change", _("Inventory moves by a percentage")
    WANT = "want_matched", _("Will do for a want")


LINES = (Kind.DROP, Kind.RISE, Kind.WORTH_DROP, Kind.WORTH_RISE)
"""Kinds with an amount that is crossed."""
MOVES = (Kind.MOVE, Kind.WORTH_MOVE)
"""Kinds with a percentage over a period."""
OFFERS = (Kind.OFFER, Kind.DEAL)
"""Kinds about what somebody offers."""
PORTFOLIO = (Kind.WORTH_DROP, Kind.WORTH_RISE, Kind.WORTH_MOVE)
"""Kinds about a member's whole inventory; all others are about a card."""


OF_RULES = tuple(kind for kind in Kind if kind != Kind.WANT)
"""Kinds that a rule has. A want is what it waits for itself: its owner switches it on and off there."""


class Period(models.TextChoices):
    """Over what a movement is measured."""

    DAY = "24h", _("24 hours")
    WEEK = "7d", _("7 days")
    MONTH = "30d", _("30 days")


class Direction(models.TextChoices):
    """Which way a price has to move."""

    EITHER = "either", _("Up or down")
    UP = "up", _("Up")
    DOWN = "down", _("Down")


class Comparison(models.TextChoices):
    """Whether the line itself counts."""

    UNDER = "<", _("under")
    AT_MOST = "<=", _("at most")
    OVER = ">", _("above")
    AT_LEAST = ">=", _("at least")


class Rule(Base):
    """What one member wants to be told of: one kind of event of a card (one printing or any) or of the inventory."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alert_rules")
    kind = models.CharField(max_length=20, choices=Kind)
    product = models.ForeignKey(Product, null=True, on_delete=models.CASCADE, related_name="alert_rules")
    variant = models.ForeignKey(
        Variant, null=True, on_delete=models.CASCADE, related_name="alert_rules", help_text="empty: any printing"
    )
    condition = models.CharField(max_length=3, choices=Condition, blank=True, help_text="empty: any (offers alone)")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    comparison = models.CharField(max_length=2, choices=Comparison, blank=True)
    percent = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    period = models.CharField(max_length=3, choices=Period, blank=True)
    direction = models.CharField(max_length=6, choices=Direction, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    cool_down_hours = models.PositiveSmallIntegerField(default=24)
    is_on = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "owner",
                    "kind",
                    "product",
                    "variant",
                    "condition",
                    "amount",
                    "comparison",
                    "percent",
                    "period",
                    "direction",
                    "currency",
                ],
                nulls_distinct=False,
                name="alert_rule_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PORTFOLIO, product__isnull=True, variant__isnull=True, condition="")
                | (~Q(kind__in=PORTFOLIO) & Q(product__isnull=False)),
                name="alert_rule_about_a_card_or_the_inventory",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[Kind.DROP, Kind.RISE, Kind.MOVE]) | ~Q(condition=""),
                name="alert_rule_on_a_price_names_its_condition",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=LINES) | (Q(amount__isnull=False) & ~Q(comparison="")),
                name="alert_rule_line_has_an_amount",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[*MOVES, Kind.DEAL]) | Q(percent__isnull=False),
                name="alert_rule_movement_has_a_percentage",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=MOVES) | (~Q(period="") & ~Q(direction="")),
                name="alert_rule_movement_has_a_period",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="alert_rule_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(percent__isnull=True) | Q(percent__gt=0), name="alert_rule_percent_positive"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="alert_rule_by_owner"),
            models.Index(
                fields=["product"], condition=Q(variant__isnull=True, product__isnull=False), name="alert_rule_any_printing"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.amount or self.percent or ''}".strip()

    @property
    def is_about_inventory(self) -> bool:
        """Whether it watches the owner's inventory and no card."""
        return self.kind in PORTFOLIO


class Watch(models.Model):
    """One rule upon one printing in one condition, or upon one inventory: all that the evaluation needs, in one row.

    `line` is the nearest amount at which the rule fires, so that no comparison is needed to find those that do. Armed:
    the price stands on the side from which it may cross.
    """

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="watches")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    condition = models.CharField(max_length=3, blank=True)
    line = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    percent = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    period = models.CharField(max_length=3, blank=True)
    direction = models.CharField(max_length=6, blank=True)
    currency = models.CharField(max_length=3)
    cool_down = models.DurationField()
    is_on = models.BooleanField(default=True)
    is_armed = models.BooleanField(default=True)
    fired_at = models.DateTimeField(null=True)
    quiet_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "watches"
        constraints = [
            models.UniqueConstraint(fields=["rule", "variant"], nulls_distinct=False, name="alert_watch_once"),
        ]
        indexes = [
            # Both branches of a crossing are ranges of it: armed lines at or beyond the new price, others behind it.
            models.Index(
                fields=["variant", "condition", "kind", "is_armed", "line"],
                condition=Q(is_on=True, variant__isnull=False),
                name="alert_watch_line",
            ),
            models.Index(fields=["owner"], condition=Q(variant__isnull=True), name="alert_watch_inventory"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.line or self.percent or ''}".strip()


class SeenPrice(models.Model):
    """The newest price of a watched printing that rules were held against: what is not newer changes nothing."""

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="+", db_index=False)
    condition = models.CharField(max_length=3)
    value = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["variant", "condition"], name="alert_seen_price_once")]

    def __str__(self) -> str:
        return str(self.value)


class Alert(Base):
    """One firing: the figures of that moment and what they say in words. It outlives its rule."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="alerts")
    rule = models.ForeignKey(Rule, null=True, on_delete=models.SET_NULL, related_name="alerts")
    kind = models.CharField(max_length=20, choices=Kind)
    variant = models.ForeignKey(Variant, null=True, on_delete=models.CASCADE, related_name="+")
    condition = models.CharField(max_length=3, blank=True)
    value = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, help_text="the price, offer or worth that fired it; none of a swap"
    )
    before = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, help_text="the price before, or what the offer is compared with"
    )
    percent = models.DecimalField(max_digits=12, decimal_places=1, null=True, help_text="by how much it moved")
    currency = models.CharField(max_length=3)
    words = models.CharField(max_length=500)
    cause = models.CharField(max_length=120, help_text="what fired it: a rule fires once for each")
    listing_id = models.UUIDField(null=True, help_text="the offer that fired it")
    at = models.DateTimeField(help_text="when the price held or the offer was there")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "cause"], name="alert_once_per_cause")]
        indexes = [models.Index(F("owner"), F("created_at").desc(), name="alert_by_owner")]

    def __str__(self) -> str:
        return self.words
