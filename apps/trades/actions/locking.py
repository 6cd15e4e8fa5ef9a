"""A sale under its lock, for those who may act in it, and who they are in its events."""

from __future__ import annotations

import uuid

from apps.accounts.models import User
from apps.core.errors import NotFound, NotYours
from apps.trades.models import Trade


def locked(trade: Trade, *, buyer: User | None = None, seller: User | None = None, either: User | None = None) -> Trade:
    """The sale under its lock, for whom it is named for: its buyer, its seller, or either. Raises NotFound, NotYours."""
    found = (
        Trade.objects.select_for_update(of=("self",), no_key=True)
        .select_related("hold", "buyer", "seller")
        .filter(pk=trade.pk)
        .first()
    )
    if found is None:
        raise NotFound
    allowed = (
        (buyer is not None and found.buyer_id == buyer.pk)
        or (seller is not None and found.seller_id == seller.pk)
        or (either is not None and either.pk in {found.buyer_id, found.seller_id})
    )
    if not allowed:
        raise NotYours("That is not yours to do in this trade.")
    return found


def who(trade: Trade) -> dict[str, uuid.UUID]:
    """Sale, buyer and seller by their ids, as every event of a sale carries them."""
    return {"trade_id": trade.pk, "buyer_id": trade.buyer_id, "seller_id": trade.seller_id}
