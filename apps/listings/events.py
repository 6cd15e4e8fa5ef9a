"""Facts that listings state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ListingEvent(Event):
    """Something happened to a listing."""

    listing_id: uuid.UUID
    seller_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The listing."""
        return f"listing:{self.listing_id}"


@dataclass(frozen=True, kw_only=True)
class ListingCreated(ListingEvent):
    """Copies are for sale."""

    topic = "listing.created"


@dataclass(frozen=True, kw_only=True)
class ListingChanged(ListingEvent):
    """Price, quantity, shipping or state changed. was_minor: the price before, where that is what changed."""

    topic = "listing.changed"

    was_minor: int | None = None


@dataclass(frozen=True, kw_only=True)
class ListingSoldOut(ListingEvent):
    """The last copy is promised."""

    topic = "listing.sold_out"


@dataclass(frozen=True, kw_only=True)
class ListingWithdrawn(ListingEvent):
    """The seller took it back."""

    topic = "listing.withdrawn"
