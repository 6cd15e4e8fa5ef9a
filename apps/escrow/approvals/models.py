"""A step that moves much money, as one moderator wants it; a second one carries it out or turns it down."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class Approval(Base):
    """One step with everything that it needs. The two people differ: the database sees to it."""

    class Kind(models.TextChoices):
        """What is to be done."""

        DECISION = "decision", _("Decide a case")
        GIVE_BACK = "give-back", _("Give money back after the release")
        FORGIVE = "forgive", _("Forgive a debt")

    class State(models.TextChoices):
        """How it ended."""

        OPEN = "open", _("Waits for a second moderator")
        DONE = "done", _("Carried out")
        TURNED_DOWN = "turned-down", _("Turned down")

    kind = models.CharField(max_length=10, choices=Kind)
    subject_id = models.UUIDField(help_text="the case, the hold or the member")
    state = models.CharField(max_length=11, choices=State, default=State.OPEN)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    given = models.JSONField(help_text="what the step is told")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="why it was turned down")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="open"), name="approval_one_open_per_subject"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(second__isnull=False) & ~Q(second=F("by"))),
                name="approval_is_done_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at__isnull=True) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="approval_ended_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], condition=Q(state="open"), name="approval_open")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_state_display()})"
