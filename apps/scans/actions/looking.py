"""The engines look at a photo.

Recognition runs under the photo's row lock: a killed worker frees it at once, a second worker passes by, and the cards,
the seconds and `done_at` commit together. Attempts are counted in a transaction of their own, so that a photo that
kills its worker is given up after the last one.
"""

from __future__ import annotations

import uuid

import numpy as np
import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from PIL import Image

from apps.catalog.models import Variant
from apps.core import images, outbox
from apps.scans import engines, progress, states
from apps.scans.events import ScanCompleted
from apps.scans.models import Candidate, DetectedCard, Scan, ScanPhoto
from apps.scans.references import ml_game
from ml.photo import UnreadablePhoto, decoded
from ml.types import CardResult, PhotoResult, Picture

log = structlog.get_logger()

MOST_ATTEMPTS = 3
SHOWN_CANDIDATES = 6
UNREADABLE = "This photo could not be read. Try again, or take it anew with more light and less tilt."
BROKE_OFF = "Looking at this photo broke off again and again. Try again later, or send it in another size."


def process_photo(*, photo_id: uuid.UUID) -> bool:
    """Look at one photo. False when it is done already, given up, or in another worker's hands."""
    if not _taken_up(photo_id):
        return False
    with transaction.atomic():
        photo = (
            ScanPhoto.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("scan__category")
            .filter(pk=photo_id, done_at__isnull=True)
            .first()
        )
        if photo is None:
            return False
        progress.tell(photo.scan_id)
        try:
            with transaction.atomic():  # what a failed look has written so far goes with it
                _look(photo)
        except UnreadablePhoto as error:  # trying again would end the same
            photo.error = str(error)
        except Exception as error:
            log.warning("scan.photo_failed", photo=str(photo_id), attempts=photo.attempts, exc_info=error)
            if photo.attempts < MOST_ATTEMPTS:
                raise
            photo.error = UNREADABLE
        photo.done_at = timezone.now()
        photo.save(update_fields=["done_at", "error", "seconds", "engine_versions"])
        _complete(photo.scan_id)
    progress.tell(photo.scan_id)
    return True


def _taken_up(photo_id: uuid.UUID) -> bool:
    """Count an attempt. False where another worker has the photo, or it is done, or its attempts are used up."""
    with transaction.atomic():
        photo = (
            ScanPhoto.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=photo_id, done_at__isnull=True)
            .first()
        )
        if photo is None:
            return False
        if photo.attempts < MOST_ATTEMPTS:
            ScanPhoto.objects.filter(pk=photo_id).update(attempts=F("attempts") + 1, started_at=timezone.now())
            scan = Scan.objects.filter(pk=photo.scan_id, state=Scan.State.QUEUED)
            scan.update(state=states.after(Scan.State.QUEUED, "look"), started_at=timezone.now())
            return True
        # its worker died at every attempt
        photo.error, photo.done_at = BROKE_OFF, timezone.now()
        photo.save(update_fields=["done_at", "error"])
        log.error("scan.photo_given_up", photo=str(photo_id), attempts=photo.attempts)
        _complete(photo.scan_id)
    progress.tell(photo.scan_id)
    return False


def _complete(scan_id: uuid.UUID) -> None:
    """The last photo that is done opens the review. The scan's row lock makes exactly one the last."""
    scan = Scan.objects.select_for_update(no_key=True).get(pk=scan_id)
    photos = list(scan.photos.all())
    if scan.state not in states.LIVE or any(photo.done_at is None for photo in photos):
        return
    failed = all(photo.error for photo in photos)
    scan.state = states.after(scan.state, "failed" if failed else "found")
    scan.error = photos[0].error if failed else ""
    scan.finished_at = timezone.now()
    scan.save(update_fields=["state", "error", "finished_at"])
    cards = DetectedCard.objects.filter(photo__scan=scan)
    outbox.emit(ScanCompleted(scan_id=scan.pk, cards=cards.count(), decided=cards.filter(decided=True).count()))


def _look(photo: ScanPhoto) -> None:
    if photo.attempts > 1:
        _clear_crops(photo)
    with default_storage.open(photo.file) as file:
        picture = decoded(file.read())
    game = ml_game(photo.scan.category.game) if photo.scan.category else None
    result = engines.pipeline_for(photo.scan).identify(picture, game or None)
    photo.seconds = {stage: round(seconds, 3) for stage, seconds in result.seconds.items()}
    photo.engine_versions = dict(result.versions)
    _keep_cards(photo, picture, result)
    # last, because it locks the scan, for which the workers of its other photos would wait
    Scan.objects.filter(pk=photo.scan_id).update(engine_versions=dict(result.versions))


def _crops(photo: ScanPhoto) -> str:
    return f"scans/cards/{photo.pk}"


def _clear_crops(photo: ScanPhoto) -> None:
    """Remove pictures of cards that an attempt stored before it broke off."""
    try:
        _, names = default_storage.listdir(_crops(photo))
    except FileNotFoundError:
        return
    for name in names:
        default_storage.delete(f"{_crops(photo)}/{name}")


def _keep_cards(photo: ScanPhoto, picture: Picture, result: PhotoResult) -> None:
    """Store the cards with their candidates."""
    keys = {c.key for card in result.cards for c in card.candidates[:SHOWN_CANDIDATES]}
    # the default printing comes last, so that it is the one kept
    variants = {str(v.product_id): v for v in Variant.objects.filter(product__in=keys).order_by("is_default")}
    cards, candidates = [], []
    for position, found in enumerate(result.cards):
        shown = [c for c in found.candidates if c.key in variants][:SHOWN_CANDIDATES]
        card = DetectedCard(
            photo=photo,
            position=position,
            quad=found.quad.to_list(),
            crop=_crop(picture, found, photo),
            decided=found.decided and bool(shown),
            reading=found.reading.to_dict(),
            warnings=list(found.warnings),
            variant=variants[shown[0].key] if found.decided and shown else None,
        )
        cards.append(card)
        candidates += [
            Candidate(
                card=card,
                rank=rank,
                variant=variants[c.key],
                probability=min(1.0, max(0.0, float(c.probability))),
                scores={name: float(value) for name, value in c.scores.items()},
                reasons=list(c.reasons),
            )
            for rank, c in enumerate(shown)
        ]
    DetectedCard.objects.bulk_create(cards)
    Candidate.objects.bulk_create(candidates)


def _crop(picture: Picture, found: CardResult, photo: ScanPhoto) -> str:
    """The straightened card as a picture of its own."""
    from ml.rectify import PerspectiveRectifier

    crop = PerspectiveRectifier().rectify(picture, found.quad)
    return images.store(Image.fromarray(np.ascontiguousarray(crop.picture)), folder=_crops(photo)).name
