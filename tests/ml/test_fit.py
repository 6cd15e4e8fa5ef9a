"""The close look at an outline: what it shows, how its answer moves corners, and what the shipped weights mend."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.detect.closeup import HEIGHT, MARGIN, WIDTH, close_up, moved, offsets_to, onto_photo
from ml.detect.fit import Fitter
from ml.generate import designs, layouts
from ml.generate.backgrounds import Backgrounds
from ml.generate.scene import Card, compose

UPRIGHT = np.array([[40, 30], [90, 30], [90, 100], [40, 100]], np.float32)
LEAST = st.floats(-0.2, 0.2)


@given(st.lists(LEAST, min_size=8, max_size=8))
def test_offsets_lead_back_to_the_truth(offsets):
    offsets = np.array(offsets, np.float32).reshape(4, 2)
    truth = moved(UPRIGHT, offsets)
    np.testing.assert_allclose(offsets_to(UPRIGHT, truth), offsets, atol=1e-3)


@pytest.mark.parametrize("scale", [1, 4, 12])
def test_a_close_up_shows_the_outline_with_its_surroundings(scale):
    photo = np.zeros((140 * scale, 130 * scale, 3), np.uint8)
    photo[30 * scale : 100 * scale, 40 * scale : 90 * scale] = 255
    seen = close_up(photo, UPRIGHT * scale - 0.5).mean(axis=2) > 127
    left, top = MARGIN / (1 + 2 * MARGIN) * WIDTH, MARGIN / (1 + 2 * MARGIN) * HEIGHT
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert abs(rows[0] - top) <= 1.5
    assert abs(rows[-1] + 1 - (HEIGHT - top)) <= 1.5
    assert abs(columns[0] - left) <= 1.5
    assert abs(columns[-1] + 1 - (WIDTH - left)) <= 1.5


@pytest.mark.parametrize("place", [[-500, -500], [500, 500], [-30, 20], [100, 90]])
def test_an_outline_that_leaves_the_photo_is_looked_at_all_the_same(place):
    photo = np.full((120, 120, 3), 90, np.uint8)
    outline = UPRIGHT - UPRIGHT[0] + np.float32(place)
    assert close_up(photo, outline).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("past", [(80, 60), (-80, 60), (80, -60), (-80, -60)])
def test_what_lies_beyond_the_photo_moves_nothing(past):
    """A close-up that reaches over an edge of the photo shows what there is where it is, and black beyond."""
    rng = np.random.default_rng(3)
    wide = cv2.GaussianBlur(rng.integers(40, 255, (900, 900, 3), np.uint8), (0, 0), 9)
    photo = wide[200:700, 200:700]
    outline = np.float32([[60, 40], [430, 50], [440, 450], [50, 460]]) + np.float32(past)
    cut, whole = close_up(photo, outline).astype(int), close_up(wide, outline + 200).astype(int)
    seen = cv2.erode((cut.min(axis=2) > 0).astype(np.uint8), np.ones((5, 5))) > 0
    assert 0.4 < seen.mean() < 0.98
    assert np.abs(cut - whole)[seen].mean() < 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_examples_know_where_the_card_is(seed):
    pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from ml.train.fit import closeups

    rng = np.random.default_rng(seed)
    red_top = np.zeros((140, 100, 3), np.uint8)
    red_top[:70, :, 0], red_top[70:, :, 2] = 255, 255
    scene = compose(rng, lambda _: Card(red_top), Backgrounds(), size=(260, 260), strength=0.0, layout=layouts.single)
    for one in closeups(scene, rng, most=6):
        assert one.picture.shape == (HEIGHT, WIDTH, 3)
        if not one.is_card or scene.cards[0].visible < 0.97:
            continue
        unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + one.offsets
        at = (unit + MARGIN) / (1 + 2 * MARGIN) * [WIDTH, HEIGHT]
        own = np.roll(at, -one.turn, axis=0)  # from the card's own top left
        quarters = np.array([[[0.5, 0.25]], [[0.5, 0.75]]], np.float32)
        above, below = cv2.perspectiveTransform(quarters, onto_photo(own))[:, 0]
        if not (within(above) and within(below)):
            continue
        top, bottom = (one.picture[round(p[1]), round(p[0])].astype(int) for p in (above, below))
        assert top[0] - top[2] > bottom[0] - bottom[2]


def within(point):
    return 0 <= point[0] < WIDTH - 1 and 0 <= point[1] < HEIGHT - 1


@pytest.fixture(scope="module")
def fitter():
    return Fitter(threads=1)


def test_the_shipped_weights_mend_outlines_and_find_the_top(fitter):
    cards = [designs.draw_card(np.random.default_rng([17, n]), size=(240, 336)) for n in range(12)]
    before, after, upright = [], [], []
    for seed in range(12):
        rng = np.random.default_rng([18, seed])
        scene = compose(
            rng, lambda r: Card(cards[int(r.integers(12))]), Backgrounds(), size=(420, 560), strength=0.4,
            layout=layouts.single,
        )  # fmt: skip
        for card in scene.cards:
            off = rng.normal(0, 0.05, (4, 2)).astype(np.float32)
            rough = np.roll(moved(card.corners, off), 2 * int(rng.integers(2)), axis=0)
            (fitted,) = fitter.fit(scene.picture, [rough])
            size = np.sqrt(np.prod(np.ptp(card.corners, axis=0)))
            errors = [
                np.linalg.norm(np.roll(fitted.corners, -turn, axis=0) - card.corners, axis=1).mean() / size
                for turn in range(4)
            ]
            before.append(np.linalg.norm(moved(card.corners, off) - card.corners, axis=1).mean() / size)
            after.append(min(errors))
            upright.append(int(np.argmin(errors)) == 0)
    assert np.median(after) < 0.5 * np.median(before)
    assert np.mean(upright) > 0.7


def test_what_is_no_card_is_said_to_be_none(fitter):
    surfaces = Backgrounds()
    chances = [fitter.fit(surfaces.draw(np.random.default_rng(n), (140, 130)), [UPRIGHT])[0].card for n in range(20)]
    assert np.mean(np.array(chances) < 0.5) >= 0.85


def test_nothing_to_fit_is_no_error(fitter):
    assert fitter.fit(np.zeros((20, 20, 3), np.uint8), []) == []
