"""The shipped grader on drawn cards: clean ones score high, worn ones lower, and every shortcoming widens the range."""

import numpy as np
import pytest

from ml.generate.frames import framed, photographed
from ml.generate.wear import worn
from ml.grade.grader import GRADABLE_PX_PER_MM, WearGrader
from ml.grade.grading import Grading
from ml.rectify import PerspectiveRectifier
from ml.types import Crop, Quad
from tests.ml.drawing import DrawnCard, drawn

CENTRED = (2.5, 2.5, 2.5, 2.5)


@pytest.fixture(scope="module")
def grader() -> WearGrader:
    return WearGrader.shipped(threads=1)


def shot_of(card, *, px_per_mm=14.0, strength=0.0, seed=2):
    shot = photographed(card, np.random.default_rng(seed), px_per_mm=px_per_mm, tilt=0.03, strength=strength)
    return PerspectiveRectifier().rectify(shot.photo, Quad(shot.corners)), shot.photo


def clean(seed=21):
    return framed(np.random.default_rng(seed), scale=12.0, borders=CENTRED).picture


def graded(grader, card, **options) -> Grading:
    found = grader.grade(*shot_of(card, **options))
    assert found is not None
    return found


def test_a_clean_card_scores_high_and_a_worn_one_lower(grader) -> None:
    seeds = range(21, 29)
    fresh = [graded(grader, clean(seed)).overall for seed in seeds]
    played = [
        graded(grader, worn(clean(seed), np.random.default_rng(seed), level="heavy").picture).overall for seed in seeds
    ]
    assert np.mean(fresh) >= 8
    assert np.mean(played) <= np.mean(fresh) - 1


def test_regions_lie_on_the_card_and_cost_points_of_their_part(grader) -> None:
    found = graded(grader, worn(clean(), np.random.default_rng(5), level="heavy").picture)
    for defect in found.defects:
        left, top, right, bottom = defect.box
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert defect.points > 0
        assert defect.part in found.subgrades


def test_the_estimate_lies_in_its_range_and_the_back_narrows_it(grader) -> None:
    crop, photo = shot_of(clean())
    alone = grader.grade(crop, photo)
    both = grader.grade(crop, photo, back=crop, back_photo=photo)
    assert alone is not None
    assert both is not None
    assert alone.lowest <= alone.overall <= alone.highest
    assert both.highest - both.lowest <= alone.highest - alone.lowest
    assert any("back" in limit for limit in alone.limits)
    assert not any("back" in limit for limit in both.limits)
    assert both.back_centering is not None


def test_few_pixels_widen_the_range_downwards(grader) -> None:
    near, far = graded(grader, clean(), px_per_mm=18), graded(grader, clean(), px_per_mm=7)
    assert far.overall - far.lowest > near.overall - near.lowest
    assert any("pixels per millimetre" in limit for limit in far.limits)


def test_a_card_too_small_on_the_photo_has_no_grade(grader) -> None:
    crop, photo = shot_of(clean())
    small = Crop(crop.picture, crop.quad, GRADABLE_PX_PER_MM - 0.1)
    assert grader.grade(small, photo) is None


def test_a_card_off_centre_is_told_where(grader) -> None:
    card = framed(np.random.default_rng(21), scale=12.0, borders=(3.6, 1.4, 2.5, 2.5)).picture
    found = graded(grader, card)
    assert found.subgrades["centering"] <= 7
    assert [d.place for d in found.defects if d.kind == "centering"] == ["left"]


def test_the_same_picture_gives_the_same_grade(grader) -> None:
    crop, photo = shot_of(drawn(DrawnCard(3)))
    first, second = grader.grade(crop, photo), grader.grade(crop, photo)
    assert first == second
