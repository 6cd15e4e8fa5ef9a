"""Offers meet alerts: listings and alerts do not know each other, so that what is for sale is handed over here."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from apps.alerts import evaluation
from apps.alerts.evaluation import Offer
from apps.alerts.searches import Finding, tell_of_searches
from apps.alerts.watched import Watched, tell_of_watched
from apps.core.outbox import subscribe_to_sets
from apps.listings import queries as listings
from apps.listings.events import ListingChanged, ListingCreated, ListingSoldOut
from apps.listings.search.saved import Hit, new_for_searches
from apps.listings.watching import actions as watching
from apps.valuations.events import PriceChanged


def _hand_over(offered: Iterable[listings.Offered]) -> None:
    at = timezone.now()
    evaluation.offers_appeared(
        Offer(each.listing_id, each.seller_id, each.variant_id, each.condition, each.price, each.currency, at)
        for each in offered
    )


@subscribe_to_sets(ListingCreated)
def tell_of_new_offers(events: list[ListingCreated]) -> None:
    """Copies are for sale."""
    _hand_over(listings.offered(listing_ids={event.listing_id for event in events}))


@subscribe_to_sets(ListingChanged)
def tell_of_changed_offers(events: list[ListingChanged]) -> None:
    """An offer is cheaper, or there again. A rule fires once for a listing, whatever becomes of it."""
    _hand_over(listings.offered(listing_ids={event.listing_id for event in events}))


@subscribe_to_sets(PriceChanged)
def tell_of_revalued_offers(events: list[PriceChanged]) -> None:
    """What is for sale already may be under the new fair value."""
    _hand_over(listings.offered(variant_ids={event.variant_id for event in events}))


def _tell_searches(hits: list[Hit]) -> None:
    tell_of_searches([Finding(*vars(hit).values()) for hit in hits], at=timezone.now())


@subscribe_to_sets(ListingCreated)
def tell_of_saved_searches(events: list[ListingCreated]) -> None:
    """Copies are for sale that somebody keeps a search for."""
    _tell_searches(new_for_searches(listing_ids={event.listing_id for event in events}, at=timezone.now()))


@subscribe_to_sets(ListingChanged)
def tell_searches_of_new_prices(events: list[ListingChanged]) -> None:
    """A new price brings a listing into a search that somebody keeps. Of several changes the price before the first counts."""
    was = {event.listing_id: event.was_minor for event in reversed(events) if event.was_minor is not None}
    _tell_searches(new_for_searches(repriced=was, at=timezone.now()))


def _tell_watchers(news: list[watching.News]) -> None:
    tell_of_watched([Watched(*vars(each).values()) for each in news], at=timezone.now())


@subscribe_to_sets(ListingChanged)
def tell_of_price_drops(events: list[ListingChanged]) -> None:
    """What somebody watches is cheaper."""
    _tell_watchers(watching.price_drops(listing_ids={event.listing_id for event in events}))


@subscribe_to_sets(ListingSoldOut)
def tell_of_sales(events: list[ListingSoldOut]) -> None:
    """What somebody watches was sold."""
    _tell_watchers(watching.sales(listing_ids={event.listing_id for event in events}))
