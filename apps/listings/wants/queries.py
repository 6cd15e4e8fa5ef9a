"""Reads: lists, what stands on them, the matches that still hold, and the cards of a list for the cart's optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from apps.accounts.models import User
from apps.core.errors import NotFound
from apps.core.pagination import Page
from apps.inventory.models import InventoryItem
from apps.listings.models import Listing
from apps.listings.queries import picture_of
from apps.listings.wants.events import WantMatched
from apps.listings.wants.models import Have, Match, Want, WantedCard, WantList


@dataclass(frozen=True)
class WantedCopies:
    """What a list asks for, as plain data: copies of any of `products`; an empty set takes any."""

    want_id: UUID
    products: frozenset[UUID]
    quantity: int
    conditions: frozenset[str]
    languages: frozenset[str]
    finishes: frozenset[str]
    most_minor: int | None
    currency: str


def lists_of(*, owner: User) -> QuerySet[WantList]:
    """The member's lists with how many lines are open, unclear and done."""
    return WantList.objects.filter(owner=owner).annotate(
        open_wants=Count("wants", filter=Q(wants__state=Want.State.OPEN)),
        unclear_wants=Count("wants", filter=Q(wants__state__in=[Want.State.UNCLEAR, Want.State.UNKNOWN])),
        done_wants=Count("wants", filter=Q(wants__state=Want.State.DONE)),
    )


def list_for(*, pk: UUID, reader: User | None) -> WantList:
    """A list of one's own, or a public one. Raises NotFound."""
    mine = Q(owner=reader) if reader is not None else Q(pk__in=[])
    found = (
        WantList.objects.filter(mine | Q(is_public=True, owner__is_active=True), pk=pk).select_related("owner").first()
    )
    if found is None:
        raise NotFound("There is no such list, or it is private.")
    return found


def own_list(*, pk: UUID, owner: User) -> WantList:
    """A list of one's own. Raises NotFound."""
    found = WantList.objects.filter(owner=owner, pk=pk).first()
    if found is None:
        raise NotFound("There is no such list of yours.")
    return found


def want_for(*, pk: UUID, owner: User) -> Want:
    """A line of one's own. Raises NotFound."""
    found = Want.objects.filter(owner=owner, pk=pk).select_related("list").first()
    if found is None:
        raise NotFound("There is no such line of yours.")
    return found


def _cards() -> Prefetch:
    cards = (
        WantedCard.objects.select_related("product__release")
        .annotate(image_name=picture_of("product"))
        .order_by("product__release__name", "product__number_sort")
    )
    return Prefetch("cards", cards)


def wants_page(*, wanted: WantList, reader: User | None = None, limit: int = 100, offset: int = 0) -> Page[Want]:
    """The lines of a list, those to repair first, then in the order in which they came. Three queries.

    reader: who sees it; others than the owner see nothing that is still to be repaired.
    """
    to_repair = Q(state__in=[Want.State.UNCLEAR, Want.State.UNKNOWN])
    rows = wanted.wants.annotate(to_repair=to_repair).order_by("-to_repair", "created_at", "pk")
    if reader is None or reader.pk != wanted.owner_id:
        rows = rows.exclude(to_repair)
    return Page(list(rows.prefetch_related(_cards())[offset : offset + limit]), rows.order_by().count(), limit, offset)


def matches_page(*, owner: User, wanted: WantList | None = None, limit: int = 50, offset: int = 0) -> Page[Match]:
    """Matches that still hold, best first: listings by how far they are under fair value, then by price; then haves."""
    rows = Match.objects.filter(want__owner=owner, want__state=Want.State.OPEN)
    if wanted is not None:
        rows = rows.filter(want__list=wanted)
    affordable = Q(want__most_minor__isnull=True) | Q(
        want__currency=F("listing__currency"), want__most_minor__gte=F("listing__price_minor")
    )
    holds = Q(listing__state=Listing.State.ACTIVE) & affordable
    there = Q(have__isnull=False, have__item__quantity__gt=F("have__item__reserved"))
    rows = rows.filter(holds | there)
    pictured = rows.annotate(
        image_name=Coalesce(
            NullIf(picture_of("listing__item__variant__product"), Value("")), picture_of("have__item__variant__product")
        )
    )
    ordered = pictured.select_related(
        "want__list",
        "listing__seller",
        "listing__item__variant__product__release",
        "have__owner",
        "have__item__variant__product__release",
    ).order_by(
        F("listing__search_row__deal").asc(nulls_last=True), F("listing__price_minor").asc(nulls_last=True), "-at", "pk"
    )
    return Page(list(ordered[offset : offset + limit]), rows.order_by().count(), limit, offset)


def haves_of(*, owner: User) -> QuerySet[Have]:
    """What a member would trade away, as long as it is there."""
    return (
        Have.objects.filter(owner=owner, item__quantity__gt=F("item__reserved"))
        .select_related("item__variant__product__release", "owner")
        .annotate(image_name=picture_of("item__variant__product"))
        .order_by("item__variant__product__name", "pk")
    )


def could_have(*, owner: User, text: str = "", limit: int = 60) -> list[InventoryItem]:
    """Items of a member that are not marked yet, found by the card's name."""
    rows = InventoryItem.objects.filter(owner=owner, quantity__gt=F("reserved")).filter(
        ~Exists(Have.objects.filter(item=OuterRef("pk")))
    )
    if text.strip():
        rows = rows.filter(variant__product__name__icontains=text.strip())
    rows = rows.select_related("variant__product__release").annotate(image_name=picture_of("variant__product"))
    return list(rows.order_by("variant__product__name", "pk")[:limit])


@dataclass(frozen=True)
class Told:
    """A want with new matches whose owner is to be told: as written, and the cheapest listing or the card of a have."""

    want_id: UUID
    owner_id: UUID
    said: str
    found: int
    card: str
    listing: Listing | None


def to_tell(events: Sequence[WantMatched]) -> list[Told]:
    """Of matches that were found, those whose owners are told, with what is said of them. Four queries at most."""
    wants = {
        want.pk: want
        for want in Want.objects.filter(pk__in=[event.want_id for event in events], is_told=True).prefetch_related(
            "cards__product"
        )
    }
    listings = Listing.objects.select_related("item__variant__product").in_bulk(
        [event.listing_id for event in events if event.listing_id]
    )
    told = []
    for event in events:
        want, listing = wants.get(event.want_id), listings.get(event.listing_id) if event.listing_id else None
        if want is None:
            continue
        card = listing.item.variant.product if listing else next((each.product for each in want.cards.all()), None)
        told.append(Told(want.pk, want.owner_id, want.said, event.found, card.name if card else want.said, listing))
    return told


def wanted_copies(*, wanted: WantList) -> list[WantedCopies]:
    """What a list still asks for, as the cart's optimiser takes it. Two queries."""
    rows = wanted.wants.filter(state=Want.State.OPEN).prefetch_related("cards").order_by("created_at", "pk")
    return [
        WantedCopies(
            want.pk, frozenset(card.product_id for card in want.cards.all()), want.quantity, frozenset(want.conditions),
            frozenset(want.languages), frozenset(want.finishes), want.most_minor, want.currency,
        )
        for want in rows
    ]  # fmt: skip
