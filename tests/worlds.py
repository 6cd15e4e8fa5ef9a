"""A world that all tests of a module share: made once, and for each test as if it had just been made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

World = TypeVar("World")


@contextmanager
def kept(make: Callable[[], World], *, blocker: DjangoDbBlocker) -> Iterator[World]:
    """Make a world in a transaction that is undone at the end; each test's own transaction lies within it.

    For a fixture of scope "module" that needs `django_db_setup`, in a module none of whose tests asks for transactions
    of its own. Rows are as they were before each test; the objects are not: give each test `copy.deepcopy(world)`.
    """
    around = transaction.atomic()
    around._from_testcase = True  # as Django's own: what must be an outermost transaction may lie within it
    with blocker.unblock():
        around.__enter__()
    try:
        with blocker.unblock():
            world = make()
            connection.check_constraints()  # what waits for the end is checked here, not again in every test
        yield world
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
