"""What the person in front of the terminal sees: every line says which process it is from."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import deque

_COLOURS = {"web": 36, "worker": 35, "beat": 34, "sandbox": 33, "setup": 32, "cardvault": 1}
_WIDTH = max(len(name) for name in _COLOURS)
# A log line that tells of the ordinary, in either of our formats.
_ORDINARY = re.compile(r'\[(info|debug) *\]|"level": "(info|debug)"')
_MOST_HELD = 2000


class Console:
    """Whole lines from many threads; colours only on a terminal that wants them (NO_COLOR is honoured).

    holds_back: ordinary log lines wait until `let_pass`, so that a first start can be read; `show_held` prints them
    when it fails. Warnings, errors and everything that is no log line are always shown at once.
    """

    def __init__(self, *, holds_back: bool = False) -> None:
        self._lock = threading.Lock()
        self._colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._held: deque[tuple[str, str]] | None = deque(maxlen=_MOST_HELD) if holds_back else None

    def line(self, source: str, text: str) -> None:
        """One line of one process."""
        with self._lock:
            if self._held is not None and _ORDINARY.search(text):
                self._held.append((source, text))
            else:
                self._write(self._prefixed(source, text))

    def plain(self, text: str) -> None:
        """A line as it is."""
        with self._lock:
            self._write(text)

    def let_pass(self) -> None:
        """From now on every line is shown; what was held back is forgotten."""
        with self._lock:
            self._held = None

    def show_held(self) -> None:
        """Show what was held back, and every line from now on."""
        with self._lock:
            held, self._held = self._held or (), None
            for source, text in held:
                self._write(self._prefixed(source, text))

    def _prefixed(self, source: str, text: str) -> str:
        prefix = f"{source:<{_WIDTH}} |"
        if self._colours:
            prefix = f"\033[{_COLOURS.get(source, 0)}m{prefix}\033[0m"
        return f"{prefix} {text}"

    def _write(self, text: str) -> None:
        """A terminal that is gone must not stop the servers in disorder: its errors are ignored."""
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            self._colours = False
