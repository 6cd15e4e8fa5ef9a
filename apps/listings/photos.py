"""When a listing needs photos of the real copy: graded copies, and what costs much. What is listed already stays as it is."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from apps.core.errors import InvalidInput
from apps.core.money import Money
from apps.inventory.models import InventoryItem

_WHERE = "Add one on the item’s page in your inventory, then list it."


class PhotoNeeded(InvalidInput):
    """Such a copy is listed with photos of it alone; `details` has the address where to add them."""

    code = "PHOTO_NEEDED"


def needs_photo(*, is_graded: bool, price_minor: int, currency: str = "USD") -> bool:
    """Whether such a copy at this price needs photos of itself. The bound is in major units of whatever currency."""
    if is_graded and settings.LISTING_PHOTOS_OF_GRADED:
        return True
    bound = settings.LISTING_PHOTOS_ABOVE
    return bool(bound) and Money(price_minor, currency).decimal > bound


def why_photo(*, is_graded: bool, price_minor: int, currency: str = "USD") -> str:
    """What the seller is told, empty where no photo is needed."""
    if not needs_photo(is_graded=is_graded, price_minor=price_minor, currency=currency):
        return ""
    if is_graded and settings.LISTING_PHOTOS_OF_GRADED:
        return f"Graded copies are listed with a photo of the real slab. {_WHERE}"
    bound = Money.from_decimal(settings.LISTING_PHOTOS_ABOVE, currency)
    return f"What costs more than {bound} is listed with a photo of the real copy. {_WHERE}"


def check_photos(*, item: InventoryItem, price_minor: int, currency: str = "USD", was_minor: int | None = None) -> None:
    """Raises PhotoNeeded where the item has no photo and needs one. was_minor: the price that it is listed at already.

    A listing that stood without a photo before may go on to; one that becomes dear has to get one. At most one query, none
    where no photo is needed.
    """
    is_graded = item.grade is not None
    why = why_photo(is_graded=is_graded, price_minor=price_minor, currency=currency)
    if not why:
        return
    if was_minor is not None and needs_photo(is_graded=is_graded, price_minor=was_minor, currency=currency):
        return
    if not item.photos.exists():
        raise PhotoNeeded(why, field="photos", where=reverse("item", args=[item.pk]))
