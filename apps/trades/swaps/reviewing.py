"""Reviews of a swap: each says of whose cards they got how it went, blind as in a sale (apps/trades/reputation)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.trades.models import Review
from apps.trades.reputation.reviews import is_time, is_visible, write
from apps.trades.swaps import moves
from apps.trades.swaps.models import Swap
from apps.trades.swaps.states import SwapState


@transaction.atomic
def review(
    *,
    swap: Swap,
    by: User,
    rating: int,
    body: str = "",
    described: int | None = None,
    packing: int | None = None,
    speed: int | None = None,
    now: dt.datetime | None = None,
) -> Review:
    """Say once how it went with who sent one's new cards. Raises NotYours, Conflict (not completed, too late), InvalidInput."""
    swap = moves.locked(swap.pk, by)
    if swap.state != SwapState.COMPLETED:
        raise Conflict("Reviews open when the swap is completed.")
    aspects = {"described": described, "packing": packing, "speed": speed}
    subject_id = swap.sender_to(by.pk)
    return write(about=swap, by=by, subject_id=subject_id, rating=rating, body=body, aspects=aspects, now=now)


def is_open(swap: Swap, *, now: dt.datetime | None = None) -> bool:
    """Whether reviews of a swap are taken."""
    return swap.state == SwapState.COMPLETED and is_time(swap.closed_at, now=now or timezone.now())


def written(swap: Swap, reader: User) -> dict[str, Review | None]:
    """What the reader wrote, and what was written of them if it shows; no query before the end."""
    if swap.state != SwapState.COMPLETED or reader.pk not in swap.members:
        return {"my_review": None, "their_review": None}
    rows = Review.objects.filter(swap=swap).select_related("author")
    mine = rows.filter(author=reader).first()
    theirs = rows.filter(is_visible(timezone.now()), subject=reader).first()
    return {"my_review": mine, "their_review": theirs}
