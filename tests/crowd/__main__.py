"""`make crowd`: many members trade the same cards at once against the running system; then the books must be clean.

Says how many requests, trades and refusals there were. Exits with 1 on a 5xx, a deadlock, or anything amiss afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import Any

from tests.faults.system import System, wait_for


def main() -> int:
    """Run it; 0 when nothing was amiss."""
    parser = argparse.ArgumentParser(prog="python -m tests.crowd", description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--cards", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--pause", type=float, default=4.0, help="mean seconds between two acts of one member")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    system = System()
    try:
        system.attach()
        return run(system, given)
    finally:
        system.end()


def run(system: System, given: argparse.Namespace) -> int:
    """The crowd, its figures, and the proof."""
    from django.db import connections

    from tests.crowd.members import make_crowd
    from tests.faults.proof import calm, proof

    table, people, copies = make_crowd(system.site, given.members, given.cards, given.seed)
    connections.close_all()
    print(f"{given.members} members, {given.cards} cards, {given.seconds:.0f} s", flush=True)
    began = time.monotonic()

    async def all_at_once() -> None:
        lives = [member.live(began + given.seconds, given.pause) for member in people]
        ends = await asyncio.gather(*lives, return_exceptions=True)
        table.failed += [f"a member gave up: {error!r}" for error in ends if error is not None]

    asyncio.run(all_at_once())
    took = time.monotonic() - began
    wait_for(calm, within=600, what="everything that was asked for to be done")
    say(table, took)
    print("exceptions in the processes' output:", dict(system.exceptions().most_common(20)), flush=True)
    found = proof(system, copies)
    found += [f"answered with an error: {each}" for each in table.failed]
    print(
        "\n".join(found[:40])
        or "check_ledger, reconciliation, copies and the company's list of movements: nothing amiss"
    )
    return 1 if found else 0


def say(table: Any, took: float) -> None:
    """The figures."""
    from collections import Counter

    from apps.escrow.models import Hold
    from apps.trades.models import Trade
    from apps.trades.swaps.models import Swap

    seconds = sorted(table.seconds) or [0.0]
    print(f"requests {table.requests} in {took:.0f} s, {table.requests / took:.1f} a second")
    print(
        f"answered in {seconds[len(seconds) // 2]:.2f} s at the median, {seconds[len(seconds) * 95 // 100]:.2f} s at 95 %"
    )
    print(f"trades {Trade.objects.count()}, swaps {Swap.objects.count()}")
    print("holds:", dict(Counter(Hold.objects.values_list("state", flat=True))))
    print("swaps:", dict(Counter(Swap.objects.values_list("state", flat=True))))
    print("done:", dict(table.done.most_common()))
    print(f"refused {sum(table.refused.values())}:", dict(table.refused.most_common(20)))
    print(f"errors (5xx or broken connections) {len(table.failed)}:")
    for kind, number in Counter(table.failed).most_common(20):
        print(f"  {number} x {kind}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
