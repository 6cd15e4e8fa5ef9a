"""What every test stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations


@pytest.fixture(scope="session", autouse=True)
def _emptying_between_tests_is_no_rewriting() -> Iterator[None]:
    """Tests with real transactions end with TRUNCATE, which append-only tables refuse; only there it is let through.

    The guards themselves stay switched on, so that tests meet what production has.
    """
    flush = DatabaseOperations.execute_sql_flush

    def flush_as_a_replica(self: DatabaseOperations, sql_list: Sequence[str]) -> None:
        flush(self, ["SET LOCAL session_replication_role = replica;", *sql_list] if sql_list else sql_list)

    DatabaseOperations.execute_sql_flush = flush_as_a_replica
    yield
    DatabaseOperations.execute_sql_flush = flush
