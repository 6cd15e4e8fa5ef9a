"""Our own CSV of quotes and of sales; docs/importing.md describes each column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from pathlib import Path

from apps.catalog.importers.rows import count_from
from apps.core.conditions import grade_from
from apps.core.rejects import Reject, each_read
from apps.core.tabular import rows_of
from apps.valuations.importers.rows import (
    Lookup,
    QuoteRow,
    SaleRow,
    condition_of,
    count_in,
    currency_of,
    instant_from,
    lookup_of,
    lookups_of,
    person,
    price_from,
    price_in,
    state_from,
)


def read_quotes(path: Path, *, source: str = "file") -> Iterator[QuoteRow | Reject]:
    """One quote a line. A column `source` names the source of a line, else `source` does."""
    lines = rows_of(path, required=("date",))
    lookup: Callable[[dict[str, str]], Lookup] | None = None
    while some := list(islice(lines, _LINES)):
        lookup = lookup or lookups_of(some[0][1])
        try:
            quotes: Iterable[QuoteRow | Reject] = _quotes(some, source, lookup)
        except ValueError:
            quotes = _quotes_one_by_one(some, source, lookup)
        yield from quotes


_LINES = 1000


def _quotes(
    lines: list[tuple[int, dict[str, str]]], source: str, lookup: Callable[[dict[str, str]], Lookup]
) -> list[QuoteRow]:
    """Column by column, which is quicker than line by line. Raises ValueError where anything is wrong on any line."""
    numbers, rows = zip(*lines, strict=True)

    def column(name: str, usual: str = "") -> Iterable[str]:
        return [row[name] or usual for row in rows] if name in rows[0] else repeat(usual)

    sources = column("source", source)
    columns = (
        numbers,
        rows,
        map(lookup, rows),
        sources,
        map(state_from, column("condition"), column("grade"), sources),
        map(instant_from, column("date")),
        *(map(price_in, column(name)) for name in ("low", "mid", "high", "market")),
        map(currency_of, column("currency"), repeat("USD")),
        map(count_in, column("sample_size")),
    )
    return list(map(QuoteRow._make, zip(*columns, strict=False)))


def _quotes_one_by_one(
    lines: list[tuple[int, dict[str, str]]], source: str, lookup: Callable[[dict[str, str]], Lookup]
) -> Iterator[QuoteRow | Reject]:
    return each_read(lines, lambda line, row: _quote(line, row, row.get("source") or source, lookup))


def _quote(line: int, row: dict[str, str], source: str, lookup: Callable[[dict[str, str]], Lookup]) -> QuoteRow:
    told = row.get
    return QuoteRow(
        line,
        row,
        lookup(row),
        source,
        state_from(told("condition", ""), told("grade", ""), source),
        instant_from(row["date"]),
        price_from(told("low")),
        price_from(told("mid")),
        price_from(told("high")),
        price_from(told("market")),
        currency_of(told("currency", ""), "USD"),
        count_from(told("sample_size")),
    )


def read_sales(path: Path, *, source: str = "file") -> Iterator[SaleRow | Reject]:
    """One sale a line. `reference` is the source's own id of the sale."""
    rows = rows_of(path, required=("reference", "price", "sold_at"))
    return each_read(rows, lambda line, row: _sale(line, row, row.get("source") or source))


def _sale(line: int, row: dict[str, str], source: str) -> SaleRow:
    price = price_from(row["price"])
    if price is None:
        raise ValueError("a sale has a price above zero")
    if not row["reference"] or len(row["reference"]) > 80:
        raise ValueError("it needs a reference of at most 80 characters")
    quantity = count_from(row.get("quantity"))
    if quantity == 0:
        raise ValueError("a sale is of at least one copy")
    graded = grade_from(row.get("grade", ""))
    if row.get("grade") and graded is None:
        raise ValueError(f"{row['grade']!r} is not a grade such as PSA 10")
    return SaleRow(
        line=line,
        content=row,
        lookup=lookup_of(row),
        source=source,
        reference=row["reference"],
        condition="" if graded else condition_of(row.get("condition", ""), source),
        grade_company=graded[0].value if graded else "",
        grade=graded[1] if graded else None,
        price=price,
        currency=currency_of(row.get("currency", ""), "USD"),
        quantity=1 if quantity is None else quantity,
        seller=person(source, row.get("seller", "")),
        buyer=person(source, row.get("buyer", "")),
        sold_at=instant_from(row["sold_at"]),
    )
