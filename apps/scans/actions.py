"""Writes to scans: start, look at a photo, choose, confirm into the inventory, hand a visitor's scan to a member.

Recognition of a photo runs under that photo's row lock: a killed worker frees it at once, a second worker passes by,
and the cards, the seconds and `done_at` commit together. Attempts are counted in a transaction of their own, so that a
photo that kills its worker is given up after the last one.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Iterable
from typing import BinaryIO

import numpy as np
import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from PIL import Image

from apps.accounts.models import User
from apps.catalog.models import Category, Variant
from apps.core import images, outbox
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.inventory import actions as inventory
from apps.inventory.models import InventoryItem, Movement
from apps.scans import engines, progress
from apps.scans.events import ScanCompleted, ScanConfirmed, ScanStarted
from apps.scans.models import Candidate, Correction, DetectedCard, Scan, ScanPhoto
from apps.scans.references import ml_game
from ml.photo import decoded
from ml.types import CardResult, PhotoResult, Picture

log = structlog.get_logger()

MOST_PHOTOS = 24
MOST_ATTEMPTS = 3
SHOWN_CANDIDATES = 6


def start_scan(
    *, uploads: Iterable[BinaryIO], owner: User | None = None, visitor_token: str = "", category: Category | None = None
) -> Scan:
    """Check and store photos, and queue them for recognition. The same photo twice counts once.

    Raises InvalidInput (none, or too many), TooLarge, UnsupportedType: then nothing is kept. Emits scan.started.
    """
    uploads = list(uploads)
    if not uploads:
        raise InvalidInput("Choose at least one photo.", field="photos")
    if len(uploads) > MOST_PHOTOS:
        raise InvalidInput(f"At most {MOST_PHOTOS} photos at once.", field="photos")
    if owner is None and not visitor_token:
        raise InvalidInput("A scan needs an owner.")
    folder = f"scans/{timezone.now():%Y/%m}"
    stored: list[tuple[images.StoredImage, str]] = []
    try:
        for upload in uploads:  # one by one, so that what is stored is known when the next one is refused
            stored.append((images.accept_upload(upload, folder=folder), getattr(upload, "name", "") or ""))  # noqa: PERF401
        with transaction.atomic():
            scan = Scan.objects.create(owner=owner, visitor_token="" if owner else visitor_token, category=category)
            once = {image.digest: (image, name) for image, name in reversed(stored)}
            ScanPhoto.objects.bulk_create(
                ScanPhoto(
                    scan=scan, file=image.name, original_name=name[:200], digest=image.digest, width=image.width,
                    height=image.height, position=position,
                )
                for position, (image, name) in enumerate(reversed(once.values()))
            )  # fmt: skip
            outbox.emit(ScanStarted(scan_id=scan.pk))
            transaction.on_commit(lambda: _enqueue(scan.photos.values_list("pk", flat=True)), robust=True)
    except Exception:
        for image, _ in stored:
            images.remove(image.name)
        raise
    return scan


def _enqueue(photo_ids: Iterable[uuid.UUID]) -> None:
    from apps.scans.tasks import process_photo as task

    for pk in photo_ids:
        task.apply_async([str(pk)], retry=False)


def resume_stalled() -> int:
    """Queue again what is not done: its worker died, or the queue was lost. Safe to repeat."""
    patience = timezone.now() - dt.timedelta(seconds=20)
    rows = ScanPhoto.objects.filter(done_at__isnull=True, error="", scan__created_at__lt=patience)
    pending = list(rows.values_list("pk", flat=True)[:200])
    _enqueue(pending)
    return len(pending)


def process_photo(*, photo_id: uuid.UUID) -> bool:
    """Look at one photo. False when it is done already, given up, or in another worker's hands."""
    counted = ScanPhoto.objects.filter(pk=photo_id, done_at__isnull=True, error="", attempts__lt=MOST_ATTEMPTS)
    with transaction.atomic():
        if not ScanPhoto.objects.select_for_update(skip_locked=True).filter(pk=photo_id).exists():
            return False
        if not counted.update(attempts=F("attempts") + 1, started_at=timezone.now()):
            _give_up(photo_id)
            return False
        Scan.objects.filter(photos=photo_id, state=Scan.State.QUEUED).update(
            state=Scan.State.RUNNING, started_at=timezone.now()
        )
    with transaction.atomic():
        photo = (
            ScanPhoto.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("scan__category")
            .filter(pk=photo_id, done_at__isnull=True)
            .first()
        )
        if photo is None:
            return False
        progress.tell(photo.scan_id)
        try:
            _look(photo)
        except Exception as error:
            log.warning("scan.photo_failed", photo=str(photo_id), attempts=photo.attempts, exc_info=error)
            if photo.attempts < MOST_ATTEMPTS:
                raise
            photo.error = "This photo could not be read. Take it again with more light and less tilt."
        photo.done_at = timezone.now()
        photo.save(update_fields=["done_at", "error", "seconds"])
        _complete(photo.scan_id)
    progress.tell(photo.scan_id)
    return True


def _give_up(photo_id: uuid.UUID) -> None:
    """A photo whose worker died at every attempt is closed with an explanation."""
    closed = ScanPhoto.objects.filter(pk=photo_id, done_at__isnull=True, attempts__gte=MOST_ATTEMPTS).update(
        done_at=timezone.now(), error="This photo could not be read. Send it in another size or format."
    )
    if closed:
        _complete(ScanPhoto.objects.values_list("scan_id", flat=True).get(pk=photo_id))


def _complete(scan_id: uuid.UUID) -> None:
    """The last photo that is done opens the review. The scan's row lock makes exactly one the last."""
    scan = Scan.objects.select_for_update(no_key=True).get(pk=scan_id)
    photos = list(scan.photos.all())
    if scan.state not in {Scan.State.QUEUED, Scan.State.RUNNING} or any(p.done_at is None for p in photos):
        return
    failed = all(p.error for p in photos)
    scan.state = Scan.State.FAILED if failed else Scan.State.REVIEW
    scan.error = photos[0].error if failed else ""
    scan.finished_at = timezone.now()
    scan.save(update_fields=["state", "error", "finished_at"])
    cards = DetectedCard.objects.filter(photo__scan=scan)
    outbox.emit(ScanCompleted(scan_id=scan.pk, cards=cards.count(), decided=cards.filter(decided=True).count()))


def _look(photo: ScanPhoto) -> None:
    with default_storage.open(photo.file) as file:
        picture = decoded(file.read())
    game = ml_game(photo.scan.category.game) if photo.scan.category else None
    result = engines.pipeline().identify(picture, game or None)
    photo.seconds = {stage: round(seconds, 3) for stage, seconds in result.seconds.items()}
    Scan.objects.filter(pk=photo.scan_id).update(engine_versions=dict(result.versions))
    _keep_cards(photo, picture, result)


def _keep_cards(photo: ScanPhoto, picture: Picture, result: PhotoResult) -> None:
    """Store the cards with their candidates; a second look replaces the first."""
    photo.cards.all().delete()
    keys = {c.key for card in result.cards for c in card.candidates[:SHOWN_CANDIDATES]}
    variants = {str(v.product_id): v for v in Variant.objects.filter(product__in=keys).order_by("is_default")}
    for position, found in enumerate(result.cards):
        shown = [c for c in found.candidates if c.key in variants][:SHOWN_CANDIDATES]
        card = DetectedCard.objects.create(
            photo=photo,
            position=position,
            quad=found.quad.to_list(),
            crop=_crop(picture, found, photo),
            decided=found.decided and bool(shown),
            reading=found.reading.to_dict(),
            warnings=list(found.warnings),
            variant=variants[shown[0].key] if found.decided and shown else None,
        )
        Candidate.objects.bulk_create(
            Candidate(
                card=card,
                rank=rank,
                variant=variants[c.key],
                probability=min(1.0, max(0.0, float(c.probability))),
                scores={name: float(value) for name, value in c.scores.items()},
                reasons=list(c.reasons),
            )
            for rank, c in enumerate(shown)
        )


def _crop(picture: Picture, found: CardResult, photo: ScanPhoto) -> str:
    """The straightened card as a picture of its own."""
    from ml.rectify import PerspectiveRectifier

    crop = PerspectiveRectifier().rectify(picture, found.quad)
    return images.store(Image.fromarray(np.ascontiguousarray(crop.picture)), folder=f"scans/cards/{photo.pk}").name


@transaction.atomic
def choose(
    *,
    card: DetectedCard,
    by: User | None,
    variant: Variant | None = None,
    condition: str = "",
    quantity: int | None = None,
    dismissed: bool | None = None,
) -> DetectedCard:
    """What the member makes of a detected card; a choice against the first candidate is kept as a correction.

    The caller has checked that the scan is the member's (see queries.card_for). Raises Conflict once confirmed.
    """
    card = DetectedCard.objects.select_for_update(no_key=True).get(pk=card.pk)
    if card.state == DetectedCard.State.CONFIRMED:
        raise Conflict("This card is in the inventory already. Change it there.")
    if dismissed is not None:
        card.state = DetectedCard.State.DISMISSED if dismissed else DetectedCard.State.OPEN
    if variant is not None:
        card.variant = variant
        first = card.candidates.order_by("rank").values_list("variant", flat=True).first()
        if first != variant.pk:
            Correction.objects.update_or_create(card=card, defaults={"proposed_id": first, "chosen": variant, "by": by})
        else:
            Correction.objects.filter(card=card).delete()
    if condition:
        card.condition = condition
    if quantity is not None:
        if not 1 <= quantity <= 999:
            raise InvalidInput("The quantity is a whole number from 1 to 999.", field="quantity")
        card.quantity = quantity
    card.save()
    return card


@transaction.atomic
def confirm(*, scan: Scan, by: User, cards: Iterable[uuid.UUID] | None = None) -> list[InventoryItem]:
    """Put chosen cards into the inventory; equal ones become one item. Cards without a choice stay open.

    Safe to repeat: a confirmed card is not added twice. Raises NotYours, Conflict. Emits scan.confirmed.
    """
    scan = Scan.objects.select_for_update(no_key=True).get(pk=scan.pk)
    if scan.owner_id != by.pk:
        raise NotYours
    if scan.state not in {Scan.State.REVIEW, Scan.State.CONFIRMED}:
        raise Conflict("The photos are still being looked at.")
    rows = DetectedCard.objects.select_for_update(of=("self",), no_key=True).filter(
        photo__scan=scan, state=DetectedCard.State.OPEN, variant__isnull=False
    )
    if cards is not None:
        rows = rows.filter(pk__in=list(cards))
    chosen = sorted(rows.select_related("variant"), key=lambda c: (str(c.variant_id), c.condition, c.pk))
    items = []
    for (_, condition), group in itertools.groupby(chosen, key=lambda c: (str(c.variant_id), c.condition)):
        items.append(_add_group(scan, list(group), condition, by))
    still_open = DetectedCard.objects.filter(photo__scan=scan, state=DetectedCard.State.OPEN).exists()
    if not still_open:
        scan.state = Scan.State.CONFIRMED
        scan.save(update_fields=["state"])
    if items:
        outbox.emit(ScanConfirmed(scan_id=scan.pk, items=len(items)))
    return items


def _add_group(scan: Scan, group: list[DetectedCard], condition: str, by: User) -> InventoryItem:
    first = group[0]
    best = first.candidates.filter(variant=first.variant_id).first()
    item = inventory.add_item(
        owner=by,
        variant=first.variant,
        by=by,
        condition=condition,
        quantity=sum(card.quantity for card in group),
        kind=Movement.Kind.SCANNED,
        cause=f"scan-card:{first.pk}",
        provenance={
            "from": "scan",
            "scan_id": str(scan.pk),
            "card_ids": [str(card.pk) for card in group],
            "probability": round(best.probability, 4) if best else None,
            "engines": scan.engine_versions,
        },
    )
    for card in group[: inventory.MOST_PHOTOS]:
        if card.crop and item.quantity == sum(c.quantity for c in group):
            with default_storage.open(card.crop) as file:
                inventory.attach_photo(item=item, upload=file, by=by)
    DetectedCard.objects.filter(pk__in=[card.pk for card in group]).update(
        state=DetectedCard.State.CONFIRMED, item=item
    )
    return item


@transaction.atomic
def claim(*, visitor_token: str, user: User) -> int:
    """A visitor's scans become the member's when they sign in; returns how many."""
    if not visitor_token:
        return 0
    return Scan.objects.filter(owner__isnull=True, visitor_token=visitor_token).update(owner=user, visitor_token="")
