"""Every day the two sides are compared; what differs is kept with what to do until it is gone or explained."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.core.errors import InvalidInput, NotYours
from apps.core.models import AuditEntry
from apps.core.money import Money
from apps.escrow import actions
from apps.escrow.gateway.connection import client as company_client
from apps.escrow.models import Payment, ReconciliationDifference, ReconciliationRun, Settlement
from apps.escrow.reconciling.advice import what_to_do
from apps.escrow.reconciling.runs import explain, run, run_daily
from apps.escrow.tasks import reconcile_daily
from tests.escrow.conftest import person
from tests.escrow.test_webhooks import waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def refunded_by_hand(sale, company):
    """Somebody gave money back in the processor's own pages."""
    sale.funded()
    company.deliver()
    company_client().v1.refunds.create({"payment_intent": Payment.objects.get().intent_id, "amount": 300})
    company.deliver()
    return ReconciliationDifference.objects


def test_a_day_on_which_both_agree(sale, company):
    sale.funded()
    company.deliver()
    reconcile_daily()
    made = ReconciliationRun.objects.get()
    assert (made.differing, made.unexplained, made.movements, made.booked, made.error) == (0, 0, 1, 1, "")
    assert made.finished_at


def test_a_difference_is_kept_once_with_what_to_do(refunded_by_hand):
    made = run(since=timezone.now() - dt.timedelta(days=8))
    again = run(since=timezone.now() - dt.timedelta(days=8))
    found = refunded_by_hand.get(subject__startswith="re_")
    assert (found.ours, found.theirs, found.first_run, found.last_run) == (None, -300, made, again)
    assert (made.differing, made.unexplained) == (1, 1)
    assert "by hand" in what_to_do(found.subject, found.ours, found.theirs)


def test_an_explained_difference_stays_explained_and_is_counted_no_more(refunded_by_hand, moderator, sale):
    run(since=None)
    for found in refunded_by_hand.all():
        with pytest.raises(NotYours):
            explain(difference=found, reason="I did it.", by=sale.buyer)
        with pytest.raises(InvalidInput):
            explain(difference=found, reason=" ", by=moderator)
        explain(difference=found, reason="Given back by telephone.", by=moderator)
    assert run(since=None).unexplained == 0
    assert {each.reason for each in refunded_by_hand.all()} == {"Given back by telephone."}
    company_client().v1.refunds.create({"payment_intent": Payment.objects.get().intent_id, "amount": 40})
    assert run(since=None).unexplained == 2  # the second refund, and other figures of everything together


def test_what_is_found_no_more_is_gone(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    company.deliver()
    known = Settlement.objects.get().stripe_id
    Settlement.objects.update(stripe_id="tr_nobody")
    assert run(since=None).differing == 2
    Settlement.objects.update(stripe_id=known)
    assert run(since=None).differing == 0
    assert not ReconciliationDifference.objects.filter(gone_at=None).exists()


def test_what_never_arrived_is_fetched_before_the_two_are_compared(sale, company):
    payment = sale.start()
    company.pay_on_page(payment)
    waiting(company)  # and nobody handed the messages on
    made = run(since=None)
    assert (sale.state, made.differing) == ("funded", 0)
    assert made.missed > 0


def test_a_processor_that_does_not_answer_leaves_its_error(sale, company):
    sale.funded()
    company.sandbox.switches.fail_next = 100
    made = run_daily()
    assert "api_error" in made.error
    assert made.finished_at is None


def test_on_sundays_everything_is_compared(sale, company):
    sunday = dt.datetime(2026, 11, 22, 4, 23, tzinfo=dt.UTC)
    assert run_daily(now=sunday).since is None
    assert run_daily(now=sunday + dt.timedelta(days=1)).since == sunday - dt.timedelta(days=7)


@pytest.mark.parametrize("begins", ["ch_1", "re_1", "tr_1", "trr_1", "du_1", "po_1", "everything together"])
@pytest.mark.parametrize(("ours", "theirs"), [(1, None), (None, 1), (1, 2)])
def test_there_is_something_to_do_about_every_difference(begins, ours, theirs):
    assert what_to_do(begins, ours, theirs)


def test_a_moderator_reads_and_explains_differences_in_the_admin(client, refunded_by_hand, sale):
    run(since=None)
    client.force_login(person(Role.MODERATOR))
    page = client.get(reverse("admin:escrow_reconciliationdifference_changelist")).content.decode()
    assert "by hand" in page
    assert "-$3.00" in page
    found = refunded_by_hand.get(subject__startswith="re_")
    address = reverse("admin:escrow_reconciliationdifference_change", args=[found.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"reason": "By telephone.", "subject": "x"}).status_code == 302
    found.refresh_from_db()
    assert (found.reason, found.subject[:3]) == ("By telephone.", "re_")
    assert found.explained_by.is_moderator
    page = client.get(reverse("admin:escrow_reconciliationrun_changelist")).content.decode()
    assert "everything" in page
    run_page = reverse("admin:escrow_reconciliationrun_change", args=[ReconciliationRun.objects.get().pk])
    shown = client.get(run_page).content.decode()
    assert "By telephone." in shown
    assert "-$3.00" in shown
    assert "_save" not in shown, "there is nothing to fill in, and so nothing to save"
    assert 'name="_save"' in client.get(address).content.decode()
    hold_page = reverse("admin:escrow_hold_change", args=[sale.hold.pk])
    assert str(Money(sale.hold.amount_minor, "USD")) in client.get(hold_page).content.decode()
    asked = reverse("admin:escrow_reconciliationrun_compare_everything")
    assert "Compare everything" in client.get(asked).content.decode()
    assert ReconciliationRun.objects.count() == 1
    assert (client.post(asked).status_code, ReconciliationRun.objects.count()) == (302, 2)
    assert AuditEntry.objects.filter(action="reconciliation.run").count() == 1
