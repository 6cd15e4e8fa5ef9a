"""Seals: the chain of hashes over all transactions, carried on in the background so that no posting waits for another.

A seal covers a run of transaction ids of which every one is decided, i.e. committed or never to be. An id is drawn
inside the SQL transaction that writes it, after that has got its own number (a trigger sees to it). So: note the highest
id drawn, then draw a number for ourselves; once every SQL transaction with a lower number has ended, every id up to the
noted one is decided. What is noted waits in the table for the next run: no run waits, however long somebody's
transaction takes.
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
        # A number that this server has not reached yet was noted by another one, from which the data was brought here.
        cursor.execute(
            "select last_id, under_way::text::xid8 <= pg_snapshot_xmin(pg_current_snapshot()) from escrow_ledgerhorizon"
            " where under_way::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())"
        )
        noted = cursor.fetchone()
        if noted and not noted[1]:
            return None  # they are still under way; whatever was drawn since then waits as well
        # In this order: whoever drew an id up to this one got a number before we get ours, so a lower one.
        cursor.execute("select last_value from escrow_ledgertransaction_id_seq")
        (drawn,) = cursor.fetchone()
        cursor.execute("select pg_current_xact_id()::text::bigint")
        (under_way,) = cursor.fetchone()
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8", [under_way])
        if cursor.fetchone()[0]:
            return int(drawn)
        cursor.execute(
            "insert into escrow_ledgerhorizon (id, last_id, under_way) values (1, %s, %s)"
            " on conflict (id) do update set last_id = excluded.last_id, under_way = excluded.under_way",
            [drawn, under_way],
        )
        return int(noted[0]) if noted else None


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
