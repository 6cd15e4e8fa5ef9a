"""The whole product as the launcher starts it, with this process looking into its database and speaking to its web server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from tests.config.holders import kill, postmaster, processes
from tests.config.launches import Launched
from tests.waiting import eventually

READY_WITHIN = 600.0  # a busy machine takes its time over the tables
VICTIMS = ("web", "worker", "Redis", "PostgreSQL")
# Few people with one address pay for many sales in an hour: nobody is to look at them first.
_NO_LIMIT = {"API_RATE_PER_HOUR": "10000000", "API_RATE_PER_MINUTE": "10000000", "RISK_MODE": "off"}


class System:
    """One launch in a folder of its own, by `program`. Django may be used in this process from `attach` on."""

    def __init__(self, program: str = "config.launcher", **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cv-f-"))
        self.launched = Launched(self.folder, program=program, **{"LOG_LEVEL": "WARNING"} | _NO_LIMIT | settings)
        self.site = f"http://127.0.0.1:{self.launched.port}"
        sockets = self.folder / "servers" / "sockets"
        self.database_url = f"postgresql://cardvault@/cardvault?host={sockets}"
        self.redis_url = f"unix://{sockets}/redis.sock?db=0"
        self.keys: dict[str, Any] = {}

    def attach(self) -> None:
        """Wait until it is ready, then give this process's Django the same database and payment company."""
        eventually(self._is_ready, within=READY_WITHIN)
        self.keys = json.loads((self.folder / "sandbox" / "keys.json").read_text())
        os.environ |= {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "CARDVAULT_DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "STRIPE_API_BASE": f"http://127.0.0.1:{self.keys['port']}",
            "STRIPE_SECRET_KEY": self.keys["secret_key"],
            "STRIPE_WEBHOOK_SECRET": self.keys["webhook_secret"],
            "LOG_LEVEL": "ERROR",
            "RISK_MODE": "off",
        }
        import django

        django.setup()

    def _is_ready(self) -> bool:
        assert self.launched.process.poll() is None, self.launched.said + self.launched.errors.read_text()
        return "CardVault is ready" in self.launched.said

    # -- the payment company -----------------------------------------------------
    def company(self, what: str, **given: object) -> dict[str, Any]:
        """Pull one of the sandbox's own levers: config, advance, dispute."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.keys['port']}/_sandbox/{what}",
            data={name: str(value) for name, value in given.items()},
            headers={"Authorization": f"Bearer {self.keys['secret_key']}"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    # -- killing and waiting -------------------------------------------------------
    def pids_of(self, victim: str) -> list[int]:
        """The living processes of one part."""
        if victim == "PostgreSQL":
            return [postmaster(self.folder)]
        if victim == "Redis":
            with redis.Redis.from_url(self.redis_url) as client:
                return [client.info("server")["process_id"]]
        words = {"web": ("uvicorn", "config.asgi"), "worker": ("celery", " worker ")}[victim]
        return [pid for pid in self.launched.living() if all(word in _command(pid) for word in words)]

    def kill(self, victim: str) -> list[int]:
        """kill -9 all of it; whom it hit."""
        pids = self.pids_of(victim)
        assert pids, f"{victim} does not run"
        kill(*pids)
        return pids

    def recovered(self, *, within: float = 120.0) -> float:
        """Wait until every part answers again; the seconds that it took."""
        began = time.monotonic()
        wait_for(self.is_well, within=within, what="the system to recover")
        return time.monotonic() - began

    def is_well(self) -> bool:
        """Whether web says that it is ready and the worker's processes are there."""
        with contextlib.suppress(httpx.HTTPError, OSError, redis.RedisError, ValueError):
            return httpx.get(f"{self.site}/readyz", timeout=10).status_code == 200 and bool(self.pids_of("worker"))
        return False

    @contextmanager
    def no_commit(self) -> Iterator[None]:
        """Meanwhile nothing that has news can commit: each step has done its work and waits with its last row."""
        connection = psycopg.connect(self.database_url)
        connection.execute("lock table core_outboxevent in share mode")
        try:
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                connection.close()

    def complaints(self) -> list[str]:
        """Lines of the processes that no victim's death explains."""
        return [line for line in self.launched.said.splitlines() if re.search(r"deadlock|Traceback", line)]

    def exceptions(self) -> Counter[str]:
        """How often each exception stands in the processes' output: the last line of its traceback, without ids."""
        named = r"(?:\w+\.)+[A-Z]\w+(?=: |$)|(?:\w+\.)*\w*(?:Error|Exception|Timeout)(?=: |$)"
        found = re.findall(rf"^(?:\w+ +\| +)?((?:{named}).*)$", self._all(), re.MULTILINE)
        return Counter(re.sub(r"[0-9a-f]{8}[0-9a-f-]{28}|0x[0-9a-f]+|\d+", "#", line)[:200] for line in found)

    def _all(self) -> str:
        return self.launched.said + self.launched.errors.read_text()

    def end(self) -> None:
        """Stop everything; nothing of it is left."""
        with contextlib.suppress(Exception):
            self.launched.end(signal.SIGTERM)
        self.launched.discard()
        kill(*processes(self.folder))
        import shutil

        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(holds: Callable[[], object], *, within: float, what: str) -> object:
    """The first true answer. A database that is just coming back counts as not yet."""
    from django.db import Error, connections

    deadline = time.monotonic() + within
    while True:
        try:
            if answer := holds():
                return answer
        except (Error, psycopg.Error, redis.RedisError):
            connections.close_all()
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within:.0f} s")
        time.sleep(0.25)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
