"""What the person in front of the terminal sees: every line says which process it is from."""

from __future__ import annotations

import os
import sys
import threading

_COLOURS = {"web": 36, "worker": 35, "beat": 34, "sandbox": 33, "setup": 32, "cardvault": 1}
_WIDTH = max(len(name) for name in _COLOURS)


class Console:
    """Whole lines from many threads; colours only on a terminal that wants them (NO_COLOR is honoured)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, source: str, text: str) -> None:
        """One line of one process."""
        prefix = f"{source:<{_WIDTH}} |"
        if self._colours:
            prefix = f"\033[{_COLOURS.get(source, 0)}m{prefix}\033[0m"
        self.plain(f"{prefix} {text}")

    def plain(self, text: str) -> None:
        """A line as it is. A terminal that is gone must not stop the servers in disorder: its errors are ignored."""
        with self._lock:
            try:
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
            except (OSError, ValueError):
                self._colours = False
