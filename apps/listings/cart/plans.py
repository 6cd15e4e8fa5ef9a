"""The optimiser over what is for sale: the cart's own wants, offers of everybody else, and the two plans side by side."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.accounts.models import User
from apps.core.conditions import Condition
from apps.listings.cart.greedy import card_by_card
from apps.listings.cart.market import Market, Offer, Plan, Step, Want
from apps.listings.cart.optimiser import cheapest, fewest_parcels
from apps.listings.cart.queries import Contents
from apps.listings.destinations import HOME, destinations_of
from apps.listings.models import Listing, ShippingRate

MOST_OFFERS_A_CARD = 200
_PACKING_GRAMS, _CARD_GRAMS, _THING_GRAMS = 20, 6, 500  # as listings_grams in the database has them


@dataclass(frozen=True)
class Plans:
    """Both plans for the same wants. offers: what the picks are of; baseline_minor: card by card, what is saved on."""

    currency: str
    lowest: Plan
    fewest: Plan
    baseline_minor: int
    offers: Mapping[str, Listing]
    wants: Mapping[str, str]


def wants_of(shown: Contents, currency: str) -> list[Want]:
    """What the cart's lines ask for: the same printing, language and finish in the same condition or a better one."""
    best_first = list(Condition.values)
    wants = []
    for parcel in shown.parcels:
        for row in parcel.rows:
            item = row.listing.item
            if parcel.currency != currency:
                continue
            fits = best_first[: best_first.index(item.condition) + 1] if item.condition else [item.condition_label]
            wants.append(
                Want(
                    str(row.line.pk),
                    frozenset({str(item.variant.product_id)}),
                    row.copies,
                    frozenset(fits),
                    frozenset({item.variant.language}),
                    frozenset({item.variant.finish}),
                )
            )
    return wants


def market_of(wants: Sequence[Want], *, country: str, currency: str, buyer: User | None) -> tuple[Market, dict]:
    """What is for sale of these wants, sent to the country, in one currency; and the listings by key. Two queries."""
    products = {uuid.UUID(card) for want in wants for card in want.cards}
    rows = (
        Listing.objects.filter(state=Listing.State.ACTIVE, currency=currency, item__variant__product__in=products)
        .select_related("item__variant__product__category", "item__variant__product__release", "seller", "shipping")
        .order_by("price_minor", "pk")
    )
    taken: dict[uuid.UUID, int] = {}
    listings: dict[str, Listing] = {}
    for listing in rows.iterator(chunk_size=2000):
        product = listing.item.variant.product
        taken[product.pk] = taken.get(product.pk, 0) + 1
        if taken[product.pk] <= MOST_OFFERS_A_CARD:
            listings[str(listing.pk)] = listing
    shipping = _steps({listing.shipping_id: listing.seller.country for listing in listings.values()}, country)
    offers = [
        Offer(
            key, str(listing.seller_id), str(listing.item.variant.product_id), listing.quantity, listing.price_minor,
            str(listing.shipping_id), listing.item.condition_label, listing.item.variant.language,
            listing.item.variant.finish, _grams(listing),
        )
        for key, listing in listings.items()
    ]  # fmt: skip
    return Market(wants, offers, shipping, str(buyer.pk) if buyer else "", _PACKING_GRAMS), listings


def _grams(listing: Listing) -> int:
    path = listing.item.variant.product.category.path
    return _CARD_GRAMS if path == "trading-cards" or path.startswith("trading-cards/") else _THING_GRAMS


def _steps(homes: Mapping[uuid.UUID, str], country: str) -> dict[str, list[Step]]:
    """The price steps of each profile to a country: rates of the nearest destination that fit go before all others."""
    order = destinations_of(country)
    by_profile: dict[uuid.UUID, list[tuple[int, ShippingRate]]] = {profile: [] for profile in homes}
    for rate in ShippingRate.objects.filter(profile__in=list(homes), destination__in=[HOME, *order]):
        if rate.destination == HOME and homes[rate.profile_id] != country:
            continue
        place = 0 if rate.destination == HOME else order.index(rate.destination) + 1
        by_profile[rate.profile_id].append((place, rate))
    return {
        str(profile): [step for place, rate in rates for step in _unless_nearer(place, rate, rates)]
        for profile, rates in by_profile.items()
    }


def _unless_nearer(place: int, rate: ShippingRate, rates: Sequence[tuple[int, ShippingRate]]) -> list[Step]:
    """A rate as steps that begin where no rate of a nearer destination fits any more."""
    starts = {(0, 0)}
    for other, near in rates:
        if other >= place:
            continue
        beyond = set()
        for grams, minor in starts:
            if near.up_to_grams is not None:
                beyond.add((max(grams, near.up_to_grams + 1), minor))
            if near.up_to_minor is not None:
                beyond.add((grams, max(minor, near.up_to_minor + 1)))
        starts = beyond
    return [Step(rate.price_minor, grams, rate.up_to_grams, minor, rate.up_to_minor) for grams, minor in starts]


def plans_for(wants: Sequence[Want], *, country: str, currency: str, buyer: User | None) -> Plans:
    """The lowest total and the fewest parcels for these wants, each within half of the solver's time."""
    market, listings = market_of(wants, country=country, currency=currency, buyer=buyer)
    seconds = settings.CART_SOLVER_SECONDS / 2
    lowest, fewest = cheapest(market, seconds=seconds), fewest_parcels(market, seconds=seconds)
    names = {want.key: next(iter(want.cards)) for want in wants}
    return Plans(currency, lowest, fewest, card_by_card(market).total, listings, names)


def picked(plan: Plan, plans: Plans) -> list[tuple[uuid.UUID, int, int]]:
    """A plan as (listing, copies, price), copies for several wants added up."""
    return _summed(plan, plans.offers)


def by_seller(plan: Plan, plans: Plans) -> list[tuple[User, list[tuple[Listing, int]]]]:
    """What a plan takes, for the reader: each seller's listings with their copies, the dearest parcel first."""
    parcels: dict[User, list[tuple[Listing, int]]] = {}
    for key, copies, _ in picked(plan, plans):
        listing = plans.offers[str(key)]
        parcels.setdefault(listing.seller, []).append((listing, copies))
    return sorted(parcels.items(), key=lambda each: -sum(row.price_minor * copies for row, copies in each[1]))


@dataclass(frozen=True)
class Found:
    """What a single plan takes, as (listing, copies, price), and what card by card comes to."""

    picks: list[tuple[uuid.UUID, int, int]]
    baseline_minor: int


def plan_for(
    wants: Sequence[Want], *, country: str, currency: str, buyer: User | None, fewest: bool
) -> tuple[Plan, Found]:
    """One plan for any wants, such as a want list's: the lowest total or the fewest parcels."""
    market, listings = market_of(wants, country=country, currency=currency, buyer=buyer)
    solve = fewest_parcels if fewest else cheapest
    plan = solve(market, seconds=settings.CART_SOLVER_SECONDS)
    return plan, Found(_summed(plan, listings), card_by_card(market).total)


def _summed(plan: Plan, listings: Mapping[str, Listing]) -> list[tuple[uuid.UUID, int, int]]:
    copies: dict[str, int] = {}
    for pick in plan.picks:
        copies[pick.offer] = copies.get(pick.offer, 0) + pick.copies
    return [(uuid.UUID(key), number, listings[key].price_minor) for key, number in copies.items()]
