"""Swaps and rings of people who do anything, twice, in any order, at any time, with crashes between: nothing is lost."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apps.accounts.models import Role, User
from apps.core import outbox
from apps.core.errors import DomainError
from apps.escrow import actions as escrow
from apps.escrow import gateway, ledger
from apps.escrow.cases.models import ACTIVE
from apps.escrow.models import Chargeback, Dispute, Hold, Payment, Settlement, WebhookEvent
from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.desk import Switches
from apps.escrow.sandbox.errors import ApiError
from apps.escrow.states import TERMINAL
from apps.inventory.models import InventoryItem
from apps.trades.swaps import actions, cases, clock, course, rings
from apps.trades.swaps.actions import Terms
from apps.trades.swaps.models import Swap
from apps.trades.swaps.states import BINDING, LIVE, SwapState
from tests.clock import StoryClock
from tests.escrow.conftest import Company, minor, receive
from tests.factories import ADDRESS, make_user
from tests.proofs import COPIES, MONEY, Proof, books_are_right
from tests.stories import tell
from tests.trades.swaps.conftest import offer_for_trade

WHO = st.integers(0, 3)
WHICH = st.integers(0, 30)
VALUES = ("12.00", "30.00", None)
EACH = 2  # copies of each
STEPS_OF_ONE = 60
STEPS = int(os.environ.get("SWAP_STEPS", "3000"))  # `make machine STEPS=100000` runs longer

# What holds of swaps beside what holds of all money and copies; (subject, detail) for every breach.
SWAPS = {
    "money of a swap that has ended is not held": """
        select w.id::text, h.state
          from swaps_side s join swaps_swap w on w.id = s.swap_id join escrow_hold h on h.id = s.hold_id
         where w.state not in ('proposed', 'agreed', 'under-way', 'disputed')
           and h.state not in ('released', 'refunded', 'split', 'cancelled')
    """,
    "who sent a card of a ring has another card, the money for it, or a decision against them": """
        select w.id::text, side.member_id::text
          from swaps_swap w
          join swaps_side side on side.swap_id = w.id and side.delivered_at is not null
          join swaps_side gets on gets.swap_id = w.id
           and gets.member_id = case side.member_id when w.proposer_id then w.other_id when w.other_id then w.third_id
                                                    else w.proposer_id end
          join swaps_side gives on gives.swap_id = w.id and gives.member_id not in (side.member_id, gets.member_id)
          join escrow_hold h on h.id = gets.hold_id
          join escrow_hold mine on mine.id = side.hold_id
         where w.third_id is not null and w.state in ('completed', 'broken', 'settled')
           and h.state = 'refunded' and gives.delivered_at is null
           and not exists (select from escrow_dispute d where d.hold_id in (h.id, mine.id))
    """,
    "parcels leave only when the money of both is held": """
        select w.id::text, h.state
          from swaps_side s join swaps_swap w on w.id = s.swap_id join escrow_hold h on h.id = s.hold_id
         where w.state = 'under-way' and h.state = 'created'
    """,
}


class Crash(Exception):
    """The process ends after the work and before the commit."""


@dataclass(frozen=True)
class World:
    """What every story begins with: three members with copies, a passer-by, a moderator, a company that knows nobody."""

    people: tuple[User, ...]
    moderator: User
    items: tuple[tuple[InventoryItem, ...], ...]
    copies: dict[uuid.UUID, int]
    made_at: dt.datetime

    @property
    def valued(self) -> set[uuid.UUID]:
        """Printings with a fair value; the last of three has none."""
        return {item.variant_id for pile in self.items for item in pile[:2]}


def make_world() -> World:
    people = tuple(make_user() for _ in range(4))
    items = tuple(
        tuple(offer_for_trade(owner, value, quantity=EACH) for value in VALUES[: 2 + place % 2])
        for place, owner in enumerate(people[:3])
    )
    outbox.relay(limit=10_000)
    copies = {item.variant_id: EACH for pile in items for item in pile}
    return World(people, make_user(role=Role.MODERATOR), items, copies, timezone.now())


class Swapping(RuleBasedStateMachine):
    """Three members with copies, a passer-by, a moderator, a payment company, banks, and a clock that jumps."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.wrapping = transaction.atomic()
        self.wrapping._from_testcase = True  # as Django's own test case: `durable` means the level below
        self.wrapping.__enter__()
        self.clock = StoryClock(self.world.made_at).__enter__()
        self.company = Company(Sandbox(seed=3, clock=self.clock.seconds))
        self.sandbox = self.company.sandbox
        self.before = gateway.use_http_client(SandboxHTTPClient(self.sandbox))
        found = User.objects.in_bulk([person.pk for person in self.world.people])
        self.people = [found[person.pk] for person in self.world.people]
        self.moderator, self.items = self.world.moderator, self.world.items
        self.valued = self.world.valued
        self.proof = Proof("swapping", MONEY | COPIES | SWAPS, self.sandbox, self.world.copies)

    def teardown(self) -> None:
        try:
            self.everything_calms_down()
        finally:
            gateway.use_http_client(self.before)
            self.sandbox.close()
            transaction.set_rollback(True)
            self.wrapping.__exit__(None, None, None)
            self.clock.__exit__(None, None, None)

    @property
    def now(self) -> dt.datetime:
        return self.clock.now

    def attempt(self, act, *, crash: bool = False, **given):
        """Do it or be refused; after a crash nothing of it is there."""
        try:
            with transaction.atomic():
                act(**given)
                with connection.cursor() as cursor:
                    cursor.execute("set constraints all immediate; set constraints all deferred")
                if crash:
                    raise Crash
        except (DomainError, Crash):
            pass

    def some_swap(self, which: int, states=LIVE) -> Swap | None:
        swaps = list(Swap.objects.filter(state__in=states).order_by("created_at", "pk"))
        return swaps[which % len(swaps)] if swaps else None

    def somebody(self, swap: Swap, who: int):
        """Mostly one of the two or three."""
        return self.people[3] if who == 3 else swap.people[who % len(swap.people)]

    def terms(self, one: int, other: int, cash: int, copies: int) -> Terms:
        mine, theirs = self.items[one], self.items[other]
        return Terms({mine[copies % len(mine)].pk: 1 + copies % 2}, {theirs[cash % len(theirs)].pk: 1}, cash)

    # -- bargaining ------------------------------------------------------------
    @rule(pair=st.permutations([0, 1, 2]), cash=st.sampled_from([0, 0, 500, -800]), copies=WHICH, crash=st.booleans())
    def propose(self, pair, cash, copies, crash):
        one, other = pair[:2]
        self.attempt(
            actions.propose, to=self.people[other], terms=self.terms(one, other, cash, copies),
            ship_to=ADDRESS, by=self.people[one], crash=crash and copies % 3 == 0,
        )  # fmt: skip

    @rule(
        start=st.integers(0, 2), back=st.booleans(), copies=WHICH, agree=st.sampled_from([0, 1, 2, 2, 2, 2]),
        ships=st.integers(0, 3), receives=st.integers(0, 3), content=st.integers(0, 2),
    )  # fmt: skip
    def close_a_ring(self, start, back, copies, agree, ships, receives, content):
        """Proposed, and mostly brought some way at once: a ring that only waits is over soon."""
        order = [(start + (2 * step if back else step)) % 3 for step in range(3)]
        one, other, third = (self.people[place] for place in order)
        valued = [[item for item in self.items[place] if item.variant_id in self.valued] for place in order]
        piles = ({pile[copies % len(pile)].pk: 1 + copies % 2} for pile in valued)
        self.attempt(
            rings.propose_ring, other=other, third=third, terms=rings.RingTerms(*piles), ship_to=ADDRESS, by=one,
            request_key=f"ring:{start}:{back}:{copies}",
        )  # fmt: skip
        made = Swap.objects.filter(request_key=f"ring:{start}:{back}:{copies}").first()
        for person in (other, third)[:agree] if made else ():
            self.attempt(actions.agree, swap=made, ship_to=ADDRESS, by=person)
        if made and agree == 2:
            self.send_round(made, made.people, ships, receives)
            for person in made.people[:content]:
                self.attempt(course.content, swap=made, by=person, now=self.now)

    @precondition(lambda self: self.some_swap(0))
    @rule(which=WHICH, who=WHO, cash=st.sampled_from([0, 300, -300]), copies=WHICH)
    def counter(self, which, who, cash, copies):
        swap = self.some_swap(which)
        places = {person.pk: place for place, person in enumerate(self.people)}
        terms = self.terms(places[swap.other_id], places[swap.proposer_id], cash, copies)
        self.attempt(actions.counter, swap=swap, terms=terms, ship_to=ADDRESS, by=self.somebody(swap, who))

    @precondition(lambda self: self.some_swap(0))
    @rule(which=WHICH, who=WHO, what=st.sampled_from(["decline", "withdraw"]))
    def refuse(self, which, who, what):
        swap = self.some_swap(which)
        self.attempt(getattr(actions, what), swap=swap, by=self.somebody(swap, who))

    @precondition(lambda self: self.some_swap(0, [SwapState.PROPOSED]))
    @rule(which=WHICH, who=WHO, twice=st.booleans(), crash=st.booleans())
    def agree(self, which, who, twice, crash):
        swap = self.some_swap(which, [SwapState.PROPOSED])
        by = self.people[3] if who == 3 else swap.people[1 + which % (len(swap.people) - 1)]
        for _ in range(1 + twice):
            self.attempt(actions.agree, swap=swap, ship_to=ADDRESS, by=by, crash=crash and which % 3 == 0)

    # -- money -----------------------------------------------------------------
    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO, card=st.sampled_from(["pm_card_visa"] * 4 + ["pm_card_visa_chargeDeclined"]))
    def pay(self, which, who, card):
        swap = self.some_swap(which, BINDING)
        try:
            course.pay(swap=swap, by=self.somebody(swap, who), payment_method=card)
        except DomainError:
            pass

    @rule(limit=st.sampled_from([1, 3, 10_000]))
    def news_arrives(self, limit):
        outbox.relay(limit=limit)

    @rule(which=WHICH)
    def news_arrives_again(self, which):
        """Out of its time, and doubled."""
        holds = list(Hold.objects.order_by("created_at", "pk").values_list("pk", flat=True))
        if holds:
            for follow in (course.funded, cases.frozen, cases.resumed):
                self.attempt(follow, hold_id=holds[which % len(holds)], now=self.now)

    @rule()
    def money_leaves(self):
        escrow.settle_due(now=self.now)

    # -- parcels ---------------------------------------------------------------
    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO, twice=st.booleans(), crash=st.booleans())
    def ship(self, which, who, twice, crash):
        swap = self.some_swap(which, BINDING)
        for _ in range(1 + twice):
            self.attempt(
                course.ship, swap=swap, by=self.somebody(swap, who), tracking_number="T1", now=self.now,
                crash=crash and which % 3 == 0,
            )  # fmt: skip

    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO)
    def receive(self, which, who):
        swap = self.some_swap(which, BINDING)
        sender = swap.members[which % len(swap.members)]
        by = None if who == 2 else self.somebody(swap, which + 1 if who < 2 else who)
        self.attempt(course.delivered, swap=swap, sender_id=sender, by=by, now=self.now)

    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO, crash=st.booleans())
    def be_content(self, which, who, crash):
        swap = self.some_swap(which, BINDING)
        self.attempt(
            course.content, swap=swap, by=self.somebody(swap, who), now=self.now, crash=crash and which % 3 == 0
        )

    @precondition(lambda self: self.some_swap(0, [SwapState.AGREED]))
    @rule(which=WHICH, ships=st.integers(0, 3), receives=st.integers(0, 3))
    def go_the_usual_way(self, which, ships, receives):
        """So that the later states are met often."""
        swap = self.some_swap(which, [SwapState.AGREED])
        self.send_round(swap, swap.people[which % 2 :] + swap.people[: which % 2], ships, receives)

    def send_round(self, swap, people, ships, receives):
        for person in people:
            try:
                course.pay(swap=swap, by=person, payment_method="pm_card_visa")
            except DomainError:
                pass
        outbox.relay(limit=10_000)
        for person in people[:ships]:
            self.attempt(course.ship, swap=swap, by=person, tracking_number="T1", now=self.now)
        for person in people[:receives]:
            sender = swap.sender_to(person.pk)
            self.attempt(course.delivered, swap=swap, sender_id=sender, by=person, now=self.now)

    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO)
    def cancel(self, which, who):
        swap = self.some_swap(which, BINDING)
        if who != 0:
            self.attempt(course.cancel, swap=swap, by=self.somebody(swap, who), now=self.now)

    # -- cases -----------------------------------------------------------------
    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO, reason=st.sampled_from(["not-received", "damaged"]))
    def object_to(self, which, who, reason):
        swap = self.some_swap(which, BINDING)
        self.attempt(
            cases.object_to,
            swap=swap,
            by=self.somebody(swap, who),
            reason=reason,
            statement="Not right.",
            now=self.now,
        )

    @precondition(lambda self: Dispute.objects.filter(state__in=ACTIVE).exists())
    @rule(which=WHICH, what=st.sampled_from(["withdraw", "refund", "release", "split", "give in"]))
    def settle_a_case(self, which, what):
        cases = list(Dispute.objects.filter(state__in=ACTIVE).select_related("hold__payee").order_by("pk"))
        case = cases[which % len(cases)]
        if what == "withdraw":
            self.attempt(escrow.withdraw_dispute, dispute=case, by=case.opened_by, now=self.now)
        elif what == "give in":
            self.attempt(escrow.refund, hold=case.hold, by=case.hold.payee, now=self.now)
        else:
            self.attempt(
                escrow.decide_dispute, dispute=case, by=self.moderator, outcome=what, decision="So.",
                refund_minor=case.hold.amount_minor // 2 if what == "split" else None, now=self.now,
            )  # fmt: skip

    # -- banks, messages, weather ------------------------------------------------
    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH)
    def a_bank_takes_a_payment_back(self, which):
        payments = list(Payment.objects.exclude(charge_id="").order_by("created_at", "pk"))
        known = {row["charge"] for row in self.company.objects("dispute")}
        for payment in payments[which % (len(payments) or 1) :][:1]:
            if payment.charge_id not in known:
                try:
                    self.company.dispute(payment)
                except ApiError:
                    pass  # the money went back before

    @rule(won=st.booleans())
    def the_banks_decide(self, won):
        for row in self.company.objects("dispute"):
            if row["status"] not in {"won", "lost"}:
                self.company.decide(row["id"], won=won)

    @rule(number=st.integers(1, 3), order=st.randoms(use_true_random=False))
    def messages_arrive(self, number, order):
        """Each as often as `number`, in any order."""
        found = []
        self.sandbox.deliver(lambda *each: found.append(each))
        found *= number
        order.shuffle(found)
        for each in found:
            receive(*each)
        escrow.handle_webhooks(limit=10_000, now=self.now)

    @rule(
        what=st.sampled_from(["lose_webhooks", "lose_next", "fail_next", "hang_next", "duplicate_webhooks"]),
        number=st.integers(0, 4),
    )
    def the_weather_changes(self, what, number):
        setattr(self.sandbox.switches, what, bool(number) if what == "duplicate_webhooks" else number)

    @rule()
    def what_was_missed_is_asked_for(self):
        try:
            escrow.fetch_missed(since=timezone.now() - dt.timedelta(days=4000))
        except DomainError:
            pass
        escrow.handle_webhooks(limit=10_000, now=self.now)
        escrow.close_abandoned()

    # -- the clock -------------------------------------------------------------
    @rule(hours=st.sampled_from([1, 25, 74, 24 * 8, 24 * 46]))
    def time_passes(self, hours):
        self.clock.passed += dt.timedelta(hours=hours)
        clock.sweep(now=self.now)
        escrow.sweep_deadlines(now=self.now)
        escrow.sweep_cases(now=self.now)

    def everything_calms_down(self):
        """With fair weather, time and a moderator everything ends, and our books and the company's say the same."""
        self.sandbox.switches = Switches()
        self.the_banks_decide(won=False)
        escrow.fetch_missed(since=timezone.now() - dt.timedelta(days=4000))
        for _ in range(12):
            self.sandbox.deliver(receive)
            escrow.handle_webhooks(limit=10_000, now=self.now)
            outbox.relay(limit=10_000)
            for case in Dispute.objects.filter(state__in=ACTIVE):
                self.attempt(escrow.decide_dispute, dispute=case, by=self.moderator, outcome="refund", decision="So.")
            self.clock.passed += dt.timedelta(days=47)
            clock.sweep(now=self.now)
            escrow.sweep_deadlines(now=self.now)
            escrow.sweep_cases(now=self.now)
            escrow.close_abandoned()
            escrow.settle_due(now=self.now)
            if self.nothing_is_open():
                break
        for payment in Payment.objects.exclude(checkout_id="", intent_id=""):
            escrow.refresh_payment(payment=payment)
        self.sandbox.deliver(receive)
        escrow.handle_webhooks(limit=10_000, now=self.now)
        outbox.relay(limit=10_000)
        assert self.nothing_is_open()
        assert not InventoryItem.objects.filter(reserved__gt=0).exists()
        assert self.proof.findings() == []
        books_are_right()
        for state, third in set(Swap.objects.values_list("state", "third")):
            event(f"a {'ring' if third else 'swap'} that ended {state}")
        for outcome in set(Chargeback.objects.values_list("state", flat=True)):
            event(f"a chargeback that was {outcome}")
        assert -minor(ledger.CLEARING) == self.company.has_for_us()

    def nothing_is_open(self):
        return not (
            Swap.objects.filter(state__in=LIVE).exists()
            or Hold.objects.exclude(state__in=TERMINAL).exists()
            or WebhookEvent.objects.filter(handled_at=None).exists()
            or Settlement.objects.filter(state="due").exists()
        )

    # -- always ----------------------------------------------------------------
    @invariant()
    def money_and_copies_are_all_there(self):
        assert self.proof.findings() == []


@pytest.mark.django_db
def test_swaps_stay_whole_whatever_people_do(request):
    Swapping.world = make_world()
    tell(Swapping, steps=STEPS, each=STEPS_OF_ONE, request=request)
