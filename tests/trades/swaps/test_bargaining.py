"""Propose, counter, agree, decline, withdraw, expire: and that no copy is promised twice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from apps.accounts.blocks import actions as blocks
from apps.accounts.blocks.queries import Blocked
from apps.accounts.restrictions.actions import restrict
from apps.accounts.restrictions.queries import Restricted
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.listings.wants.models import Have
from apps.trades.swaps import actions, clock, queries
from apps.trades.swaps.actions import NotFree, SwapEnded, Terms
from apps.trades.swaps.models import Swap
from apps.trades.swaps.states import STEPS
from tests.factories import ADDRESS, make_item, make_listing, make_price, make_user

pytestmark = pytest.mark.django_db


def test_a_proposal_keeps_the_fair_values_of_its_day(table):
    at = table().propose()
    line = at.swap.lines.get(giver=at.ada)
    make_price(at.hers.variant, "99.00", condition="LP")
    assert (line.value_minor, line.low_minor, line.high_minor) == (2000, 1800, 2200)
    assert queries.balance_for(at.swap, at.ada.pk).difference == 1000
    assert queries.balance_for(at.swap, at.bob.pk).difference == -1000


def test_nothing_is_reserved_before_both_agree(table):
    at = table().propose()
    assert at.free(at.hers) == (1, 0)
    at.agree()
    assert at.free(at.hers) == at.free(at.his) == (1, 1)


def test_a_counter_ends_the_former_proposal_and_turns_the_table(table):
    at = table().propose()
    terms = Terms(gives={at.his.pk: 1}, takes={at.hers.pk: 1}, cash_minor=-1000)
    made = actions.counter(swap=at.swap, terms=terms, ship_to=ADDRESS, by=at.bob)
    assert at.fresh().swap.state == "countered"
    assert (made.proposer, made.other, made.cash_from(at.ada.pk)) == (at.bob, at.ada, 1000)
    assert actions.counter(swap=at.swap, terms=terms, ship_to=ADDRESS, by=at.bob) == made
    with pytest.raises(SwapEnded):
        actions.agree(swap=at.swap, ship_to=ADDRESS, by=at.bob)


def test_a_counter_must_differ(table):
    at = table(cash=500).propose()
    terms = Terms(gives={at.his.pk: 1}, takes={at.hers.pk: 1}, cash_minor=-500)
    with pytest.raises(InvalidInput):
        actions.counter(swap=at.swap, terms=terms, ship_to=ADDRESS, by=at.bob)
    assert at.fresh().swap.state == "proposed"


def test_only_the_other_side_answers_and_only_the_proposer_withdraws(table):
    at = table().propose()
    for act in (actions.agree, actions.decline):
        given = {"ship_to": ADDRESS} if act is actions.agree else {}
        with pytest.raises(NotYours):
            act(swap=at.swap, by=at.ada, **given)
        with pytest.raises(NotYours):
            act(swap=at.swap, by=make_user(), **given)
    with pytest.raises(NotYours):
        actions.withdraw(swap=at.swap, by=at.bob)
    assert actions.withdraw(swap=at.swap, by=at.ada).state == "withdrawn"
    assert actions.withdraw(swap=at.swap, by=at.ada).state == "withdrawn"


def test_agreeing_twice_reserves_once(table):
    at = table().agree().agree()
    assert at.free(at.hers) == (1, 1)


def test_one_copy_is_in_one_swap(table):
    at = table().propose()
    other = table(ada=at.ada, hers=at.hers).propose()
    at.agree()
    with pytest.raises(Conflict):
        other.agree()
    assert at.free(at.hers) == (1, 1)
    assert other.free(other.his) == (1, 0)


def test_a_copy_that_is_for_sale_is_taken_off_sale_first(table):
    at = table().propose()
    make_listing(item=at.his)
    with pytest.raises(NotFree):
        at.agree()
    with pytest.raises(NotFree):
        at.propose()


def test_what_is_not_for_trade_cannot_be_asked_for(table):
    at = table()
    Have.objects.filter(item=at.his).delete()
    with pytest.raises(NotYours):
        at.propose()
    with pytest.raises(NotYours):
        mine = make_item(make_user())
        terms = Terms(gives={mine.pk: 1}, takes={at.hers.pk: 1})
        actions.propose(to=at.ada, terms=terms, ship_to=ADDRESS, by=at.bob)


@pytest.mark.parametrize("gives, takes", [({}, {"his": 1}), ({"hers": 1}, {}), ({"hers": 0}, {"his": 1})])
def test_each_side_gives_something(table, gives, takes):
    at = table()
    terms = Terms(
        gives={getattr(at, name).pk: copies for name, copies in gives.items()},
        takes={getattr(at, name).pk: copies for name, copies in takes.items()},
    )
    with pytest.raises(InvalidInput):
        actions.propose(to=at.bob, terms=terms, ship_to=ADDRESS, by=at.ada)


def test_a_double_click_proposes_once(table):
    at = table()
    given = {"to": at.bob, "terms": at.terms, "ship_to": ADDRESS, "by": at.ada, "request_key": "k"}
    assert actions.propose(**given) == actions.propose(**given)


def test_a_proposal_that_nobody_answers_expires(table):
    at = table().propose()
    assert clock.sweep(now=timezone.now() + dt.timedelta(days=2)) == (0, 0, 0)
    assert clock.sweep(now=timezone.now() + dt.timedelta(days=4)) == (1, 0, 0)
    assert at.fresh().swap.state == "expired"


def test_who_blocks_another_ends_what_is_proposed_between_them(table):
    at = table().propose()
    blocks.block(other=at.ada, by=at.bob)
    outbox.relay(limit=10_000)
    assert at.fresh().swap.state == "void"
    with pytest.raises(Blocked):
        at.propose()
    assert Swap.objects.count() == 1


def test_the_documents_table_is_the_one_that_is_followed(settings):
    rows = [f"| {state} | {event} | {leads} |" for state, steps in STEPS.items() for event, leads in steps.items()]
    assert "\n".join(rows) in (settings.BASE_DIR / "docs" / "swaps.md").read_text()


def test_who_is_kept_from_offers_or_buying_proposes_and_agrees_to_nothing(table, moderator):
    made = table().propose()
    restrict(member=made.bob, kept_from=["offers"], days=7, reason="Bumped prices.", cause="report:1", by=moderator)
    with pytest.raises(Restricted, match="making offers"):
        actions.agree(swap=made.swap, ship_to=ADDRESS, by=made.bob)
    with pytest.raises(Restricted):
        actions.counter(swap=made.swap, terms=made.terms, ship_to=ADDRESS, by=made.bob)
    restrict(member=made.ada, kept_from=["buying"], days=7, reason="Never paid.", cause="report:2", by=moderator)
    with pytest.raises(Restricted, match="buying"):
        made.propose()
