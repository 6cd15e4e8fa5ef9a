"""Reads of reports: one's own and those upheld about one, and what waits for moderators."""

from __future__ import annotations

import uuid

from django.db.models import OuterRef, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.restrictions.models import in_words
from apps.accounts.restrictions.queries import in_force
from apps.core.errors import NotFound
from apps.core.pagination import Page, Place, newest_first
from apps.trades.reports.actions import APPEAL_WITHIN
from apps.trades.reports.models import WAITING, Report, ReportState


def made_by(*, member: User, limit: int, offset: int = 0, after: Place | None = None) -> Page[Report]:
    """What a member reported, newest first."""
    return newest_first(Report.objects.filter(reporter=member), limit=limit, offset=offset, after=after)


def upheld_about(*, member: User) -> list[Report]:
    """Decisions against a member, newest first; who reported is not told. `can_appeal` says whether that is open.

    `kept_from` and `kept_until`: what the member is kept from now by the decision, and until when. One query.
    """
    cause = Concat(Value("report:"), Cast(OuterRef("pk"), TextField()))
    held = in_force(member_id=member.pk).filter(cause=cause)
    rows = Report.objects.filter(subject=member).exclude(state__in=[ReportState.OPEN, ReportState.DISMISSED])
    rows = rows.annotate(kept_until=Subquery(held.values("until")[:1]), kept=Subquery(held.values("kept_from")[:1]))
    found = list(rows.order_by("-created_at", "-pk")[:50])
    for report in found:
        in_time = report.decided_at > timezone.now() - APPEAL_WITHIN
        report.kept_from = in_words(report.kept or ())
        report.can_appeal = report.state == ReportState.UPHELD and in_time
    return found


def report_about(*, member: User, pk: uuid.UUID) -> Report:
    """One decision against a member. Raises NotFound."""
    found = Report.objects.filter(pk=pk, subject=member).exclude(state=ReportState.OPEN).first()
    if found is None:
        raise NotFound("There is no such report.")
    return found


def waiting(*, limit: int, offset: int = 0) -> Page[Report]:
    """What waits for a moderator: appeals and reports, the oldest first."""
    rows = Report.objects.filter(state__in=WAITING)
    total = rows.count()
    rows = rows.select_related("reporter", "subject").order_by("created_at", "pk")
    return Page(list(rows[offset : offset + limit]), total, limit, offset)


def for_moderator(*, pk: uuid.UUID) -> Report:
    """One report with both sides. Raises NotFound."""
    found = Report.objects.select_related("reporter", "subject", "decided_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such report.")
    return found


def others_about(report: Report) -> list[Report]:
    """Other reports about the same member, newest first."""
    rows = Report.objects.filter(subject=report.subject_id).exclude(pk=report.pk)
    return list(rows.select_related("reporter").order_by("-created_at")[:10])
