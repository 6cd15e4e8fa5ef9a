"""A report with its decision and appeal; the one table of its steps stands here."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Base


class ReportState(models.TextChoices):
    """Where a report stands. OPEN and APPEALED wait for a moderator."""

    OPEN = "open", _("Waiting for a moderator")
    DISMISSED = "dismissed", _("Dismissed")
    UPHELD = "upheld", _("Upheld")
    APPEALED = "appealed", _("Appealed, waiting for a moderator")
    CONFIRMED = "confirmed", _("Upheld, also after the appeal")
    OVERTURNED = "overturned", _("Taken back after the appeal")


WAITING = (ReportState.OPEN, ReportState.APPEALED)
STEPS: dict[ReportState, dict[str, ReportState]] = {
    ReportState.OPEN: {"uphold": ReportState.UPHELD, "dismiss": ReportState.DISMISSED},
    ReportState.UPHELD: {"appeal": ReportState.APPEALED},
    ReportState.APPEALED: {"uphold": ReportState.CONFIRMED, "dismiss": ReportState.OVERTURNED},
}


class Report(Base):
    """Somebody tells moderators about a listing, a member or a review. `subject` is whose it is."""

    State = ReportState

    class Kind(models.TextChoices):
        """What is reported."""

        LISTING = "listing", _("Listing")
        MEMBER = "member", _("Member")
        REVIEW = "review", _("Review")

    class Reason(models.TextChoices):
        """What is wrong."""

        COUNTERFEIT = "counterfeit", _("A counterfeit or stolen goods")
        MISLEADING = "misleading", _("Misleading: another card, condition or picture")
        SCAM = "scam", _("Tries to deal outside, or to cheat")
        ABUSE = "abuse", _("Insults, threats, personal data")
        OTHER = "other", _("Something else")

    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports_made")
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reports_received")
    kind = models.CharField(max_length=8, choices=Kind)
    target_id = models.UUIDField(help_text="of the listing, member or review")
    title = models.CharField(max_length=200, help_text="what is reported, in words, as it was then")
    reason = models.CharField(max_length=12, choices=Reason)
    statement = models.CharField(max_length=1000)
    state = models.CharField(max_length=10, choices=ReportState, default=ReportState.OPEN)
    decision = models.CharField(max_length=1000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    appeal = models.CharField(max_length=1000, blank=True)
    appealed_at = models.DateTimeField(null=True, blank=True)
    appeal_decision = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reporter=F("subject")), name="report_is_of_somebody_else"),
            models.UniqueConstraint(
                fields=["reporter", "kind", "target_id"], condition=Q(state="open"), name="report_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
                name="report_decided_has_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state__in=WAITING), name="report_waiting"),
            models.Index(fields=["subject", "-created_at"], name="report_by_subject"),
            models.Index(fields=["reporter", "-created_at"], name="report_by_reporter"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"[:80]
