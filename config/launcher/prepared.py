"""Whether this very database has already had these migrations and this demo data, found out without loading Django."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

_SOURCES = (
    "apps/*/migrations/*.py",
    "apps/demo/**/*",
    "ml/engines.py",
    "ml/weights/*.json",
    "requirements/base.txt",
)


def fingerprint(root: Path, database_url: str, *, demo: bool) -> str | None:
    """One value for the code's migrations and demo data together with what the database says it has applied.

    demo: whether the demo data are wanted; asking for them later is a change.

    The instants at which it applied them tell one database from another of the same name. None: nothing is applied yet.
    """
    import psycopg

    digest = hashlib.sha256(f"demo: {demo}\n".encode())
    for pattern in _SOURCES:
        for path in sorted(root.glob(pattern)):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            applied = connection.execute(
                "select app, name, applied::text from django_migrations order by id"
            ).fetchall()
    except psycopg.Error:
        return None
    digest.update(json.dumps(applied).encode())
    return digest.hexdigest() if applied else None


def is_prepared(data_dir: Path, root: Path, database_url: str, *, demo: bool) -> bool:
    """Whether nothing has changed since `remember`."""
    try:
        remembered = (data_dir / "prepared").read_text()
    except OSError:
        return False
    return remembered == fingerprint(root, database_url, demo=demo)


def remember(data_dir: Path, root: Path, database_url: str, *, demo: bool) -> None:
    """Note that the database is now as the code wants it."""
    (data_dir / "prepared").write_text(fingerprint(root, database_url, demo=demo) or "")
