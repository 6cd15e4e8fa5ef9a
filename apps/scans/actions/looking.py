"""The engines look at photos, one or several at a time, those whose turn it is.

Recognition runs under the photos' row locks: a killed worker frees them at once, a second worker passes by, and a photo's
cards, its seconds and its `done_at` commit together. Attempts are counted in a transaction of their own, so that a photo
that kills its worker is given up after the last one, and one that was begun before is looked at alone.
"""

from __future__ import annotations

import itertools
import time
import uuid
from typing import TYPE_CHECKING

import numpy as np
import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from PIL import Image

from apps.catalog.models import Variant
from apps.core import images, metrics, outbox
from apps.core.logging import about
from apps.scans import engines, progress, states, waiting
from apps.scans.actions.sending import try_again
from apps.scans.events import ScanCompleted
from apps.scans.models import Candidate, DetectedCard, Scan, ScanPhoto
from apps.scans.references import ml_game
from ml.photo import UnreadablePhoto, decoded
from ml.types import BOX, CardResult, PhotoResult, Picture

if TYPE_CHECKING:  # the web loads this module too, and never the engines
    from ml.identify.strategies import Strategies

log = structlog.get_logger()

Seen = Exception | tuple[Picture, PhotoResult]

MOST_ATTEMPTS = 3
MOST_PIXELS_HELD = 120_000_000  # of the photos of one batch, 360 MB
SHOWN_CANDIDATES = 6
UNREADABLE = "This photo could not be read. Try again, or take it anew with more light and less tilt."
BROKE_OFF = "Looking at this photo broke off again and again. Try again later, or send it in another size."


def look_at_waiting(*, photo_id: uuid.UUID) -> int:
    """Answer the queue's message about a photo; returns how many photos were looked at.

    There is a message for each photo, and which photos are next is asked of the database: whoever takes a message takes
    the photos whose turn it is, up to VISION_BATCH. Only a photo that was begun before is looked at on its own message, and
    alone, so that what it does to a worker it does to no other photo. What fails is queued again for later.
    """
    is_due = Q(queued_at__isnull=True) | Q(queued_at__lte=timezone.now())
    taken = _taken_up(waiting.undone().filter(is_due, pk=photo_id, attempts__gt=0))
    taken = taken or _taken_up(waiting.in_turn()[: settings.VISION_BATCH])
    looked, failed = _look_at(taken)
    for failed_id in failed:
        try_again(photo_id=failed_id)
    return looked


def process_photo(*, photo_id: uuid.UUID) -> bool:
    """Look at this one photo now, whoever's turn it is.

    False when it is done already, given up, or in another worker's hands. Raises what a look raised that can be tried again.
    """
    looked, failed = _look_at(_taken_up(waiting.undone().filter(pk=photo_id)))
    for error in failed.values():
        raise error
    return bool(looked)


def _taken_up(rows: QuerySet[ScanPhoto]) -> list[uuid.UUID]:
    """Count an attempt at each. Left out: what another worker has, what is given up now, what would take too much memory."""
    with transaction.atomic():
        photos = _held_at_once(list(rows.select_for_update(skip_locked=True, no_key=True)))
        spent = [photo for photo in photos if photo.attempts >= MOST_ATTEMPTS]
        taken = [photo.pk for photo in photos if photo.attempts < MOST_ATTEMPTS]
        if taken:
            ScanPhoto.objects.filter(pk__in=taken).update(attempts=F("attempts") + 1, started_at=timezone.now())
            # locked in one order, as everywhere: two workers may have photos of the same scans
            scans = Scan.objects.filter(photos__in=taken, state=Scan.State.QUEUED).order_by("pk")
            begun = list(scans.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
            running = states.after(Scan.State.QUEUED, "look")
            Scan.objects.filter(pk__in=begun).update(state=running, started_at=timezone.now())
        for photo in spent:  # its worker died at every attempt
            photo.error, photo.done_at = BROKE_OFF, timezone.now()
            photo.save(update_fields=["done_at", "error"])
            log.error("scan.photo_given_up", photo=str(photo.pk), attempts=photo.attempts)
            _complete(photo.scan_id)
    for photo in spent:
        progress.tell(photo.scan_id)
    return taken


def _held_at_once(photos: list[ScanPhoto]) -> list[ScanPhoto]:
    """The first photos, at least one, whose pixels can be held in memory together."""
    pixels = itertools.accumulate(photo.width * photo.height for photo in photos)
    return [photo for photo, so_far in zip(photos, pixels, strict=True) if so_far <= MOST_PIXELS_HELD] or photos[:1]


def _look_at(photo_ids: list[uuid.UUID]) -> tuple[int, dict[uuid.UUID, Exception]]:
    """Look at photos that were taken up: how many are done now, and what those raised that can be tried again."""
    if not photo_ids:
        return 0, {}
    began = time.monotonic()
    with transaction.atomic():
        photos = list(
            ScanPhoto.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .select_related("scan__category")
            .filter(pk__in=photo_ids, done_at__isnull=True)
            .order_by("scan_id", "position")  # the order in which the scans' rows are locked below
        )
        scans = dict.fromkeys(photo.scan_id for photo in photos)
        progress.tell(*scans, queue=True)
        seen = _seen(photos)
        failed = {}
        for photo in photos:
            with about(f"scan:{photo.scan_id}"):
                if (error := _closed(photo, seen[photo.pk])) is not None:
                    failed[photo.pk] = error
    progress.tell(*scans, queue=True)
    if photos:
        waiting.note_pace((time.monotonic() - began) / len(photos))
    return len(photos) - len(failed), failed


def _seen(photos: list[ScanPhoto]) -> dict[uuid.UUID, Seen]:
    """What the engines see in each photo. A photo that fails takes nothing with it but itself."""
    seen: dict[uuid.UUID, Seen] = {}
    together: dict[object, tuple[Strategies, list[tuple[ScanPhoto, Picture]]]] = {}
    for photo in photos:
        try:
            with default_storage.open(photo.file) as file:
                picture = decoded(file.read())
            with transaction.atomic():
                pipeline = engines.pipeline_for(photo.scan)
        except Exception as error:  # noqa: BLE001 - it is this photo's answer
            seen[photo.pk] = error
            continue
        versions = tuple(sorted(pipeline.versions.items()))
        together.setdefault(versions, (pipeline, []))[1].append((photo, picture))
    for pipeline, group in together.values():
        seen |= _identified(pipeline, group)
    return seen


def _identified(pipeline: Strategies, group: list[tuple[ScanPhoto, Picture]]) -> dict[uuid.UUID, Seen]:
    """The answers of photos that one pipeline looks at: all together, and one by one where that fails."""
    pictures = [picture for _, picture in group]
    games = [(ml_game(photo.scan.category.game) or None) if photo.scan.category else None for photo, _ in group]
    alone = len(group) == 1
    try:
        with transaction.atomic():
            results = [pipeline.identify(pictures[0], games[0])] if alone else pipeline.identify_many(pictures, games)
    except SoftTimeLimitExceeded as error:  # no time is left for them one by one
        return {photo.pk: error for photo, _ in group}
    except Exception as error:
        if alone:
            return {group[0][0].pk: error}
        log.warning("scan.batch_failed", photos=[str(photo.pk) for photo, _ in group], exc_info=error)
        return {pk: answer for one in group for pk, answer in _identified(pipeline, [one]).items()}
    return {photo.pk: (picture, result) for (photo, picture), result in zip(group, results, strict=True)}


def _closed(photo: ScanPhoto, seen: Seen) -> Exception | None:
    """Keep what was seen in a photo and close it; or, where that failed and can be tried again, why."""
    try:
        if isinstance(seen, Exception):
            raise seen
        with transaction.atomic():  # what was written before something failed goes with it
            _keep(photo, *seen)
        metrics.RECOGNITION_PHOTOS.labels("done").inc()
        _measure(seen[1])
    except UnreadablePhoto as error:  # trying again would end the same
        metrics.RECOGNITION_PHOTOS.labels("unreadable").inc()
        photo.error = str(error)
    except Exception as error:
        metrics.RECOGNITION_PHOTOS.labels("failed").inc()
        log.warning("scan.photo_failed", photo=str(photo.pk), attempts=photo.attempts, exc_info=error)
        if photo.attempts < MOST_ATTEMPTS:
            return error
        photo.error = UNREADABLE
    photo.done_at = timezone.now()
    photo.save(update_fields=["done_at", "error", "seconds", "engine_versions"])
    _complete(photo.scan_id)
    return None


def _measure(result: PhotoResult) -> None:
    """How long each stage took, and how sure the answers are."""
    for stage, seconds in result.seconds.items():
        metrics.RECOGNITION_SECONDS.labels(stage, result.versions.get(stage, "")).observe(seconds)
    for card in result.cards:
        metrics.RECOGNITION_CONFIDENCE.observe(float(card.best.probability) if card.best is not None else 0.0)
    log.info("scan.photo_seen", cards=len(result.cards), seconds=round(sum(result.seconds.values()), 3))


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


def _keep(photo: ScanPhoto, picture: Picture, result: PhotoResult) -> None:
    if photo.attempts > 1:
        _clear_crops(photo)
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
            reading=found.reading.to_dict() | {"kind": found.kind},
            grading=found.grading.to_dict() if found.grading else {},
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
    """The straightened card, or the box in its own proportions, as a picture of its own."""
    from ml.identify.outline import straightened
    from ml.rectify import PerspectiveRectifier

    is_box = found.kind == BOX
    face = straightened(picture, found.quad) if is_box else PerspectiveRectifier().rectify(picture, found.quad).picture
    return images.store(Image.fromarray(np.ascontiguousarray(face)), folder=_crops(photo)).name
