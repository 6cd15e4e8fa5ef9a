"""Facts that the bargaining states."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class OfferEvent(Event):
    """Something happened to an offer."""

    offer_id: uuid.UUID
    listing_id: uuid.UUID
    buyer_id: uuid.UUID
    seller_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The offer."""
        return f"offer:{self.offer_id}"


@dataclass(frozen=True, kw_only=True)
class OfferMade(OfferEvent):
    """Somebody offered a price, or countered with another one."""

    topic = "offer.made"
    author_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class OfferAgreed(OfferEvent):
    """Both agree on a price; the copies are reserved for the buyer."""

    topic = "offer.agreed"


@dataclass(frozen=True, kw_only=True)
class OfferBought(OfferEvent):
    """The buyer checked out at the agreed price."""

    topic = "offer.bought"


@dataclass(frozen=True, kw_only=True)
class OfferClosed(OfferEvent):
    """An offer ended without a purchase. state: how; why: the reason where neither side ended it."""

    topic = "offer.closed"
    state: str
    why: str = ""
