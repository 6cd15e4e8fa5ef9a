"""The migrated database that every test database is a copy of, kept between runs: to migrate takes half a minute."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from config.embedded.binaries import find_postgres
from tests.waiting import until_let_go


def make(name: str) -> None:
    """A database of this name with every migration applied.

    What `migrate` made is kept under build/ for the next run, as long as no migration and no package changes. A clean
    clone has nothing there, so the gate applies every migration.
    """
    ours = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    kept = settings.BASE_DIR / "build" / "tests" / f"migrated-{_fingerprint()}.dump"
    try:
        connection.settings_dict["NAME"] = name
        if kept.exists():
            _run("pg_restore", "--no-owner", "--no-comments", "--exit-on-error", "--dbname", name, str(kept))
        call_command(
            "migrate", verbosity=0, interactive=False
        )  # what signals make follows the code, not the migrations
    finally:
        connection.close()
        connection.close_pool()  # a closed connection stays open in the pool
        connection.settings_dict["NAME"] = ours
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        for former in kept.parent.glob("migrated-*"):
            former.unlink()
        being_written = kept.with_suffix(f".{os.getpid()}")
        _run("pg_dump", "--no-owner", "--format", "custom", "--file", str(being_written), name)
        being_written.replace(kept)
    until_let_go(name)


@contextmanager
def empty(name: str) -> Iterator[None]:
    """Meanwhile the connection is to a new database of this name, without a table in it; it stays afterwards."""
    ours = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = ours


def _fingerprint() -> str:
    """Of all that migrations come from."""
    found = hashlib.sha256()
    for path in sorted(
        [*settings.BASE_DIR.glob("apps/**/migrations/*.py"), *settings.BASE_DIR.glob("requirements/*.txt")]
    ):
        found.update(f"{path.relative_to(settings.BASE_DIR)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _run(program: str, *arguments: str) -> None:
    server = {key: str(connection.settings_dict[key]) for key in ("HOST", "PORT", "USER", "PASSWORD")}
    environment = {f"PG{key}": value for key, value in server.items() if value}
    subprocess.run([find_postgres()[program], *arguments], check=True, env={**os.environ, **environment})
