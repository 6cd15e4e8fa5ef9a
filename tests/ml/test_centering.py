"""Centering: borders of known widths are measured, from any side up, under perspective; what has no border says so."""

import numpy as np
import pytest

from ml.generate.artwork import artwork
from ml.generate.frames import framed, photographed
from ml.grade.centering import centering_of
from ml.grade.sheet import sheet_of
from ml.rectify import PerspectiveRectifier
from ml.types import Quad

SCALE = 12.0


def measured(card, *, seed=0, px_per_mm=12.0, strength=0.0, tilt=0.05, off_mm=0.2, turned=False, reference=None):
    """The centering of a card after it was photographed and outlined a little wrongly."""
    rng = np.random.default_rng(seed)
    shot = photographed(card, rng, px_per_mm=px_per_mm, tilt=tilt, strength=strength)
    quad = Quad(shot.corners + rng.normal(0, off_mm * px_per_mm, (4, 2)).astype(np.float32))
    crop = PerspectiveRectifier().rectify(shot.photo, quad.turned(2) if turned else quad)
    return centering_of(sheet_of(crop, shot.photo), px_per_mm=crop.px_per_mm, reference=reference)


def card(borders, seed=3):
    return framed(np.random.default_rng(seed), scale=SCALE, borders=borders).picture


@pytest.mark.parametrize("borders", [(2.5, 2.5, 2.5, 2.5), (3.0, 2.0, 2.2, 2.8), (1.6, 3.4, 4.0, 2.0)])
def test_borders_are_measured_to_a_tenth_of_a_millimetre_in_perspective(borders) -> None:
    found = measured(card(borders))
    assert found is not None
    assert (found.left, found.right, found.top, found.bottom) == pytest.approx(borders, abs=0.1)
    assert found.horizontal == pytest.approx(100 * max(borders[:2]) / sum(borders[:2]), abs=1.0)
    assert found.by == "border"


def test_a_card_upside_down_has_its_sides_swapped() -> None:
    upright, inverted = measured(card((3.2, 2.0, 2.4, 3.0))), measured(card((3.2, 2.0, 2.4, 3.0)), turned=True)
    assert upright is not None
    assert inverted is not None
    assert (inverted.left, inverted.right, inverted.top, inverted.bottom) == pytest.approx(
        (upright.right, upright.left, upright.bottom, upright.top), abs=0.05
    )
    assert inverted.worst == pytest.approx(upright.worst, abs=0.6)


def test_fewer_pixels_tell_a_larger_error() -> None:
    near, far = measured(card((2.6, 2.4, 2.5, 2.5)), px_per_mm=14), measured(card((2.6, 2.4, 2.5, 2.5)), px_per_mm=6)
    assert near is not None
    assert far is not None
    assert far.error > near.error


def test_a_card_without_a_border_is_not_measured() -> None:
    assert measured(artwork(11, 756, 1056)) is None


def test_a_card_without_a_border_is_measured_against_its_reference() -> None:
    whole = artwork(11, 820, 1120)
    centred = whole[32:-32, 32:-32]
    shifted = whole[32:-32, 32 - 6 : -32 - 6]  # the design lies half a millimetre to the right
    found = measured(np.ascontiguousarray(shifted), reference=np.ascontiguousarray(centred))
    assert found is not None
    assert found.by == "reference"
    assert (found.left - found.right) / 2 == pytest.approx(0.5, abs=0.15)
    assert found.top == pytest.approx(found.bottom, abs=0.3)


def test_the_reference_of_another_card_tells_nothing() -> None:
    assert measured(artwork(11, 756, 1056), reference=artwork(12, 756, 1056)) is None


def test_a_crop_without_its_photo_is_measured_with_less_trust() -> None:
    rng = np.random.default_rng(1)
    shot = photographed(card((2.8, 2.2, 2.5, 2.5)), rng, px_per_mm=12, strength=0.0)
    crop = PerspectiveRectifier().rectify(shot.photo, Quad(shot.corners))
    alone = centering_of(sheet_of(crop), px_per_mm=crop.px_per_mm)
    whole = centering_of(sheet_of(crop, shot.photo), px_per_mm=crop.px_per_mm)
    assert alone is not None
    assert whole is not None
    assert alone.left == pytest.approx(2.8, abs=0.15)
    assert alone.error > 2 * whole.error
