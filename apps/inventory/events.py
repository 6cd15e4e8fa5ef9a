"""Facts that the inventory states."""

import uuid
from dataclasses import dataclass

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ItemAdded(Event):
    """Copies came into an inventory."""

    topic = "inventory.item_added"
    item_id: uuid.UUID
    owner_id: uuid.UUID
    variant_id: uuid.UUID
    quantity: int

    @property
    def aggregate(self) -> str:
        """The item."""
        return f"item:{self.item_id}"


@dataclass(frozen=True, kw_only=True)
class ItemHandedOver(Event):
    """Copies went from one member to another."""

    topic = "inventory.item_handed_over"
    item_id: uuid.UUID
    giver_id: uuid.UUID
    taker_id: uuid.UUID
    quantity: int

    @property
    def aggregate(self) -> str:
        """The item."""
        return f"item:{self.item_id}"


@dataclass(frozen=True, kw_only=True)
class PhotoAttached(Event):
    """The owner added a picture of their own copy."""

    topic = "inventory.photo_attached"
    item_id: uuid.UUID
    photo_id: uuid.UUID
    owner_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The item."""
        return f"item:{self.item_id}"


@dataclass(frozen=True, kw_only=True)
class ItemsImported(Event):
    """Lines of a file came into an inventory: one fact for a batch of them."""

    topic = "inventory.items_imported"
    import_id: uuid.UUID
    owner_id: uuid.UUID
    lines: int
    copies: int

    @property
    def aggregate(self) -> str:
        """The import."""
        return f"import:{self.import_id}"


@dataclass(frozen=True, kw_only=True)
class ImportAdded(Event):
    """All lines of an import that were matched are in the inventory."""

    topic = "inventory.import_added"
    import_id: uuid.UUID
    owner_id: uuid.UUID

    @property
    def aggregate(self) -> str:
        """The import."""
        return f"import:{self.import_id}"
