"""Matches of wants and haves: as good as trying everything, and the page that puts one on the table."""

from __future__ import annotations

import itertools
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.blocks import actions as blocks
from apps.core import outbox
from apps.listings.wants import actions as wants
from apps.listings.wants.matching import new_matches
from apps.listings.wants.models import Match, Want, WantedCard
from apps.trades.swaps.matching import Edge, best_piles, proposals
from apps.trades.swaps.offered import edges_around, matches_of
from tests.factories import make_user
from tests.trades.swaps.conftest import offer_for_trade

piles = st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=4), min_size=2, max_size=3)


def subsets(pile):
    return [chosen for size in range(1, len(pile) + 1) for chosen in itertools.combinations(range(len(pile)), size)]


def least(sums):
    return min(5 * sums[place - 1] - 4 * sums[place] for place in range(len(sums)))


@given(piles)
def test_the_best_piles_are_as_good_as_any(given_piles):
    masks, gains = best_piles(given_piles)
    tried = (
        least([sum(pile[place] for place in chosen) for pile, chosen in zip(given_piles, choice, strict=True)])
        for choice in itertools.product(*map(subsets, given_piles))
    )
    assert min(gains) == max(tried)
    sums = [
        sum(value for place, value in enumerate(pile) if mask >> place & 1)
        for pile, mask in zip(given_piles, masks, strict=True)
    ]
    assert min(gains) == least(sums)
    assert all(sums)


def member(number: int) -> UUID:
    return UUID(int=number + 1)


edges = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 30)), max_size=14
).map(
    lambda rows: [
        Edge(member(giver), member(taker), UUID(int=100 + place), minor)
        for place, (giver, taker, minor) in enumerate(rows)
        if giver != taker
    ]
)  # fmt: skip


@given(edges)
def test_the_ranking_is_that_of_trying_every_ring(given_edges):
    me = member(0)
    others = [member(number) for number in range(1, 4)]
    expected = []
    for ring in [(me, other) for other in others] + [(me, *pair) for pair in itertools.permutations(others, 2)]:
        given_on = [
            [edge.minor for edge in given_edges if (edge.giver, edge.taker) == pair]
            for pair in zip(ring, [*ring[1:], me], strict=True)
        ]
        most = 9 if len(ring) == 2 else 5
        given_on = [sorted(pile, reverse=True)[:most] for pile in given_on]
        choices = itertools.product(*map(subsets, given_on))
        tried = [
            least([sum(pile[place] for place in chosen) for pile, chosen in zip(given_on, choice, strict=True)])
            for choice in choices
        ]
        if tried and max(tried) > 0:
            expected.append(max(tried) // 5)
    found = proposals(given_edges, of=me, most=100)
    assert [made.worst for made in found] == sorted(expected, reverse=True)
    assert all(made.members[0] == me and all(made.piles) for made in found)


def wants_card(who, item):
    wanted = wants.make_list(by=who, name=f"For {item.pk}"[:50], is_public=False)
    want = Want.objects.create(list=wanted, owner=who, state="open", said="x", quantity=1)
    WantedCard.objects.create(want=want, product=item.variant.product)
    return wanted


@pytest.fixture
def three(db):
    """Ada wants of Cleo, Cleo of Bob, Bob of Ada; Dora swaps with Ada straight."""
    people = [make_user() for _ in range(4)]
    ada, bob, cleo, dora = people
    items = [offer_for_trade(owner, "20.00") for owner in people]
    wanted = [wants_card(bob, items[0]), wants_card(cleo, items[1]), wants_card(ada, items[2])]
    wanted += [wants_card(dora, items[0]), wants_card(ada, items[3])]
    new_matches(at=timezone.now(), list_ids=[each.pk for each in wanted])
    return people, items


def test_pairs_and_rings_are_found(three):
    (ada, bob, cleo, dora), items = three
    found = matches_of(member=ada)
    assert [made.proposal.members for made in found] == [(ada.pk, dora.pk), (ada.pk, bob.pk, cleo.pk)]
    ring = found[1]
    assert (ring.gives, ring.between, ring.gets) == ([items[0]], [items[1]], [items[2]])
    assert ring.proposal.gains == (400, 400, 400)


def test_without_rings_pairs_alone_are_found(three):
    (ada, _, _, dora), _ = three
    assert [made.proposal.members for made in matches_of(member=ada, rings=False)] == [(ada.pk, dora.pk)]


def test_who_is_blocked_or_has_nothing_free_is_no_match(three):
    (ada, bob, _, dora), items = three
    blocks.block(other=dora, by=ada)
    outbox.relay(limit=10_000)
    items[1].reserved = 1
    items[1].save()
    assert matches_of(member=ada) == []
    assert bob.pk in {edge.taker for edge in edges_around(ada.pk)}


def test_a_match_is_put_on_the_table(three, client, django_assert_max_num_queries):
    (ada, _, _, dora), _ = three
    assert Match.objects.filter(have__isnull=False).count() >= 5
    with django_assert_max_num_queries(4):
        found = matches_of(member=ada)
    client.force_login(ada)
    shown = client.get(reverse("swap-matches")).content.decode()
    assert "in a ring" in shown
    address = f"{reverse('swap-new', args=[dora.pk])}?{found[0].asked}"
    assert address.replace("&", "&amp;") in shown
    assert client.get(address).context["weighed"]["balance"].verdict == "even"
