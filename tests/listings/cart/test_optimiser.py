"""The optimiser against trying everything out, and against picking card by card."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.listings.cart.greedy import best, card_by_card, start
from apps.listings.cart.market import Market, Offer, Step, Want, basket_of
from apps.listings.cart.optimiser import cheapest, fewest_parcels

BUYER = "me"


@st.composite
def steps(draw):
    """Prices of a parcel: one for all, by weight, by value, or free from a value."""
    base = draw(st.integers(0, 300))
    kind = draw(st.sampled_from(["one", "weight", "value", "free", "bounded", "none"]))
    limit = draw(st.integers(1, 40))
    return {
        "one": (Step(base),),
        "weight": (Step(base, grams_to=limit), Step(base + draw(st.integers(0, 200)))),
        "value": (Step(base, value_to=20 * limit), Step(base + 50)),
        "free": (Step(base), Step(0, value_from=15 * limit)),
        "bounded": (Step(base, grams_to=limit),),
        "none": (),
    }[kind]


@st.composite
def markets(draw):
    """A few wants and offers: small enough to try everything out."""
    profiles = {"A1": "A", "A2": "A", "B": "B", "C": "C", "mine": BUYER}
    cards = st.sampled_from(["drake", "warden"])
    conditions = st.sampled_from(["NM", "LP"])
    wants = tuple(
        Want(
            str(number),
            draw(st.frozensets(cards, min_size=1)),
            draw(st.integers(1, 2)),
            conditions=draw(st.sampled_from([frozenset(), frozenset({"NM"})])),
        )
        for number in range(draw(st.integers(1, 3)))
    )
    offers = tuple(
        Offer(
            str(number),
            profiles[profile],
            draw(cards),
            draw(st.integers(1, 2)),
            draw(st.integers(1, 300)),
            profile,
            condition=draw(conditions),
            grams=draw(st.integers(0, 10)),
        )
        for number, profile in enumerate(draw(st.lists(st.sampled_from(sorted(profiles)), min_size=1, max_size=4)))
    )
    shipping = {profile: draw(steps()) for profile in profiles}
    return Market(wants, offers, shipping, buyer=BUYER, packing_grams=draw(st.integers(0, 5)))


def every_choice(market):
    """Each allowed choice as a basket."""
    pairs = [
        (w, o)
        for w, want in enumerate(market.wants)
        for o, offer in enumerate(market.offers)
        if want.accepts(offer) and offer.seller != market.buyer and market.shipping[offer.shipping]
    ]
    ranges = [range(min(market.wants[w].quantity, market.offers[o].quantity) + 1) for w, o in pairs]
    for copies in product(*ranges):
        choice = dict(zip(pairs, copies, strict=True))
        if all(
            sum(n for (w, _), n in choice.items() if w == number) <= want.quantity
            for number, want in enumerate(market.wants)
        ) and all(
            sum(n for (_, o), n in choice.items() if o == number) <= offer.quantity
            for number, offer in enumerate(market.offers)
        ):
            basket = basket_of(market, choice)
            if basket.is_sent:
                yield basket


def size(market):
    number = 1
    for want in market.wants:
        for offer in market.offers:
            if want.accepts(offer):
                number *= min(want.quantity, offer.quantity) + 1
    return number


@settings(max_examples=150)
@given(markets())
def test_it_is_as_good_as_trying_everything_out(market):
    if size(market) > 2000:
        return
    tried = list(every_choice(market))
    most = max(basket.count for basket in tried)
    full = [basket for basket in tried if basket.count == most]
    least = min(basket.total for basket in full)
    plan = cheapest(market)
    assert sum(pick.copies for pick in plan.picks) == most
    assert plan.total_minor == least
    assert plan.gap == 0
    few = fewest_parcels(market)
    parcels = min(len(basket.sellers) for basket in full)
    assert few.parcels == parcels
    assert few.total_minor == min(basket.total for basket in full if len(basket.sellers) == parcels)


@settings(max_examples=100)
@given(markets(), st.sampled_from([0.0, 1.0]))
def test_it_keeps_to_what_is_offered_and_is_never_worse_than_card_by_card(market, seconds):
    plan = cheapest(market, seconds=seconds)
    offers = {offer.key: offer for offer in market.offers}
    wants = {want.key: want for want in market.wants}
    for pick in plan.picks:
        assert wants[pick.want].accepts(offers[pick.offer])
        assert offers[pick.offer].seller != BUYER
        assert isinstance(pick.copies, int) and pick.copies > 0
    for offer in market.offers:
        assert sum(pick.copies for pick in plan.picks if pick.offer == offer.key) <= offer.quantity
    for want in market.wants:
        got = sum(pick.copies for pick in plan.picks if pick.want == want.key)
        assert got + plan.missing.get(want.key, 0) == want.quantity
    assert isinstance(plan.total_minor, int)
    baseline = card_by_card(market)
    assert baseline.is_sent
    copies = sum(pick.copies for pick in plan.picks)
    assert (-copies, plan.total_minor) <= (-baseline.count, baseline.total)
    assert plan.bound_minor <= plan.total_minor


@settings(max_examples=100)
@given(markets())
def test_the_start_is_a_real_choice_and_no_worse_than_the_baseline(market):
    begun = start(market)
    assert begun.is_sent
    assert best([begun, card_by_card(market)]).total == begun.total


def test_one_parcel_beats_two_cheaper_cards():
    offers = [
        Offer("a", "Ann", "drake", 1, 100, "Ann"),
        Offer("b", "Bob", "warden", 1, 100, "Bob"),
        Offer("c", "Cy", "drake", 1, 120, "Cy"),
        Offer("d", "Cy", "warden", 1, 120, "Cy"),
    ]
    wants = [Want("1", frozenset({"drake"})), Want("2", frozenset({"warden"}))]
    market = Market(wants, offers, {name: (Step(150),) for name in ("Ann", "Bob", "Cy")})
    assert card_by_card(market).total == 500
    plan = cheapest(market)
    assert (plan.total_minor, plan.parcels, plan.method) == (390, 1, "solver")


def test_what_cannot_be_had_is_said_for_each_want():
    market = Market(
        [Want("1", frozenset({"drake"}), 3), Want("2", frozenset({"phoenix"}))],
        [Offer("a", "Ann", "drake", 2, 100, "Ann"), Offer("b", BUYER, "phoenix", 1, 1, "Ann")],
        {"Ann": (Step(150),)},
        buyer=BUYER,
    )
    assert cheapest(market).missing == {"1": 1, "2": 1}


def test_without_time_the_greedy_start_is_the_answer():
    offers = [Offer(f"{s}-{c}", str(s), str(c), 1, 100 + (s * c) % 37, str(s)) for s in range(60) for c in range(40)]
    wants = [Want(str(c), frozenset({str(c)})) for c in range(40)]
    market = Market(wants, offers, {str(s): (Step(110 + s),) for s in range(60)})
    plan = cheapest(market, seconds=0)
    assert not plan.missing
    assert plan.total_minor <= card_by_card(market).total
    assert plan.gap >= 0


def test_wants_without_any_offer_make_an_empty_plan():
    plan = cheapest(Market([Want("1", frozenset({"drake"}))], [], {}))
    assert (plan.picks, plan.total_minor, plan.missing) == ((), 0, {"1": 1})


@pytest.mark.parametrize(
    "market",
    [
        dict(wants=[Want("1", frozenset(), 0)], offers=[], shipping={}),
        dict(wants=[], offers=[Offer("a", "A", "x", 1, -1, "A")], shipping={}),
        dict(wants=[Want("1", frozenset()), Want("1", frozenset())], offers=[], shipping={}),
        dict(wants=[], offers=[], shipping={"A": (Step(-1),)}),
    ],
)
def test_nonsense_is_refused(market):
    with pytest.raises(ValueError, match=r"once|twice|two|least|negative|less"):
        Market(**market)
