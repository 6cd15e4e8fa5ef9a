"""Two sides settle a case between them: offers, counter-offers, and a moderator when one of them asks."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions, ledger
from apps.escrow.cases.models import CaseEntry
from tests.escrow.conftest import minor, person

pytestmark = pytest.mark.django_db
DAYS = dt.timedelta(days=1)


@pytest.fixture
def case(sale):
    """Answered: the two talk."""
    found = sale.disputed()
    return actions.answer_dispute(dispute=found, by=sale.seller, statement="They were fine.")


def logged(case):
    return list(CaseEntry.objects.filter(dispute=case).values_list("what", flat=True))


@pytest.mark.parametrize(
    ("remedy", "part", "outcome", "buyers", "sellers", "fees"),
    [
        ("split", 2500, "split", 2500, 7103, 397),
        ("refund", None, "refund", 10_000, 0, 0),
        ("release", None, "release", 0, 9470, 530),
    ],
)
def test_an_accepted_offer_moves_the_money(sale, case, remedy, part, outcome, buyers, sellers, fees):
    made = actions.offer(dispute=case, by=sale.seller, remedy=remedy, refund_minor=part)
    case = actions.accept_offer(offer=made, by=sale.buyer)
    assert (case.state, case.outcome, case.decided_by) == ("decided", outcome, sale.buyer)
    assert (sale.held, sale.buyers, sale.sellers, minor(ledger.FEES)) == (0, buyers, sellers, fees)
    assert logged(case) == ["opened", "answered", "offered", "accepted", "closed"]
    assert ledger.check() == []


def test_a_counter_voids_the_offer_before_it(sale, case):
    first = actions.offer(dispute=case, by=sale.buyer, remedy="refund")
    second = actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=1000)
    first.refresh_from_db()
    assert first.state == "countered"
    with pytest.raises(actions.WrongState):
        actions.accept_offer(offer=first, by=sale.seller)
    with pytest.raises(NotYours):
        actions.accept_offer(offer=second, by=sale.seller)
    with pytest.raises(NotYours):
        actions.accept_offer(offer=second, by=person())
    actions.decline_offer(offer=second, by=sale.buyer)
    case.refresh_from_db()
    assert (case.turn, sale.held) == (sale.seller, 10_000)
    assert logged(case)[2:] == ["offered", "countered", "declined"]


def test_a_double_click_offers_once(sale, case):
    first = actions.offer(dispute=case, by=sale.buyer, remedy="refund")
    assert actions.offer(dispute=case, by=sale.buyer, remedy="refund") == first
    assert case.offers.count() == 1


def test_the_sellers_offer_is_an_answer(sale):
    case = sale.disputed()
    actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=500, note="Sorry for the corner.")
    case.refresh_from_db()
    assert (case.state, case.answer, case.turn) == ("answered", "Sorry for the corner.", sale.buyer)


@pytest.mark.parametrize(
    ("remedy", "part"), [("split", None), ("split", 0), ("split", 10_000), ("return", 10_001), ("magic", None)]
)
def test_terms_make_sense(sale, case, remedy, part):
    with pytest.raises(InvalidInput):
        actions.offer(dispute=case, by=sale.buyer, remedy=remedy, refund_minor=part)


def test_what_never_arrived_is_not_sent_back(sale):
    sale.shipped()
    later = timezone.now() + 31 * DAYS
    case = actions.open_dispute(
        hold=sale.hold, by=sale.buyer, reason="not-received", statement="Where is it?", now=later
    )
    with pytest.raises(InvalidInput):
        actions.offer(dispute=case, by=sale.buyer, remedy="return", now=later)


def test_an_offer_that_nobody_answers_ends_by_itself(sale, case):
    made = actions.offer(dispute=case, by=sale.buyer, remedy="refund")
    later = timezone.now() + 4 * DAYS
    with pytest.raises(actions.WrongState):
        actions.accept_offer(offer=made, by=sale.seller, now=later)
    assert actions.sweep_cases(now=later) == {"offer": 1}
    made.refresh_from_db()
    assert (made.state, logged(case)[-1]) == ("expired", "expired")
    assert not actions.sweep_cases(now=later)


def test_a_moderator_comes_when_both_ask(sale, case):
    actions.ask_moderator(dispute=case, by=sale.seller)
    actions.ask_moderator(dispute=case, by=sale.seller)
    case.refresh_from_db()
    assert case.state == "answered"
    actions.ask_moderator(dispute=case, by=sale.buyer)
    case.refresh_from_db()
    assert (case.state, logged(case)[2:]) == ("escalated", ["asked", "asked", "escalated"])


def test_a_moderator_comes_when_the_others_time_is_over(sale, case):
    actions.offer(dispute=case, by=sale.buyer, remedy="refund")
    actions.ask_moderator(dispute=case, by=sale.buyer)
    assert not actions.sweep_cases(now=timezone.now() + 2 * DAYS)
    assert actions.sweep_cases(now=timezone.now() + 4 * DAYS)["escalate"] == 1
    case.refresh_from_db()
    assert case.state == "escalated"


def test_an_offer_begins_the_talks_anew(sale, case):
    actions.ask_moderator(dispute=case, by=sale.buyer)
    actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=10)
    assert "escalate" not in actions.sweep_cases(now=timezone.now() + 4 * DAYS)
    actions.ask_moderator(dispute=case, by=sale.seller, now=timezone.now() + 4 * DAYS)
    case.refresh_from_db()
    assert case.state == "escalated"


def test_they_may_agree_while_a_moderator_has_it(sale, case):
    for by in (sale.buyer, sale.seller):
        actions.ask_moderator(dispute=case, by=by)
    made = actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=5000)
    assert actions.accept_offer(offer=made, by=sale.buyer).state == "decided"


def test_strangers_and_moderators_do_not_bargain(sale, case):
    for by in (person(), sale.judge()):
        with pytest.raises(NotYours):
            actions.offer(dispute=case, by=by, remedy="refund")
        with pytest.raises(NotYours):
            actions.ask_moderator(dispute=case, by=by)


def test_nothing_is_agreed_while_a_bank_decides(sale, case, company):
    made = actions.offer(dispute=case, by=sale.seller, remedy="split", refund_minor=5000)
    company.dispute(sale.hold.payments.get())
    company.deliver()
    with pytest.raises(Conflict, match="bank"):
        actions.accept_offer(offer=made, by=sale.buyer)
    assert sale.held == 10_000


def test_the_log_cannot_be_edited(case):
    for statement in (
        "update escrow_caseentry set text = 'nothing'",
        "delete from escrow_caseentry",
        "truncate escrow_caseentry cascade",
    ):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")
            cursor.execute(statement)
    assert logged(case) == ["opened", "answered"]
