"""A moderator decides; the money waits for the appeal; another moderator has the last word."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Role
from apps.core.errors import Conflict, NotYours
from apps.escrow import actions, ledger
from apps.escrow.cases.models import CaseEntry, CaseRuling
from tests.escrow.conftest import person

pytestmark = pytest.mark.django_db
DAYS = dt.timedelta(days=1)


def ruled(sale, outcome="refund", part=None):
    case = sale.disputed()
    return actions.decide_dispute(
        dispute=case, by=sale.judge(), outcome=outcome, refund_minor=part, decision="The corner is bent."
    )


def test_the_money_waits_until_the_time_to_appeal_is_over(sale):
    case = ruled(sale)
    assert (case.state, sale.held, sale.fresh().due_at) == ("ruled", 10_000, None)
    assert not actions.sweep_cases(now=timezone.now() + 2 * DAYS)
    assert actions.sweep_cases(now=timezone.now() + 4 * DAYS) == {"carry-out": 1}
    case.refresh_from_db()
    assert (case.state, case.decided_by, case.decision) == ("decided", sale.moderator, "The corner is bent.")
    assert (sale.held, sale.buyers, ledger.check()) == (0, 10_000, [])
    assert not actions.sweep_cases(now=timezone.now() + 9 * DAYS)


def test_the_money_moves_at_once_when_both_accept(sale):
    case = ruled(sale, "split", 4000)
    actions.accept_ruling(dispute=case, by=sale.buyer)
    actions.accept_ruling(dispute=case, by=sale.buyer)
    assert sale.held == 10_000
    case = actions.accept_ruling(dispute=case, by=sale.seller)
    assert (case.state, sale.buyers, sale.held) == ("decided", 4000, 0)


def test_an_appeal_is_decided_by_another_moderator_and_that_is_final(sale):
    case = ruled(sale)
    case = actions.appeal(dispute=case, by=sale.seller, statement="Look at the second photo.")
    assert (case.state, case.due_at) == ("appealed", None)
    assert not actions.sweep_cases(now=timezone.now() + 9 * DAYS)
    with pytest.raises(NotYours, match="another moderator"):
        actions.decide_dispute(dispute=case, by=sale.moderator, outcome="refund", decision="As I said.")
    other = person(Role.MODERATOR)
    case = actions.decide_dispute(dispute=case, by=other, outcome="release", decision="It is a shadow.")
    assert (case.state, case.outcome, case.decided_by, sale.sellers) == ("decided", "release", other, 9470)
    assert list(CaseEntry.objects.filter(dispute=case).order_by("pk").values_list("what", flat=True)) == [
        "opened",
        "ruled",
        "appealed",
        "ruled",
        "final",
        "closed",
    ]
    assert ledger.check() == []


def test_an_appeal_comes_once_in_time_and_not_from_who_accepted(sale):
    case = ruled(sale)
    actions.accept_ruling(dispute=case, by=sale.buyer)
    with pytest.raises(actions.WrongState, match="accepted"):
        actions.appeal(dispute=case, by=sale.buyer, statement="I changed my mind.")
    with pytest.raises(actions.WrongState, match="over"):
        actions.appeal(dispute=case, by=sale.seller, statement="Late.", now=timezone.now() + 4 * DAYS)
    for by in (person(), sale.moderator):
        with pytest.raises(NotYours):
            actions.appeal(dispute=case, by=by, statement="Let me.")
    actions.appeal(dispute=case, by=sale.seller, statement="No.")
    with pytest.raises(actions.WrongState):
        actions.appeal(dispute=case, by=sale.seller, statement="No!")


def test_the_database_itself_keeps_an_appeal_from_the_first_moderator(sale):
    case = ruled(sale)
    given = {"dispute": case, "by": sale.moderator, "remedy": "refund", "refund_minor": 1, "decision": "x"}
    with pytest.raises(IntegrityError, match="case_appeal_by_another_moderator"), transaction.atomic():
        CaseRuling.objects.create(**given, not_by=sale.moderator)


def test_either_side_may_give_in_after_a_ruling_but_not_withdraw(sale):
    case = ruled(sale, "release")
    with pytest.raises(actions.WrongState):
        actions.withdraw_dispute(dispute=case, by=sale.buyer)
    with pytest.raises(actions.WrongState):
        actions.offer(dispute=case, by=sale.buyer, remedy="refund")
    actions.refund(hold=sale.hold, by=sale.seller, reason="Keep it, and the money.")
    case.refresh_from_db()
    assert (case.state, case.outcome, sale.buyers) == ("decided", "refund", 10_000)


def test_a_moderator_moves_no_money_past_the_ruling(sale):
    ruled(sale)
    for act in (actions.release, actions.refund):
        with pytest.raises(NotYours):
            act(hold=sale.hold, by=sale.moderator)
    assert sale.held == 10_000


def test_a_ruling_waits_for_the_bank(sale, company):
    ruled(sale, "release")
    bank = company.dispute(sale.hold.payments.get())
    company.deliver()
    assert not actions.sweep_cases(now=timezone.now() + 4 * DAYS)
    assert sale.held == 10_000
    company.decide(bank, won=True)
    company.deliver()
    assert actions.sweep_cases(now=timezone.now() + 4 * DAYS) == {"carry-out": 1}
    assert (sale.state, sale.sellers, ledger.check()) == ("released", 9470, [])


def test_a_lost_chargeback_ends_the_case_whatever_was_ruled(sale, company):
    case = ruled(sale, "release")
    bank = company.dispute(sale.hold.payments.get())
    company.decide(bank, won=False)
    actions.record_chargeback(stripe_id=bank)
    case.refresh_from_db()
    assert (case.state, case.outcome, case.due_at, sale.held) == ("decided", "refund", None, 0)
    with pytest.raises(Conflict):
        actions.accept_ruling(dispute=case, by=sale.seller)
