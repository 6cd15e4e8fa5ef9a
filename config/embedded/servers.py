"""PostgreSQL and Redis as the keeper's children: how each is made, started, prepared and stopped."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from config.embedded.addresses import POSTGRES_PORT, POSTGRES_SOCKET, REDIS_SOCKET
from config.embedded.binaries import PostgresBinaries
from config.embedded.errors import EmbeddedError
from config.embedded.processes import (
    NOBODY,
    become_nobody,
    clear_former,
    dies_with_parent,
    enter_user_namespace,
    needs_other_identity,
    stop,
)

EXTENSIONS = ("vector", "pg_trgm", "unaccent", "citext", "btree_gin")
_LOG_LIMIT = 8 * 1024 * 1024
# Programs get a clean environment: the caller's PG* variables and locale must not reach them.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Postgres:
    """One cluster in `folder`, its socket in `sockets`. `ephemeral` gives up durability for speed."""

    def __init__(self, folder: Path, sockets: Path, binaries: PostgresBinaries, *, ephemeral: bool) -> None:
        self.folder, self.sockets, self.binaries, self.ephemeral = folder, sockets, binaries, ephemeral
        self.cluster = folder / "data"
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        self._become = self._identity()

    def create(self) -> None:
        """Make the cluster where there is none; a half-made one of a killed start is thrown away."""
        if (self.cluster / "PG_VERSION").exists():
            return
        unfinished = self.folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        locale = ["--locale-provider=builtin"] if self.binaries.major >= 17 else []
        sync = ["--no-sync"] if self.ephemeral else []
        self._run(
            "initdb",
            *("--pgdata", str(unfinished), "--username=postgres", "--auth=trust", "--encoding=UTF8"),
            *(*locale, "--locale=C.UTF-8", "--no-instructions", *sync),
        )
        unfinished.rename(self.cluster)

    def start(self, **others: object) -> None:
        """Start the postmaster, `others` being settings besides ours. It ends in good order when the keeper is killed."""
        place = self.sockets / POSTGRES_SOCKET
        leftovers = (self.cluster / "postmaster.pid", place, place.with_name(f"{place.name}.lock"))
        clear_former(self.cluster, "postgres", *leftovers)
        settings = {
            "listen_addresses": "",
            "port": POSTGRES_PORT,
            "unix_socket_directories": self.sockets,
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "shared_buffers": "128MB",
            "work_mem": "8MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "512MB",
            "wal_level": "minimal",
            "max_wal_senders": 0,
            "random_page_cost": 1.1,
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
            "dynamic_shared_memory_type": _shared_memory(),
        }
        if self.ephemeral:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
        settings |= others
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _log(self.log) as log:
            self.process = subprocess.Popen(
                [self.binaries["postgres"], "-D", str(self.cluster), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGINT, self._become),
            )

    def prepare(self) -> None:
        """Role, database and extensions; done once, and again when what is wanted or the version changes."""
        script = _PREPARE.format(
            extensions="\n".join(
                f"create extension if not exists {name}; alter extension {name} update;" for name in EXTENSIONS
            )
        )
        wanted = hashlib.sha256(f"{self.binaries.version}\n{script}".encode()).hexdigest()
        done = self.folder / "prepared"
        if done.exists() and done.read_text() == wanted:
            return
        available = set(self._psql("select name from pg_available_extensions").split())
        missing = ", ".join(name for name in EXTENSIONS if name not in available)
        if missing:
            raise EmbeddedError(
                f"PostgreSQL {self.binaries.version} in {self.binaries.folder} lacks the extensions {missing}: "
                "add them, or name another PostgreSQL in CARDVAULT_PG_BIN or DATABASE_URL."
            )
        self._psql(script)
        done.write_text(wanted)

    def stop(self) -> None:
        """End the postmaster: at once when nothing is to be kept, else with every session ended and a checkpoint."""
        if self.process:
            stop(self.process, *([] if self.ephemeral else [(signal.SIGINT, 30.0)]), (signal.SIGQUIT, 5.0))

    def _psql(self, script: str) -> str:
        command = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        where = ["--host", str(self.sockets), "--port", str(POSTGRES_PORT), "--username=postgres", "template1"]
        return self._run("psql", *command, *where, stdin=script, become=False).strip()

    def _run(self, program: str, *arguments: str, stdin: str = "", become: bool = True) -> str:
        """Run one of the programs to its end; its last line of complaint becomes the error."""
        done = subprocess.run(
            [self.binaries[program], *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
            cwd=self.folder,
            preexec_fn=dies_with_parent(signal.SIGKILL, self._become if become else None),
            check=False,
        )
        if done.returncode != 0:
            raise EmbeddedError(f"{program} failed: {complaint(done.stderr or done.stdout)}")
        return done.stdout

    def _identity(self) -> Callable[[], None] | None:
        """How the programs come to run as somebody whom they accept. None: as we are."""
        if not needs_other_identity():
            return None
        if self._reaches(enter_user_namespace, "test -w"):
            return enter_user_namespace
        if os.geteuid() == 0:
            for folder in (self.folder.parent, self.folder.parent.parent):
                folder.chmod(folder.stat().st_mode | 0o011)
            if self._reaches(become_nobody, "test -e"):
                for path in (self.folder, self.sockets, *self.folder.rglob("*")):
                    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
                return become_nobody
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and neither a user namespace nor the user nobody can reach "
            f"{self.folder} and {self.binaries.folder}: start as an ordinary user."
        )

    def _reaches(self, become: Callable[[], None], test: str) -> bool:
        """Whether this identity can be had, passes the test on both folders, and can run the programs."""
        script = f'{test} "$1" && {test} "$2" && exec "$3" --version'
        command = ["/bin/sh", "-c", script, "sh", str(self.folder), str(self.sockets), self.binaries["postgres"]]
        try:
            return subprocess.run(command, env=_ENVIRONMENT, capture_output=True, preexec_fn=become).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False


class Redis:
    """One Redis with its files in `folder` and its socket in `sockets`; every write is on disk within a second."""

    def __init__(self, folder: Path, sockets: Path, program: Path, *, ephemeral: bool) -> None:
        self.folder, self.sockets, self.program, self.ephemeral = folder, sockets, program, ephemeral
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server. It saves and ends when the keeper is killed."""
        clear_former(self.folder, self.program.name, self.sockets / REDIS_SOCKET)
        settings = {
            "port": 0,
            "unixsocket": self.sockets / REDIS_SOCKET,
            "unixsocketperm": 700,
            "dir": self.folder,
            "daemonize": "no",
            "databases": 16,
            "save": "",
            "appendonly": "no" if self.ephemeral else "yes",
            "aof-load-truncated": "yes",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", str(value))]
        with _log(self.log) as log:
            self.process = subprocess.Popen(
                [self.program, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )

    def stop(self) -> None:
        """End the server, after its last write where it keeps anything."""
        if self.process:
            stop(self.process, *([] if self.ephemeral else [(signal.SIGTERM, 10.0)]))


def complaint(text: str, *, last: bool = False) -> str:
    """The first (or last) line of a program's output that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("error:", "ERROR:", "FATAL:", "PANIC:"))]
    return (telling or lines or ["it said nothing"])[0 if telling and not last else -1]


def log_complaint(log: Path) -> str:
    """The same for the end of a server's log."""
    with contextlib.suppress(OSError):
        return complaint("\n".join(log.read_text(errors="replace").splitlines()[-12:]), last=True)
    return "it left no log"


def _log(path: Path) -> BinaryIO:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".old"))
    return path.open("ab")


def _shared_memory() -> str:
    """Containers often have a tiny /dev/shm, in which a parallel index build fails; files serve as well."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage("/dev/shm").free >= 512 * 1024 * 1024:  # noqa: S108 - only measured
            return "posix"
    return "mmap"


# Extensions also go to template1, so that a database made for tests has them without a superuser.
_PREPARE = """
{extensions}
select 'create role cardvault login createdb'
where not exists (select from pg_roles where rolname = 'cardvault') \\gexec
select 'create database cardvault owner cardvault'
where not exists (select from pg_database where datname = 'cardvault') \\gexec
\\connect cardvault
{extensions}
"""
