"""Reads of listings: offers for a card, one listing, a seller's own, fresh ones, what is listed from price."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.catalog.models import ProductImage
from apps.core.errors import NotFound
from apps.core.money import Money
from apps.core.pagination import Page, Place, newest_first
from apps.inventory.models import InventoryItem, ItemPhoto
from apps.listings.destinations import HOME, WORLD
from apps.listings.models import OPEN_STATES, Listing
from apps.listings.shipping import shipping_to, shipping_within
from apps.listings.watching.models import Watch
from apps.valuations.models import CurrentPrice


@dataclass(frozen=True)
class FromPrice:
    """The cheapest active offer of a product and how many copies are offered in all."""

    minor: int
    currency: str
    copies: int


@dataclass(frozen=True)
class Offered:
    """An active listing in plain values. condition: empty for a graded copy."""

    listing_id: uuid.UUID
    seller_id: uuid.UUID
    variant_id: uuid.UUID
    condition: str
    price: Decimal
    currency: str


def offered(*, listing_ids: Iterable[uuid.UUID] = (), variant_ids: Iterable[uuid.UUID] = ()) -> list[Offered]:
    """The active ones of these listings, and the active listings of these printings; one query."""
    rows = (
        Listing.objects.filter(state=Listing.State.ACTIVE)
        .filter(Q(pk__in=list(listing_ids)) | Q(item__variant__in=list(variant_ids)))
        .order_by("pk")
        .values_list("pk", "seller", "item__variant", "item__condition", "price_minor", "currency")
    )
    return [Offered(*found, Money(minor, currency).decimal, currency) for *found, minor, currency in rows]


def picture_of(product: str) -> Coalesce:
    """A product's picture as an annotation, its name in storage; empty without one. product: the path that leads to it."""
    reference = ProductImage.objects.filter(product=OuterRef(product), is_primary=True)
    return Coalesce(Subquery(reference.values("file")[:1]), Value(""))


def _described() -> QuerySet[Listing]:
    """Listings with all that a row shows, in one query."""
    fair = CurrentPrice.objects.filter(variant=OuterRef("item__variant"), condition=OuterRef("item__condition"))
    own = ItemPhoto.objects.filter(item=OuterRef("item"))
    reference = ProductImage.objects.filter(product=OuterRef("item__variant__product"), is_primary=True)
    return Listing.objects.select_related(
        "item__variant__product__release", "item__variant__product__category", "seller__standing", "shipping"
    ).annotate(
        fair_value=Subquery(fair.values("value")[:1]),
        domestic_minor=shipping_within(HOME),
        abroad_minor=shipping_within(WORLD),
        image_name=Coalesce(Subquery(own.values("file")[:1]), Subquery(reference.values("file")[:1]), Value("")),
    )


def offers_for(*, product_id: uuid.UUID, country: str, limit: int = 50) -> list[Listing]:
    """Active offers of a product by delivered total for the reader's country; `delivered_minor` is None where not sent."""
    rows = _described().filter(item__variant__product_id=product_id, state=Listing.State.ACTIVE)
    rows = rows.annotate(shipping_minor=shipping_to(country)).annotate(
        delivered_minor=F("price_minor") + F("shipping_minor")
    )
    return list(rows.order_by(F("delivered_minor").asc(nulls_last=True), "price_minor", "pk")[:limit])


def listing_for(*, pk: uuid.UUID, reader: User | None, country: str = "US") -> Listing:
    """One listing with what sending it to the reader's country costs (`shipping_minor`, None: not sent there).

    What is not for sale is shown to its seller alone. Raises NotFound.
    """
    listing = _described().annotate(shipping_minor=shipping_to(country)).filter(pk=pk).first()
    mine = listing is not None and reader is not None and listing.seller_id == reader.pk
    if listing is None or (
        listing.state in {Listing.State.PAUSED, Listing.State.AWAY, Listing.State.WITHDRAWN} and not mine
    ):
        raise NotFound("This listing is gone.")
    return listing


def own_listing(*, seller: User, pk: uuid.UUID) -> Listing:
    """One listing of the seller, in whatever state. Raises NotFound for everybody else."""
    listing = _described().filter(pk=pk, seller=seller).first()
    if listing is None:
        raise NotFound("This is not one of your listings.")
    return listing


def fresh(*, limit: int = 12) -> list[Listing]:
    """The newest active listings."""
    return list(_described().filter(state=Listing.State.ACTIVE).order_by("-created_at")[:limit])


def of_seller(*, seller: User, states: Iterable[str], limit: int = 50, offset: int = 0) -> Page[Listing]:
    """A seller's own listings, newest first, each with how many watch it (`watchers`)."""
    watchers = Watch.objects.filter(listing=OuterRef("pk")).order_by().values("listing").annotate(count=Count("pk"))
    rows = _described().filter(seller=seller, state__in=list(states))
    total = rows.count()
    rows = rows.annotate(watchers=Coalesce(Subquery(watchers.values("count")), 0)).order_by("-created_at", "-pk")
    return Page(list(rows[offset : offset + limit]), total, limit, offset)


def public_page(
    *,
    product_id: uuid.UUID | None = None,
    seller_id: uuid.UUID | None = None,
    limit: int,
    offset: int = 0,
    after: Place | None = None,
) -> Page[Listing]:
    """Active listings for the API, newest first."""
    rows = _described().filter(state=Listing.State.ACTIVE)
    if product_id:
        rows = rows.filter(item__variant__product_id=product_id)
    if seller_id:
        rows = rows.filter(seller_id=seller_id)
    return newest_first(rows, limit=limit, offset=offset, after=after)


def from_prices(product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, FromPrice]:
    """The cheapest offer and the copies offered for each of these products; one query."""
    rows = (
        Listing.objects.filter(item__variant__product_id__in=list(product_ids), state=Listing.State.ACTIVE)
        .values(product=F("item__variant__product_id"), code=F("currency"))
        .annotate(least=Min("price_minor"), copies=Count("pk"))
        .order_by("-copies")
    )
    found: dict[uuid.UUID, FromPrice] = {}
    for row in rows:
        found.setdefault(row["product"], FromPrice(row["least"], row["code"], row["copies"]))
    return found


def counts(*, seller: User) -> dict[str, int]:
    """How many listings the seller has in each state."""
    return Listing.objects.filter(seller=seller).aggregate(
        **{state.name.lower(): Count("pk", filter=Q(state=state)) for state in Listing.State}
    )


def unlisted_items(*, owner: User, limit: int) -> list[InventoryItem]:
    """Free copies that are not offered, dearest first."""
    price = CurrentPrice.objects.filter(variant=OuterRef("variant"), condition=OuterRef("condition"))
    open_ones = Listing.objects.filter(item=OuterRef("pk"), state__in=OPEN_STATES)
    return list(
        InventoryItem.objects.filter(owner=owner, quantity__gt=F("reserved"))
        .filter(~Exists(open_ones))
        .annotate(
            unit_value=Subquery(price.values("value")[:1]),
            has_photo=Exists(ItemPhoto.objects.filter(item=OuterRef("pk"))),
            image_name=picture_of("variant__product"),
        )
        .select_related("variant__product__release")
        .order_by(F("unit_value").desc(nulls_last=True), "-created_at")[:limit]
    )
