"""Rules that are kept; a repricing with its old and new prices, looked at before it is applied and taken back after."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import Base

LARGE_PERCENT = 30
"""A change of a price that is marked before it is applied."""


class RepricingRule(Base):
    """A rule that a seller keeps to reprice by again."""

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="repricing_rules")
    name = models.CharField(max_length=60)
    rule = models.JSONField(help_text="fields of pricing.PriceRule")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "name"], name="repricing_rule_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Repricing(Base):
    """New prices that a rule gave to many listings: proposed, then applied, then perhaps taken back."""

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="repricings")
    rule = models.JSONField(help_text="fields of pricing.PriceRule")
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | Q(applied_at__isnull=False), name="repricing_undone_was_applied"
            ),
        ]
        indexes = [models.Index(fields=["seller", "-created_at"], name="repricing_by_seller")]

    def __str__(self) -> str:
        return f"repricing {str(self.pk)[-6:]}"


class RepricedListing(models.Model):
    """One listing of a repricing."""

    repricing = models.ForeignKey(Repricing, on_delete=models.CASCADE, related_name="lines")
    listing = models.ForeignKey("listings.Listing", on_delete=models.CASCADE, related_name="+")
    old_minor = models.PositiveBigIntegerField()
    new_minor = models.PositiveBigIntegerField()
    is_applied = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repricing", "listing"], name="repriced_once_in_a_repricing"),
            models.CheckConstraint(condition=Q(new_minor__gt=0), name="repriced_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.old_minor} -> {self.new_minor}"

    @property
    def percent(self) -> float:
        """By how much the price changes."""
        return 100 * (self.new_minor - self.old_minor) / self.old_minor

    @property
    def is_large(self) -> bool:
        """Whether the seller should look twice."""
        return abs(self.percent) >= LARGE_PERCENT
