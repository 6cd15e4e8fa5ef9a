"""What every test stands on."""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.test import APIClient
from servestatic.middleware import ServeStaticMiddleware

from apps.accounts.models import Role, User
from apps.core import outbox
from tests import schema
from tests.factories import make_user
from tests.waiting import until_let_go

# An example that is slow because the machine is busy is no failure, nor are examples that are slow to be drawn.
# The gate (.ci/run) tries the same examples every time; whoever runs the tests by hand tries new ones.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("cardvault", **_PATIENT)
settings.register_profile("gate", derandomize=True, **_PATIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "cardvault"))

# What takes long in one piece, longest first. Begun at the end, it would leave one process busy and the others idle.
_LONG = (
    "tests/browser/test_every_page.py",
    "tests/browser/test_pages.py",
    "tests/trades/test_machine.py",
    "tests/config/test_launcher.py",
    "tests/test_routes.py",
    "tests/trades/swaps/test_machine.py",
    "tests/test_openapi.py",
    "tests/config/test_embedded.py",
    "tests/benchmarks/test_smoke.py",
    "tests/scans/test_killed_worker.py",
    "tests/demo/",
    "tests/browser/",
    "tests/catalog/test_barcodes.py",
    "tests/trades/test_checkout_cart.py",
    "tests/valuations/feeds/test_failures.py",
    "tests/test_queries.py",
    "tests/test_routes_refused.py",
    "tests/escrow/",
    "tests/ml/",
    "tests/config/",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """What tests do only when they are asked to."""
    parser.addoption("--screenshots", action="store_true", help="take the documentation's pictures anew: docs/images")
    parser.addoption("--every-screen", action="store_true", help="look at every page in both themes on both screens")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the files, the long ones are dealt out first."""
    if hasattr(config, "workerinput"):
        rank = {prefix: place for place, prefix in enumerate(_LONG)}
        items.sort(
            key=lambda item: min((rank[each] for each in _LONG if item.nodeid.startswith(each)), default=len(_LONG))
        )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """The first process of a run migrates a database; the test database of each is a copy of it, made in a moment."""
    template = "cardvault_migrated"
    with (
        (Path(os.environ["CARDVAULT_TEST_DIR"]) / "migrated.lock").open("a") as lock,
        django_db_blocker.unblock(),
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:
            schema.make(template)
            lock.write("done")
    connection.settings_dict["TEST"]["TEMPLATE"] = template


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Before the database is dropped, which is refused while anybody is connected, everybody has let go of it."""
    yield
    gc.collect()  # the connection of a thread that ended without closing it is part of a ring, and stays open until then
    with django_db_blocker.unblock():
        connection.close()
        until_let_go(connection.settings_dict["NAME"])


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
        # Tables of swapped models are there and in no list of Django's.
        emptied = [
            f"{sql.rstrip().removesuffix(';')} CASCADE;" if sql.startswith("TRUNCATE") else sql for sql in sql_list
        ]
        flush(self, [*off, *emptied, *on] if sql_list else sql_list)

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
