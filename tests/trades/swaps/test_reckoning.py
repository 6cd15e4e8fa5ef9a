"""What swaps count for afterwards: how both stand, and their statements."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.accounts.standing.queries import standing_of
from apps.core import outbox
from apps.escrow.statements.periods import Period
from apps.trades.reputation.standing import refigure_all
from apps.trades.selling import statements
from apps.trades.swaps import clock, course
from apps.trades.swaps.models import Swap

pytestmark = pytest.mark.django_db
NOW = timezone.now()
COUNTED = ("sales", "paid", "good", "shipped", "quick")


def record(member) -> tuple[int, ...]:
    found = standing_of(member.pk)
    return tuple(getattr(found, name) for name in COUNTED)


def statement(member) -> statements.Sums:
    return statements.sums_of(seller=member, period=Period(NOW.year), currency="USD")


def completed(table, **given):
    at = table(**given).exchanged()
    for person in (at.ada, at.bob):
        course.content(swap=at.swap, by=person)
    outbox.relay(limit=10_000)
    return at


def test_a_kept_swap_counts_for_both_as_reliable_and_quick_but_is_no_sale(table):
    at = completed(table)
    assert record(at.ada) == record(at.bob) == (0, 1, 1, 1, 1)
    assert refigure_all() == 2
    assert record(at.ada) == (0, 1, 1, 1, 1)


def test_who_never_sends_is_less_reliable_and_the_other_is_not(table):
    at = table().funded()
    Swap.objects.filter(pk=at.swap.pk).update(funded_at=NOW - dt.timedelta(hours=100))
    at.ship(at.ada)
    clock.sweep(now=NOW + dt.timedelta(days=8))
    outbox.relay(limit=10_000)
    assert record(at.bob) == (0, 1, 0, 0, 0)
    assert record(at.ada) == (0, 0, 0, 1, 0)  # sent, though not quickly


def test_of_a_swap_the_cash_stands_in_the_statement_and_no_deposit(table):
    at = completed(table, cash=1000)
    his = statement(at.bob)
    assert (his.sales, his.cards, his.refunds) == (1, 1000, 0)
    assert his.cards + his.fees == his.earned == his.closing
    assert (his.held_in, his.held_out, his.charges) == (1000, 1000, 1)
    assert statement(at.ada).is_empty
    moved = statements.movements_of(seller=at.bob, period=Period(NOW.year), currency="USD")
    assert [(each.kind, each.cards, each.balance_change) for each in moved] == [("sale", 1000, his.earned)]
    assert statements.movements_of(seller=at.ada, period=Period(NOW.year), currency="USD") == []


def test_what_made_a_harm_good_is_what_the_cards_brought(table):
    at = table().funded()
    at.ship(at.ada)
    clock.sweep(now=NOW + dt.timedelta(days=8))
    outbox.relay(limit=10_000)
    hers = statement(at.ada)
    assert hers.closing == at.owed(at.ada)[1] > 0
    assert (hers.cards, hers.refunds, hers.held) == (hers.closing, 0, 0)
    assert statement(at.bob).is_empty
