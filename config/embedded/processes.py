"""Child processes that cannot outlive their parent, and an identity that PostgreSQL accepts."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
NOBODY = 65534
_libc = ctypes.CDLL(None, use_errno=True)


def dies_with_parent(last_signal: int, become: Callable[[], None] | None = None) -> Callable[[], None]:
    """What a child runs between fork and exec: change identity, then ask for `last_signal` when the parent is gone.

    In that order: the kernel forgets the request when the identity changes.
    """
    parent = os.getpid()

    def prepare() -> None:
        if become:
            become()
        die_with_parent(last_signal)
        # Gone before the request was made; 0 is a parent outside our process namespace.
        if os.getppid() not in {parent, 0}:
            os._exit(1)

    return prepare


def die_with_parent(last_signal: int) -> None:
    """Ask the kernel for this signal when the thread that made this process ends. Only Linux can."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, last_signal, 0, 0, 0)


def enter_user_namespace() -> None:
    """See the same user as somebody other than root, who has a name: initdb refuses root and nameless users."""
    uid, gid, alias = os.geteuid(), os.getegid(), _ordinary_user()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{alias.pw_gid or NOBODY} {gid} 1")
    Path("/proc/self/uid_map").write_text(f"{alias.pw_uid} {uid} 1")


def become_nobody() -> None:
    """Give root up for good, for the user that owns nothing."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def needs_other_identity() -> bool:
    """Whether initdb would refuse this user."""
    if os.geteuid() == 0:
        return True
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return True
    return False


def _ordinary_user() -> pwd.struct_passwd:
    others = [user for user in pwd.getpwall() if user.pw_uid != 0]
    return next((user for user in others if user.pw_uid == NOBODY), others[0] if others else pwd.getpwuid(0))


def stop(process: subprocess.Popen[bytes], *steps: tuple[int, float]) -> None:
    """Send each step's signal and wait its seconds; SIGKILL at the end."""
    for number, seconds in (*steps, (signal.SIGKILL, 5.0)):
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)


def clear_former(folder: Path, program: str, *leftovers: Path, patience: float = 20.0) -> None:
    """Wait until nothing of an earlier server works in `folder`; then drop its pid file and sockets.

    Children of a killed postmaster count too: a new one beside them would ruin the data. Numbers in stale files do not
    count: they may belong to another program by now, or to a dead process that nobody has reaped, and the servers would
    take either for a living rival.
    """
    if not Path("/proc/self/cwd").exists():
        return
    started = time.monotonic()
    while former := [pid for pid in _working_in(folder) if _name(pid) == program[:15]]:
        waited = time.monotonic() - started
        if waited > patience:
            for pid in former:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if waited > patience + 5 else signal.SIGQUIT)
        time.sleep(0.05)
    for path in leftovers:
        path.unlink(missing_ok=True)


def _working_in(folder: Path) -> Iterator[int]:
    """Living processes whose working directory is this folder."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if os.readlink(f"{entry.path}/cwd") == str(folder):
                    yield int(entry.name)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
