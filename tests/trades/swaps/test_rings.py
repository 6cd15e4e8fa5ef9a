"""Rings of three: all agree or nothing happens, all are content or every parcel counts as a sale. Nobody loses both."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.blocks import actions as blocks
from apps.accounts.blocks.queries import Blocked
from apps.core import outbox, parts
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.core.models import Flag
from apps.core.parts import SwitchedOff
from apps.escrow import actions as escrow
from apps.escrow.models import Payment
from apps.trades.evidence import evidence_of
from apps.trades.swaps import actions, cases, clock, course, queries, rings
from apps.trades.swaps.actions import SwapEnded
from apps.trades.swaps.models import Side, Swap
from apps.trades.swaps.moves import SwapMovedOn
from apps.trades.swaps.rings import RingTerms
from tests.escrow.conftest import receive
from tests.factories import ADDRESS, make_item, make_user
from tests.trades.swaps.conftest import copies_of, offer_for_trade

pytestmark = pytest.mark.django_db
VALUES = ("20.00", "30.00", "25.00")


class Ring:
    """Ada gives Bob, Bob gives Cora, Cora gives Ada; all three cards are worth something else."""

    def __init__(self):
        self.ada, self.bob, self.cora = self.people = [make_user() for _ in range(3)]
        self.items = [offer_for_trade(person, value) for person, value in zip(self.people, VALUES, strict=True)]
        self.swap = None

    @property
    def terms(self):
        return RingTerms(*({item.pk: 1} for item in self.items))

    def propose(self, **given):
        self.swap = rings.propose_ring(
            other=self.bob, third=self.cora, by=self.ada, **{"terms": self.terms, "ship_to": ADDRESS, **given}
        )
        return self

    def agreed(self):
        self.propose()
        for person in self.people[1:]:
            actions.agree(swap=self.swap, ship_to=ADDRESS, by=person)
        return self.fresh()

    def funded(self):
        self.agreed()
        for person in self.people:
            course.pay(swap=self.swap, by=person, payment_method="pm_card_visa")
        outbox.relay(limit=10_000)
        return self.fresh()

    def sent(self, *people):
        for person in people:
            course.ship(swap=self.swap, by=person, tracking_number="T1")
        return self.fresh()

    def arrived(self, *receivers):
        for person in receivers:
            course.delivered(swap=self.swap, sender_id=self.swap.sender_to(person.pk), by=person)
        return self.fresh()

    def content(self, *receivers):
        for person in receivers:
            course.content(swap=self.swap, by=person)
        outbox.relay(limit=10_000)
        return self.fresh()

    def object_to(self, by):
        return cases.object_to(swap=self.swap, by=by, reason="damaged", statement="Bent.")

    def decided(self, case, outcome):
        moderator = make_user(role="moderator")
        escrow.decide_dispute(dispute=case, by=moderator, outcome=outcome, decision="So.")
        for _ in range(3):  # the time for an appeal passes
            escrow.sweep_cases(now=timezone.now() + dt.timedelta(days=30))
            outbox.relay(limit=10_000)
        return self.fresh()

    def fresh(self):
        self.swap = Swap.objects.get(pk=self.swap.pk)
        return self

    def holds(self):
        """The state of each one's deposit, in the order of the three."""
        found = {side.member_id: side.hold.state for side in Side.objects.select_related("hold").filter(swap=self.swap)}
        return [found[person.pk] for person in self.people]

    def got(self):
        """Whether the card that was to come is there, for each."""
        return [copies_of(self.people[place], self.items[place - 1].variant_id) == 1 for place in range(3)]


@pytest.fixture
def ring(company):
    return Ring()


# -- bargaining ---------------------------------------------------------------------------
def test_nothing_is_promised_until_all_three_agree(ring):
    ring.propose()
    actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.bob)
    actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.bob)
    ring.fresh()
    assert ring.swap.state == "proposed"
    assert not queries.may(queries.room(pk=ring.swap.pk, reader=ring.bob), ring.bob)["answer"]
    ring.items[0].refresh_from_db()
    assert ring.items[0].reserved == 0
    actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.cora)
    ring.fresh()
    assert ring.swap.state == "agreed"
    ring.items[0].refresh_from_db()
    assert ring.items[0].reserved == 1
    # Everybody leaves what comes to them.
    asked = dict(ring.swap.sides.values_list("member", "deposit_minor"))
    assert [asked[person.pk] for person in ring.people] == [2500, 2000, 3000]


def test_one_no_ends_it_for_all_even_after_a_yes(ring):
    ring.propose()
    actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.bob)
    actions.decline(swap=ring.swap, by=ring.bob)
    with pytest.raises(SwapEnded):
        actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.cora)


def test_a_ring_is_not_countered_and_its_proposer_does_not_answer(ring):
    ring.propose()
    with pytest.raises(InvalidInput, match="yes or no"):
        actions.counter(swap=ring.swap, terms=None, ship_to=ADDRESS, by=ring.bob)
    with pytest.raises(NotYours):
        actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.ada)
    with pytest.raises(NotYours):
        actions.agree(swap=ring.swap, ship_to=ADDRESS, by=make_user())


def test_it_expires_and_ends_when_any_two_part(ring):
    ring.propose()
    clock.sweep(now=timezone.now() + dt.timedelta(days=4))
    assert ring.fresh().swap.state == "expired"
    ring.propose()
    blocks.block(other=ring.cora, by=ring.bob)
    outbox.relay(limit=1000)
    assert ring.fresh().swap.state == "void"
    with pytest.raises(Blocked):
        ring.propose()


def test_what_a_ring_cannot_be(ring):
    unvalued, private = offer_for_trade(ring.bob, None), make_item(ring.bob)
    for between, expected in (({unvalued.pk: 1}, InvalidInput), ({private.pk: 1}, NotYours), ({}, InvalidInput)):
        with pytest.raises(expected):
            ring.propose(terms=RingTerms(ring.terms.gives, between, ring.terms.takes))
    with pytest.raises(InvalidInput):
        rings.propose_ring(other=ring.bob, third=ring.bob, terms=ring.terms, ship_to=ADDRESS, by=ring.ada)
    swap = ring.propose().swap
    for wrong in ({"third": ring.ada}, {"cash_minor": 500}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Swap.objects.filter(pk=swap.pk).update(**wrong)


# -- the good end -------------------------------------------------------------------------
def test_three_cards_go_round_and_all_money_goes_back(ring):
    ring.funded().sent(*ring.people).arrived(*ring.people).content(*ring.people)
    assert ring.swap.state == "completed"
    assert ring.holds() == ["refunded"] * 3
    assert ring.got() == [True] * 3


def test_each_says_only_what_is_theirs_to_say(ring):
    ring.funded().sent(ring.ada)
    with pytest.raises(NotYours):
        course.delivered(swap=ring.swap, sender_id=ring.ada.pk, by=ring.cora)
    with pytest.raises(SwapMovedOn):
        course.content(swap=ring.swap, by=ring.cora)  # what comes to Cora has not been sent
    assert queries.addresses(queries.room(pk=ring.swap.pk, reader=ring.ada), ring.ada)["theirs"]["city"]


def waits(ring, person):
    return queries.next_step(queries.room(pk=ring.swap.pk, reader=person), person).waits


def test_the_room_says_for_whom_one_waits_and_why(ring):
    ring.propose()
    assert waits(ring, ring.ada) == f"Waiting for {ring.bob} and {ring.cora} to answer"
    actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.bob)
    assert waits(ring, ring.bob) == f"Waiting for {ring.cora} to answer"
    actions.agree(swap=ring.swap, ship_to=ADDRESS, by=ring.cora)
    course.pay(swap=ring.swap, by=ring.ada, payment_method="pm_card_visa")
    assert waits(ring, ring.ada) == f"Waiting for {ring.bob} and {ring.cora} to pay"


def test_in_a_dispute_the_room_says_who_moves_in_the_case(ring, client):
    ring.funded().sent(*ring.people).arrived(ring.ada)
    case = ring.object_to(ring.ada)
    assert waits(ring, ring.ada) == f"Waiting for {ring.cora} to answer the case"
    client.force_login(ring.cora)
    shown = client.get(ring.swap.get_absolute_url()).content.decode()
    assert "Your turn: answer the case" in shown
    # One step stands out: the answer, not the parcel that may have come meanwhile.
    assert shown.index("Send the answer") < shown.index(f"The parcel of {ring.bob} has arrived")
    client.force_login(ring.bob)
    assert f"say when the parcel of {ring.ada} has arrived" in client.get(ring.swap.get_absolute_url()).content.decode()
    escrow.decide_dispute(dispute=case, by=make_user(role="moderator"), outcome="release", decision="So.")
    assert "may accept it or appeal" in waits(ring, ring.ada)


def test_it_is_called_off_while_no_parcel_has_left_and_not_after(ring):
    ring.funded()
    course.cancel(swap=ring.swap, by=ring.cora)
    assert ring.holds() == ["refunded"] * 3
    other = Ring().funded()
    other.sent(other.ada)
    with pytest.raises(SwapMovedOn):
        course.cancel(swap=other.swap, by=other.ada)


# -- when it breaks -----------------------------------------------------------------------
def test_who_never_sends_pays_for_what_came_and_nobody_else_loses(ring):
    ring.funded().sent(ring.bob, ring.cora)
    clock.sweep(now=timezone.now() + dt.timedelta(days=8))
    ring.fresh()
    assert ring.swap.broken_at
    assert ring.holds() == ["funded", "refunded", "funded"]  # nothing comes to Bob: his money is back at once
    with pytest.raises(SwapMovedOn):
        course.ship(swap=ring.swap, by=ring.ada, tracking_number="late")
    ring.arrived(ring.cora, ring.ada).content(ring.cora)
    assert ring.swap.state == "under-way"
    ring.content(ring.ada)
    assert ring.swap.state == "broken"
    # Ada pays Cora for the card that came, Cora pays Bob; Bob has money for his card.
    assert ring.holds() == ["released", "refunded", "released"]
    assert ring.got() == [True, False, True]
    assert copies_of(ring.ada, ring.items[0].variant_id) == 1


def test_when_two_never_send_the_third_is_paid(ring):
    ring.funded().sent(ring.cora)
    clock.sweep(now=timezone.now() + dt.timedelta(days=8))
    ring.arrived(ring.ada)
    clock.sweep(now=timezone.now() + dt.timedelta(days=20))  # Ada's silence is a yes
    ring.fresh()
    assert (ring.swap.state, ring.holds()) == ("broken", ["released", "refunded", "refunded"])
    assert ring.got() == [True, False, False]


def test_when_nobody_sends_all_money_goes_back(ring):
    ring.funded()
    clock.sweep(now=timezone.now() + dt.timedelta(days=8))
    assert ring.fresh().swap.state == "cancelled"
    assert ring.holds() == ["refunded"] * 3


@pytest.mark.parametrize(("outcome", "holds"), [("refund", "refunded"), ("release", "released")])
def test_a_decided_case_makes_every_parcel_a_sale(ring, outcome, holds):
    ring.funded().sent(*ring.people).arrived(*ring.people).content(ring.ada)
    case = ring.object_to(ring.bob)
    assert case.hold.payee == ring.ada  # who sent it
    assert ring.fresh().swap.state == "disputed"
    ring.decided(case, outcome)
    assert ring.swap.state == "under-way"
    assert ring.holds() == ["released", holds, "funded"]  # Ada was content before; Cora has still to look
    assert ring.content(ring.cora).swap.state == "settled"
    assert ring.holds() == ["released", holds, "released"]
    assert ring.got() == [True] * 3


def test_a_case_that_is_taken_back_leaves_the_ring_whole(ring):
    ring.funded().sent(*ring.people).arrived(*ring.people).content(ring.ada)
    ring.object_to(ring.bob)
    cases.withdraw_case(swap=ring.swap, by=ring.bob)
    outbox.relay(limit=1000)
    ring.fresh().content(ring.bob, ring.cora)
    assert (ring.swap.state, ring.holds()) == ("completed", ["refunded"] * 3)


def test_the_third_sees_nothing_of_a_case_between_two(ring, client):
    ring.funded().sent(*ring.people).arrived(*ring.people)
    case = ring.object_to(ring.bob)
    with pytest.raises(Conflict):
        cases.add_evidence(swap=ring.fresh().swap, by=ring.cora, note="I saw it.")
    for person, sees in ((ring.ada, True), (ring.bob, True), (ring.cora, False)):
        client.force_login(person)
        shown = client.get(ring.swap.get_absolute_url()).content.decode()
        assert ("Bent." in shown) == sees
        assert client.get(reverse("case", args=[case.pk])).status_code == (200 if sees else 404)


def test_a_bank_that_takes_a_deposit_back_breaks_the_ring_and_the_others_are_paid(ring, company):
    ring.funded().sent(*ring.people).arrived(*ring.people).content(*ring.people[1:])
    company.dispute(Payment.objects.get(hold__swap_side__member=ring.ada))
    for won in (None, False):
        if won is not None:
            words, _ = evidence_of(Payment.objects.get(hold__swap_side__member=ring.ada).hold_id)
            assert words["shipping_tracking_number"] == "T1"  # of the parcel that came to her
            company.decide(company.objects("dispute")[0]["id"], won=won)
        company.sandbox.deliver(receive)
        escrow.handle_webhooks(limit=100)
        outbox.relay(limit=1000)
    ring.fresh()
    assert (ring.swap.state, ring.holds()) == ("settled", ["refunded", "released", "released"])
    assert ring.got() == [True] * 3


# -- pages and REST -----------------------------------------------------------------------
def test_from_a_match_to_a_ring_by_the_pages_alone(ring, client):
    client.force_login(ring.ada)
    names = zip(("give", "between", "take"), ring.items, strict=True)
    asked = {f"{name}-{item.pk}": "1" for name, item in names}
    address = reverse("swap-ring", args=[ring.bob.pk, ring.cora.pk])
    shown = client.get(address, asked).content.decode()
    assert f"{ring.bob} gives {ring.cora}" in shown
    assert "$30.00" in shown
    answer = client.post(address, {**asked, **ADDRESS}, follow=True).content.decode()
    assert f"{ring.bob} and {ring.cora} have your proposal." in answer
    ring.swap = Swap.objects.get()
    for person in (ring.bob, ring.cora):
        client.force_login(person)
        page = client.get(ring.swap.get_absolute_url()).content.decode()
        assert "Agree to the ring" in page
        assert "other terms" not in page
        said = client.post(reverse("swap-agree", args=[ring.swap.pk]), ADDRESS, follow=True).content.decode()
    assert "all three are content" in said
    client.force_login(make_user())
    assert client.get(ring.swap.get_absolute_url()).status_code == 404


def test_over_rest_a_ring_is_a_swap_with_a_third(ring, client):
    client.force_login(ring.ada)
    piles = {name: [{"item_id": item.pk}] for name, item in zip(("gives", "between", "takes"), ring.items, strict=True)}
    asked = {"member_id": ring.bob.pk, "third_id": ring.cora.pk, "ship_to": ADDRESS, **piles}
    made = client.post(reverse("api-swap-rings"), asked, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["third_id"] == str(ring.cora.pk)
    assert made.json()["balance"]["difference_minor"] == 500
    client.force_login(ring.cora)
    shown = client.get(reverse("api-swap", args=[made.json()["id"]])).json()
    assert (shown["balance"]["difference_minor"], shown["may"]) == (500, ["answer", "decline", "say"])
    assert [row["id"] for row in client.get(reverse("api-swaps")).json()["swaps"]] == [made.json()["id"]]


# -- switched off -------------------------------------------------------------------------
@pytest.fixture
def switched(django_capture_on_commit_callbacks):
    """What an operator does in the admin."""

    def switch(**given):
        with django_capture_on_commit_callbacks(execute=True):
            Flag.objects.update_or_create(name=parts.RINGS, defaults=given)

    return switch


def test_an_operator_switches_rings_off_and_pages_and_rest_say_so(ring, client, switched):
    ring.propose()
    switched(everyone=False)
    client.force_login(ring.ada)
    page = client.post(reverse("swap-ring", args=[ring.bob.pk, ring.cora.pk]), ADDRESS, follow=True)
    assert page.redirect_chain[-1][0] == reverse("swap-matches")
    assert "Rings of three are switched off for now" in page.content.decode()
    piles = {name: [{"item_id": item.pk}] for name, item in zip(("gives", "between", "takes"), ring.items, strict=True)}
    asked = {"member_id": ring.bob.pk, "third_id": ring.cora.pk, "ship_to": ADDRESS, **piles}
    refused = client.post(reverse("api-swap-rings"), asked, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "SWITCHED_OFF")
    client.force_login(ring.bob)
    said = client.post(reverse("swap-agree", args=[ring.swap.pk]), ADDRESS, follow=True).content.decode()
    assert "Rings of three are switched off for now" in said
    switched(everyone=True)
    client.post(reverse("swap-agree", args=[ring.swap.pk]), ADDRESS)
    assert ring.swap.sides.filter(agreed_at__isnull=False).count() == 2


def test_what_all_have_agreed_to_goes_on(ring, switched):
    ring.agreed()
    switched(everyone=False)
    for person in ring.people:
        course.pay(swap=ring.swap, by=person, payment_method="pm_card_visa")
    outbox.relay(limit=10_000)
    ring.fresh()
    assert ring.swap.state == "under-way"


def test_some_have_them_and_others_not(ring, switched):
    switched(members=[ring.ada.pk])
    ring.propose()
    with pytest.raises(SwitchedOff):
        rings.propose_ring(other=ring.ada, third=ring.cora, by=ring.bob, terms=ring.terms, ship_to=ADDRESS)
