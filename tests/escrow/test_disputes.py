"""Disputes between the two people, and those of a bank."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from apps.core.errors import Conflict, InvalidInput, NotYours, UnsupportedType
from apps.core.models import AuditEntry, OutboxEvent
from apps.escrow import actions, ledger
from apps.escrow.models import Chargeback, Dispute
from tests.cases import decided
from tests.escrow.conftest import minor, person

pytestmark = pytest.mark.django_db


def picture():
    file = io.BytesIO()
    Image.new("RGB", (300, 400), "crimson").save(file, "JPEG")
    file.seek(0)
    return file


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize(
    ("outcome", "refund", "buyers", "sellers", "fees"),
    [("release", None, 0, 9470, 530), ("refund", None, 10_000, 0, 0), ("split", 2500, 2500, 7103, 397)],
)
def test_a_moderator_decides_and_the_money_follows(sale, outcome, refund, buyers, sellers, fees):
    case = sale.disputed()
    case = decided(case, by=sale.judge(), outcome=outcome, refund_minor=refund, decision="As the photographs show.")
    assert (case.state, case.outcome, case.decided_by) == ("decided", outcome, sale.moderator)
    assert (sale.held, sale.buyers, sale.sellers, minor(ledger.FEES)) == (0, buyers, sellers, fees)
    topics = list(OutboxEvent.objects.order_by("sequence").values_list("topic", flat=True))
    assert topics[-2] == "dispute.decided"
    assert topics[-1] in {"hold.released", "hold.refunded", "hold.split"}
    entry = AuditEntry.objects.get(action="dispute.decided")
    assert (entry.actor_id, entry.reason) == (sale.moderator.pk, "As the photographs show.")
    assert ledger.check() == []


@pytest.mark.parametrize("refund", [None, 0, 10_000, -5])
def test_a_split_leaves_something_for_both(sale, refund):
    case = sale.disputed()
    with pytest.raises(InvalidInput):
        actions.decide_dispute(
            dispute=case, by=sale.judge(), outcome="split", refund_minor=refund, decision="Half and half."
        )
    assert sale.held == 10_000


def test_nobody_decides_in_their_own_case(sale):
    case = sale.disputed()
    for by in (sale.buyer, sale.seller, person()):
        with pytest.raises(NotYours):
            actions.decide_dispute(dispute=case, by=by, outcome="refund", decision="For me.")
    sale.buyer.role = "moderator"
    sale.buyer.save()
    with pytest.raises(NotYours):
        actions.decide_dispute(dispute=case, by=sale.buyer, outcome="refund", decision="For me.")


def test_only_the_buyer_disputes_and_only_with_the_parcel_under_way(sale):
    given = {"reason": "damaged", "statement": "Bent."}
    with pytest.raises(actions.WrongState):
        actions.open_dispute(hold=sale.hold, by=sale.buyer, **given)
    sale.shipped()
    with pytest.raises(NotYours):
        actions.open_dispute(hold=sale.hold, by=sale.seller, **given)
    with pytest.raises(InvalidInput):
        actions.open_dispute(hold=sale.hold, by=sale.buyer, reason="bored", statement="x")
    with pytest.raises(InvalidInput):
        actions.open_dispute(hold=sale.hold, by=sale.buyer, reason="damaged", statement="  ")
    actions.open_dispute(hold=sale.hold, by=sale.buyer, **given)
    with pytest.raises(actions.WrongState):
        actions.open_dispute(hold=sale.hold, by=sale.buyer, **given)


def test_the_seller_answers_once_and_a_moderator_is_next(sale):
    case = sale.disputed()
    with pytest.raises(NotYours):
        actions.answer_dispute(dispute=case, by=sale.buyer, statement="Me again.")
    case = actions.answer_dispute(dispute=case, by=sale.seller, statement="It left in mint.")
    assert (case.state, case.answer, sale.fresh().due_event) == ("answered", "It left in mint.", "escalate")
    with pytest.raises(Conflict):
        actions.answer_dispute(dispute=case, by=sale.seller, statement="And another thing.")


def test_evidence_stays_with_the_case_and_loses_its_metadata(sale):
    case = sale.disputed()
    kept = actions.add_evidence(dispute=case, by=sale.buyer, note="The upper left corner.", upload=picture())
    actions.add_evidence(dispute=case, by=sale.seller, note="The receipt of the post.")
    assert kept.file.startswith(f"evidence/{case.pk}/")
    with pytest.raises(NotYours):
        actions.add_evidence(dispute=case, by=person(), note="I saw it.")
    with pytest.raises(InvalidInput):
        actions.add_evidence(dispute=case, by=sale.buyer, note=" ")
    with pytest.raises(UnsupportedType):
        actions.add_evidence(dispute=case, by=sale.buyer, upload=io.BytesIO(b"#!/bin/sh"))
    decided(case, by=sale.judge(), outcome="refund", decision="Clear.")
    with pytest.raises(actions.WrongState):
        actions.add_evidence(dispute=case, by=sale.seller, note="Too late.")
    assert case.evidence.count() == 2


def test_the_same_evidence_twice_counts_once(sale):
    case = sale.disputed()
    first = actions.add_evidence(dispute=case, by=sale.buyer, note="The corner.", upload=picture())
    assert actions.add_evidence(dispute=case, by=sale.buyer, note="The corner.", upload=picture()) == first
    actions.add_evidence(dispute=case, by=sale.buyer, note="The corner.")
    actions.add_evidence(dispute=case, by=sale.seller, note="The corner.")
    assert case.evidence.count() == 3


def test_the_seller_gives_in(sale):
    case = sale.disputed()
    actions.refund(hold=sale.hold, by=sale.seller, reason="Fair enough.")
    case.refresh_from_db()
    assert (case.state, case.outcome, case.decided_by, sale.buyers) == ("decided", "refund", sale.seller, 10_000)


def test_the_buyer_gives_in(sale):
    case = sale.disputed()
    actions.release(hold=sale.hold, by=sale.buyer)
    case.refresh_from_db()
    assert (case.outcome, sale.sellers) == ("release", 9470)


def test_only_the_buyer_withdraws(sale):
    case = sale.disputed()
    with pytest.raises(NotYours):
        actions.withdraw_dispute(dispute=case, by=sale.seller)
    assert actions.withdraw_dispute(dispute=case, by=sale.buyer).state == Dispute.State.WITHDRAWN
    with pytest.raises(actions.WrongState):
        actions.decide_dispute(dispute=case, by=sale.judge(), outcome="refund", decision="x")


# -- the bank's ------------------------------------------------------------------


def test_a_chargeback_freezes_the_sale_until_the_bank_decides(sale, company):
    sale.delivered()
    company.dispute(sale.hold.payments.get())
    company.deliver()
    assert (sale.state, sale.held, minor(ledger.CHARGEBACKS)) == ("disputed", 10_000, -11_500)
    for act in (
        lambda: actions.release(hold=sale.hold, by=sale.buyer),
        lambda: actions.refund(hold=sale.hold, by=sale.seller),
        lambda: actions.withdraw_dispute(dispute=sale.hold.disputes.get(), by=sale.buyer),
    ):
        with pytest.raises(Conflict, match="bank"):
            act()
    assert ledger.check() == []


def test_a_lost_chargeback_takes_the_money_out_of_the_hold_and_the_fee_is_our_loss(sale, company):
    sale.delivered()
    bank = company.dispute(sale.hold.payments.get())
    company.deliver()
    company.decide(bank, won=False)
    company.deliver()
    assert (sale.state, sale.held, sale.buyers, sale.sellers) == ("refunded", 0, 0, 0)
    assert (minor(ledger.CHARGEBACKS), minor(ledger.LOSSES)) == (0, -1500)
    assert sale.hold.disputes.get().outcome == "refund"
    assert not sale.hold.settlements.exists()
    assert ledger.check() == []


def test_a_won_chargeback_leaves_the_case_to_a_moderator(sale, company):
    sale.delivered()
    bank = company.dispute(sale.hold.payments.get())
    company.deliver()
    company.decide(bank, won=True)
    company.deliver()
    assert (sale.state, sale.held, minor(ledger.CHARGEBACKS), minor(ledger.LOSSES)) == ("disputed", 10_000, 0, -1500)
    case = sale.hold.disputes.get()
    decided(case, by=sale.judge(), outcome="release", decision="The bank agreed with the seller.")
    assert (sale.state, sale.sellers, ledger.check()) == ("released", 9470, [])


def test_a_chargeback_after_the_release_is_owed_by_the_seller(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    bank = company.dispute(sale.hold.payments.get())
    company.deliver()
    assert (sale.state, minor(ledger.CHARGEBACKS)) == ("released", -11_500)
    company.decide(bank, won=False)
    company.deliver()
    assert (minor(ledger.CHARGEBACKS), minor(ledger.LOSSES)) == (0, 0)
    assert minor(ledger.receivable_account(sale.seller.pk)) == -11_500
    assert Chargeback.objects.get().state == "lost"
    assert ledger.check() == []


def test_a_chargeback_whose_first_message_was_lost_is_booked_whole(sale, company):
    sale.delivered()
    bank = company.dispute(sale.hold.payments.get())
    company.decide(bank, won=False)
    actions.record_chargeback(stripe_id=bank)
    actions.record_chargeback(stripe_id=bank)
    assert (sale.state, minor(ledger.LOSSES), ledger.check()) == ("refunded", -1500, [])
