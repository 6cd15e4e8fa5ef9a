"""Exports of somebody's data and erasures of accounts: what was asked for, and how far it is."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class DataExport(Base):
    """Everything about a member in one archive, made in the background and kept for a week."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", _("Being put together")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("No longer kept")

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="data_exports")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    file = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="bytes")
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(state="waiting"), name="data_export_one_at_a_time"),
            models.CheckConstraint(condition=~Q(state="ready") | ~Q(file=""), name="data_export_ready_has_a_file"),
        ]

    def __str__(self) -> str:
        return f"export {str(self.pk)[-6:]}"


class Erasure(Base):
    """A member's wish to be forgotten. Carried out when its time has come, unless it is taken back before."""

    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="erasures")
    due_at = models.DateTimeField(help_text="when it is carried out")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    waits_for = models.JSONField(default=list, help_text="why it was not carried out when due, in words")
    removed = models.JSONField(default=dict, help_text="rows by table and fate, when done")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(cancelled_at=None, done_at=None), name="erasure_one_open_per_member"
            ),
            models.CheckConstraint(condition=Q(cancelled_at=None) | Q(done_at=None), name="erasure_done_or_cancelled"),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(cancelled_at=None, done_at=None), name="erasure_open_by_due")
        ]

    def __str__(self) -> str:
        return f"erasure {str(self.pk)[-6:]}"
