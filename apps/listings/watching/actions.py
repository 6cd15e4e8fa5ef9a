"""Watching a listing, and what its watchers are to be told. Telling is another room's."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.core.money import Money
from apps.listings.actions import NotForSale
from apps.listings.models import OPEN_STATES, Listing
from apps.listings.watching.models import Watch

MOST_WATCHED = 500


@dataclass(frozen=True)
class News:
    """A watched listing is cheaper (`before` is the price that the watcher knew), or was sold (`before` is None)."""

    watch_id: uuid.UUID
    owner_id: uuid.UUID
    listing_id: uuid.UUID
    variant_id: uuid.UUID
    card: str
    condition: str
    before: Decimal | None
    price: Decimal
    currency: str


@transaction.atomic
def watch(*, listing: Listing, by: User) -> Watch:
    """Be told of price drops and of the sale of a listing. Safe to repeat.

    Raises Conflict (one's own, or as many as one may watch), NotForSale.
    """
    if listing.seller_id == by.pk:
        raise Conflict("This is your own listing; its watchers are counted for you.")
    User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)  # one at a time for a member
    if found := Watch.objects.filter(owner=by, listing=listing).first():
        return found
    if listing.state not in OPEN_STATES:
        raise NotForSale
    if by.watches.count() >= MOST_WATCHED:
        raise Conflict(f"You watch {MOST_WATCHED} listings already. Stop watching one first.")
    price = listing.price_minor
    return Watch.objects.create(owner=by, listing=listing, first_minor=price, known_minor=price)


def unwatch(*, listing_id: uuid.UUID, by: User) -> None:
    """Not be told any more. Safe to repeat, and for a listing that is gone."""
    Watch.objects.filter(owner=by, listing=listing_id).delete()


_ABOUT = """
select w.id, w.owner_id, l.id as listing_id, i.variant_id, p.name, i.condition, w.known_minor, l.price_minor, l.currency
from listings_watch w join listings_listing l on l.id = w.listing_id join inventory_inventoryitem i on i.id = l.item_id
join catalog_variant v on v.id = i.variant_id join catalog_product p on p.id = v.product_id
where l.id = any(%(listings)s::uuid[])
"""
# What went up is known from then on, without being told: the next drop is held against it.
_CHEAPER = f"""
with seen as ({_ABOUT} and l.state = 'active' and w.known_minor <> l.price_minor for no key update of w),
known as (update listings_watch w set known_minor = s.price_minor from seen s where s.id = w.id)
select * from seen where price_minor < known_minor order by id
"""  # noqa: S608 - composed of constants
_SOLD = f"{_ABOUT} and l.state = 'sold-out' order by w.id"


@transaction.atomic
def price_drops(*, listing_ids: Iterable[uuid.UUID]) -> list[News]:
    """Which of these are cheaper than their watchers know, each watcher told once for each drop. One statement."""
    return [_news(*row) for row in _rows(_CHEAPER, listing_ids)]


def sales(*, listing_ids: Iterable[uuid.UUID]) -> list[News]:
    """Whom to tell that these were sold; one statement."""
    return [_news(*row[:6], None, *row[7:]) for row in _rows(_SOLD, listing_ids)]


def _rows(statement: str, listing_ids: Iterable[uuid.UUID]) -> list[tuple]:
    ids = sorted(set(listing_ids))
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, {"listings": ids})
        return cursor.fetchall()


def _news(
    watch_id: uuid.UUID, owner_id: uuid.UUID, listing_id: uuid.UUID, variant_id: uuid.UUID, card: str, condition: str,
    before: int | None, price: int, currency: str,
) -> News:  # fmt: skip
    known = None if before is None else Money(before, currency).decimal
    return News(
        watch_id, owner_id, listing_id, variant_id, card, condition, known, Money(price, currency).decimal, currency
    )
