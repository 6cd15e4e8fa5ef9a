"""Listing many items at once: suggested prices beside each, all of them in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import User
from apps.core.errors import InvalidInput
from apps.core.outbox import emit_all
from apps.inventory.models import InventoryItem, ItemPhoto
from apps.listings import checking
from apps.listings.actions import LEAST_PRICE_MINOR, MOST_PRICE_MINOR, check_newcomer
from apps.listings.events import ListingCreated
from apps.listings.models import Listing, ShippingProfile
from apps.listings.photos import why_photo
from apps.listings.selling.vacation import is_away
from apps.listings.shipping import default_shipping

MOST_ITEMS = 300
_OPEN = (Listing.State.ACTIVE, Listing.State.PAUSED, Listing.State.AWAY)


@dataclass(frozen=True)
class Offered:
    """Copies of one item at a price for each."""

    item_id: uuid.UUID
    quantity: int
    price_minor: int


@dataclass(frozen=True)
class Listed:
    """What was listed, and why the rest was not: a sentence by item."""

    made: Sequence[Listing]
    refused: dict[uuid.UUID, str]


@transaction.atomic
def list_many(*, by: User, offers: Sequence[Offered], shipping: ShippingProfile | None = None) -> Listed:
    """List all that can be listed; the rest is told with its reason. A fixed number of queries, however many there are.

    Raises InvalidInput (nothing, or too much, is asked for), NewSellerLimit. Emits listing.created for each.
    """
    wanted = {offer.item_id: offer for offer in offers}
    if not 1 <= len(wanted) <= MOST_ITEMS:
        raise InvalidInput(f"Choose 1 to {MOST_ITEMS} items at a time.", field="item")
    check_newcomer(by=by, adding=len(wanted))
    shipping = shipping or default_shipping(seller=by)
    items = InventoryItem.objects.select_for_update(no_key=True).filter(owner=by, pk__in=wanted).order_by("pk")
    found = {item.pk: item for item in items}
    taken = set(Listing.objects.filter(item__in=found, state__in=_OPEN).values_list("item", flat=True))
    pictured = set(ItemPhoto.objects.filter(item__in=found).values_list("item", flat=True))
    refused = {
        pk: why
        for pk, offer in wanted.items()
        if (why := _refusal(offer, found.get(pk), taken) or _lacks_photo(offer, found[pk], pictured, shipping.currency))
    }
    state = Listing.State.AWAY if is_away(seller=by) else Listing.State.ACTIVE
    made = Listing.objects.bulk_create(
        Listing(
            seller=by,
            item=found[pk],
            quantity=offer.quantity,
            price_minor=offer.price_minor,
            currency=shipping.currency,
            shipping=shipping,
            state=state,
        )
        for pk, offer in wanted.items()
        if pk not in refused
    )
    checking.judge_new(made, by=by)
    emit_all([ListingCreated(listing_id=each.pk, seller_id=by.pk) for each in made])
    return Listed(made, refused)


def _lacks_photo(offer: Offered, item: InventoryItem, pictured: set[uuid.UUID], currency: str) -> str:
    if item.pk in pictured:
        return ""
    return why_photo(is_graded=item.grade is not None, price_minor=offer.price_minor, currency=currency)


def _refusal(offer: Offered, item: InventoryItem | None, taken: set[uuid.UUID]) -> str:
    if item is None:
        return "This is not one of your items."
    if item.pk in taken:
        return "This is listed already."
    if not LEAST_PRICE_MINOR <= offer.price_minor <= MOST_PRICE_MINOR:
        return "The price is between 0.10 and 500,000.00."
    if not 1 <= offer.quantity <= item.available:
        return f"You have {item.available} free copies of this."
    return ""
