"""Tables of the kernel: the outbox with its deliveries, the audit trail, and rejected input. No business tables."""

import uuid

from django.db import models
from django.utils import timezone

from apps.core.ids import uuid7


class Base(models.Model):
    """A row that people see: UUIDv7 key and the time it was made."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class OutboxEvent(models.Model):
    """A fact that an action stated in its own transaction; handlers learn of it afterwards."""

    sequence = models.BigAutoField(primary_key=True)
    id = models.UUIDField(unique=True, default=uuid7, editable=False)
    topic = models.CharField(max_length=80)
    aggregate = models.CharField(
        max_length=120, help_text="what the fact is about, e.g. trade:0190…; order holds within it"
    )
    payload = models.JSONField()
    request_id = models.CharField(max_length=64, blank=True)
    emitted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["topic", "sequence"]), models.Index(fields=["aggregate", "sequence"])]

    def __str__(self) -> str:
        return f"{self.topic} {self.aggregate}"


class Delivery(models.Model):
    """One event on its way to one handler. The handler's writes and `delivered_at` commit together.

    `attempts` counts tries that were begun, so that a handler that takes its process down is parked like any other.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=160)
    aggregate = models.CharField(
        max_length=120, help_text="the event's, kept here too: order is asked of this table alone"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once_per_handler"),
            models.CheckConstraint(
                condition=models.Q(delivered_at__isnull=True) | models.Q(parked_at__isnull=True),
                name="delivery_is_not_both_delivered_and_parked",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(delivered_at__isnull=True, parked_at__isnull=True),
                name="delivery_pending",
            ),
            models.Index(
                fields=["aggregate", "handler", "event"],
                condition=models.Q(delivered_at__isnull=True),
                name="delivery_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handler} <- {self.event_id}"


class AuditEntry(models.Model):
    """Who did what to which row, before and after. Append only: a trigger refuses changes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_label = models.CharField(max_length=200, default="system")
    action = models.CharField(max_length=80)
    target_type = models.CharField(max_length=80)
    target_id = models.CharField(max_length=64)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["target_type", "target_id", "at"]), models.Index(fields=["actor_id", "at"])]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"


class RejectedInput(models.Model):
    """Input that could not be used, kept whole with the reason, so that nothing is lost."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    origin = models.CharField(max_length=80, help_text="which importer or feed")
    batch_id = models.UUIDField(default=uuid.uuid4, db_index=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    content = models.JSONField()
    digest = models.CharField(
        max_length=64, help_text="SHA-256 of origin, content and reason: a repeat is the same row"
    )
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="rejected_input_once")]

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}"
