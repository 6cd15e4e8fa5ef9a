"""Vacation: one switch takes everything of a seller off the market, and brings it back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.outbox import emit_all
from apps.listings.events import ListingChanged
from apps.listings.models import Listing, Storefront


@transaction.atomic
def set_away(*, away: bool, by: User) -> int:
    """Take all active listings off the market, or put those back; how many. What was paused before stays paused.

    Safe to repeat. Emits listing.changed for each that came back or went.
    """
    shop, _ = Storefront.objects.select_for_update().get_or_create(seller=by)
    was, becomes = (Listing.State.ACTIVE, Listing.State.AWAY) if away else (Listing.State.AWAY, Listing.State.ACTIVE)
    rows = Listing.objects.select_for_update(no_key=True).filter(seller=by, state=was).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    Listing.objects.filter(pk__in=ids).update(state=becomes, updated_at=timezone.now())
    if shop.is_away != away:
        shop.is_away = away
        shop.save(update_fields=["is_away"])
        audit.record(action="seller.away", target=by, by=by, before={"away": not away}, after={"away": away})
    emit_all([ListingChanged(listing_id=pk, seller_id=by.pk) for pk in ids])
    return len(ids)


def is_away(*, seller: User) -> bool:
    """Whether the seller is on vacation."""
    return Storefront.objects.filter(seller=seller, is_away=True).exists()
