"""`make lint`'s look at new migrations: nothing that the release before cannot live with, no long lock on a table in use.

    python -m config.migrations            check every migration that is not released yet
    python -m config.migrations --release  a release goes out with them: later checks begin after them

What is checked is django-migration-linter's (its names of rules stand in its documentation); config/migrations-released.txt
says what is released. docs/deploying.md says how to change a table in two steps.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile

from config.env import ROOT

RELEASED = ROOT / "config" / "migrations-released.txt"
# What the library only warns of, and what locks or breaks as well where the old release still runs.
REFUSED = (
    "CREATE_INDEX",
    "CREATE_INDEX_EXCLUSIVE",
    "DROP_INDEX",
    "REINDEX",
    "RUNPYTHON_REVERSIBLE",
    "RUNSQL_REVERSIBLE",
)


def ours() -> list[str]:
    """Every migration of our rooms, by its path."""
    return sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "apps").rglob("migrations/*.py") if path.stem != "__init__"
    )


def unreleased() -> list[str]:
    """Those that no release has."""
    released = set(RELEASED.read_text().split())
    return [path for path in ours() if path not in released]


def main() -> int:
    """Check, or note what is released; the linter's status."""
    parser = argparse.ArgumentParser(prog="python -m config.migrations", description=__doc__.splitlines()[0])
    parser.add_argument("--release", action="store_true", help="note all that are there as released")
    if parser.parse_args().release:
        RELEASED.write_text("\n".join(ours()) + "\n")
        return 0
    fresh = unreleased()
    if not fresh:
        sys.stdout.write("No migration is unreleased.\n")
        return 0
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import django
    from django.conf import settings

    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django_migration_linter"]
    django.setup()
    from django.core.management import call_command

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as names:
        names.write("\n".join(fresh) + "\n")
        names.flush()
        call_command(
            "lintmigrations",
            include_migrations_from=names.name,
            project_root_path=str(ROOT),
            warnings_as_errors=list(REFUSED),
            no_cache=True,
            quiet=["ignore", "ok"],
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
