"""From agreement to the end: money held for both, parcels both ways, and every way in which it can go wrong."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.escrow import actions as escrow
from apps.escrow import ledger
from apps.inventory.models import InventoryItem
from apps.trades.swaps import cases, clock, course
from apps.trades.swaps.moves import SwapMovedOn
from tests.cases import decided
from tests.factories import make_user
from tests.trades.swaps.conftest import copies_of

pytestmark = pytest.mark.django_db


def later(**given: int) -> dt.datetime:
    return timezone.now() + dt.timedelta(**given)


def books_are_clean() -> bool:
    outbox.relay(limit=10_000)
    return ledger.check() == []


def test_newcomers_leave_what_comes_to_them_as_a_deposit(table):
    at = table(cash=1000).agree()
    assert (at.side(at.ada).hold.amount_minor, at.side(at.ada).deposit_minor) == (4000, 3000)
    assert (at.side(at.bob).hold.amount_minor, at.side(at.bob).deposit_minor) == (2000, 2000)


def test_known_members_leave_none_below_the_limit(table, settings):
    settings.NEW_SELLER_SALES = 0
    at = table().agree()
    assert at.swap.state == "under-way"
    assert at.side(at.ada).hold is at.side(at.bob).hold is None


def test_parcels_leave_once_the_money_of_both_is_held(table):
    at = table().agree()
    at.pay(at.ada)
    assert at.swap.state == "agreed"
    with pytest.raises(SwapMovedOn):
        at.ship(at.ada)
    assert at.pay(at.bob).swap.state == "under-way"


def test_both_content_the_cards_change_hands_at_their_dated_value(table):
    at = table(cash=1000).exchanged()
    course.content(swap=at.swap, by=at.ada)
    assert at.fresh().swap.state == "under-way"
    course.content(swap=at.swap, by=at.bob)
    course.content(swap=at.swap, by=at.bob)
    assert at.fresh().swap.state == "completed"
    got = InventoryItem.objects.get(owner=at.ada, variant=at.his.variant)
    assert (got.quantity, got.unit_cost_minor, at.free(at.his)) == (1, 3000, (0, 0))
    assert copies_of(at.bob, at.hers.variant_id) == 1
    fee = at.side(at.ada).hold.fee_minor
    assert at.owed(at.ada) == (3000, 0)
    assert at.owed(at.bob) == (2000, 1000 - fee)
    assert books_are_clean()


def test_silence_counts_as_content_once_the_inspection_is_over(table):
    at = table().exchanged()
    assert clock.sweep(now=later(hours=71)) == (0, 0, 0)
    assert clock.sweep(now=later(hours=73)) == (0, 0, 2)
    assert at.fresh().swap.state == "completed"


def test_either_may_cancel_while_no_parcel_has_left(table):
    at = table(cash=1000).funded()
    course.cancel(swap=at.swap, by=at.bob)
    assert (at.free(at.hers), at.free(at.his)) == ((1, 0), (1, 0))
    assert (at.owed(at.ada), at.owed(at.bob)) == ((4000, 0), (2000, 0))
    assert course.cancel(swap=at.swap, by=at.ada).state == "cancelled"
    assert books_are_clean()


def test_nobody_cancels_once_a_parcel_has_left(table):
    at = table().funded()
    at.ship(at.ada)
    with pytest.raises(SwapMovedOn):
        course.cancel(swap=at.swap, by=at.bob)


def test_money_that_does_not_come_ends_it_and_what_came_goes_back(table):
    at = table(cash=1000).agree()
    at.pay(at.ada)
    assert clock.sweep(now=later(hours=25)) == (0, 1, 0)
    assert at.fresh().swap.state == "cancelled"
    assert (at.owed(at.ada), at.free(at.his)) == ((4000, 0), (1, 0))
    assert books_are_clean()


def test_who_never_ships_pays_the_deposit_to_who_did(table):
    at = table(cash=1000).funded()
    at.ship(at.bob)
    clock.sweep(now=later(days=8))
    assert at.fresh().swap.state == "broken"
    assert at.owed(at.bob) == (2000, 3000), "his own deposit, and hers: the worth of what he sent"
    assert at.owed(at.ada) == (1000, 0), "her cash"
    assert (at.free(at.hers), at.free(at.his)) == ((1, 0), (1, 0))
    assert books_are_clean()


def test_a_parcel_that_did_arrive_is_paid_for_by_the_deposit(table):
    at = table().funded()
    at.ship(at.bob)
    at.receive(at.ada)
    clock.sweep(now=later(days=8))
    assert at.fresh().swap.state == "broken"
    assert copies_of(at.ada, at.his.variant_id) == 1
    assert copies_of(at.bob, at.hers.variant_id) == 0
    assert books_are_clean()


def test_nobody_ships_and_all_comes_back(table):
    at = table().funded()
    clock.sweep(now=later(days=8))
    assert at.fresh().swap.state == "cancelled"
    assert (at.owed(at.ada), at.owed(at.bob)) == ((3000, 0), (2000, 0))


def test_swaps_are_sent_with_tracking_and_each_side_says_its_own(table):
    at = table().funded()
    with pytest.raises(InvalidInput):
        course.ship(swap=at.swap, by=at.ada)
    with pytest.raises(NotYours):
        course.ship(swap=at.swap, by=make_user(), tracking_number="1")
    at.ship(at.ada)
    with pytest.raises(NotYours):
        course.delivered(swap=at.swap, sender_id=at.ada.pk, by=at.ada)
    course.delivered(swap=at.swap, sender_id=at.ada.pk, by=None)
    assert at.side(at.ada).delivered_at is not None


def objected(at):
    case = cases.object_to(swap=at.swap, by=at.ada, reason="not-as-described", statement="The corners are bent.")
    outbox.relay(limit=10_000)
    at.fresh()
    return case


def test_an_objection_stops_the_clocks_and_can_be_withdrawn(table):
    at = table().exchanged()
    case = objected(at)
    assert at.swap.state == "disputed"
    assert clock.sweep(now=later(days=60)) == (0, 0, 0)
    with pytest.raises(SwapMovedOn):
        course.content(swap=at.swap, by=at.bob)
    escrow.withdraw_dispute(dispute=case, by=at.ada)
    outbox.relay(limit=10_000)
    assert at.fresh().swap.state == "under-way"
    assert clock.sweep(now=later(hours=73))[2] == 2
    assert at.fresh().swap.state == "completed"


def test_who_has_not_sent_their_own_parcel_cannot_object(table):
    at = table().funded()
    at.ship(at.bob)
    at.receive(at.ada)
    with pytest.raises(Conflict):
        objected(at)


def test_a_case_won_brings_ones_money_back_and_the_others_deposit(table, moderator):
    at = table(cash=1000).exchanged()
    case = objected(at)
    escrow.answer_dispute(dispute=case, by=at.bob, statement="They were fine.")
    decided(case, by=moderator, outcome="refund", decision="The photos show it.")
    outbox.relay(limit=10_000)
    assert at.fresh().swap.state == "settled"
    assert (at.owed(at.ada), at.owed(at.bob)) == ((4000, 2000), (0, 0))
    assert (copies_of(at.ada, at.his.variant_id), copies_of(at.bob, at.hers.variant_id)) == (1, 1)
    assert books_are_clean()


def test_a_case_lost_ends_as_agreed(table, moderator):
    at = table(cash=1000).exchanged()
    case = objected(at)
    decided(case, by=moderator, outcome="release", decision="The photos show nothing.")
    outbox.relay(limit=10_000)
    assert at.fresh().swap.state == "completed"
    fee = at.side(at.ada).hold.fee_minor
    assert (at.owed(at.ada), at.owed(at.bob)) == ((3000, 0), (2000, 1000 - fee))
    assert books_are_clean()


def test_the_two_cannot_move_the_held_money_past_the_swap(table):
    at = table(cash=1000).exchanged()
    hold = at.side(at.ada).hold
    for act in (escrow.release, escrow.refund, escrow.cancel, escrow.mark_shipped):
        for person in (at.ada, at.bob):
            with pytest.raises((Conflict, NotYours)):
                act(hold=hold, by=person)
