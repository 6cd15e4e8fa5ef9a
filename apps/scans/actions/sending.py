"""Photos on their way to the engines: taken in, queued, queued again, and handed from a visitor to a member."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import BinaryIO

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.catalog.models import Category
from apps.core import images, outbox
from apps.core.errors import Conflict, DomainError, InvalidInput, TooLarge, UnsupportedType
from apps.scans import states, waiting
from apps.scans.events import ScanStarted
from apps.scans.models import Scan, ScanPhoto

log = structlog.get_logger()

MOST_PHOTOS = 24
_PATIENCE = dt.timedelta(seconds=20)  # then a photo in nobody's hands was left by a worker that died
_LONG_PATIENCE = dt.timedelta(seconds=90)  # in which nothing is done at all: then the queue may have lost its messages


def start_scan(
    *,
    uploads: Iterable[BinaryIO],
    owner: User | None = None,
    visitor_token: str = "",
    category: Category | None = None,
    request_key: str = "",
) -> Scan:
    """Check and store photos, and queue them for recognition. The same photo twice counts once.

    The same `request_key` of the same owner is the scan that it made before: whoever did not hear the answer sends again.
    Photos that cannot be used are named in `refused`, and the others go on. Raises InvalidInput (no photo, or too
    many), TooLarge or UnsupportedType where none can be used: then nothing is kept. Emits scan.started.
    """
    if earlier := _sent_before(owner, request_key):
        return earlier
    uploads = list(uploads)
    if not uploads:
        raise InvalidInput("Choose at least one photo.", field="photos")
    if len(uploads) > MOST_PHOTOS:
        raise InvalidInput(f"At most {MOST_PHOTOS} photos at once. Send the others after these.", field="photos")
    if owner is None and not visitor_token:
        raise InvalidInput("A scan needs an owner.")
    waiting.refuse_beyond_limits(len(uploads), owner=owner, visitor_token=visitor_token)
    stored: list[tuple[images.StoredImage, str]] = []
    try:
        refusals = _store(uploads, stored)
        if not stored:
            raise _nothing_usable(refusals)
        return _queue(
            stored, refusals, owner=owner, visitor_token=visitor_token, category=category, request_key=request_key
        )
    except BaseException as error:
        for image, _ in stored:
            images.remove(image.name)
        # Sent twice at once: the constraint lets one of them through, and the other is that one.
        if isinstance(error, IntegrityError) and (earlier := _sent_before(owner, request_key)):
            return earlier
        raise


def _sent_before(owner: User | None, request_key: str) -> Scan | None:
    return Scan.objects.filter(owner=owner, request_key=request_key).first() if owner and request_key else None


def _store(uploads: list[BinaryIO], stored: list[tuple[images.StoredImage, str]]) -> list[tuple[str, DomainError]]:
    """Store what can be used, one by one into `stored`; returns what cannot, with the reason."""
    folder = f"scans/{timezone.now():%Y/%m}"
    refusals: list[tuple[str, DomainError]] = []
    for upload in uploads:
        name = (getattr(upload, "name", "") or "")[:200]
        try:
            stored.append((images.accept_upload(upload, folder=folder), name))
        except (TooLarge, UnsupportedType) as error:
            refusals.append((name, error))
    return refusals


def _nothing_usable(refusals: list[tuple[str, DomainError]]) -> DomainError:
    """What to say where no photo can be used; the first one's kind of error."""
    first = refusals[0][1]
    if len(refusals) == 1:
        return first
    return type(first)(" ".join(f"{name}: {error.message}" for name, error in refusals), field="photos")


@transaction.atomic
def _queue(
    stored: list[tuple[images.StoredImage, str]],
    refusals: list[tuple[str, DomainError]],
    *,
    owner: User | None,
    visitor_token: str,
    category: Category | None,
    request_key: str,
) -> Scan:
    scan = Scan.objects.create(
        owner=owner,
        request_key=request_key if owner else "",
        visitor_token="" if owner else visitor_token,
        category=category,
        refused=[{"name": name, "message": error.message} for name, error in refusals],
    )
    turn = waiting.next_turn(owner=owner, visitor_token=visitor_token)
    seen: set[str] = set()
    for image, name in stored:
        if image.digest in seen:
            images.remove(image.name)
            continue
        ScanPhoto.objects.create(
            scan=scan, file=image.name, original_name=name, digest=image.digest, width=image.width,
            height=image.height, position=len(seen), turn=turn + len(seen),
        )  # fmt: skip
        seen.add(image.digest)
    outbox.emit(ScanStarted(scan_id=scan.pk))
    _enqueue_after_commit(scan)
    return scan


def _enqueue_after_commit(scan: Scan) -> None:
    # robust: where the queue is away the scan is kept all the same, and resume_stalled queues it later
    transaction.on_commit(
        lambda: _enqueue(list(scan.photos.filter(done_at__isnull=True).values_list("pk", flat=True))), robust=True
    )


def _enqueue(photo_ids: list[uuid.UUID], *, seconds: int = 0) -> None:
    """Send a message for each photo, to be answered in so many seconds."""
    from apps.scans.tasks import process_photo as task

    # Marked before they are sent: a photo that is sent may be in a worker's hands at once, and marking it then would
    # wait until it is looked at, or have the worker pass by.
    ScanPhoto.objects.filter(pk__in=photo_ids).update(queued_at=timezone.now() + dt.timedelta(seconds=seconds))
    for position, pk in enumerate(photo_ids):
        try:
            task.apply_async([str(pk)], retry=False, countdown=seconds or None)
        except Exception:
            ScanPhoto.objects.filter(pk__in=photo_ids[position:]).update(queued_at=None)
            raise


def try_again(*, photo_id: uuid.UUID) -> None:
    """Queue a photo whose look failed for another look, later each time."""
    attempts = ScanPhoto.objects.values_list("attempts", flat=True).get(pk=photo_id)
    try:
        _enqueue([photo_id], seconds=2**attempts)
    except Exception as error:  # noqa: BLE001 - the queue is away; resume_stalled sends it when it is back
        log.warning("scan.retry_not_queued", photo=str(photo_id), error=str(error))


def resume_stalled(*, now: dt.datetime | None = None) -> int:
    """Queue again what a dead worker left and what a lost queue forgot. Safe to repeat: a second message does nothing.

    What a worker has in its hands is locked, and passed by. While photos get done, those that wait are not forgotten: any
    message brings the next one its turn.
    """
    now = now or timezone.now()
    left = Q(attempts__gt=0, started_at__lt=now - _PATIENCE, queued_at__lt=now - _PATIENCE)
    never_queued = Q(queued_at__isnull=True, scan__created_at__lt=now - _PATIENCE)
    forgotten = Q(attempts=0, queued_at__lt=now - _LONG_PATIENCE)
    due = left | never_queued if waiting.has_moved_since(now - _LONG_PATIENCE) else left | never_queued | forgotten
    with transaction.atomic():
        rows = ScanPhoto.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        rows = rows.filter(due, done_at__isnull=True).order_by("queued_at", "pk")
        pending = list(rows.values_list("pk", flat=True)[:200])
    _enqueue(pending)
    return len(pending)


@transaction.atomic
def look_again(*, scan: Scan) -> Scan:
    """Give the photos that could not be read another try. The caller has checked whose scan it is.

    Safe to repeat. Raises Conflict where no photo failed, TooManyWaiting or QueueFull as for new photos. Emits scan.started.
    """
    scan = Scan.objects.select_for_update(no_key=True).get(pk=scan.pk)
    if scan.state in states.LIVE:
        return scan
    failed = scan.photos.exclude(error="")
    if not (count := failed.count()):
        raise Conflict("Every photo of this scan has been looked at.")
    waiting.refuse_beyond_limits(count, owner=scan.owner, visitor_token=scan.visitor_token)
    turn = waiting.next_turn(owner=scan.owner, visitor_token=scan.visitor_token)
    failed.update(error="", done_at=None, attempts=0, started_at=None, queued_at=None, turn=turn + F("position"))
    scan.state, scan.error, scan.finished_at = states.after(scan.state, "again"), "", None
    scan.save(update_fields=["state", "error", "finished_at"])
    outbox.emit(ScanStarted(scan_id=scan.pk))
    _enqueue_after_commit(scan)
    return scan


@transaction.atomic
def claim(*, visitor_token: str, user: User) -> int:
    """A visitor's scans become the member's when they sign in; returns how many."""
    if not visitor_token:
        return 0
    return Scan.objects.filter(owner__isnull=True, visitor_token=visitor_token).update(owner=user, visitor_token="")
