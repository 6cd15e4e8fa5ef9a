"""What is for sale: listing and shipping profile. Buying is a trade; prices follow no rule here yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.inventory.models import InventoryItem


class ShippingProfile(Base):
    """What a seller charges for a parcel."""

    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shipping_profiles")
    name = models.CharField(max_length=60, default="Standard")
    domestic_minor = models.PositiveBigIntegerField(default=150)
    abroad_minor = models.PositiveBigIntegerField(null=True, blank=True, help_text="empty: does not ship abroad")
    currency = models.CharField(max_length=3, default="USD")
    is_tracked = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "name"], name="shipping_profile_name_once")]

    def __str__(self) -> str:
        return self.name


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
