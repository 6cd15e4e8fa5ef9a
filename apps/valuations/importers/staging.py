"""Rows of market data on their way into the staging tables, a batch at a time. Names are numbered here, resolved in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import uuid_utils

from apps.core.rejects import Reject
from apps.valuations.importers import statements
from apps.valuations.importers.rows import Lookup, QuoteRow, SaleRow

BATCH = 50_000
"""Rows that are told to the database at once: what bounds the memory of a load."""
_LINES = 1000
_DAMAGED = "it holds a NUL character: the file is damaged"
_DAMAGE = -1
_NULL = r"\N"

Row = QuoteRow | SaleRow


class Staging:
    """What a load has named so far, and the rows of the batch that is staged."""

    def __init__(self, cursor: Any, kind: str) -> None:
        self._cursor = cursor
        self._kind = kind
        self._lookups: dict[Lookup, int] = {}
        self._facts: dict[tuple[str, str, str], int] = {}
        self._pairs: dict[tuple[str, str], int] = {}
        self.rows: list[Row] = []
        cursor.execute(statements.STAGE[kind])
        cursor.execute(statements.STAGE_NAMES)

    def take(self, rows: Iterator[Row | Reject]) -> tuple[int, list[Reject], int, int]:
        """Stage the next batch; how many rows were read, those that are refused already, and the first of the new
        lookups and facts.
        """
        rejects: list[Reject] = []
        before = (len(self._lookups), len(self._facts))
        self.rows = kept = []
        self._cursor.execute(statements.CLEAR[self._kind])
        line_of: Callable[[int, int, int, Any], str] = _quote if self._kind == "quotes" else _sale
        read = 0
        with self._cursor.copy(statements.COPY[self._kind]) as copy:
            lines: list[str] = []
            for row in islice(rows, BATCH):
                read += 1
                if isinstance(row, Reject):
                    rejects.append(row)
                    continue
                k = self._lookups.get(row.lookup)
                if k is None:
                    k = self._name(row.lookup)
                f = self._facts.get((row.source, row.condition, row.currency))
                if f is None:
                    f = self._fact(row.source, row.condition, row.currency)
                if k == _DAMAGE or f == _DAMAGE or _is_damaged(row.content):
                    rejects.append(Reject(row.line, row.content, _DAMAGED))
                    continue
                lines.append(line_of(len(kept), k, f, row))
                kept.append(row)
                if len(lines) == _LINES:
                    copy.write("".join(lines))
                    lines.clear()
            copy.write("".join(lines))
        self._tell(*before)
        return read, rejects, *before

    def _name(self, lookup: Lookup) -> int:
        k = _DAMAGE if any("\0" in part for part in lookup) else len(self._lookups)
        self._lookups[lookup] = k
        return k

    def _fact(self, source: str, condition: str, currency: str) -> int:
        f = _DAMAGE if "\0" in source + condition + currency else len(self._facts)
        self._facts[source, condition, currency] = f
        self._pairs.setdefault((source, condition), len(self._pairs))
        return f

    def _tell(self, lookups: int, facts: int) -> None:
        """The names from these numbers on."""
        self._copy(
            statements.COPY_LOOKUPS,
            ((k, asked.variant_id or None, *asked[1:]) for asked, k in islice(self._lookups.items(), lookups, None)),
        )
        self._copy(
            statements.COPY_FACTS,
            ((f, self._pairs[fact[:2]], *fact) for fact, f in islice(self._facts.items(), facts, None)),
        )

    def _copy(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._cursor.copy(statement) as copy:
            for row in rows:
                if row[0] != _DAMAGE:
                    copy.write_row(row)

    def close(self) -> None:
        """Drop the staging tables, so that another load may follow in the same transaction."""
        self._cursor.execute(statements.UNSTAGE[self._kind])


def _is_damaged(content: object) -> bool:
    """Whether one of its cells holds what PostgreSQL's texts cannot hold."""
    if not isinstance(content, dict):
        return False
    try:
        return "\0" in "".join(content.values())
    except TypeError:  # not all of them are texts
        return any(isinstance(cell, str) and "\0" in cell for cell in content.values())


def _quote(n: int, k: int, f: int, row: QuoteRow) -> str:
    """A line of COPY's text: numbers and an instant, in which nothing has to be escaped."""
    _, _, _, _, _, at, low, mid, high, market, _, size = row
    return (
        f"{n}\t{k}\t{f}\t{_instant(at)}\t{_NULL if low is None else str(low)}\t{_NULL if mid is None else str(mid)}\t"
        f"{_NULL if high is None else str(high)}\t{_NULL if market is None else str(market)}\t"
        f"{_NULL if size is None else size}\n"
    )


_instant = lru_cache(maxsize=4096)(dt.datetime.isoformat)


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _sale(n: int, k: int, f: int, row: SaleRow) -> str:
    cells = (
        n, k, f, uuid_utils.uuid7(), row.reference.replace("\0", "").translate(_ESCAPES), row.grade_company,
        _NULL if row.grade is None else row.grade, row.price, row.quantity, row.seller, row.buyer, row.sold_at.isoformat(),
    )  # fmt: skip
    return "\t".join(map(str, cells)) + "\n"
