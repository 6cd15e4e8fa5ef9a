"""What of trades can be followed live, and by whom. Facts of held money reach the room that the hold is for."""

from __future__ import annotations

import uuid

from django.db.models import Q

from apps.core.outbox import at_once
from apps.escrow import events as escrow
from apps.live.pushing import push, push_all
from apps.live.streams import Reader, stream
from apps.trades.events import MessageSent, TradeCancelled, TradeCompleted, TradeCreated, TradeEvent, TradeShipped
from apps.trades.models import Trade

_ROOMS = {"trade", "swap"}


def is_party(reader: Reader, key: uuid.UUID) -> bool:
    """Buyer or seller."""
    return Trade.objects.filter(Q(buyer=reader.member_id) | Q(seller=reader.member_id), pk=key).exists()


@stream("trade", is_present=is_party)
def may_follow_trade(reader: Reader, key: uuid.UUID) -> bool:
    """Its two sides and moderators, as its room."""
    return reader.member_id is not None and (reader.is_moderator or is_party(reader, key))


@at_once(TradeCreated)
@at_once(TradeShipped)
@at_once(TradeCompleted)
@at_once(TradeCancelled)
@at_once(MessageSent)
def tell(event: TradeEvent) -> None:
    """The room changes, and both lists."""
    told = {"trade": event.trade_id}
    lists = ((f"member:{pk}", "trades", told) for pk in (event.buyer_id, event.seller_id))
    push_all([(f"trade:{event.trade_id}", "message" if isinstance(event, MessageSent) else "changed", None), *lists])


@at_once(escrow.HoldFunded)
@at_once(escrow.HoldShipped)
@at_once(escrow.HoldDelivered)
@at_once(escrow.HoldReleased)
@at_once(escrow.HoldRefunded)
@at_once(escrow.HoldSplit)
@at_once(escrow.HoldCancelled)
@at_once(escrow.HoldDisputed)
@at_once(escrow.HoldOverdue)
@at_once(escrow.DisputeAnswered)
@at_once(escrow.CaseMoved)
@at_once(escrow.DisputeDecided)
@at_once(escrow.DisputeWithdrawn)
@at_once(escrow.PaymentFailed)
def tell_of_money(event: escrow.HoldFact) -> None:
    """Held money moved: `trade:<id>` or `swap:<id>:<member>` is what it is held for."""
    room, _, rest = event.cause.partition(":")
    if room in _ROOMS:
        push(f"{room}:{rest.partition(':')[0]}", "changed")
