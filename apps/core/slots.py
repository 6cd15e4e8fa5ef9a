"""Where the processes of one machine keep their counts, so that any of them can show the sum: files in one folder.

prometheus_client names a process's files by its pid, and they would pile up as workers are replaced. Here a process takes the
lowest slot that nobody has and goes on with the files of whoever had it before, so that counters never fall and there are
never more files than processes at once. A slot is had by a lock, which the kernel drops however the process ends.
"""

from __future__ import annotations

import fcntl
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import values


class Slots:
    """The slots in one folder, and the one that this process has."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._owner = 0
        self._slot = -1
        self._lock: int | None = None

    def mine(self) -> int:
        """This process's slot; a forked child takes one of its own."""
        if self._owner != os.getpid():
            if self._lock is not None:
                os.close(self._lock)  # the parent's lock stays with the parent
            self._slot, self._lock = self._taken()
            self._owner = os.getpid()
            self._forget_living(self._slot)
        return self._slot

    def _taken(self) -> tuple[int, int]:
        for slot in itertools.count():
            if (lock := self._locked(slot)) is not None:
                return slot, lock
        raise AssertionError("there is always a next number")

    def _locked(self, slot: int) -> int | None:
        """A lock on the slot; None where a process has it."""
        lock = os.open(self.folder / f"{slot}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def _forget_living(self, slot: int) -> None:
        """What counts only while its process lives, such as open sockets."""
        for path in self.folder.glob(f"gauge_live*_{slot}.db"):
            path.unlink(missing_ok=True)

    def forget_dead(self) -> None:
        """Drop what counted only while its process lived, of processes that are gone."""
        for slot in self._known():
            if slot != self.mine() and (lock := self._locked(slot)) is not None:
                self._forget_living(slot)
                os.close(lock)

    def _known(self) -> Iterator[int]:
        for path in self.folder.glob("*.lock"):
            yield int(path.stem)


def share(folder: Path) -> Slots:
    """Keep the counts of this process and of its forks in the folder. To be called before an instrument is made."""
    slots = Slots(folder)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library looks
    values.ValueClass = values.MultiProcessValue(slots.mine)
    return slots
