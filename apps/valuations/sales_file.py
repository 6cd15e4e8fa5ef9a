"""A file of sales of one thing, to be valued from the command line: date, price, and what else is known. No database here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from apps.core.conditions import graded_state_from
from apps.core.tabular import rows_of
from apps.valuations.fair_value import Comparables, Kind, character
from apps.valuations.graded import state_number
from apps.valuations.importers.rows import condition_of, instant_from, price_from
from apps.valuations.sources import SOURCES

KINDS = {"": Kind.SALE, "sale": Kind.SALE, "quote": Kind.QUOTE, "ask": Kind.ASK}


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used, and why. line: in the file, the heading is 1."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True)
class SalesFile:
    """What was known on the day, what came later than it, and what could not be read. lines: of the comparables."""

    comparables: Comparables
    lines: list[int]
    later: int
    bad: list[BadRow]


def read(path: Path, *, as_of: dt.date, category: str = "trading-cards") -> SalesFile:
    """Comparables of a CSV with the columns date and price and, where told, condition, grade, source, quantity, kind,
    seller, buyer.

    A source that the product knows weighs by its reliability, others as an imported file. All prices are of one currency.
    Raises InvalidInput where there is no such file or a column is missing.
    """
    found: list[dict[str, float]] = []
    people: dict[str, int] = {}
    lines, bad, later = [], [], 0
    for line, row in rows_of(path, required=("date", "price")):
        try:
            comparable = _comparable(row, as_of, category)
        except ValueError as error:
            bad.append(BadRow(line, str(error)))
            continue
        if comparable["age"] < 0:
            later += 1
            continue
        for party in ("seller", "buyer"):
            name = row.get(party, "").lower()
            comparable[party] = people.setdefault(name, len(people)) if name else -1
        found.append(comparable)
        lines.append(line)
    columns = {name: [comparable[name] for comparable in found] for name in (found[0] if found else {"price"})}
    return SalesFile(Comparables.of(columns.pop("price"), **columns), lines, later, bad)


def _comparable(row: dict[str, str], as_of: dt.date, category: str) -> dict[str, float]:
    """One row's figures; age below 0 where it is of later. Raises ValueError with the reason where it cannot be used."""
    on = instant_from(row["date"]).date()
    price = price_from(row["price"])
    if price is None:
        raise ValueError("the price is blank or zero: nothing was sold")
    kind = KINDS.get(row.get("kind", "").lower())
    if kind is None:
        raise ValueError(f"{row['kind']!r} is no kind: sale, quote or ask")
    source = row.get("source", "").lower()
    behaves = character(kind, source)
    return {
        "price": float(price),
        "kind": kind,
        "age": float((as_of - on).days),
        "reliability": float(SOURCES.get(source, SOURCES["file"])[3]),
        "condition": _state(row, source),
        "copies": float(_quantity(row.get("quantity", ""))),
        "pace": behaves.pace(category),
        "trend": behaves.trend,
        "noise": behaves.noise,
    }


def _state(row: dict[str, str], source: str) -> int:
    if text := row.get("grade", ""):
        state = graded_state_from(text)
        if state is None:
            raise ValueError(f"{text!r} is not a grade")
        return state_number(state)
    return state_number(condition_of(row.get("condition", ""), source))


def _quantity(text: str) -> int:
    if not text:
        return 1
    if not text.isdecimal() or not 0 < int(text) < 10**6:
        raise ValueError(f"{text!r} is not a quantity")
    return int(text)
