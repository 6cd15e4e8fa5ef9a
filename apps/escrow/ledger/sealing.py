"""Seals: the chain of hashes over all transactions, carried on in the background so that no posting waits for another.

A seal covers a run of transaction ids of which every one is decided, i.e. committed or never to be. An id is drawn by
the insert itself, so by somebody who holds the table's lock for writing, and that lock goes after the commit can be
seen. So: note the highest id drawn, then who holds that lock; once all of them have let go of it, every id up to the
noted one is decided. What is noted waits in the table for the next run: no run waits, however long somebody's
transaction takes, and a transaction that posts nothing holds nothing up.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.escrow.ledger.chain import START, following
from apps.escrow.ledger.records import records

log = structlog.get_logger()

IN_A_SEAL = 1000
_LOCK = 6_110_612  # of pg_try_advisory_xact_lock: one sealer at a time
_WRITERS = """
select distinct virtualtransaction from pg_locks
 where relation = 'escrow_ledgertransaction'::regclass and mode = 'RowExclusiveLock' and granted
   and database = (select oid from pg_database where datname = current_database())
   and pid is distinct from pg_backend_pid()
"""


@dataclass(frozen=True)
class Unsealed:
    """The transactions that no seal covers yet, and since when the oldest of them has waited."""

    transactions: int
    since: dt.datetime | None


def seal() -> int:
    """Seal every transaction that can be; returns how many. Any number of workers may call it, one of them works."""
    sealed = 0
    horizon = _decided()
    while horizon is not None and (number := _seal_next(horizon)):
        sealed += number
    return sealed


def unsealed() -> Unsealed:
    """What is not sealed yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), min(posted_at) from escrow_ledgertransaction where id > (select escrow_sealed_to())"
        )
        return Unsealed(*cursor.fetchone())


@transaction.atomic(durable=True)
def _decided() -> int | None:
    """The highest id up to which all are decided; None when another worker seals or none is known to be."""
    with connection.cursor() as cursor:
        if not _is_mine(cursor):
            return None
        cursor.execute("select last_id, writers from escrow_ledgerhorizon")
        noted_id, noted_writers = cursor.fetchone() or (None, [])
        # In this order: whoever drew an id up to this one held the lock by then.
        cursor.execute("select last_value from escrow_ledgertransaction_id_seq")
        (drawn,) = cursor.fetchone()
        cursor.execute(_WRITERS)
        writers = [writer for (writer,) in cursor]
        if not writers:
            return int(drawn)
        if not set(writers).isdisjoint(noted_writers):
            return None  # they are still under way; whatever was drawn since then waits as well
        cursor.execute(
            "insert into escrow_ledgerhorizon (id, last_id, writers) values (1, %s, %s)"
            " on conflict (id) do update set last_id = excluded.last_id, writers = excluded.writers",
            [drawn, writers],
        )
        return noted_id


@transaction.atomic
def _seal_next(horizon: int) -> int:
    """Write the next seal, of at most IN_A_SEAL transactions; how many it covers."""
    with connection.cursor() as cursor:
        if not _is_mine(cursor):
            return 0
        cursor.execute("select number, last_id, hash from escrow_ledgerseal order by number desc limit 1")
        number, last_id, head = cursor.fetchone() or (0, 0, START)
        cursor.execute(
            "select max(id) from (select id from escrow_ledgertransaction where id > %s and id <= %s"
            " order by id limit %s) next",
            [last_id, horizon, IN_A_SEAL],
        )
        (up_to,) = cursor.fetchone()
        if up_to is None:
            return 0
        previous = head = bytes(head)
        ids, hashes = [], []
        for record in records(cursor, after=last_id, up_to=up_to):
            head = following(head, record)
            ids.append(record.id)
            hashes.append(head)
        cursor.execute(
            "insert into escrow_ledgerseal (number, last_id, ids, hashes, previous, hash, sealed_at)"
            " values (%s, %s, %s::bigint[], %s, %s, %s, clock_timestamp())",
            [number + 1, up_to, ids, b"".join(hashes), previous, head],
        )
    # The log leaves this machine: with it a chain that somebody made anew from the start can be told from the old one.
    log.info("ledger.sealed", number=number + 1, transactions=len(ids), last=up_to, hash=head.hex())
    return len(ids)


def _is_mine(cursor: CursorWrapper) -> bool:
    cursor.execute("select pg_try_advisory_xact_lock(%s)", [_LOCK])
    return bool(cursor.fetchone()[0])
