"""What members own: binder, inventory item, movement, photo, day of the portfolio.

The database holds 0 <= reserved <= quantity.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Variant
from apps.core.conditions import Condition, GradeCompany
from apps.core.models import Base
from apps.inventory.exchange.models import ColumnMapping as ColumnMapping
from apps.inventory.exchange.models import ImportLine as ImportLine
from apps.inventory.exchange.models import InventoryImport as InventoryImport


class Binder(Base):
    """A named place for items."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="binders")
    name = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="binder_name_once_per_owner")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class InventoryItem(Base):
    """A quantity of one variant in one condition (or one graded copy) that one user owns."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="items")
    condition = models.CharField(max_length=3, choices=Condition, blank=True)
    grade_company = models.CharField(max_length=3, choices=GradeCompany, blank=True)
    grade = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    reserved = models.PositiveIntegerField(default=0, help_text="promised to buyers; still here")
    unit_cost_minor = models.BigIntegerField(null=True, blank=True, help_text="cost basis of one copy")
    currency = models.CharField(max_length=3, default="USD")
    acquired_on = models.DateField(null=True, blank=True)
    binder = models.ForeignKey(Binder, null=True, blank=True, on_delete=models.SET_NULL, related_name="items")
    notes = models.CharField(max_length=500, blank=True)
    provenance = models.JSONField(
        default=dict, blank=True, help_text="how it came here: scan, import, purchase; with ids"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("quantity")),
                name="item_reserved_within_quantity",
                violation_error_message=_("These copies are promised to somebody else."),
            ),
            models.CheckConstraint(condition=Q(condition="") ^ Q(grade__isnull=True), name="item_condition_or_grade"),
            models.CheckConstraint(
                condition=Q(grade__isnull=True) | (Q(grade__gte=1) & Q(grade__lte=10)), name="item_grade_in_range"
            ),
        ]
        indexes = [models.Index(fields=["owner", "-created_at"], name="item_by_owner")]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.variant}"

    @property
    def available(self) -> int:
        """Copies that can still be promised."""
        return self.quantity - self.reserved

    @property
    def condition_label(self) -> str:
        """`NM`, or `PSA 9.5` for a graded copy."""
        return f"{self.grade_company} {self.grade.normalize():f}" if self.grade is not None else self.condition


class Movement(Base):
    """Append-only history of an item's quantities."""

    class Kind(models.TextChoices):
        """Why the quantity changed."""

        ACQUIRED = "acquired", _("Acquired")
        SCANNED = "scanned", _("Scanned")
        IMPORTED = "imported", _("Imported")
        ADJUSTED = "adjusted", _("Adjusted")
        RESERVED = "reserved", _("Reserved")
        RELEASED = "released", _("Reservation released")
        SOLD = "sold", _("Sold")
        BOUGHT = "bought", _("Bought")
        REMOVED = "removed", _("Removed")

    item = models.ForeignKey(InventoryItem, on_delete=models.CASCADE, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind)
    quantity_change = models.IntegerField(default=0)
    reserved_change = models.IntegerField(default=0)
    unit_price_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    cause = models.CharField(
        max_length=120, blank=True, help_text="what caused it, e.g. trade:0190…; once per item, kind and cause"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "kind", "cause"], condition=~Q(cause=""), name="movement_once_per_cause"
            ),
        ]
        indexes = [models.Index(fields=["item", "created_at"], name="movement_by_item")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity_change:+d}"


class ItemPhoto(Base):
    """A picture of the owner's own copy, stripped of metadata, with thumbnails beside it in storage."""

    item = models.ForeignKey(InventoryItem, on_delete=models.CASCADE, related_name="photos")
    file = models.CharField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what was uploaded")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "digest"], condition=~Q(digest=""), name="photo_once_per_item"),
        ]
        ordering = ["position", "created_at"]

    def __str__(self) -> str:
        return self.file


class PortfolioDay(models.Model):
    """What all copies of a member were worth on one day, in one currency; currencies are kept apart.

    A day that was taken on the day itself is a fact; one before the first of these is an estimate from price history.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="portfolio_days")
    day = models.DateField()
    currency = models.CharField(max_length=3)
    value = models.DecimalField(max_digits=16, decimal_places=2, help_text="of the copies that have a price")
    cost = models.DecimalField(max_digits=16, decimal_places=2, help_text="of the copies whose cost is noted")
    unrealised = models.DecimalField(
        max_digits=16, decimal_places=2, help_text="value less cost, of the copies that have both"
    )
    realised = models.DecimalField(max_digits=16, decimal_places=2, help_text="of all sales up to this day, by lot")
    copies = models.PositiveIntegerField()
    unpriced = models.PositiveIntegerField(help_text="copies without a price, not in the value")
    is_estimate = models.BooleanField(default=False)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "day", "currency"], name="portfolio_day_once"),
            models.CheckConstraint(condition=Q(unpriced__lte=F("copies")), name="portfolio_day_counts_its_copies"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.value} {self.currency}"
