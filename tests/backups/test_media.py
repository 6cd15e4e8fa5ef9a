"""Copies of stored files: made once, sealed, kept for a while after the file is gone, put back when it was lost."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.backups import media
from apps.backups.models import MediaCopy

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.BACKUP_KEYS = [Fernet.generate_key().decode()]
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "media"},
        },
        "backups": {
            "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "copies"},
        },
    }  # fmt: skip
    return tmp_path / "copies"


def stored(name: str, content: bytes = b"a picture") -> str:
    return default_storage.save(name, ContentFile(content))


def test_each_file_is_copied_once_and_nobody_can_read_the_copy(elsewhere):
    stored("scans/a.jpg")
    stored("scans/b.jpg", b"another")
    stored("top.jpg")
    first, again = media.copy_media(), media.copy_media()
    assert (first.copied, first.size, again.copied) == (3, 25, 0)
    assert b"picture" not in (elsewhere / "scans/a.jpg").read_bytes()
    assert media.compare(MediaCopy.objects.all(), sample=10) == media.Compared(copies=3, opened=3)


def test_a_lost_file_comes_back_from_its_copy(elsewhere):
    stored("scans/a.jpg")
    media.copy_media()
    default_storage.delete("scans/a.jpg")
    assert media.restore_media() == 1
    assert default_storage.open("scans/a.jpg").read() == b"a picture"
    assert media.restore_media() == 0


def test_a_copy_outlives_its_file_for_some_days(elsewhere, settings):
    settings.BACKUP_KEEP_DAYS = 30
    now = timezone.now()
    stored("scans/a.jpg")
    media.copy_media(at=now)
    default_storage.delete("scans/a.jpg")
    assert media.copy_media(at=now).gone == 1
    assert media.copy_media(at=now + dt.timedelta(days=29)).dropped == 0
    assert media.copy_media(at=now + dt.timedelta(days=31)).dropped == 1
    assert not MediaCopy.objects.exists() and not (elsewhere / "scans/a.jpg").exists()


def test_what_was_put_back_is_not_forgotten_later(elsewhere):
    now = timezone.now()
    stored("scans/a.jpg")
    media.copy_media(at=now)
    default_storage.delete("scans/a.jpg")
    media.copy_media(at=now)
    stored("scans/a.jpg")
    media.copy_media(at=now + dt.timedelta(days=1))
    assert media.copy_media(at=now + dt.timedelta(days=60)).dropped == 0


def test_files_whose_whole_folder_is_gone_are_noticed(elsewhere):
    stored("scans/a.jpg")
    media.copy_media()
    default_storage.delete("scans/a.jpg")
    default_storage.delete("scans")
    assert media.copy_media().gone == 1


def test_a_copy_that_was_half_written_is_written_again(elsewhere):
    stored("scans/a.jpg")
    (elsewhere / "scans").mkdir(parents=True)
    (elsewhere / "scans/a.jpg").write_bytes(b"half")
    media.copy_media()
    assert media.compare(MediaCopy.objects.all(), sample=1).differing == 0


@pytest.mark.parametrize("harm", [lambda copy: copy.unlink(), lambda copy: copy.write_bytes(b"x" * 100)])
def test_a_missing_or_changed_copy_is_noticed(elsewhere, harm):
    stored("scans/a.jpg")
    media.copy_media()
    harm(elsewhere / "scans/a.jpg")
    found = media.compare(MediaCopy.objects.all(), sample=1)
    assert found.missing + found.differing == 1 and found.examples == ("scans/a.jpg",)


def test_two_rounds_at_once_do_the_work_once(elsewhere):
    stored("scans/a.jpg")
    cache.add("backups:copying-media", "1", 60)
    assert media.copy_media().copied == 0
    cache.delete("backups:copying-media")
    assert media.copy_media().copied == 1


def test_older_keys_still_open_copies(elsewhere, settings):
    stored("scans/a.jpg")
    media.copy_media()
    settings.BACKUP_KEYS = [Fernet.generate_key().decode(), *settings.BACKUP_KEYS]
    assert media.compare(MediaCopy.objects.all(), sample=1).differing == 0


def test_without_a_place_nothing_is_copied_and_the_commands_say_so():
    for command in ("copy_media", "restore_media"):
        with pytest.raises(CommandError, match="BACKUP_MEDIA names no place"):
            call_command(command)
