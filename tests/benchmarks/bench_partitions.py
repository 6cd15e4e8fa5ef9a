"""The inventory in partitions by owner against one table: a copy by id, a member's page, new copies, changes, vacuum, size.

Each member has COPIES copies that came in the order of time, as members' copies do. Slices of both alternate on one server, and
the medians are compared; a ratio above 1 is for the partitions. The DDL is that of `manage.py partition_inventory`.

    python -m tests.benchmarks partitions [--large]
"""

from __future__ import annotations

import os
import statistics
import time
import uuid
from collections.abc import Callable

import psycopg

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (800, 0.01, 1), Size.USUAL: (300_000, 0.5, 5), Size.LARGE: (10_000_000, 0.5, 7)}
"""Copies, seconds of a slice, slices."""
COPIES = 200
PLAIN, PARTED = "bench_plain", "bench_parted"
CHANGED = 20  # one row in so many is changed before the vacuum

PLAIN_INDEXES = [
    f"alter table {PLAIN} add primary key (id)",
    f"create index on {PLAIN} (owner_id, created_at desc)",
    f"create index on {PLAIN} (owner_id)",
    f"create index on {PLAIN} (variant_id)",
    f"create index on {PLAIN} (binder_id)",
]

FILL = """
insert into {table} (id, created_at, condition, grade_company, quantity, reserved, currency, notes, provenance,
 owner_id, variant_id)
select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, timestamptz '2026-01-01' + n * interval '1 second', 'NM', '',
 1 + n %% 3, 0, 'USD', '',
 jsonb_build_object('kind', 'scan', 'scan', md5('s' || n / 9)),
 md5('o' || n %% {members})::uuid, md5('v' || n %% 50000)::uuid
from generate_series(%s::bigint, %s::bigint) n
"""
Work = Callable[[psycopg.Connection, str, int], None]


def item(number: int) -> uuid.UUID:
    """A copy's id; they rise with time, as ours do."""
    return uuid.UUID(f"0190{number:028x}")


def by_id(connection: psycopg.Connection, table: str, number: int) -> None:
    """A copy by its id alone, as most of the program asks."""
    connection.execute(f"select * from {table} where id = %s", [item(number)]).fetchone()


def by_id_and_owner(connection: psycopg.Connection, table: str, number: int) -> None:
    """A copy whose owner is known too."""
    members = MEMBERS[0]
    connection.execute(
        f"select * from {table} where id = %s and owner_id = md5(%s)::uuid",
        [item(number), f"o{number % members}"],
    ).fetchone()


def page(connection: psycopg.Connection, table: str, number: int) -> None:
    """A member's newest thirty copies."""
    connection.execute(
        f"select * from {table} where owner_id = md5(%s)::uuid order by created_at desc limit 30",
        [f"o{number % MEMBERS[0]}"],
    ).fetchall()


def total(connection: psycopg.Connection, table: str, number: int) -> None:
    """A member's copies counted, all of them."""
    connection.execute(
        f"select count(*), sum(quantity) from {table} where owner_id = md5(%s)::uuid", [f"o{number % MEMBERS[0]}"]
    ).fetchone()


def by_variant(connection: psycopg.Connection, table: str, number: int) -> None:
    """Whoever has a card: every partition is asked."""
    connection.execute(
        f"select id from {table} where variant_id = md5(%s)::uuid limit 50", [f"v{number % 50_000}"]
    ).fetchall()


def changed(connection: psycopg.Connection, table: str, number: int) -> None:
    """One copy reserved, by its id."""
    connection.execute(f"update {table} set reserved = 1 - reserved where id = %s", [item(number)])


WAYS: list[tuple[str, Work]] = [
    ("a copy by id", by_id),
    ("a copy by id and owner", by_id_and_owner),
    ("a member's page", page),
    ("a member's total", total),
    ("who has a card", by_variant),
    ("a copy reserved", changed),
]
MEMBERS = [1]


def rate(connection: psycopg.Connection, table: str, work: Work, rows: int, seed: int, seconds: float) -> float:
    """Statements a second over one slice, on copies all over the table."""
    done, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < seconds:
        work(connection, table, (seed + done * 7_919_003) % rows)
        done += 1
    return done / taken


def fill(connection: psycopg.Connection, table: str, first: int, last: int) -> float:
    """Rows a second of a large insert."""
    began = time.perf_counter()
    connection.execute(FILL.format(table=table, members=MEMBERS[0]), [first, last])
    return (last - first + 1) / (time.perf_counter() - began)


def sizes(connection: psycopg.Connection, table: str) -> tuple[int, int]:
    """Bytes of rows and of indexes, of all partitions."""
    return connection.execute(
        "select sum(pg_table_size(part))::bigint, sum(pg_indexes_size(part))::bigint from"
        " (select %(table)s::regclass as part union all select inhrelid from pg_inherits where inhparent = %(table)s::regclass)",
        {"table": table},
    ).fetchone()


def vacuum(connection: psycopg.Connection, table: str) -> float:
    """Seconds for what a week of changes left."""
    connection.execute(
        f"update {table} set notes = 'changed' where created_at < now() and hashtext(id::text) %% {CHANGED} = 0", []
    )
    began = time.perf_counter()
    connection.execute(f"vacuum (analyze) {table}")
    return time.perf_counter() - began


def measure(url: str, rows: int, seconds: float, slices: int) -> dict[str, dict[str, float]]:
    """Both tables, filled and asked in turns."""
    from apps.inventory.partitioning import PARTITIONS, TABLE, table_statements

    MEMBERS[0] = rows // COPIES
    found: dict[str, dict[str, float]] = {}

    def note(name: str, plain: float, parted: float, *, less_is_better: bool = False) -> None:
        better = (plain, parted) if less_is_better else (parted, plain)
        found[name] = {"one table": plain, "partitions": parted, "ratio": better[0] / better[1]}

    # as Django asks: parameters are put in by the client, nothing is prepared
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        columns = f"(like {TABLE} including defaults including constraints)"
        parted = table_statements(PARTED, TABLE, PARTITIONS)
        paces = []
        for table, tables, keys in (
            (PLAIN, [f"create table {PLAIN} {columns}"], PLAIN_INDEXES),
            (PARTED, parted[: 1 + PARTITIONS], parted[1 + PARTITIONS :]),
        ):
            for statement in tables:
                connection.execute(statement)
            last = rows - rows // 20
            fill(connection, table, 0, last - 1)
            for statement in keys:  # made at once: row by row it would take an hour
                connection.execute(statement)
            paces.append(fill(connection, table, last, rows - 1))
        note("rows a second, the last twentieth", *paces)
        for table in (PLAIN, PARTED):
            connection.execute(f"vacuum (analyze) {table}")
        for name, work in WAYS:
            pairs = []
            for slice_number in range(-1, slices):
                seed = slice_number * 1_299_709
                pair = [rate(connection, table, work, rows, seed, seconds) for table in (PLAIN, PARTED)]
                if slice_number >= 0:  # the first warms both up
                    pairs.append(pair)
            note(name, *(statistics.median(column) for column in zip(*pairs, strict=True)))
        (plain_rows, plain_indexes), (rows_bytes, indexes) = sizes(connection, PLAIN), sizes(connection, PARTED)
        note("bytes a row", plain_rows / rows, rows_bytes / rows, less_is_better=True)
        note("bytes of indexes a row", plain_indexes / rows, indexes / rows, less_is_better=True)
        note("seconds of vacuum, all", vacuum(connection, PLAIN), vacuum(connection, PARTED), less_is_better=True)
    return found


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Start a server, fill, measure, print."""
    rows, seconds, slices = of(SIZES, size)
    with scratch():
        load = os.getloadavg()[0]
        found = measure(os.environ["DATABASE_URL"], rows, seconds, slices)
    print(f"{rows:,} copies, load {load:.1f} at the start")
    print(f"{'':<34}{'one table':>14}{'partitions':>14}{'ratio':>8}")
    for name, figures in found.items():
        print(f"{name:<34}{figures['one table']:>14,.1f}{figures['partitions']:>14,.1f}{figures['ratio']:>8.2f}")
    return {"copies": rows, **found}
