"""Writes of portfolios: the day that is taken of everybody, set by set, and the past that is estimated once for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.inventory.models import InventoryItem, PortfolioDay
from apps.inventory.portfolio import statements
from apps.inventory.portfolio.asking import DIGITS

OWNERS_AT_ONCE = 500
PASTS_AT_ONCE = 100
DAYS_BACK = 366
DAYS_AT_ONCE = 31


@dataclass
class Taken:
    """What a round did: members looked at, days written for today, days estimated of the past."""

    owners: int = 0
    days: int = 0
    estimated: int = 0


def take_days(*, at: dt.datetime | None = None) -> Taken:
    """Write today's day of every member who has or had copies, and the past of those who have none yet.

    Each set of members is a transaction of its own; a second round of the same day replaces the first one's figures.
    """
    at = at or timezone.now()
    done = Taken()
    owners = list(_owners().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(owners), OWNERS_AT_ONCE):
        done.days += take_day(owners=owners[start : start + OWNERS_AT_ONCE], at=at)
    past = PortfolioDay.objects.filter(owner=OuterRef("pk"), day__lt=at.date())
    without = list(_owners().filter(~Exists(past)).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(without), PASTS_AT_ONCE):
        done.estimated += estimate_past(owners=without[start : start + PASTS_AT_ONCE], at=at)
    done.owners = len(owners)
    return done


def _owners() -> QuerySet[User]:
    return User.objects.filter(Exists(InventoryItem.objects.filter(owner=OuterRef("pk"))))


@transaction.atomic
def take_day(*, owners: list[UUID], at: dt.datetime) -> int:
    """Write the day of these members as it stands; returns how many rows. Currencies that are gone are taken out."""
    PortfolioDay.objects.filter(owner__in=owners, day=at.date()).delete()
    return _written(statements.TAKE_DAY, owners=owners, at=at, day=at.date())


@transaction.atomic
def estimate_past(*, owners: list[UUID], at: dt.datetime, told: Callable[[int, int], None] | None = None) -> int:
    """Work out anew the days before the first one that was taken, from movements and price history; returns how many rows.

    Days that were taken stay as they are. told: is told how many steps are done, of how many; it is then done in months.
    """
    PortfolioDay.objects.filter(owner__in=owners, is_estimate=True).delete()
    first, last = at.date() - dt.timedelta(days=DAYS_BACK), at.date() - dt.timedelta(days=1)
    stages = (statements.STAGE_RATIOS, statements.STAGE_COPIES, statements.ANALYZE_STAGES)
    parts = [first + dt.timedelta(days=start) for start in range(0, DAYS_BACK, DAYS_AT_ONCE)] if told else [first]
    days = 0
    for done, stage in enumerate(stages, 1):
        _written(stage, owners=owners, at=at, **{"from": first, "to": last})
        if told:
            told(done, len(stages) + len(parts))
    for done, start in enumerate(parts, len(stages) + 1):
        end = min(last, start + dt.timedelta(days=DAYS_AT_ONCE - 1)) if told else last
        days += _written(statements.ESTIMATE_PAST, owners=owners, at=at, **{"from": start, "to": end})
        if told:
            told(done, len(stages) + len(parts))
    _written(statements.DROP_STAGES, at=at)
    return days


@transaction.atomic
def work_out(*, by: User, at: dt.datetime | None = None, told: Callable[[int, int], None] | None = None) -> Taken:
    """A member's own day of today, and their past anew, say after they noted when copies were acquired."""
    at = at or timezone.now()
    days = take_day(owners=[by.pk], at=at)
    return Taken(owners=1, days=days, estimated=estimate_past(owners=[by.pk], at=at, told=told))


def _written(sql: str, *, at: dt.datetime, **parameters: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters | {"digits": DIGITS, "unit": "", "on": at.date(), "at": at})
        return cursor.rowcount
