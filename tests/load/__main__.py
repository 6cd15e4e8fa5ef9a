"""`make load`: mixed real use of the running product at rising rates, until it saturates; figures by route.

Starts everything as in production in a folder of its own, makes a market, lets members loose on it, and writes
docs/benchmarks/load.json and load.md. Exits with 1 when a step had more than a few errors before it saturated.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import datetime
import json
import os
import platform
import secrets
import subprocess
import sys
import threading
import time
from typing import Any

import psutil

from config.env import ROOT
from tests.config.holders import postmaster
from tests.faults.system import System
from tests.load.figures import record, report, step_of

KEPT = ROOT / "docs" / "benchmarks"
_PART_OF = (("uvicorn", "web"), ("celery", "worker"), ("sandbox", "payment company"))


def main() -> int:
    """Run; 0 when nothing was amiss."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=200, help="members and visitors at once")
    parser.add_argument("--seconds", type=float, default=480, help="of all rates together")
    parser.add_argument("--rate", type=float, nargs="+", default=[25, 50, 75, 100, 125, 150], help="requests a second")
    parser.add_argument("--members", type=float, default=0.7, help="share of those who are signed in")
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--shown", type=float, default=100, help="the rate whose routes the report shows")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--keep", default="load", help="name of the files under docs/benchmarks; empty: none are written"
    )
    given = parser.parse_args()
    about = _about(given)
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.load.settings",
        "ALLOWED_HOSTS": "127.0.0.1",
        "BEHIND_PROXY": "true",
        "SECRET_KEY": secrets.token_hex(40),
        "FIELD_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "METRICS_TOKEN": secrets.token_hex(16),
        "CARDVAULT_DEMO": "false",
        "RISK_MODE": "on",
        "LOG_LEVEL": "INFO",
    }
    os.environ |= {name: environment[name] for name in ("SECRET_KEY", "FIELD_KEYS")}
    system = System("tests.load.site", **environment)
    try:
        system.attach()
        return run(system, given, about)
    finally:
        system.end()


def run(system: System, given: argparse.Namespace, about: dict[str, Any]) -> int:
    """The market, the steps, the report."""
    from django.db import connections

    from tests.load.world import make_world

    began = time.monotonic()
    people = make_world(given.listings, given.users, system.folder, given.seed)
    connections.close_all()
    meter = Meter(system)
    meter.until_calm()
    print(f"ready after {time.monotonic() - began:.0f} s", flush=True)
    plan, answer = system.folder / "plan.json", system.folder / "answer.json"
    step_seconds = given.seconds / len(given.rate)
    asked = {"site": system.site, "rates": sorted(given.rate), "step_seconds": step_seconds, "users": given.users}
    plan.write_text(json.dumps(people | asked | {"members": given.members}))
    driver = subprocess.Popen([sys.executable, "-m", "tests.load.driving", str(plan), str(answer)], cwd=ROOT)
    try:
        meter.follow(driver)
        status = driver.wait(given.seconds + 300)
    finally:
        if driver.poll() is None:
            driver.kill()
        meter.end()
    if status:
        return 1
    steps = [step_of(noted, meter.between(noted["began"], noted["ended"])) for noted in json.loads(answer.read_text())]
    kept = record(steps, about | {"step_seconds": step_seconds})
    if given.keep:
        before = KEPT / "load-before.json"
        former = json.loads(before.read_text()) if before.exists() and given.keep != "load-before" else None
        (KEPT / f"{given.keep}.json").write_text(json.dumps(kept, indent=1) + "\n")
        (KEPT / f"{given.keep}.md").write_text(report(kept, former))
    print(report(kept), flush=True)
    for step in steps:
        print(f"{step.asked:g}: failed {step.failed}, refused {step.refused}", flush=True)
    print("exceptions in the processes' output:", dict(system.exceptions().most_common(20)), flush=True)
    return 1 if any(step.errors and step.answered >= 0.95 * step.asked and not step.is_held for step in steps) else 0


def _about(given: argparse.Namespace) -> dict[str, Any]:
    said = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": said.stdout.strip(),
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(os.getloadavg()[0], 2),
        "users": given.users,
        "listings": given.listings,
        "shown_rate": given.shown,
    }


class Meter:
    """What each part of the system has used of the processor, every second."""

    def __init__(self, system: System) -> None:
        self.system, self.driver = system, 0
        [self.redis] = system.pids_of("Redis")
        self.read: list[tuple[float, dict[str, float]]] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def follow(self, driver: subprocess.Popen[bytes]) -> None:
        """The members' program counts too."""
        self.driver = driver.pid

    def end(self) -> None:
        """No more readings."""
        self.over.set()
        self.thread.join(10)

    def _watch(self) -> None:
        while not self.over.wait(1.0):
            with contextlib.suppress(psutil.Error, OSError):
                self.read.append((time.time(), self._used()))

    def _used(self) -> dict[str, float]:
        """Processor seconds so far, by part."""
        used = dict.fromkeys(["web", "database", "worker", "Redis", "payment company", "members"], 0.0)
        for child in psutil.Process(self.system.launched.process.pid).children():
            command = " ".join(child.cmdline())
            if part := next((name for word, name in _PART_OF if word in command), None):
                used[part] += _seconds(child)
        used["database"] = _seconds(psutil.Process(postmaster(self.system.folder)))
        used["Redis"] = _seconds(psutil.Process(self.redis))
        if self.driver:
            used["members"] = _seconds(psutil.Process(self.driver))
        return used

    def between(self, began: float, ended: float) -> dict[str, float]:
        """Cores that each part used on average between two moments."""
        within = [reading for reading in self.read if began <= reading[0] <= ended]
        if len(within) < 2:
            return {}
        (first, before), (last, after) = within[0], within[-1]
        return {name: max(0.0, after[name] - before[name]) / (last - first) for name in after}

    def until_calm(self, *, within: float = 60.0) -> None:
        """Wait until what the start has left to the worker is done, or long enough."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            time.sleep(6)
            used = self.between(time.time() - 5.5, time.time())
            if used and sum(used.values()) < 0.15:
                return


def _seconds(process: psutil.Process) -> float:
    """Processor seconds of a process and of all that stems from it, what has ended included."""
    seconds = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            seconds += sum(each.cpu_times()[:4])
        except psutil.Error:
            continue
    return seconds


if __name__ == "__main__":
    sys.exit(main())
