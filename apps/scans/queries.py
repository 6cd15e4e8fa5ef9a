"""Reads of scans: one with all that its review shows, a member's list, one card of the reader's own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.catalog.models import Product, ProductImage
from apps.catalog.search.results import search_products
from apps.core.conditions import Condition
from apps.core.errors import NotFound
from apps.scans import waiting
from apps.scans.models import Candidate, DetectedCard, Scan, ScanPhoto
from apps.valuations.models import CurrentPrice


@dataclass(frozen=True)
class Progress:
    """How far a scan is, and what has been chosen so far.

    place: in the queue, while one of its photos waits. worth: sum of the fair values of the `priced` chosen copies in their
    conditions; None where none has one.
    """

    photos: int
    done: int
    cards: int
    sure: int = 0
    open: int = 0
    chosen: int = 0
    copies: int = 0
    priced: int = 0
    worth: Decimal | None = None
    currency: str = "USD"
    place: waiting.Place | None = None


@dataclass(frozen=True)
class Choice:
    """A product that a detected card may be, as the review offers it. value: Near Mint, of the best printing."""

    product: Product
    image_name: str
    value: Decimal | None
    probability: float | None = None
    reasons: Sequence[str] = ()


def _readable(reader: User | uuid.UUID | None, visitor_token: str) -> Q:
    """Scans that a reader may see: a member's own, or a visitor's of this session."""
    if reader is not None:
        return Q(owner=reader)
    return Q(owner__isnull=True, visitor_token=visitor_token) if visitor_token else Q(pk__in=[])


def _candidates() -> QuerySet[Candidate]:
    """Candidates with picture and Near Mint value, in one query."""
    picture = ProductImage.objects.filter(product=OuterRef("variant__product"), is_primary=True)
    price = CurrentPrice.objects.filter(variant=OuterRef("variant"), condition=Condition.NM)
    return (
        Candidate.objects.select_related("variant__product__release")
        .prefetch_related("variant__product__variants")
        .annotate(
            image_name=Coalesce(Subquery(picture.values("file")[:1]), Value("")),
            value=Subquery(price.values("value")[:1]),
        )
        .order_by("rank")
    )


def _cards() -> QuerySet[DetectedCard]:
    """Detected cards with candidates, and with picture and value (in the chosen condition) of what was chosen."""
    picture = ProductImage.objects.filter(product=OuterRef("variant__product"), is_primary=True)
    price = CurrentPrice.objects.filter(variant=OuterRef("variant"), condition=OuterRef("condition"))
    return (
        DetectedCard.objects.select_related("variant__product__release", "item", "correction")
        .prefetch_related(Prefetch("candidates", _candidates()), "variant__product__variants")
        .annotate(
            chosen_image=Coalesce(Subquery(picture.values("file")[:1]), Value("")),
            chosen_value=Subquery(price.values("value")[:1]),
            chosen_currency=Coalesce(Subquery(price.values("currency")[:1]), Value("USD")),
        )
        .order_by("position")
    )


def scan_for(*, pk: uuid.UUID, reader: User | None, visitor_token: str = "") -> Scan:
    """A scan with photos, cards and candidates; a fixed number of queries. Raises NotFound for others' scans."""
    photos = ScanPhoto.objects.prefetch_related(Prefetch("cards", _cards()))
    scan = (
        Scan.objects.filter(_readable(reader, visitor_token), pk=pk)
        .select_related("category")
        .prefetch_related(Prefetch("photos", photos))
        .first()
    )
    if scan is None:
        raise NotFound("This scan is not one of yours.")
    return scan


def is_readable(*, pk: uuid.UUID, reader: User | uuid.UUID | None, visitor_token: str = "") -> bool:
    """Whether the reader may watch the scan."""
    return Scan.objects.filter(_readable(reader, visitor_token), pk=pk).exists()


def card_for(*, pk: uuid.UUID, reader: User | None, visitor_token: str = "") -> DetectedCard:
    """One detected card of the reader's own scan with its candidates. Raises NotFound."""
    scans = Scan.objects.filter(_readable(reader, visitor_token))
    card = _cards().filter(pk=pk, photo__scan__in=scans).select_related("photo__scan").first()
    if card is None:
        raise NotFound("This card is not in one of your scans.")
    return card


def watched(*, pk: uuid.UUID, reader: User | None, visitor_token: str = "") -> tuple[Scan, Progress]:
    """A scan with its photos and how far it is, without its cards, for those who watch. Raises NotFound.

    Two queries, and two more while a photo of it waits.
    """
    photos = ScanPhoto.objects.annotate(card_count=Count("cards")).order_by("position")
    scan = (
        Scan.objects.filter(_readable(reader, visitor_token), pk=pk)
        .prefetch_related(Prefetch("photos", photos))
        .first()
    )
    if scan is None:
        raise NotFound("This scan is not one of yours.")
    seen = list(scan.photos.all())
    return scan, Progress(
        photos=len(seen),
        done=sum(1 for photo in seen if photo.done_at),
        cards=sum(photo.card_count for photo in seen),
        place=place_of(scan),
    )


def place_of(scan: Scan) -> waiting.Place | None:
    """Its place in the queue, asked for only where one of its photos waits; needs the prefetched scan."""
    return waiting.place_of(scan) if any(photo.state == "waiting" for photo in scan.photos.all()) else None


def sees_picture(*, name: str, reader: User | None, visitor_token: str = "") -> bool:
    """Whether a picture in storage (or its thumbnail) is a photo, or a card cut from one, of the reader's own scans."""
    folder, _, file = name.rpartition("/")
    stored = f"{folder}/{file.partition('.')[0]}.jpg"
    mine = Scan.objects.filter(_readable(reader, visitor_token))
    return mine.filter(Q(photos__file=stored) | Q(photos__cards__crop=stored)).exists()


def progress_of(scan: Scan) -> Progress:
    """Counts for the page; needs the prefetched scan of `scan_for`, and asks the queue for the place of one that waits."""
    photos = list(scan.photos.all())
    cards = [card for photo in photos for card in photo.cards.all()]
    still = [card for card in cards if card.state == DetectedCard.State.OPEN]
    chosen = [card for card in still if card.variant_id]
    priced = [card for card in chosen if card.chosen_value is not None and card.chosen_currency == "USD"]
    return Progress(
        photos=len(photos),
        done=sum(1 for photo in photos if photo.done_at),
        cards=len(cards),
        sure=sum(1 for card in cards if card.decided),
        open=len(still),
        chosen=len(chosen),
        copies=sum(card.quantity for card in chosen),
        priced=sum(card.quantity for card in priced),
        worth=sum((card.chosen_value * card.quantity for card in priced), Decimal()) if priced else None,
        place=place_of(scan),
    )


def choices(card: DetectedCard) -> tuple[Choice | None, list[Choice]]:
    """What was chosen for a card (a candidate or not), and the other candidates, best first.

    Needs a card of `scan_for` or `card_for`.
    """
    offered = [
        Choice(c.variant.product, c.image_name, c.value, c.probability, c.reasons) for c in card.candidates.all()
    ]
    if card.variant is None:
        return None, offered
    product = card.variant.product
    chosen = next((choice for choice in offered if choice.product == product), None)
    if chosen is None:
        return Choice(product, card.chosen_image, card.chosen_value), offered
    return chosen, [choice for choice in offered if choice is not chosen]


def recent(*, owner: User, limit: int = 12) -> list[Scan]:
    """A member's latest scans with their counts."""
    first = ScanPhoto.objects.filter(scan=OuterRef("pk")).order_by("position")
    return list(
        Scan.objects.filter(owner=owner)
        .annotate(
            photo_count=Count("photos", distinct=True),
            cards=Count("photos__cards", distinct=True),
            open=Count("photos__cards", filter=Q(photos__cards__state=DetectedCard.State.OPEN), distinct=True),
            picture=Coalesce(Subquery(first.values("file")[:1]), Value("")),
        )
        .order_by("-created_at")[:limit]
    )


def printings(*, text: str, limit: int = 8) -> list[Choice]:
    """Cards that a typed set, number or name means, with their printings, nearest first."""
    if not text.strip():
        return []
    found = search_products(text=text, limit=limit, facets=False).page.rows
    order = {row.id: position for position, row in enumerate(found)}
    picture = ProductImage.objects.filter(product=OuterRef("pk"), is_primary=True)
    rows = (
        Product.objects.filter(pk__in=order)
        .select_related("release")
        .prefetch_related("variants")
        .annotate(image_name=Coalesce(Subquery(picture.values("file")[:1]), Value("")))
    )
    return [Choice(row, row.image_name, None) for row in sorted(rows, key=lambda row: order[row.pk])]
