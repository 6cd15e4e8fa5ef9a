"""Processes that hold embedded servers, as a test starts, watches and kills them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

from tests.waiting import eventually

GONE_WITHIN = 60.0
ROOT = Path(__file__).resolve().parents[2]
_HOLD = """
import itertools, json, sys
from pathlib import Path
from config.embedded import EmbeddedError, attach
for line in itertools.chain([sys.argv[2]], iter(sys.stdin.readline, "")):
    try:
        found = attach(Path(sys.argv[1]), ephemeral=line.strip() == "ephemeral")
        print(json.dumps({"database_url": found.database_url, "redis_url": found.redis_url}), flush=True)
    except EmbeddedError as error:
        print(json.dumps({"error": str(error)}), flush=True)
"""


class Holder:
    """A process of its own that attaches, says what it got, and holds until it is ended."""

    def __init__(self, data_dir: Path, *, ephemeral: bool = False, **environment: str) -> None:
        how = "ephemeral" if ephemeral else "durable"
        self.process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(data_dir), how],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def answer(self) -> dict[str, str]:
        """What its last attach returned; waits for it."""
        return json.loads(self.process.stdout.readline())

    def attach_again(self) -> dict[str, str]:
        self.process.stdin.write("durable\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self, number: int = signal.SIGTERM) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def processes(data_dir: Path, word: str = "") -> list[int]:
    """Living processes that work in this folder or name it on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if entry.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
                continue
            command = entry.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if (str(data_dir) in command or str(data_dir) in os.readlink(entry / "cwd")) and word in command:
                found.append(int(entry.name))
    return found


def kill(*pids: int) -> None:
    """kill -9; a process may have gone along with one before it."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def leave(holder: Holder, data_dir: Path) -> None:
    """End the holder and wait until its servers are gone."""
    holder.end()
    eventually(lambda: not processes(data_dir), within=GONE_WITHIN)


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "servers/postgres/data/postmaster.pid").read_text().split()[0])


def keeper(data_dir: Path) -> int:
    return json.loads((data_dir / "servers/ready.json").read_text())["keeper"]


def query(database_url: str, statement: str) -> list[tuple]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def can_query(database_url: str, statement: str = "select 1") -> list[tuple]:
    """The rows, or nothing while the server is away."""
    try:
        return query(database_url, statement)
    except psycopg.OperationalError:
        return []


def redis_value(redis_url: str, key: str) -> bytes | None:
    """The value, or nothing while the server is away."""
    try:
        with redis.Redis.from_url(redis_url) as client:
            return client.get(key)
    except redis.ConnectionError:
        return None
