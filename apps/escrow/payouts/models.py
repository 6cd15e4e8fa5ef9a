"""Payouts: what the processor sent from a seller's payout account to the seller's bank."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class SellerPayout(Base):
    """One payout to a seller's bank, as the processor told of it. The money has left our books long before."""

    class State(models.TextChoices):
        """The processor's words."""

        PENDING = "pending", _("On its way")
        IN_TRANSIT = "in_transit", _("On its way")
        PAID = "paid", _("At the bank")
        FAILED = "failed", _("The bank refused it")
        CANCELED = "canceled", _("Called back")

    account = models.ForeignKey("escrow.SellerAccount", on_delete=models.PROTECT, related_name="payouts")
    stripe_id = models.CharField(max_length=120, unique=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12, choices=State)
    arrives_at = models.DateTimeField()
    failure = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.stripe_id} ({self.state})"
