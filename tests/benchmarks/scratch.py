"""A database of its own for one benchmark: embedded servers in a folder that goes afterwards, everything as in production."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from django.apps import apps as django_apps

from tests import schema


@contextmanager
def scratch(kept: Path | None = None) -> Iterator[Path]:
    """Start PostgreSQL and Redis, set Django up on them and migrate; the folder in which files may be left meanwhile.

    kept: a folder that stays, with what is in it, for the next run. Once a process: Django is set up for good. Where it
    is already, as in a test, its database is the one, and only the folder is new.
    """
    if django_apps.ready:
        with tempfile.TemporaryDirectory(prefix="cv-bench-") as name:
            yield Path(name)
        return
    with nullcontext(str(kept)) if kept else tempfile.TemporaryDirectory(prefix="cv-bench-") as name:
        from config.embedded import attach

        servers = attach(Path(name))
        os.environ |= {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "CARDVAULT_DATA_DIR": name,
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "LOG_LEVEL": "WARNING",
        }
        import django
        from django.core.management import call_command
        from django.db import connection, connections

        django.setup()
        if kept:
            call_command("migrate", verbosity=0)
        else:
            schema.make(connection.settings_dict["NAME"])
        try:
            yield Path(name)
        finally:
            connections.close_all()
