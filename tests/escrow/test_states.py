"""The table of states and events itself: closed, reachable, drawn in the documentation, and exactly obeyed."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.escrow import actions, queries, states
from apps.escrow.models import HoldState
from apps.escrow.states import Actor, HoldEvent
from tests.cases import decided


def test_every_state_is_in_the_table():
    assert set(states.STEPS) == set(HoldState)
    assert {HoldState.RELEASED, HoldState.REFUNDED, HoldState.SPLIT, HoldState.CANCELLED} == states.TERMINAL


def test_every_state_is_reached_and_every_way_ends():
    reached, open_ones = {HoldState.CREATED}, [HoldState.CREATED]
    while open_ones:
        for following in states.TRANSITIONS[open_ones.pop()].values():
            if following not in reached:
                reached.add(following)
                open_ones.append(following)
    assert reached == set(HoldState)
    ends = set(states.TERMINAL)
    for _ in HoldState:
        ends |= {state for state, steps in states.TRANSITIONS.items() if set(steps.values()) & ends}
    assert ends == set(HoldState)


def test_every_deadline_is_an_event_that_the_clock_may_cause():
    for state, deadlines in states.DEADLINES.items():
        for deadline in deadlines:
            assert Actor.CLOCK in states.STEPS[state][deadline.event].actors
            assert deadline.after.total_seconds() > 0


def test_deadlines_of_a_state_follow_each_other():
    for deadlines in states.DEADLINES.values():
        waits = [deadline.after for deadline in deadlines]
        assert waits == sorted(waits)


def test_money_waits_for_ever_only_with_a_moderator():
    """Wherever money is held the clock has a last word, except that a dispute is a person's to decide."""
    for state in states.HOLDING - {HoldState.DISPUTED}:
        last = states.DEADLINES[state][-1]
        assert states.TRANSITIONS[state][last.event] in states.TERMINAL


def test_the_seller_alone_can_never_get_the_money():
    for steps in states.STEPS.values():
        for step in steps.values():
            if step.next in {HoldState.RELEASED, HoldState.SPLIT}:
                assert Actor.PAYEE not in step.actors


def test_the_documentation_is_up_to_date():
    call_command("draw_escrow", "--check")


ACTS = {
    HoldEvent.SHIP: lambda hold, by: actions.mark_shipped(hold=hold, by=by),
    HoldEvent.DELIVER: lambda hold, by: actions.mark_delivered(hold=hold, by=by),
    HoldEvent.RELEASE: lambda hold, by: actions.release(hold=hold, by=by),
    HoldEvent.REFUND: lambda hold, by: actions.refund(hold=hold, by=by),
    HoldEvent.DISPUTE: lambda hold, by: actions.open_dispute(hold=hold, by=by, reason="damaged", statement="x"),
}


def put_into(sale, state):
    if state == "cancelled":
        actions.cancel(hold=sale.hold, by=sale.buyer)
    elif state in {"funded", "shipped", "delivered", "disputed"}:
        getattr(sale, state)()
    elif state != "created":
        case = sale.disputed()
        outcome = {"released": "release", "refunded": "refund", "split": "split"}[state]
        decided(case, by=sale.judge(), outcome=outcome, refund_minor=9)
    return sale.fresh()


@pytest.mark.django_db
@pytest.mark.parametrize("who", [Actor.PAYER, Actor.PAYEE, Actor.MODERATOR])
@pytest.mark.parametrize("state", list(HoldState))
def test_actions_do_what_the_table_says_and_nothing_else(make_sale, state, who):
    sale = None
    for event, act in ACTS.items():
        if sale is None or sale.state != state:
            sale = make_sale()
            put_into(sale, state)
        hold = sale.fresh()
        by = {Actor.PAYER: sale.buyer, Actor.PAYEE: sale.seller, Actor.MODERATOR: sale.judge()}[who]
        step = states.step(state, event)
        if step is None or who not in step.actors:
            assert event not in queries.options(hold, by=by)
            with pytest.raises(actions.WrongState if step is None else Exception):
                act(hold, by)
            assert sale.state == state
        else:
            assert event in queries.options(hold, by=by)
            act(hold, by)
            assert sale.state == step.next


@pytest.mark.django_db
def test_standing_says_whose_turn_it_is_by_when_and_what_then(sale):
    assert queries.standing(sale.hold).next_actor == Actor.PAYER
    sale.funded()
    told = queries.standing(sale.hold)
    assert (told.next_actor, told.due_at) == (Actor.PAYEE, sale.hold.due_at)
    assert "may cancel" in told.then
    case = put_into(sale_in(sale), "disputed") and queries.dispute_of(sale.hold)
    assert queries.standing(sale.hold).next_actor == Actor.PAYEE
    actions.answer_dispute(dispute=case, by=sale.seller, statement="No.", now=timezone.now())
    assert queries.standing(sale.fresh()).next_actor == Actor.PAYER
    actions.ask_moderator(dispute=case, by=sale.seller)
    actions.ask_moderator(dispute=case, by=sale.buyer)
    assert queries.standing(sale.fresh()).next_actor == Actor.MODERATOR


def sale_in(sale):
    """The sale from the beginning, for put_into."""
    sale.__post_init__()
    return sale
