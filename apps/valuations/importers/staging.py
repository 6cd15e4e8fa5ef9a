"""Rows of market data as batches of COPY's text, with the names that each batch is the first to use. No database here.

Some thousand rows are worked on at a time, column by column: quicker than row by row, and a reader in a thread of its own
lets go of the interpreter in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, islice
from typing import Any

import uuid_utils

from apps.core.rejects import Reject
from apps.valuations.importers.rows import QuoteRow, SaleRow

BATCH = 50_000
"""Rows that are told to the database at once. A load holds two batches: the one that is stored, and the next."""
_CHUNK = 2000
_DAMAGED = "it holds a NUL character: the file is damaged"
_DAMAGE = -1

Row = QuoteRow | SaleRow


@dataclass(slots=True)
class Batch:
    """The next rows of a load.

    read: how many. rows: those that `text` tells, by their number in it; rejects: all others. instants: what times quotes
    are of. lookups and facts: names that no batch before used, as rows for the staging tables, with numbers from
    `first_lookup` and `first_fact` on.
    """

    first_lookup: int
    first_fact: int
    read: int = 0
    rows: list[Row] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    instants: set[dt.datetime] = field(default_factory=set)
    lookups: list[tuple[Any, ...]] = field(default_factory=list)
    facts: list[tuple[Any, ...]] = field(default_factory=list)


class Batches:
    """The batches of a load (`kind` "quotes" or "sales"). Its names are numbered as they come."""

    def __init__(self, rows: Iterable[Row | Reject], kind: str) -> None:
        self._rows = iter(rows)
        self._text = _quotes if kind == "quotes" else _sales
        self._lookups: dict[tuple[str, ...], int] = {}
        self._facts: dict[tuple[str, ...], int] = {}
        self._pairs: dict[tuple[str, ...], int] = {}

    def take(self) -> Batch | None:
        """The next one, None after the last. For one thread at a time."""
        batch = Batch(len(self._lookups), len(self._facts))
        while chunk := list(islice(self._rows, min(_CHUNK, BATCH - batch.read))):
            batch.read += len(chunk)
            rows = [row for row in chunk if not isinstance(row, Reject)]
            if len(rows) < len(chunk):
                batch.rejects += [row for row in chunk if isinstance(row, Reject)]
            if rows:
                self._add(rows, batch)
        for asked, k in islice(self._lookups.items(), batch.first_lookup, None):
            if k != _DAMAGE:
                batch.lookups.append((k, asked[0] or None, *asked[1:]))
        for fact, f in islice(self._facts.items(), batch.first_fact, None):
            if f != _DAMAGE:
                pair = self._pairs.setdefault(fact[:2], len(self._pairs))
                batch.facts.append((f, pair, *fact))
        return batch if batch.read else None

    def _add(self, rows: list[Row], batch: Batch) -> None:
        ks = _numbers(self._lookups, [row.lookup for row in rows])
        fs = _numbers(self._facts, [(row.source, row.condition, row.currency) for row in rows])
        if _DAMAGE in ks or _DAMAGE in fs or any(_is_damaged(row.content) for row in rows):
            whole = []
            for row, k, f in zip(rows, ks, fs, strict=True):
                if k == _DAMAGE or f == _DAMAGE or _is_damaged(row.content):
                    batch.rejects.append(Reject(row.line, row.content, _DAMAGED))
                else:
                    whole.append(row)
            if whole:
                self._add(whole, batch)
            return
        batch.text.append(self._text(rows, (count(len(batch.rows)), ks, fs), batch))
        batch.rows += rows


def _numbers(known: dict[tuple[str, ...], int], names: list[Any]) -> list[int]:
    numbers = list(map(known.get, names))
    if None in numbers:
        for name in names:
            if name not in known:
                known[name] = _DAMAGE if any("\0" in part for part in name) else len(known)
        numbers = list(map(known.get, names))
    return numbers  # type: ignore[return-value]


def _is_damaged(content: object) -> bool:
    """Whether one of its cells holds what PostgreSQL's texts cannot hold."""
    if not isinstance(content, dict):
        return False
    try:
        return "\0" in "".join(content.values())
    except TypeError:  # not all of them are texts
        return any(isinstance(cell, str) and "\0" in cell for cell in content.values())


_instant = lru_cache(maxsize=4096)(dt.datetime.isoformat)
# Numbers and an instant, in which nothing has to be escaped. What is not told stands as None, as COPY is told.
_QUOTE = "%d\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n"


def _quotes(rows: list[Any], numbers: Iterable[Iterable[int]], batch: Batch) -> str:
    _, _, _, _, _, at, low, mid, high, market, _, size = zip(*rows, strict=True)
    batch.instants.update(at)
    return "".join(map(_QUOTE.__mod__, zip(*numbers, map(_instant, at), low, mid, high, market, size, strict=False)))


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_NULL = r"\N"


def _sales(rows: list[Any], numbers: Iterable[Iterable[int]], _: Batch) -> str:
    return "".join(map(_sale, rows, *numbers))


def _sale(row: SaleRow, n: int, k: int, f: int) -> str:
    cells = (
        n, k, f, uuid_utils.uuid7(), row.reference.replace("\0", "").translate(_ESCAPES), row.grade_company,
        _NULL if row.grade is None else row.grade, row.price, row.quantity, row.seller, row.buyer, row.sold_at.isoformat(),
    )  # fmt: skip
    return "\t".join(map(str, cells)) + "\n"
