"""`make rolling`: replace both web processes and a worker of the whole product under load; no request fails, no task is lost.

Exits with 1 when anything failed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from config.env import ROOT
from tests.rolling.replacing import Load, Pair, Watchers

_PATHS = ["/", "/healthz", "/readyz", "/api/v1/sets", "/accounts/login/"]
_STOP_SECONDS = 4


def main() -> int:
    """Run; 0 when nothing failed."""
    folder = Path(tempfile.mkdtemp(prefix="cv-r-"))
    from config.embedded import attach, leave

    servers = attach(folder)
    environment = {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "CARDVAULT_DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "LOG_LEVEL": "ERROR",
        "API_RATE_PER_HOUR": "10000000",
        "API_RATE_PER_MINUTE": "10000000",
        "WORKER_STOP_SECONDS": str(_STOP_SECONDS),
        "REMAP_SIGTERM": "SIGQUIT",
    }
    os.environ |= environment
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, check=True)
        found = web(folder, environment) + tasks(folder)
    finally:
        leave(folder)
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(found) or "nothing failed and nothing was lost")
    return 1 if found else 0


def web(folder: Path, environment: dict[str, str]) -> list[str]:
    """Both web processes, under requests and with websockets open."""
    pair = Pair("config.asgi:application", folder, environment, grace=5)
    try:
        pair.start()
        pair.start()
        load, watchers = Load(pair.address, _PATHS, clients=6, pause=0.02), Watchers(pair.address, 40)
        began = time.monotonic()
        for _ in range(2):
            pair.replace()
        print(f"two web processes replaced in {time.monotonic() - began:.1f} s")
        answers = load.end()
        watchers.end()
    finally:
        pair.end()
    print(f"answers: {dict(answers)}; websockets let go: {dict(watchers.codes)}, greeted {watchers.greeted} times")
    amiss = {status: count for status, count in answers.items() if status not in {"200"}}
    return [f"requests failed: {amiss}"] * bool(amiss) + ["a websocket was cut off"] * (set(watchers.codes) != {1012})


def tasks(folder: Path) -> list[str]:
    """A worker is told to end with a short and a long task under way: one is finished, the other done by the next worker."""
    import django

    django.setup()
    import redis
    from django.conf import settings

    from tests.rolling.slow import take

    store = redis.Redis.from_url(settings.REDIS_URL)
    first = _worker(folder, 1)
    take.delay("short", 2.0)
    take.delay("long", 600.0)
    _until(lambda: all(store.llen(f"rolling:{key}:begun") for key in ("short", "long")), 300)
    first.send_signal(signal.SIGTERM)
    told = time.monotonic()
    first.wait(60)
    print(f"the worker ended after {time.monotonic() - told:.1f} s")
    second = _worker(folder, 2)
    try:
        _until(lambda: store.llen("rolling:long:ended"), 300)
    except TimeoutError:
        return ["the long task did not go back to its queue"]
    finally:
        second.send_signal(signal.SIGTERM)
        second.wait(60)
    begun = {key: store.llen(f"rolling:{key}:begun") for key in ("short", "long")}
    ended = {key: store.llen(f"rolling:{key}:ended") for key in ("short", "long")}
    print(f"tasks begun {begun}, ended {ended}; the long one was done {time.monotonic() - told:.1f} s after the order")
    right = begun == {"short": 1, "long": 2} and ended == {"short": 1, "long": 1}
    return [] if right else ["a task was cut off that had time to end, or done twice"]


def _worker(folder: Path, number: int) -> subprocess.Popen[bytes]:
    with (folder / f"worker-{number}.log").open("wb") as log:
        how = [
            "worker",
            "-Q",
            "rolling",
            "-c",
            "2",
            "-n",
            f"rolling-{number}@here",
            "--without-gossip",
            "--without-mingle",
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", "-A", "tests.rolling.slow", *how],
            cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def _until(holds: object, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
