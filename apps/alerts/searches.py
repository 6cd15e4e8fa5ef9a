"""What was newly listed for a member's saved search, told as an alert. The search itself is another room's."""

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
class Finding:
    """New offers for one saved search: how many, and the cheapest of them."""

    search_id: uuid.UUID
    owner_id: uuid.UUID
    search: str
    offers: int
    listing_id: uuid.UUID
    variant_id: uuid.UUID
    condition: str
    price: Decimal
    currency: str
    card: str


@transaction.atomic
def tell_of_searches(found: Sequence[Finding], *, at: dt.datetime) -> int:
    """Tell the owners, once for each search; how many were told. Emits: alert.triggered."""
    return tell(
        (
            Alert(
                owner_id=each.owner_id,
                kind=Kind.OFFER,
                variant_id=each.variant_id,
                condition=each.condition,
                value=each.price,
                currency=each.currency,
                words=in_words(each)[:500],
                cause=f"search:{each.search_id}:{each.listing_id}",
                listing_id=each.listing_id,
                at=at,
            ),
            each.search_id,
        )
        for each in found
    )


def in_words(finding: Finding) -> str:
    """New for “charizard”: Charizard NM at $12.50, and 2 more."""
    copy = f"{finding.card} {finding.condition or '(graded)'}"
    rest = f", and {finding.offers - 1} more" if finding.offers > 1 else ""
    return f"New for “{finding.search}”: {copy} at {money(finding.price, finding.currency)}{rest}."
