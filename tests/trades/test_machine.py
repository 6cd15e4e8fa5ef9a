"""Anybody does anything at any time, twice, in any order, while the network fails: money and copies are always all there."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from dataclasses import dataclass, replace

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import Phase, currently_in_test_context, event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from apps.accounts.models import Role, User
from apps.core import outbox
from apps.core.errors import DomainError
from apps.core.models import AuditEntry
from apps.core.money import Money
from apps.escrow import actions, gateway, ledger
from apps.escrow.actions import settlements, webhooks
from apps.escrow.models import Chargeback, Dispute, Hold, Payment, Settlement
from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.desk import Switches
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.states import TERMINAL, TRANSITIONS, HoldEvent
from apps.listings.models import Listing
from apps.trades import actions as trades
from apps.trades.models import Trade
from tests.clock import StoryClock
from tests.escrow.conftest import DECLINED, VISA, Company, minor, receive
from tests.factories import ADDRESS, make_listing, make_user
from tests.proofs import COPIES, MONEY, Proof, books_are_right, copy_of
from tests.stories import tell
from tests.trades.case_rules import CaseRules

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
WHICH = st.integers(0, 40)
STEPS_OF_ONE = 100
STEPS = int(os.environ.get("MACHINE_STEPS", "7000"))  # `make machine STEPS=100000` runs longer


class Crash(Exception):
    """The process ends after the work and before the commit."""


@dataclass(frozen=True)
class World:
    """What every story begins with: three members, two who look on, listings, and a sale at each stage.

    So what happens late in a sale is met as often as what is early, and no story has to make it first.
    """

    people: tuple[User, ...]
    moderator: User
    stranger: User
    listings: tuple[Listing, ...]
    copies: dict[uuid.UUID, int]
    company: Sandbox
    made_at: dt.datetime


def make_world() -> World:
    people = tuple(make_user() for _ in range(3))
    listings = tuple(
        make_listing(seller, quantity=copies, price_minor=1000 + 37 * copies)
        for seller, copies in ((people[1], 3), (people[2], 5), (people[1], 8))
    )
    made = World(
        people, make_user(role=Role.MODERATOR), make_user(), listings,
        {listing.item.variant_id: listing.quantity for listing in listings}, Sandbox(seed=1), timezone.now(),
    )  # fmt: skip
    before = gateway.use_http_client(SandboxHTTPClient(made.company))
    for place, stage in enumerate(["created", "created", "funded", "shipped", "delivered", "disputed", "released"]):
        buyer = people[0] if place % 3 else people[2 - place % 2]
        listing = listings[0] if buyer != people[1] and place % 2 else listings[1]
        listing = listing if listing.seller != buyer else listings[2]
        bring_to(stage, trades.buy(listing=listing, quantity=1, ship_to=ADDRESS, by=buyer))
    outbox.relay(limit=10_000)
    gateway.use_http_client(before)
    return replace(made, made_at=timezone.now())


def bring_to(stage: str, trade: Trade) -> None:
    """As far as `stage`, the usual way."""
    hold, buyer = trade.hold, trade.buyer
    if stage != "created":
        actions.start_payment(hold=hold, by=buyer, payment_method="pm_card_visa")
    if stage in {"shipped", "delivered", "disputed", "released"}:
        actions.mark_shipped(hold=hold, by=trade.seller)
    if stage in {"delivered", "disputed", "released"}:
        actions.mark_delivered(hold=hold, by=buyer)
    if stage == "disputed":
        actions.open_dispute(hold=hold, by=buyer, reason="damaged", statement="It is not right.")
    if stage == "released":
        actions.release(hold=hold, by=buyer)


class Sale:
    """A purchase and its two sides, as they are called here."""

    def __init__(self, trade: Trade) -> None:
        self.trade, self.hold, self.buyer, self.seller = trade, trade.hold, trade.buyer, trade.seller


class Market(CaseRules, RuleBasedStateMachine):
    """Sales between a few people, one payment company, one clock."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.wrapping = transaction.atomic()
        self.wrapping._from_testcase = True  # as Django's own test case: `durable` means the level below
        self.wrapping.__enter__()
        self.clock = StoryClock(self.world.made_at).__enter__()
        self.company = Company(copy_of(self.world.company, clock=self.clock.seconds))
        self.before = gateway.use_http_client(SandboxHTTPClient(self.company.sandbox))
        # As they were when the world was made: what a story before this one learned of them was taken back.
        found = User.objects.in_bulk([person.pk for person in self.world.people])
        self.people = [found[person.pk] for person in self.world.people]
        self.moderator, self.stranger = self.world.moderator, self.world.stranger
        self.proof = Proof("market", MONEY | COPIES, self.company.sandbox, self.world.copies)
        trades_so_far = Trade.objects.select_related("hold", "buyer", "seller").order_by("created_at", "pk")
        self.sales = [Sale(trade) for trade in trades_so_far]

    def teardown(self) -> None:
        try:
            self.everything_calms_down()
        finally:
            gateway.use_http_client(self.before)
            self.company.sandbox.close()
            transaction.set_rollback(True)
            self.wrapping.__exit__(None, None, None)
            self.clock.__exit__(None, None, None)

    @property
    def now(self) -> dt.datetime:
        return self.clock.now

    def attempt(self, act, *, crash: bool = False, **given):
        """Do it or be refused; anything but a refusal is a fault of ours. What the caller had locked is let go.

        With a `crash` nothing of it is there afterwards.
        """
        try:
            with transaction.atomic():
                done = act(**given)
                with connection.cursor() as cursor:
                    cursor.execute("set constraints all immediate; set constraints all deferred")
                if crash:
                    raise Crash
            return done
        except (DomainError, ApiError, Crash):
            return None

    def actor(self, sale, who):
        return {"buyer": sale.buyer, "seller": sale.seller, "moderator": self.moderator}.get(who, self.stranger)

    # -- buying ----------------------------------------------------------------
    def buy(self, which, person, *, quantity, key, crash=False):
        given = {"listing": self.world.listings[which], "ship_to": ADDRESS, "by": self.people[person]}
        trade = self.attempt(trades.buy, quantity=quantity, request_key=key, crash=crash, **given)
        if trade is not None and all(sale.trade.pk != trade.pk for sale in self.sales):
            self.sales.append(Sale(trade))

    @rule(
        which=st.integers(0, 2), person=st.integers(0, 2), quantity=st.integers(0, 3), key=st.sampled_from("abc"),
        crash=st.booleans(),
    )  # fmt: skip
    def somebody_buys(self, which, person, quantity, key, crash):
        """The same key is a double click; each buys three times at most."""
        self.buy(which, person, quantity=quantity, key=key, crash=crash and quantity > 1)

    @rule(limit=st.sampled_from([1, 3, 10_000]))
    def news_is_carried_on(self, limit):
        """To trades, copies and listings; else they lag behind the money."""
        outbox.relay(limit=limit)

    @rule(which=WHICH, who=WHO, what=st.sampled_from(["cancel", "give_back", "ship", "confirm_delivery", "release"]))
    def in_the_trade_room(self, which, who, what):
        sale = self.sale(which)
        self.attempt(getattr(trades, what), trade=sale.trade, by=self.actor(sale, who))

    def sale(self, which):
        return self.sales[which % len(self.sales)]

    # -- paying ----------------------------------------------------------------
    @rule(which=WHICH, who=WHO, card=st.sampled_from(CARDS))
    def start_to_pay(self, which, who, card):
        sale = self.sale(which)
        try:
            actions.start_payment(hold=sale.hold, by=self.actor(sale, who), payment_method=card, now=self.now)
        except DomainError:
            pass

    @rule(which=WHICH, card=st.sampled_from([VISA, VISA, DECLINED]), passed=st.booleans())
    def do_what_the_company_asks(self, which, card, passed):
        for payment in Payment.objects.filter(hold=self.sale(which).hold):
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
        Payment.objects.filter(hold=self.sale(which).hold, state="pending").update(state="failed")

    @rule(which=WHICH)
    def come_back_from_paying(self, which):
        for payment in Payment.objects.filter(hold=self.sale(which).hold):
            self.attempt(actions.refresh_payment, payment=payment)

    # -- the two people, moderators and passers-by -------------------------------
    @rule(which=WHICH, who=WHO, what=st.sampled_from(["mark_shipped", "mark_delivered", "release", "refund", "cancel"]))
    def act(self, which, who, what):
        sale = self.sale(which)
        self.attempt(getattr(actions, what), hold=sale.hold, by=self.actor(sale, who), now=self.now)

    @rule(which=WHICH)
    def go_the_usual_way(self, which):
        """So that the later states are met often."""
        sale = self.sale(which)
        self.attempt(actions.mark_shipped, hold=sale.hold, by=sale.seller, now=self.now)
        self.attempt(actions.mark_delivered, hold=sale.hold, by=sale.buyer, now=self.now)

    @rule(which=WHICH, who=WHO, reason=st.sampled_from(["not-received", "damaged"]))
    def dispute(self, which, who, reason):
        sale = self.sale(which)
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
        sale = self.sale(which)
        for dispute in Dispute.objects.filter(hold=sale.hold):
            by = self.actor(sale, who)
            if what == "answer":
                self.attempt(actions.answer_dispute, dispute=dispute, by=by, statement="It is.", now=self.now)
            elif what == "withdraw":
                self.attempt(actions.withdraw_dispute, dispute=dispute, by=by, now=self.now)
            else:
                given = {"outcome": what, "refund_minor": part, "decision": "So be it.", "now": self.now}
                self.attempt(actions.decide_dispute, dispute=dispute, by=by, **given)

    # -- the bank ----------------------------------------------------------------
    @rule(which=WHICH)
    def charge_back(self, which):
        for payment in Payment.objects.filter(hold=self.sale(which).hold).exclude(charge_id=""):
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
        self.clock.passed += dt.timedelta(hours=hours)
        self.company.sandbox.advance(hours * 3600)

    @rule()
    def the_clock_is_looked_at(self):
        actions.sweep_deadlines(now=self.now)
        actions.sweep_cases(now=self.now)

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
            self.company.onboard(self.sale(which).seller)
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
        sale = self.sale(which)
        given = {"hold": sale.hold, "amount_minor": part, "request_key": key, "now": self.now}
        self.attempt(actions.give_back_late, by=self.actor(sale, who), **given)

    @rule(which=WHICH, part=st.integers(1, 1200))
    def forgive(self, which, part):
        seller = self.sale(which).seller
        self.attempt(actions.forgive, member=seller, amount=Money(part), by=self.moderator, reason="So be it.")

    @rule()
    def an_operator_retries(self):
        for settlement in Settlement.objects.filter(state="failed"):
            self.attempt(actions.retry_settlement, settlement=settlement, by=self.moderator)

    # -- what must hold ------------------------------------------------------------
    @invariant()
    def money_and_copies_are_all_there(self):
        assert self.proof.findings() == []

    def everything_calms_down(self):
        """The weather clears, every task runs: then our books and the company's say the same, to the last unit."""
        self.company.sandbox.switches = Switches()
        actions.fetch_missed(since=timezone.now() - dt.timedelta(days=4000))
        self.company.sandbox.deliver(receive)
        for _ in range(4):
            self.clock.passed += dt.timedelta(hours=7)
            actions.handle_webhooks(limit=10_000, now=self.now)
            actions.close_abandoned()
            actions.settle_due(now=self.now)
            if not self.company.sandbox.deliver(receive):
                break
        actions.handle_webhooks(limit=10_000, now=self.now)
        for payment in Payment.objects.exclude(checkout_id="", intent_id=""):
            actions.refresh_payment(payment=payment)
        outbox.relay(limit=10_000)
        assert self.proof.findings() == []
        books_are_right()
        if currently_in_test_context():
            self.say_how_it_ended()
        assert -minor(ledger.CLEARING) == self.company.has_for_us()
        assert not Trade.objects.filter(state="open", hold__state__in=TERMINAL).exists(), "its news was lost"
        for entry in AuditEntry.objects.filter(target_type="escrow.hold").exclude(action="hold.create"):
            happened = HoldEvent(entry.action.removeprefix("hold."))
            assert TRANSITIONS[entry.before["state"]][happened] == entry.after["state"]

    def say_how_it_ended(self):
        """For the statistics of a long run."""
        for state in set(Hold.objects.values_list("state", flat=True)):
            event(f"a hold that ended {state}")
        for outcome in set(Chargeback.objects.values_list("state", flat=True)):
            event(f"a chargeback that was {outcome}")


@pytest.fixture
def world(db):
    Market.world = make_world()
    return Market.world


def test_a_bank_that_confirms_a_paid_payment_again_charges_nothing(world):
    market = Market()
    try:
        market.start_to_pay(card="pm_card_visa", which=1, who="buyer")
        market.do_what_the_company_asks(card=VISA, passed=True, which=1)
    finally:
        market.teardown()


def test_money_and_copies_are_always_all_there(world, request):
    phases = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
    tell(Market, steps=STEPS, each=STEPS_OF_ONE, request=request, phases=phases)
