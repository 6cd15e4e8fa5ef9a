"""Waiting until a fact is so, never for a while to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

PATIENCE = 120.0
"""Seconds: what takes a moment may take long on a machine that has much else to do."""
BUSY = 3
"""How many times slower than one with nothing else to do a machine may be on which a promise of time is tried."""


def eventually(
    holds: Callable[[], object], *, within: float = PATIENCE, or_say: Callable[[], object] | None = None
) -> object:
    """The first true answer; fails when there is none in so many seconds, and says what is there instead."""
    deadline = time.monotonic() + within
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"not within {within} s: {or_say() if or_say else holds}"
        time.sleep(0.02)
    return answer


def is_connected(name: str) -> bool:
    """Whether the database has a session of a process that was started with this PGAPPNAME.

    It notices a moment later that a process was killed: until then it holds its locks, and may even commit.
    """
    return _is("application_name = %s", name)


def is_session(number: int) -> bool:
    """The same by the session's process on the server."""
    return _is("pid = %s", number)


def _is(condition: str, given: object) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"select exists (select from pg_stat_activity where {condition} and datname = current_database())", [given]
        )
        return cursor.fetchone()[0]


def until_let_go(database: str) -> None:
    """Wait until nobody is connected to it any more: before, it can neither be copied nor dropped. Fails with who is."""
    with connection._nodb_cursor() as cursor:

        def left() -> list[tuple[object, ...]]:
            cursor.execute("select application_name, state, query from pg_stat_activity where datname = %s", [database])
            return cursor.fetchall()

        eventually(lambda: not left(), or_say=left)
