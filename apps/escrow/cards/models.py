"""A member as the processor's customer, and the cards that it keeps for them. Numbers never come here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.core.models import Base


class Customer(Base):
    """A member at the processor; made when the first card is to be kept."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payment_customer")
    stripe_id = models.CharField(max_length=120, unique=True, null=True, blank=True)

    def __str__(self) -> str:
        return self.stripe_id or "not opened yet"


class SavedCard(Base):
    """A card that the processor keeps for one member, who alone pays with it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_cards")
    stripe_id = models.CharField(max_length=120, unique=True)
    brand = models.CharField(max_length=40)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    is_default = models.BooleanField(default=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(is_default=True), name="saved_card_one_default"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(is_default=False), name="saved_card_removed_is_no_default"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand.title()} ···· {self.last4}"
