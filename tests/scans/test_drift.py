"""Whether recognition is as sure as it was when its versions went into service."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import first_id, uuid7
from apps.scans import drift
from apps.scans.models import Candidate, DetectedCard, ModelVersion
from tests.factories import make_variant
from tests.scans.conftest import make_scan

COUNTS = st.lists(st.integers(0, 10_000), min_size=11, max_size=11).filter(any)


@given(COUNTS)
def test_nothing_has_shifted_where_nothing_changed(counts):
    assert drift.stability_index(counts, counts) == pytest.approx(0)


@given(COUNTS, COUNTS)
def test_a_shift_is_as_large_seen_from_either_side(one, other):
    there, back = drift.stability_index(one, other), drift.stability_index(other, one)
    assert there == pytest.approx(back)
    assert there >= 0


def test_the_index_is_the_formulas():
    # p = (90.5, 10.5)/101, q = (50.5, 50.5)/101: (p1-q1)ln(p1/q1) + (p2-q2)ln(p2/q2)
    assert drift.stability_index((90, 10), (50, 50)) == pytest.approx(0.853, abs=0.001)
    assert drift.stability_index((505, 495), (500, 500)) < 0.1


def test_bins_must_agree_and_hold_something():
    with pytest.raises(ValueError, match="same bins"):
        drift.stability_index((1, 2), (1, 2, 3))
    with pytest.raises(ValueError, match="nothing to compare"):
        drift.stability_index((0, 0), (1, 2))


def test_keys_of_an_instant_are_not_below_its_first():
    now = timezone.now()
    assert first_id(now - dt.timedelta(seconds=1)) < uuid7() < first_id(now + dt.timedelta(seconds=60))
    assert (first_id(now).version, first_id(now).variant) == (7, uuid7().variant)


@pytest.mark.django_db
def test_the_last_day_is_compared_with_the_days_after_the_versions_began(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    now = timezone.now()
    began = now - dt.timedelta(days=40)
    ModelVersion.objects.filter(state="active").update(activated_at=began - dt.timedelta(days=100))
    ModelVersion.objects.create(stage="fuse", version="new-1", state="registered", activated_at=now)
    ModelVersion.objects.update_or_create(
        stage="grade", state="active", defaults={"version": "grade-9", "activated_at": began}
    )
    photo = make_scan(cards=0).photos.get()
    variant = make_variant()

    def cards(number: int, at: dt.datetime, probability: float | None) -> None:
        for _ in range(number):
            key = first_id(at).int + photo.cards.count()
            card = DetectedCard.objects.create(
                id=type(photo.pk)(int=key), photo=photo, position=photo.cards.count(), quad=[]
            )
            if probability is not None:
                Candidate.objects.create(card=card, rank=0, variant=variant, probability=probability)
                Candidate.objects.create(card=card, rank=1, variant=variant, probability=0.01)

    cards(60, began + dt.timedelta(days=3), 0.97)
    cards(5, began + dt.timedelta(days=20), 0.1)  # neither reference nor now
    cards(40, now - dt.timedelta(hours=2), 0.35)
    found = drift.measured(now=now)
    assert (found.reference[10], sum(found.reference)) == (60, 60)
    assert (found.recent[4], sum(found.recent)) == (40, 40)
    assert found.index is None, "forty cards say nothing"
    cards(20, now - dt.timedelta(hours=1), None)
    found = drift.measured(now=now)
    assert found.recent[0] == 20
    assert found.index > 1
