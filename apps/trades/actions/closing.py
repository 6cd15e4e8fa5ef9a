"""A sale ends as its hold does: copies change hands, or are free again."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from apps.core import outbox
from apps.escrow.cases.queries import came_back
from apps.escrow.models import HoldState
from apps.inventory import actions as inventory
from apps.listings import actions as listings
from apps.trades.actions.locking import who
from apps.trades.events import TradeCancelled, TradeCompleted
from apps.trades.models import Trade


@transaction.atomic
def close(*, hold_id: uuid.UUID, outcome: str) -> Trade | None:
    """Follow a hold that reached its end: copies change hands, or are free again. Safe to repeat."""
    trade = Trade.objects.select_for_update(no_key=True).filter(hold_id=hold_id).first()
    if trade is None or trade.state != Trade.State.OPEN:
        return trade
    completed = outcome == HoldState.RELEASED or (outcome == HoldState.SPLIT and not came_back(hold_id))
    cause = f"trade:{trade.pk}"
    for line in trade.lines.select_related("item").order_by("item_id"):
        if completed:
            inventory.hand_over(
                item_id=line.item_id,
                quantity=line.quantity,
                to=trade.buyer,
                unit_price_minor=line.price_minor,
                currency=trade.currency,
                cause=cause,
                by=None,
            )
        else:
            # The listing before the item: the order in which a purchase locks them.
            if line.listing_id:
                listings.put_back(listing_id=line.listing_id, quantity=line.quantity)
            inventory.release_reservation(item_id=line.item_id, quantity=line.quantity, cause=cause, by=None)
    trade.state = Trade.State.COMPLETED if completed else Trade.State.CANCELLED
    trade.closed_at = timezone.now()
    trade.save(update_fields=["state", "closed_at"])
    outbox.emit((TradeCompleted if completed else TradeCancelled)(**who(trade)))
    return trade
