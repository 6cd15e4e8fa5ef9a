"""Whether a listing's photographs are another member's: printed when listed, laid over look-alikes of earlier listings.

Runs when the facts arrive, not while the seller waits. What each photograph is compared with is bounded by the settings.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

import numpy as np
import structlog
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from pgvector.django import HammingDistance
from PIL import Image

from apps.core.images import thumbnail_name
from apps.inventory.models import ItemPhoto
from apps.listings import checking
from apps.listings.models import OPEN_STATES, Listing
from apps.risk import actions as risk
from apps.risk.models import PhotoPrint
from apps.risk.rules import Found
from ml.hashing import perceptual_hash
from ml.sameness import Looked, likeness, looked_at
from ml.types import Picture

log = structlog.get_logger()

_NEAR = 40  # of 256 bits: the same picture made smaller or compressed again stays below 10
_SIZE = 512


def screen(listing_ids: Iterable[uuid.UUID]) -> int:
    """Print the photographs of these listings that have no print yet, and judge those that are another's; how many."""
    if not risk.is_on():
        return 0
    photos = ItemPhoto.objects.filter(item__listings__in=list(listing_ids), item__listings__state__in=OPEN_STATES)
    printed = PhotoPrint.objects.filter(photo_id__in=photos.values("pk")).values("photo_id")
    new = photos.exclude(pk__in=printed).select_related("item__variant").distinct().order_by("created_at", "pk")
    return sum(_screen_one(photo) for photo in new)


@transaction.atomic
def _screen_one(photo: ItemPhoto) -> int:
    picture = _picture(photo.file)
    if picture is None:
        return 0
    listing = (
        Listing.objects.select_for_update(of=("self",), no_key=True)
        .select_related("seller", "item__variant__product")
        .filter(item=photo.item_id, state__in=OPEN_STATES)
        .first()
    )
    if listing is None:
        return 0
    product = photo.item.variant.product_id
    bits, flipped = _bits(picture), _bits(np.ascontiguousarray(picture[:, ::-1]))
    earlier = _candidates(owner=listing.seller_id, product=product, prints=(bits, flipped))
    PhotoPrint.objects.get_or_create(
        photo_id=photo.pk,
        defaults={
            "listing_id": listing.pk, "product_id": product, "owner_id": listing.seller_id, "file": photo.file,
            "bits": bits, "at": timezone.now(),
        },
    )  # fmt: skip
    found = _first_same(photo, picture, earlier)
    if found is not None:
        checking.judge_photos(listing, [found])
    return 1


def _candidates(*, owner: uuid.UUID, product: uuid.UUID, prints: Iterable[str]) -> list[PhotoPrint]:
    """Earlier photographs of others: the nearest of the same card, and what is near of any card."""
    found: dict[uuid.UUID, PhotoPrint] = {}
    most = settings.RISK["photos_compared"]
    others = PhotoPrint.objects.filter(~Q(owner=owner)).select_related("owner")
    for bits in prints:
        ranked = others.annotate(distance=HammingDistance("bits", bits)).order_by("distance")
        for row in [*ranked[:3], *ranked.filter(product_id=product)[: most // 2]]:
            if row.product_id == product or row.distance <= _NEAR:
                found.setdefault(row.photo_id, row)
    return sorted(found.values(), key=lambda row: row.distance)[:most]


def _first_same(photo: ItemPhoto, picture: Picture, earlier: Iterable[PhotoPrint]) -> Found | None:
    mine: list[tuple[bool, Looked]] = []
    for row in earlier:
        theirs = _picture(row.file)
        if theirs is None:
            continue
        mine = mine or [(False, looked_at(picture)), (True, looked_at(picture, mirrored=True))]
        look = looked_at(theirs)
        for mirrored, looked in mine:
            alike = likeness(looked, look)
            if alike.is_same:
                words = f"It is a photograph that {row.owner} listed on {row.at:%d %b %Y}" + (
                    ", mirrored." if mirrored else "."
                )
                evidence = {
                    "photo": photo.file, "theirs": row.file, "listing": str(row.listing_id), "mirrored": mirrored,
                    "placed": alike.placed, "structure": round(alike.structure, 3),
                    "unevenness": round(alike.unevenness, 3), "digest": row.photo_id.hex[:8],
                }  # fmt: skip
                return Found("photo-of-another", words, evidence)
    return None


def _bits(picture: Picture) -> str:
    """The print as a database reads it: 256 digits."""
    return "".join(f"{byte:08b}" for byte in perceptual_hash(picture).tolist())


def _picture(name: str) -> Picture | None:
    """The stored picture at 512 px; None where it is gone or cannot be read, which stops nobody."""
    for each in (thumbnail_name(name, _SIZE), name):
        try:
            with default_storage.open(each) as file, Image.open(file) as picture:
                return np.asarray(picture.convert("RGB"), np.uint8)
        except (OSError, ValueError):
            continue
    log.warning("risk.photo_unreadable", file=name)
    return None
