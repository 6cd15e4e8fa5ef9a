"""What the clock does, deadline by deadline, and what people may do before and after."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.utils import timezone

from apps.core.errors import Conflict, NotYours
from apps.core.models import OutboxEvent
from apps.escrow import actions, ledger, queries
from apps.escrow.models import Hold
from apps.escrow.states import HoldEvent

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


def due(key, since):
    return since + settings.TRADE_DEADLINES[key]


def overdue():
    found = OutboxEvent.objects.filter(topic="hold.overdue").order_by("sequence")
    return [row.payload["event"] for row in found]


def sweep(at):
    return dict(actions.sweep_deadlines(now=at))


def test_unpaid_is_cancelled_after_a_day(sale):
    deadline = due("pay", sale.hold.created_at)
    assert sale.hold.due_at == deadline
    assert sweep(deadline - SECOND) == {}
    assert sweep(deadline) == {"expire": 1}
    assert (sale.state, sale.hold.due_at) == ("cancelled", None)


def test_nobody_pays_after_the_deadline_even_before_the_sweep(sale):
    with pytest.raises(actions.WrongState, match="time to pay"):
        actions.start_payment(hold=sale.hold, by=sale.buyer, now=sale.hold.due_at)


def test_late_shipping_lets_the_buyer_cancel_and_then_refunds_by_itself(sale, company):
    sale.funded()
    paid = sale.hold.funded_at
    with pytest.raises(Conflict, match="still has time"):
        actions.cancel(hold=sale.hold, by=sale.buyer)
    assert HoldEvent.CANCEL not in queries.options(sale.hold, by=sale.buyer)
    assert sweep(due("ship", paid)) == {"late": 1}
    assert (sale.state, sale.hold.due_at, overdue()) == ("funded", due("ship_final", paid), ["late"])
    assert sale.hold.funded_at == paid
    assert HoldEvent.CANCEL in queries.options(sale.hold, by=sale.buyer, now=due("ship", paid))
    assert sweep(due("ship_final", paid)) == {"expire": 1}
    assert (sale.state, sale.buyers) == ("refunded", 10_000)
    sale.settle()
    assert [row["amount"] for row in company.objects("refund")] == [10_000]


def test_the_buyer_cancels_a_late_sale(sale):
    sale.funded()
    actions.cancel(hold=sale.hold, by=sale.buyer, now=due("ship", sale.hold.funded_at))
    assert (sale.state, sale.buyers) == ("refunded", 10_000)


def test_the_seller_may_cancel_at_once(sale):
    sale.funded()
    actions.cancel(hold=sale.hold, by=sale.seller)
    assert sale.state == "refunded"


def test_a_parcel_that_nobody_speaks_of_is_asked_about_claimable_and_finally_released(sale):
    sale.shipped()
    sent = sale.hold.shipped_at
    assert sweep(due("deliver", sent)) == {"ask": 1}
    assert (sale.state, sale.hold.due_at) == ("shipped", due("lost", sent))
    assert sweep(due("lost", sent)) == {"claim": 1}
    assert sweep(due("unclaimed", sent)) == {"release": 1}
    assert (sale.state, sale.sellers, overdue()) == ("released", 9470, ["ask", "claim"])


def test_a_lost_parcel_is_claimed_when_its_time_has_come(sale):
    sale.shipped()
    opens_at = due("lost", sale.hold.shipped_at)
    given = {"hold": sale.hold, "by": sale.buyer, "reason": "not-received", "statement": "Nothing came."}
    with pytest.raises(Conflict, match="still be on its way"):
        actions.open_dispute(**given, now=opens_at - SECOND)
    actions.open_dispute(**given, now=opens_at)
    assert sale.state == "disputed"


def test_silence_after_delivery_releases(sale):
    sale.delivered()
    assert sweep(due("inspect", sale.hold.delivered_at) - SECOND) == {}
    assert sweep(due("inspect", sale.hold.delivered_at)) == {"release": 1}
    assert (sale.state, sale.sellers) == ("released", 9470)


def test_a_dispute_goes_to_a_moderator_with_or_without_an_answer(make_sale):
    silent, answered = make_sale(), make_sale()
    quiet, open_case = silent.disputed(), answered.disputed()
    actions.answer_dispute(dispute=open_case, by=answered.seller, statement="They were not.")
    at = due("answer_dispute", max(quiet.created_at, open_case.created_at))
    assert sweep(at) == {"unanswered": 1}
    for case, state in ((quiet, "escalated"), (open_case, "answered")):
        case.refresh_from_db()
        assert (case.state, case.escalated_at) == (state, None)
    at = due("escalate_dispute", max(quiet.created_at, open_case.created_at))
    assert sweep(at) == {"escalate": 2}
    for each in (silent, answered):
        assert (each.state, each.hold.due_at) == ("disputed", None)
    quiet.refresh_from_db()
    assert quiet.escalated_at == at


def test_a_dispute_stops_the_clock_of_the_inspection(sale):
    sale.disputed()
    assert "release" not in sweep(due("inspect", sale.hold.delivered_at) + SECOND * 60)
    assert sale.state == "disputed"


def test_a_withdrawn_dispute_starts_the_inspection_anew(sale):
    case = sale.disputed()
    now = timezone.now() + dt.timedelta(days=2)
    actions.withdraw_dispute(dispute=case, by=sale.buyer, now=now)
    assert (sale.state, sale.hold.due_at) == ("delivered", due("inspect", now))


def test_a_clock_that_stood_still_catches_up_in_one_sweep(sale):
    sale.funded()
    assert sweep(due("ship_final", sale.hold.funded_at) + dt.timedelta(days=30)) == {"late": 1, "expire": 1}
    assert sale.state == "refunded"


def test_one_hold_that_fails_does_not_stop_the_others(make_sale):
    broken, fine = make_sale(), make_sale()
    # Something that must not be: the event of another state.
    Hold.objects.filter(pk=broken.hold.pk).update(due_event="unanswered", due_at=broken.hold.due_at - SECOND)
    assert sweep(due("pay", fine.hold.created_at)) == {"expire": 1}
    assert (broken.state, fine.state) == ("created", "cancelled")


def test_hundreds_are_swept_in_one_go(make_sale):
    sale = make_sale()
    Hold.objects.bulk_create(
        Hold(
            payer=sale.buyer,
            payee=sale.seller,
            amount_minor=100,
            fee_minor=5,
            description="x",
            cause=f"test:{number}",
            due_at=sale.hold.due_at,
            due_event="expire",
        )
        for number in range(450)
    )
    assert sweep(sale.hold.due_at) == {"expire": 451}
    assert sweep(sale.hold.due_at) == {}
    assert ledger.check() == []


def test_the_word_of_the_carrier_starts_the_inspection(sale):
    sale.shipped()
    actions.mark_delivered(hold=sale.hold, by=None)
    assert sale.state == "delivered"
    with pytest.raises(NotYours):
        actions.release(hold=sale.hold, by=sale.seller)
