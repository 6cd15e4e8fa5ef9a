"""What became of a listing that a member watches, told as an alert. The watching itself is another room's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from apps.alerts.models import Alert, Kind
from apps.alerts.telling import tell
from apps.alerts.words import money, percentage


@dataclass(frozen=True)
class Watched:
    """A watched listing is cheaper than `before`, or was sold where that is None."""

    watch_id: uuid.UUID
    owner_id: uuid.UUID
    listing_id: uuid.UUID
    variant_id: uuid.UUID
    card: str
    condition: str
    before: Decimal | None
    price: Decimal
    currency: str

    @property
    def percent(self) -> Decimal | None:
        """By how much it fell."""
        return None if self.before is None else 100 * (self.price - self.before) / self.before


@transaction.atomic
def tell_of_watched(found: Sequence[Watched], *, at: dt.datetime) -> int:
    """Tell the watchers; how many were told. Emits: alert.triggered."""
    return tell(
        (
            Alert(
                owner_id=each.owner_id,
                kind=Kind.OFFER if each.before is None else Kind.DROP,
                variant_id=each.variant_id,
                condition=each.condition,
                value=each.price,
                before=each.before,
                percent=None if each.percent is None else round(each.percent, 1),
                currency=each.currency,
                words=in_words(each)[:500],
                cause=f"watch:{each.watch_id}:{at.isoformat()}",
                listing_id=each.listing_id,
                at=at,
            ),
            each.watch_id,
        )
        for each in found
    )


def in_words(watched: Watched) -> str:
    """Charizard NM, which you watch, fell by 10 %, from $15.00 to $13.50. Or: was sold for $15.00."""
    copy = f"{watched.card} {watched.condition or '(graded)'}, which you watch,"
    price = money(watched.price, watched.currency)
    if watched.before is None or watched.percent is None:
        return f"{copy} was sold for {price}."
    return f"{copy} fell by {percentage(watched.percent)}, from {money(watched.before, watched.currency)} to {price}."
