"""What is odd about a photo is seen; ordinary photos, scans and cards are not called odd."""

from dataclasses import replace

import numpy as np
import pytest

from ml.generate import backgrounds, light
from ml.moire import is_of_a_screen
from ml.oddities import BACK, PLAYING_CARD, SCREEN, SCREENSHOT, is_screenshot, oddity_of, oddity_of_card, watched
from ml.types import Candidate, CardResult, Quad, Reading
from tests.ml.drawing import DrawnCard, drawn, jpeg, placed, rectangle, table
from tests.odd_pictures import card_back, on_a_screen, page_with, playing_card

CARD = drawn(DrawnCard(art=7, name="Ember Fox", number="012/159"))


def lying(card, degrees=4.0):
    """A photo of a card on a table, and its outline."""
    photo = table(500, 600, (96, 82, 70))
    quad = rectangle(250, 300, 300, degrees)
    placed(photo, card, quad)
    photo = light.noise(photo, np.random.default_rng(1), sigma=3.0)
    return jpeg(photo, 88), Quad(quad)


def result(quad, probability=0.0, *, decided=False):
    candidates = (Candidate("k", probability),) if probability else ()
    return CardResult(quad, 0.9, candidates, Reading(), decided, 0.0, 9.0)


@pytest.mark.parametrize("quality", [60, 90])
def test_a_screenshot_of_a_shop_is_seen_even_when_it_was_saved_again(quality):
    assert is_screenshot(jpeg(page_with(CARD), quality))


def test_a_photo_of_a_screen_is_seen_by_the_pattern_of_its_dots():
    photo = jpeg(on_a_screen(page_with(CARD)), 90)
    assert is_of_a_screen(photo)
    assert oddity_of(photo) is SCREEN


def test_a_scan_on_the_white_lid_is_a_photo_like_any_other():
    scan = np.full((1000, 800, 3), 255, np.uint8)
    placed(scan, light.noise(CARD, np.random.default_rng(2), sigma=2.0), rectangle(400, 500, 450, 1))
    assert oddity_of(jpeg(scan, 90)) is None


@pytest.mark.parametrize("ground", [backgrounds.plain, backgrounds.wood, backgrounds.cloth, backgrounds.marble])
def test_photos_on_any_ground_are_not_odd(ground):
    rng = np.random.default_rng(5)
    photo = ground(rng, (800, 700)).copy()
    placed(photo, CARD, rectangle(350, 400, 380, 8))
    assert oddity_of(jpeg(light.noise(photo, rng, sigma=3.0), 85)) is None


@pytest.mark.parametrize("degrees", [0.0, 7.0])
def test_a_playing_card_is_the_same_on_its_head(degrees):
    photo, quad = lying(playing_card(), degrees)
    assert oddity_of_card(photo, quad) is PLAYING_CARD


def test_a_back_that_is_the_same_on_its_head_is_seen():
    photo, quad = lying(card_back())
    assert oddity_of_card(photo, quad) is BACK


@pytest.mark.parametrize("art", range(200, 203))
def test_a_face_is_not_odd(art):
    photo, quad = lying(drawn(DrawnCard(art=art, name="Quiet Lantern", number="044/159")))
    assert oddity_of_card(photo, quad) is None


def test_an_outline_of_nothing_is_not_odd():
    photo, quad = lying(np.full((704, 504, 3), 240, np.uint8))
    assert oddity_of_card(photo, quad) is None


class TestWatching:
    """What is odd is shown with a sentence and never decided."""

    def test_a_playing_card_is_never_decided_however_sure_the_engines_are(self):
        photo, quad = lying(playing_card())
        card = watched(photo, result(quad, 0.99, decided=True), None)
        assert (card.decided, card.warnings) == (False, (PLAYING_CARD.message,))

    def test_a_back_is_told_to_be_turned_over(self):
        photo, quad = lying(card_back())
        card = watched(photo, result(quad, 0.1), None)
        assert "turn it over" in card.warnings[0]

    def test_a_back_that_the_detector_saw_is_told_so_too(self):
        photo, quad = lying(CARD)
        assert watched(photo, replace(result(quad, 0.2), back=0.9), None).warnings == (BACK.message,)
        named = replace(result(quad, 0.9, decided=True), back=0.9)
        assert watched(photo, named, None) is named

    def test_a_symmetric_face_that_was_named_stays_as_it_is(self):
        photo, quad = lying(card_back())
        named = result(quad, 0.97, decided=True)
        assert watched(photo, named, None) is named

    def test_every_card_of_a_screenshot_is_left_to_the_person(self):
        photo, quad = lying(CARD)
        card = watched(photo, result(quad, 0.99, decided=True), SCREENSHOT)
        assert (card.decided, card.warnings) == (False, (SCREENSHOT.message,))
