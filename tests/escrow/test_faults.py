"""Every kind of bad weather at the processor, over whole sales: all ends consistent, here and there."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.core.errors import DomainError
from apps.escrow import actions, ledger
from apps.escrow.models import Payment, SellerAccount, Settlement, WebhookEvent
from apps.escrow.reconciling.runs import run
from tests.escrow.conftest import receive

pytestmark = pytest.mark.django_db

WEATHER = {
    "webhooks lost": {"lose_webhooks": 10_000},
    "some webhooks lost": {"lose_webhooks": 3},
    "webhooks doubled": {"duplicate_webhooks": True},
    "webhooks late": {"late_webhooks": 3600.0},
    "webhooks out of order": {"reorder_webhooks": True},
    "the first delivery of each dropped": {"drop_first_delivery": True},
    "500 before the work": {"fail_next": 4},
    "500 after the work": {"lose_next": 4},
    "no answer after the work": {"hang_next": 4},
    "all at once": {"duplicate_webhooks": True, "reorder_webhooks": True, "lose_next": 3, "hang_next": 3},
}
CALM = {
    "lose_webhooks": 0,
    "late_webhooks": 0.0,
    "duplicate_webhooks": False,
    "reorder_webhooks": False,
    "drop_first_delivery": False,
    "fail_next": 0,
    "lose_next": 0,
    "hang_next": 0,
}


class Weather:
    """Bad weather that begins anew with every step, tasks that run in between, and a calm at the end."""

    def __init__(self, company, switches):
        self.company, self.switches = company, switches
        self.now = timezone.now()

    def set(self, switches):
        for name, value in switches.items():
            setattr(self.company.sandbox.switches, name, value)

    def step(self, act, *args, **given):
        """Do it in the bad weather, again until it is done, as a person or a task would."""
        self.set(self.switches)
        for _ in range(6):
            try:
                done = act(*args, **given)
            except DomainError as error:
                assert getattr(error, "retryable", False), error
                continue
            self.tasks()
            return done
        raise AssertionError("it was never done")

    def tasks(self):
        self.company.sandbox.deliver(receive)
        self.now += dt.timedelta(hours=7)
        actions.handle_webhooks(now=self.now)
        actions.settle_due(now=self.now)
        assert ledger.check() == []

    def calm_down(self):
        """The weather clears, every task of the schedule runs, and the two sides say the same."""
        self.set(CALM)
        SellerAccount.objects.update(refreshed_at=timezone.now() - dt.timedelta(hours=3))
        actions.fetch_missed(since=timezone.now() - dt.timedelta(hours=2))
        for _ in range(3):
            self.tasks()
            actions.close_abandoned()
        made = run(since=None)
        assert ledger.check() == []
        assert (made.error, [str(each) for each in made.differences.all()]) == ("", [])
        assert not WebhookEvent.objects.filter(handled_at=None).exists()


@pytest.fixture
def weather(request, company):
    return Weather(company, WEATHER[request.param])


AT_THE_WEBHOOKS = [name for name in WEATHER if "webhooks" in name or "dropped" in name]
AT_THE_CALLS = [name for name in WEATHER if name not in AT_THE_WEBHOOKS]


def in_weather(names):
    return pytest.mark.parametrize("weather", names, indirect=True)


@in_weather(WEATHER)
def test_a_sale_is_paid_once_and_the_seller_is_paid_once(sale, company, weather):
    weather.step(company.onboard, sale.seller)
    payment = weather.step(sale.start)
    company.pay_on_page(payment)
    weather.step(actions.refresh_payment, payment=payment)
    assert sale.state == "funded"
    actions.mark_shipped(hold=sale.hold, by=sale.seller)
    actions.mark_delivered(hold=sale.hold, by=sale.buyer)
    weather.step(actions.release, hold=sale.hold, by=sale.buyer)
    weather.calm_down()
    for _ in range(2):
        weather.tasks()
    assert Payment.objects.filter(state="succeeded").count() == 1
    assert [row["amount"] for row in company.objects("transfer")] == [9470]
    assert Settlement.objects.get().state == "sent"


@in_weather(AT_THE_CALLS)
def test_a_card_pays_once_and_is_refunded(sale, company, weather):
    assert weather.step(sale.start, "pm_card_visa").state == "succeeded"
    weather.step(actions.refund, hold=sale.fresh(), by=sale.seller)
    weather.calm_down()
    # An answer that was lost for good leaves a payment that is tried anew; the first one is found and returned.
    charges = [row for row in company.objects("charge") if row["paid"]]
    assert Payment.objects.filter(state="succeeded").count() == 1
    assert Payment.objects.filter(state="returned").count() == len(charges) - 1
    assert company.balance() == -320 * len(charges)  # what the processor keeps of each is all that it cost


@in_weather(AT_THE_WEBHOOKS)
def test_a_buyer_who_never_comes_back_has_paid_all_the_same(sale, company, weather):
    payment = weather.step(sale.start)
    company.pay_on_page(payment)
    weather.tasks()
    weather.calm_down()
    assert (sale.state, sale.held) == ("funded", 10_000)


@in_weather(AT_THE_CALLS)
def test_money_given_back_late_is_reversed_once_and_a_chargeback_ends(sale, make_sale, company, weather):
    sale.onboarded().delivered()
    weather.step(actions.release, hold=sale.hold, by=sale.buyer)
    weather.calm_down()
    given = {"hold": sale.fresh(), "by": sale.seller, "amount_minor": 2500, "request_key": "once"}
    weather.step(actions.give_back_late, **given)
    weather.step(actions.give_back_late, **given)
    weather.set(CALM)
    other = make_sale(seller=sale.seller).delivered()
    company.decide(company.dispute(other.hold.payments.get()), won=False)
    weather.step(sale.settle)
    weather.calm_down()
    assert [row["amount"] for row in company.objects("transfer_reversal")] == [2500 - 133]
    assert other.state == "refunded"
