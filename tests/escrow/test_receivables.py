"""Money that goes back after the seller was paid: reversed where it still is, set off against later sales otherwise."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.core.money import Money
from apps.escrow import actions, ledger
from apps.escrow.actions.receivables import owed_by
from apps.escrow.models import Settlement
from apps.escrow.reconciliation import reconcile
from tests.escrow.conftest import minor

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_out(sale, company):
    """Released, and the transfer sent."""
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    company.deliver()
    sale.fresh()
    return sale


def give_back(sale, amount, *, by=None, key=None):
    return actions.give_back_late(
        hold=sale.hold, amount_minor=amount, by=by or sale.seller, request_key=key or str(uuid.uuid4())
    )


def owes(sale):
    return owed_by(sale.seller.pk, "USD")


def empty_payout_account(sale, company):
    """The processor has paid the seller's money out to the bank."""
    company.sandbox.advance(3 * 86_400)
    assert company.balance(sale.seller.seller_account.stripe_id) == 0


def agrees():
    assert ledger.check() == []
    assert reconcile().differences == []


def test_all_of_it_goes_back_out_of_the_sellers_payout_account(paid_out, company):
    give_back(paid_out, 10_000)
    assert (owes(paid_out), paid_out.buyers, minor(ledger.FEES)) == (9470, 10_000, 0)
    assert paid_out.settle() == 2
    assert (owes(paid_out), paid_out.buyers) == (0, 0)
    assert company.balance(paid_out.seller.seller_account.stripe_id) == 0
    assert [row["amount"] for row in company.objects("refund")] == [10_000]
    assert [row["amount"] for row in company.objects("transfer_reversal")] == [9470]
    agrees()


def test_parts_go_back_until_nothing_is_left_and_the_fee_with_them(paid_out, company):
    for part in (3333, 3333, 3334):
        give_back(paid_out, part)
        assert ledger.check() == []
    with pytest.raises(InvalidInput):
        give_back(paid_out, 1)
    paid_out.settle()
    assert (owes(paid_out), minor(ledger.FEES)) == (0, 0)
    assert sum(row["amount"] for row in company.objects("transfer_reversal")) == 9470
    agrees()


def test_the_same_request_twice_gives_back_once(paid_out, company):
    assert give_back(paid_out, 500, key="one") == give_back(paid_out, 500, key="one")
    paid_out.settle()
    assert [row["amount"] for row in company.objects("refund")] == [500]


def test_what_was_paid_out_already_is_kept_from_the_next_sale(paid_out, company, make_sale):
    empty_payout_account(paid_out, company)
    give_back(paid_out, 4000)
    paid_out.settle()
    assert owes(paid_out) == 4000 - 212
    assert Settlement.objects.get(kind="reversal").state == "netted"
    following = make_sale(seller=paid_out.seller).delivered()
    actions.release(hold=following.hold, by=following.buyer)
    following.settle()
    sent = following.hold.settlements.get()
    assert (sent.state, sent.recovered_minor, sent.sent_minor) == ("sent", 3788, 9470 - 3788)
    assert owes(paid_out) == 0
    agrees()


def test_a_debt_larger_than_a_sale_is_kept_from_several(paid_out, company, make_sale):
    empty_payout_account(paid_out, company)
    give_back(paid_out, 10_000)
    paid_out.settle()
    states = []
    for amount in (6000, 6000):
        one = make_sale(seller=paid_out.seller, amount=amount, fee=0).delivered()
        actions.release(hold=one.hold, by=one.buyer)
        one.settle()
        states.append((one.hold.settlements.get().state, one.hold.settlements.get().sent_minor))
    assert states == [("netted", 0), ("sent", 12_000 - 9470)]
    assert owes(paid_out) == 0
    agrees()


def test_a_transfer_that_was_not_sent_yet_pays_for_what_goes_back(sale, company):
    sale.delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    sale.settle()
    give_back(sale, 2000)
    sale.onboarded()
    sale.settle()
    assert (owes(sale), sale.hold.settlements.get(kind="transfer").sent_minor) == (0, 9470 - (2000 - 106))
    agrees()


def test_a_payment_that_the_bank_takes_back_after_the_release_is_owed_with_the_banks_fee(paid_out, company, client):
    company.decide(company.dispute(paid_out.hold.payments.get()), won=False)
    company.deliver()
    assert owes(paid_out) == 10_000 + 1500
    paid_out.settle()
    assert owes(paid_out) == 11_500 - 9470
    client.force_login(paid_out.seller)
    assert "You owe us $20.30" in client.get(reverse("onboarding")).content.decode()
    agrees()


def test_nothing_is_passed_on_while_the_bank_decides(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    case = company.dispute(sale.hold.payments.get())
    company.deliver()
    assert sale.settle() == 0
    company.decide(case, won=True)
    company.deliver()
    assert sale.settle() == 1
    agrees()


def test_a_payment_lost_before_the_transfer_is_taken_out_of_it(sale, company):
    sale.onboarded().delivered()
    actions.release(hold=sale.hold, by=sale.buyer)
    company.decide(company.dispute(sale.hold.payments.get()), won=False)
    company.deliver()
    sale.settle()
    assert (sale.hold.settlements.get().state, owes(sale)) == ("netted", 11_500 - 9470)
    assert company.objects("transfer") == []
    agrees()


@pytest.mark.parametrize("switch", ["lose_next", "fail_next", "hang_next"])
def test_a_reversal_is_made_once_whatever_the_network_does(paid_out, company, switch):
    give_back(paid_out, 5000)
    setattr(company.sandbox.switches, switch, 7)
    for hours in range(1, 40, 7):
        actions.settle_due(now=timezone.now() + dt.timedelta(hours=hours))
    assert [row["amount"] for row in company.objects("transfer_reversal")] == [5000 - 265]
    assert [row["amount"] for row in company.objects("refund")] == [5000]
    agrees()


def test_who_may_give_back_and_when(sale, paid_out, company, moderator):
    with pytest.raises(NotYours):
        give_back(paid_out, 100, by=paid_out.buyer)
    give_back(paid_out, 100, by=moderator)
    with pytest.raises(actions.WrongState):
        actions.give_back_late(
            hold=paid_out.hold,
            amount_minor=100,
            by=paid_out.seller,
            request_key="late",
            now=timezone.now() + dt.timedelta(days=121),
        )
    company.dispute(paid_out.hold.payments.get())
    company.deliver()
    with pytest.raises(Conflict):
        give_back(paid_out, 100)


def test_a_moderator_lets_a_seller_off_a_debt(paid_out, company, moderator):
    empty_payout_account(paid_out, company)
    give_back(paid_out, 4000)
    paid_out.settle()
    given = {"member": paid_out.seller, "reason": "Sent in good faith."}
    with pytest.raises(NotYours):
        actions.forgive(amount=Money(100), by=paid_out.seller, **given)
    with pytest.raises(Conflict):
        actions.forgive(amount=Money(3789), by=moderator, **given)
    actions.forgive(amount=Money(3788), by=moderator, **given)
    assert (owes(paid_out), minor(ledger.LOSSES)) == (0, -3788)
    agrees()
