"""How many postings a second the ledger takes, as a ratio to single-row commits of the same run.

Disks are noisy, so slices of the baseline and of each way of posting alternate, and medians of them are compared. Runs
on an embedded PostgreSQL of its own with everything as in production: fsync, every guard, the sealer on its clock, and each
connection in a process of its own, as web and worker processes are: threads of one process would wait for each other.

    python -m tests.benchmarks ledger
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import psycopg

from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (0.02, 1), Size.USUAL: (0.7, 7)}
"""Seconds of a slice, slices."""
CONNECTIONS = (1, 2, 4, 8)
BATCH = 100
SEED = 10**9
SEAL_EVERY = 2.0  # seconds; production seals every 15
POST = "select escrow_post('bench', %s, '', %s::text[], array['USD','USD'], %s::bigint[], %s::bigint[])"
POST_MANY = """
select count(*) from escrow_post_many(array_fill('bench'::text, array[%(number)s]), %(keys)s::text[],
  array_fill(''::text, array[%(number)s]), %(places)s::int[], %(codes)s::text[],
  array_fill('USD'::text, array[2 * %(number)s]), %(amounts)s::bigint[],
  array_fill(0::bigint, array[2 * %(number)s]), %(each)s)
"""

_serial = itertools.count()  # of this process; keys and new accounts have the process's number beside it
Work = Callable[[psycopg.Connection, int], int]


def one_row(connection: psycopg.Connection, worker: int) -> int:
    """The baseline: one row, one commit."""
    connection.execute("insert into bench_row (amount) values (1)")
    connection.commit()
    return 1


def _post(connection: psycopg.Connection, left: str, right: str, floors: tuple[int | None, int | None]) -> int:
    connection.execute(POST, [f"bench:{os.getpid()}:{next(_serial)}", [left, right], [-5, 5], list(floors)])
    connection.commit()
    return 1


def distinct_accounts(connection: psycopg.Connection, worker: int) -> int:
    """Between two accounts that nobody else uses, both with a floor, as when a sale is released."""
    return _post(connection, f"member:from-{worker}:available", f"member:to-{worker}:available", (0, 0))


def new_account(connection: psycopg.Connection, worker: int) -> int:
    """Opens an account, as when a sale is paid."""
    return _post(connection, "platform:clearing", f"member:{os.getpid()}-{next(_serial)}:available", (None, 0))


def hot_account(connection: psycopg.Connection, worker: int) -> int:
    """Against the one account that everybody uses: the processor's clearing account."""
    return _post(connection, "platform:clearing", f"member:to-{worker}:available", (None, 0))


def hot_member(connection: psycopg.Connection, worker: int) -> int:
    """Against one account with a floor that everybody uses: each waits for the commit of the one before."""
    return _post(connection, f"member:from-{worker}:available", "member:hot:available", (0, 0))


def batch(connection: psycopg.Connection, worker: int, *, each: bool = False) -> int:
    """A hundred postings by one call and in one commit, between two accounts with a floor."""
    given = {
        "number": BATCH,
        "keys": [f"bench:{os.getpid()}:{next(_serial)}" for _ in range(BATCH)],
        "places": [place for place in range(1, BATCH + 1) for _ in range(2)],
        "codes": [f"member:from-{worker}:available", f"member:to-{worker}:available"] * BATCH,
        "amounts": [-5, 5] * BATCH,
        "each": each,
    }
    connection.execute(POST_MANY, given)
    connection.commit()
    return BATCH


def batch_each(connection: psycopg.Connection, worker: int) -> int:
    """The same, each posting behind a savepoint of its own."""
    return batch(connection, worker, each=True)


WAYS: list[tuple[str, Work, int]] = [
    *((f"distinct accounts, {count} connections", distinct_accounts, count) for count in CONNECTIONS),
    *((f"one hot account, {count} connections", hot_account, count) for count in CONNECTIONS),
    *((f"one hot account with a floor, {count} connections", hot_member, count) for count in (1, 4)),
    ("opening an account, 1 connections", new_account, 1),
    (f"batches of {BATCH}, all or none, 1 connections", batch, 1),
    (f"batches of {BATCH}, each by itself, 1 connections", batch_each, 1),
]


def work_off(url: str, place: int, orders: Connection) -> None:
    """A process with a connection of its own: does the named work for so many seconds and tells its rate, until told to end."""
    with psycopg.connect(url) as connection:
        orders.send(None)
        while order := orders.recv():
            name, seconds = order
            work, done, started = globals()[name], 0, time.perf_counter()
            while time.perf_counter() < started + seconds:
                done += work(connection, place)
            orders.send(done / (time.perf_counter() - started))


@contextmanager
def processes(url: str, number: int) -> Iterator[list[Connection]]:
    """So many connected processes, waiting for orders."""
    context = multiprocessing.get_context("spawn")
    orders, started = [], []
    for place in range(number):
        ours, theirs = context.Pipe()
        process = context.Process(target=work_off, args=(url, place, theirs), daemon=True)
        process.start()
        theirs.close()
        orders.append(ours)
        started.append(process)
    for each in orders:
        each.recv()
    yield orders
    for each, process in zip(orders, started, strict=True):
        each.send(None)
        process.join()


def rate(orders: list[Connection], work: Work, seconds: float) -> float:
    """Pieces of work a second over one slice, of all these processes together."""
    for each in orders:
        each.send((work.__name__, seconds))
    return sum(each.recv() for each in orders)


def measure(url: str, seconds: float, slices: int) -> dict[str, dict[str, float]]:
    """Rates and ratios of every way of posting; the baseline runs on as many connections."""
    with psycopg.connect(url) as connection:
        connection.execute("create table bench_row (id bigserial primary key, amount bigint not null)")
        for worker in range(max(CONNECTIONS)):
            accounts = ["platform:clearing", f"member:from-{worker}:available"]
            connection.execute(POST, [f"seed:{worker}", accounts, [-SEED, SEED], [None, 0]])
    found = {}
    with processes(url, max(CONNECTIONS)) as orders:
        for name, work, count in WAYS:
            used = orders[:count]
            rate(used, work, seconds)  # to warm up
            pairs = [(rate(used, one_row, seconds), rate(used, work, seconds)) for _ in range(slices)]
            found[name] = {
                "rows": statistics.median(rows for rows, _ in pairs),
                "postings": statistics.median(postings for _, postings in pairs),
                "ratio": statistics.median(postings / rows for rows, postings in pairs),
            }
    return found


def run(size: Size = Size.USUAL) -> dict[str, dict[str, float]]:
    """Start a server, migrate, measure, print; the rates and the ratio of each way of posting."""
    with scratch():
        from apps.escrow import ledger

        stop = threading.Event()

        def keep_sealing() -> None:
            from django.db import connection

            while not stop.wait(SEAL_EVERY):
                ledger.seal()
            connection.close()

        sealer = threading.Thread(target=keep_sealing)
        sealer.start()
        load = os.getloadavg()[0]
        found = measure(os.environ["DATABASE_URL"], *of(SIZES, size))
        stop.set()
        sealer.join()
        ledger.seal()
        started = time.perf_counter()
        checked = ledger.examine()
        taken = time.perf_counter() - started
        wrong = [finding for finding in checked.findings if not finding.invariant.startswith("what members are owed")]
    print(f"{'ledger postings':<48}{'single rows/s':>15}{'postings/s':>13}{'ratio':>8}")
    for name, figures in found.items():
        print(f"{name:<48}{figures['rows']:>15,.0f}{figures['postings']:>13,.0f}{figures['ratio']:>8.2f}")
    print(f"load {load:.1f} at the start, on {os.cpu_count()} cores")
    print(f"{checked.transactions:,} transactions in {checked.seals} seals checked in {taken:.1f} s")
    print("every invariant holds" if not wrong else f"broken: {wrong[:5]}")
    return found


if __name__ == "__main__":
    run()
