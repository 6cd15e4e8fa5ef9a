"""What the check tells of the books: sums by kind of account and by trade, and what is broken."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.management import call_command
from django.db import connection

from apps.core.money import EXPONENTS, Money
from apps.escrow import actions, ledger
from apps.escrow.ledger import CHART, kind_of
from apps.escrow.ledger.chain import START, Entry, Record, following
from tests.cases import decided
from tests.escrow.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(make_sale, company, moderator):
    """A sale of each kind, by how it ended."""
    sales = {name: make_sale() for name in ("open", "held", "released", "refunded", "split", "drawn")}
    sales["held"].funded()
    sales["released"].onboarded().delivered()
    actions.release(hold=sales["released"].hold, by=sales["released"].buyer)
    sales["refunded"].funded()
    actions.refund(hold=sales["refunded"].hold, by=sales["refunded"].seller)
    decided(sales["split"].disputed(), by=moderator, outcome="split", refund_minor=4000)
    payment = sales["drawn"].funded().hold.payments.get()
    case = company.dispute(payment)
    company.decide(case, won=False)
    actions.record_chargeback(stripe_id=case)
    sales["released"].settle()
    return sales


def told(sales):
    names = {str(sale.hold.pk): name for name, sale in sales.items()}
    return {names[row.hold_id]: row for row in ledger.totals_by_hold()}


def test_what_became_of_every_payment_adds_up(busy):
    rows = told(busy)
    assert {name: (row.held, row.to_seller, row.to_buyer, row.fees, row.drawn) for name, row in rows.items()} == {
        "held": (10_000, 0, 0, 0, 0),
        "released": (0, 9470, 0, 530, 0),
        "refunded": (0, 0, 10_000, 0, 0),
        "split": (0, 5682, 4000, 318, 0),
        "drawn": (0, 0, 0, 0, 10_000),
    }
    assert all(row.paid == 10_000 and row.adds_up for row in rows.values())
    assert rows["held"].cause == busy["held"].hold.cause
    assert ledger.check() == []


def test_all_kinds_of_accounts_sum_to_zero_in_every_currency(busy):
    for currency in ("JPY", "KWD"):
        ledger.post(
            kind="x", idempotency_key=currency, cause="",
            entries=[(ledger.CLEARING, Money(-7, currency)), (ledger.LOSSES, Money(7, currency))],
        )  # fmt: skip
    for currency in ("USD", "JPY", "KWD"):
        assert sum(row.balance_minor for row in ledger.totals() if row.currency == currency) == 0
    assert {row.currency for row in ledger.totals()} == {"USD", "JPY", "KWD"}
    assert {row.kind for row in ledger.totals()} <= {kind.name for kind in CHART}


def test_the_command_lists_trades(busy):
    out = io.StringIO()
    call_command("check_ledger", "--trades", stdout=out)
    text = out.getvalue()
    assert all(busy[name].hold.cause in text for name in told(busy))
    assert "$94.70" in text
    assert "Every invariant holds." in text
    out = io.StringIO()
    call_command("check_ledger", "--holds", "--json", stdout=out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [row["trade"]["cause"] for row in rows if "trade" in row] == [busy["held"].hold.cause]
    assert rows[-1]["checked"]["findings"] == []
    assert rows[-1]["checked"]["unsealed"] == rows[-1]["checked"]["transactions"]


def test_money_of_a_trade_that_went_elsewhere_is_missed(busy):
    """Balanced, above every floor, and yet stolen: the part for the seller goes to a made-up account."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("insert into escrow_ledgeraccount (code, currency, balance) values ('platform:mine', 'USD', 0)")
        cursor.execute("alter table escrow_ledgerentry disable trigger escrow_entries_append_only")
        cursor.execute(
            "update escrow_ledgerentry set account_id = (select id from escrow_ledgeraccount where code = 'platform:mine')"
            " where amount = 5682"
        )
        cursor.execute("alter table escrow_ledgerentry enable trigger escrow_entries_append_only")
    broken = {(finding.invariant, finding.subject.split(" for ")[0]) for finding in ledger.check()}
    assert (
        "what was paid for a hold is held, paid out or taken by the bank",
        f"hold {busy['split'].hold.pk}",
    ) in broken
    assert ("every account is of the chart, with its floor", "platform:mine USD") in broken


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("drop trigger escrow_entries_no_truncate on escrow_ledgerentry", "trigger escrow_entries_no_truncate"),
        ("alter table escrow_ledgerseal disable trigger escrow_seal_follows", "trigger escrow_seal_follows"),
        ("alter table escrow_ledgeraccount drop constraint account_balance_above_floor", "account_balance_above_floor"),
    ],
)
def test_a_guard_that_is_gone_is_missed(statement, missing):
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert any(missing in finding.detail for finding in ledger.check())


def test_every_account_that_we_name_is_of_the_chart():
    member = person()
    of_somebody = [
        ledger.available_account,
        ledger.held_account,
        ledger.refunds_account,
        ledger.receivable_account,
        ledger.hold_account,
    ]
    ours = ["FEES", "CLEARING", "PAYOUTS", "BANK", "PROCESSING", "CHARGEBACKS", "LOSSES"]
    names = [account(member.pk) for account in of_somebody] + [getattr(ledger, name) for name in ours]
    assert {kind_of(name) for name in names} == set(CHART)
    for name in ("hold:", "member:1:", "platform:fees:x", "member:1:2:available", ""):
        with pytest.raises(ledger.UnknownAccount):
            kind_of(name)


def test_any_currency_can_be_held_by_its_own_minor_unit():
    account, currencies = ledger.available_account("a"), sorted({"USD", "EUR", *EXPONENTS})
    ledger.post_many(
        ledger.Posting(
            "x", currency, "", [(ledger.CLEARING, Money(-place, currency)), (account, Money(place, currency))]
        )
        for place, currency in enumerate(currencies, 12_345)
    )
    for place, currency in enumerate(currencies, 12_345):
        assert ledger.balance(account, currency) == Money(place, currency)
        assert ledger.balance(ledger.CLEARING, currency) == Money(-place, currency)
    assert ledger.balance(account, "CHF") == Money(0, "CHF")


def test_no_two_contents_read_alike_in_the_chain():
    """What is moved from one field to the next is something else."""
    at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    entries = (Entry(1, "platform:fees", "USD", -5), Entry(2, "platform:bank", "USD", 5))
    records = [
        Record(1, "ab", "c", "", at, entries),
        Record(1, "a", "bc", "", at, entries),
        Record(1, "a", "b", "c", at, entries),
        Record(11, "ab", "c", "", at, entries),
        Record(1, "ab", "c", "", at, entries[::-1]),
        Record(1, "ab", "c", "", at, entries[:1]),
        Record(1, "ab", "c", "", at.replace(microsecond=1), entries),
    ]
    assert len({following(START, record) for record in records}) == len(records)
    assert following(START, records[0]) != following(b"\1" * 32, records[0])
    elsewhere = at.astimezone(dt.timezone(dt.timedelta(hours=9)))
    assert following(START, Record(1, "ab", "c", "", elsewhere, entries)) == following(START, records[0])
