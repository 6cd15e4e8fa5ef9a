"""What is held, printing by printing: lots, cost both ways, gain, and whether to hold, sell or trade. Reads only."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Variant
from apps.core.errors import InvalidInput
from apps.core.money import exponent
from apps.core.pagination import Page
from apps.inventory.portfolio.asking import about, rows_of
from apps.inventory.portfolio.gains import Gains, Step, amount, at_average, by_lot
from apps.inventory.portfolio.statements import HOLDINGS, STEPS
from apps.inventory.portfolio.suggestions import Facts, Suggestion, suggestion
from apps.inventory.portfolio.sums import ratio
from apps.valuations.models import CurrentPrice
from apps.valuations.queries import STALE_AFTER, percent_of

SORTS = {
    "value": "h.value desc nulls last",
    "gain": "h.unrealised desc nulls last",
    "loss": "h.unrealised nulls last",
    "name": "p.name, r.name",
    "copies": "h.copies desc",
}


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


def holdings(
    *, owner: User, currency: str = "", sort: str = "value", limit: int = 25, offset: int = 0, unit: str = ""
) -> Page[Holding]:
    """One page of what is held, with lots, cost both ways, gain and suggestion; two queries.

    Raises InvalidInput on an unknown order.
    """
    if sort not in SORTS:
        raise InvalidInput(f"sort is one of {', '.join(SORTS)}.", field="sort", given=sort[:40])
    sql = HOLDINGS.format(order=SORTS[sort])
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
    for row in rows_of(STEPS, wanted):
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
    gain = ratio(told.unrealised, told.cost)
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
