"""Photos on their way in: what is taken, what is refused and how that is said, and that nothing is lost or left over."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput, TooLarge, UnsupportedType
from apps.core.models import OutboxEvent
from apps.scans import actions
from apps.scans.models import Scan, ScanPhoto
from tests.factories import make_category, make_user
from tests.scans.conftest import make_scan, photo_bytes, stored_files, upload

pytestmark = pytest.mark.django_db


def later(**time_):
    return timezone.now() + dt.timedelta(**time_)


def test_photos_become_a_scan_that_is_queued(member, queued, django_capture_on_commit_callbacks, media):
    with django_capture_on_commit_callbacks(execute=True):
        scan = actions.start_scan(
            uploads=[upload(name="front.jpg"), upload(seed=1, name="back.jpg")], owner=member, category=make_category()
        )
    assert (scan.state, scan.owner, scan.refused) == ("queued", member, [])
    photos = list(scan.photos.all())
    assert [(p.original_name, p.width, p.height, p.position) for p in photos] == [
        ("front.jpg", 240, 320, 0),
        ("back.jpg", 240, 320, 1),
    ]
    assert queued == [str(p.pk) for p in photos]
    assert all(p.queued_at for p in ScanPhoto.objects.all())
    assert OutboxEvent.objects.filter(topic="scan.started").count() == 1
    assert len(stored_files(media)) == 2 * 4


def test_the_bad_one_of_many_is_named_and_the_good_ones_go_on(member, queued, media):
    scan = actions.start_scan(
        uploads=[upload(), upload(b"these are my cards", "list.jpg"), upload(b"", "empty.jpg"), upload(seed=2)],
        owner=member,
    )
    assert scan.photos.count() == 2
    assert [refused["name"] for refused in scan.refused] == ["list.jpg", "empty.jpg"]
    assert "Send JPEG, PNG or WebP" in scan.refused[0]["message"]
    assert "empty" in scan.refused[1]["message"]
    assert len(stored_files(media)) == 2 * 4


def test_where_no_photo_can_be_used_nothing_is_kept(member, media):
    with pytest.raises(UnsupportedType, match="Send JPEG, PNG or WebP"):
        actions.start_scan(uploads=[upload(b"text", "a.jpg")], owner=member)
    with pytest.raises(UnsupportedType, match=r"a\.jpg: .* b\.jpg: "):
        actions.start_scan(uploads=[upload(b"text", "a.jpg"), upload(b"", "b.jpg")], owner=member)
    assert (Scan.objects.count(), stored_files(media)) == (0, [])


def test_too_large_is_its_own_error(member, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    with pytest.raises(TooLarge, match="Send a smaller one"):
        actions.start_scan(uploads=[upload()], owner=member)


@pytest.mark.parametrize("count", [0, 25])
def test_none_and_too_many_are_refused_before_anything_is_stored(member, count, media):
    with pytest.raises(InvalidInput):
        actions.start_scan(uploads=[upload(seed=n) for n in range(count)], owner=member)
    assert stored_files(media) == []


def test_the_same_photo_twice_counts_once_and_leaves_no_file_over(member, queued, media):
    scan = actions.start_scan(uploads=[upload(name="a.jpg"), upload(name="b.jpg")], owner=member)
    assert [photo.original_name for photo in scan.photos.all()] == ["a.jpg"]
    assert len(stored_files(media)) == 4


def test_a_scan_needs_somebody_who_may_see_it():
    with pytest.raises(InvalidInput):
        actions.start_scan(uploads=[upload()])


def test_a_scan_that_cannot_be_written_leaves_no_files(member, media):
    with pytest.raises(ValueError, match="Cannot assign"):
        actions.start_scan(uploads=[upload()], owner=member, category="pokemon")
    assert stored_files(media) == []


def test_a_photo_is_marked_before_it_is_sent(member, monkeypatch, django_capture_on_commit_callbacks):
    """A quick worker has it in its hands at once: a mark that came later would wait for it, or make it pass by."""
    from apps.scans import tasks

    seen = []

    def send(arguments, **options):
        seen.append(ScanPhoto.objects.get(pk=arguments[0]).queued_at)

    monkeypatch.setattr(tasks.process_photo, "apply_async", send)
    with django_capture_on_commit_callbacks(execute=True):
        scan = actions.start_scan(uploads=[upload()], owner=member)
    assert seen == [scan.photos.get().queued_at]
    assert seen[0] is not None


def test_where_the_queue_is_away_the_scan_is_kept_and_queued_later(
    member, monkeypatch, django_capture_on_commit_callbacks
):
    from apps.scans import tasks

    def away(*arguments, **options):
        raise ConnectionError("the queue is away")

    with monkeypatch.context() as patch:
        patch.setattr(tasks.process_photo, "apply_async", away)
        with django_capture_on_commit_callbacks(execute=True):
            scan = actions.start_scan(uploads=[upload()], owner=member)
    sent = []
    monkeypatch.setattr(tasks.process_photo, "apply_async", lambda arguments, **options: sent.extend(arguments))
    assert scan.photos.get().queued_at is None
    assert actions.resume_stalled() == 0  # somebody else may be about to queue it
    assert actions.resume_stalled(now=later(seconds=30)) == 1
    assert sent == [str(scan.photos.get().pk)]


class TestResuming:
    """What a dead worker left is queued again, and what is in good hands is left alone."""

    def photo(self, **fields):
        photo = make_scan(make_user(), cards=0, state="running").photos.get()
        ScanPhoto.objects.filter(pk=photo.pk).update(done_at=None, queued_at=timezone.now(), **fields)
        return photo

    def test_one_that_was_begun_and_is_in_nobodys_hands(self, queued):
        photo = self.photo(started_at=timezone.now(), attempts=1)
        assert actions.resume_stalled(now=later(seconds=10)) == 0
        assert actions.resume_stalled(now=later(seconds=30)) == 1
        assert queued == [str(photo.pk)]

    def test_one_that_waits_in_a_long_queue_is_not_queued_at_every_turn(self, queued):
        self.photo(attempts=0)
        assert actions.resume_stalled(now=later(seconds=60)) == 0
        assert actions.resume_stalled(now=later(seconds=120)) == 1
        assert actions.resume_stalled(now=later(seconds=60)) == 0

    @pytest.mark.parametrize(
        "fields", [{"done_at": timezone.now()}, {"error": "unreadable", "done_at": timezone.now()}]
    )
    def test_one_that_is_done_or_given_up_is_left(self, queued, fields):
        photo = self.photo(attempts=1, started_at=timezone.now())
        ScanPhoto.objects.filter(pk=photo.pk).update(**fields)
        assert actions.resume_stalled(now=later(hours=1)) == 0


class TestLookingAgain:
    """A failed scan can be tried again without sending the photos again."""

    def failed(self, member):
        scan = make_scan(member, cards=0, photos=2, state="failed")
        scan.photos.update(error="could not be read", attempts=3)
        Scan.objects.filter(pk=scan.pk).update(error="could not be read")
        return scan

    def test_its_photos_are_queued_as_new(self, member, queued, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            scan = actions.look_again(scan=self.failed(member))
        assert (scan.state, scan.error, len(queued)) == ("queued", "", 2)
        assert set(scan.photos.values_list("attempts", "error", "done_at")) == {(0, "", None)}

    def test_twice_is_once(self, member, queued, django_capture_on_commit_callbacks):
        scan = self.failed(member)
        with django_capture_on_commit_callbacks(execute=True):
            actions.look_again(scan=scan)
            actions.look_again(scan=scan)
        assert len(queued) == 2

    def test_what_was_read_stays_read(self, member, queued, django_capture_on_commit_callbacks):
        scan = make_scan(member, cards=1, photos=2)
        bad = scan.photos.last()
        bad.cards.all().delete()
        ScanPhoto.objects.filter(pk=bad.pk).update(error="could not be read")
        with django_capture_on_commit_callbacks(execute=True):
            actions.look_again(scan=scan)
        assert queued == [str(bad.pk)]
        assert scan.photos.first().cards.count() == 1

    def test_where_nothing_failed_there_is_nothing_to_try(self, member):
        with pytest.raises(Conflict):
            actions.look_again(scan=make_scan(member))


class TestClaiming:
    """What a visitor scanned is theirs when they have signed up."""

    def test_their_scans_and_only_theirs(self, member):
        mine, other = make_scan(visitor_token="mine"), make_scan(visitor_token="other")
        assert actions.claim(visitor_token="mine", user=member) == 1
        mine.refresh_from_db()
        other.refresh_from_db()
        assert (mine.owner, mine.visitor_token, other.owner) == (member, "", None)

    def test_a_members_scan_is_never_claimed(self, member):
        scan = make_scan(make_user())
        assert actions.claim(visitor_token="", user=member) == 0
        scan.refresh_from_db()
        assert scan.owner != member


def test_a_scan_rolled_back_queues_nothing(member, queued, django_capture_on_commit_callbacks):
    def broken():
        with transaction.atomic():
            actions.start_scan(uploads=[upload(photo_bytes(5))], owner=member)
            raise RuntimeError("something else went wrong")

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError):
        broken()
    assert queued == []


class TestSendingTwice:
    """Whoever did not hear the answer sends again, by the same key."""

    def test_makes_one_scan(self, member, media):
        first = actions.start_scan(uploads=[upload()], owner=member, request_key="k")
        files = stored_files(media)
        assert actions.start_scan(uploads=[upload()], owner=member, request_key="k") == first
        assert (Scan.objects.count(), stored_files(media)) == (1, files)
        assert actions.start_scan(uploads=[upload()], owner=make_user(), request_key="k") != first

    def test_at_once_makes_one_scan_and_leaves_no_files(self, member, media):
        def overtaken():
            actions.start_scan(uploads=[upload()], owner=member, request_key="k")
            yield upload(seed=1)

        scan = actions.start_scan(uploads=overtaken(), owner=member, request_key="k")
        assert (Scan.objects.get(), scan.photos.count()) == (scan, 1)
        assert len(stored_files(media)) == 4
