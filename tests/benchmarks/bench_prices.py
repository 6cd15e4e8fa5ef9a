"""How many quotes a second come in through the whole path, as a ratio to a bare COPY of the same rows in the same run.

A made-up file of our own CSV, a day after the other, every printing each day, is read, checked, told apart, stored and
rolled up (import_quotes without fair values); then the same file again, which must change nothing; then the fair values
of all printings that were touched. The bare COPY has the finished rows: one by one from Python into a table with the same
primary key, as a program without any of the rest would store them; and, as the most that the database takes, as ready text
with that key and without an index. Memory is the process's peak after a quarter of the rows and at the end. Runs on an
embedded PostgreSQL of its own with everything as in production.

    python -m tests.benchmarks prices [--large]
"""

from __future__ import annotations

import datetime as dt
import json
import random
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (8, 5), Size.USUAL: (4_000, 25), Size.LARGE: (25_000, 40)}
"""Printings and days: a hundred thousand quotes, or a million."""
LAST_DAY = dt.date(2026, 6, 30)

_WORLD = """
insert into catalog_category (path, name, game, attribute_schema, identifiers) values ('bench', 'B', '', '{}', '[]')
    on conflict do nothing;
insert into catalog_release (id, created_at, category_id, code, name, series, abbreviation)
    select gen_random_uuid(), now(), id, 'bench', 'Bench', '', '' from catalog_category where path = 'bench';
insert into catalog_product (id, created_at, category_id, release_id, number, number_key, number_sort, name, names, rarity,
    artist, attributes)
    select gen_random_uuid(), now(), r.category_id, r.id, n::text, '', 0, 'Bench drake ' || n, '{}', '', '', '{}'
    from catalog_release r, generate_series(1, %(printings)s / 2) n where r.code = 'bench';
insert into catalog_variant (id, created_at, product_id, finish, language, treatment, is_default)
    select gen_random_uuid(), now(), p.id, finish, 'en', '', finish = 'normal'
    from catalog_product p join catalog_release r on r.id = p.release_id, unnest(array['normal', 'holofoil']) finish
    where r.code = 'bench';
insert into catalog_externalid (source, value, product_id)
    select 'tcgplayer', (500000 + p.number::integer)::text, p.id
    from catalog_product p join catalog_release r on r.id = p.release_id where r.code = 'bench';
"""
_COLUMNS = "variant_id, source_id, condition, observed_at, low, mid, high, market, sample_size, currency"


def write_file(path: Path, printings: int, days: int) -> None:
    """The quotes: prices of 50 cents to 200 dollars that wander by some percent a day."""
    chance = random.Random(3)
    prices = [chance.uniform(0.5, 20) * (10 if chance.random() < 0.1 else 1) for _ in range(printings)]
    with path.open("w") as file:
        file.write("tcgplayer_id,finish,condition,date,low,mid,high,market,sample_size,currency\n")
        for day in range(days):
            on = LAST_DAY - dt.timedelta(days=days - 1 - day)
            for n in range(printings):
                price = prices[n] = max(0.25, prices[n] * chance.uniform(0.96, 1.042))
                finish = "Holofoil" if n % 2 else "Normal"
                file.write(
                    f"{500001 + n // 2},{finish},NM,{on},{price * 0.8:.2f},{price * 1.1:.2f},{price * 3:.2f},{price:.2f},"
                    f"{n % 40 + 1},USD\n"
                )


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def bare_copy(text: list[bytes], *, like: str) -> float:
    """Seconds, the best of three, of a COPY of finished rows into an empty table and its commit."""
    from django.db import connection

    seconds = []
    for _ in range(3):
        with connection.cursor() as cursor:
            cursor.execute(f"drop table if exists bench_bare; create table bench_bare ({like})")
            began = time.perf_counter()
            with cursor.copy(f"copy bench_bare ({_COLUMNS}) from stdin") as copy:
                for block in text:
                    copy.write(block)
            seconds.append(time.perf_counter() - began)
            cursor.execute("drop table bench_bare")
    return min(seconds)


def copy_by_row() -> float:
    """Seconds of a COPY of the same rows as Python has them, one after the other, into the table with its primary key."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"select {_COLUMNS} from valuations_quote order by observed_at, variant_id")
        rows = cursor.fetchall()
        cursor.execute("create table bench_bare (like valuations_quote including indexes)")
        began = time.perf_counter()
        with cursor.copy(f"copy bench_bare ({_COLUMNS}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        seconds = time.perf_counter() - began
        cursor.execute("drop table bench_bare")
    return seconds


def finished_rows() -> list[bytes]:
    """What was stored, as COPY's text, in blocks, in the order in which it came."""
    from django.db import connection

    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"copy (select {_COLUMNS} from valuations_quote order by observed_at, variant_id) to stdout"
        ) as copy,
    ):
        whole = b"".join(copy)
    return [whole[at : at + 65536] for at in range(0, len(whole), 65536)]


def imported(path: Path, rows: int) -> dict[str, Any]:
    """One import without fair values: seconds, counts, and the memory at a quarter and at the end."""
    from apps.valuations.actions import import_quotes

    memory: list[float] = []

    def noted(each: Iterable[Any]) -> Iterator[Any]:
        for n, row in enumerate(each):
            if n == rows // 4:
                memory.append(peak_megabytes())
            yield row

    began = time.perf_counter()
    report = import_quotes(kind="generic", path=path, refresh=False, progress=noted)
    seconds = time.perf_counter() - began
    counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "rejected")}
    return {
        "seconds": seconds,
        "rows/s": rows / seconds,
        **counts,
        "touched": len(report.touched),
        "peak MB at a quarter": memory[0],
        "peak MB at the end": peak_megabytes(),
    }


def measured(folder: Path, printings: int, days: int) -> dict[str, Any]:
    """Everything, on an empty database."""
    from django.db import connection

    from apps.valuations.actions import refresh_prices, variants_with_evidence

    rows = printings * days
    path = folder / "quotes.csv"
    write_file(path, printings, days)
    with connection.cursor() as cursor:
        cursor.execute(_WORLD, {"printings": printings})
        cursor.execute("vacuum analyze catalog_variant, catalog_product, catalog_externalid")
    first = imported(path, rows)
    again = imported(path, rows)
    assert first["created"] == rows, "a quote was lost"
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, rows), "a replay changed something"
    text = finished_rows()
    bare = bare_copy(text, like="like valuations_quote")
    keyed = bare_copy(text, like="like valuations_quote including indexes")
    del text
    by_row = copy_by_row()
    touched = variants_with_evidence()
    as_of = dt.datetime.combine(LAST_DAY, dt.time(12), dt.UTC)
    began = time.perf_counter()
    done = refresh_prices(touched, as_of=as_of)
    values = time.perf_counter() - began
    for each in (first, again):
        each["ratio to a COPY row by row from Python"] = by_row / each["seconds"]
        each["ratio to a COPY of ready text with the primary key"] = keyed / each["seconds"]
        each["ratio to a COPY of ready text without an index"] = bare / each["seconds"]
    return {
        "quotes": rows,
        "printings": printings,
        "COPY row by row from Python (baseline)": {"seconds": by_row, "rows/s": rows / by_row},
        "COPY of ready text with the primary key (baseline)": {"seconds": keyed, "rows/s": rows / keyed},
        "COPY of ready text without an index (baseline)": {"seconds": bare, "rows/s": rows / bare},
        "the whole path": first,
        "the same again": again,
        "fair values of all of them": {"seconds": values, "prices": done.prices, "peak MB": peak_megabytes()},
    }


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Start a server, migrate, measure, print; returns the figures by name."""
    with scratch() as folder:
        told = measured(folder, *of(SIZES, size))
    print(json.dumps(told, indent=1))
    return told


if __name__ == "__main__":
    run()
