"""Reviews of a swap: each says of whose cards they got how it went, blind as in a sale (apps/trades/reputation)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core.errors import Conflict, InvalidInput
from apps.trades.models import Review
from apps.trades.reputation.reviews import BLIND_FOR, is_visible
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
    if not is_open(swap, now=now):
        raise Conflict("The 14 days for a review have passed.")
    stars = {"rating": rating, "described": described, "packing": packing, "speed": speed}
    for name, given in stars.items():
        if given not in range(1, 6) and not (given is None and name != "rating"):
            raise InvalidInput("A rating is 1 to 5 stars.", field=name)
    made, created = Review.objects.get_or_create(
        swap=swap, author=by, defaults={"subject_id": swap.sender_to(by.pk), "body": body.strip()[:1000], **stars}
    )
    if not created:
        raise Conflict("You have reviewed this swap already.")
    return made


def is_open(swap: Swap, *, now: dt.datetime | None = None) -> bool:
    """Whether reviews of a swap are taken."""
    is_done = swap.state == SwapState.COMPLETED and swap.closed_at is not None
    return is_done and swap.closed_at > (now or timezone.now()) - BLIND_FOR


def written(swap: Swap, reader: User) -> dict[str, Review | None]:
    """What the reader wrote, and what was written of them if it shows; no query before the end."""
    if swap.state != SwapState.COMPLETED or reader.pk not in swap.members:
        return {"my_review": None, "their_review": None}
    rows = Review.objects.filter(swap=swap).select_related("author")
    mine = rows.filter(author=reader).first()
    theirs = rows.filter(is_visible(timezone.now()), subject=reader).first()
    return {"my_review": mine, "their_review": theirs}
