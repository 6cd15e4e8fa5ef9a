"""Anybody does anything at any time, twice, in any order, while the network fails: the money is always all there."""

from __future__ import annotations

import datetime as dt
import json
import os

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.accounts.models import Role
from apps.core.errors import DomainError
from apps.core.models import AuditEntry
from apps.core.money import Money
from apps.escrow import actions, gateway, ledger
from apps.escrow.actions import settlements, webhooks
from apps.escrow.models import Dispute, Hold, Payment, Settlement
from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.desk import Switches
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.states import TERMINAL, TRANSITIONS, HoldEvent
from tests.escrow.conftest import DECLINED, VISA, Company, Sale, minor, person, receive

CARDS = [
    None,
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_authenticationRequired",
    "pm_card_visa_chargeDeclined",
    "pm_card_refundFail",
    "pm_no_such",
]
WHO = st.sampled_from(["buyer", "seller", "buyer", "seller", "moderator", "stranger"])
WHICH = st.integers(0, 2)
STEPS_OF_ONE = 40
STEPS = int(os.environ.get("MACHINE_STEPS", "800"))  # `make machine STEPS=10000` runs longer


class Market(RuleBasedStateMachine):
    """Three sales between a few people, one payment company, one clock."""

    def __init__(self) -> None:
        super().__init__()
        self.wrapping = transaction.atomic()
        self.wrapping._from_testcase = True  # as Django's own test case: `durable` means the level below
        self.wrapping.__enter__()
        self.company = Company(Sandbox(seed=1))
        self.before = gateway.use_http_client(SandboxHTTPClient(self.company.sandbox))
        self.now = timezone.now()
        self.moderator, self.stranger = person(Role.MODERATOR), person()
        buyer, seller, both = person(), person(), person()
        pairs = [(buyer, seller), (buyer, both), (both, seller)]
        self.sales = [
            Sale(self.company, buyer=one, seller=other, amount=1000 + 37 * place, fee=51)
            for place, (one, other) in enumerate(pairs)
        ]

    def teardown(self) -> None:
        try:
            self.everything_calms_down()
        finally:
            gateway.use_http_client(self.before)
            self.company.sandbox.close()
            transaction.set_rollback(True)
            self.wrapping.__exit__(None, None, None)

    def attempt(self, act, **given):
        """Do it or be refused; anything but a refusal is a fault of ours. What the caller had locked is let go."""
        try:
            with transaction.atomic():
                act(**given)
                with connection.cursor() as cursor:
                    cursor.execute("set constraints all immediate")
                    cursor.execute("set constraints all deferred")
        except (DomainError, ApiError):
            pass

    def actor(self, sale, who):
        return {"buyer": sale.buyer, "seller": sale.seller, "moderator": self.moderator}.get(who, self.stranger)

    # -- paying ----------------------------------------------------------------
    @rule(which=WHICH, who=WHO, card=st.sampled_from(CARDS))
    def start_to_pay(self, which, who, card):
        sale = self.sales[which]
        try:
            actions.start_payment(hold=sale.hold, by=self.actor(sale, who), payment_method=card, now=self.now)
        except DomainError:
            pass

    @rule(which=WHICH, card=st.sampled_from([VISA, VISA, DECLINED]), passed=st.booleans())
    def do_what_the_company_asks(self, which, card, passed):
        for payment in Payment.objects.filter(hold=self.sales[which].hold):
            try:
                if payment.checkout_id:
                    self.company.pay_on_page(payment, card)
                elif payment.intent_id:
                    self.company.answer_challenge(payment.intent_id, passed=passed)
            except (ApiError, KeyError, TypeError):
                pass  # it asks for nothing

    @rule(which=WHICH)
    def forget_an_attempt(self, which):
        """As after a crash: an attempt that is still open at the company is taken for a failed one."""
        Payment.objects.filter(hold=self.sales[which].hold, state="pending").update(state="failed")

    @rule(which=WHICH)
    def come_back_from_paying(self, which):
        for payment in Payment.objects.filter(hold=self.sales[which].hold):
            self.attempt(actions.refresh_payment, payment=payment)

    # -- the two people, moderators and passers-by -------------------------------
    @rule(which=WHICH, who=WHO, what=st.sampled_from(["mark_shipped", "mark_delivered", "release", "refund", "cancel"]))
    def act(self, which, who, what):
        sale = self.sales[which]
        self.attempt(getattr(actions, what), hold=sale.hold, by=self.actor(sale, who), now=self.now)

    @rule(which=WHICH)
    def go_the_usual_way(self, which):
        """So that the later states are met often."""
        sale = self.sales[which]
        self.attempt(actions.mark_shipped, hold=sale.hold, by=sale.seller, now=self.now)
        self.attempt(actions.mark_delivered, hold=sale.hold, by=sale.buyer, now=self.now)

    @rule(which=WHICH, who=WHO, reason=st.sampled_from(["not-received", "damaged"]))
    def dispute(self, which, who, reason):
        sale = self.sales[which]
        self.attempt(
            actions.open_dispute,
            hold=sale.hold,
            by=self.actor(sale, who),
            reason=reason,
            statement="It is not right.",
            now=self.now,
        )

    @rule(
        which=WHICH,
        who=WHO,
        what=st.sampled_from(["answer", "withdraw", "release", "refund", "split"]),
        part=st.integers(-5, 1200),
    )
    def case(self, which, who, what, part):
        sale = self.sales[which]
        for dispute in Dispute.objects.filter(hold=sale.hold):
            by = self.actor(sale, who)
            if what == "answer":
                self.attempt(actions.answer_dispute, dispute=dispute, by=by, statement="It is.", now=self.now)
            elif what == "withdraw":
                self.attempt(actions.withdraw_dispute, dispute=dispute, by=by, now=self.now)
            else:
                given = {"outcome": what, "refund_minor": part, "decision": "So be it.", "now": self.now}
                self.attempt(actions.decide_dispute, dispute=dispute, by=by, **given)

    @rule(which=WHICH, part=st.integers(0, 1200))
    def split_without_a_case(self, which, part):
        self.attempt(actions.split, hold=self.sales[which].hold, refund_minor=part, by=self.moderator, now=self.now)

    # -- the bank ----------------------------------------------------------------
    @rule(which=WHICH)
    def charge_back(self, which):
        for payment in Payment.objects.filter(hold=self.sales[which].hold).exclude(charge_id=""):
            if not any(row["charge"] == payment.charge_id for row in self.company.objects("dispute")):
                try:
                    self.company.dispute(payment)
                except ApiError:
                    pass

    @rule(won=st.booleans())
    def the_bank_decides(self, won):
        for row in self.company.objects("dispute"):
            if row["status"] not in {"won", "lost"}:
                self.company.decide(row["id"], won=won)

    # -- time, tasks, weather ------------------------------------------------------
    @rule(hours=st.sampled_from([1, 25, 80, 170, 250, 1100]))
    def time_passes(self, hours):
        self.now += dt.timedelta(hours=hours)
        self.company.sandbox.advance(hours * 3600)

    @rule()
    def the_clock_is_looked_at(self):
        actions.sweep_deadlines(now=self.now)

    @rule(number=st.integers(1, 3), order=st.randoms(use_true_random=False))
    def messages_arrive(self, number, order):
        found = []
        self.company.sandbox.deliver(lambda *each: found.append(each))
        found *= number
        order.shuffle(found)
        for each in found:
            receive(*each)

    @rule(limit=st.integers(1, 8))
    def messages_are_handled(self, limit):
        actions.handle_webhooks(limit=limit, now=self.now)

    @rule()
    def workers_settle(self):
        actions.close_abandoned()
        actions.settle_due(now=self.now)

    @rule(which=WHICH)
    def the_seller_opens_an_account(self, which):
        try:
            self.company.onboard(self.sales[which].seller)
        except DomainError:
            pass

    @rule(what=st.sampled_from(["lose_next", "fail_next", "hang_next", "lose_webhooks"]), number=st.integers(1, 5))
    def the_network_fails(self, what, number):
        setattr(self.company.sandbox.switches, what, number)

    @rule(what=st.sampled_from(["duplicate_webhooks", "reorder_webhooks", "drop_first_delivery"]), on=st.booleans())
    def the_weather_changes(self, what, on):
        setattr(self.company.sandbox.switches, what, on)

    @rule(what=st.sampled_from([settlements._claim, webhooks._claim]))
    def a_worker_dies_with_its_work_in_hand(self, what):
        what(self.now)

    # -- after the release -----------------------------------------------------------
    @rule(which=WHICH, who=WHO, part=st.integers(-5, 1200), key=st.sampled_from("abc"))
    def give_back_late(self, which, who, part, key):
        sale = self.sales[which]
        given = {"hold": sale.hold, "amount_minor": part, "request_key": key, "now": self.now}
        self.attempt(actions.give_back_late, by=self.actor(sale, who), **given)

    @rule(which=WHICH, part=st.integers(1, 1200))
    def forgive(self, which, part):
        seller = self.sales[which].seller
        self.attempt(actions.forgive, member=seller, amount=Money(part), by=self.moderator, reason="So be it.")

    @precondition(lambda self: Settlement.objects.filter(state="failed").exists())
    @rule()
    def an_operator_retries(self):
        for settlement in Settlement.objects.filter(state="failed"):
            self.attempt(actions.retry_settlement, settlement=settlement, by=self.moderator)

    # -- what must hold ------------------------------------------------------------
    @invariant()
    def the_books_are_right(self):
        assert ledger.check() == []

    @invariant()
    def nobody_is_paid_twice(self):
        """At the company: of no sale more goes to its seller than was agreed, or back to its buyer than was paid."""
        transfers, refunds = self.company.objects("transfer"), self.company.objects("refund")
        for sale in self.sales:
            hold = Hold.objects.get(pk=sale.hold.pk)
            moved = [row["amount"] for row in transfers if row["transfer_group"] == f"hold:{hold.pk}"]
            assert len(moved) <= 1
            assert sum(moved) <= hold.amount_minor - hold.refunded_minor
            for payment in hold.payments.exclude(intent_id=""):
                back = [
                    row["amount"]
                    for row in refunds
                    if row["payment_intent"] == payment.intent_id and row["status"] not in ("failed", "canceled")
                ]
                assert sum(back) <= payment.amount_minor

    @invariant()
    def a_hold_that_ended_is_empty(self):
        for hold in Hold.objects.filter(state__in=TERMINAL):
            assert minor(ledger.hold_account(hold.pk)) == 0

    def everything_calms_down(self):
        """The weather clears, every task runs: then our books and the company's say the same, to the last unit."""
        self.company.sandbox.switches = Switches()
        actions.fetch_missed(since=timezone.now() - dt.timedelta(days=4000))
        for _ in range(4):
            self.now += dt.timedelta(hours=7)
            self.company.deliver()
            actions.handle_webhooks(limit=10_000, now=self.now)
            actions.close_abandoned()
            actions.settle_due(now=self.now)
        self.company.deliver()
        for payment in Payment.objects.exclude(checkout_id="", intent_id=""):
            actions.refresh_payment(payment=payment)
        assert ledger.check() == []
        assert -minor(ledger.CLEARING) == self.at_the_company()
        for entry in AuditEntry.objects.filter(target_type="escrow.hold").exclude(action="hold.create"):
            event = HoldEvent(entry.action.removeprefix("hold."))
            assert TRANSITIONS[entry.before["state"]][event] == entry.after["state"]

    def at_the_company(self):
        """What it has for us, with what it charges for charges put back (reconciliation books that)."""
        with self.company.sandbox.lock:
            rows = self.company.sandbox.books.query(
                "SELECT body FROM objects WHERE kind = 'balance_transaction' AND account = ''"
            )
        movements = [json.loads(row[0]) for row in rows]
        return sum(row["net"] + (row["fee"] if row["type"] == "charge" else 0) for row in movements)


@pytest.mark.django_db
def test_a_bank_that_confirms_a_paid_payment_again_charges_nothing():
    market = Market()
    try:
        market.start_to_pay(card="pm_card_visa", which=1, who="buyer")
        market.do_what_the_company_asks(card=VISA, passed=True, which=1)
    finally:
        market.teardown()


@pytest.mark.django_db
def test_the_money_is_always_all_there():
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=max(STEPS // STEPS_OF_ONE, 1),
            stateful_step_count=STEPS_OF_ONE,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
