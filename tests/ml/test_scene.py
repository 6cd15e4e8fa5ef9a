"""Composed photographs: the truth they come with is what is in the picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.generate import layouts, light
from ml.generate.backgrounds import DRAWN, Backgrounds
from ml.generate.scene import Card, compose
from ml.geometry import warp

HALVES = np.zeros((140, 100, 3), np.uint8)
HALVES[:70, :, 0], HALVES[70:, :, 2] = 255, 255  # red above, blue below


def halves(_rng):
    """A card whose top and bottom nobody can mistake."""
    return Card(HALVES, key="halves")


@pytest.fixture(scope="module")
def surfaces():
    return Backgrounds()


def one_lying_flat(_rng):
    return [layouts.Place(0, 0, 0)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_corners_of_the_truth_enclose_the_card_the_right_way_up(seed):
    scene = compose(
        np.random.default_rng(seed), halves, Backgrounds(), size=(240, 240), strength=0.0, layout=layouts.single
    )
    (card,) = scene.cards
    seen = warp(scene.picture, card.corners, 50, 70).astype(int)
    inside = (card.corners > 6).all() and (card.corners < 234).all()
    if not inside or card.visible < 0.97:
        return  # cut off by the photo's edge, or under a thumb
    red, blue = seen[10:30, 10:40].mean(axis=(0, 1)), seen[40:60, 10:40].mean(axis=(0, 1))
    assert red[0] > red[2]
    assert blue[2] > blue[0]


def test_the_same_seed_makes_the_same_scene(surfaces):
    one, again = (compose(np.random.default_rng(5), halves, surfaces, size=(160, 160)) for _ in range(2))
    assert np.array_equal(one.picture, again.picture)
    assert all(np.array_equal(a.corners, b.corners) for a, b in zip(one.cards, again.cards, strict=True))


def test_a_card_under_others_is_less_visible(surfaces):
    def stacked(_rng):
        return [layouts.Place(0, 0, 0), layouts.Place(0.3, 0, 0)]

    for seed in range(20):
        scene = compose(np.random.default_rng(seed), halves, surfaces, size=(200, 200), layout=stacked)
        if len(scene.cards) == 2:
            below, above = scene.cards
            assert below.visible < above.visible + 0.35
            assert below.visible < 0.75


def test_a_scene_without_cards_has_no_truth(surfaces):
    empty = [
        s
        for s in (compose(np.random.default_rng(n), halves, surfaces, size=(64, 64)) for n in range(60))
        if not s.cards
    ]
    assert empty
    assert all(scene.picture.shape == (64, 64, 3) for scene in empty)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([layout for layout, _ in layouts.LAYOUTS]))
def test_every_layout_is_seen_by_the_camera(seed, layout):
    rng = np.random.default_rng(seed)
    places = layout(rng)
    corners = np.concatenate([layouts.corners_of(place) for place in places])
    view = layouts.camera(rng, corners, (300, 400))
    quads = layouts.project(view, corners).reshape(-1, 4, 2).astype(np.float32)
    middle = quads.reshape(-1, 2).mean(axis=0)
    assert 1 <= len(places) <= 60
    assert (middle > -100).all() and (middle < [500, 400]).all()
    # seen from the front, never in a mirror: the corners run clockwise
    assert all(cv2.contourArea(quad, oriented=True) > 0 for quad in quads)


@pytest.mark.parametrize(
    "effect", [light.glare, light.foil, light.shadow, light.cast, light.blur, light.noise, light.jpeg]
)
def test_light_keeps_a_pictures_size_and_changes_it(effect):
    picture = np.random.default_rng(1).integers(0, 255, (90, 70, 3), np.uint8)
    lit = effect(picture, np.random.default_rng(2))
    assert lit.shape == picture.shape
    assert lit.dtype == np.uint8
    assert not np.array_equal(lit, picture)


@pytest.mark.parametrize("surface", DRAWN)
@pytest.mark.parametrize("size", [(48, 80), (80, 48), (64, 64)])
def test_every_surface_fills_the_picture(surface, size):
    assert surface(np.random.default_rng(3), size).shape == (*size, 3)
