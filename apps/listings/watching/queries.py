"""Reads of watching: what a member watches, whether they watch a listing, how many watch it."""

from __future__ import annotations

import uuid

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.catalog.models import ProductImage
from apps.core.pagination import Page, Place, newest_first
from apps.inventory.models import ItemPhoto
from apps.listings.watching.models import Watch


def watched(*, owner: User, limit: int, offset: int = 0, after: Place | None = None) -> Page[Watch]:
    """What a member watches, latest first, each with its listing, card, seller and picture (`image_name`)."""
    own = ItemPhoto.objects.filter(item=OuterRef("listing__item"))
    reference = ProductImage.objects.filter(product=OuterRef("listing__item__variant__product"), is_primary=True)
    rows = (
        Watch.objects.filter(owner=owner)
        .select_related("listing__item__variant__product__release", "listing__seller")
        .annotate(
            image_name=Coalesce(Subquery(own.values("file")[:1]), Subquery(reference.values("file")[:1]), Value(""))
        )
    )
    return newest_first(rows, limit=limit, offset=offset, after=after)


def standing(*, listing_id: uuid.UUID, reader: User | None) -> tuple[int, bool]:
    """How many watch a listing, and whether the reader does; one query."""
    owners = Watch.objects.filter(listing=listing_id).values_list("owner_id", flat=True)
    found = set(owners)
    return len(found), reader is not None and reader.pk in found
