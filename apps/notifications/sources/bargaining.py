"""Offers and swaps as notifications."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from apps.core.money import Money
from apps.core.outbox import Event
from apps.listings.offers.events import OfferAgreed, OfferClosed, OfferMade
from apps.listings.offers.models import Offer, OfferState
from apps.notifications.sources.registry import source
from apps.notifications.telling import Told
from apps.trades.swaps import events as swaps
from apps.trades.swaps.models import Swap


def _offers(events: Sequence[Any]) -> dict[Any, Offer]:
    wanted = Offer.objects.select_related("buyer", "seller", "listing__item__variant__product")
    return wanted.in_bulk({event.offer_id for event in events})


def _about_offer(offer: Offer) -> dict[str, Any]:
    return {
        "offer_id": str(offer.pk), "card": offer.listing.item.variant.product.name, "quantity": offer.quantity,
        "price": str(Money(offer.price_minor, offer.currency)), "buyer": str(offer.buyer), "seller": str(offer.seller),
        "due_at": offer.due_at,
    }  # fmt: skip


def _offer(kind: str, owner_id: Any, offer: Offer, **more: Any) -> Told:
    # A negotiation is one thing: its offers follow each other about one listing with one buyer.
    group = f"negotiation:{offer.listing_id}:{offer.buyer_id}"[:120]
    return Told(kind, owner_id, f"offer:{offer.pk}", group, offer.get_absolute_url(), _about_offer(offer) | more)


@source(OfferMade)
def made(events: Sequence[OfferMade]) -> Iterator[Told]:
    """Who answers learns of it."""
    found = _offers(events)
    for event in events:
        offer = found[event.offer_id]
        is_counter = event.author_id == offer.seller_id
        author = offer.seller if is_counter else offer.buyer
        yield _offer("offer.made", offer.other_id, offer, author=str(author), is_counter=is_counter)


@source(OfferAgreed)
def agreed(events: Sequence[OfferAgreed]) -> Iterator[Told]:
    """Who did not have the last word learns of it; a buyer has to check out."""
    found = _offers(events)
    for event in events:
        offer = found[event.offer_id]
        owner = offer.seller_id if event.by_id == offer.buyer_id else offer.buyer_id
        yield _offer("offer.agreed", owner, offer, is_buyer=owner == offer.buyer_id)


@source(OfferClosed)
def closed(events: Sequence[OfferClosed]) -> Iterator[Told]:
    """Who did not end it learns that it is over. Counters and purchases are told by what follows them."""
    found = _offers(events)
    for event in events:
        if event.state in (OfferState.COUNTERED, OfferState.BOUGHT):
            continue
        offer = found[event.offer_id]
        for owner in {offer.buyer_id, offer.seller_id} - {event.by_id}:
            yield _offer("offer.closed", owner, offer, state=str(OfferState(event.state).label))


def _swap(event_type: type[Event], kind: str) -> None:
    """Register a fact about a swap. Who caused it is not told of a proposal or a parcel; of the rest all are."""

    @source(event_type)
    def read(events: Sequence[Any]) -> Iterator[Told]:
        found = Swap.objects.select_related("proposer", "other", "third").in_bulk({event.swap_id for event in events})
        for event in events:
            swap = found[event.swap_id]
            state = getattr(event, "state", "")
            if state == "countered":
                continue
            silent = {getattr(event, "sender_id", swap.proposer_id if kind == "swap.proposed" else None)}
            for owner in swap.people:
                if owner.pk not in silent:
                    more = {
                        "swap_id": str(swap.pk),
                        "partner": swap.partners_of(owner.pk),
                        "due_at": swap.due_at,
                        "state": state,
                    }
                    cause = f"{event.topic}:{swap.pk}:{getattr(event, 'sender_id', '')}"
                    yield Told(kind, owner.pk, cause, f"swap:{swap.pk}", swap.get_absolute_url(), more)


_swap(swaps.SwapProposed, "swap.proposed")
_swap(swaps.SwapAgreed, "swap.agreed")
_swap(swaps.SwapFunded, "swap.funded")
_swap(swaps.SwapShipped, "swap.shipped")
_swap(swaps.SwapCompleted, "swap.completed")
_swap(swaps.SwapClosed, "swap.closed")
