"""`make faults`: kill web, worker, Redis and PostgreSQL in the middle of every money step, and prove the end.

Prints a matrix of steps and victims: what the request met that was under way at the victim's death, and how it ended.
Exits with 1 when anything is not as it must be.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.faults.system import VICTIMS, System, wait_for

# A settlement or message that a dead worker had in its hands is taken up by the next after its lease.
ENDS_WITHIN = 300.0


def main() -> int:
    """Run the rounds; 0 when everything ended as it must."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("victims", nargs="*", default=VICTIMS, help=f"of {', '.join(VICTIMS)}")
    victims = parser.parse_args().victims
    system = System()
    try:
        system.attach()
        return run(system, victims)
    finally:
        system.end()


def run(system: System, victims: list[str]) -> int:
    """Every step against every victim, then the proof."""
    from tests.faults import steps
    from tests.faults.proof import proof

    seller, moderator = steps.onboarded_seller(system.site, system), steps.Moderator(system.site)
    rounds: dict[str, list[Any]] = {}
    for victim in victims:
        rounds[victim] = one_round(system, victim, seller, moderator)
    left = [(victim, case) for victim, cases in rounds.items() for case in cases]
    print("waiting until all has followed that must", flush=True)

    def all_ended() -> bool:
        nonlocal left
        left = [(victim, case) for victim, case in left if not case.ended()]
        return not left

    try:
        wait_for(all_ended, within=ENDS_WITHIN, what="every step to end")
    except AssertionError as error:
        print(error)
    show(rounds, {(victim, case.step) for victim, case in left})
    found = [f"{victim}, {case.step}: {case.about} did not end as it must" for victim, case in left]
    found += proof(system, {})
    print("\n".join(found) or "check_ledger, reconciliation and the company's own list of movements: nothing amiss")
    return 1 if found else 0


def one_round(system: System, victim: str, seller: Any, moderator: Any) -> list[Any]:
    """Prepare, bring every step to its middle, kill, recover, and let everybody ask again."""
    from django.db import connections

    from tests.faults import steps

    early, late = steps.cases_of_a_round(system.site, system, seller, moderator)
    system.company("config", slow_work=2.0)
    with ThreadPoolExecutor(len(early) + len(late)) as pool:
        for case in early:
            case.first = case.do()
        time.sleep(0.3)  # the worker has been woken and is asking the company, which takes its time
        with system.no_commit():
            asked = {pool.submit(case.do): case for case in late}
            time.sleep(1.2)  # all have come as far as they can
            hit = system.kill(victim)
        began = time.monotonic()
        for future, case in asked.items():
            case.first = future.result()
    system.company("config", slow_work=0)
    system.recovered()
    connections.close_all()  # ours were cut as well
    print(f"{victim}: killed {len(hit)} processes, well again after {time.monotonic() - began:.1f} s", flush=True)
    for case in late:
        if not 200 <= (case.first or 0) < 400 and case.step != "payout":
            case.do()  # as a person would who saw an error page; what went through already is refused
    return early + late


def show(rounds: dict[str, list[Any]], failed: set[tuple[str, str]]) -> None:
    """The matrix. Answered: the first request's status; lost: the connection broke, the step was asked for again."""
    names = [case.step for case in next(iter(rounds.values()))]
    print(f"{'step':<18}" + "".join(f"{victim:<16}" for victim in rounds))
    for place, name in enumerate(names):
        cells = []
        for victim, cases in rounds.items():
            first = cases[place].first
            how = "lost" if not first else str(first)
            cells.append(f"{'FAILED' if (victim, name) in failed else 'ok'} ({how})")
        print(f"{name:<18}" + "".join(f"{cell:<16}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
