"""Every card of a drawn photograph is found where it lies."""

import numpy as np
import pytest

from ml.detect.contours import ContourDetector
from tests.ml.drawing import DrawnCard, drawn, jpeg, placed, rectangle, table

GROUNDS = {"light": (225, 222, 215), "dark": (38, 36, 40), "wood": (150, 105, 70), "green": (70, 110, 80)}


def found_in(photo):
    return ContourDetector().detect(jpeg(photo))


def distance(quad, corners):
    """Largest distance of a corner, whichever corner the detector calls the first."""
    return min(float(np.linalg.norm(np.roll(quad.corners, k, axis=0) - corners, axis=1).max()) for k in range(4))


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("degrees", [0, 20, -35, 90])
def test_single_card_is_found_at_its_corners(ground, degrees):
    photo = table(900, 1000, GROUNDS[ground])
    corners = rectangle(450, 500, 330, degrees)
    placed(photo, drawn(DrawnCard(art=3)), corners)
    detections = found_in(photo)
    assert len(detections) == 1
    assert distance(detections[0].quad, corners) < 5


def test_tilted_card_is_found_at_its_corners():
    photo = table(900, 1000, GROUNDS["wood"])
    corners = np.array([[300, 260], [620, 300], [680, 760], [240, 700]], np.float32)
    placed(photo, drawn(DrawnCard(art=5)), corners)
    detections = found_in(photo)
    assert len(detections) == 1
    assert distance(detections[0].quad, corners) < 6


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_nine_cards_on_a_table_are_all_found(ground):
    photo = table(1200, 1500, GROUNDS[ground])
    rng = np.random.default_rng(1)
    places = [rectangle(220 + 380 * (i % 3), 260 + 480 * (i // 3), 260, float(rng.uniform(-12, 12))) for i in range(9)]
    for i, place in enumerate(places):
        placed(photo, drawn(DrawnCard(art=20 + i)), place)
    detections = found_in(photo)
    assert len(detections) == 9
    for place in places:
        assert min(distance(d.quad, place) for d in detections) < 5


def test_binder_page_is_nine_cards_and_not_one():
    photo = table(1000, 1360, (25, 25, 28))
    places = [rectangle(190 + 310 * (i % 3), 235 + 430 * (i // 3), 282) for i in range(9)]
    for i, place in enumerate(places):
        placed(photo, drawn(DrawnCard(art=40 + i, border=(200, 200, 205))), place)
    assert len(found_in(photo)) == 9


def test_fan_shows_the_covered_cards_too():
    photo = table(1100, 1000, GROUNDS["wood"])
    places = [rectangle(640, 440, 320, 6), rectangle(520, 500, 320, 3), rectangle(400, 560, 320, 0)]
    for i, place in enumerate(places):
        placed(photo, drawn(DrawnCard(art=60 + i, border=(20, 20, 20))), place)
    detections = found_in(photo)
    assert len(detections) == 3
    for place in places:
        assert min(distance(d.quad, place) for d in detections) < 25


def test_card_that_fills_the_photo_is_found():
    photo = drawn(DrawnCard(art=9))
    detections = found_in(photo)
    assert len(detections) == 1
    assert detections[0].quad.area > 0.75 * photo.shape[0] * photo.shape[1]


def test_three_cards_on_a_mat_of_card_shape_are_not_one_card():
    photo = table(1200, 850, GROUNDS["dark"])
    places = [rectangle(235 + 365 * i, 425, 300, (-7, 184, 5)[i]) for i in range(3)]
    for i, place in enumerate(places):
        placed(photo, drawn(DrawnCard(art=80 + i, border=(245, 245, 240))), place)
    detections = found_in(photo)
    assert len(detections) == 3
    for place in places:
        assert min(distance(d.quad, place) for d in detections) < 6


def test_empty_table_has_no_cards():
    assert found_in(table(800, 600, GROUNDS["wood"])) == []


def test_first_corner_is_the_top_left_of_an_upright_card():
    photo = table(700, 800, GROUNDS["dark"])
    corners = rectangle(350, 400, 300, 10)
    placed(photo, drawn(DrawnCard(art=4)), corners)
    (detection,) = found_in(photo)
    assert np.linalg.norm(detection.quad.corners[0] - corners[0]) < 6


@pytest.mark.parametrize("size", [(3000, 4000), (4000, 3000)])
def test_photo_of_camera_shape_without_a_card_is_no_card(size):
    rng = np.random.default_rng(7)
    width, height = size
    photo = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    assert found_in(photo) == []
