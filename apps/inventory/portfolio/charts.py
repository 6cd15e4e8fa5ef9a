"""A portfolio's days as the chart component wants them: lines, a sentence, and the same figures as a table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format

from apps.core.money import Money
from apps.inventory.portfolio.history import Day, History

MOST_ROWS = 62
COLUMNS = ("Day", "Value", "Cost", "Unrealised gain", "Realised so far", "How it is known")


@dataclass(frozen=True)
class ValueChart:
    """Arguments of components/chart.html."""

    title: str
    takeaway: str
    chart: dict[str, Any]
    columns: list[dict[str, Any]]
    rows: list[list[str]]


def value_chart(told: History) -> ValueChart | None:
    """Value and cost over time; None under two days. Days that were estimated are a line of their own."""
    days = told.days
    if len(days) < 2:
        return None
    series: list[dict[str, Any]] = [
        {"label": "Value", "values": [None if day.is_estimate else float(day.value) for day in days]},
        {"label": "Cost", "values": [float(day.cost) for day in days]},
    ]
    if any(day.is_estimate for day in days):
        # Up to the first day that was taken, so that the two lines meet.
        last = max(index for index, day in enumerate(days) if day.is_estimate) + 1
        values = [float(day.value) if index <= last else None for index, day in enumerate(days)]
        series.append({"label": "Value, estimated later", "values": values})
    seconds = [int(dt.datetime.combine(day.day, dt.time(), dt.UTC).timestamp()) for day in days]
    return ValueChart(
        title="Value over time",
        takeaway=_takeaway(days, told.currency),
        chart={"x": seconds, "series": series, "currency": told.currency},
        columns=[{"label": label, "figure": 0 < place < 5} for place, label in enumerate(COLUMNS)],
        rows=[_row(day, told.currency) for day in _shown(days)],
    )


def _shown(days: tuple[Day, ...]) -> list[Day]:
    """Newest first; of a long time every so many days, counted back from the newest."""
    step = -(-len(days) // MOST_ROWS)
    return list(days[::-1][::step])


def _row(day: Day, currency: str) -> list[str]:
    figures = (day.value, day.cost, day.unrealised, day.realised)
    known = "estimated from price history" if day.is_estimate else "taken that day"
    return [date_format(day.day, "j M Y"), *(str(Money.from_decimal(each, currency)) for each in figures), known]


def _takeaway(days: tuple[Day, ...], currency: str) -> str:
    """From where to where, and what was added meanwhile."""
    first, last = days[0], days[-1]

    def money(value: Decimal) -> str:
        return str(Money.from_decimal(value, currency))

    supposed = " (estimated)" if first.is_estimate else ""
    cost = (
        f"stayed at {money(last.cost)}"
        if first.cost == last.cost
        else f"went from {money(first.cost)} to {money(last.cost)}"
    )
    return (
        f"The value went from {money(first.value)} on {date_format(first.day, 'j M Y')}{supposed} to "
        f"{money(last.value)} today; what the copies cost {cost} in the same time."
    )
