"""Paying for a hold: cards that work or do not, 3-D Secure, the hosted page, money that comes twice or late."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.core.errors import NotYours
from apps.core.models import OutboxEvent
from apps.escrow import actions, gateway, ledger
from apps.escrow.models import Payment, Settlement
from tests.escrow.conftest import CHALLENGED, DECLINED, minor, person

pytestmark = pytest.mark.django_db
State = Payment.State


def topics():
    return list(OutboxEvent.objects.order_by("sequence").values_list("topic", flat=True))


def test_a_card_that_works_funds_the_hold(sale, company):
    payment = sale.start("pm_card_visa")
    assert (payment.state, sale.state, sale.held) == (State.SUCCEEDED, "funded", 10_000)
    assert (payment.attempt, bool(payment.charge_id), bool(payment.paid_at)) == (1, True, True)
    assert topics() == ["hold.funded"]
    assert sale.hold.due_event == "late"
    (intent,) = company.objects("payment_intent")
    assert (intent["amount"], intent["transfer_group"]) == (10_000, f"hold:{sale.hold.pk}")


def test_a_declined_card_leaves_the_hold_waiting_and_the_next_one_works(sale):
    first = sale.start("pm_card_visa_chargeDeclinedInsufficientFunds")
    assert (first.state, first.failure_code, sale.state) == (State.FAILED, "insufficient_funds", "created")
    assert "insufficient funds" in first.failure_message
    second = sale.start("pm_card_visa")
    assert (second.attempt, second.state, sale.state) == (2, State.SUCCEEDED, "funded")
    assert topics() == ["payment.failed", "hold.funded"]
    assert ledger.check() == []


def test_three_d_secure_waits_for_the_bank_and_then_funds(sale, company):
    payment = sale.start("pm_card_authenticationRequired")
    assert (payment.state, sale.state) == (State.ACTION, "created")
    assert payment.next_action_url
    assert sale.start("pm_card_authenticationRequired").pk == payment.pk
    company.answer_challenge(payment.intent_id, passed=True)
    payment = actions.refresh_payment(payment=payment)
    assert (payment.state, sale.state, payment.next_action_url) == (State.SUCCEEDED, "funded", "")


def test_three_d_secure_that_fails_can_be_tried_again(sale, company):
    payment = sale.start("pm_card_authenticationRequired")
    company.answer_challenge(payment.intent_id, passed=False)
    payment = actions.refresh_payment(payment=payment)
    assert (payment.state, sale.state) == (State.FAILED, "created")
    assert sale.start("pm_card_visa").state == State.SUCCEEDED


def test_the_hosted_page_is_opened_once_and_paid_once(sale, company):
    payment = sale.start()
    assert payment.checkout_url.startswith("http")
    assert sale.start().pk == payment.pk
    assert len(company.objects("checkout.session")) == 1
    company.pay_on_page(payment)
    payment = actions.refresh_payment(payment=payment)
    assert (payment.state, sale.state, sale.held) == (State.SUCCEEDED, "funded", 10_000)


def test_a_decline_on_the_hosted_page_leaves_it_open(sale, company):
    payment = sale.start()
    with pytest.raises(Exception, match="declined"):
        company.pay_on_page(payment, DECLINED)
    payment = actions.refresh_payment(payment=payment)
    assert (payment.state, payment.failure_code) == (State.PENDING, "generic_decline")
    company.pay_on_page(payment)
    assert actions.refresh_payment(payment=payment).state == State.SUCCEEDED
    assert topics() == ["payment.failed", "hold.funded"]


def test_three_d_secure_on_the_hosted_page(sale, company):
    payment = sale.start()
    intent = company.pay_on_page(payment, CHALLENGED)
    assert actions.refresh_payment(payment=payment).state == State.ACTION
    company.answer_challenge(intent["id"], passed=True)
    assert actions.refresh_payment(payment=payment).state == State.SUCCEEDED


def test_another_way_to_pay_closes_the_first(sale, company):
    page = sale.start()
    card = sale.start("pm_card_visa")
    page.refresh_from_db()
    assert (page.state, card.state, card.attempt) == (State.CANCELLED, State.SUCCEEDED, 2)
    assert [row["status"] for row in company.objects("checkout.session")] == ["expired"]


def test_a_page_that_was_paid_while_switching_counts(sale, company):
    page = sale.start()
    company.pay_on_page(page)
    with pytest.raises(actions.WrongState, match="paid already"):
        sale.start("pm_card_visa")
    assert (sale.state, Payment.objects.count()) == ("funded", 1)


def pay_twice(sale, company):
    """Two attempts that are both paid, as after a crash between closing one and opening the next."""
    first = sale.start()
    Payment.objects.filter(pk=first.pk).update(state=State.FAILED)
    second = sale.start()
    assert second.pk != first.pk
    company.pay_on_page(first)
    company.pay_on_page(second)


def test_who_pays_twice_gets_the_second_payment_back(sale, company):
    pay_twice(sale, company)
    company.deliver()
    states = sorted(Payment.objects.values_list("state", flat=True))
    assert (states, sale.held, sale.buyers) == ([State.RETURNED, State.SUCCEEDED], 10_000, 10_000)
    assert sale.settle() == 1
    settlement = Settlement.objects.get()
    (refund,) = company.objects("refund")
    assert (settlement.kind, refund["amount"], refund["reason"]) == ("return", 10_000, "duplicate")
    returned = Payment.objects.get(state=State.RETURNED)
    assert refund["payment_intent"] == returned.intent_id
    assert (sale.held, sale.buyers) == (10_000, 0)
    assert ledger.check() == []


def test_money_that_comes_after_the_sale_was_cancelled_goes_back(sale, company):
    payment = sale.start()
    company.pay_on_page(payment)
    actions.cancel(hold=sale.hold, by=sale.seller, reason="Sold elsewhere.")
    assert actions.close_abandoned() == 1
    payment.refresh_from_db()
    assert (payment.state, sale.state, sale.held, sale.buyers) == (State.RETURNED, "cancelled", 0, 10_000)
    sale.settle()
    assert sale.buyers == 0
    assert "payment.returned" in topics()
    assert ledger.check() == []


def test_a_cancelled_sale_closes_the_page(sale, company):
    payment = sale.start()
    actions.cancel(hold=sale.hold, by=sale.buyer)
    assert actions.close_abandoned() == 1
    payment.refresh_from_db()
    assert (payment.state, company.objects("checkout.session")[0]["status"]) == (State.CANCELLED, "expired")


def test_a_cancelled_sale_cancels_a_payment_that_waits_for_the_bank(sale, company):
    payment = sale.start("pm_card_authenticationRequired")
    actions.cancel(hold=sale.hold, by=sale.buyer)
    assert actions.close_abandoned() == 1
    payment.refresh_from_db()
    assert (payment.state, company.objects("payment_intent")[0]["status"]) == (State.CANCELLED, "canceled")


def test_a_page_that_expired_is_replaced(sale, company):
    first = sale.start()
    company.sandbox.advance(25 * 3600)
    second = sale.start()
    first.refresh_from_db()
    assert (first.state, second.attempt, bool(second.checkout_url)) == (State.CANCELLED, 2, True)


def test_an_answer_that_is_lost_charges_once(sale, company):
    company.sandbox.switches.lose_next = 1  # the library repeats the call with the same key
    assert sale.start("pm_card_visa").state == State.SUCCEEDED
    assert len(company.objects("charge")) == 1


def test_a_process_that_dies_after_asking_finds_its_payment_by_the_message(sale, company):
    """The charge was made, but its answer was never written down."""
    payment = sale.start("pm_card_authenticationRequired")
    company.answer_challenge(payment.intent_id, passed=True)
    Payment.objects.filter(pk=payment.pk).update(intent_id="", state=State.PENDING, next_action_url="")
    company.deliver()
    payment.refresh_from_db()
    assert (payment.state, sale.state, sale.held) == (State.SUCCEEDED, "funded", 10_000)


def test_when_the_company_is_down_the_attempt_is_kept_as_failed_and_another_works(sale, company):
    company.sandbox.switches.fail_next = 3
    with pytest.raises(gateway.GatewayError):
        sale.start("pm_card_visa")
    assert (Payment.objects.get().state, sale.state) == (State.FAILED, "created")
    assert sale.start("pm_card_visa").state == State.SUCCEEDED
    assert len(company.objects("charge")) == 1


def test_a_payment_of_another_amount_is_never_booked(sale, company):
    payment = sale.start()
    Payment.objects.filter(pk=payment.pk).update(amount_minor=9_999)
    company.pay_on_page(payment)
    with pytest.raises(actions.PaymentMismatch):
        actions.refresh_payment(payment=payment)
    assert (sale.state, minor(ledger.CLEARING)) == ("created", 0)


def test_only_the_buyer_pays(sale):
    for stranger in (sale.seller, person()):
        with pytest.raises(NotYours):
            actions.start_payment(hold=sale.hold, by=stranger)


def test_a_paid_sale_is_not_paid_again(sale):
    sale.funded()
    with pytest.raises(actions.WrongState, match="paid already"):
        sale.start("pm_card_visa")


def test_refreshing_again_changes_nothing(sale):
    payment = sale.start("pm_card_visa")
    for _ in range(3):
        assert actions.refresh_payment(payment=payment).state == State.SUCCEEDED
    assert (sale.held, topics()) == (10_000, ["hold.funded"])


@pytest.mark.django_db(transaction=True)
def test_the_company_is_never_asked_inside_a_transaction(sale):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        sale.start("pm_card_visa")
