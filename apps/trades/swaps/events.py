"""Facts that swaps state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class SwapEvent(Event):
    """Something happened to a swap."""

    topic = "swap"
    swap_id: uuid.UUID
    proposer_id: uuid.UUID
    other_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The swap."""
        return f"swap:{self.swap_id}"


@dataclass(frozen=True, kw_only=True)
class SwapProposed(SwapEvent):
    """Somebody proposes two piles; the other answers."""

    topic = "swap.proposed"


@dataclass(frozen=True, kw_only=True)
class SwapAgreed(SwapEvent):
    """The terms stand and the copies of both are reserved."""

    topic = "swap.agreed"


@dataclass(frozen=True, kw_only=True)
class SwapFunded(SwapEvent):
    """All money that was asked for is held: both may ship."""

    topic = "swap.funded"


@dataclass(frozen=True, kw_only=True)
class SwapShipped(SwapEvent):
    """One of the two parcels left."""

    topic = "swap.shipped"
    sender_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class SwapCompleted(SwapEvent):
    """Both are content: the copies changed hands."""

    topic = "swap.completed"


@dataclass(frozen=True, kw_only=True)
class SwapClosed(SwapEvent):
    """It ended another way; `state` as in SwapState."""

    topic = "swap.closed"
    state: str
