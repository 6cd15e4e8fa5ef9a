"""Reads of scans: one with all that its review shows, a member's list, one card of the reader's own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.catalog import queries as catalog
from apps.catalog.models import Product, ProductImage
from apps.core.conditions import Condition
from apps.core.errors import NotFound
from apps.scans.models import Candidate, DetectedCard, Scan, ScanPhoto
from apps.valuations.models import CurrentPrice


@dataclass(frozen=True)
class Progress:
    """How far a scan is."""

    photos: int
    done: int
    cards: int
    sure: int
    open: int


def _readable(reader: User | None, visitor_token: str) -> Q:
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


def scan_for(*, pk: uuid.UUID, reader: User | None, visitor_token: str = "") -> Scan:
    """A scan with photos, cards and candidates; a fixed number of queries. Raises NotFound for others' scans."""
    cards = DetectedCard.objects.select_related("variant__product__release", "item").prefetch_related(
        Prefetch("candidates", _candidates()), "variant__product__variants"
    )
    photos = ScanPhoto.objects.prefetch_related(Prefetch("cards", cards.order_by("position")))
    scan = (
        Scan.objects.filter(_readable(reader, visitor_token), pk=pk)
        .select_related("category")
        .prefetch_related(Prefetch("photos", photos))
        .first()
    )
    if scan is None:
        raise NotFound("This scan is not one of yours.")
    return scan


def is_readable(*, pk: uuid.UUID, reader: User | None, visitor_token: str = "") -> bool:
    """Whether the reader may watch the scan."""
    return Scan.objects.filter(_readable(reader, visitor_token), pk=pk).exists()


def card_for(*, pk: uuid.UUID, reader: User | None, visitor_token: str = "") -> DetectedCard:
    """One detected card of the reader's own scan with its candidates. Raises NotFound."""
    scans = Scan.objects.filter(_readable(reader, visitor_token))
    card = (
        DetectedCard.objects.filter(pk=pk, photo__scan__in=scans)
        .select_related("photo__scan", "variant__product__release")
        .prefetch_related(Prefetch("candidates", _candidates()), "variant__product__variants")
        .first()
    )
    if card is None:
        raise NotFound("This card is not in one of your scans.")
    return card


def progress_of(scan: Scan) -> Progress:
    """Counts for the page; needs the prefetched scan of `scan_for`."""
    photos = list(scan.photos.all())
    cards = [card for photo in photos for card in photo.cards.all()]
    return Progress(
        photos=len(photos),
        done=sum(1 for photo in photos if photo.done_at),
        cards=len(cards),
        sure=sum(1 for card in cards if card.decided),
        open=sum(1 for card in cards if card.state == DetectedCard.State.OPEN),
    )


def recent(*, owner: User, limit: int = 12) -> list[Scan]:
    """A member's latest scans with their counts."""
    first = ScanPhoto.objects.filter(scan=OuterRef("pk")).order_by("position")
    return list(
        Scan.objects.filter(owner=owner)
        .annotate(
            cards=Count("photos__cards"),
            open=Count("photos__cards", filter=Q(photos__cards__state=DetectedCard.State.OPEN)),
            picture=Coalesce(Subquery(first.values("file")[:1]), Value("")),
            at=F("created_at"),
        )
        .order_by("-created_at")[:limit]
    )


def printings(*, text: str, limit: int = 8) -> list[Product]:
    """Cards that a typed set, number or name means, with their printings; `image_name` is each one's picture."""
    if not text.strip():
        return []
    found = catalog.search_products(text=text, limit=limit, facets=False).page.rows
    order = {row.id: position for position, row in enumerate(found)}
    picture = ProductImage.objects.filter(product=OuterRef("pk"), is_primary=True)
    rows = (
        Product.objects.filter(pk__in=order)
        .select_related("release")
        .prefetch_related("variants")
        .annotate(image_name=Coalesce(Subquery(picture.values("file")[:1]), Value("")))
    )
    return sorted(rows, key=lambda row: order[row.pk])
