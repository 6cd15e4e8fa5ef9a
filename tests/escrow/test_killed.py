"""kill -9 with the work of a money step done and not committed: nothing of it is there, and asked again it is done once.

The same with every process of the running product is `make faults`; this is the short form of it that every run has.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from apps.core.errors import DomainError
from apps.escrow import actions, ledger
from apps.escrow.models import Settlement
from tests.escrow.conftest import person
from tests.waiting import eventually, is_session


@contextmanager
def no_commit() -> Iterator[psycopg.Connection]:
    """Meanwhile whoever has news to tell waits for this table, with everything else written; yields who holds it."""
    holder = psycopg.connect(dsn())
    holder.execute("lock table core_outboxevent in share mode")
    try:
        yield holder
    finally:
        holder.close()


def dsn() -> str:
    """Of the database of this run."""
    given = connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        dbname=given["NAME"],
        user=given["USER"],
        password=given["PASSWORD"],
        host=given["HOST"],
        port=given["PORT"] or None,
    )


def waits(holder: psycopg.Connection) -> int | None:
    """The database session that waits for the table."""
    found = holder.execute(
        "select pid from pg_locks where relation = 'core_outboxevent'::regclass and not granted"
    ).fetchone()
    return found[0] if found else None


def in_a_process_that_dies(act: Callable[[], object], *, of_what: str) -> None:
    """Do it in a process of its own, and kill that (or its database session) when it has only the commit to do."""
    with no_commit() as holder:
        child = os.fork()
        if child == 0:
            ours = connection.connection  # the parent's: neither used nor closed here
            connection.connection = None
            try:
                act()
            finally:
                del ours
                os._exit(0)
        session = eventually(lambda: waits(holder))
        if of_what == "process":
            os.kill(child, signal.SIGKILL)
        else:
            holder.execute("select pg_terminate_backend(%s)", [session])
    os.waitpid(child, 0)
    eventually(lambda: not is_session(session))


@pytest.mark.django_db(transaction=True)
def test_a_step_that_was_killed_before_its_commit_has_not_happened_and_happens_once_when_asked_again(make_sale):
    judge = person("moderator")
    steps = {
        "shipping": lambda sale: (sale.funded(), lambda: actions.mark_shipped(hold=sale.hold, by=sale.seller)),
        "delivery": lambda sale: (sale.shipped(), lambda: actions.mark_delivered(hold=sale.hold, by=sale.buyer)),
        "release": lambda sale: (sale.delivered(), lambda: actions.release(hold=sale.hold, by=sale.buyer)),
        "refund": lambda sale: (sale.funded(), lambda: actions.refund(hold=sale.hold, by=sale.seller)),
        "decision": lambda sale: decided(sale, judge),
    }
    for prepare in steps.values():
        for of_what in ("process", "database session"):
            sale = make_sale()
            _, act = prepare(sale)
            before = (sale.state, sale.held, sale.sellers, sale.buyers)
            in_a_process_that_dies(act, of_what=of_what)
            assert (sale.state, sale.held, sale.sellers, sale.buyers) == before
            assert not Settlement.objects.filter(hold=sale.hold).exists()
            act()
            assert sale.state != before[0]
            with pytest.raises(DomainError):
                act()
            assert Settlement.objects.filter(hold=sale.hold).count() == (sale.held == 0)
    assert ledger.check() == []


def decided(sale, judge):
    case = sale.disputed()
    actions.decide_dispute(dispute=case, by=judge, outcome="refund", decision="So be it.")
    actions.accept_ruling(dispute=case, by=sale.buyer)
    return sale, lambda: actions.accept_ruling(dispute=case, by=sale.seller)
