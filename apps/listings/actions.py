"""Writes to listings: list, change, pause, withdraw; take and put back copies for a trade."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.restrictions.models import From
from apps.accounts.restrictions.queries import check_may
from apps.accounts.standing.queries import newcomer_limits
from apps.core import audit, outbox
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.inventory.actions import OutOfStock
from apps.inventory.models import InventoryItem
from apps.listings import checking
from apps.listings.checking import UnderReview
from apps.listings.events import ListingChanged, ListingCreated, ListingSoldOut, ListingWithdrawn
from apps.listings.models import OPEN_STATES, Listing, ShippingProfile, Storefront
from apps.listings.photos import check_photos
from apps.listings.shipping import default_shipping

LEAST_PRICE_MINOR = 10
MOST_PRICE_MINOR = 50_000_000


class NotForSale(Conflict):
    """The listing cannot be bought now."""

    code, message = "NOT_FOR_SALE", "This is not for sale any more."


class NewSellerLimit(Conflict):
    """A new seller has listed as many items today as they may."""

    code = "NEW_SELLER_LIMIT"


@transaction.atomic
def list_item(
    *,
    item: InventoryItem,
    quantity: int,
    price_minor: int,
    by: User,
    currency: str = "USD",
    shipping: ShippingProfile | None = None,
    description: str = "",
) -> Listing:
    """Offer copies of an item at a price for each.

    It may have to wait until a moderator has looked (`checked_since`). Raises NotYours, OutOfStock (fewer free copies),
    InvalidInput, PhotoNeeded, TooFast, Conflict (already listed). Emits listing.created.
    """
    item = InventoryItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    if item.owner_id != by.pk:
        raise NotYours
    _check_price(price_minor)
    _check_quantity(quantity, item.available)
    check_newcomer(by=by, adding=1)
    if item.listings.filter(state__in=OPEN_STATES).exists():
        raise Conflict("This item is listed already. Change that listing instead.")
    check_photos(item=item, price_minor=price_minor, currency=currency)
    listing = Listing.objects.create(
        seller=by,
        item=item,
        quantity=quantity,
        price_minor=price_minor,
        currency=currency,
        shipping=shipping or default_shipping(seller=by),
        description=description.strip(),
        state=_shown_state(by.pk),
    )
    checking.judge_new([listing], by=by)
    outbox.emit(ListingCreated(listing_id=listing.pk, seller_id=by.pk))
    return listing


@transaction.atomic
def change_listing(
    *,
    listing: Listing,
    by: User,
    price_minor: int | None = None,
    quantity: int | None = None,
    description: str | None = None,
    shipping: ShippingProfile | None = None,
) -> Listing:
    """Change what an open listing says. Raises NotYours, NotForSale, OutOfStock, InvalidInput, PhotoNeeded."""
    listing = _open(listing.pk, by)
    before = {"price_minor": listing.price_minor, "quantity": listing.quantity}
    if price_minor is not None:
        _check_price(price_minor)
        check_photos(
            item=listing.item, price_minor=price_minor, currency=listing.currency, was_minor=listing.price_minor
        )
        listing.price_minor = price_minor
    if quantity is not None:
        _check_quantity(quantity, listing.item.available)
        listing.quantity = quantity
    if description is not None:
        listing.description = description.strip()
    if shipping is not None:
        if shipping.seller_id != by.pk:
            raise NotYours
        listing.shipping = shipping
    listing.save()
    after = {"price_minor": listing.price_minor, "quantity": listing.quantity}
    if after != before:
        audit.record(action="listing.changed", target=listing, by=by, before=before, after=after)
    was = before["price_minor"] if before["price_minor"] != after["price_minor"] else None
    outbox.emit(ListingChanged(listing_id=listing.pk, seller_id=by.pk, was_minor=was))
    return listing


@transaction.atomic
def set_paused(*, listing: Listing, paused: bool, by: User) -> Listing:
    """Hide an open listing from buyers, or show it again. Raises NotYours, NotForSale, UnderReview."""
    listing = _open(listing.pk, by)
    if listing.checked_since is not None and not paused:
        raise UnderReview
    listing.state = Listing.State.PAUSED if paused else _shown_state(by.pk)
    listing.save(update_fields=["state", "updated_at"])
    outbox.emit(ListingChanged(listing_id=listing.pk, seller_id=by.pk))
    return listing


@transaction.atomic
def withdraw(*, listing: Listing, by: User) -> Listing:
    """Take an open listing back; running trades are not touched. Raises NotYours, NotForSale."""
    listing = _open(listing.pk, by)
    listing.state, listing.checked_since = Listing.State.WITHDRAWN, None
    listing.save(update_fields=["state", "checked_since", "updated_at"])
    checking.lapse(listing)
    outbox.emit(ListingWithdrawn(listing_id=listing.pk, seller_id=by.pk))
    return listing


@transaction.atomic
def take(*, listing_id: uuid.UUID, quantity: int) -> Listing:
    """Copies leave the offer for a trade. Of two at once exactly one gets the last one.

    Raises NotForSale, OutOfStock.
    """
    listing = (
        Listing.objects.select_for_update(of=("self",), no_key=True)
        .select_related("item", "shipping", "seller")
        .filter(pk=listing_id)
        .first()
    )
    if listing is None:
        raise NotFound("This listing is gone.")
    if listing.state == Listing.State.SOLD_OUT:
        raise OutOfStock(asked=quantity, left=0)
    if listing.state != Listing.State.ACTIVE:
        raise NotForSale
    if quantity < 1:
        raise InvalidInput("Buy at least one copy.", field="quantity")
    if listing.quantity < quantity:
        raise OutOfStock(f"Only {listing.quantity} are left.", asked=quantity, left=listing.quantity)
    listing.quantity -= quantity
    if listing.quantity == 0:
        listing.state = Listing.State.SOLD_OUT
        outbox.emit(ListingSoldOut(listing_id=listing.pk, seller_id=listing.seller_id))
    listing.save(update_fields=["quantity", "state", "updated_at"])
    return listing


@transaction.atomic
def put_back(*, listing_id: uuid.UUID, quantity: int) -> None:
    """Copies of a cancelled trade return to the offer, unless the seller withdrew it or listed the item anew."""
    listing = Listing.objects.select_for_update(no_key=True).get(pk=listing_id)
    if listing.state == Listing.State.WITHDRAWN:
        return
    if listing.state == Listing.State.SOLD_OUT:
        relisted = Listing.objects.filter(item=listing.item_id, state__in=OPEN_STATES)
        if relisted.exists():
            return
        listing.state = Listing.State.PAUSED if listing.checked_since else _shown_state(listing.seller_id)
    listing.quantity += quantity
    listing.save(update_fields=["quantity", "state", "updated_at"])
    outbox.emit(ListingChanged(listing_id=listing.pk, seller_id=listing.seller_id))


def _open(pk: uuid.UUID, by: User) -> Listing:
    listing = Listing.objects.select_for_update(of=("self",), no_key=True).select_related("item").filter(pk=pk).first()
    if listing is None:
        raise NotFound("This listing is gone.")
    if listing.seller_id != by.pk:
        raise NotYours
    if listing.state not in OPEN_STATES:
        raise NotForSale
    return listing


def _shown_state(seller_id: uuid.UUID) -> str:
    """Of what is for sale from now on: on vacation it waits until the seller is back."""
    is_away = Storefront.objects.filter(seller=seller_id, is_away=True).exists()
    return Listing.State.AWAY if is_away else Listing.State.ACTIVE


def check_newcomer(*, by: User, adding: int) -> None:
    """Who may list: nobody who is kept from it; new sellers so many items a day until their first sales are done.

    Raises Restricted, NewSellerLimit.
    """
    check_may(by, From.LISTING)
    limits = newcomer_limits(by)
    if limits is None:
        return
    today = Listing.objects.filter(seller=by, created_at__gt=timezone.now() - dt.timedelta(days=1)).count()
    if today + adding > limits.listings_a_day:
        left = max(limits.listings_a_day - today, 0)
        raise NewSellerLimit(
            f"New sellers list at most {limits.listings_a_day} items a day until {limits.sales} sales are done; "
            f"today you may list {left} more.",
            left=left,
        )


def _check_price(price_minor: int) -> None:
    if not LEAST_PRICE_MINOR <= price_minor <= MOST_PRICE_MINOR:
        raise InvalidInput("The price is between 0.10 and 500,000.00.", field="price")


def _check_quantity(quantity: int, available: int) -> None:
    if quantity < 1:
        raise InvalidInput("Offer at least one copy.", field="quantity")
    if quantity > available:
        raise OutOfStock(f"You have {available} free copies of this.", asked=quantity, left=available)
