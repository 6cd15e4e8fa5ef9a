"""Whether recognition is as sure as it was: how confident it is now, against when its versions went into service."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from apps.core.ids import first_id
from apps.scans.models import ModelVersion

RECENT = dt.timedelta(days=1)
REFERENCE = dt.timedelta(days=14)
"""So long after the youngest version in service went into it; its confidence then is what to expect."""
BEFORE_VERSIONS = dt.timedelta(days=28)
"""Where no version is noted, the reference begins so long ago."""
FEWEST = 50
"""Cards in each window, below which the index says nothing."""
BINS = 11
"""Cards without a candidate, then tenths of probability."""


@dataclass(frozen=True)
class Drift:
    """Cards by bin of confidence, in the last day and in the reference."""

    recent: tuple[int, ...]
    reference: tuple[int, ...]

    @property
    def index(self) -> float | None:
        """The stability index; None where one of the windows has too few cards."""
        if min(sum(self.recent), sum(self.reference)) < FEWEST:
            return None
        return stability_index(self.recent, self.reference)


def stability_index(now: Sequence[int], before: Sequence[int]) -> float:
    """Population stability index of two counts over the same bins: the sum of (p - q) ln(p / q), 0 where they are alike.

    now, before: (n,) >= 0, not all zero. Half a card is added to each bin, so that an empty one does not make it infinite.
    Below 0.1 nothing has shifted, above 0.25 much has. Source: Siddiqi, Credit Risk Scorecards, 2006, ch. 11.
    Raises ValueError where the bins are not as many, or there is nothing to compare.
    """
    if len(now) != len(before):
        raise ValueError("both counts have the same bins")
    if not sum(now) or not sum(before):
        raise ValueError("there is nothing to compare")
    total_now, total_before = sum(now) + len(now) / 2, sum(before) + len(before) / 2
    index = 0.0
    for a, b in zip(now, before, strict=True):
        p, q = (a + 0.5) / total_now, (b + 0.5) / total_before
        index += (p - q) * math.log(p / q)
    return index


# Keys of cards begin with the time at which they were made, so that their index finds a window.
_COUNTED = """
select case when c.probability is null then 0 else least(width_bucket(c.probability, 0, 1, 10), 10) end, count(*)
  from scans_detectedcard d left join scans_candidate c on c.card_id = d.id and c.rank = 0
 where d.id >= %s and d.id < %s group by 1
"""


def measured(*, now: dt.datetime) -> Drift:
    """The two windows as the database has them."""
    newest = ModelVersion.objects.filter(state=ModelVersion.State.ACTIVE).aggregate(at=Max("activated_at"))["at"]
    since = newest or now - BEFORE_VERSIONS
    return Drift(_counts(now - RECENT, now), _counts(since, min(since + REFERENCE, now - RECENT)))


def _counts(since: dt.datetime, until: dt.datetime) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [first_id(since), first_id(until)])
        found = dict(cursor.fetchall())
    return tuple(found.get(each, 0) for each in range(BINS))
