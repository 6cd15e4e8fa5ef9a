"""Words about a sale: messages in its room, the system's own lines, and reviews."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone

from apps.accounts.blocks.queries import check_not_blocked
from apps.accounts.models import User
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput
from apps.live.pushing import push
from apps.trades.actions.locking import locked, who
from apps.trades.events import MessageSent
from apps.trades.models import Message, Review, Trade
from apps.trades.reputation.reviews import write

_DOUBLE_CLICK = dt.timedelta(seconds=10)  # the same words again this soon are one message


@transaction.atomic
def say(*, trade: Trade, by: User, body: str) -> Message:
    """Write in the trade room. Raises NotYours, InvalidInput, Blocked. Emits trade.message_sent."""
    trade = locked(trade, either=by)
    check_not_blocked(trade.buyer_id, trade.seller_id)
    body = body.strip()
    if not 1 <= len(body) <= 2000:
        raise InvalidInput("A message has 1 to 2,000 characters.", field="body")
    last = trade.messages.order_by("-created_at", "-pk").first()
    if last and (last.author_id, last.body) == (by.pk, body) and timezone.now() - last.created_at < _DOUBLE_CLICK:
        return last
    message = Message.objects.create(trade=trade, author=by, body=body)
    outbox.emit(MessageSent(**who(trade), message_id=message.pk))
    return message


@transaction.atomic
def review(
    *,
    trade: Trade,
    by: User,
    rating: int,
    body: str = "",
    described: int | None = None,
    packing: int | None = None,
    speed: int | None = None,
) -> Review:
    """Say how it went, once; a buyer may give stars to the item as described, the packing and the speed as well.

    Raises NotYours, Conflict (not closed, or reviewed before), InvalidInput.
    """
    trade = locked(trade, either=by)
    if trade.state != Trade.State.COMPLETED:
        raise Conflict("Reviews open when the trade is completed.")
    aspects = {"described": described, "packing": packing, "speed": speed}
    if by.pk != trade.buyer_id and (given := next((name for name, stars in aspects.items() if stars is not None), "")):
        raise InvalidInput(
            "Only the buyer gives stars to the item as described, the packing and the speed.", field=given
        )
    subject_id = trade.seller_id if by.pk == trade.buyer_id else trade.buyer_id
    return write(about=trade, by=by, subject_id=subject_id, rating=rating, body=body, aspects=aspects)


def note(*, hold_id: uuid.UUID, body: str) -> None:
    """The system's own line in the trade room."""
    trade_id = Trade.objects.filter(hold_id=hold_id).values_list("pk", flat=True).first()
    if trade_id:
        Message.objects.create(trade_id=trade_id, author=None, body=body)
        push(f"trade:{trade_id}", "message")
