"""What one confirmation asked for, and what became of it for each seller."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from apps.core.encryption import SealedAddressField
from apps.core.models import Base
from apps.trades.models import Trade


class Order(Base):
    """One confirmation. Sent twice (double click, reload, two tabs) it is the same one."""

    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders")
    request_key = models.CharField(max_length=80)
    ship_to = SealedAddressField(help_text="the buyer's address as it was when ordering")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["buyer", "request_key"], name="order_once_per_request")]

    def __str__(self) -> str:
        return f"order {str(self.pk)[-6:]}"

    def get_absolute_url(self) -> str:
        """What became of it."""
        return reverse("order", args=[self.pk])


class OrderParcel(Base):
    """What was ordered of one seller: it becomes a trade, or is refused with the reason."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="parcels")
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    agreed_minor = models.PositiveBigIntegerField(help_text="goods and shipping as confirmed; it is never more")
    lines = models.JSONField(help_text="[listing, copies, price of one as confirmed]")
    trade = models.OneToOneField(Trade, null=True, on_delete=models.PROTECT, related_name="order_parcel")
    refusal_code = models.CharField(max_length=40, blank=True)
    refusal = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "seller", "currency"], name="order_parcel_once_per_seller"),
            models.CheckConstraint(
                condition=Q(trade__isnull=True) | Q(refusal_code=""), name="order_parcel_one_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.seller_id}"
