"""Wants, offers and shipping prices as plain values, what a parcel costs, and what a choice of offers comes to.

No Django here, and no solver: money in whole minor units of one currency, weight in whole grams.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Step:
    """A price of a parcel within bounds of weight and value of the goods, bounds included; None: no upper bound.

    A price by count is one by weight where every copy weighs 1. "Free from 50.00" is a step of 0 with value_from 5000.
    """

    price_minor: int
    grams_from: int = 0
    grams_to: int | None = None
    value_from: int = 0
    value_to: int | None = None

    def admits(self, grams: int, value_minor: int) -> bool:
        """Whether a parcel of that weight and value may go at this price."""
        return (
            self.grams_from <= grams
            and (self.grams_to is None or grams <= self.grams_to)
            and self.value_from <= value_minor
            and (self.value_to is None or value_minor <= self.value_to)
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """Copies for sale. card: the printing; shipping: the key of the steps that its parcel is priced by."""

    key: str
    seller: str
    card: str
    quantity: int
    price_minor: int
    shipping: str
    condition: str = "NM"
    language: str = "en"
    finish: str = "normal"
    grams: int = 0


@dataclass(frozen=True, slots=True)
class Want:
    """Copies wanted of any of these printings; an empty set of conditions, languages or finishes takes any.

    most_minor: what one copy costs at most, without shipping; None: any price.
    """

    key: str
    cards: frozenset[str]
    quantity: int = 1
    conditions: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    finishes: frozenset[str] = frozenset()
    most_minor: int | None = None

    def accepts(self, offer: Offer) -> bool:
        """Whether such a copy will do."""
        return (
            offer.card in self.cards
            and (not self.conditions or offer.condition in self.conditions)
            and (not self.languages or offer.language in self.languages)
            and (not self.finishes or offer.finish in self.finishes)
            and (self.most_minor is None or offer.price_minor <= self.most_minor)
        )


Choice = Mapping[tuple[int, int], int]
"""Copies by (number of the want, number of the offer)."""


@dataclass(frozen=True)
class Market:
    """What is wanted and what is offered, in one currency, to one buyer (whose own offers do not count)."""

    wants: Sequence[Want]
    offers: Sequence[Offer]
    shipping: Mapping[str, Sequence[Step]]
    buyer: str = ""
    packing_grams: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError on what cannot be bought: no copies, negative prices, the same key twice."""
        for rows in (self.wants, self.offers):
            if len({row.key for row in rows}) < len(rows):
                raise ValueError("a key stands for two things")
            if any(row.quantity < 1 for row in rows):
                raise ValueError("a quantity is at least one")
        if any(offer.price_minor < 0 or offer.grams < 0 for offer in self.offers):
            raise ValueError("prices and weights are not negative")
        if any(step.price_minor < 0 for steps in self.shipping.values() for step in steps):
            raise ValueError("a parcel does not cost less than nothing")

    @cached_property
    def eligible(self) -> list[list[int]]:
        """For each want the numbers of the offers that will do, cheapest first: sent here, and of somebody else."""
        by_card: dict[str, list[int]] = defaultdict(list)
        for number, offer in enumerate(self.offers):
            if offer.seller != self.buyer and self.shipping.get(offer.shipping):
                by_card[offer.card].append(number)
        return [
            sorted(
                (o for card in want.cards for o in by_card[card] if want.accepts(self.offers[o])),
                key=lambda o: (self.offers[o].price_minor, o),
            )
            for want in self.wants
        ]

    def postage(self, profiles: Iterable[str], grams: int, value_minor: int) -> int | None:
        """What a parcel with goods of these profiles costs: by the dearest of them; None when one has no price for it."""
        grams += self.packing_grams
        dearest = 0
        for profile in profiles:
            prices = [step.price_minor for step in self.shipping[profile] if step.admits(grams, value_minor)]
            if not prices:
                return None
            dearest = max(dearest, min(prices))
        return dearest


@dataclass(frozen=True, slots=True)
class Pick:
    """Copies of one offer for one want, by their keys."""

    want: str
    offer: str
    copies: int


@dataclass(frozen=True)
class Plan:
    """A choice of offers and what it comes to.

    bound_minor: no choice of as many copies costs less than this (for the fewest parcels: with as few parcels).
    parcels_bound: no choice of as many copies needs fewer parcels. method: "solver" or "greedy".
    """

    picks: tuple[Pick, ...]
    goods_minor: int
    shipping_minor: int
    parcels: int
    missing: Mapping[str, int] = field(default_factory=dict)
    bound_minor: int = 0
    parcels_bound: int = 0
    method: str = "greedy"

    @property
    def total_minor(self) -> int:
        """Goods and shipping."""
        return self.goods_minor + self.shipping_minor

    @property
    def gap(self) -> float:
        """By which share of it the total may at most be above the best one; 0: proven best."""
        return max(0, self.total_minor - self.bound_minor) / self.total_minor if self.total_minor else 0.0


class Basket:
    """A choice in the making: parcels by seller with their weight and value, and what one copy more would cost."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.copies: dict[tuple[int, int], int] = {}
        self.taken = [0] * len(market.offers)
        self._parcels: dict[str, tuple[int, int, dict[str, int], int]] = {}

    def more(self, o: int) -> int | None:
        """What one copy more of an offer costs with its share of the parcel; None: none left, or not sent so."""
        offer = self.market.offers[o]
        if self.taken[o] >= offer.quantity:
            return None
        grams, value, profiles, cost = self._parcels.get(offer.seller, (0, 0, {}, 0))
        grown = self.market.postage({*profiles, offer.shipping}, grams + offer.grams, value + offer.price_minor)
        return None if grown is None else offer.price_minor + grown - cost

    def add(self, w: int, o: int, copies: int = 1) -> None:
        """Take copies (a negative number: put back); the parcel may be one that is not sent, see `total`."""
        offer = self.market.offers[o]
        grams, value, profiles, _ = self._parcels.get(offer.seller, (0, 0, {}, 0))
        grams, value = grams + copies * offer.grams, value + copies * offer.price_minor
        profiles = dict(profiles)
        profiles[offer.shipping] = profiles.get(offer.shipping, 0) + copies
        if not profiles[offer.shipping]:
            del profiles[offer.shipping]
        self.taken[o] += copies
        self.copies[w, o] = self.copies.get((w, o), 0) + copies
        if not self.copies[w, o]:
            del self.copies[w, o]
        if not profiles:
            del self._parcels[offer.seller]
            return
        cost = self.market.postage(profiles, grams, value)
        self._parcels[offer.seller] = (grams, value, profiles, -1 if cost is None else cost)

    @property
    def is_sent(self) -> bool:
        """Whether every parcel has a price."""
        return all(cost >= 0 for *_, cost in self._parcels.values())

    @property
    def total(self) -> int:
        """Goods and shipping."""
        return sum(value + cost for _, value, _, cost in self._parcels.values())

    @property
    def sellers(self) -> list[str]:
        """Whose parcels there are."""
        return list(self._parcels)

    @property
    def count(self) -> int:
        """How many copies."""
        return sum(self.copies.values())

    def plan(self, *, bound_minor: int = 0, parcels_bound: int = 0, method: str = "greedy") -> Plan:
        """The choice with its sums; what is missing of each want."""
        market = self.market
        goods = sum(value for _, value, _, _ in self._parcels.values())
        got: dict[int, int] = defaultdict(int)
        for (w, _), copies in self.copies.items():
            got[w] += copies
        return Plan(
            picks=tuple(
                Pick(market.wants[w].key, market.offers[o].key, copies)
                for (w, o), copies in sorted(self.copies.items())
            ),
            goods_minor=goods,
            shipping_minor=self.total - goods,
            parcels=len(self._parcels),
            missing={want.key: want.quantity - got[w] for w, want in enumerate(market.wants) if got[w] < want.quantity},
            bound_minor=bound_minor,
            parcels_bound=parcels_bound,
            method=method,
        )


def basket_of(market: Market, choice: Choice) -> Basket:
    """A basket with this choice in it."""
    basket = Basket(market)
    for (w, o), copies in choice.items():
        if copies:
            basket.add(w, o, copies)
    return basket
