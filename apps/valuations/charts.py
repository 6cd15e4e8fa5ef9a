"""A price history as the chart component wants it: series for the drawing, a sentence, and the same figures as a table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from apps.core.money import Money
from apps.valuations.history import PERIODS, History, Point

MOST_SERIES = 3
MOST_ROWS = 60
AHEAD = dt.timedelta(days=28)
"""How far the interval reaches beyond the newest price: the next weeks, which is what it says something about."""
_PERIOD_NAMES = {
    "7d": "the last week",
    "30d": "the last 30 days",
    "1m": "the last month",
    "3m": "the last three months",
    "1y": "the last year",
    "all": "all that is known",
}
PERIOD_CHOICES = [("7d", "A week"), ("30d", "30 days"), ("3m", "3 months"), ("1y", "A year"), ("all", "All")]


@dataclass(frozen=True)
class PriceChart:
    """Arguments of components/chart.html. `chart` has a column of days and one of prices per series, and the days to show."""

    title: str
    takeaway: str
    chart: dict[str, Any]
    columns: list[dict[str, Any]]
    rows: list[list[str]]


@dataclass(frozen=True)
class Interval:
    """Where the price of the next weeks lies nine times in ten, as of a day."""

    low: Decimal
    high: Decimal
    on: dt.date


def price_chart(
    told: History, *, period: str = "1y", interval: Interval | None = None, now: dt.datetime | None = None
) -> PriceChart | None:
    """The chart of all that was told, with sentence and table for the period; None under two days of prices.

    The interval, which is in the history's currency, is drawn from the newest price on as a band over the next weeks.
    """
    series: dict[str, dict[dt.date, Point]] = {}
    for point in told.points:
        if point.market is not None:
            label = f"Sales on {point.source_name.removesuffix(' sales')}" if point.is_sale else point.source_name
            series.setdefault(label, {})[point.at.date()] = point
    shown = sorted(series, key=lambda label: -len(series[label]))[:MOST_SERIES]
    days = sorted({day for label in shown for day in series[label]})
    if len(days) < 2:
        return None
    ahead = [max(days[-1], interval.on) + AHEAD] if interval else []
    chart: dict[str, Any] = {
        "x": [int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) for day in [*days, *ahead]],
        "series": [
            {
                "label": label,
                "values": [_figure(series[label].get(day)) for day in [*days, *ahead]],
                "dots": next(iter(series[label].values())).is_sale,
            }
            for label in shown
        ],
        "currency": told.currency,
        "days": PERIODS[period],
        "known": len(days) - 1,
    }
    if interval:
        before: list[float | None] = [None] * (len(days) - 1)
        chart["band"] = {
            "label": "Expected, 9 times in 10",
            "low": [*before, *[float(interval.low)] * 2],
            "high": [*before, *[float(interval.high)] * 2],
        }
    span = PERIODS[period]
    first = (now or timezone.now()).date() - dt.timedelta(days=span) if span else days[0]
    told_days = [day for day in reversed(days) if day >= first][:MOST_ROWS]
    rows = [
        [date_format(day, "j M Y"), *(_text(series[label].get(day), told.currency) for label in shown)]
        for day in told_days
    ]
    if interval:
        ends = (
            f"{Money.from_decimal(interval.low, told.currency)} to {Money.from_decimal(interval.high, told.currency)}"
        )
        rows.insert(0, ["The next weeks, 9 times in 10", ends, *[""] * (len(shown) - 1)])
    return PriceChart(
        title="Price history",
        takeaway=_takeaway(series[shown[0]], shown[0], told.currency, first, period),
        chart=chart,
        columns=[{"label": "Day", "figure": False}, *({"label": label, "figure": True} for label in shown)],
        rows=rows[:MOST_ROWS],
    )


def _figure(point: Point | None) -> float | None:
    return None if point is None or point.market is None else float(point.market)


def _text(point: Point | None, currency: str) -> str:
    return "" if point is None or point.market is None else str(Money.from_decimal(point.market, currency))


def _takeaway(points: dict[dt.date, Point], label: str, currency: str, first: dt.date, period: str) -> str:
    """What the reader should see: from where to where, and the highest point."""
    inside = {day: point.market for day, point in sorted(points.items()) if day >= first and point.market is not None}
    if len(inside) < 2:
        day, point = max(points.items())
        return f"{label}: the last price known is {_text(point, currency)}, of {date_format(day, 'j M Y')}."
    days = list(inside)
    start, end = inside[days[0]], inside[days[-1]]
    percent = (end - start) / start * 100
    top = max(inside, key=lambda day: inside[day])
    moved = "hardly changed" if abs(percent) < 1 else f"{'rose' if percent > 0 else 'fell'} {abs(percent):.0f} %"
    highest = str(Money.from_decimal(inside[top], currency))
    return (
        f"{label} {moved} over {_PERIOD_NAMES[period]}, from {Money.from_decimal(start, currency)} to "
        f"{Money.from_decimal(Decimal(end), currency)}; highest {highest} on {date_format(top, 'j M Y')}."
    )
