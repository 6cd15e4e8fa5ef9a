"""Facts that wants state."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class WantsChanged(Event):
    """A list asks for something new: what is there already is to be looked through."""

    topic = "wants.changed"
    list_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The list."""
        return f"wants:{self.list_id}"


@dataclass(frozen=True, kw_only=True)
class HaveMarked(Event):
    """An item may be traded for."""

    topic = "wants.have_marked"
    item_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The item."""
        return f"have:{self.item_id}"


@dataclass(frozen=True, kw_only=True)
class WantMatched(Event):
    """New offers or haves will do for what somebody wants; how many, and the cheapest listing where there is one."""

    topic = "wants.matched"
    owner_id: uuid.UUID
    want_id: uuid.UUID
    found: int
    listing_id: uuid.UUID | None
    price_minor: int | None
    currency: str

    @property
    def aggregate(self) -> str:
        """The want."""
        return f"want:{self.want_id}"
