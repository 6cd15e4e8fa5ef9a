"""The one writer of imported market data: COPY into a temporary table, look the variants up as sets, one upsert a batch.

Unpriced rows (zero means "nothing sold") are counted and left out; rows that name no variant are kept as rejects.
A replay changes nothing. Memory holds two batches, however long the file is: while the database stores one, a thread reads
the next.
"""

from __future__ import annotations

import datetime as dt
import gc
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.catalog.actions import add_variants
from apps.core.rejects import Reject, keep
from apps.valuations import rollups
from apps.valuations.importers import staging, statements
from apps.valuations.importers.rows import Lookup, QuoteRow, SaleRow
from apps.valuations.importers.staging import Batch, Batches


@dataclass
class MarketReport:
    """What an import did with every row; `touched` are the variants whose evidence changed."""

    kind: str
    batch_id: uuid.UUID
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    unpriced: int = 0
    added_finishes: int = 0
    rejected: int = 0
    rejects: list[Reject] = field(default_factory=list)
    newest_at: dt.datetime | None = None
    touched: set[UUID] = field(default_factory=set)

    @property
    def repeated(self) -> int:
        """Rows that another row of the same batch took the place of."""
        told = self.created + self.updated + self.unchanged + self.unpriced + self.rejected
        return self.read - told

    def lines(self) -> Iterator[str]:
        """The report as text."""
        yield (
            f"{self.kind:<10}{self.created:>9} created{self.updated:>9} updated{self.unchanged:>9} unchanged"
            f"{self.unpriced:>9} without a price"
        )
        if self.added_finishes:
            yield f"finishes  {self.added_finishes:>9} added to the catalogue"
        yield f"rejected  {self.rejected:>9}"
        for reject in self.rejects:
            yield f"  line {reject.line or '-'}: {reject.reason}"
        if self.rejected > len(self.rejects):
            yield f"  ... and {self.rejected - len(self.rejects)} more; all are kept, batch {self.batch_id}"


@transaction.atomic
def load(
    rows: Iterable[QuoteRow | SaleRow | Reject],
    *,
    kind: str,
    origin: str,
    add_finishes: bool = False,
    batch_id: uuid.UUID | None = None,
    daily: bool = False,
) -> MarketReport:
    """Write quotes or sales (`kind` "quotes" or "sales"); one transaction. `add_finishes`: see the command.

    rows are read in another thread, so what makes them may not ask the database. daily: the same cards come again and
    again, so that of one that the catalogue lacks its name alone is kept as a reject, once, instead of every day's price
    of it.
    """
    report = MarketReport(kind, batch_id or uuid.uuid4())
    batches = Batches(rows, kind)
    with connection.cursor() as cursor, _no_collections(), ThreadPoolExecutor(1, "market-rows") as beside:
        cursor.execute(rollups.LOCK)
        # A batch is sorted and joined in memory; the statements are the same each time, so that compiling them is lost time.
        cursor.execute("set local work_mem = '48MB'; set local jit = off")
        cursor.execute(statements.STAGE[kind])
        cursor.execute(statements.STAGE_NAMES)
        rollups.stage(cursor)
        writer = _Quotes(cursor, report) if kind == "quotes" else _Sales(cursor, report)
        names = _Names(cursor, report, daily=daily, add_finishes=add_finishes)
        batch = batches.take()
        while batch:
            # A short load is over with its first batch: nothing to be read beside it.
            coming = beside.submit(batches.take) if batch.read == staging.BATCH else None
            _tell(cursor, batch, kind)
            rejects = batch.rejects + names.resolve(batch)
            writer.write(batch)
            report.read += batch.read
            keep(rejects, origin=origin, batch_id=report.batch_id)
            report.rejected += len(rejects)
            report.rejects += rejects[: 20 - len(report.rejects)]
            batch = coming.result() if coming else None
        writer.close()
        cursor.execute(statements.UNSTAGE[kind])
        rollups.roll_up(cursor, now=timezone.now())
        cursor.execute("reset work_mem; reset jit")
    return report


@contextmanager
def _no_collections() -> Iterator[None]:
    """Rows refer to nothing in circles: looking through all that the process holds took a third of the time of reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _tell(cursor: Any, batch: Batch, kind: str) -> None:
    """Put the batch and the names that it is the first to use into the staging tables."""
    cursor.execute(statements.CLEAR[kind])
    with cursor.copy(statements.COPY[kind]) as copy:
        for text in batch.text:
            copy.write(text)
    for statement, names in ((statements.COPY_LOOKUPS, batch.lookups), (statements.COPY_FACTS, batch.facts)):
        if names:
            with cursor.copy(statement) as copy:
                for name in names:
                    copy.write_row(name)


class _Names:
    """Looks up what rows name."""

    def __init__(self, cursor: Any, report: MarketReport, *, daily: bool, add_finishes: bool) -> None:
        self._cursor = cursor
        self._report = report
        self._daily = daily
        self._add_finishes = add_finishes
        self._any_refused = False

    def resolve(self, batch: Batch) -> list[Reject]:
        """Look up what is new; the rows of the batch whose names lead nowhere, whichever batch named those first."""
        cursor = self._cursor
        if batch.facts:
            cursor.execute(statements.SOURCES, {"from": batch.first_fact})
        if batch.lookups:
            cursor.execute(statements.RESOLVE, {"from": batch.first_lookup})
            if self._add_finishes:
                self._report.added_finishes += _add_finishes(cursor, batch.first_lookup)
        if batch.facts or batch.lookups:
            cursor.execute(statements.ANY_REFUSED)
            (self._any_refused,) = cursor.fetchone()
        if not self._any_refused:
            return []
        cursor.execute(statements.REFUSED)
        return [_refused(batch.rows[n], reason, daily=self._daily) for n, reason in cursor.fetchall()]


def _refused(row: QuoteRow | SaleRow, reason: str, *, daily: bool) -> Reject:
    if not daily:
        return Reject(row.line, row.content, reason)
    named = {_NAMES.get(part, part): value for part, value in row.lookup._asdict().items() if value}
    return Reject(None, {"source": row.source, **named}, reason)


_NAMES = dict(zip(Lookup._fields, ("variant_id", "id_source", "id", *Lookup._fields[3:]), strict=True))


def _add_finishes(cursor: Any, lookup: int) -> int:
    cursor.execute(statements.MISSING_FINISHES)
    added = add_variants(wanted=cursor.fetchall())
    if added:
        cursor.execute(statements.NEW_FINISH_IDS)
        cursor.execute(statements.RESOLVE, {"from": lookup})
    return added


class _Quotes:
    """Writes batches of quotes and closes their days."""

    def __init__(self, cursor: Any, report: MarketReport) -> None:
        self._cursor = cursor
        self._report = report
        self._months: set[dt.date] = set()

    def write(self, batch: Batch) -> None:
        """Store what is staged."""
        if not batch.instants:
            return
        cursor, report = self._cursor, self._report
        cursor.execute(statements.COUNT_FACTS)
        cursor.execute(statements.EMPTY)
        report.unpriced += cursor.fetchone()[0]
        self._make_months(batch)
        span = {"first": min(batch.instants), "last": max(batch.instants)}
        cursor.execute(statements.FRESH, span)
        fresh, told, newest_at = cursor.rowcount, cursor.rowcount, span["last"]
        if fresh < len(batch.rows):
            cursor.execute(statements.TOLD)
            told, newest_at = cursor.fetchone()
        if newest_at is not None:
            report.newest_at = max(report.newest_at or newest_at, newest_at)
        report.unchanged += told - fresh
        if not fresh:
            return
        cursor.execute(statements.INSERT_QUOTES)
        created = cursor.rowcount
        if fresh > created:
            cursor.execute(statements.UPDATE_QUOTES, span)
        report.created += created
        report.updated += fresh - created
        rollups.close_days(cursor, is_corrected=fresh > created, **span)

    def _make_months(self, batch: Batch) -> None:
        """A month is asked for until a row that can be used is of it."""
        named = {at.astimezone(dt.UTC).date().replace(day=1) for at in batch.instants}
        if named - self._months:
            self._cursor.execute(statements.MONTHS)
            self._months.update(month for month, _ in self._cursor.fetchall())

    def close(self) -> None:
        """Once all batches are written."""
        self._cursor.execute(statements.TOUCHED)
        self._report.touched.update(variant for (variant,) in self._cursor.fetchall())


class _Sales:
    """Writes batches of sales."""

    def __init__(self, cursor: Any, report: MarketReport) -> None:
        self._cursor = cursor
        self._report = report

    def write(self, _: Batch) -> None:
        """Store what is staged."""
        cursor, report = self._cursor, self._report
        cursor.execute(statements.TOTAL_SALES)
        total, newest_at = cursor.fetchone()
        if newest_at is not None:
            report.newest_at = max(report.newest_at or newest_at, newest_at)
        for name, statement in (("updated", statements.UPDATE_SALES), ("created", statements.INSERT_SALES)):
            cursor.execute(statement, {"now": timezone.now()})
            setattr(report, name, getattr(report, name) + cursor.rowcount)
            total -= cursor.rowcount
            report.touched.update(variant for (variant,) in cursor.fetchall())
        report.unchanged += total

    def close(self) -> None:
        """Nothing follows from sales here."""
