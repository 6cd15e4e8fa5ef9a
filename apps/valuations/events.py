"""Facts that this app states."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from apps.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PriceChanged(Event):
    """The fair value of a variant in a condition is another one now. A first value is no change."""

    topic: ClassVar[str] = "price.changed"

    variant_id: uuid.UUID
    condition: str
    old: Decimal
    new: Decimal
    currency: str
    at: dt.datetime

    @property
    def aggregate(self) -> str:
        """Changes of one variant arrive in order."""
        return f"variant:{self.variant_id}"


@dataclass(frozen=True, kw_only=True)
class ValuationCompleted(Event):
    """A fair value was stated, with all that it takes to check it."""

    topic: ClassVar[str] = "valuation.completed"

    valuation_id: uuid.UUID
    variant_id: uuid.UUID
    value: Decimal
    currency: str
    at: dt.datetime

    @property
    def aggregate(self) -> str:
        """Valuations of one variant arrive in order."""
        return f"variant:{self.variant_id}"
