"""What moderators have decided: how much, how long it had waited, how often it was appealed and overturned."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from django.contrib import admin
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.models import User

SPANS = (30, 90, 365)


@dataclass(frozen=True)
class Decided:
    """One moderator's decisions of one kind. hours: the median from when it began to wait until the decision."""

    moderator: User
    kind: str
    number: int
    hours: float
    appealed: int
    overturned: int

    @property
    def overturned_share(self) -> float:
        """Of all, in percent."""
        return 100 * self.overturned / self.number


# A ruling counts as overturned when the one that followed its appeal says something else.
_DECIDED = """
select moderator, kind, count(*), percentile_cont(0.5) within group (order by extract(epoch from waited)) / 3600,
  count(*) filter (where appealed), count(*) filter (where overturned)
from (
  select r.by_id as moderator, 'Cases' as kind, r.created_at - coalesce(d.escalated_at, d.created_at) as waited,
    r.appealed_at is not null as appealed,
    exists (select from escrow_caseruling later where later.dispute_id = r.dispute_id and later.not_by_id = r.by_id
      and later.created_at > r.created_at
      and (later.remedy, later.refund_minor) is distinct from (r.remedy, r.refund_minor)) as overturned
  from escrow_caseruling r join escrow_dispute d on d.id = r.dispute_id where r.created_at >= %(since)s
  union all
  select decided_by_id, 'Reports', decided_at - created_at, appealed_at is not null, state = 'overturned'
  from trades_report where decided_by_id is not null and decided_at >= %(since)s
  union all
  select decided_by_id, 'Checks', decided_at - created_at, false, false
  from risk_assessment where decided_by_id is not null and decided_at >= %(since)s
) as every
group by moderator, kind order by kind, count(*) desc, moderator
"""


def decided(*, since: dt.datetime) -> list[Decided]:
    """Decisions since then by kind and moderator, those with the most first; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, {"since": since})
        rows: list[tuple[uuid.UUID, str, int, float, int, int]] = cursor.fetchall()
    people = User.objects.in_bulk({row[0] for row in rows})
    return [Decided(people[who], *told) for who, *told in rows]


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The last 30, 90 or 365 days."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isascii() and asked.isdigit() and int(asked) in SPANS else SPANS[0]
    context = {
        **admin.site.each_context(request),
        "title": "Figures of moderators",
        "rows": decided(since=timezone.now() - dt.timedelta(days=days)),
        "days": days,
        "spans": SPANS,
    }
    return render(request, "moderation/figures.html", context)
