"""Facts that the bargaining states."""

import datetime as dt
import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class OfferEvent(Event):
    """Something happened to an offer: between whom, about what, and for how much a copy."""

    offer_id: uuid.UUID
    listing_id: uuid.UUID
    buyer_id: uuid.UUID
    seller_id: uuid.UUID
    quantity: int
    price_minor: int
    currency: str

    @property
    def aggregate(self) -> str:
        """The offer."""
        return f"offer:{self.offer_id}"


@dataclass(frozen=True, kw_only=True)
class OfferMade(OfferEvent):
    """Somebody offered a price, or countered with another one; the other side answers until `due_at`."""

    topic = "offer.made"
    author_id: uuid.UUID
    due_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class OfferAgreed(OfferEvent):
    """Both agree on a price, `by_id` last; the copies are reserved for the buyer until `due_at`."""

    topic = "offer.agreed"
    by_id: uuid.UUID
    due_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class OfferBought(OfferEvent):
    """The buyer checked out at the agreed price."""

    topic = "offer.bought"


@dataclass(frozen=True, kw_only=True)
class OfferClosed(OfferEvent):
    """An offer ended without a purchase. state: how; why: the reason where neither side ended it; by_id: who did."""

    topic = "offer.closed"
    state: str
    why: str = ""
    by_id: uuid.UUID | None = None
