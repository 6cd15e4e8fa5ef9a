"""Reads of a cart: its parcels by seller with shipping to a country, what changed since, and the sums."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.core.money import Money
from apps.listings.cart.models import Cart, CartLine
from apps.listings.cart.parcels import postage
from apps.listings.models import Listing
from apps.listings.queries import picture_of


@dataclass(frozen=True)
class Row:
    """A line as it stands now. copies: how many of it can be had; change: what the reader has to know, in words."""

    line: CartLine
    copies: int
    change: str = ""

    @property
    def listing(self) -> Listing:
        """The offer as it is now."""
        return self.line.listing

    @property
    def total_minor(self) -> int:
        """Of all copies, at the price of now."""
        return self.copies * self.listing.price_minor


@dataclass
class Parcel:
    """What one seller sends. shipping_minor: None where there is no price for such a parcel."""

    seller: User
    currency: str
    rows: list[Row] = field(default_factory=list)
    shipping_minor: int | None = None

    @property
    def goods_minor(self) -> int:
        """All copies."""
        return sum(row.total_minor for row in self.rows)

    @property
    def total_minor(self) -> int | None:
        """Goods and shipping; None where it is not sent."""
        return None if self.shipping_minor is None else self.goods_minor + self.shipping_minor

    @property
    def is_ready(self) -> bool:
        """Whether it can be checked out as it stands."""
        return self.shipping_minor is not None and not any(row.change for row in self.rows)


@dataclass(frozen=True)
class Sum:
    """What all parcels of one currency come to."""

    currency: str
    goods_minor: int
    shipping_minor: int

    @property
    def total_minor(self) -> int:
        """Goods and shipping; nothing is added for the buyer."""
        return self.goods_minor + self.shipping_minor


@dataclass(frozen=True)
class Contents:
    """A cart as a page shows it."""

    parcels: list[Parcel]
    gone: list[Row]
    saved: list[Row]
    sums: list[Sum]

    @property
    def has_changes(self) -> bool:
        """Whether anything has to be agreed to before checkout."""
        return bool(self.gone) or any(row.change for parcel in self.parcels for row in parcel.rows)

    @property
    def is_ready(self) -> bool:
        """Whether it can be checked out as it stands."""
        return bool(self.parcels) and not self.gone and all(parcel.is_ready for parcel in self.parcels)


def lines_of(cart: Cart) -> QuerySet[CartLine]:
    """The lines with all that a row shows, oldest first."""
    return (
        CartLine.objects.filter(cart=cart)
        .select_related("listing__item__variant__product__release", "listing__seller", "listing__shipping")
        .annotate(image_name=picture_of("listing__item__variant__product"))
        .order_by("created_at", "pk")
    )


def contents(cart: Cart | None, *, country: str) -> Contents:
    """The cart with shipping to a country: two queries, however many lines."""
    parcels: dict[tuple[object, str], Parcel] = {}
    gone: list[Row] = []
    saved: list[Row] = []
    for line in lines_of(cart) if cart is not None else ():
        row = _row(line, cart)
        if line.is_saved:
            saved.append(row)
        elif not row.copies:
            gone.append(row)
        else:
            key = (line.listing.seller_id, line.listing.currency)
            parcels.setdefault(key, Parcel(line.listing.seller, line.listing.currency)).rows.append(row)
    copies = {row.listing.pk: row.copies for parcel in parcels.values() for row in parcel.rows}
    for key, minor in postage(copies, country).items():
        parcels[key].shipping_minor = minor
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for parcel in parcels.values():
        totals[parcel.currency][0] += parcel.goods_minor
        totals[parcel.currency][1] += parcel.shipping_minor or 0
    sums = [Sum(currency, *minor) for currency, minor in totals.items()]
    return Contents(list(parcels.values()), gone, saved, sums)


def _row(line: CartLine, cart: Cart) -> Row:
    listing = line.listing
    if listing.seller_id == cart.owner_id:
        return Row(line, 0, "This is your own listing.")
    if listing.state != Listing.State.ACTIVE:
        return Row(line, 0, "Not for sale any more.")
    told = []
    if listing.quantity < line.quantity:
        told.append(f"Only {listing.quantity} of {line.quantity} left.")
    if listing.price_minor != line.price_minor:
        old, new = Money(line.price_minor, listing.currency), Money(listing.price_minor, listing.currency)
        told.append(f"The price went from {old} to {new}.")
    return Row(line, min(line.quantity, listing.quantity), " ".join(told))


def count(cart: Cart | None) -> int:
    """How many lines are to be bought."""
    return 0 if cart is None else cart.lines.filter(is_saved=False).count()
