"""Reads of portfolios, each one round trip: sums by currency, value over time, holdings, movers, allocation. Never writes."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core.conditions import Condition
from apps.core.errors import InvalidInput
from apps.core.money import EXPONENTS, exponent
from apps.core.pagination import Page
from apps.inventory.models import PortfolioDay
from apps.inventory.portfolio import statements
from apps.inventory.portfolio.gains import Gains, Step, amount, at_average, by_lot
from apps.inventory.portfolio.suggestions import Facts, Suggestion, suggestion
from apps.valuations.models import CurrentPrice
from apps.valuations.queries import STALE_AFTER, percent_of

DIGITS = json.dumps(EXPONENTS)
PERIODS: dict[str, int | None] = {"30d": 30, "3m": 92, "1y": 366, "all": None}
MOVER_PERIODS = ("24h", "7d", "30d")
SORTS = {
    "value": "h.value desc nulls last",
    "gain": "h.unrealised desc nulls last",
    "loss": "h.unrealised nulls last",
    "name": "p.name, r.name",
    "copies": "h.copies desc",
}
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Summary:
    """What a portfolio adds up to in one currency.

    unrealised: value less cost of the `gaining` copies, which have both. realised: sales less cost, by lot, before fees;
    sold_uncosted of the sold copies have no cost and no gain. as_of, oldest: the newest and oldest input of the prices.
    """

    currency: str
    copies: int = 0
    unpriced: int = 0
    value: Decimal = ZERO
    cost: Decimal = ZERO
    unrealised: Decimal = ZERO
    gaining: int = 0
    realised: Decimal = ZERO
    proceeds: Decimal = ZERO
    sold: int = 0
    sold_uncosted: int = 0
    as_of: dt.datetime | None = None
    oldest: dt.datetime | None = None

    @property
    def gain(self) -> Decimal:
        """Realised and unrealised together."""
        return self.realised + self.unrealised


@dataclass(frozen=True)
class Lot:
    """Copies that cost the same, of one item. `cost`: of one copy in the `currency` it was paid in, None where not noted."""

    item_id: uuid.UUID
    quantity: int
    cost: Decimal | None
    currency: str
    acquired_on: dt.date


@dataclass(frozen=True)
class Basis:
    """Cost and gain of a holding counted one way. average_cost: of one copy; None where no cost is noted."""

    cost: Decimal
    average_cost: Decimal | None
    realised: Decimal
    unrealised: Decimal | None


@dataclass(frozen=True)
class Holding:
    """All copies of one printing in one condition or grade. Amounts in `currency`; None where they are not known.

    own_value: of one copy, in the currency that its price was told in.
    """

    variant_id: uuid.UUID
    product_id: uuid.UUID
    name: str
    number: str
    set_name: str
    finish: str
    finish_label: str
    language: str
    image_name: str
    condition: str
    grade_company: str
    grade: Decimal | None
    currency: str
    own_value: Decimal | None
    own_currency: str | None
    copies: int
    unit_value: Decimal | None
    value: Decimal | None
    as_of: dt.datetime | None
    method: str
    costed: int
    elsewhere: int
    by_lot: Basis
    at_average: Basis
    sold: int
    gain_percent: Decimal | None
    percent_30d: Decimal | None
    share: Decimal | None
    lots: tuple[Lot, ...] = ()
    suggestion: Suggestion | None = None

    @property
    def estimate(self) -> bool:
        """Whether the value rests on asking prices alone."""
        return self.method == CurrentPrice.Method.ASKS

    @property
    def stale(self) -> bool:
        """Whether the value's newest input is old."""
        return self.as_of is not None and timezone.now() - self.as_of > STALE_AFTER


@dataclass(frozen=True)
class Mover:
    """A holding that moved: `effect` on the portfolio in `currency`, `percent` of the price."""

    variant_id: uuid.UUID
    condition: str
    copies: int
    value: Decimal
    effect: Decimal
    percent: Decimal
    product_id: uuid.UUID
    name: str
    number: str
    set_name: str
    finish: str
    language: str
    image_name: str


@dataclass(frozen=True)
class Moves:
    """What prices did to what is held now, in one period and currency; None where no change is known."""

    period: str
    total: Decimal | None = None
    percent: Decimal | None = None
    rows: tuple[Mover, ...] = ()


@dataclass(frozen=True)
class Part:
    """A part of the portfolio: what it is, its value, its share of all that has a price, in [0, 1]."""

    name: str
    copies: int
    value: Decimal
    share: Decimal


@dataclass(frozen=True)
class Allocation:
    """How the value is spread, largest part first."""

    category: tuple[Part, ...] = ()
    set: tuple[Part, ...] = ()
    condition: tuple[Part, ...] = ()


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


def about(owner: User, unit: str = "") -> dict[str, Any]:
    """The parameters that every statement takes."""
    return {"digits": DIGITS, "owners": [owner.pk], "unit": unit, "on": timezone.now().date()}


def rows_of(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a statement answers; one query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def summaries(*, owner: User, unit: str = "") -> list[Summary]:
    """Sums by currency, the most valuable first; one query. A member who never had a copy has none.

    unit: a currency that all is told in, by the rates of the days; what has no rate stays a sum of its own.
    """
    found = [Summary(*row[1:]) for row in rows_of(statements.SUMMARY, about(owner, unit))]
    return sorted(found, key=lambda each: (-each.value, -each.copies, -each.cost, each.currency))


def together(*, owner: User, sums: Sequence[Summary]) -> list[Summary] | None:
    """The sums with all that has a rate in the member's own currency; None where that changes nothing. One query."""
    if [each.currency for each in sums] == [owner.currency]:
        return None
    found = summaries(owner=owner, unit=owner.currency)
    told = {each.currency for each in found}
    return found if owner.currency in told and told != {each.currency for each in sums} else None


def at_rates_of(sums: Sequence[Summary], *, unit: str, on: dt.date) -> Summary:
    """Sums of several currencies in one, all figures by the rates of one day; those without a rate are left out. One query."""
    codes = [each.currency for each in sums]
    rates = dict(rows_of(statements.RATES, {"codes": codes, "unit": unit, "on": on}))
    names = ("value", "cost", "unrealised", "realised", "proceeds")
    counts = ("copies", "unpriced", "gaining", "sold", "sold_uncosted")
    told = [each for each in sums if rates[each.currency] is not None]
    return Summary(
        unit,
        **{name: _hundredths(sum(getattr(each, name) * rates[each.currency] for each in told)) for name in names},
        **{name: sum(getattr(each, name) for each in told) for name in counts},
    )


def _hundredths(figure: Decimal | int) -> Decimal:
    return Decimal(figure).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def history(*, owner: User, now: Summary, period: str = "1y", today: dt.date | None = None, unit: str = "") -> History:
    """The days of a period as they were taken or estimated, ending with the sums of now; one query.

    unit: currencies together in this one, each day and all of its figures by the rates of that day; days of which a rate is
    lacking are left out. Raises InvalidInput on an unknown period.
    """
    if period not in PERIODS:
        raise InvalidInput(f"period is one of {', '.join(PERIODS)}.", field="period", given=period[:40])
    today = today or timezone.now().date()
    span = PERIODS[period]
    if unit:
        since = today - dt.timedelta(days=span) if span else dt.date.min
        rows = rows_of(statements.DAYS_TOGETHER, about(owner, unit) | {"since": since, "until": today})
        present = Day(today, now.value, now.cost, now.unrealised, now.realised, now.copies, now.unpriced, False)
        return History(unit, period, (*(Day(*row) for row in rows), present))
    days = PortfolioDay.objects.filter(owner=owner, currency=now.currency, day__lt=today)
    if span:
        days = days.filter(day__gte=today - dt.timedelta(days=span))
    names = ("day", "value", "cost", "unrealised", "realised", "copies", "unpriced", "is_estimate")
    past = [Day(*row) for row in days.order_by("day").values_list(*names)]
    present = Day(today, now.value, now.cost, now.unrealised, now.realised, now.copies, now.unpriced, False)
    return History(now.currency, period, (*past, present))


def movers(*, owner: User, currency: str, most: int = 5, unit: str = "") -> list[Moves]:
    """What moved in 24 hours, 7 and 30 days among what is held now; one query."""
    found: dict[str, list[tuple[Any, ...]]] = {period: [] for period in MOVER_PERIODS}
    for row in rows_of(statements.MOVERS, about(owner, unit) | {"most": most}):
        if row[1] == currency:
            found[row[0]].append(row)
    return [
        Moves(period, rows[0][8], rows[0][9], tuple(Mover(*row[2:8], *row[10:]) for row in rows if row[6]))
        if rows
        else Moves(period)
        for period, rows in found.items()
    ]


def allocation(*, owner: User, currency: str, unit: str = "") -> Allocation:
    """How the value is spread over categories, sets, and conditions and grades; one query."""
    parts: dict[str, list[tuple[str, int, Decimal]]] = {"category": [], "set": [], "condition": []}
    names = dict(Condition.choices)
    for row in rows_of(statements.ALLOCATION, about(owner, unit)):
        no_category, no_set, unit, category, _path, release, _release_id, condition, copies, value = row
        if unit != currency:
            continue
        kind = "category" if not no_category else "set" if not no_set else "condition"
        name = {"category": category, "set": release, "condition": names.get(condition, condition)}[kind]
        parts[kind].append((str(name), copies, value))
    return Allocation(**{kind: _shares(rows) for kind, rows in parts.items()})


def _shares(rows: Sequence[tuple[str, int, Decimal]]) -> tuple[Part, ...]:
    total = sum((value for _, _, value in rows), Decimal(0))
    return tuple(Part(name, copies, value, _ratio(value, total) or Decimal(0)) for name, copies, value in rows)


def _ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole else (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


def holdings(
    *, owner: User, currency: str = "", sort: str = "value", limit: int = 25, offset: int = 0, unit: str = ""
) -> Page[Holding]:
    """One page of what is held, with lots, cost both ways, gain and suggestion; two queries.

    Raises InvalidInput on an unknown order.
    """
    if sort not in SORTS:
        raise InvalidInput(f"sort is one of {', '.join(SORTS)}.", field="sort", given=sort[:40])
    sql = statements.HOLDINGS.format(order=SORTS[sort])
    wanted = about(owner, unit) | {"currency": currency, "limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute(sql, wanted)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if not rows and offset:  # past the end: how many there are is still told
            cursor.execute(sql, wanted | {"limit": 1, "offset": 0})
            first = cursor.fetchone()
            return Page([], first[names.index("total")] if first else 0, limit, offset)
    of = {_key(row): row["currency"] for row in rows}
    steps, lots = _steps(about(owner, unit) | {"variants": list({row["variant_id"] for row in rows})}, of)
    shown = [_holding(row, steps.get(_key(row), []), lots.get(_key(row), {})) for row in rows]
    return Page(shown, rows[0]["total"] if rows else 0, limit, offset)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["variant_id"], row["condition"], row["grade_company"], row["grade"]


def _steps(
    wanted: dict[str, Any], currencies: dict[tuple[Any, ...], str]
) -> tuple[dict[tuple[Any, ...], list[Step]], dict[tuple[Any, ...], dict[uuid.UUID, Lot]]]:
    """Steps and lots by holding, oldest first. What is in another currency than the holding has no cost or no price."""
    steps: dict[tuple[Any, ...], list[Step]] = {}
    lots: dict[tuple[Any, ...], dict[uuid.UUID, Lot]] = {}
    for row in rows_of(statements.STEPS, wanted):
        item, *key, currency, quantity, unit_cost, paid, paid_in, acquired_on, created_at, change, price, sold_in = row
        holding = tuple(key)
        same = currency == currencies.get(holding)
        steps.setdefault(holding, []).append(
            Step(
                item,
                change,
                None if unit_cost is None or not same else Fraction(unit_cost),
                None if price is None or sold_in != currency else Fraction(price),
            )
        )
        if quantity:
            cost = None if paid is None else amount(Fraction(paid), paid_in)
            lots.setdefault(holding, {})[item] = Lot(item, quantity, cost, paid_in, acquired_on or created_at.date())
    return steps, lots


def _basis(told: Gains, unit_value: Decimal | None, currency: str) -> Basis:
    scale = 10 ** exponent(currency)
    gained = None if unit_value is None or not told.costed else told.unrealised(Fraction(unit_value) * scale)
    return Basis(
        cost=amount(told.cost, currency),
        average_cost=None if told.average_cost is None else amount(told.average_cost, currency),
        realised=amount(told.realised, currency),
        unrealised=None if gained is None else amount(gained, currency),
    )


def _holding(row: dict[str, Any], steps: list[Step], lots: dict[uuid.UUID, Lot]) -> Holding:
    lot, average = by_lot(steps), at_average(steps)
    told = _basis(lot, row["unit_value"], row["currency"])
    kind = "mint" if row["own_change"] is None else "own"
    market, change = row[f"{kind}_market"], row[f"{kind}_change"]
    percent = None if row["unit_value"] is None else percent_of(market, change)
    gain = _ratio(told.unrealised, told.cost)
    facts = Facts(
        copies=row["copies"],
        value=row["unit_value"],
        confidence=row["confidence"],
        percent_30d=percent,
        all_time_low=row["own_least"] if row["own_market"] is not None else row["mint_least"],
        all_time_high=row["own_most"] if row["own_market"] is not None else row["mint_most"],
        market_price=row["own_market"] if row["own_market"] is not None else row["mint_market"],
        lowest_ask=row["own_low"],
        sales=row["sales"],
        share=row["share"],
        gain_percent=None if gain is None else gain * 100,
    )
    names = (
        "variant_id", "product_id", "name", "number", "set_name", "finish", "language", "image_name", "condition",
        "grade_company", "grade", "currency", "own_value", "own_currency", "copies", "unit_value", "value", "as_of", "elsewhere",
    )  # fmt: skip
    return Holding(
        **{name: row[name] for name in names},
        method=row["method"] or "",
        costed=row["costed"] or 0,
        finish_label=str(dict(Variant._meta.get_field("finish").choices or []).get(row["finish"], row["finish"])),
        by_lot=told,
        at_average=_basis(average, row["unit_value"], row["currency"]),
        sold=lot.sold,
        gain_percent=facts.gain_percent,
        percent_30d=percent,
        share=row["share"],
        lots=tuple(lots.values()),
        suggestion=suggestion(facts, settings.PORTFOLIO_SUGGESTION_WEIGHTS),
    )
