"""What is for sale: listing, and what sending it costs by destination, weight, value and tracking. Buying is a trade."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.core.money import Money
from apps.inventory.models import InventoryItem


class ShippingProfile(Base):
    """How a seller sends parcels; what that costs stands in its rates."""

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shipping_profiles")
    name = models.CharField(max_length=60, default="Standard")
    currency = models.CharField(max_length=3, default="USD")
    is_tracked = models.BooleanField(default=True, help_text="every rate is; kept by the action that sets the rates")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "name"], name="shipping_profile_name_once")]

    def __str__(self) -> str:
        return self.name


class ShippingRate(models.Model):
    """What one parcel to a destination costs, up to a weight and a value.

    Of the rates that fit a parcel, those of the nearest destination count (home, country, region, world), and of these
    the cheapest. No rate that fits: not sent there.
    """

    profile = models.ForeignKey(ShippingProfile, on_delete=models.CASCADE, related_name="rates")
    destination = models.CharField(max_length=8, help_text="HOME, a country's code, or a region: see destinations.py")
    up_to_grams = models.PositiveIntegerField(null=True, blank=True, help_text="empty: any weight")
    up_to_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="of the goods; empty: any value")
    is_tracked = models.BooleanField(default=True)
    price_minor = models.PositiveBigIntegerField()
    days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="usual, from the parcel's leaving")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "destination", "up_to_grams", "up_to_minor", "is_tracked"],
                nulls_distinct=False,
                name="shipping_rate_once",
            ),
            models.CheckConstraint(
                condition=Q(price_minor__lte=50_000),
                name="shipping_rate_within_bounds",
                violation_error_message=_("A parcel costs at most 500.00."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.destination} {Money(self.price_minor, self.profile.currency)}"


class Listing(Base):
    """An offer of some copies of one inventory item at a price for each."""

    class State(models.TextChoices):
        """Whether it can be bought."""

        ACTIVE = "active", _("For sale")
        PAUSED = "paused", _("Paused")
        SOLD_OUT = "sold-out", _("Sold out")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="listings")
    item = models.ForeignKey(InventoryItem, on_delete=models.PROTECT, related_name="listings")
    quantity = models.PositiveIntegerField(help_text="copies still offered")
    price_minor = models.PositiveBigIntegerField(help_text="for one copy, without shipping")
    currency = models.CharField(max_length=3, default="USD")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    shipping = models.ForeignKey(ShippingProfile, on_delete=models.PROTECT, related_name="listings")
    description = models.CharField(max_length=500, blank=True)
    views = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="listing_price_positive"),
            models.CheckConstraint(condition=~Q(state="active") | Q(quantity__gt=0), name="listing_active_has_copies"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=["active", "paused"]), name="listing_one_open_per_item"
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-created_at"], name="listing_by_seller"),
            models.Index(F("created_at").desc(), condition=Q(state="active"), name="listing_fresh"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.item_id}"

    def get_absolute_url(self) -> str:
        """The listing's page."""
        return reverse("listing", args=[self.pk])
