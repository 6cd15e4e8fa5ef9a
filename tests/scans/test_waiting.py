"""The queue: fair turns, several photos at once, a bad one among good ones, places told, and no more taken than can be served."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.scans import actions, waiting
from apps.scans.models import DetectedCard, Scan, ScanPhoto
from ml.photo import decoded
from tests.factories import make_user
from tests.scans.conftest import stored_files, upload
from tests.together import together
from tests.waiting import PATIENCE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unmeasured():
    cache.delete(waiting._PACE)
    yield
    cache.delete(waiting._PACE)


def sent(owner, photos=1, **who) -> Scan:
    return actions.start_scan(uploads=[upload(seed=n) for n in range(photos)], owner=owner, **who)


def message(scan, place=0) -> int:
    """What a worker does with the message about a photo."""
    return actions.look_at_waiting(photo_id=scan.photos.all()[place].pk)


def states(*scans) -> list[list[str]]:
    return [[photo.state for photo in scan.photos.all()] for scan in scans]


class TestTurns:
    """People alternate, whoever sent more."""

    def order(self):
        return [photo.scan for photo in waiting.in_turn().select_related("scan")]

    def test_one_photo_does_not_wait_for_anothers_many(self, member, queued):
        many, one = sent(member, 4), sent(make_user())
        assert self.order() == [many, one, many, many, many]

    def test_who_comes_later_starts_at_the_turn_that_is_up_and_not_before_it(self, member, queued, engine):
        many = sent(member, 4)
        for place in range(2):
            message(many, place)
        late = sent(make_user(), 3)
        assert self.order() == [many, late, many, late, late]

    def test_many_scans_of_one_photo_are_no_shortcut(self, member, queued):
        scans = [sent(member) for _ in range(3)]
        other = sent(make_user(), 2)
        assert self.order() == [scans[0], other, scans[1], other, scans[2]]

    def test_visitors_are_told_apart_by_their_sessions(self, queued):
        first, other = sent(None, 2, visitor_token="a"), sent(None, 2, visitor_token="b")
        assert self.order() == [first, other, first, other]

    def test_a_message_is_answered_by_whose_turn_it_is(self, member, queued, engine):
        many, one = sent(member, 3), sent(make_user())
        assert [message(many, 2), message(many, 1)] == [1, 1]
        assert states(many, one) == [["done", "waiting", "waiting"], ["done"]]

    def test_photos_that_are_looked_at_again_line_up_anew(self, member, queued, engine):
        scan = sent(member)
        ScanPhoto.objects.update(attempts=2)
        engine.failures = [RuntimeError("engine")]
        message(scan)
        other = sent(make_user())
        actions.look_again(scan=Scan.objects.get(pk=scan.pk))
        assert self.order() == [scan, other]
        assert ScanPhoto.objects.values("turn").distinct().count() == 1


class TestBatches:
    """Several photos at once: a photo that fails takes nothing with it."""

    @pytest.fixture(autouse=True)
    def four(self, settings):
        settings.VISION_BATCH = 4

    def test_photos_of_several_people_are_looked_at_together(self, member, queued, engine):
        scans = [sent(member, 2), sent(make_user(), 2), sent(make_user())]
        assert message(scans[0]) == 4
        assert engine.batches == [4]
        assert states(*scans) == [["done", "done"], ["done", "waiting"], ["done"]]
        assert [scan.state for scan in Scan.objects.order_by("pk")] == ["review", "running", "review"]
        assert [message(scans[0]), message(scans[0])] == [1, 0]
        assert [photo.cards.count() for photo in ScanPhoto.objects.all()] == [1] * 5

    def test_one_that_cannot_be_looked_at_fails_alone_and_is_tried_again_later(self, member, queued, engine):
        scan = sent(member, 3)
        del queued[:]
        bad = scan.photos.all()[1]
        with default_storage.open(bad.file) as file:
            poison = decoded(file.read())

        def identify(picture, game=None, look=engine.identify):
            if (picture == poison).all():
                raise RuntimeError("this photo")
            return look(picture, game)

        engine.identify = identify
        before = timezone.now()
        assert message(scan) == 2
        assert states(scan) == [["done", "looking", "done"]]
        assert queued == [str(bad.pk)]
        bad.refresh_from_db()
        assert bad.queued_at > before + dt.timedelta(seconds=1)
        assert message(scan, 1) == 0  # not before its time
        for _ in range(2):
            ScanPhoto.objects.filter(pk=bad.pk).update(queued_at=before)
            message(scan, 1)
        assert states(scan) == [["done", "failed", "done"]]
        assert Scan.objects.get().state == "review"

    def test_one_whose_file_is_gone_does_not_hold_up_its_neighbours(self, member, queued, engine):
        scan = sent(member, 3)
        ScanPhoto.objects.filter(pk=scan.photos.first().pk).update(file="scans/gone.jpg")
        assert message(scan) == 2
        assert states(scan) == [["looking", "done", "done"]]
        assert engine.batches == [2]

    def test_one_that_was_begun_before_is_looked_at_alone(self, member, queued, engine):
        scan = sent(member, 3)
        ScanPhoto.objects.filter(pk=scan.photos.first().pk).update(attempts=1)  # its worker died
        assert message(scan) == 1
        assert states(scan) == [["done", "waiting", "waiting"]]
        assert message(scan, 1) == 2

    def test_one_that_killed_its_worker_at_every_attempt_is_given_up(self, member, queued, engine):
        scan = sent(member, 2)
        ScanPhoto.objects.filter(pk=scan.photos.first().pk).update(attempts=actions.MOST_ATTEMPTS)
        assert message(scan) == 1
        assert states(scan) == [["failed", "done"]]

    def test_only_as_many_as_fit_in_memory_are_taken(self, member, queued, engine, monkeypatch):
        from apps.scans.actions import looking

        scan = sent(member, 4)
        monkeypatch.setattr(looking, "MOST_PIXELS_HELD", 2 * 240 * 320)
        assert message(scan) == 2
        monkeypatch.setattr(looking, "MOST_PIXELS_HELD", 1)
        assert message(scan) == 1
        assert states(scan) == [["done", "done", "done", "waiting"]]

    def test_photos_of_different_versions_are_not_mixed(self, member, queued, engine, monkeypatch):
        from apps.scans import engines

        other = type(engine)(versions={"detector": "stand-in 2"})
        trial = sent(member)
        monkeypatch.setattr(engines, "pipeline_for", lambda scan: other if scan.pk == trial.pk else engine)
        rest = sent(make_user(), 2)
        assert message(trial) == 3
        assert (engine.batches, engine.looked, other.looked) == ([2], 2, 1)
        assert ScanPhoto.objects.get(scan=trial).engine_versions == other.versions
        assert rest.photos.first().engine_versions == engine.versions

    def test_the_number_of_queries_hardly_grows_with_the_batch(self, member, queued, engine, settings):
        def queries(photos):
            scan = sent(make_user(), photos)
            settings.VISION_BATCH = photos
            with CaptureQueriesContext(
                connection,
            ) as told:
                assert message(scan) == photos
            return len([q for q in told if "SAVEPOINT" not in q["sql"]])

        one, three = queries(1), queries(3)
        assert three - one <= 2 * 11  # what keeping one more photo's cards takes


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_queue_and_double_nothing(member, queued, engine, settings):
    settings.VISION_BATCH = 2
    scans = [sent(member, 4), sent(make_user(), 4)]
    both_look = threading.Barrier(2, timeout=PATIENCE)
    look, met = engine.identify_many, []

    def identify_many(pictures, games):
        if len(met) < 2:
            met.append(threading.get_ident())
            both_look.wait()
        return look(pictures, games)

    engine.identify_many = identify_many

    def work(place):
        for scan in scans:
            for _ in range(2):
                message(scan, place)

    together([lambda: work(0), lambda: work(1)])
    assert len(set(met)) == 2
    assert states(*scans) == [["done"] * 4] * 2
    assert set(ScanPhoto.objects.values_list("attempts", flat=True)) == {1}
    assert DetectedCard.objects.count() == 8
    assert [scan.state for scan in Scan.objects.all()] == ["review", "review"]


def test_while_the_queue_moves_nothing_that_waits_is_sent_again(member, queued):
    sent(member, 2)
    ScanPhoto.objects.update(queued_at=timezone.now() - dt.timedelta(minutes=5))
    waiting.note_pace(3.0)
    assert actions.resume_stalled() == 0
    assert actions.resume_stalled(now=timezone.now() + dt.timedelta(minutes=2)) == 2


class TestPlaces:
    """Where a scan stands, and how long that is."""

    def test_others_before_it_are_counted_and_its_own_are_not(self, member, queued):
        first, second = sent(member, 3), sent(make_user(), 2)
        assert waiting.place_of(first).before == 0
        assert waiting.place_of(second).before == 1

    def test_photos_in_a_workers_hands_come_before_too(self, member, queued):
        first, second = sent(member, 2), sent(make_user())
        ScanPhoto.objects.filter(pk=first.photos.first().pk).update(attempts=1)
        assert waiting.place_of(second).before == 1  # the one in hands; the other's turn is later
        assert waiting.place_of(first).before == 1  # its own in hands does not count, the newcomer's comes first

    def test_a_scan_without_a_waiting_photo_has_none(self, member, queued, engine):
        scan = sent(member)
        message(scan)
        assert waiting.place_of(scan) is None

    def test_time_comes_from_the_measured_pace_and_the_workers_at_work(self, member, queued):
        many, scan = sent(make_user(), 9), sent(member, 4)
        assert waiting.place_of(scan).seconds is None
        waiting.note_pace(6.0)
        assert waiting.place_of(scan).seconds == 6
        ScanPhoto.objects.filter(pk__in=[photo.pk for photo in many.photos.all()[:2]]).update(attempts=1)
        place = waiting.place_of(scan)
        assert (place.before, place.seconds) == (2, 6)

    def test_the_pace_follows_slowly(self):
        waiting.note_pace(1.0)
        waiting.note_pace(11.0)
        assert waiting._pace() == pytest.approx(2.0)

    def test_looking_sets_the_pace(self, member, queued, engine):
        message(sent(member))
        assert 0 < waiting._pace() < 60

    @pytest.mark.parametrize(
        ("seconds", "words"),
        [
            (None, ""),
            (3, "a few seconds"),
            (17, "about 20 seconds"),
            (89, "about 90 seconds"),
            (200, "about 3 minutes"),
        ],
    )
    def test_words(self, seconds, words):
        assert waiting.Place(1, seconds).words == words

    def test_the_page_tells_the_place_and_each_photos_state(self, client, member, queued):
        sent(make_user(), 3)
        waiting.note_pace(17.0)
        scan = sent(member, 2)
        ScanPhoto.objects.filter(pk=scan.photos.last().pk).update(done_at=timezone.now())
        client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = client.get(f"/scan/{scan.pk}/").content.decode()
        assert "1 photo before yours, about 20 seconds." in page
        assert f'review__state--waiting" id="photo-state-{scan.photos.first().pk}"' in page
        assert "review__state--done" in page


class TestLimits:
    """Beyond what can be served soon nothing is taken, and nothing is half stored."""

    def test_more_than_one_may_have_waiting_is_refused_with_what_to_do(self, member, queued, settings, media):
        settings.VISION_WAITING_PER_MEMBER = 3
        sent(member, 2)
        before = stored_files(media)
        with pytest.raises(
            waiting.TooManyWaiting, match=r"2 photos of yours are still waiting.*Send these in"
        ) as refused:
            sent(member, 2)
        assert refused.value.status == 429
        assert refused.value.details["retry_after_seconds"] >= 5
        assert (Scan.objects.count(), stored_files(media)) == (1, before)
        sent(member, 1)
        sent(make_user(), 3)

    def test_a_full_queue_is_closed_for_everybody(self, member, queued, settings, media):
        settings.VISION_WAITING = 3
        sent(make_user(), 2)
        before = stored_files(media)
        waiting.note_pace(20.0)
        with pytest.raises(waiting.QueueFull, match="nothing was stored") as refused:
            sent(member, 3)
        assert (refused.value.status, refused.value.details["retry_after_seconds"]) == (503, 40)
        assert (Scan.objects.count(), stored_files(media)) == (1, before)

    def test_what_is_done_makes_room(self, member, queued, engine, settings):
        settings.VISION_WAITING_PER_MEMBER = 1
        message(sent(member))
        sent(member)

    def test_a_limit_below_what_is_sent_at_once_says_so(self, member, settings):
        settings.VISION_WAITING_PER_MEMBER = 1
        with pytest.raises(waiting.TooManyWaiting, match="Send the others after these"):
            sent(member, 2)

    def test_the_form_says_it_and_the_answer_says_when_to_come_back(self, client, member, queued, settings):
        settings.VISION_WAITING = 1
        sent(make_user())
        client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.post("/scan/", {"photos": upload()})
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (503, True)
        assert "the queue is full" in answer.content.decode()
        assert 'type="file"' in answer.content.decode()

    def test_to_htmx_it_is_a_problem_that_becomes_a_toast(self, client, member, queued, settings):
        settings.VISION_WAITING_PER_MEMBER = 1
        sent(member)
        client.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")
        answer = client.post("/scan/", {"photos": upload()}, headers={"HX-Request": "true"})
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)
        assert "data-problem-message" in answer.content.decode()
        assert "<html" not in answer.content.decode()

    def test_asking_costs_two_queries(self, member, queued):
        with CaptureQueriesContext(connection) as told, transaction.atomic():
            waiting.refuse_beyond_limits(3, owner=member, visitor_token="")
            waiting.next_turn(owner=member, visitor_token="")
        assert len([q for q in told if "SAVEPOINT" not in q["sql"]]) == 2
