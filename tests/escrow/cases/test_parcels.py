"""A parcel goes before the money: back to the seller, or a replacement to the buyer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.errors import InvalidInput, NotYours
from apps.escrow import actions, ledger
from apps.escrow.cases.queries import came_back
from tests.cases import decided
from tests.escrow.conftest import minor, person

pytestmark = pytest.mark.django_db
DAYS = dt.timedelta(days=1)


@pytest.fixture
def returning(sale):
    """A moderator has it sent back first."""
    case = decided(sale.disputed(), by=sale.judge(), outcome="return")
    assert (case.state, sale.held) == ("returning", 10_000)
    return case


def test_returned_first_then_refunded(sale, returning):
    with pytest.raises(actions.WrongState):
        actions.receive_parcel(dispute=returning, by=sale.seller)
    with pytest.raises(InvalidInput):
        actions.send_parcel(dispute=returning, by=sale.buyer, tracking_number=" ")
    with pytest.raises(NotYours):
        actions.send_parcel(dispute=returning, by=sale.seller, tracking_number="1Z")
    sent = actions.send_parcel(dispute=returning, by=sale.buyer, tracking_number="1Z", carrier="UPS")
    assert actions.send_parcel(dispute=returning, by=sale.buyer, tracking_number="1Z") == sent
    for by in (sale.buyer, person(), sale.moderator):
        with pytest.raises(NotYours):
            actions.receive_parcel(dispute=returning, by=by)
    case = actions.receive_parcel(dispute=returning, by=sale.seller)
    assert (case.state, case.outcome, sale.state, sale.buyers) == ("decided", "refund", "refunded", 10_000)
    assert came_back(sale.hold.pk)
    assert ledger.check() == []


def test_not_returned_in_time_is_released(sale, returning):
    assert not actions.sweep_cases(now=timezone.now() + 4 * DAYS)
    assert actions.sweep_cases(now=timezone.now() + 6 * DAYS) == {"parcel": 1}
    returning.refresh_from_db()
    assert (returning.outcome, sale.state, sale.sellers) == ("release", "released", 9470)
    assert not came_back(sale.hold.pk)


def test_a_seller_who_says_nothing_has_received(sale, returning):
    actions.send_parcel(dispute=returning, by=sale.buyer, tracking_number="1Z")
    assert not actions.sweep_cases(now=timezone.now() + 13 * DAYS)
    assert actions.sweep_cases(now=timezone.now() + 15 * DAYS) == {"parcel": 1}
    assert (sale.state, sale.buyers) == ("refunded", 10_000)


def test_a_return_that_is_not_right_goes_to_a_moderator(sale, returning):
    actions.send_parcel(dispute=returning, by=sale.buyer, tracking_number="1Z")
    case = actions.contest_parcel(dispute=returning, by=sale.seller, statement="An empty envelope.")
    assert (case.state, sale.held) == ("escalated", 10_000)
    assert not actions.sweep_cases(now=timezone.now() + 30 * DAYS)
    case = decided(case, by=sale.judge(), outcome="release")
    assert (case.state, sale.sellers, came_back(sale.hold.pk)) == ("decided", 9470, False)


def test_both_may_agree_to_return_for_a_part(sale):
    case = sale.disputed()
    made = actions.offer(dispute=case, by=sale.seller, remedy="return", refund_minor=9000)
    actions.accept_offer(offer=made, by=sale.buyer)
    actions.send_parcel(dispute=case, by=sale.buyer, tracking_number="1Z")
    case = actions.receive_parcel(dispute=case, by=sale.seller)
    assert (case.outcome, sale.buyers, sale.sellers, minor(ledger.FEES)) == ("split", 9000, 947, 53)


def test_a_replacement_first_then_the_seller_is_paid(sale):
    case = sale.disputed()
    made = actions.offer(dispute=case, by=sale.buyer, remedy="replacement")
    actions.accept_offer(offer=made, by=sale.seller)
    with pytest.raises(NotYours):
        actions.send_parcel(dispute=case, by=sale.buyer, tracking_number="1Z")
    actions.send_parcel(dispute=case, by=sale.seller, tracking_number="1Z")
    case = actions.receive_parcel(dispute=case, by=sale.buyer)
    assert (case.outcome, sale.sellers) == ("release", 9470)


def test_no_replacement_in_time_is_a_refund(sale):
    case = sale.disputed()
    made = actions.offer(dispute=case, by=sale.seller, remedy="replacement")
    actions.accept_offer(offer=made, by=sale.buyer)
    assert actions.sweep_cases(now=timezone.now() + 6 * DAYS) == {"parcel": 1}
    assert (sale.state, sale.buyers, ledger.check()) == ("refunded", 10_000, [])


def test_the_seller_may_refund_without_waiting_for_the_parcel(sale, returning):
    actions.refund(hold=sale.hold, by=sale.seller)
    returning.refresh_from_db()
    assert (returning.state, returning.due_at, returning.parcels.get().closed_at is not None) == ("decided", None, True)
