"""Whether this machine's worker still beats: `python -m config.alive`, for probes of containers. Imports nothing large.

The worker touches WORKER_HEARTBEAT_FILE with each of its heartbeats (every two seconds, also while its processes are busy).
Status 0: it did so in the last minute. 1: it did not, or the variable is not set; the reason is on standard error.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

VARIABLE = "WORKER_HEARTBEAT_FILE"
FRESH_SECONDS = 60


def trouble(path: str, now: float) -> str:
    """What is wrong with the heartbeat in that file, in words; empty when nothing is."""
    if not path:
        return f"{VARIABLE} is not set, so that the worker's heartbeat is written nowhere"
    try:
        age = now - Path(path).stat().st_mtime
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return "" if age <= FRESH_SECONDS else f"the last heartbeat is {age:.0f} s old"


def beat() -> None:
    """Touch the file, where one is named; called by the worker."""
    if path := os.environ.get(VARIABLE):
        Path(path).touch()


if __name__ == "__main__":
    if reason := trouble(os.environ.get(VARIABLE, ""), time.time()):
        sys.exit(f"cardvault: {reason}")
