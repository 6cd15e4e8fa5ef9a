"""What leaves a closed hold reaches the seller and the buyer, exactly once, whatever the network does."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.escrow import actions, ledger
from apps.escrow.models import SellerAccount, Settlement
from tests.cases import decided
from tests.escrow.conftest import minor

pytestmark = pytest.mark.django_db


def later(**time):
    return timezone.now() + dt.timedelta(**time)


def test_a_released_sale_pays_the_seller_less_the_fee(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    assert (sale.state, sale.held, sale.sellers, minor(ledger.FEES)) == ("released", 0, 9470, 530)
    assert sale.settle() == 1
    settlement = Settlement.objects.get(hold=sale.hold)
    account = SellerAccount.objects.get(user=sale.seller)
    assert (settlement.kind, settlement.state, sale.sellers) == ("transfer", "sent", 0)
    assert company.balance(account.stripe_id) == 9470
    (transfer,) = company.objects("transfer")
    assert transfer["source_transaction"] == sale.hold.payments.get().charge_id
    assert ledger.check() == []


def test_a_refunded_sale_gives_the_buyer_everything_back(sale, company):
    sale.shipped()
    actions.refund(hold=sale.hold, by=sale.seller, reason="It came back.")
    assert (sale.state, sale.held, sale.buyers) == ("refunded", 0, 10_000)
    assert sale.settle() == 1
    (refund,) = company.objects("refund")
    assert (refund["amount"], sale.buyers, minor(ledger.FEES)) == (10_000, 0, 0)
    assert ledger.check() == []


def test_a_split_pays_both_and_takes_the_fee_in_proportion(sale, company):
    sale.onboarded()
    dispute = sale.disputed()
    decided(dispute, by=sale.judge(), outcome="split", refund_minor=4000, decision="Half right.")
    assert (sale.state, sale.held, sale.buyers, sale.sellers) == ("split", 0, 4000, 6000 - 318)
    assert sale.settle() == 2
    assert [row["amount"] for row in company.objects("refund")] == [4000]
    assert [row["amount"] for row in company.objects("transfer")] == [5682]
    assert minor(ledger.FEES) == 318
    assert ledger.check() == []


def test_a_seller_without_a_payout_account_is_paid_once_there_is_one(sale, company):
    sale.delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    assert sale.settle() == 0
    assert Settlement.objects.get(hold=sale.hold).state == "waiting"
    assert sale.sellers == 9470
    company.onboard(sale.seller)
    company.deliver()  # account.updated
    assert actions.settle_due(now=later(seconds=1)) == 1
    assert (Settlement.objects.get(hold=sale.hold).state, sale.sellers) == ("sent", 0)


def test_an_answer_that_is_lost_does_not_send_the_money_twice(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    company.sandbox.switches.lose_next = 3  # the library itself asks three times
    assert sale.settle() == 0
    assert Settlement.objects.get(hold=sale.hold).state == "due"
    assert actions.settle_due(now=later(hours=1)) == 1
    assert [row["amount"] for row in company.objects("transfer")] == [9470]
    assert ledger.check() == []


def test_a_lost_refund_answer_is_found_again(sale, company):
    sale.funded()
    actions.cancel(hold=sale.hold, by=sale.seller, reason="Sold elsewhere.")
    company.sandbox.switches.lose_next = 3
    assert sale.settle() == 0
    assert actions.settle_due(now=later(hours=1)) == 1
    assert [row["amount"] for row in company.objects("refund")] == [10_000]


def test_what_keeps_failing_is_given_to_an_operator_who_can_retry(sale, company, moderator):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    company.sandbox.switches.fail_next = 10_000
    now = timezone.now()
    for _ in range(12):
        now += dt.timedelta(hours=7)
        assert actions.settle_due(now=now) == 0
    settlement = Settlement.objects.get(hold=sale.hold)
    assert (settlement.state, settlement.attempts) == ("failed", 12)
    assert settlement.last_error
    company.sandbox.switches.fail_next = 0
    actions.retry_settlement(settlement=settlement, by=moderator)
    assert actions.settle_due(now=later(seconds=1)) == 1
    assert ledger.check() == []


def test_a_worker_that_dies_while_sending_holds_a_settlement_back_only_for_a_lease(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    from apps.escrow.actions import settlements

    assert settlements._claim(timezone.now()) is not None  # and then the worker was killed
    assert sale.settle() == 0
    assert actions.settle_due(now=later(minutes=3)) == 1


def test_a_refund_that_the_bank_refuses_later_is_owed_again(sale, company):
    sale.funded("pm_card_refundFail")
    actions.cancel(hold=sale.hold, by=sale.seller)
    sale.settle()
    assert sale.buyers == 0
    company.sandbox.advance(3 * 86_400)
    company.deliver()
    settlement = Settlement.objects.get(hold=sale.hold)
    assert (settlement.state, sale.buyers) == ("failed", 10_000)
    assert ledger.check() == []


def test_an_account_that_was_restricted_in_the_meantime_waits(sale, company):
    sale.onboarded().delivered()
    with company.sandbox.work() as desk:
        from apps.escrow.sandbox.resources import onboarding

        account = desk.get("account", sale.seller.seller_account.stripe_id)
        onboarding.onboard(desk, account, {"outcome": "reject"})
    actions.release(hold=sale.hold, by=sale.buyer)
    assert sale.settle() == 0
    assert actions.settle_due(now=later(minutes=10)) == 0
    assert Settlement.objects.get(hold=sale.hold).state == "waiting"
