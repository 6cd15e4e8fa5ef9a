"""Several relays at once, and processes that die: still once in effect, still in order, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection, connections, transaction

from apps.core import outbox
from apps.core.models import Delivery, RejectedInput
from tests.core.outbox_world import Counted, arrived, note, write
from tests.core.test_outbox import make_due
from tests.together import together
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


def emit_all(numbers: range, things: str) -> None:
    for number in numbers:
        for thing in things:
            with transaction.atomic():
                outbox.emit(Counted(thing=thing, number=number))


def drain() -> int:
    """Relay until nothing is open, as workers do again and again."""
    done = 0
    until = time.monotonic() + PATIENCE
    while Delivery.objects.filter(delivered_at__isnull=True, parked_at__isnull=True).exists():
        done += outbox.relay()
        assert time.monotonic() < until, "the relays do not come to an end"
    return done


def test_parallel_relays_deliver_each_fact_once_and_in_order(subscribed):
    chance, relays, both = random.Random(7), set(), threading.Event()

    def slow(event: Counted) -> None:
        write("slow", event)
        relays.add(threading.get_ident())
        if len(relays) > 1:
            both.set()
        assert both.wait(PATIENCE), "one relay keeps the others waiting"

    def stumbling(event: Counted) -> None:
        write("stumbling", event)
        if (
            chance.random() < 0.1
            and Delivery.objects.get(
                event__payload__thing=event.thing, event__payload__number=event.number, handler__endswith="stumbling"
            ).attempts
            == 1
        ):
            raise RuntimeError("stumbled")

    subscribed(slow, stumbling)
    emit_all(range(12), "abcd")
    delivered = together([drain] * 4)
    assert sum(delivered) == 2 * 12 * 4
    assert sum(1 for share in delivered if share) > 1
    for origin in ("slow", "stumbling"):
        for thing in "abcd":
            assert arrived(origin, thing) == list(range(12))


def test_a_handler_still_at_work_when_its_time_runs_out_is_not_run_beside_itself(subscribed):
    def slow(event: Counted) -> None:
        write("slow", event)
        make_due_elsewhere()
        time.sleep(0.3)

    def make_due_elsewhere() -> None:
        with ThreadPoolExecutor(1) as pool:
            # the row is locked by the delivery itself, so that waiting for it would never end
            pool.submit(lambda: (_try_to_make_due(), connections.close_all())).result()

    def _try_to_make_due() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select id from core_delivery for update skip locked")
            assert cursor.fetchall() == []

    subscribed(slow)
    emit_all(range(1), "a")
    assert sum(together([outbox.relay] * 2)) == 1
    assert arrived("slow") == [0]


def test_a_relay_that_lost_its_claim_leaves_the_delivery_alone(subscribed):
    subscribed(note)
    emit_all(range(1), "a")
    first = outbox._begin()
    make_due()
    second = outbox._begin()
    assert outbox._deliver(*first) is False
    assert outbox._deliver(*second) is True
    assert arrived("note") == [0]


DIES = """
import django; django.setup()
from apps.core import outbox
from tests.core import outbox_world
outbox._handlers.clear()
dies = outbox_world.write_and_die
dies.__qualname__, dies.__module__ = "note", "tests.core.outbox_world"
outbox.subscribe(outbox_world.Counted)(dies)
outbox.relay()
"""


def die_while_handling() -> None:
    """Another process takes the delivery up and is killed after the handler's write, before the commit."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    ended = subprocess.run(
        [sys.executable, "-c", DIES], env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_crash_between_handler_and_commit_loses_nothing_and_doubles_nothing(subscribed):
    subscribed(note)
    emit_all(range(2), "a")
    die_while_handling()
    assert RejectedInput.objects.count() == 0
    assert Counter(Delivery.objects.values_list("attempts", flat=True)) == {1: 1, 0: 1}
    make_due()
    assert outbox.relay() == 2
    assert arrived("note") == [0, 1]


def test_a_handler_that_kills_its_process_every_time_is_parked_too(subscribed):
    subscribed(note)
    emit_all(range(1), "a")
    Delivery.objects.update(attempts=outbox.LAST_TRY - 1)
    die_while_handling()
    make_due()
    assert outbox.relay() == 0
    delivery = Delivery.objects.get()
    assert delivery.parked_at is not None
    assert "the process ended" in delivery.last_error
    assert arrived("note") == []
