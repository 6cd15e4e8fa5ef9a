"""The caller's side: hold the servers, and start the keeper where there is none."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from config.embedded.addresses import POSTGRES_SOCKET, Addresses, postgres_answers, redis_answers
from config.embedded.binaries import find_postgres, find_redis
from config.embedded.errors import EmbeddedError
from config.embedded.keeper import BOOT_TIMEOUT, Order, lock_file, try_lock

_SOCKET_PATH_LIMIT = 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_EPHEMERAL_MARK = ".throw-away"
_ROOT = Path(__file__).resolve().parents[2]

# Held until the process ends. The keeper's Popen stays here too, so that it is never reported as left running.
_held: dict[Path, int] = {}
_keepers: list[subprocess.Popen[bytes]] = []


def attach(data_dir: Path, *, ephemeral: bool = False) -> Addresses:
    """Addresses of a PostgreSQL and a Redis that run for as long as this process does.

    data_dir: keeps the data between runs; made where missing. Processes that name the same folder share the servers.
    ephemeral: no durability, and the servers' data vanish with the last holder (the whole folder, if it was empty).
    Returns once both answer and the role, the database and the extensions exist.
    Raises EmbeddedError with one line for the person who started the program.
    """
    data_dir = Path(os.path.realpath(data_dir))
    home = data_dir / "servers"
    try:
        remove = _hold(data_dir, home, ephemeral=ephemeral)
        # One at a time: whoever comes second finds the keeper of whoever came first.
        starting = lock_file(home, "start")
        try:
            fcntl.flock(starting, fcntl.LOCK_EX)
            return _running(home) or _start(data_dir, home, ephemeral=ephemeral, remove=remove)
        finally:
            os.close(starting)
    except OSError as error:
        raise EmbeddedError(_explain(data_dir, error)) from None


def leave(data_dir: Path, *, seconds: float = 30.0) -> None:
    """Let go of the servers; where nobody else holds them, return once they have stopped, or after so long.

    Without it they stop by themselves a few seconds after the last holder has ended.
    """
    home = Path(os.path.realpath(data_dir)) / "servers"
    descriptor = _held.pop(home, None)
    if descriptor is None:
        return
    keeper = -1
    try:
        # Exclusive until the end: who comes now waits for the stop, and then starts them anew.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        keeper = lock_file(home, "keeper")
        if not try_lock(keeper):
            os.kill(json.loads((home / "ready.json").read_text())["keeper"], signal.SIGTERM)
            try_lock(keeper, seconds=seconds)
    except (OSError, ValueError, KeyError):  # others hold them, or the keeper is gone or stopping already
        pass
    finally:
        for each in (keeper, descriptor):
            if each >= 0:
                os.close(each)


def _make_home(data_dir: Path, home: Path, *, ephemeral: bool) -> bool:
    """Make the folders; True when the whole data folder may be removed at the end."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    mark = data_dir / _EPHEMERAL_MARK
    if ephemeral and not any(data_dir.iterdir()):
        mark.touch()
    home.mkdir(exist_ok=True, mode=0o700)
    return ephemeral and mark.exists()


def _hold(data_dir: Path, home: Path, *, ephemeral: bool) -> bool:
    """Take the shared lock, and wait while a keeper is stopping; True when the data folder may be removed at the end.

    A stopping keeper may remove the folder with the lock file in it: then it is made again.
    """
    while True:
        remove = _make_home(data_dir, home, ephemeral=ephemeral)
        if home in _held:
            return remove
        with contextlib.suppress(FileNotFoundError):
            descriptor = lock_file(home, "holders")
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            try:
                if os.path.samestat(os.fstat(descriptor), os.stat(home / "holders.lock")):
                    _held[home] = descriptor
                    return remove
            finally:
                if home not in _held:
                    os.close(descriptor)


def _running(home: Path) -> Addresses | None:
    """The addresses of the keeper that runs, once it is ready; None when there is none."""
    deadline = time.monotonic() + BOOT_TIMEOUT
    lock = lock_file(home, "keeper")
    try:
        while not try_lock(lock):
            with contextlib.suppress(OSError, ValueError, KeyError):
                sockets = Path(json.loads((home / "ready.json").read_text())["sockets"])
                if postgres_answers(sockets) and redis_answers(sockets):
                    return Addresses.in_folder(sockets)
            if time.monotonic() > deadline:
                raise EmbeddedError(f"the embedded servers do not answer; see the logs in {home}.")
            time.sleep(0.05)
        return None
    finally:
        os.close(lock)


def _start(data_dir: Path, home: Path, *, ephemeral: bool, remove: bool) -> Addresses:
    for keeper in _keepers:
        keeper.poll()
    stored = home / "postgres" / "data" / "PG_VERSION"
    postgres = find_postgres(major=int(stored.read_text()) if stored.exists() else None)
    order = Order(
        data_dir=str(data_dir),
        sockets=str(_sockets(home)),
        postgres_folder=str(postgres.folder),
        postgres_version=postgres.version,
        redis_program=str(find_redis()),
        ephemeral=ephemeral,
        remove=remove,
    )
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from config.embedded.keeper import main; main()"
    with (home / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(
            # Isolated and without site-packages: the keeper needs the standard library alone and starts in 40 ms.
            [sys.executable, "-I", "-S", "-c", code, str(_ROOT), json.dumps(asdict(order))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    _keepers.append(keeper)
    with keeper.stdout as answers:
        said = b""
        if select.select([answers], [], [], BOOT_TIMEOUT + 10)[0]:
            said = answers.readline().strip()
    if said == b"ready":
        return Addresses.in_folder(Path(order.sockets))
    raise EmbeddedError(
        f"the embedded servers do not start: {said.decode(errors='replace') or f'see {home}/keeper.log'}"
    )


def _sockets(home: Path) -> Path:
    """A folder that only we may enter, with a path that fits a socket's address; the same one at every start."""
    inside = home / "sockets"
    fits = len(os.fsencode(inside / POSTGRES_SOCKET)) <= _SOCKET_PATH_LIMIT
    if fits and _PLAIN_PATH.fullmatch(str(inside)):
        inside.mkdir(mode=0o700, exist_ok=True)
        return inside
    name = f"cardvault-{os.geteuid()}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    if len(os.fsencode(folder / POSTGRES_SOCKET)) > _SOCKET_PATH_LIMIT:
        folder = Path("/tmp") / name  # noqa: S108 - made with mode 0700 and checked below
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or found.st_uid not in {os.geteuid(), 65534}:
        raise EmbeddedError(f"{folder} belongs to somebody else; remove it, or choose a shorter CARDVAULT_DATA_DIR.")
    return folder


def _explain(data_dir: Path, error: OSError) -> str:
    where = error.filename or data_dir
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(data_dir if data_dir.exists() else data_dir.parent).free // 2**20
        return f"the disk of {where} is full ({free} MB free)."
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"the data folder {where} cannot be written by this user: {error.strerror}."
    return f"the data folder {where} cannot be used: {error.strerror or error}."
