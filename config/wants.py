"""Wants meet trades and alerts: what was bought is no longer looked for; who looks for something is told of it. Listings know
neither, so that it is handed over here.
"""

from __future__ import annotations

from django.utils import timezone

from apps.alerts.wants import Matched, tell_of_wants
from apps.core.money import Money
from apps.core.outbox import subscribe, subscribe_to_sets
from apps.listings.wants import actions, queries
from apps.listings.wants.events import WantMatched
from apps.trades.events import TradeCompleted
from apps.trades.models import Trade
from apps.trades.swaps.events import SwapCompleted
from apps.trades.swaps.models import Swap


@subscribe(TradeCompleted)
def tick_off(event: TradeCompleted) -> None:
    """The copies are the buyer's."""
    trade = Trade.objects.select_related("buyer").get(pk=event.trade_id)
    lines = trade.lines.exclude(giver=trade.buyer).select_related("item__variant")
    copies = [
        (
            line.item.variant.product_id,
            line.item.condition,
            line.item.variant.language,
            line.item.variant.finish,
            line.quantity,
        )
        for line in lines
    ]
    actions.bought(owner=trade.buyer, copies=copies)


@subscribe(SwapCompleted)
def tick_off_swapped(event: SwapCompleted) -> None:
    """The copies of each are the other's."""
    swap = Swap.objects.select_related("proposer", "other").get(pk=event.swap_id)
    for taker in (swap.proposer, swap.other):
        lines = swap.lines.exclude(giver=taker).select_related("item__variant")
        variants = [(line.item.variant, line.item.condition, line.quantity) for line in lines]
        copies = [(each.product_id, state, each.language, each.finish, n) for each, state, n in variants]
        actions.bought(owner=taker, copies=copies)


@subscribe_to_sets(WantMatched)
def tell_of_matches(events: list[WantMatched]) -> None:
    """Something will do for what somebody looks for."""
    tell_of_wants([_matched(told) for told in queries.to_tell(events)], at=timezone.now())


def _matched(told: queries.Told) -> Matched:
    if told.listing is None:
        return Matched(told.want_id, told.owner_id, told.said, told.found, told.card)
    listing, item = told.listing, told.listing.item
    return Matched(
        told.want_id, told.owner_id, told.said, told.found, told.card, listing.pk, item.variant_id, item.condition,
        Money(listing.price_minor, listing.currency).decimal, listing.currency,
    )  # fmt: skip
