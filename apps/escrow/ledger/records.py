"""The ledger's transactions with their entries, read in order of their ids without holding them all in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from django.db.backends.utils import CursorWrapper

from apps.escrow.ledger.chain import Entry, Record

_READ = """
select t.id, t.kind, t.idempotency_key, t.cause, t.posted_at, e.id, a.code, e.currency, e.amount
  from escrow_ledgertransaction t
  left join escrow_ledgerentry e on e.transaction_id = t.id
  left join escrow_ledgeraccount a on a.id = e.account_id
 where t.id > %s and t.id <= %s order by t.id, e.id
"""


def records(cursor: CursorWrapper, *, after: int, up_to: int) -> Iterator[Record]:
    """The transactions with `after` < id <= `up_to`."""
    cursor.execute(_READ, [after, up_to])
    for (number, kind, key, cause, at), rows in groupby(cursor.fetchall(), key=lambda row: row[:5]):
        entries = tuple(Entry(*row[5:]) for row in rows if row[5] is not None)
        yield Record(number, kind, key, cause, at, entries)
