"""Whatever is asked in whatever order: money neither appears nor vanishes, no charge gives out more than it took."""

from __future__ import annotations

import stripe
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.desk import Switches
from apps.escrow.sandbox.resources import onboarding

DAY = 86_400
CARDS = st.sampled_from(
    ["pm_card_visa", "pm_card_bypassPending", "pm_card_refundFail", "pm_card_createDispute", "pm_card_chargeDeclined"]
)
AMOUNTS = st.integers(min_value=50, max_value=20_000)


class Money(RuleBasedStateMachine):
    """Pay, refund, transfer, reverse, pay out, dispute and let time pass at random."""

    charges = Bundle("charges")
    transfers = Bundle("transfers")
    guarded = False

    @initialize()
    def open(self):
        self.sandbox = Sandbox(seed=1, clock=lambda: 1_790_000_000, switches=Switches(guard_refunds=self.guarded))
        self.v1 = stripe.StripeClient("sk_test_sandbox", http_client=SandboxHTTPClient(self.sandbox)).v1
        made = self.v1.accounts.create({"type": "express", "capabilities": {"transfers": {"requested": True}}})
        self.seller = made.id
        with self.sandbox.work() as desk:
            onboarding.onboard(desk, desk.get("account", made.id), {})

    def teardown(self):
        if hasattr(self, "sandbox"):
            self.sandbox.close()

    def attempt(self, call, *args):
        """A refusal is as good an answer as any."""
        try:
            return call(*args)
        except (stripe.CardError, stripe.InvalidRequestError):
            return None

    @rule(target=charges, amount=AMOUNTS, card=CARDS)
    def pay(self, amount, card):
        params = {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True}
        made = self.attempt(self.v1.payment_intents.create, params | {"payment_method_types": ["card"]})
        return made.latest_charge if made else "ch_none"

    @rule(charge=charges, amount=AMOUNTS)
    def refund(self, charge, amount):
        self.attempt(self.v1.refunds.create, {"charge": charge, "amount": amount})

    @rule(charge=charges)
    def refund_the_rest(self, charge):
        self.attempt(self.v1.refunds.create, {"charge": charge})

    @rule(target=transfers, charge=charges, amount=AMOUNTS)
    def transfer(self, charge, amount):
        params = {"amount": amount, "currency": "usd", "destination": self.seller, "source_transaction": charge}
        made = self.attempt(self.v1.transfers.create, params)
        return made.id if made else "tr_none"

    @rule(target=transfers, amount=AMOUNTS)
    def transfer_from_the_balance(self, amount):
        params = {"amount": amount, "currency": "usd", "destination": self.seller}
        made = self.attempt(self.v1.transfers.create, params)
        return made.id if made else "tr_none"

    @rule(transfer=transfers, amount=AMOUNTS)
    def reverse(self, transfer, amount):
        self.attempt(self.v1.transfers.reversals.create, transfer, {"amount": amount})

    @rule(amount=AMOUNTS)
    def pay_out(self, amount):
        self.attempt(self.v1.payouts.create, {"amount": amount, "currency": "usd"})

    @rule(won=st.booleans())
    def answer_the_bank(self, won):
        words = "winning_evidence" if won else "losing_evidence"
        for dispute in self.v1.disputes.list().data:
            self.attempt(self.v1.disputes.update, dispute.id, {"evidence": {"uncategorized_text": words}})

    @rule(hours=st.integers(min_value=1, max_value=60))
    def wait(self, hours):
        self.sandbox.advance(hours * 3600)

    @invariant()
    def the_movements_are_the_balance(self):
        if not hasattr(self, "sandbox"):
            return
        for account in ("", self.seller):
            options = {"stripe_account": account} if account else {}
            balance = self.v1.balance.retrieve(options=options)
            rows = list(self.v1.balance_transactions.list({"limit": 100}, options).auto_paging_iter())
            for status, shown in (("available", balance.available), ("pending", balance.pending)):
                assert sum(row.net for row in rows if row.status == status) == sum(entry.amount for entry in shown)
            assert all(row.net == row.amount - row.fee for row in rows)

    @invariant()
    def no_charge_gives_out_more_than_it_took(self):
        if not hasattr(self, "sandbox"):
            return
        books = self.sandbox.books
        for charge in books.every("charge"):
            refunds = books.every("refund", charge=charge["id"])
            given_back = sum(each["amount"] for each in refunds if each["status"] != "failed")
            sent = books.every("transfer", source_transaction=charge["id"])
            passed_on = sum(each["amount"] - each["amount_reversed"] for each in sent)
            assert given_back == charge["amount_refunded"] <= charge["amount_captured"]
            assert passed_on <= charge["amount_captured"]
            if self.guarded and not any(each["status"] == "failed" for each in refunds):
                assert given_back + passed_on <= charge["amount_captured"]

    @invariant()
    def nothing_is_lost_between_platform_and_seller(self):
        if not hasattr(self, "sandbox"):
            return
        ours = self.sandbox.books.every("balance_transaction")
        theirs = self.sandbox.books.every("balance_transaction", self.seller)
        sent = sum(each["net"] for each in ours if each["type"].startswith("transfer"))
        received = sum(each["net"] for each in theirs if each["type"] in ("payment", "payment_refund"))
        assert sent == -received


class GuardedMoney(Money):
    """The same with the guard on: what goes back and what goes on never exceed the charge together."""

    guarded = True


QUICK = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
TestMoney = Money.TestCase
TestMoney.settings = QUICK
TestGuardedMoney = GuardedMoney.TestCase
TestGuardedMoney.settings = QUICK
