"""Whatever is posted, by whom, how many at once, and wherever they die: afterwards every invariant holds."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import defaultdict
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.ledger import InsufficientFunds, LedgerRefused, Posting
from apps.escrow.models import LedgerSeal, LedgerTransaction
from tests.waiting import eventually

OF_MEMBERS = "what members are owed is what is still to be sent to them"  # these members' money is made up
MEMBERS = [ledger.available_account(name) for name in "abc"]
ACCOUNTS = [*MEMBERS, ledger.held_account("a"), ledger.receivable_account("b"), ledger.CLEARING, ledger.FEES]
CURRENCIES = ["USD", "JPY", "KWD"]


def findings():
    return [str(finding) for finding in ledger.check() if finding.invariant != OF_MEMBERS]


def balances():
    return {
        (code, currency): minor
        for code in ACCOUNTS
        for currency in CURRENCIES
        if (minor := ledger.balance(code, currency).amount_minor)
    }


@st.composite
def postings(draw):
    """Mostly sound; some do not balance, some overdraw, some repeat a key, some repeat a posting."""
    currency = draw(st.sampled_from(CURRENCIES))
    parts = draw(
        st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(-300, 300).filter(bool)), min_size=1, max_size=4)
    )
    entries = [(code, Money(minor, currency)) for code, minor in parts]
    rest = -sum(minor for _, minor in parts) + draw(st.sampled_from([0] * 9 + [1]))
    entries.append((draw(st.sampled_from(ACCOUNTS)), Money(rest, currency)))
    key = draw(st.integers(0, 25))
    return Posting("test", f"key:{key}", draw(st.sampled_from(["", "", "hold:1"])), entries)


def moved(key, minor):
    return Posting("test", key, "", [(MEMBERS[0], Money(minor)), (ledger.CLEARING, Money(-minor))])


@contextmanager
def undone():
    """What an example does is undone after it. As Django's own test case: `durable` means the level below."""
    wrapping = transaction.atomic()
    wrapping._from_testcase = True
    with wrapping:
        yield
        transaction.set_rollback(True)


class Books:
    """What the ledger must do, in a few lines: a dict of balances and a dict of keys."""

    def __init__(self):
        self.balances, self.keys = defaultdict(int), {}

    def lines(self, posting):
        return posting.cause, sorted(
            (code, money.currency, money.amount_minor) for code, money in posting.entries if money
        )

    def refuses(self, posting):
        """By which rule; None when it is written or was before."""
        lines = self.lines(posting)
        if len(lines[1]) < 2:
            return "ledger_transaction_has_two_entries"
        sums = defaultdict(int)
        for _, currency, minor in lines[1]:
            sums[currency] += minor
        if any(sums.values()):
            return "ledger_transaction_sums_to_zero"
        if posting.idempotency_key in self.keys:
            return None if self.keys[posting.idempotency_key] == lines else "posting_key_means_one_posting"
        after = self.after([posting])
        if any(after[code, currency] < 0 for code, currency in after if ledger.kind_of(code).floor == 0):
            return "account_balance_above_floor"
        return None

    def after(self, posted):
        after = self.balances.copy()
        for posting in posted:
            for code, money in posting.entries:
                after[code, money.currency] += money.amount_minor
        return after

    def write(self, posting):
        if posting.idempotency_key not in self.keys:
            self.balances = self.after([posting])
            self.keys[posting.idempotency_key] = self.lines(posting)


@pytest.mark.django_db
@given(steps=st.lists(st.one_of(st.lists(postings(), min_size=1, max_size=6), st.just("seal")), max_size=8))
@example(  # a repetition is refused with the first, although what came between would have made it possible
    steps=[[moved("key:0", -1), moved("key:1", 1), moved("key:0", -1)], [moved("key:0", -1)]]
)
@settings(max_examples=40)
def test_postings_each_by_itself_do_what_a_dict_would_do(steps):
    with undone():
        books = Books()
        for step in steps:
            if step == "seal":
                ledger.seal()
                continue
            try:
                told = ledger.post_many(step, each=True)
            except LedgerRefused as refusal:  # one key for two postings of one call: a fault of the caller's
                assert refusal.constraint == "posting_key_means_one_posting"
                continue
            answered = {}  # a key given again in one call is the posting at its first place, and gets its answer
            for posting, posted in zip(step, told, strict=True):
                rule = answered.setdefault(posting.idempotency_key, books.refuses(posting))
                assert (posted.refused.constraint if posted.refused else None) == rule
                assert isinstance(posted.refused, InsufficientFunds) == (rule == "account_balance_above_floor")
                if rule is None:
                    assert posted.is_new == (posting.idempotency_key not in books.keys)
                    books.write(posting)
        assert balances() == {key: minor for key, minor in books.balances.items() if minor}
        assert findings() == []
        assert LedgerTransaction.objects.count() == len(books.keys)


@pytest.mark.django_db
@given(batch=st.lists(postings(), min_size=1, max_size=6))
@settings(max_examples=30)
def test_all_or_none_is_written(batch):
    with undone():
        opening = [
            Posting(
                "open",
                f"open:{code}:{currency}",
                "",
                [(ledger.CLEARING, Money(-200, currency)), (code, Money(200, currency))],
            )
            for code in MEMBERS
            for currency in CURRENCIES
        ]
        assert all(posted.is_new for posted in ledger.post_many(opening))
        before = balances()
        try:
            with transaction.atomic():
                told = ledger.post_many(batch)
        except LedgerRefused:
            assert balances() == before
            assert LedgerTransaction.objects.count() == len(opening)
        else:
            books = Books()
            books.balances.update(before)
            for posting in batch:
                books.write(posting)
            assert balances() == {key: minor for key, minor in books.balances.items() if minor}
            assert len({posted.id for posted in told}) == len(books.keys)
        assert findings() == []


@pytest.mark.django_db
def test_a_batch_keeps_its_order_and_says_what_was_there_already():
    def moving(number, minor):
        return Posting("test", f"key:{number}", "", [(ledger.CLEARING, Money(-minor)), (MEMBERS[0], Money(minor))])

    first = ledger.post_many([moving(1, 100), moving(0, 5)])
    again = ledger.post_many([moving(2, 7), moving(1, 100), moving(2, 7)])
    assert first[0].id < first[1].id < again[0].id
    assert [(posted.id, posted.is_new) for posted in again] == [
        (again[0].id, True), (first[0].id, False), (again[0].id, False),
    ]  # fmt: skip
    assert ledger.post_many([]) == []
    with pytest.raises(LedgerRefused) as caught, transaction.atomic():
        ledger.post_many([moving(3, 1), moving(1, 99)])
    assert caught.value.constraint == "posting_key_means_one_posting"
    with pytest.raises(LedgerRefused, match="two different postings"):
        ledger.post_many([moving(4, 1), moving(4, 2)])
    with pytest.raises(LedgerRefused) as caught, transaction.atomic():
        ledger.post_many([moving(5, 1), moving(6, -1000)])
    assert caught.value.constraint == "account_balance_above_floor"
    # Within a batch only the end counts: what comes and goes in it may pass through an empty account.
    through = [moving(7, -600), moving(8, 600)]
    assert [posted.is_new for posted in ledger.post_many(through)] == [True, True]
    assert ledger.balance(MEMBERS[0]) == Money(112)


@pytest.mark.django_db
def test_nothing_is_posted_to_an_account_that_is_not_of_the_chart():
    with pytest.raises(ledger.UnknownAccount):
        ledger.post(
            kind="x", idempotency_key="x", cause="", entries=[("platform:fee", Money(-1)), (MEMBERS[0], Money(1))]
        )
    with connection.cursor() as cursor:
        cursor.execute("insert into escrow_ledgeraccount (code, currency, balance) values ('platform:fee', 'USD', 0)")
        cursor.execute("insert into escrow_ledgeraccount (code, currency, balance) values ('hold:1', 'USD', 0)")
    assert {text.split(": ", 1)[1] for text in findings() if "of the chart" in text} == {
        "platform:fee USD: unknown",
        "hold:1 USD: floor missing",
    }


# -- many at once, on the real database -------------------------------------------------
def _work(seed, rounds, failures):
    """One of many posters: single postings and batches, some of which it does not commit, some of which are cut off."""
    chance = random.Random(seed)
    try:
        for step in range(rounds):
            batch = []
            for part in range(chance.choice([1, 1, 3, 8])):
                one, other = chance.sample([*ACCOUNTS, f"member:{chance.randrange(40)}:available"], 2)
                minor, currency = chance.randint(1, 40), chance.choice(CURRENCIES)
                # Some keys are shared by all: only one of them may post.
                key = f"shared:{chance.randrange(30)}" if chance.random() < 0.1 else f"{seed}:{step}:{part}"
                batch.append(
                    Posting("test", key, "", [(one, Money(-minor, currency)), (other, Money(minor, currency))])
                )
            try:
                with transaction.atomic():
                    if chance.random() < 0.3 and len(batch) == 1:
                        posting = batch[0]
                        ledger.post(
                            kind=posting.kind,
                            idempotency_key=posting.idempotency_key,
                            cause="",
                            entries=posting.entries,
                        )
                    else:
                        ledger.post_many(batch, each=chance.random() < 0.5)
                    if chance.random() < 0.1:
                        transaction.set_rollback(True)
                    elif chance.random() < 0.05:
                        connection.connection.close()  # the process died: nobody says rollback
            except LedgerRefused:
                pass
            except DatabaseError as error:
                connection.close()
                if "deadlock" in str(error):
                    failures.append(str(error))
    except Exception as error:  # noqa: BLE001 - told by the thread that waits
        failures.append(repr(error))
    finally:
        connection.close()


def _seal_meanwhile(stop, failures):
    try:
        while not stop.wait(0.02):
            ledger.seal()
    except Exception as error:  # noqa: BLE001 - told by the thread that waits
        failures.append(repr(error))
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_many_posters_and_sealers_at_once_leave_the_books_right(seed):
    opening = [
        Posting(
            "open",
            f"open:{code}:{currency}",
            "",
            [(ledger.CLEARING, Money(-500, currency)), (code, Money(500, currency))],
        )
        for code in MEMBERS
        for currency in CURRENCIES
    ]
    ledger.post_many(opening)
    failures, stop = [], threading.Event()
    posters = [threading.Thread(target=_work, args=(seed * 100 + each, 12, failures)) for each in range(8)]
    sealers = [threading.Thread(target=_seal_meanwhile, args=(stop, failures)) for _ in range(2)]
    for thread in [*posters, *sealers]:
        thread.start()
    for thread in posters:
        thread.join()
    stop.set()
    for thread in sealers:
        thread.join()
    assert failures == []
    assert findings() == []
    eventually(_nothing_is_under_way)  # what a dead process left open is rolled back a moment later
    ledger.seal()
    sealed = [number for seal in LedgerSeal.objects.order_by("number") for number in seal.ids]
    assert sealed == list(LedgerTransaction.objects.order_by("id").values_list("id", flat=True))
    assert findings() == []


# A process of its own that posts and seals, and is killed at a moment that it tells.
_DYING = """
import os, sys, time
os.environ["DATABASE_URL"] = sys.argv[1]
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from django.db import connection, connections, transaction
connections["default"].settings_dict["NAME"] = sys.argv[2]
from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.ledger import sealing

def stop_here():
    print("here", flush=True)
    time.sleep(600)

def post(number):
    ledger.post(kind="test", idempotency_key=f"key:{number}", cause="",
                entries=[(ledger.CLEARING, Money(-100)), ("member:a:available", Money(100))])

where = sys.argv[3]
post(0)
if where == "posted":
    with transaction.atomic():
        post(1)
        stop_here()
post(1)
if where == "before the seal":
    sealing._seal_next = lambda horizon: stop_here()
if where == "in the seal":
    sealing.log = type("Log", (), {"info": lambda *given, **named: stop_here()})
ledger.seal()
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("where", "posted", "sealed"),
    [("posted", 1, 0), ("before the seal", 2, 0), ("in the seal", 2, 0)],
)
def test_whoever_is_killed_between_two_steps_leaves_whole_ones(where, posted, sealed):
    worker = subprocess.Popen(
        [sys.executable, "-c", _DYING, os.environ["DATABASE_URL"], connection.settings_dict["NAME"], where],
        cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONPATH": str(django_settings.BASE_DIR)},
    )  # fmt: skip
    try:
        assert worker.stdout.readline() == b"here\n"
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    eventually(_nothing_is_under_way)
    assert LedgerTransaction.objects.count() == posted
    assert sum(len(seal.ids) for seal in LedgerSeal.objects.all()) == sealed
    assert findings() == []
    for number in range(2):  # whoever takes over does it all again
        ledger.post(
            kind="test", idempotency_key=f"key:{number}", cause="",
            entries=[(ledger.CLEARING, Money(-100)), (MEMBERS[0], Money(100))],
        )  # fmt: skip
    ledger.seal()
    assert (LedgerTransaction.objects.count(), ledger.balance(MEMBERS[0])) == (2, Money(200))
    assert ledger.unsealed().transactions == 0
    assert findings() == []


def _nothing_is_under_way():
    with connection.cursor() as cursor:
        cursor.execute(
            "select not exists (select from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null)"
        )
        return cursor.fetchone()[0]
