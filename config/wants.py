"""Wants meet trades: what was bought is no longer looked for. Listings do not know trades, so that it is handed over here."""

from __future__ import annotations

from apps.core.outbox import subscribe
from apps.listings.wants import actions
from apps.trades.events import TradeCompleted
from apps.trades.models import Trade


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
