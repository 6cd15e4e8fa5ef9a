"""The database itself refuses whatever would make the books wrong, without any help from our code."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from apps.core.money import Money
from apps.escrow import actions, ledger
from apps.escrow.ledger import InsufficientFunds, LedgerRefused
from apps.escrow.models import Hold, HoldState, LedgerAccount, LedgerEntry, LedgerTransaction

pytestmark = pytest.mark.django_db


def post(
    key="k", entries=(("platform:clearing", -100), ("member:a:available", 100)), kind="test", cause="", currency="USD"
):
    return ledger.post(
        kind=kind,
        idempotency_key=key,
        cause=cause,
        entries=[(code, amount if isinstance(amount, Money) else Money(amount, currency)) for code, amount in entries],
    )


def check_now():
    """What a commit would check."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


def refused(statement, *parameters):
    """The name of the rule that refuses a statement (at once or at commit)."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
        check_now()
    assert isinstance(caught.value.__cause__, psycopg.Error)
    return caught.value.__cause__.diag.constraint_name


def test_a_posting_moves_balances_and_reads_as_a_statement():
    post("one")
    post("two", [("member:a:available", -30), ("platform:clearing", 30)], cause="settlement:1")
    check_now()
    assert ledger.balance("member:a:available") == Money(70)
    lines = ledger.statement("member:a:available")
    assert [(line.amount.amount_minor, line.balance.amount_minor) for line in lines] == [(-30, 70), (100, 100)]
    assert lines[0].cause == "settlement:1"
    assert ledger.balance("member:nobody:available", "EUR") == Money(0, "EUR")


def test_an_unbalanced_posting_is_refused():
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        post("k", [("platform:clearing", -100), ("member:a:available", 99)])
        check_now()
    assert caught.value.__cause__.diag.constraint_name == "ledger_transaction_sums_to_zero"


def test_every_currency_must_balance_by_itself():
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        post("k", [("platform:clearing", Money(-100, "USD")), ("member:a:available", Money(100, "EUR"))])
        check_now()
    assert caught.value.__cause__.diag.constraint_name == "ledger_transaction_sums_to_zero"


@pytest.mark.parametrize("entries", [[], [("platform:fees", 0), ("platform:losses", 0)]])
def test_a_posting_of_nothing_is_refused(entries):
    with pytest.raises(DatabaseError), transaction.atomic():
        post("k", entries)
        check_now()


def test_a_member_cannot_be_overdrawn():
    post("one")
    with pytest.raises(InsufficientFunds), transaction.atomic():
        post("two", [("member:a:available", -101), ("platform:clearing", 101)])
    assert ledger.balance("member:a:available") == Money(100)


def test_the_same_key_posts_once():
    first = post("once")
    assert post("once") == first
    assert post("once", [("member:a:available", 100), ("platform:clearing", -100)]) == first
    assert ledger.balance("member:a:available") == Money(100)
    assert LedgerTransaction.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"entries": [("platform:clearing", -50), ("member:a:available", 50)]},
        {"entries": [("platform:clearing", -100), ("member:b:available", 100)]},
        {"currency": "EUR"},
        {"kind": "other"},
        {"cause": "hold:1"},
    ],
)
def test_one_key_for_two_different_postings_is_refused(other):
    post("once")
    with pytest.raises(LedgerRefused) as caught, transaction.atomic():
        post("once", **other)
    assert caught.value.constraint == "posting_key_means_one_posting"


@pytest.mark.parametrize(
    "statement",
    [
        "update escrow_ledgerentry set amount = amount + 1",
        "delete from escrow_ledgerentry",
        "truncate escrow_ledgerentry",
        "update escrow_ledgertransaction set kind = 'other'",
        "delete from escrow_ledgertransaction",
        "truncate escrow_ledgertransaction cascade",
        "delete from escrow_ledgeraccount",
        "truncate escrow_ledgeraccount cascade",
    ],
)
def test_history_cannot_be_rewritten(statement):
    post()
    check_now()
    assert refused(statement) == "ledger_is_append_only"


def test_entries_cannot_be_added_to_an_older_transaction():
    """Also not balanced ones: what was posted stays what it was."""
    made = post()
    check_now()
    # The transaction that made it is over for the trigger, as after a commit.
    with connection.cursor() as cursor:
        cursor.execute("alter table escrow_ledgertransaction disable trigger escrow_transactions_append_only")
        cursor.execute("update escrow_ledgertransaction set made_in = '1'::xid8")
        cursor.execute("alter table escrow_ledgertransaction enable trigger escrow_transactions_append_only")
    account = LedgerAccount.objects.get(code="member:a:available")
    assert (
        refused(
            "insert into escrow_ledgerentry (transaction_id, account_id, currency, amount)"
            " values (%s, %s, 'USD', 5), (%s, %s, 'USD', -5)",
            made, account.pk, made, account.pk,
        )
        == "entries_only_with_their_transaction"
    )  # fmt: skip


def test_nobody_can_claim_to_have_made_an_older_transaction():
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into escrow_ledgertransaction (kind, idempotency_key, cause, posted_at, made_in)"
            " values ('x', 'x', '', now(), '7'::xid8) returning made_in = pg_current_xact_id()"
        )
        assert cursor.fetchone() == (True,)
        with pytest.raises(DatabaseError):
            cursor.execute("set constraints all immediate")


def test_an_entry_is_in_the_currency_of_its_account():
    made = post()
    account = LedgerAccount.objects.get(code="member:a:available")
    assert (
        refused(
            "insert into escrow_ledgerentry (transaction_id, account_id, currency, amount) values (%s, %s, 'EUR', 5)",
            made,
            account.pk,
        )
        == "entry_currency_of_account"
    )


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("update escrow_ledgeraccount set balance = balance + 1", "account_balance_is_derived"),
        ("update escrow_ledgeraccount set currency = 'EUR'", "account_keeps_its_name"),
        ("update escrow_ledgeraccount set code = 'x' where code like 'member%%'", "account_keeps_its_name"),
        ("insert into escrow_ledgeraccount (code, currency, balance) values ('x', 'USD', 5)", "account_opens_empty"),
    ],
)
def test_balances_follow_from_entries_alone(statement, rule):
    post()
    assert refused(statement) == rule


def test_a_hold_is_never_funded_without_its_money(sale):
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Hold.objects.filter(pk=sale.hold.pk).update(state=HoldState.FUNDED)
        check_now()
    assert caught.value.__cause__.diag.constraint_name == "hold_matches_its_account"


@pytest.mark.parametrize("state", [HoldState.RELEASED, HoldState.REFUNDED, HoldState.SPLIT, HoldState.CANCELLED])
def test_a_hold_that_ended_has_nothing_left(sale, state):
    sale.funded()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        Hold.objects.filter(pk=sale.hold.pk).update(state=state)
        check_now()
    assert caught.value.__cause__.diag.constraint_name == "hold_matches_its_account"


def test_money_cannot_leave_a_hold_by_the_side_door(sale):
    sale.funded()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        post("steal", [(ledger.hold_account(sale.hold.pk), -1), ("member:a:available", 1)])
        check_now()
    assert caught.value.__cause__.diag.constraint_name == "hold_matches_its_account"


def test_money_cannot_be_put_on_a_hold_that_does_not_exist():
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        post("k", [("platform:clearing", -5), ("hold:0190aaaa-0000-7000-8000-000000000000", 5)])
        check_now()
    assert caught.value.__cause__.diag.constraint_name == "hold_account_has_a_hold"


def test_the_check_finds_what_a_table_owner_might_do_behind_the_guards(sale):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    assert ledger.check() == []
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table escrow_ledgerentry disable trigger escrow_entries_append_only")
        cursor.execute("update escrow_ledgerentry set amount = amount + 7 where amount > 0")
        cursor.execute("alter table escrow_ledgeraccount disable trigger escrow_balance_guard")
        cursor.execute("update escrow_ledgeraccount set balance = balance + 1 where code = 'platform:fees'")
    broken = {finding.invariant for finding in ledger.check()}
    assert {
        "every guard is in place and switched on",
        "transactions sum to zero in every currency",
        "balances are the sums of their entries",
        "all balances of a currency sum to zero",
    } <= broken


def test_the_check_sees_settlements_that_do_not_match_the_books(sale):
    sale.delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.hold.settlements.update(amount_minor=1)
    broken = {finding.invariant for finding in ledger.check()}
    assert broken == {
        "settlements of a closed hold add up to its amount less the fee",
        "what members are owed is what is still to be sent to them",
    }


def test_totals_name_each_kind_of_account(sale):
    sale.funded()
    assert {(row.kind, row.balance_minor) for row in ledger.totals()} == {
        ("escrow", 10_000),
        ("processor clearing", -10_000),
    }
    assert LedgerEntry.objects.count() == 2
