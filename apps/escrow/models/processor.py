"""What the processor tells us: of sellers' accounts, and the inbox of its messages."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.core.models import Base


class SellerAccount(Base):
    """A seller's Stripe Express account and what Stripe says of it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seller_account")
    stripe_id = models.CharField(max_length=120, unique=True, null=True, blank=True)
    transfers_active = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    details_submitted = models.BooleanField(default=False)
    requirements_due = models.JSONField(default=list)
    requirements_past_due = models.JSONField(default=list)
    requirements_pending = models.JSONField(default=list, help_text="given, being checked")
    disabled_reason = models.CharField(max_length=80, blank=True)
    due_by = models.DateTimeField(null=True, blank=True, help_text="when payouts stop if nothing is given")
    country = models.CharField(max_length=2, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.stripe_id or "not opened yet"


class WebhookEvent(models.Model):
    """Inbox: each of Stripe's events, stored once, then handled by a task; what fails is retried and finally parked."""

    event_id = models.CharField(primary_key=True, max_length=120)
    type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    payload = models.JSONField()
    api_version = models.CharField(max_length=40, blank=True, help_text="in which the message is written")
    occurred_at = models.DateTimeField(default=timezone.now, help_text="by the processor's clock")
    received_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(handled_at__isnull=True, parked_at__isnull=True),
                name="webhook_pending",
            ),
            models.Index(
                fields=["object_id", "occurred_at"],
                condition=Q(handled_at__isnull=True, parked_at__isnull=True),
                name="webhook_pending_of_object",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
