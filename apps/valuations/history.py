"""How a price went: a source's quotes and the sales of one variant in one condition, by day; with a summary.

Of months whose quotes were detached the closes by day are told.
"""

from __future__ import annotations

import datetime as dt
import statistics
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.core.conditions import Condition
from apps.core.errors import InvalidInput
from apps.valuations.partitions import OLDEST_ATTACHED

PERIODS: dict[str, int | None] = {"7d": 7, "30d": 30, "1m": 31, "3m": 92, "1y": 366, "all": None}
"""Days of each period; None is everything."""

_MOST_ROWS = 8000


@dataclass(frozen=True)
class Point:
    """What one source said on one day, or the middle of its sales of that day. `sample_size` None is not told."""

    at: dt.datetime
    market: Decimal | None
    low: Decimal | None
    high: Decimal | None
    source: str
    source_name: str
    sample_size: int | None
    currency: str
    is_sale: bool = False


@dataclass(frozen=True)
class SoldCopy:
    """One sale."""

    at: dt.datetime
    price: Decimal
    currency: str
    quantity: int
    source: str
    source_name: str


@dataclass(frozen=True)
class History:
    """Points by source, oldest first, all in one currency; sales one by one, newest first."""

    variant_id: UUID | None
    condition: str
    period: str
    currency: str
    points: tuple[Point, ...]
    sales: tuple[SoldCopy, ...]

    def of_leading_source(self) -> list[Point]:
        """The points with a market price of the source that has most of them."""
        by_source: dict[str, list[Point]] = {}
        for point in self.points:
            if point.market is not None:
                by_source.setdefault(point.source, []).append(point)
        return max(by_source.values(), key=len, default=[])

    @property
    def average(self) -> Decimal | None:
        """Mean of all market prices."""
        prices = [point.market for point in self.points if point.market is not None]
        return (sum(prices, Decimal(0)) / len(prices)).quantize(Decimal("0.01")) if prices else None

    @property
    def volatility(self) -> float | None:
        """Standard deviation of the leading source's prices as a share of their mean; None under two prices."""
        prices = [float(point.market) for point in self.of_leading_source() if point.market is not None]
        if len(prices) < 2:
            return None
        return round(statistics.pstdev(prices) / statistics.fmean(prices), 4)

    @property
    def change_percent(self) -> float | None:
        """From the leading source's first price to its last, in percent; None under two prices."""
        prices = [point.market for point in self.of_leading_source() if point.market is not None]
        if len(prices) < 2:
            return None
        return round(float((prices[-1] - prices[0]) / prices[0] * 100), 1)

    @property
    def trend(self) -> str:
        """Which way the price went: increasing or decreasing by more than 2 percent, else stable; unknown under two prices."""
        change = self.change_percent
        if change is None:
            return "unknown"
        return "increasing" if change > 2 else "decreasing" if change < -2 else "stable"


_HISTORY = f"""
with seen as (
    select q.observed_at as at, q.market, q.low, q.high, s.slug, s.name, q.sample_size, q.currency, false as is_sale,
           0 as quantity
    from valuations_quote q join valuations_source s on s.id = q.source_id
    where q.variant_id = %(variant)s and q.condition = %(condition)s and q.observed_at > %(since)s
      and (%(source)s = '' or s.slug = %(source)s)
    union all
    select e.sold_at, e.price, null, null, s.slug, s.name, null, e.currency, true, e.quantity
    from valuations_sale e join valuations_source s on s.id = e.source_id
    where e.variant_id = %(variant)s and valuations_state(e.condition, e.grade_company, e.grade) = %(condition)s
      and e.sold_at > %(since)s
      and (%(source)s = '' or s.slug = %(source)s)
    union all
    select d.observed_at, d.market, d.low, d.high, s.slug, s.name, null, d.currency, false, 0
    from valuations_dailyprice d join valuations_source s on s.id = d.source_id
    where d.variant_id = %(variant)s and d.condition = %(condition)s and d.observed_at > %(since)s
      and d.day < ({OLDEST_ATTACHED}) and (%(source)s = '' or s.slug = %(source)s)
      and not exists (select from valuations_quote q where q.variant_id = d.variant_id and q.source_id = d.source_id
        and q.condition = d.condition and q.observed_at = d.observed_at)
    order by 1 desc limit %(most)s),
unit as (select coalesce(nullif(%(currency)s, ''), (select currency from seen order by at desc limit 1), 'USD') as wanted)
select at, round(market * rate, 2), round(low * rate, 2), round(high * rate, 2), slug, name, sample_size, wanted, is_sale,
       quantity
from unit cross join seen
cross join lateral (select case when currency = wanted then 1
    else valuations_rate(currency, wanted, (at at time zone 'UTC')::date) end as rate) r
where rate is not null order by at desc
"""  # noqa: S608 - fixed text
_LONG_AGO = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)


def history(
    variant_id: UUID,
    period: str = "30d",
    source: str = "",
    condition: str = Condition.NM,
    *,
    currency: str = "",
    now: dt.datetime | None = None,
) -> History:
    """History of one variant in one condition; one query. `source` is a slug, empty for all.

    What was told in another currency than `currency` (default: the newest one's) is converted by the rate of its day,
    and left out where there is none. Raises InvalidInput on an unknown period.
    """
    if period not in PERIODS:
        raise InvalidInput(f"period is one of {', '.join(PERIODS)}.", field="period", given=period)
    days = PERIODS[period]
    since = (now or timezone.now()) - dt.timedelta(days=days) if days else _LONG_AGO
    with connection.cursor() as cursor:
        cursor.execute(
            _HISTORY,
            {
                "variant": variant_id,
                "condition": condition,
                "since": since,
                "source": source,
                "most": _MOST_ROWS,
                "currency": currency,
            },
        )
        rows = cursor.fetchall()
    chosen = currency or (rows[0][7] if rows else "USD")
    points: list[Point] = []
    sales: list[SoldCopy] = []
    for at, market, low, high, slug, name, sample, unit, is_sale, quantity in rows:
        if is_sale:
            sales.append(SoldCopy(at, market, unit, quantity, slug, name))
        else:
            points.append(Point(at, market, low, high, slug, name, sample, unit))
    points += _by_day(sales)
    points.sort(key=lambda point: (point.at, point.source))
    return History(variant_id, condition, period, chosen, tuple(points), tuple(sales))


def _by_day(sales: list[SoldCopy]) -> list[Point]:
    days: dict[tuple[dt.date, str], list[SoldCopy]] = {}
    for sale in sales:
        days.setdefault((sale.at.date(), sale.source), []).append(sale)
    return [
        Point(
            at=dt.datetime.combine(day, dt.time(), dt.UTC),
            market=statistics.median_low(sale.price for sale in same),
            low=min(sale.price for sale in same),
            high=max(sale.price for sale in same),
            source=f"{source}",
            source_name=same[0].source_name,
            sample_size=sum(sale.quantity for sale in same),
            currency=same[0].currency,
            is_sale=True,
        )
        for (day, source), same in days.items()
    ]
