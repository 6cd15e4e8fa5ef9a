"""Listings that a moderator looks at before buyers see them: judged when they are made, hidden, shown or taken down."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit, outbox
from apps.core.errors import Conflict
from apps.listings.events import ListingChanged, ListingWithdrawn
from apps.listings.models import OPEN_STATES, Listing, Storefront
from apps.risk import actions as risk
from apps.risk.rules import About, Found


class UnderReview(Conflict):
    """A moderator looks at it first."""

    code = "UNDER_REVIEW"
    message = "We are looking at this listing before buyers see it, usually within a day. You need do nothing."


def judge_new(listings: Sequence[Listing], *, by: User) -> None:
    """Judge listings that one member has just made at once, in the same transaction. Raises TooFast.

    Members are asked about once: of many it is the dearest that tells, and where it has to wait all do.
    """
    if not listings or not risk.is_on():
        return
    risk.count("listing", by=by, copies=len(listings))
    dearest = max(listings, key=lambda listing: listing.price_minor)
    if _judge(dearest, by=by):
        now = timezone.now()
        for listing in listings:
            _hide(listing, now)


def judge_photos(listing: Listing, found: Sequence[Found]) -> None:
    """Judge a locked listing for what its photographs tell, beside what is known of its seller."""
    if listing.state in OPEN_STATES and found and _judge(listing, by=listing.seller, found=found):
        _hide(listing, timezone.now())
        outbox.emit(ListingChanged(listing_id=listing.pk, seller_id=listing.seller_id))


def _judge(listing: Listing, *, by: User, found: Sequence[Found] = ()) -> bool:
    product = listing.item.variant.product
    return risk.judge(
        about=About.LISTING, subject_id=listing.pk, title=product.name, member=by, amount_minor=listing.price_minor,
        currency=listing.currency, found=found,
    ).waits  # fmt: skip


def _hide(listing: Listing, now: dt.datetime) -> None:
    """What is listed at once has one hour of the check, by which it is found again."""
    listing.state, listing.checked_since = Listing.State.PAUSED, listing.checked_since or now
    listing.save(update_fields=["state", "checked_since", "updated_at"])


@transaction.atomic
def end_check(*, listing_id: uuid.UUID, released: bool, by: User | None) -> None:
    """What was decided on one listing, and on those that were listed with it: buyers see them, or they are taken down.

    Safe to repeat. Emits listing.changed or listing.withdrawn.
    """
    first = Listing.objects.select_for_update(no_key=True).filter(pk=listing_id, checked_since__isnull=False).first()
    if first is None:
        return
    rows = Listing.objects.select_for_update(no_key=True).filter(
        seller=first.seller_id, checked_since=first.checked_since
    )
    is_away = Storefront.objects.filter(seller=first.seller_id, is_away=True).exists()
    shown = Listing.State.AWAY if is_away else Listing.State.ACTIVE
    for listing in rows.order_by("pk"):
        listing.checked_since = None
        if listing.state == Listing.State.PAUSED:
            listing.state = shown if released else Listing.State.WITHDRAWN
        listing.save(update_fields=["state", "checked_since", "updated_at"])
        audit.record(action="listing.check-ended", target=listing, by=by, after={"released": released})
        fact = ListingChanged if released else ListingWithdrawn
        outbox.emit(fact(listing_id=listing.pk, seller_id=listing.seller_id))


def lapse(listing: Listing) -> None:
    """The seller took it back: nobody has to look."""
    risk.lapse(about=About.LISTING, subject_id=listing.pk)
