"""Bargaining by people who do anything at any time: no copy is promised twice, and there is always a next step."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.accounts.models import User
from apps.core import outbox
from apps.core.errors import DomainError
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.offers import actions, closing, queries
from apps.listings.offers.models import LIVE, STEPS, Offer, OfferState
from apps.trades import actions as trades
from apps.trades.models import Trade
from tests.factories import ADDRESS, make_listing, make_trade, make_user

COPIES = 3
PRICES = st.one_of(st.integers(100, 1999), st.integers(100, 1999), st.integers(-10, 2100))
MOSTLY_ONE = st.sampled_from([1, 1, 1, 1, 2, 3, 0, 4])
WHO = st.integers(0, 3)
WHICH = st.integers(1, 30)


class Bargaining(RuleBasedStateMachine):
    """One listing of three copies, a seller and three buyers, and a clock that jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.listing = make_listing(price_minor=2000, quantity=COPIES)
        self.people = [self.listing.seller, make_user(), make_user(), make_user()]

    def attempt(self, act, **given):
        try:
            with transaction.atomic():
                act(**given)
        except DomainError:
            pass

    def some_offer(self, which: int) -> Offer:
        """Mostly a live one."""
        live = list(Offer.objects.filter(state__in=LIVE).order_by("created_at", "pk"))
        offers = live if live and which % 5 else list(Offer.objects.order_by("created_at", "pk"))
        return offers[which % len(offers)]

    def somebody(self, offer: Offer, who: int):
        """Mostly whose turn it is."""
        return self.people[who] if who % 4 == 3 else User.objects.get(pk=offer.other_id)

    @initialize(prices=st.tuples(*[st.integers(100, 1999)] * 3), agreed=st.booleans())
    def everybody_begins_to_bargain(self, prices, agreed):
        offers = [
            actions.make_offer(listing=self.listing, by=buyer, price_minor=price)
            for buyer, price in zip(self.people[1:], prices, strict=True)
        ]
        if agreed:
            actions.accept(offer=offers[0], by=self.listing.seller)

    @rule(who=WHO, price=PRICES, quantity=MOSTLY_ONE)
    def offer(self, who, price, quantity):
        given = {"listing": self.listing, "by": self.people[who], "price_minor": price, "quantity": quantity}
        self.attempt(actions.make_offer, **given)

    @precondition(lambda self: Offer.objects.exists())
    @rule(
        step=st.sampled_from([actions.accept, actions.accept, actions.decline, actions.withdraw]),
        which=WHICH, who=WHO, twice=st.booleans(),
    )  # fmt: skip
    def step(self, step, which, who, twice):
        offer = self.some_offer(which)
        for _ in range(1 + twice):
            self.attempt(step, offer=offer, by=self.somebody(offer, who))

    @precondition(lambda self: Offer.objects.exists())
    @rule(which=WHICH, who=WHO, price=PRICES, quantity=MOSTLY_ONE)
    def counter(self, which, who, price, quantity):
        offer = self.some_offer(which)
        self.attempt(actions.counter, offer=offer, by=self.somebody(offer, who), price_minor=price, quantity=quantity)

    @precondition(lambda self: Offer.objects.filter(state="agreed").exists())
    @rule(which=WHICH, twice=st.booleans())
    def check_out(self, which, twice):
        offer = list(Offer.objects.filter(state="agreed"))[which % Offer.objects.filter(state="agreed").count()]
        for _ in range(1 + twice):
            self.attempt(trades.buy_agreed, offer=offer, ship_to=ADDRESS, by=offer.buyer)

    @rule(who=WHO)
    def buy_at_the_price(self, who):
        self.attempt(make_trade, listing=self.listing, buyer=self.people[who])

    @precondition(lambda self: Trade.objects.filter(state="open").exists())
    @rule()
    def call_a_trade_off(self):
        trade = Trade.objects.filter(state="open").first()
        self.attempt(trades.cancel, trade=trade, by=trade.buyer)

    @rule(paused=st.booleans())
    def pause(self, paused):
        self.attempt(listings.set_paused, listing=self.listing, paused=paused, by=self.listing.seller)

    @rule(hours=st.sampled_from([1, 1, 23, 49]))
    def time_passes(self, hours):
        self.age(hours)

    def age(self, hours):
        ago = dt.timedelta(hours=hours)
        Offer.objects.update(due_at=F("due_at") - ago, created_at=F("created_at") - ago)

    @rule()
    def machinery_runs(self):
        closing.sweep()
        outbox.relay()

    @invariant()
    def every_copy_is_promised_once(self):
        agreed = sum(Offer.objects.filter(state="agreed").values_list("quantity", flat=True))
        sold = sum(line.quantity for trade in Trade.objects.filter(state="open") for line in trade.lines.all())
        listing = Listing.objects.select_related("item").get(pk=self.listing.pk)
        assert listing.item.reserved == agreed + sold
        assert listing.quantity + listing.item.reserved == COPIES

    @invariant()
    def one_offer_is_live_for_each_buyer(self):
        buyers = list(Offer.objects.filter(state__in=LIVE).values_list("buyer", flat=True))
        assert len(buyers) == len(set(buyers))

    @invariant()
    def every_offer_has_a_next_step(self):
        for offer in Offer.objects.select_related("listing"):
            step = queries.next_step(offer, self.people[0])
            assert step.what
            assert (step.due_at is None) == (step.who == "nobody")
            if offer.state in LIVE and step.who != "nobody":
                assert step.due_at > timezone.now()
                both = {*queries.next_step(offer, offer.buyer).may, *queries.next_step(offer, offer.seller).may}
                assert both

    def teardown(self):
        self.age(72)
        closing.sweep()
        assert not Offer.objects.filter(state__in=LIVE).exists()
        self.every_copy_is_promised_once()


@pytest.mark.django_db
def test_no_copy_is_promised_twice_and_there_is_always_a_next_step(settings):
    settings.OFFERS = settings.OFFERS | {"tries_a_day": 50}
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9

    class InASavepoint(Bargaining):
        def __init__(self) -> None:
            self.point = transaction.savepoint()
            super().__init__()

        def teardown(self):
            try:
                super().teardown()
            finally:
                transaction.savepoint_rollback(self.point)

    run_state_machine_as_test(InASavepoint, settings=_SETTINGS)


_SETTINGS = settings(max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_what_has_ended_stays_ended():
    assert set(STEPS) == set(LIVE)
    for steps in STEPS.values():
        assert OfferState.OPEN not in steps.values()
