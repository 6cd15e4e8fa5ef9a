"""Holds: money of one payer kept for one payee, and where it stands."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class HoldState(models.TextChoices):
    """Where the held money stands; transitions in apps/escrow/states.py."""

    CREATED = "created", _("Waiting for payment")
    FUNDED = "funded", _("Paid, waiting for the parcel")
    SHIPPED = "shipped", _("On its way")
    DELIVERED = "delivered", _("Delivered, inspection")
    DISPUTED = "disputed", _("In dispute")
    RELEASED = "released", _("Released to the seller")
    REFUNDED = "refunded", _("Refunded to the buyer")
    SPLIT = "split", _("Split between both")
    CANCELLED = "cancelled", _("Cancelled")


class Hold(Base):
    """Money of one payer kept for one payee until both are content. The amount includes shipping and our fee."""

    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holds_paid")
    payee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="holds_received")
    amount_minor = models.PositiveBigIntegerField()
    fee_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="USD")
    state = models.CharField(max_length=10, choices=HoldState, default=HoldState.CREATED)
    due_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="when the next deadline passes")
    due_event = models.CharField(
        max_length=24, blank=True, help_text="what then happens: an event of the state machine"
    )
    description = models.CharField(max_length=200)
    cause = models.CharField(max_length=120, unique=True, help_text="what it is for, e.g. trade:0190…")
    funded_at = models.DateTimeField(
        null=True, blank=True, help_text="when the money arrived; later by as long as a moderator looked at it"
    )
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    refunded_minor = models.PositiveBigIntegerField(default=0)
    checked_since = models.DateTimeField(
        null=True, blank=True, help_text="a moderator looks at it before the parcel leaves; meanwhile the clock stands"
    )
    clock_left = models.DurationField(null=True, blank=True, help_text="what was left to the deadline when it stopped")
    is_led = models.BooleanField(
        default=False, help_text="moved by the agreement named in cause, which has the clock; its two pay and object"
    )
    security_minor = models.PositiveBigIntegerField(
        default=0, help_text="the part of a led hold that comes back to the payer when all is well"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="hold_amount_positive"),
            models.CheckConstraint(
                condition=Q(is_led=True, security_minor__lte=F("amount_minor")) | Q(security_minor=0),
                name="hold_security_of_led_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(checked_since__isnull=True) | ~Q(state="funded") | Q(due_at__isnull=True),
                name="hold_checked_has_no_clock",
            ),
            models.CheckConstraint(
                condition=Q(checked_since__isnull=True) | Q(state__in=["funded", "disputed"]),
                name="hold_checked_does_not_move",
            ),
            models.CheckConstraint(condition=Q(fee_minor__lte=F("amount_minor")), name="hold_fee_within_amount"),
            models.CheckConstraint(
                condition=Q(refunded_minor__lte=F("amount_minor")), name="hold_refund_within_amount"
            ),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="hold_between_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.description} ({self.state})"
