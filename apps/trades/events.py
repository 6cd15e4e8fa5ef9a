"""Facts that trades state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class TradeEvent(Event):
    """Something happened to a trade."""

    trade_id: uuid.UUID
    buyer_id: uuid.UUID
    seller_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The trade."""
        return f"trade:{self.trade_id}"


@dataclass(frozen=True, kw_only=True)
class TradeCreated(TradeEvent):
    """A buyer promised to pay; the copies are reserved."""

    topic = "trade.created"


@dataclass(frozen=True, kw_only=True)
class TradeShipped(TradeEvent):
    """A parcel is on its way."""

    topic = "trade.shipped"


@dataclass(frozen=True, kw_only=True)
class TradeCompleted(TradeEvent):
    """The copies changed hands and the money was released (wholly or in part)."""

    topic = "trade.completed"


@dataclass(frozen=True, kw_only=True)
class TradeCancelled(TradeEvent):
    """Nothing changed hands; the copies are free again."""

    topic = "trade.cancelled"


@dataclass(frozen=True, kw_only=True)
class ReviewRevealed(Event):
    """Everybody sees a review: both are in, or the time is over."""

    topic = "review.revealed"
    review_id: uuid.UUID
    subject_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The review."""
        return f"review:{self.review_id}"


@dataclass(frozen=True, kw_only=True)
class MessageSent(TradeEvent):
    """Somebody wrote in the trade room."""

    topic = "trade.message_sent"
    message_id: uuid.UUID
