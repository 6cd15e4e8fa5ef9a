"""What a member asks for about their data: an export, being forgotten, and taking that back; and the worker's half of it."""

from __future__ import annotations

import datetime as dt
import tempfile
import uuid
from functools import partial

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.accounts.models import User
from apps.core import audit
from apps.core.errors import Conflict, DomainError, NotFound
from apps.privacy import archive, erasing
from apps.privacy.models import DataExport, Erasure

log = structlog.get_logger()

EXPORT_PAUSE = dt.timedelta(hours=1)
ERASURE_GRACE = dt.timedelta(days=14)
MOST_ATTEMPTS = 3
_PATIENCE = dt.timedelta(minutes=10)


class ErasureBlocked(Conflict):
    """Something is not finished; the details say what."""

    code = "ERASURE_BLOCKED"
    message = "Your account cannot be deleted yet."


class ExportRecent(DomainError):
    """There is one of less than an hour ago."""

    code, status = "EXPORT_RECENT", 429
    message = "Your last export is less than an hour old: download that one, or ask again later."


def ask_export(*, by: User) -> DataExport:
    """Put everything about the member together in the background. Asking again meanwhile gives the same export.

    Raises ExportRecent within an hour of the last one.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        last = DataExport.objects.filter(member=by).order_by("-created_at").first()
        if last is not None and last.state == DataExport.State.WAITING:
            return last
        now = timezone.now()
        if last is not None and last.state == DataExport.State.READY and last.created_at > now - EXPORT_PAUSE:
            raise ExportRecent
        export = DataExport.objects.create(member=by, queued_at=now)
        audit.record(action="privacy.export_asked", target=export, by=by)
        transaction.on_commit(lambda: _queue(export.pk))
        return export


def _queue(export_id: uuid.UUID) -> None:
    from apps.privacy.tasks import build_export

    build_export.delay(str(export_id))


def build(*, export_id: uuid.UUID) -> None:
    """Write the archive of an export. Safe to run twice: one worker has it at a time, and what is ready stays."""
    with transaction.atomic():
        export = (
            DataExport.objects.select_for_update(skip_locked=True)
            .filter(pk=export_id, state=DataExport.State.WAITING)
            .select_related("member")
            .first()
        )
        if export is None:
            return
        name = f"exports/{export.pk}-{uuid.uuid4().hex}.zip"
        with tempfile.TemporaryFile() as kept:
            address = f"{settings.SITE_URL}/privacy/"
            archive.write(export.member, kept, at=timezone.now(), address=address, progress=partial(_tell, export.pk))
            size = kept.tell()
            kept.seek(0)
            stored = default_storage.save(name, File(kept))
        export.state, export.file, export.size = DataExport.State.READY, stored, size
        export.finished_at = timezone.now()
        export.save()
    log.info("privacy.exported", bytes=size)


def _tell(export_id: uuid.UUID, tables: int) -> None:
    # Beside the database: the export's row is locked while it is written.
    cache.set(progress_key(export_id), tables, 3600)


def progress_key(export_id: uuid.UUID) -> str:
    """Where the cache has how many tables of an export are done."""
    return f"privacy:export:{export_id}"


def resume(*, now: dt.datetime | None = None) -> None:
    """Queue again what a dead worker left, and give up what failed three times."""
    now = now or timezone.now()
    waiting = DataExport.objects.filter(state=DataExport.State.WAITING, queued_at__lt=now - _PATIENCE)
    waiting.filter(attempts__gte=MOST_ATTEMPTS).update(state=DataExport.State.FAILED, finished_at=now)
    for export in waiting.filter(attempts__lt=MOST_ATTEMPTS)[:50]:
        DataExport.objects.filter(pk=export.pk).update(attempts=F("attempts") + 1, queued_at=now)
        _queue(export.pk)


def ask_erasure(*, by: User) -> Erasure:
    """Delete the account in fourteen days; until then it can be taken back. What is for sale is withdrawn at once.

    Asking again gives the same wish. Raises ErasureBlocked with the reasons.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        if open_one := _open(by):
            return open_one
        if by.is_staff:
            raise ErasureBlocked("Moderators and admins give their role back first: another admin takes it from you.")
        if reasons := erasing.obstacles(by):
            raise ErasureBlocked(" ".join(["Your account cannot be deleted yet.", *reasons]), reasons=reasons)
        erasing.withdraw_offers(by)
        erasure = Erasure.objects.create(member=by, due_at=timezone.now() + ERASURE_GRACE)
        audit.record(action="privacy.erasure_asked", target=erasure, by=by, after={"due_at": erasure.due_at})
        return erasure


def cancel_erasure(*, by: User) -> None:
    """Keep the account after all. Raises NotFound when nothing was asked for."""
    with transaction.atomic():
        erasure = _open(by, lock=True)
        if erasure is None:
            raise NotFound
        erasure.cancelled_at = timezone.now()
        erasure.save(update_fields=["cancelled_at"])
        audit.record(action="privacy.erasure_cancelled", target=erasure, by=by)


def _open(member: User, *, lock: bool = False) -> Erasure | None:
    wanted = Erasure.objects.filter(member=member, done_at=None, cancelled_at=None)
    return (wanted.select_for_update() if lock else wanted).first()


def carry_out_due(*, now: dt.datetime | None = None, limit: int = 100) -> int:
    """Erase the accounts whose time has come; what stands in the way of one is written down and looked at again daily."""
    now = now or timezone.now()
    done = 0
    due = Erasure.objects.filter(due_at__lte=now, done_at=None, cancelled_at=None).order_by("due_at")
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            erasure = (
                Erasure.objects.select_for_update(skip_locked=True)
                .filter(Q(done_at=None, cancelled_at=None), pk=pk)
                .first()
            )
            if erasure is None:
                continue
            member = User.objects.select_for_update().get(pk=erasure.member_id)
            if reasons := erasing.obstacles(member):
                erasure.waits_for, erasure.due_at = reasons, now + dt.timedelta(days=1)
                erasure.save(update_fields=["waits_for", "due_at"])
                continue
            erasing.withdraw_offers(member)
            erasure.removed = erasing.forget(member)
            erasure.done_at, erasure.waits_for = now, []
            erasure.save()
            audit.record(action="privacy.erased", target=erasure, after=dict(erasure.removed))
            done += 1
    return done
