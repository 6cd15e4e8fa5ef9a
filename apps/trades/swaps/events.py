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
    third_id: uuid.UUID | None = None  # of a ring

    @property
    def members(self) -> tuple[uuid.UUID, ...]:
        """All who take part."""
        return (self.proposer_id, self.other_id, *([self.third_id] if self.third_id else []))

    @property
    def aggregate(self) -> str:
        """The swap."""
        return f"swap:{self.swap_id}"


@dataclass(frozen=True, kw_only=True)
class SwapProposed(SwapEvent):
    """Somebody proposes two piles, or three in a ring; the others answer."""

    topic = "swap.proposed"


@dataclass(frozen=True, kw_only=True)
class SwapAgreed(SwapEvent):
    """The terms stand and the copies of all are reserved."""

    topic = "swap.agreed"


@dataclass(frozen=True, kw_only=True)
class SwapFunded(SwapEvent):
    """All money that was asked for is held: all may ship."""

    topic = "swap.funded"


@dataclass(frozen=True, kw_only=True)
class SwapShipped(SwapEvent):
    """One of the parcels left."""

    topic = "swap.shipped"
    sender_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class SwapCompleted(SwapEvent):
    """All are content: the copies changed hands."""

    topic = "swap.completed"


@dataclass(frozen=True, kw_only=True)
class SwapClosed(SwapEvent):
    """It ended another way; `state` as in SwapState."""

    topic = "swap.closed"
    state: str
