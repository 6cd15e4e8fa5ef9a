"""What will do for a member's want, told as an alert. The wants themselves are another room's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from apps.alerts.models import Alert, Kind
from apps.alerts.telling import tell
from apps.alerts.words import money


@dataclass(frozen=True)
class Matched:
    """New matches for one want: how many, and the cheapest offer of them; without one they are copies to be swapped."""

    want_id: uuid.UUID
    owner_id: uuid.UUID
    want: str
    found: int
    card: str
    listing_id: uuid.UUID | None = None
    variant_id: uuid.UUID | None = None
    condition: str = ""
    price: Decimal | None = None
    currency: str = "USD"


@transaction.atomic
def tell_of_wants(found: Sequence[Matched], *, at: dt.datetime) -> int:
    """Tell the owners, once for each want; how many were told. Emits: alert.triggered."""
    return tell(
        (
            Alert(
                owner_id=each.owner_id,
                kind=Kind.WANT,
                variant_id=each.variant_id,
                condition=each.condition,
                value=each.price,
                currency=each.currency,
                words=in_words(each)[:500],
                cause=f"want:{each.want_id}:{each.listing_id or at.isoformat()}",
                listing_id=each.listing_id,
                at=at,
            ),
            each.want_id,
        )
        for each in found
    )


def in_words(matched: Matched) -> str:
    """For your want “4 Lightning Bolt”: Lightning Bolt NM at $2.00, and 2 more."""
    rest = f", and {matched.found - 1} more" if matched.found > 1 else ""
    if matched.price is None:
        return f"For your want “{matched.want}”: a member would trade {matched.card} away{rest}."
    copy = f"{matched.card} {matched.condition or '(graded)'}"
    return f"For your want “{matched.want}”: {copy} at {money(matched.price, matched.currency)}{rest}."
