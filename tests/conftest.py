"""What every test stands on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import settings
from rest_framework.test import APIClient
from servestatic.middleware import ServeStaticMiddleware

from apps.accounts.models import Role, User
from apps.core import outbox
from tests.factories import make_user

# An example that is slow because the machine is busy is no failure.
# The gate (.ci/run) tries the same examples every time; whoever runs the tests by hand tries new ones.
settings.register_profile("cardvault", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "cardvault"))


@pytest.fixture(scope="session", autouse=True)
def _emptying_between_tests_is_no_rewriting() -> Iterator[None]:
    """Tests with real transactions end with TRUNCATE, which append-only tables refuse; only there it is let through.

    The guards themselves stay switched on, so that tests meet what production has.
    """
    flush = DatabaseOperations.execute_sql_flush

    def flush_past_the_guards(self: DatabaseOperations, sql_list: Sequence[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tgrelid::regclass::text, tgname FROM pg_trigger"
                " WHERE NOT tgisinternal AND (tgtype::int & 32) <> 0 AND tgparentid = 0"
            )
            guards = cursor.fetchall()
        off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name in guards]
        on = [f"ALTER TABLE {table} ENABLE TRIGGER {name}" for table, name in guards]
        flush(self, [*off, *sql_list, *on] if sql_list else sql_list)

    DatabaseOperations.execute_sql_flush = flush_past_the_guards
    yield
    DatabaseOperations.execute_sql_flush = flush


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for_once() -> Iterator[None]:
    """Each test client loads the middleware anew, which then lists some 270 files: four times the work of a request."""
    look = ServeStaticMiddleware.add_files_from_finders
    found: dict[tuple[object, ...], tuple[dict, list]] = {}

    def recall(self: ServeStaticMiddleware) -> None:
        how = (
            self.static_prefix,
            self.static_root,
            self.autorefresh,
            self.max_age,
            self.allow_all_origins,
            self.charset,
        )
        if how not in found:
            look(self)
            found[how] = (dict(self.files), list(self.directories))
        files, directories = found[how]
        self.files.update(files)
        self.directories[:] = directories

    ServeStaticMiddleware.add_files_from_finders = recall
    yield
    ServeStaticMiddleware.add_files_from_finders = look


@pytest.fixture(autouse=True)
def _limits_start_afresh(request: pytest.FixtureRequest) -> None:
    """Tries counted in one test are not held against the next."""
    if {"db", "transactional_db", "client"} & set(request.fixturenames) or request.node.get_closest_marker("django_db"):
        cache.clear()


@pytest.fixture
def api() -> APIClient:
    """A program that speaks to the API, without credentials at first."""
    return APIClient()


@pytest.fixture
def member(db: None) -> User:
    """Somebody with a verified address."""
    return make_user()


@pytest.fixture
def moderator(db: None) -> User:
    """Somebody who decides cases."""
    return make_user(role=Role.MODERATOR)


@pytest.fixture
def admin(db: None) -> User:
    """Somebody who may do everything."""
    return make_user(role=Role.ADMIN)


@pytest.fixture
def relay(db: None) -> Callable[[], int]:
    """Carries every pending event to its handlers, as the worker would; returns how many deliveries succeeded."""
    return lambda: outbox.relay(limit=10_000)
