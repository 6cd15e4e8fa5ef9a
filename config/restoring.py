"""Barman's restore onto a scratch server that nobody else reaches: on Unix sockets in a folder of its own. No Django."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.embedded import EmbeddedError
from config.embedded.addresses import postgres_answers
from config.embedded.binaries import find_postgres
from config.embedded.servers import Postgres, log_complaint

# A scratch server keeps to itself, whatever the one in service was told: nothing is archived, loaded or reached.
_ALONE = {
    "hot_standby": "off",
    "archive_mode": "off",
    "shared_preload_libraries": "",
    "ssl": "off",
    "logging_collector": "off",
    "primary_conninfo": "",
    "synchronous_standby_names": "",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}


class RestoreFailed(Exception):
    """The backup could not be restored; the text says at which step and why."""


@dataclass(frozen=True)
class Barman:
    """The program with its configuration: `server` is the name of the server in it."""

    server: str
    config: str = ""

    def restore(self, folder: Path, *, at: datetime | None) -> str:
        """Restore into a new folder, to a point in time or as far as there is anything; the base backup's name.

        The newest segment, which is still being received, is used too: it is what a lost server would leave.
        Raises RestoreFailed.
        """
        how = (
            ["--target-action", "promote", "--target-time", at.isoformat(" ")]
            if at
            else ["--target-tli", "latest", "--partial-wal"]
        )
        self._run("restore", *how, self.server, "auto", str(folder))
        told = (folder / ".barman-recover.info").read_text(errors="replace")
        return next((word for word in told.split() if "T" in word and word[:8].isdigit()), "")

    def _run(self, *arguments: str) -> str:
        beside = Path(sys.executable).with_name("barman")
        program = str(beside) if beside.exists() else shutil.which("barman")
        if program is None:
            raise RestoreFailed("barman is not installed here: see docs/backups.md.")
        where = ["-c", self.config] if self.config else []
        done = subprocess.run(  # noqa: S603 - our own arguments
            [program, *where, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        if done.returncode != 0 or "ERROR" in done.stderr:
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            telling = [line for line in lines if "ERROR" in line] or lines[-3:]
            raise RestoreFailed(f"barman {arguments[0]}: {' '.join(telling) or f'status {done.returncode}'}")
        return done.stdout


@contextlib.contextmanager
def scratch_server(home: Path, *, patience: float) -> Iterator[Path]:
    """Start PostgreSQL on `home`/data, replay to the end, and yield the folder of its socket; stop it at the end.

    patience: seconds for the replay. Raises RestoreFailed.
    """
    sockets = home / "s"
    sockets.mkdir(mode=0o700, exist_ok=True)
    cluster = home / "data"
    if os.geteuid() == 0:  # Barman as root gives the files back to whoever had them on the other machine
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, 0, 0, follow_symlinks=False)
    cluster.chmod(0o700)
    (cluster / "postgresql.conf").touch()  # Debian keeps it elsewhere
    (cluster / "scratch_hba.conf").write_text("local all all trust\n")
    try:
        server = Postgres(home, sockets, find_postgres(major=int((cluster / "PG_VERSION").read_text())), ephemeral=True)
        server.start(**_ALONE, hba_file=cluster / "scratch_hba.conf")
    except (EmbeddedError, OSError) as error:
        raise RestoreFailed(f"PostgreSQL cannot be started on what was restored: {error}") from None
    try:
        deadline = time.monotonic() + patience
        while not postgres_answers(sockets):
            if server.process.poll() is not None:
                raise RestoreFailed(f"PostgreSQL does not start on what was restored: {log_complaint(server.log)}")
            if time.monotonic() > deadline:
                raise RestoreFailed(f"PostgreSQL did not come to the end of the log within {patience:.0f} s.")
            time.sleep(0.1)
        yield sockets
    finally:
        server.stop()


def ledger_of(sockets: Path, *, user: str, name: str, redis_url: str, known: str) -> dict[str, object]:
    """What `manage.py check_ledger` says of the restored books. Raises RestoreFailed when it finds anything.

    known: "number:hash" of a seal that the books in service have and the restored ones must have too; empty: none.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{user}@/{name}?host={sockets}",
        "REDIS_URL": redis_url,
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "manage.py", "check_ledger", "--json", *(["--known", known] if known else [])]
    done = subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=Path(__file__).resolve().parents[1], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RestoreFailed(f"check_ledger: {(done.stderr.strip() + ' ' + done.stdout.strip()[-2000:]).strip()}")
    return next(json.loads(line)["checked"] for line in done.stdout.splitlines() if line.startswith('{"checked"'))
