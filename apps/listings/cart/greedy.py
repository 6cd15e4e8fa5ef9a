"""Choices without a solver: the named baselines that pick card by card, and a start that minds the parcels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from apps.listings.cart.market import Basket, Market

MOST_ROUNDS = 6


def card_by_card(market: Market) -> Basket:
    """The baseline: each card where it is cheapest by itself, by its price or by its price delivered alone.

    Both are tried and the one that comes to less is returned; the more copies, the better all the same.
    """

    def by_price(o: int) -> tuple[int, int]:
        return market.offers[o].price_minor, o

    def by_delivered(o: int) -> tuple[int, int]:
        offer = market.offers[o]
        alone = market.postage([offer.shipping], offer.grams, offer.price_minor)
        return (offer.price_minor + alone if alone is not None else 1 << 60), o

    return best([_in_order(market, by_price), _in_order(market, by_delivered)])


def _in_order(market: Market, place: Callable[[int], tuple[int, int]]) -> Basket:
    basket = Basket(market)
    for w, want in enumerate(market.wants):
        left = want.quantity
        for o in sorted(market.eligible[w], key=place):
            while left and basket.more(o) is not None:
                basket.add(w, o)
                left -= 1
    return basket


def start(market: Market) -> Basket:
    """A good choice within moments: each copy where it adds least, then every parcel closed that is not worth it."""
    return best([improved(_least_added(market)), improved(card_by_card(market))])


def few_sellers(market: Market) -> Basket:
    """A choice with few parcels: again and again the seller who has most of what is still wanted."""
    by_seller: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for w, numbers in enumerate(market.eligible):
        for o in numbers:
            by_seller[market.offers[o].seller].append((w, o))
    basket = Basket(market)
    left = [want.quantity for want in market.wants]
    while by_seller:
        could = {seller: _takes(market, pairs, left) for seller, pairs in by_seller.items()}
        by_seller = {seller: by_seller[seller] for seller, copies in could.items() if copies}
        if not by_seller:
            break
        seller = max(by_seller, key=lambda each: (could[each], each))
        for w, o in sorted(by_seller.pop(seller), key=lambda pair: market.offers[pair[1]].price_minor):
            while left[w] and basket.more(o) is not None:
                basket.add(w, o)
                left[w] -= 1
    return best([basket, start(market)]) if any(left) else basket


def _takes(market: Market, pairs: list[tuple[int, int]], left: list[int]) -> int:
    """About how many of the copies still wanted these offers have."""
    wanted: dict[int, int] = defaultdict(int)
    for w, o in pairs:
        wanted[w] += market.offers[o].quantity
    return sum(min(left[w], copies) for w, copies in wanted.items())


def best(baskets: list[Basket]) -> Basket:
    """The one with the most copies, of these the cheapest, of these the one with the fewest parcels."""
    return min(baskets, key=lambda each: (-each.count, each.total, len(each.sellers)))


def _least_added(market: Market) -> Basket:
    """Scarce cards first: their sellers' parcels are needed anyhow and can carry others."""
    basket = Basket(market)
    for w in sorted(range(len(market.wants)), key=lambda w: (len(market.eligible[w]), w)):
        for _ in range(market.wants[w].quantity):
            if not _place(basket, w):
                break
    return basket


def _place(basket: Basket, w: int, without: str = "") -> bool:
    """Take one copy where it adds least."""
    least: tuple[int, int] | None = None
    for o in basket.market.eligible[w]:
        offer = basket.market.offers[o]
        if least is not None and offer.price_minor > least[0] and not _may_shrink(basket.market, offer.shipping):
            break  # sorted by price: no later one adds less
        added = basket.more(o) if offer.seller != without else None
        if added is not None and (least is None or (added, o) < least):
            least = (added, o)
    if least is None:
        return False
    basket.add(w, least[1])
    return True


def _may_shrink(market: Market, profile: str) -> bool:
    """Whether a fuller parcel can cost less: then a dear copy may add less than its price."""
    return any(step.grams_from or step.value_from for step in market.shipping[profile])


def improved(basket: Basket) -> Basket:
    """The same copies or more with each parcel dissolved in turn into the others, as long as that is cheaper."""
    for _ in range(MOST_ROUNDS):
        before = basket.total
        for seller in sorted(basket.sellers):
            basket = _without(basket, seller)
        if basket.total >= before:
            break
    return basket


def _without(basket: Basket, seller: str) -> Basket:
    """The basket with one parcel dissolved where that helps, else as it was."""
    market = basket.market
    trial = Basket(market)
    moved: list[tuple[int, int]] = []
    for (w, o), copies in basket.copies.items():
        if market.offers[o].seller == seller:
            moved.append((w, copies))
        else:
            trial.add(w, o, copies)
    for w, copies in moved:
        for _ in range(copies):
            if not _place(trial, w, without=seller):
                return basket
    return trial if trial.is_sent and trial.total < basket.total else basket
