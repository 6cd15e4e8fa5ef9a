"""A portfolio's days: value and gain as they were taken or estimated, and now. Reads only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import InvalidInput
from apps.inventory.models import PortfolioDay
from apps.inventory.portfolio.asking import about, rows_of
from apps.inventory.portfolio.statements import DAYS_TOGETHER
from apps.inventory.portfolio.sums import Summary

PERIODS: dict[str, int | None] = {"30d": 30, "3m": 92, "1y": 366, "all": None}


@dataclass(frozen=True)
class Day:
    """Value and gain on one day. is_estimate: worked out later from price history."""

    day: dt.date
    value: Decimal
    cost: Decimal
    unrealised: Decimal
    realised: Decimal
    copies: int
    unpriced: int
    is_estimate: bool


@dataclass(frozen=True)
class History:
    """Days of a portfolio in one currency, oldest first; the last one is now."""

    currency: str
    period: str
    days: tuple[Day, ...] = field(default=())


def history(*, owner: User, now: Summary, period: str = "1y", today: dt.date | None = None, unit: str = "") -> History:
    """The days of a period as they were taken or estimated, ending with the sums of now; one query.

    unit: currencies together in this one, each day and all of its figures by the rates of that day; days of which a rate is
    lacking are left out. Raises InvalidInput on an unknown period.
    """
    if period not in PERIODS:
        raise InvalidInput(f"period is one of {', '.join(PERIODS)}.", field="period", given=period[:40])
    today = today or timezone.now().date()
    span = PERIODS[period]
    present = Day(today, now.value, now.cost, now.unrealised, now.realised, now.copies, now.unpriced, False)
    if unit:
        since = today - dt.timedelta(days=span) if span else dt.date.min
        rows = rows_of(DAYS_TOGETHER, about(owner, unit) | {"since": since, "until": today})
        return History(unit, period, (*(Day(*row) for row in rows), present))
    days = PortfolioDay.objects.filter(owner=owner, currency=now.currency, day__lt=today)
    if span:
        days = days.filter(day__gte=today - dt.timedelta(days=span))
    names = ("day", "value", "cost", "unrealised", "realised", "copies", "unpriced", "is_estimate")
    past = [Day(*row) for row in days.order_by("day").values_list(*names)]
    return History(now.currency, period, (*past, present))
