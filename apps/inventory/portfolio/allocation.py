"""How a portfolio's value is spread over categories, sets, and conditions and grades. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.accounts.models import User
from apps.core.conditions import Condition
from apps.inventory.portfolio.asking import about, rows_of
from apps.inventory.portfolio.statements import ALLOCATION
from apps.inventory.portfolio.sums import ratio


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


def allocation(*, owner: User, currency: str, unit: str = "") -> Allocation:
    """How the value is spread over categories, sets, and conditions and grades; one query."""
    parts: dict[str, list[tuple[str, int, Decimal]]] = {"category": [], "set": [], "condition": []}
    names = dict(Condition.choices)
    for row in rows_of(ALLOCATION, about(owner, unit)):
        no_category, no_set, unit, category, _path, release, _release_id, condition, copies, value = row
        if unit != currency:
            continue
        kind = "category" if not no_category else "set" if not no_set else "condition"
        name = {"category": category, "set": release, "condition": names.get(condition, condition)}[kind]
        parts[kind].append((str(name), copies, value))
    return Allocation(**{kind: _shares(rows) for kind, rows in parts.items()})


def _shares(rows: Sequence[tuple[str, int, Decimal]]) -> tuple[Part, ...]:
    total = sum((value for _, _, value in rows), Decimal(0))
    return tuple(Part(name, copies, value, ratio(value, total) or Decimal(0)) for name, copies, value in rows)
