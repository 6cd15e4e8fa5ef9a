"""Swaps between people who do anything, twice, in any order, at any time, with crashes between steps: nothing is lost."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.accounts.models import Role
from apps.core import outbox
from apps.core.errors import DomainError
from apps.escrow import actions as escrow
from apps.escrow import gateway, ledger
from apps.escrow.models import Dispute, Hold, Settlement
from apps.escrow.sandbox.client import SandboxHTTPClient
from apps.escrow.sandbox.company import Sandbox
from apps.escrow.states import TERMINAL
from apps.inventory.models import InventoryItem
from apps.trades.swaps import actions, cases, clock, course
from apps.trades.swaps.actions import Terms
from apps.trades.swaps.models import Side, Swap, SwapLine
from apps.trades.swaps.states import BINDING, LIVE, SwapState
from tests.factories import ADDRESS, make_user
from tests.trades.swaps.conftest import offer_for_trade

WHO = st.integers(0, 3)
WHICH = st.integers(0, 30)
VALUES = ("12.00", "30.00", None)
COPIES = 2


class Crash(Exception):
    """The process ends after the work and before the commit."""


class Swapping(RuleBasedStateMachine):
    """Three members with copies, a passer-by, a moderator, a payment company, and a clock that jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.wrapping = transaction.atomic()
        self.wrapping._from_testcase = True  # as Django's own test case: `durable` means the level below
        self.wrapping.__enter__()
        self.sandbox = Sandbox(seed=3)
        self.before = gateway.use_http_client(SandboxHTTPClient(self.sandbox))
        self.now = timezone.now()
        self.people = [make_user() for _ in range(4)]
        self.moderator = make_user(role=Role.MODERATOR)
        self.items = [
            [offer_for_trade(owner, value, quantity=COPIES) for value in VALUES[: 2 + place % 2]]
            for place, owner in enumerate(self.people[:3])
        ]
        self.copies = {item.variant_id: COPIES for pile in self.items for item in pile}

    def teardown(self) -> None:
        try:
            self.everything_calms_down()
        finally:
            gateway.use_http_client(self.before)
            self.sandbox.close()
            transaction.set_rollback(True)
            self.wrapping.__exit__(None, None, None)

    def attempt(self, act, *, crash: bool = False, **given):
        """Do it or be refused; after a crash nothing of it is there."""
        try:
            with transaction.atomic():
                act(**given)
                with connection.cursor() as cursor:
                    cursor.execute("set constraints all immediate")
                    cursor.execute("set constraints all deferred")
                if crash:
                    raise Crash
        except (DomainError, Crash):
            pass

    def some_swap(self, which: int, states=LIVE) -> Swap | None:
        swaps = list(Swap.objects.filter(state__in=states).order_by("created_at", "pk"))
        return swaps[which % len(swaps)] if swaps else None

    def somebody(self, swap: Swap, who: int):
        """Mostly one of the two."""
        return self.people[3] if who == 3 else (swap.proposer, swap.other)[who % 2]

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
        by = self.people[3] if who == 3 else swap.other
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
        escrow.settle_due(now=self.now + dt.timedelta(seconds=1))

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
        sender = swap.members[who % 2]
        by = None if who == 2 else self.somebody(swap, who + 1)
        self.attempt(course.delivered, swap=swap, sender_id=sender, by=by, now=self.now)

    @precondition(lambda self: self.some_swap(0, BINDING))
    @rule(which=WHICH, who=WHO, crash=st.booleans())
    def be_content(self, which, who, crash):
        swap = self.some_swap(which, BINDING)
        self.attempt(
            course.content, swap=swap, by=self.somebody(swap, who), now=self.now, crash=crash and which % 3 == 0
        )

    @precondition(lambda self: self.some_swap(0, [SwapState.AGREED]))
    @rule(which=WHICH, ships=st.integers(0, 2), receives=st.integers(0, 2))
    def go_the_usual_way(self, which, ships, receives):
        """So that the later states are met often."""
        swap = self.some_swap(which, [SwapState.AGREED])
        people = [swap.proposer, swap.other]
        for person in people:
            try:
                course.pay(swap=swap, by=person, payment_method="pm_card_visa")
            except DomainError:
                pass
        outbox.relay(limit=10_000)
        for person in people[:ships]:
            self.attempt(course.ship, swap=swap, by=person, tracking_number="T1", now=self.now)
        for person in people[:receives]:
            sender = swap.other_than(person.pk)
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

    @precondition(lambda self: Dispute.objects.filter(state__in=["open", "answered"]).exists())
    @rule(which=WHICH, what=st.sampled_from(["withdraw", "refund", "release", "split", "give in"]))
    def settle_a_case(self, which, what):
        cases = list(
            Dispute.objects.filter(state__in=["open", "answered"]).select_related("hold__payee").order_by("pk")
        )
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

    # -- the clock -------------------------------------------------------------
    @rule(hours=st.sampled_from([1, 25, 74, 24 * 8, 24 * 46]))
    def time_passes(self, hours):
        self.now += dt.timedelta(hours=hours)
        clock.sweep(now=self.now)
        escrow.sweep_deadlines(now=self.now)

    def everything_calms_down(self):
        """With time and a moderator everything ends, and nobody is owed twice."""
        for _ in range(12):
            outbox.relay(limit=10_000)
            for case in Dispute.objects.filter(state__in=["open", "answered"]):
                self.attempt(escrow.decide_dispute, dispute=case, by=self.moderator, outcome="refund", decision="So.")
            self.now += dt.timedelta(days=47)
            clock.sweep(now=self.now)
            escrow.sweep_deadlines(now=self.now)
        outbox.relay(limit=10_000)
        assert not Swap.objects.filter(state__in=LIVE).exists()
        assert not Hold.objects.exclude(state__in=TERMINAL).exists()
        assert not InventoryItem.objects.filter(reserved__gt=0).exists()
        self.every_copy_is_in_exactly_one_place()
        self.the_books_are_right()

    # -- always ----------------------------------------------------------------
    @invariant()
    def every_copy_is_in_exactly_one_place(self):
        owned = dict(InventoryItem.objects.values("variant").annotate(n=Sum("quantity")).values_list("variant", "n"))
        assert {variant: owned.get(variant, 0) for variant in self.copies} == self.copies
        promised = dict(
            SwapLine.objects.filter(swap__state__in=BINDING)
            .values("item")
            .annotate(n=Sum("quantity"))
            .values_list("item", "n")
        )
        reserved = dict(InventoryItem.objects.filter(reserved__gt=0).values_list("pk", "reserved"))
        assert promised == reserved

    @invariant()
    def held_money_is_that_of_open_holds(self):
        for hold in Hold.objects.all():
            held = ledger.balance(ledger.hold_account(hold.pk)).amount_minor
            assert held == (hold.amount_minor if hold.state in {"funded", "disputed"} else 0)
        ended = Side.objects.exclude(swap__state__in=LIVE).filter(hold__isnull=False).exclude(hold__state__in=TERMINAL)
        assert not ended.exists(), "money of a swap that has ended"

    @invariant()
    def the_books_are_right(self):
        assert ledger.check() == []

    @invariant()
    def nobody_gets_more_than_was_paid(self):
        for hold in Hold.objects.filter(funded_at__isnull=False):
            sums = Settlement.objects.filter(hold=hold).exclude(kind="return").aggregate(minor=Sum("amount_minor"))
            assert (sums["minor"] or 0) <= hold.amount_minor

    @invariant()
    def parcels_leave_only_when_the_money_of_both_is_held(self):
        for side in Side.objects.filter(swap__state=SwapState.UNDER_WAY, hold__isnull=False).select_related("hold"):
            assert side.hold.state in {"funded", "disputed", *TERMINAL}


@pytest.mark.django_db
def test_swaps_stay_whole_whatever_people_do():
    examples = int(os.environ.get("SWAP_EXAMPLES", "12"))
    run_state_machine_as_test(
        Swapping,
        settings=settings(
            max_examples=examples, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
