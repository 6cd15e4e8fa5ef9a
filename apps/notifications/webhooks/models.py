"""An integrator's endpoint, the messages for it, and every attempt to hand one over."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class Endpoint(Base):
    """Where a member's programs hear of what the member is told. Secrets are kept encrypted, see secrets.py."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhook_endpoints", db_index=False
    )
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=80, blank=True)
    events = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="kinds; empty: all")
    secret = models.BinaryField()
    former_secret = models.BinaryField(null=True)
    former_until = models.DateTimeField(null=True, help_text="until when both secrets sign")
    is_paused = models.BooleanField(default=False, help_text="messages wait")
    failing_since = models.DateTimeField(null=True, help_text="the first failure after the last success")
    disabled_at = models.DateTimeField(null=True, help_text="switched off after days of failing, or on its own word")
    disabled_why = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="endpoint_by_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(former_secret__isnull=True, former_until=None)
                | Q(former_secret__isnull=False, former_until__isnull=False),
                name="endpoint_former_secret_ends",
            )
        ]

    def __str__(self) -> str:
        return self.description or self.url

    def state(self) -> str:
        """One of working, failing, paused, off."""
        if self.disabled_at:
            return "off"
        if self.is_paused:
            return "paused"
        return "failing" if self.failing_since else "working"

    def has_two_secrets(self, *, at: dt.datetime) -> bool:
        """Whether the former secret still signs."""
        return bool(self.former_until and self.former_until > at)


class MessageState(models.TextChoices):
    """Where a message to an endpoint stands. PARKED: all tries were used up."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Delivered")
    PARKED = "parked", _("Given up")


class WebhookMessage(Base):
    """One message to one endpoint. Its key is the `webhook-id`, the same for every try: receivers leave repeats out by it."""

    State = MessageState

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="messages", db_index=False)
    notification = models.ForeignKey(
        "notifications.Notification", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    state = models.CharField(max_length=7, choices=MessageState, default=MessageState.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="tries that were begun since it was last released")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "notification"], name="webhook_message_once_per_notification"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="waiting"), name="webhook_message_due"),
            models.Index(F("endpoint"), F("created_at").desc(), name="webhook_message_log"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {str(self.pk)[-6:]}"


class Attempt(models.Model):
    """One try: what was asked and what came back, cut to a bearable length."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(default=0, help_text="of the answer; 0: there was none")
    milliseconds = models.PositiveIntegerField(default=0)
    request = models.TextField()
    response = models.TextField(blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.error or str(self.status)
