"""A launcher as a person starts it: its lines, its processes, its end."""

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.config.holders import ROOT, processes
from tests.waiting import eventually

READY_WITHIN = 180.0
_OURS = (
    "CARDVAULT_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "STRIPE_", "SITE_", "EMAIL_", "S3_", "MEDIA_", "CACHE_", "LIVE_",
    "LOG_", "PORT", "PYTEST_"
)  # fmt: skip


def free_port() -> int:
    """A port that nobody has, below those that the system gives to connections by itself: none of them takes it meanwhile."""
    for port in random.SystemRandom().sample(range(15_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("a hundred ports are all taken")


class Launched:
    """One run of the launcher, or of a `program` like it. `before`: a command that runs it, e.g. one that changes the user."""

    def __init__(
        self,
        data_dir: Path,
        *,
        before: Sequence[str] = (),
        python: str = sys.executable,
        program: str = "config.launcher",
        **settings: str,
    ):
        self.data_dir, self.mark, self.port = data_dir, uuid.uuid4().hex, free_port()
        self.began = time.monotonic()
        self.left: list[int] = []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        wanted = {"CARDVAULT_DATA_DIR": str(data_dir), "PORT": str(self.port), "CARDVAULT_DEMO": "false"}
        self.output = Path(f"{data_dir}-{self.mark}.out")
        self.errors = Path(f"{data_dir}-{self.mark}.err")
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*before, python, "-m", program],
                cwd=ROOT,
                env={**inherited, **wanted, "LAUNCH_MARK": self.mark, **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )

    @property
    def said(self) -> str:
        """Everything on its standard output so far."""
        return self.output.read_text()

    def ready(self) -> float:
        """Wait for the last line of a start; the seconds that it took."""

        def is_ready() -> bool:
            assert self.process.poll() is None, f"{self.said}\n{self.errors.read_text()}"
            return "CardVault is ready" in self.said

        eventually(is_ready, within=READY_WITHIN)
        return time.monotonic() - self.began

    def fails(self) -> str:
        """Wait for its end; what it said on standard error, which must be one line, with a status that says failure."""
        status = self.process.wait(timeout=60)
        complaint = self.errors.read_text()
        assert status == 1, complaint
        assert "Traceback" not in complaint + self.said
        assert complaint.count("\n") == 1, complaint
        assert complaint.startswith("cardvault: ")
        assert complaint.endswith(".\n")
        return complaint

    def living(self) -> list[int]:
        """Every process that stems from it, whoever its parent is by now: by the mark in its environment or its folder."""
        return sorted({*processes(self.data_dir), *_marked(self.mark)})

    def process_of(self, word: str) -> int:
        """The first process of ours with that word on its command line: parents come before what they fork."""
        [first, *_] = [pid for pid in _marked(self.mark) if word in _command(pid)]
        return first

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait; its exit status. `left` is what still lived at that moment."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=60)
        self.left = self.living()
        return status

    def discard(self) -> None:
        """For the end of a test: nothing is left, however it went."""
        for pid in self.living():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        self.output.unlink()
        self.errors.unlink()


def says(launched: Launched, *patterns: str) -> Callable[[], bool]:
    """Whether each pattern has been matched by its output, each after the one before."""
    return lambda: re.search(".*".join(patterns), launched.said, re.DOTALL) is not None


def _marked(mark: str) -> list[int]:
    wanted = f"LAUNCH_MARK={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            alive = entry.name.isdigit() and _state(entry) != "Z"
            if alive and wanted in entry.joinpath("environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)


def _state(entry: Path) -> str:
    return entry.joinpath("stat").read_text().rpartition(")")[2].split()[0]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
