"""Months of quotes: made ahead, and detached by age once their closes are kept. A detached month is a table of its own."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection, transaction

from apps.valuations import rollups

LEAST_MONTHS_KEPT = 25
"""Fair values look at evidence of two years."""

_MONTHS = """
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'valuations_quote'::regclass and c.relname ~ '^valuations_quote_[0-9]{4}_[0-9]{2}$'"""
_ATTACHED = f"select c.relname {_MONTHS} order by 1"
OLDEST_ATTACHED = f"select to_date(right(min(c.relname), 7), 'YYYY_MM') {_MONTHS}"
"""Before this day nothing is left of quotes but what was imported late."""


def make_partitions(*, from_on: dt.date, to_on: dt.date) -> int:
    """Make the months of quotes from one day to another, both included; returns how many are new."""
    months = []
    month = from_on.replace(day=1)
    while month <= to_on:
        months.append(month)
        month = (month + dt.timedelta(days=32)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from unnest(%s::date[]) month where valuations_make_partition(month)", [months])
        return cursor.fetchone()[0]


def kept_from(today: dt.date) -> dt.date | None:
    """The first day whose quotes stay, out of QUOTES_KEPT_MONTHS; None where all of them do."""
    months = settings.QUOTES_KEPT_MONTHS
    if not months:
        return None
    first = today.year * 12 + today.month - 1 - max(months, LEAST_MONTHS_KEPT)
    return dt.date(first // 12, first % 12 + 1, 1)


def detach_partitions(*, before: dt.date) -> list[str]:
    """Detach the months that end before this day, each in its own transaction; returns the names of their tables.

    Their closes by day stay; their quotes are left in the table for the operator to archive or drop. Nobody can write or
    read quotes for the moment that a month is let go.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ATTACHED)
        names = [name for (name,) in cursor.fetchall()]
    last = (before.replace(day=1) - dt.timedelta(days=1)).strftime("valuations_quote_%Y_%m")
    gone = [name for name in names if name <= last]
    for name in gone:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local lock_timeout = '10s'")
            rollups.close_table(cursor, name)
            cursor.execute(f'alter table valuations_quote detach partition "{name}"')
    return gone
