"""Tables of the kernel: the outbox with its deliveries, the audit trail, rejected input, flags. No business tables."""

import hashlib
import uuid

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from waffle.models import AbstractBaseFlag

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


class Flag(AbstractBaseFlag):
    """Something new that is not there for everybody yet; asked for by `waffle.flag_is_active` and `{% flag %}`.

    A member has it who is named, who is of the staff where `staff` says so, or who is in the first `percent` of a hundred.
    The share is drawn from the member and the flag's name: the same on every device, and a larger share only adds members.
    Visitors have what everyone has: no cookie is set for a flag.
    """

    members = ArrayField(models.UUIDField(), default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True) | models.Q(percent__gte=0), name="flag_share_is_not_negative"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_active_for_user(self, user: AbstractBaseUser) -> bool:
        """Whether that user has it."""
        decided = super().is_active_for_user(user)
        if decided is not None:
            return bool(decided)
        if not user.is_authenticated:
            return False
        return user.pk in self.members or place_of(self.name, user.pk) < float(self.percent or 0)


def place_of(flag: str, member: uuid.UUID) -> float:
    """The member's place between 0 and 100, evenly spread, another one for each flag."""
    drawn = hashlib.sha256(f"{flag}:{member}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") / 2**64 * 100
