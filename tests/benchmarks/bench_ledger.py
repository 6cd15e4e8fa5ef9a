"""How many postings a second the ledger takes, as a ratio to single-row commits of the same run.

Disks are noisy, so slices of the baseline and of each way of posting alternate, and medians of them are compared. Runs
on an embedded PostgreSQL of its own with everything as in production (fsync on, every guard on).

    python -m tests.benchmarks.bench_ledger
"""

from __future__ import annotations

import itertools
import os
import statistics
import threading
import time
from collections.abc import Callable

import psycopg

from tests.benchmarks.scratch import scratch

SLICE_SECONDS = 0.7
SLICES = 5
CONNECTIONS = 4
BATCH = 100
POST = "select escrow_post('bench', %s, '', %s::text[], array['USD','USD'], %s::bigint[], array[null,0]::bigint[])"

_serial = itertools.count()
Work = Callable[[psycopg.Connection, int], int]


def one_row(connection: psycopg.Connection, worker: int) -> int:
    """The baseline: one row, one commit."""
    connection.execute("insert into bench_row (amount) values (1)")
    connection.commit()
    return 1


def _post(connection: psycopg.Connection, left: str, right: str) -> None:
    connection.execute(POST, [f"bench:{next(_serial)}", [left, right], [-5, 5]])


def own_accounts(connection: psycopg.Connection, worker: int) -> int:
    """A posting between two accounts that nobody else uses, as for the moves of one sale."""
    _post(connection, f"platform:bench{worker}", f"member:bench{worker}:available")
    connection.commit()
    return 1


def new_account(connection: psycopg.Connection, worker: int) -> int:
    """A posting that opens an account, as when a sale is paid."""
    _post(connection, f"platform:bench{worker}", f"member:bench-{next(_serial)}:available")
    connection.commit()
    return 1


def hot_account(connection: psycopg.Connection, worker: int) -> int:
    """A posting against the one account that everybody uses."""
    _post(connection, "platform:clearing", f"member:bench{worker}:available")
    connection.commit()
    return 1


def batch(connection: psycopg.Connection, worker: int) -> int:
    """A hundred postings in one commit."""
    for _ in range(BATCH):
        _post(connection, f"platform:bench{worker}", f"member:bench{worker}:available")
    connection.commit()
    return BATCH


WAYS: dict[str, tuple[Work, int]] = {
    "own accounts, 1 connection": (own_accounts, 1),
    "opening an account, 1 connection": (new_account, 1),
    f"own accounts, {CONNECTIONS} connections": (own_accounts, CONNECTIONS),
    f"hot account, {CONNECTIONS} connections": (hot_account, CONNECTIONS),
    f"batches of {BATCH}, 1 connection": (batch, 1),
}


def rate(connections: list[psycopg.Connection], work: Work) -> float:
    """Pieces of work a second over one slice."""
    done = [0] * len(connections)
    end = time.perf_counter() + SLICE_SECONDS

    def run(place: int) -> None:
        while time.perf_counter() < end:
            done[place] += work(connections[place], place)

    started = time.perf_counter()
    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(connections))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started)


def measure(url: str) -> dict[str, dict[str, float]]:
    """Rates and ratios of every way of posting; the baseline runs on as many connections."""
    connections = [psycopg.connect(url) for _ in range(CONNECTIONS)]
    connections[0].execute("create table bench_row (id bigserial primary key, amount bigint not null)")
    connections[0].commit()
    found = {}
    for name, (work, count) in WAYS.items():
        rate(connections[:count], work)  # to warm up
        pairs = [(rate(connections[:count], one_row), rate(connections[:count], work)) for _ in range(SLICES)]
        found[name] = {
            "rows": statistics.median(rows for rows, _ in pairs),
            "postings": statistics.median(postings for _, postings in pairs),
            "ratio": statistics.median(postings / rows for rows, postings in pairs),
        }
    for connection in connections:
        connection.close()
    return found


def run() -> dict[str, dict[str, float]]:
    """Start a server, migrate, measure, print; the rates and the ratio of each way of posting."""
    with scratch():
        found = measure(os.environ["DATABASE_URL"])
        from apps.escrow import ledger

        wrong = [finding for finding in ledger.check() if not finding.invariant.startswith("what members are owed")]
    print(f"{'ledger postings':<36}{'single rows/s':>15}{'postings/s':>13}{'ratio':>8}")
    for name, figures in found.items():
        print(f"{name:<36}{figures['rows']:>15,.0f}{figures['postings']:>13,.0f}{figures['ratio']:>8.2f}")
    print("every invariant holds" if not wrong else f"broken: {wrong}")
    return found


if __name__ == "__main__":
    run()
