"""Every benchmark still runs, tiny, and says how it compares with its baseline. What its figures are means nothing here."""

import importlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import cache
from django.db import connection

from tests.benchmarks.__main__ import compared, names, written
from tests.benchmarks.sizes import NotHere, Size


@contextmanager
def _database_of_its_own(name: str) -> Iterator[None]:
    """Meanwhile the connection, for every thread, is to a new copy of the migrated database."""
    ours, template = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["TEMPLATE"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = ours
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        cache.clear()


@pytest.mark.parametrize("name", names())
def test_benchmark_runs(name, django_db_setup, django_db_blocker, monkeypatch, settings, tmp_path):
    own = f"bench_{name}_{os.getpid()}"
    monkeypatch.setenv("DATABASE_URL", _address(own))
    settings.MEDIA_ROOT = tmp_path
    settings.ALLOWED_HOSTS = ["*"]
    run = importlib.import_module(f"tests.benchmarks.bench_{name}").run
    with django_db_blocker.unblock(), _database_of_its_own(own):
        try:
            figures = run(Size.TINY)
        except NotHere as reason:
            pytest.skip(str(reason))
    assert compared(figures), f"{name} compares with nothing"
    assert json.dumps(written(figures), default=str, allow_nan=False)


def _address(name: str) -> str:
    """Of a database on the tests' server, as psycopg takes it."""
    known = connection.settings_dict
    parts = {
        "host": known["HOST"],
        "port": known["PORT"],
        "user": known["USER"],
        "password": known["PASSWORD"],
        "dbname": name,
    }
    return " ".join(f"{key}={value}" for key, value in parts.items() if value)
