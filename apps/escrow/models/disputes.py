"""Disputes about a hold, and the evidence that both sides bring. What a case is made of besides: cases/models.py."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base
from apps.escrow.cases.models import ACTIVE, CaseState
from apps.escrow.models.holds import Hold


class Dispute(Base):
    """A disagreement about a hold; money stays until both agree or a moderator decides."""

    class Reason(models.TextChoices):
        """What the opener says is wrong."""

        NOT_RECEIVED = "not-received", _("It did not arrive")
        NOT_AS_DESCRIBED = "not-as-described", _("Condition is worse than described")
        WRONG_ITEM = "wrong-item", _("It is a different printing")
        COUNTERFEIT = "counterfeit", _("It may be a counterfeit")
        DAMAGED = "damaged", _("Damaged on the way")
        OTHER = "other", _("Something else")

    State = CaseState

    class Outcome(models.TextChoices):
        """What was decided."""

        RELEASE = "release", _("Released to the seller")
        REFUND = "refund", _("Refunded to the buyer")
        SPLIT = "split", _("Split")

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="disputes")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="disputes_opened")
    reason = models.CharField(max_length=20, choices=Reason)
    statement = models.TextField(max_length=4000)
    answer = models.TextField(max_length=4000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_due_at = models.DateTimeField()
    turn = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="whose move it is while the two talk",
    )
    turn_due_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="who wants a moderator, since the other last moved",
    )
    due_at = models.DateTimeField(null=True, blank=True, help_text="when the case's own clock acts next")
    escalated_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.OPEN)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    refund_minor = models.PositiveBigIntegerField(null=True, blank=True)
    decision = models.TextField(max_length=4000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="disputes_decided"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold"], condition=Q(state__in=ACTIVE), name="dispute_one_open_per_hold"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="dispute_due")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.state})"


class Evidence(Base):
    """A picture, PDF or note that one side adds to a dispute; stays with the case."""

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="evidence")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=1000, blank=True)
    file = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="of note and picture as sent: the same counts once")

    class Meta:
        verbose_name_plural = "evidence"
        constraints = (
            models.UniqueConstraint(fields=["dispute", "by", "digest"], condition=~Q(digest=""), name="evidence_once"),
        )

    def __str__(self) -> str:
        return self.note[:40] or self.file

    @property
    def is_document(self) -> bool:
        """Whether the file is a PDF, which is handed out as a download alone."""
        return self.file.endswith(".pdf")
