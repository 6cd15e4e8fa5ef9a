"""The engines look: cards are kept once, whatever fails, whoever comes twice, and the scan's state follows its table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import metrics
from apps.core.errors import Conflict
from apps.core.models import OutboxEvent
from apps.scans import actions, states
from apps.scans.models import DetectedCard, Scan, ScanPhoto
from tests.factories import make_product, make_variant
from tests.scans.conftest import cards_of, make_scan, stored_files, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def scan(member, queued) -> Scan:
    return actions.start_scan(uploads=[upload(), upload(seed=1)], owner=member)


def look(photo) -> bool:
    return actions.process_photo(photo_id=photo.pk)


def test_cards_are_kept_with_candidates_crop_reading_and_provenance(scan, engine):
    first, second = make_variant(), make_variant()
    engine.found, engine.cards = [(first, 0.9), (second, 0.1)], 2
    photo = scan.photos.first()
    assert look(photo) is True
    scan.refresh_from_db()
    assert (scan.state, scan.engine_versions) == ("running", {"detector": "stand-in 1"})
    cards = cards_of(scan)
    assert [card.position for card in cards] == [0, 1]
    card = cards[0]
    assert (card.decided, card.variant, card.condition, card.quantity) == (True, first, "NM", 1)
    assert [(c.variant, c.probability, c.reasons) for c in card.candidates.all()] == [
        (first, 0.9, ["the picture agrees"]),
        (second, 0.1, ["the picture agrees"]),
    ]
    assert card.reading["number"] == "4"
    assert card.quad[0] == [20.0, 20.0]
    photo.refresh_from_db()
    assert photo.seconds == {"detect": 0.123, "total": 0.2}
    assert photo.engine_versions == {"detector": "stand-in 1"}


def test_the_last_photo_opens_the_review_once(scan, engine):
    for photo in scan.photos.all():
        look(photo)
    scan.refresh_from_db()
    assert (scan.state, bool(scan.finished_at)) == ("review", True)
    event = OutboxEvent.objects.get(topic="scan.completed")
    assert event.payload["cards"] == 2


def test_a_second_message_for_the_same_photo_does_nothing(scan, engine):
    photo = scan.photos.first()
    assert [look(photo), look(photo)] == [True, False]
    assert (engine.looked, DetectedCard.objects.count()) == (1, 1)


def test_the_default_printing_is_proposed_where_a_card_has_several(scan, engine):
    product = make_product()
    default = make_variant(product)
    make_variant(product, finish="reverse_holo")
    engine.found = [(default, 0.99)]
    look(scan.photos.first())
    assert cards_of(scan)[0].variant == default


def test_an_unsure_answer_proposes_nothing_by_itself(scan, engine):
    engine.found, engine.decided = [(make_variant(), 0.4)], False
    look(scan.photos.first())
    card = cards_of(scan)[0]
    assert (card.variant, card.candidates.count()) == (None, 1)


def test_a_failure_is_tried_again_and_leaves_nothing_behind(scan, engine, media):
    photo = scan.photos.first()
    before = stored_files(media)
    engine.failures = [MemoryError("no room")]
    with pytest.raises(MemoryError):
        look(photo)
    assert (DetectedCard.objects.count(), stored_files(media)) == (0, before)
    assert look(photo) is True
    photo.refresh_from_db()
    assert (photo.attempts, photo.error) == (2, "")


def test_a_photo_that_always_fails_is_closed_with_what_to_do_and_the_others_go_on(scan, engine):
    bad, good = scan.photos.all()
    engine.failures = [RuntimeError("engine")] * 3
    for _ in range(2):
        with pytest.raises(RuntimeError):
            look(bad)
    assert look(bad) is True
    assert look(good) is True
    bad.refresh_from_db()
    scan.refresh_from_db()
    assert "Try again" in bad.error
    assert (scan.state, scan.error, len(cards_of(scan))) == ("review", "", 1)


def test_where_every_photo_fails_the_scan_says_so(scan, engine):
    ScanPhoto.objects.update(attempts=2)
    engine.failures = [RuntimeError("engine")] * 2
    for photo in scan.photos.all():
        look(photo)
    scan.refresh_from_db()
    assert (scan.state, "Try again" in scan.error) == ("failed", True)


def test_a_photo_that_kills_its_worker_each_time_is_given_up(scan, engine):
    Scan.objects.update(state="running")
    ScanPhoto.objects.update(attempts=actions.MOST_ATTEMPTS)  # three workers took it up, and none came back
    for photo in scan.photos.all():
        assert look(photo) is False
    scan.refresh_from_db()
    assert (scan.state, engine.looked) == ("failed", 0)
    assert "broke off" in scan.error


def test_a_photo_whose_file_is_gone_fails_like_another(scan, engine, media):
    ScanPhoto.objects.update(attempts=2, file="scans/gone.jpg")
    look(scan.photos.first())
    assert scan.photos.first().error


class TestStates:
    """The table is the whole truth about a scan's states."""

    @given(st.lists(st.sampled_from(["look", "found", "failed", "confirm", "again"]), max_size=12))
    def test_any_events_lead_only_where_the_table_says(self, events):
        state = Scan.State.QUEUED
        for event in events:
            if states.allows(state, event):
                state = states.after(state, event)
                assert state in Scan.State.values
            else:
                with pytest.raises(Conflict):
                    states.after(state, event)

    def test_every_state_can_be_left_and_reached(self):
        reached = {to for row in states.TRANSITIONS.values() for to in row.values()}
        assert set(states.TRANSITIONS) == set(Scan.State.values)
        assert reached == set(Scan.State.values)
        assert all(states.TRANSITIONS.values())

    def test_nothing_is_confirmed_while_the_engines_look(self, member):
        for state in states.LIVE:
            with pytest.raises(Conflict, match="still being looked at"):
                actions.confirm(scan=make_scan(member, state=state), by=member)


def told(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_look_is_timed_by_stage_and_how_sure_it_is_is_counted(scan, engine):
    engine.found, engine.cards = [(make_variant(), 0.93)], 2
    names = [
        ("cardvault_recognition_photos_total", {"outcome": "done"}),
        ("cardvault_recognition_confidence_bucket", {"le": "0.9"}),
        ("cardvault_recognition_confidence_bucket", {"le": "1.0"}),
        ("cardvault_recognition_seconds_count", {"stage": "detect", "version": ""}),
    ]
    before = [told(name, **labels) for name, labels in names]
    look(scan.photos.first())
    assert [told(name, **labels) - was for (name, labels), was in zip(names, before, strict=True)] == [1, 0, 2, 1]
