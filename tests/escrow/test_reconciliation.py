"""Our books against the processor's, after everything that can happen."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.money import Money
from apps.escrow import actions, ledger
from apps.escrow.gateway.connection import client
from apps.escrow.models import Payment, Settlement
from apps.escrow.reconciliation import reconcile
from tests.cases import decided
from tests.escrow.conftest import minor

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(make_sale, company):
    """One sale each: released, refunded, split, charged back, and one still held."""
    released, refunded, split, charged, held = (make_sale() for _ in range(5))
    released.onboarded().delivered()
    actions.release(hold=released.hold, by=released.buyer)
    refunded.shipped()
    actions.refund(hold=refunded.hold, by=refunded.seller)
    case = split.onboarded().disputed()
    decided(case, by=split.judge(), outcome="split", refund_minor=2000, decision="Both.")
    charged.delivered()
    bank = company.dispute(charged.hold.payments.get())
    company.decide(bank, won=False)
    held.funded()
    held.settle()
    company.deliver()
    return released


def test_the_two_sides_agree_once_fees_are_booked(busy, company):
    report = reconcile()
    assert report.differences == []
    assert (report.booked, report.by_kind["charge"]) == (5, 5)
    assert minor(ledger.PROCESSING) == -5 * 320
    assert -minor(ledger.CLEARING) == company.balance()
    assert ledger.check() == []


def test_reconciling_again_books_nothing_more(busy):
    reconcile()
    again = reconcile()
    assert (again.booked, again.differences) == (0, [])


def test_a_window_compares_only_what_lies_in_it(busy):
    assert reconcile(since=timezone.now() - dt.timedelta(days=1)).differences == []
    assert reconcile(since=timezone.now() + dt.timedelta(days=1)).movements == 0


def test_a_payout_to_our_bank_is_booked(busy, company):
    reconcile()
    company.sandbox.advance(3 * 86_400)
    client().v1.payouts.create({"amount": 500, "currency": "usd"})
    assert reconcile().differences == []
    assert minor(ledger.BANK) == -500


def test_money_that_only_the_processor_knows_of_is_shown(busy):
    lost = Payment.objects.filter(state="succeeded").first()
    charge = lost.charge_id
    Payment.objects.filter(pk=lost.pk).update(charge_id="")
    subjects = {difference.subject for difference in reconcile().differences}
    assert charge in subjects


def test_money_that_only_we_know_of_is_shown(busy):
    Settlement.objects.filter(kind="transfer").update(stripe_id="tr_nobody")
    differences = reconcile().differences
    assert ("tr_nobody", None) in {(each.subject, each.theirs) for each in differences}


def test_a_posting_that_nothing_caused_shows_in_the_total(busy):
    ledger.post(
        kind="x", idempotency_key="x", cause="", entries=[(ledger.CLEARING, Money(-7)), (ledger.LOSSES, Money(7))]
    )
    (difference,) = reconcile().differences
    assert difference.subject == "everything together"
    assert difference.ours - difference.theirs == 7


def test_the_commands_say_what_they_found(busy, capsys):
    call_command("reconcile_payments")
    call_command("check_ledger", "--holds")
    out = capsys.readouterr().out
    assert "0 differ" in out
    assert "Every invariant holds." in out
    assert "processor clearing" in out
    ledger.post(
        kind="x", idempotency_key="x", cause="", entries=[(ledger.CLEARING, Money(-7)), (ledger.LOSSES, Money(7))]
    )
    with pytest.raises(CommandError):
        call_command("reconcile_payments")
