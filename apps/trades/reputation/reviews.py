"""Reviews of a sale or a swap: written blind, shown when both are in or the time is over, answered once.

Who may write one, and of whom, say `apps.trades.actions.review` and `apps.trades.swaps.reviewing.review`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core import outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.trades.events import ReviewRevealed
from apps.trades.models import ASPECTS, Review, Trade
from apps.trades.swaps.models import Swap

BLIND_FOR = dt.timedelta(days=14)
_SET = 1000


def is_time(closed_at: dt.datetime | None, *, now: dt.datetime) -> bool:
    """Whether reviews are taken of what ended then."""
    return closed_at is not None and closed_at > now - BLIND_FOR


def write(
    *,
    about: Trade | Swap,
    by: User,
    subject_id: uuid.UUID,
    rating: int,
    body: str,
    aspects: Mapping[str, int | None],
    now: dt.datetime | None = None,
) -> Review:
    """Keep one side's words of a sale or a swap that is completed, once; in the caller's transaction.

    rating, aspects: 1 to 5 stars; an aspect may be left out. Raises Conflict (too late, or done before), InvalidInput.
    """
    if not is_time(about.closed_at, now=now or timezone.now()):
        raise Conflict("The 14 days for a review have passed.")
    for name, stars in {"rating": rating, **aspects}.items():
        if stars not in range(1, 6) and not (stars is None and name != "rating"):
            raise InvalidInput("A rating is 1 to 5 stars.", field=name)
    kind = "trade" if isinstance(about, Trade) else "swap"
    made, created = Review.objects.get_or_create(
        **{kind: about},
        author=by,
        defaults={"subject_id": subject_id, "rating": rating, "body": body.strip()[:1000], **aspects},
    )
    if not created:
        raise Conflict(f"You have reviewed this {kind} already.")
    return made


def is_visible(now: dt.datetime) -> Q:
    """The condition on reviews that everybody sees: both are in, or the time is over; and not taken down."""
    other = Review.objects.filter(trade=OuterRef("trade")).exclude(author=OuterRef("author"))
    # In a ring everybody reviews who sent to them; who is reviewed has written when theirs is in, of whomever.
    of_subject = Review.objects.filter(swap=OuterRef("swap"), author=OuterRef("subject"))
    is_over = Q(trade__closed_at__lte=now - BLIND_FOR) | Q(swap__closed_at__lte=now - BLIND_FOR)
    return Q(hidden_at__isnull=True) & (Q(Exists(other)) | Q(Exists(of_subject)) | is_over)


def aspects_of(given: Iterable[Mapping[str, int | None]]) -> list[tuple[str, float, int]]:
    """(aspect, mean of the stars, how many gave any) of reviews as their figures by name."""
    rows = list(given)
    found = []
    for name, label in ASPECTS.items():
        stars = [each[name] for each in rows if each[name] is not None]
        if stars:
            found.append((str(label), sum(stars) / len(stars), len(stars)))
    return found


@transaction.atomic
def answer(*, review: Review, by: User, text: str) -> Review:
    """The reviewed side's own words below a review, once. Raises NotFound (not visible), NotYours, Conflict, InvalidInput."""
    found = Review.objects.select_for_update(no_key=True, of=("self",)).filter(pk=review.pk).first()
    if found is None or not Review.objects.filter(is_visible(timezone.now()), pk=review.pk).exists():
        raise NotFound("There is no such review.")
    if found.subject_id != by.pk:
        raise NotYours("Only who was reviewed can answer.")
    text = text.strip()
    if not 1 <= len(text) <= 1000:
        raise InvalidInput("An answer has 1 to 1,000 characters.", field="answer")
    if found.answer == text:
        return found
    if found.answer:
        raise Conflict("You have answered this review already.")
    found.answer, found.answered_at = text, timezone.now()
    found.save(update_fields=["answer", "answered_at"])
    return found


@transaction.atomic
def reveal_due(*, now: dt.datetime | None = None) -> int:
    """State which reviews became visible since the last sweep, in one set; how many. Emits review.revealed for each."""
    now = now or timezone.now()
    due = list(
        Review.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(is_visible(now), revealed_at__isnull=True)
        .order_by("pk")[:_SET]
    )
    Review.objects.filter(pk__in=[review.pk for review in due]).update(revealed_at=now)
    outbox.emit_all([ReviewRevealed(review_id=review.pk, subject_id=review.subject_id) for review in due])
    return len(due)
