"""Copies of stored files in another storage, sealed; kept for a while after the file itself is gone. Not the database's.

Both ends are storages of Django (django-storages for buckets). A file is never changed under its name, so that what has
a copy is never read again. Sealed with Fernet (AES-128-CBC, HMAC-SHA256); its text form is undone, a third smaller.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage, storages
from django.db.models import QuerySet
from django.utils import timezone

from apps.backups.models import MediaCopy

log = structlog.get_logger()
_LOCK = "backups:copying-media"
_LOCK_SECONDS = 3600
_AT_ONCE = 500


class CopiesOff(Exception):
    """No storage is named for copies."""


@dataclass
class Copied:
    """What a round did: files copied and their bytes, found gone, and copies dropped as their time was over."""

    copied: int = 0
    size: int = 0
    gone: int = 0
    dropped: int = 0


@dataclass
class Compared:
    """What a comparison found: copies that should be there, of these missing; opened, of these differing."""

    copies: int
    missing: int = 0
    opened: int = 0
    differing: int = 0
    examples: tuple[str, ...] = ()


def copies() -> Storage:
    """Where copies lie. Raises CopiesOff."""
    if "backups" not in settings.STORAGES:
        raise CopiesOff("BACKUP_MEDIA names no place for copies of media.")
    return storages["backups"]


def copy_media(*, at: dt.datetime | None = None) -> Copied:
    """Copy what has no copy yet, note what is gone, drop copies of files gone for BACKUP_KEEP_DAYS. Safe to repeat.

    Returns at once, with nothing done, while another round is under way. Raises CopiesOff.
    """
    target, at, done = copies(), at or timezone.now(), Copied()
    if not cache.add(_LOCK, "1", _LOCK_SECONDS):
        return done
    try:
        visited = set()
        for folder, names in _folders(default_storage, ""):
            visited.add(folder)
            _copy_folder(folder, names, target, at, done)
            cache.touch(_LOCK, _LOCK_SECONDS)
        for folder in set(MediaCopy.objects.order_by().values_list("folder", flat=True).distinct()) - visited:
            _copy_folder(folder, set(), target, at, done)
        _drop_old(target, at, done)
    finally:
        cache.delete(_LOCK)
    log.info("media.copied", **asdict(done))
    return done


def compare(expected: QuerySet[MediaCopy], *, sample: int) -> Compared:
    """Whether every expected copy is there, and whether `sample` of them open and hold what was copied."""
    target = copies()
    found = Compared(copies=expected.count())
    there = {name for _, names in _folders(target, "") for name in names}
    amiss = [name for name in expected.order_by().values_list("name", flat=True).iterator() if name not in there]
    found.missing = len(amiss)
    for copy in expected.order_by("?")[:sample]:
        if copy.name not in there:
            continue
        found.opened += 1
        try:
            right = hashlib.sha256(_opened(target, copy.name)).hexdigest() == copy.digest
        except InvalidToken:
            right = False
        if not right:
            found.differing += 1
            amiss.append(copy.name)
    found.examples = tuple(amiss[:5])
    return found


def restore_media() -> int:
    """Put back every file that has a copy and is not there; how many."""
    target, restored = copies(), 0
    for name in MediaCopy.objects.filter(gone_at=None).order_by("name").values_list("name", flat=True).iterator():
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(_opened(target, name)))
            restored += 1
    return restored


def _copy_folder(folder: str, names: set[str], target: Storage, at: dt.datetime, done: Copied) -> None:
    rows = MediaCopy.objects.filter(folder=folder)
    known = dict(rows.values_list("name", "gone_at"))
    for name in sorted(names - known.keys()):
        _copy(folder, name, target, at, done)
    lost = [name for name, gone_at in known.items() if gone_at is None and name not in names]
    back = [name for name, gone_at in known.items() if gone_at is not None and name in names]
    for start in range(0, len(lost), _AT_ONCE):
        done.gone += rows.filter(name__in=lost[start : start + _AT_ONCE]).update(gone_at=at)
    for start in range(0, len(back), _AT_ONCE):
        rows.filter(name__in=back[start : start + _AT_ONCE]).update(gone_at=None)


def _copy(folder: str, name: str, target: Storage, at: dt.datetime, done: Copied) -> None:
    try:
        with default_storage.open(name) as file:
            content = file.read()
    except FileNotFoundError:  # deleted a moment ago
        return
    target.delete(name)  # a round that was killed between the two steps left it; saving would choose another name
    target.save(name, ContentFile(base64.urlsafe_b64decode(_vault().encrypt(content))))
    MediaCopy.objects.get_or_create(
        name=name,
        defaults={
            "folder": folder,
            "size": len(content),
            "digest": hashlib.sha256(content).hexdigest(),
            "copied_at": at,
        },
    )
    done.copied += 1
    done.size += len(content)


def _drop_old(target: Storage, at: dt.datetime, done: Copied) -> None:
    """First the file, then the row: what was interrupted is done again."""
    over = MediaCopy.objects.filter(gone_at__lt=at - dt.timedelta(days=settings.BACKUP_KEEP_DAYS))
    for copy in over.iterator():
        target.delete(copy.name)
        copy.delete()
        done.dropped += 1


def _opened(target: Storage, name: str) -> bytes:
    with target.open(name) as file:
        return _vault().decrypt(base64.urlsafe_b64encode(file.read()))


def _vault() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.BACKUP_KEYS])


def _folders(storage: Storage, folder: str) -> Iterator[tuple[str, set[str]]]:
    """Every folder of a storage, with the full names of the files in it. A storage without any file has none."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield folder, {f"{folder}/{file}".lstrip("/") for file in files if file}
    for each in folders:
        yield from _folders(storage, f"{folder}/{each}".lstrip("/"))
