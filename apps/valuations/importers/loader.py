"""The one writer of imported market data: COPY into a temporary table, look the variants up as sets, one upsert.

Unpriced rows (zero means "nothing sold") are counted and left out; rows that name no variant are kept as rejects.
A replay changes nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uuid_utils
from django.db import connection, transaction
from django.utils import timezone

from apps.catalog.actions import add_variants
from apps.core.rejects import Reject, keep
from apps.valuations.importers import statements
from apps.valuations.importers.rows import QuoteRow, SaleRow


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
    rejects: list[Reject] = []
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('valuations.import'))")
        cursor.execute(statements.STAGE[kind])
        with cursor.copy(statements.COPY[kind]) as copy:
            for n, row in enumerate(rows):
                report.read += 1
                if isinstance(row, Reject):
                    rejects.append(row)
                elif "\\u0000" in (content := json.dumps(row.content, default=str)):
                    rejects.append(Reject(row.line, row.content, "it holds a NUL character: the file is damaged"))
                else:
                    copy.write_row(_columns(n, row, content))
        cursor.execute(statements.RESOLVE)
        if add_finishes:
            report.added_finishes = _add_finishes(cursor)
        cursor.execute(statements.REFUSED_NAMES if daily else statements.REFUSED)
        rejects += [Reject(line, json.loads(content), reason) for line, content, reason in cursor.fetchall()]
        _write(cursor, report)
        cursor.execute("drop table stage_market, stage_lookup, stage_candidate")
    keep(rejects, origin=origin, batch_id=report.batch_id)
    report.rejected = len(rejects)
    report.rejects = rejects[:20]
    return report


def _columns(n: int, row: QuoteRow | SaleRow, content: str) -> tuple[Any, ...]:
    asked = row.lookup
    common = (
        n, row.line, content, asked.variant_id or None, asked.id_source, asked.id_value,
        asked.category, asked.release, asked.number, asked.finish, asked.language, asked.treatment, row.source,
        row.condition, row.currency,
    )  # fmt: skip
    if isinstance(row, QuoteRow):
        return (*common, row.observed_at, row.low, row.mid, row.high, row.market, row.sample_size)
    return (
        *common, str(uuid_utils.uuid7()), row.reference, row.grade_company, row.grade, row.price, row.quantity,
        row.seller, row.buyer, row.sold_at,
    )  # fmt: skip


def _add_finishes(cursor: Any) -> int:
    cursor.execute(statements.MISSING_FINISHES)
    added = add_variants(wanted=cursor.fetchall())
    if added:
        cursor.execute(statements.NEW_FINISH_IDS)
        cursor.execute(statements.FORGET_LOOKUPS)
        cursor.execute(statements.RESOLVE)
    return added


def _write(cursor: Any, report: MarketReport) -> None:
    kind = report.kind
    if kind == "quotes":
        cursor.execute(statements.EMPTY)
        report.unpriced = cursor.rowcount
        cursor.execute(statements.MONTHS)
    cursor.execute(statements.TOTAL[kind])
    total, report.newest_at = cursor.fetchone()
    for name, statement in (("updated", statements.UPDATE[kind]), ("created", statements.INSERT[kind])):
        cursor.execute(statement, {"now": timezone.now()})
        setattr(report, name, cursor.rowcount)
        report.touched.update(variant for (variant,) in cursor.fetchall())
    report.unchanged = total - report.updated - report.created
