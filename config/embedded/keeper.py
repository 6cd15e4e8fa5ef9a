"""The detached process that owns both servers for as long as anybody holds them.

Each user of the servers holds a shared lock, which the kernel frees however that process ends. The keeper stops the
servers three seconds after the last holder is gone, starts a server again that died, and leaves nothing behind: when
the keeper itself is killed, the kernel tells both servers to stop.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.embedded.addresses import postgres_answers, redis_answers
from config.embedded.binaries import PostgresBinaries
from config.embedded.errors import EmbeddedError
from config.embedded.servers import Postgres, Redis, log_complaint

LINGER = 3.0
BOOT_TIMEOUT = 120.0
_TICK = 0.2


@dataclass(frozen=True)
class Order:
    """What the holder asks for, as JSON on the keeper's command line."""

    data_dir: str
    sockets: str
    postgres_folder: str
    postgres_version: str
    redis_program: str
    ephemeral: bool
    remove: bool

    @property
    def home(self) -> Path:
        """The folder of the servers' data, locks and logs."""
        return Path(self.data_dir) / "servers"


def lock_file(home: Path, name: str) -> int:
    """Open a lock file; the descriptor is closed in every program that this process starts."""
    return os.open(home / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, seconds: float = 0.0) -> bool:
    """Take the exclusive lock, trying for so long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


class Keeper:
    """Starts, watches and stops the two servers."""

    def __init__(self, order: Order) -> None:
        self.order, self.home, self.sockets = order, order.home, Path(order.sockets)
        self.holders = lock_file(self.home, "holders")
        self.ready = self.home / "ready.json"
        self.asked_to_stop = False
        self.retry_at = {"PostgreSQL": 0.0, "Redis": 0.0}
        self.failures = {"PostgreSQL": 0, "Redis": 0}

    def boot(self) -> None:
        """Both servers up and prepared, then the file that says so. Raises EmbeddedError, OSError."""
        self.ready.unlink(missing_ok=True)
        binaries = PostgresBinaries(Path(self.order.postgres_folder), self.order.postgres_version)
        for folder in (self.home / "postgres", self.home / "redis"):
            folder.mkdir(mode=0o700, exist_ok=True)
        ephemeral = self.order.ephemeral
        self.redis = Redis(self.home / "redis", self.sockets, Path(self.order.redis_program), ephemeral=ephemeral)
        self.redis.start()
        self.postgres = Postgres(self.home / "postgres", self.sockets, binaries, ephemeral=ephemeral)
        self.postgres.create()
        self.postgres.start()
        self._wait("PostgreSQL", self.postgres, lambda: postgres_answers(self.sockets))
        self.postgres.prepare()
        self._wait("Redis", self.redis, lambda: redis_answers(self.sockets))
        partial = self.ready.with_suffix(".partial")
        partial.write_text(json.dumps({"keeper": os.getpid(), "sockets": str(self.sockets)}))
        partial.replace(self.ready)

    def watch(self) -> None:
        """Return when the last holder has been gone for a while, or on a signal; nobody can attach from then on."""
        deserted_at = None
        while not self.asked_to_stop:
            self._revive()
            if try_lock(self.holders):
                now = time.monotonic()
                deserted_at = deserted_at or now
                if now - deserted_at >= LINGER:
                    return
                fcntl.flock(self.holders, fcntl.LOCK_UN)
            else:
                deserted_at = None
            time.sleep(_TICK)

    def stop(self) -> None:
        """Stop what runs and remove what should not stay."""
        self.ready.unlink(missing_ok=True)
        for server in (getattr(self, "postgres", None), getattr(self, "redis", None)):
            if server:
                server.stop()
        if Path(self.order.data_dir) not in self.sockets.parents:
            shutil.rmtree(self.sockets, ignore_errors=True)
        if self.order.remove:
            shutil.rmtree(self.order.data_dir, ignore_errors=True)
        elif self.order.ephemeral:
            shutil.rmtree(self.home, ignore_errors=True)

    def _wait(self, name: str, server: Postgres | Redis, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + BOOT_TIMEOUT
        tries = 0
        while not answers():
            if server.process.poll() is not None:
                # After a crash the old server's last children may still hold its memory for a moment.
                tries += 1
                if tries > 20 or "shared memory" not in server.log.read_text(errors="replace")[-2000:]:
                    raise EmbeddedError(f"{name} does not start: {log_complaint(server.log)} (log: {server.log})")
                time.sleep(0.25)
                server.start()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{name} does not answer after {BOOT_TIMEOUT:.0f} seconds (log: {server.log}).")
            time.sleep(0.02)

    def _revive(self) -> None:
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            now = time.monotonic()
            if server.process.poll() is None:
                if now - self.retry_at[name] > 30:
                    self.failures[name] = 0
                continue
            if now < self.retry_at[name]:
                continue
            _note(f"{name} ended with {server.process.returncode}; starting it again")
            self.failures[name] += 1
            self.retry_at[name] = now + min(0.25 * 2 ** self.failures[name], 10.0)
            try:
                server.start()
            except OSError as error:
                _note(f"{name} could not be started: {error}")


def main() -> None:
    """Run as its own process; one line on standard output says `ready`, or what is wrong."""
    keeper = Keeper(Order(**json.loads(sys.argv[1])))
    mine = lock_file(keeper.home, "keeper")
    if not try_lock(mine, seconds=2.0):
        _report("another keeper is already there")
        sys.exit(1)

    def on_signal(*_: object) -> None:
        keeper.asked_to_stop = True

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    failure = ""
    try:
        keeper.boot()
        _report("ready")
        keeper.watch()
    except EmbeddedError as error:
        failure = str(error)
    except OSError as error:
        failure = f"{error.filename or keeper.home}: {error.strerror or error}"
    except subprocess.SubprocessError as error:
        failure = str(error)
    finally:
        keeper.stop()
    if failure:
        _report(failure)
        sys.exit(1)


def _note(line: str) -> None:
    """A line for the keeper's log, which is its standard error."""
    sys.stderr.write(f"{time.strftime('%F %T', time.gmtime())} {line}\n")
    sys.stderr.flush()


def _report(line: str) -> None:
    """Tell whoever started us, who may be gone, then let go of the pipe."""
    try:
        os.write(1, " ".join(line.split()).encode() + b"\n")
    except OSError:
        pass
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.close(silence)
