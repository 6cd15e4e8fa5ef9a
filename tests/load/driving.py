"""`python -m tests.load.driving PLAN ANSWER`: Locust in a process of its own, step by step; what every request met.

PLAN is JSON: site, rates, seconds of a step, people, share of members, and what `make_world` told. ANSWER: a list of steps,
each with when it began and ended and, by method and route, every answer's milliseconds and what failed.
"""

from __future__ import annotations

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections import Counter, defaultdict  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from locust.env import Environment  # noqa: E402

from tests.load.members import Member, Person, Plan, Visitor  # noqa: E402

_WARM_SECONDS, _WARM_RATE = 20.0, 15.0


class Notes:
    """Every answer since the last `turn`."""

    def __init__(self, environment: Environment) -> None:
        self.turn()
        environment.events.request.add_listener(self.met)

    def turn(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()

    def met(self, request_type: str, name: str, response_time: float, exception: object, **_more: object) -> None:
        self.times[f"{request_type} {name}"].append(round(response_time, 2))
        if exception is not None:
            self.failed[f"{request_type} {name}: {str(exception)[:160]}"] += 1


def main() -> None:
    """All steps."""
    told = json.loads(Path(sys.argv[1]).read_text())
    Person.plan = plan = Plan.of(told)
    Person.host = told["site"]
    plan.pace.people = told["users"]
    Member.fixed_count = round(told["users"] * told["members"])
    Visitor.fixed_count = told["users"] - Member.fixed_count
    environment = Environment(user_classes=[Visitor, Member], host=told["site"])
    notes = Notes(environment)
    runner = environment.create_local_runner()
    runner.start(told["users"], spawn_rate=100)
    plan.pace.rate = _WARM_RATE
    gevent.sleep(_WARM_SECONDS)
    steps: list[dict[str, Any]] = []
    for rate in told["rates"]:
        notes.turn()
        plan.refused.clear()
        began = time.time()
        plan.pace.rate = rate
        gevent.sleep(told["step_seconds"])
        times, failed = dict(notes.times), dict(notes.failed)
        refused = Counter(f"{route}: {status} {said}" for route, status, said in plan.refused)
        steps.append(
            {
                "rate": rate,
                "began": began,
                "ended": time.time(),
                "times": times,
                "failed": failed,
                "refused": dict(refused),
            }
        )
        answered = sum(map(len, times.values())) / (steps[-1]["ended"] - began)
        print(f"asked for {rate:g} a second: {answered:.1f} answered, {sum(failed.values())} failed", flush=True)
    plan.pace.rate = 0.0
    Path(sys.argv[2]).write_text(json.dumps(steps))
    runner.quit()


if __name__ == "__main__":
    main()
