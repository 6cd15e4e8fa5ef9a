"""Look-alikes are told apart by the places where they differ, without reading."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ml.differences import spoken_for
from ml.rectify import PerspectiveRectifier
from ml.types import Quad
from ml.verify import KeypointVerifier
from tests.ml.drawing import DrawnCard, drawn, jpeg, placed, rectangle, table

OLD = DrawnCard(art=300, name="Twin Sparrow", number="044/102", set_code="OLD EN")
TWINS = {"old": OLD, "new": replace(OLD, number="017/159", set_code="JTG EN")}


def crop_of(card, seed=0, width=500):
    photo = table(900, 1100, (70, 66, 60), seed)
    corners = rectangle(450, 550, width, 5)
    placed(photo, drawn(card), corners)
    off = np.random.default_rng(seed).normal(0, 0.004 * width, (4, 2)).astype(np.float32)
    return PerspectiveRectifier().rectify(jpeg(photo, 85), Quad(np.asarray(corners, np.float32) + off))


@pytest.mark.parametrize("key", TWINS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_printing_in_the_photo_is_spoken_for(key, seed):
    found = KeypointVerifier().details(crop_of(TWINS[key], seed), {k: drawn(c) for k, c in TWINS.items()})
    (other,) = set(TWINS) - {key}
    assert found[key] > 0.3
    assert found[other] < -0.3


def test_a_third_printing_is_spoken_for_by_neither():
    third = replace(OLD, number="", set_code="")
    found = KeypointVerifier().details(crop_of(third), {k: drawn(c) for k, c in TWINS.items()})
    assert all(value < 0.3 for value in found.values())


def test_two_scans_of_one_printing_do_not_differ():
    scan = cv2.resize(drawn(OLD), (320, 448), interpolation=cv2.INTER_AREA)
    again = jpeg(scan, 60)
    assert spoken_for(scan, {"one": scan, "other": again}) == {}
