"""Reads of risk for moderators: what waits, one assessment with what is known beside it, how often rules fire and are right."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from apps.core.errors import NotFound
from apps.core.pagination import Page
from apps.risk.models import Assessment, Reason
from apps.risk.rules import RULES, Rule

_WAITS = Assessment.State.WAITING


def how_many_wait() -> int:
    """How many wait for a moderator."""
    return Assessment.objects.filter(state=_WAITS).count()


def waiting(*, limit: int, offset: int = 0) -> Page[Assessment]:
    """What waits with its reasons, the oldest first: behind each somebody waits for money or a buyer."""
    rows = Assessment.objects.filter(state=_WAITS)
    total = rows.count()
    rows = rows.select_related("member", "other").prefetch_related("reasons").order_by("created_at", "pk")
    return Page(list(rows[offset : offset + limit]), total, limit, offset)


def assessment(*, pk: uuid.UUID) -> Assessment:
    """One with its reasons. Raises NotFound."""
    rows = Assessment.objects.select_related("member", "other", "decided_by").prefetch_related("reasons")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such check.")
    return found


def others_of(found: Assessment) -> QuerySet[Assessment]:
    """Other assessments of the two, newest first."""
    people = [pk for pk in (found.member_id, found.other_id) if pk]
    rows = Assessment.objects.filter(Q(member__in=people) | Q(other__in=people)).exclude(pk=found.pk)
    return rows.order_by("-created_at")[:10]


@dataclass(frozen=True)
class Firing:
    """One rule with how often it fired: in what was confirmed by a moderator, cleared, and what waits."""

    code: str
    rule: Rule
    weight: int
    fired: int
    confirmed: int
    cleared: int
    waits: int

    @property
    def right(self) -> int | None:
        """Percent of decided cases in which a moderator refused."""
        decided = self.confirmed + self.cleared
        return 100 * self.confirmed // decided if decided else None


def firings() -> list[Firing]:
    """How often each rule fired, in the order of the table; one query."""
    decided = Q(assessment__decided_by__isnull=False)
    rows = Reason.objects.values("rule").annotate(
        fired=Count("pk"),
        confirmed=Count("pk", filter=decided & Q(assessment__state=Assessment.State.REFUSED)),
        cleared=Count("pk", filter=decided & Q(assessment__state=Assessment.State.RELEASED)),
        waits=Count("pk", filter=Q(assessment__state=_WAITS)),
    )
    known = {row.pop("rule"): row for row in rows.order_by("rule")}
    none = {"fired": 0, "confirmed": 0, "cleared": 0, "waits": 0}
    weights = settings.RISK["weights"]
    return [Firing(code, rule, weights[code], **known.get(code, none)) for code, rule in RULES.items()]
