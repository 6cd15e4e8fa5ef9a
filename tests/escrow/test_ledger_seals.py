"""What was sealed stays as it was, or the check says which transaction is not; sealing waits for nobody."""

from __future__ import annotations

import io
import json
import os

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.ledger import sealing
from apps.escrow.models import LedgerSeal, LedgerTransaction

pytestmark = pytest.mark.django_db

SEALED = "what was sealed stays as it was"
SEALS = "the seals are one unbroken chain"
OF_MEMBERS = "what members are owed is what is still to be sent to them"  # these members' money is made up


def post(number, amount=100, currency="USD"):
    return ledger.post(
        kind="test",
        idempotency_key=f"key:{number}",
        cause="",
        entries=[(ledger.CLEARING, Money(-amount, currency)), (ledger.available_account("a"), Money(amount, currency))],
    )


def slow_posting(number):
    """A connection of somebody's that has posted and not yet committed."""
    settings = connection.settings_dict
    slow = psycopg.connect(os.environ["DATABASE_URL"], dbname=settings["NAME"])
    slow.execute(
        "select escrow_post('test', %s, '', array['platform:clearing', 'member:b:available'],"
        " array['USD', 'USD'], array[-5, 5], array[null, 0])",
        [f"slow:{number}"],
    )
    return slow


def findings(known=None):
    return [finding for finding in ledger.examine(known).findings if finding.invariant != OF_MEMBERS]


def of_seals():
    return {(finding.invariant, finding.subject) for finding in findings() if finding.invariant in {SEALED, SEALS}}


def as_owner(statement, *parameters, table="escrow_ledgertransaction"):
    """What somebody can do who owns the tables: switch the triggers off, write, switch them on again."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(statement, parameters)
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} enable trigger user")


@pytest.fixture
def posted(monkeypatch):
    """Seven transactions in three seals, and one that is not sealed."""
    monkeypatch.setattr(sealing, "IN_A_SEAL", 3)
    made = [post(number, 100 + number) for number in range(7)]
    assert ledger.seal() == 7
    return [*made, post(7)]


def test_seals_cover_everything_once_and_the_check_walks_along_them(posted):
    checked = ledger.examine()
    assert (checked.seals, checked.unsealed, checked.transactions) == (3, 1, 8)
    assert [list(seal.ids) for seal in LedgerSeal.objects.order_by("number")] == [posted[:3], posted[3:6], posted[6:7]]
    assert checked.head == bytes(LedgerSeal.objects.get(number=3).hash).hex()
    assert findings() == []
    assert ledger.seal() == 1
    assert ledger.seal() == 0
    assert ledger.unsealed().transactions == 0


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("escrow_ledgerentry", "update escrow_ledgerentry set amount = amount * 2 where transaction_id = %s"),
        ("escrow_ledgertransaction", "update escrow_ledgertransaction set cause = 'hold:1' where id = %s"),
        ("escrow_ledgertransaction", "update escrow_ledgertransaction set kind = 'gift' where id = %s"),
        ("escrow_ledgertransaction", "update escrow_ledgertransaction set idempotency_key = 'k' where id = %s"),
        (
            "escrow_ledgertransaction",
            "update escrow_ledgertransaction set posted_at = posted_at - interval '1 microsecond' where id = %s",
        ),
        ("escrow_ledgerentry", "delete from escrow_ledgerentry where transaction_id = %s"),
        (
            "escrow_ledgerentry",
            "update escrow_ledgerentry e set id = e.id + 1000000 where transaction_id = %s",
        ),
    ],
)
@pytest.mark.parametrize("place", [0, 4, 6])
def test_whoever_owns_the_tables_cannot_change_a_row_unseen(posted, table, statement, place):
    as_owner(statement, posted[place], table=table)
    assert of_seals() == {(SEALED, f"transaction {posted[place]}")}


def test_a_transaction_that_is_gone_is_named(posted):
    as_owner("delete from escrow_ledgerentry where transaction_id = %s", posted[4], table="escrow_ledgerentry")
    as_owner("delete from escrow_ledgertransaction where id = %s", posted[4])
    assert of_seals() == {(SEALED, f"transaction {posted[4]}")}


def test_a_transaction_that_was_slipped_in_is_named(posted):
    as_owner(
        "insert into escrow_ledgertransaction (id, kind, idempotency_key, cause, posted_at, made_in)"
        " values (-5, 'gift', 'gift', '', now(), pg_current_xact_id())"
    )
    assert (SEALED, "transaction -5") in of_seals()


def test_another_account_under_the_same_entries_is_named(posted):
    as_owner(
        "update escrow_ledgeraccount set code = 'member:thief:available' where code = 'member:a:available'",
        table="escrow_ledgeraccount",
    )
    assert of_seals() == {(SEALED, f"transaction {number}") for number in posted[:7]}


def test_seals_cannot_be_changed_or_added_out_of_turn(posted):
    for statement in (
        "update escrow_ledgerseal set hash = previous",
        "delete from escrow_ledgerseal",
        "truncate escrow_ledgerseal",
        "insert into escrow_ledgerseal (number, last_id, ids, hashes, previous, hash, sealed_at)"
        " select 9, last_id + 9, ids, hashes, previous, hash, now() from escrow_ledgerseal where number = 3",
        "insert into escrow_ledgerseal (number, last_id, ids, hashes, previous, hash, sealed_at)"
        " select 4, last_id + 9, ids, hashes, previous, hash, now() from escrow_ledgerseal where number = 3",
    ):
        with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert caught.value.__cause__.diag.sqlstate in {"CV002", "CV005"}


def test_a_seal_that_is_gone_is_missed(posted):
    as_owner("delete from escrow_ledgerseal where number = 2", table="escrow_ledgerseal")
    assert (SEALS, "seal 3") in of_seals()


def test_a_chain_made_anew_does_not_go_through_the_hash_that_was_kept_elsewhere(posted):
    kept = {
        2: bytes(LedgerSeal.objects.get(number=2).hash).hex(),
        3: bytes(LedgerSeal.objects.get(number=3).hash).hex(),
    }
    assert findings(kept) == []
    as_owner("update escrow_ledgertransaction set cause = 'forged' where id = %s", posted[4])
    as_owner("delete from escrow_ledgerseal", table="escrow_ledgerseal")
    as_owner("update escrow_ledgeraccount set balance = 0 where floor is null", table="escrow_ledgeraccount")
    assert ledger.seal() == 8
    assert findings() == []  # by itself it looks right
    assert {finding.subject for finding in findings(kept)} == {"seal 2", "seal 3"}
    as_owner("delete from escrow_ledgerseal where number = 3", table="escrow_ledgerseal")
    assert "seal 3" in {finding.subject for finding in findings(kept)}


def test_balances_without_a_floor_are_right_before_and_after_a_seal(posted):
    expected = -sum(100 + number for number in range(7)) - 100
    assert ledger.balance(ledger.CLEARING).amount_minor == expected
    assert ledger.seal() == 1
    assert ledger.balance(ledger.CLEARING).amount_minor == expected
    with connection.cursor() as cursor:
        cursor.execute("select balance from escrow_ledgeraccount where code = 'platform:clearing'")
        assert cursor.fetchone() == (expected,)


def test_the_command_says_what_it_proved_and_keeps_currencies_apart(posted):
    post("yen", 5000, "JPY")
    post("dinar", 12_345, "KWD")
    as_owner("update escrow_ledgertransaction set cause = 'forged' where id = %s", posted[4])
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("check_ledger", stdout=out, stderr=err)
    assert caught.value.returncode == 1
    assert f"transaction {posted[4]}" in err.getvalue()
    assert "5,000" in out.getvalue() and "12.345 KWD" in out.getvalue()
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("check_ledger", "--json", stdout=out)
    *accounts, last = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {(row["account"]["currency"], row["account"]["kind"]) for row in accounts} == {
        (currency, kind) for currency in ("USD", "JPY", "KWD") for kind in ("member available", "processor clearing")
    }
    assert last["checked"]["seals"] == 3
    assert f"transaction {posted[4]}" in {finding["subject"] for finding in last["checked"]["findings"]}
    with pytest.raises(CommandError):
        call_command("check_ledger", "--known", "one", stdout=out)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sealed_before_it_is_decided_and_nothing_is_left_out():
    """Somebody draws an id, then takes long; others come after, and seals are made meanwhile."""
    post(0)
    with slow_posting(1) as slow:
        post(1)
        assert ledger.seal() == 0  # somebody is under way
        post(2)
        assert ledger.seal() == 0
        slow.commit()
    assert ledger.seal() == 4
    post(3)
    assert ledger.seal() == 1
    sealed = [number for seal in LedgerSeal.objects.order_by("number") for number in seal.ids]
    assert sealed == list(LedgerTransaction.objects.order_by("id").values_list("id", flat=True))
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_a_long_posting_holds_up_only_what_came_after_it_began():
    post(0)
    with slow_posting(1) as first:
        assert ledger.seal() == 0
        post(1)
        first.rollback()
        with slow_posting(2):
            assert ledger.seal() == 1  # what was drawn when the first looked is decided; the rest waits for the second
            assert ledger.seal() == 0
            assert ledger.unsealed().transactions == 1
    assert ledger.seal() == 2
    assert findings() == []


@pytest.mark.django_db(transaction=True)
def test_whoever_posts_nothing_holds_nothing_up():
    settings = connection.settings_dict
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=settings["NAME"]) as other:
        other.execute("create table somebody_elses as select count(*) from escrow_ledgertransaction")
        other.execute("select * from escrow_ledgertransaction for share")
        post(0)
        assert ledger.seal() == 1
        other.rollback()
