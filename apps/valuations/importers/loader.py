"""The one writer of imported market data: COPY into a temporary table, look the variants up as sets, one upsert a batch.

Unpriced rows (zero means "nothing sold") are counted and left out; rows that name no variant are kept as rejects.
A replay changes nothing. Memory holds one batch, however long the file is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from apps.catalog.actions import add_variants
from apps.core.rejects import Reject, keep
from apps.valuations import rollups
from apps.valuations.importers import statements
from apps.valuations.importers.rows import Lookup, QuoteRow, SaleRow
from apps.valuations.importers.staging import Staging


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

    daily: the same cards come again and again, so that of one that the catalogue lacks its name alone is kept as a
    reject, once, instead of every day's price of it.
    """
    report = MarketReport(kind, batch_id or uuid.uuid4())
    write = _write_quotes if kind == "quotes" else _write_sales
    coming = iter(rows)
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('valuations.import'))")
        # A batch is sorted and joined in memory; the statements are the same each time, so that compiling them is lost time.
        cursor.execute("set local work_mem = '48MB'; set local jit = off")
        staging = Staging(cursor, kind)
        rollups.stage(cursor)
        while True:
            read, rejects, lookup, fact = staging.take(coming)
            if not read:
                break
            report.read += read
            cursor.execute(statements.SOURCES, {"from": fact})
            cursor.execute(statements.RESOLVE, {"from": lookup})
            if add_finishes:
                report.added_finishes += _add_finishes(cursor, lookup)
            cursor.execute(statements.REFUSED)
            rejects += [_refused(staging.rows[n], reason, daily=daily) for n, reason in cursor.fetchall()]
            write(cursor, report)
            keep(rejects, origin=origin, batch_id=report.batch_id)
            report.rejected += len(rejects)
            report.rejects += rejects[: 20 - len(report.rejects)]
        staging.close()
        rollups.roll_up(cursor, now=timezone.now())
        cursor.execute("reset work_mem; reset jit")
    return report


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


def _write_quotes(cursor: Any, report: MarketReport) -> None:
    cursor.execute(statements.EMPTY)
    report.unpriced += cursor.fetchone()[0]
    cursor.execute(statements.UNIQUE)
    total = cursor.rowcount
    cursor.execute(statements.SPAN)
    first, last = cursor.fetchone()
    if total == 0:
        return
    report.newest_at = max(report.newest_at or last, last)
    cursor.execute(statements.MONTHS)
    cursor.execute(statements.FRESH, {"first": first, "last": last})
    fresh = cursor.rowcount
    report.unchanged += total - fresh
    if fresh == 0:
        return
    cursor.execute(statements.INSERT_QUOTES)
    report.created += cursor.rowcount
    updated = fresh - cursor.rowcount
    if updated:
        cursor.execute(statements.UPDATE_QUOTES, {"first": first, "last": last})
        report.updated += updated
    rollups.close_days(cursor, fresh=fresh, updated=updated, first=first, last=last)
    cursor.execute(statements.TOUCHED)
    report.touched.update(variant for (variant,) in cursor.fetchall())


def _write_sales(cursor: Any, report: MarketReport) -> None:
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
