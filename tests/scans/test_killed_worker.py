"""A worker that is killed in the middle of a scan: another finishes it, each card once, nothing lost or doubled."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core.models import OutboxEvent
from apps.scans import actions
from apps.scans.models import DetectedCard, Scan
from config.celery import app
from tests.factories import make_variant
from tests.scans.conftest import photo_bytes, stored_files, upload
from tests.waiting import eventually, is_connected

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


class Workers:
    """Starts real workers in process groups of their own, and kills them with all that they forked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen] = []

    def start(self, **environment: str) -> subprocess.Popen:
        place = [connection.settings_dict["NAME"], str(django_settings.MEDIA_ROOT), str(self.folder)]
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.scans.stand_in_worker", *place],
            cwd=ROOT, start_new_session=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.test", "PGAPPNAME": "stand-in", **environment},
        )  # fmt: skip
        self.running.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen) -> None:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.running.remove(worker)

    def looks(self) -> list[str]:
        told = self.folder / "looking"
        return told.read_text().split() if told.exists() else []

    def say(self, word: str, more: object = "") -> None:
        (self.folder / word).write_text(str(more))

    def unsay(self, word: str) -> None:
        (self.folder / word).unlink()


@pytest.fixture
def workers(tmp_path):
    app.control.purge()
    folder = tmp_path / "told"
    folder.mkdir()
    workers = Workers(folder)
    yield workers
    for worker in list(workers.running):
        workers.kill(worker)
    eventually(lambda: not is_connected("stand-in"))
    app.control.purge()


def in_nobodys_hands(scan):
    with transaction.atomic():
        return len(scan.photos.select_for_update(skip_locked=True)) == scan.photos.count()


def state_of(scan):
    return Scan.objects.get(pk=scan.pk).state


def test_a_worker_killed_while_it_looks_loses_nothing_and_doubles_nothing(member, workers, media):
    make_variant()
    workers.say("hang")
    scan = actions.start_scan(uploads=[upload(), upload(seed=1)], owner=member)
    first = workers.start()
    eventually(workers.looks)
    eventually(lambda: state_of(scan) == "running")
    workers.kill(first)
    eventually(lambda: in_nobodys_hands(scan))  # the database notices a moment later

    assert DetectedCard.objects.count() == 0
    assert set(scan.photos.values_list("done_at", flat=True)) == {None}
    workers.unsay("hang")
    workers.start()
    # what beat does every half minute, half a minute later
    assert actions.resume_stalled(now=timezone.now() + dt.timedelta(minutes=2)) == 2
    eventually(lambda: state_of(scan) == "review")

    assert [photo.cards.count() for photo in scan.photos.all()] == [2, 2]
    assert sorted(scan.photos.values_list("attempts", flat=True)) == [1, 2]
    assert OutboxEvent.objects.filter(topic="scan.completed").count() == 1
    assert len(stored_files(media)) == (2 + 4) * 4
    items = actions.confirm(scan=scan, by=member)
    assert [item.quantity for item in items] == [4]


def test_a_photo_that_kills_every_worker_ends_in_a_clear_failure_and_can_be_tried_again(member, workers):
    make_variant()
    workers.say("kill")
    scan = actions.start_scan(uploads=[upload()], owner=member)
    workers.start()
    eventually(lambda: state_of(scan) == "failed")
    assert len(workers.looks()) == actions.MOST_ATTEMPTS
    failed = Scan.objects.get(pk=scan.pk)
    assert "Try again" in failed.error
    time.sleep(1)
    assert len(workers.looks()) == actions.MOST_ATTEMPTS  # and no more
    assert actions.resume_stalled(now=timezone.now() + dt.timedelta(hours=1)) == 0

    workers.unsay("kill")
    actions.look_again(scan=failed)
    eventually(lambda: state_of(scan) == "review")
    assert DetectedCard.objects.count() == 2


def test_a_photo_that_kills_its_worker_takes_none_of_its_batch_with_it(member, workers):
    make_variant()
    workers.say("kill", 241)
    poison = upload(photo_bytes(7, size=(241, 320)))
    scan = actions.start_scan(uploads=[upload(), poison, upload(seed=1), upload(seed=2)], owner=member)
    workers.start(VISION_BATCH="4")
    good = scan.photos.exclude(width=241)
    eventually(lambda: not good.filter(done_at=None).exists())

    assert [(photo.error, photo.cards.count()) for photo in good] == [("", 2)] * 3
    assert max(photo.attempts for photo in good) <= 2
    assert scan.photos.get(width=241).cards.count() == 0
