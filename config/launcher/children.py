"""One child process: its own session, its output line by line, its restarts and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.processes import dies_with_parent
from config.launcher.console import Console

_LONGEST_PAUSE = 30.0
_STEADY = 60.0


@dataclass
class Child:
    """A process that should run for as long as the launcher does.

    ready: asks the running process whether it does its work. grace: seconds to end by itself before SIGKILL.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    console: Console
    ready: Callable[[], bool]
    grace: float = 5.0
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    restart_at: float = 0.0
    was_ready: bool = False
    _pump: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process. It is killed by the kernel when the launcher is; its session is its own.

        Must be called in the launcher's main thread: the kernel watches the thread, not the process.
        """
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGKILL),
        )
        self.started_at = time.monotonic()
        self.was_ready = False
        self._pump = threading.Thread(target=self._repeat, args=(self.process,), daemon=True)
        self._pump.start()

    def _repeat(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stdout:
            if text := line.decode(errors="replace").rstrip():
                self.console.line(self.name, text)

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Whether it runs and has said once since its start that it does its work."""
        self.was_ready = self.runs and (self.was_ready or self.ready())
        return self.was_ready

    def watch(self) -> None:
        """Start it again after a crash, later each time; a steady run forgives."""
        now = time.monotonic()
        if self.runs:
            if self.failures and now - self.started_at > _STEADY:
                self.failures = 0
            return
        if not self.restart_at:
            self.clear()
            self.failures += 1
            pause = min(2.0 ** (self.failures - 1), _LONGEST_PAUSE)
            self.restart_at = now + pause
            how = ended(self.process.returncode)
            self.console.line("cardvault", f"{self.name} {how}; starting it again in {pause:.0f} s")
        elif now >= self.restart_at:
            self.restart_at = 0.0
            self.start()

    def stop(self, *, at_once: Callable[[], bool] = lambda: False) -> None:
        """Ask it to end, wait for its grace (or until `at_once`), then kill whatever is left of its session."""
        if self.process is None:
            return
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            deadline = time.monotonic() + self.grace
            while self.runs and time.monotonic() < deadline and not at_once():
                time.sleep(0.02)
        self.clear()
        self.process.wait()
        if self._pump:
            self._pump.join(timeout=1.0)

    def clear(self) -> None:
        """Kill what is left of the session: the process, and children of it that outlived it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def ended(code: int) -> str:
    """How a process ended, in words."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed ({signal.Signals(-code).name})"
    return f"ended with code {code}"
