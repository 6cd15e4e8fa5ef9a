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
