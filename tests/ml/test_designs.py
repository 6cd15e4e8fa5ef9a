"""Cards drawn by our own code: the same seed draws the same card, and a reprint is the same art on another printing."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ml.generate import designs


def test_the_same_seed_draws_the_same_card():
    one, again = (designs.draw_card(np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one, again)


@pytest.mark.parametrize("size", [(360, 504), (192, 268), (756, 1056), (61, 87)])
def test_a_card_has_the_size_asked_for(size):
    picture = designs.draw_card(np.random.default_rng(5), size=size)
    assert picture.shape == (size[1], size[0], 3)
    assert picture.dtype == np.uint8


def likeness(one, other):
    grey = [
        cv2.resize(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), (24, 32), interpolation=cv2.INTER_AREA).ravel()
        for p in (one, other)
    ]
    return float(np.corrcoef(*grey)[0, 1])


def test_cards_differ_from_each_other():
    rng = np.random.default_rng(6)
    pictures = [designs.draw_card(rng, size=(120, 168)) for _ in range(30)]
    alike = [likeness(a, b) for i, a in enumerate(pictures) for b in pictures[:i]]
    assert np.median(alike) < 0.6
    assert np.mean(np.array(alike) > 0.97) < 0.01


def test_a_reprint_keeps_the_art_and_changes_what_tells_printings_apart():
    rng = np.random.default_rng(7)
    for _ in range(20):
        design = designs.designed(rng)
        again = designs.reprint(design, rng)
        assert again.art == design.art
        assert again.name == design.name
        assert (again.number, again.set_code, again.symbol, again.border) != (
            design.number,
            design.set_code,
            design.symbol,
            design.border,
        )
        assert not np.array_equal(designs.render(design), designs.render(again))


def test_another_number_changes_only_the_strip():
    design = designs.designed(np.random.default_rng(8))
    changed = designs.render(design).astype(int) - designs.render(replace(design, number="987"))
    rows = np.flatnonzero(np.abs(changed).max(axis=(1, 2)) > 8)
    assert len(rows)
    assert np.ptp(rows) < 0.12 * 504


@pytest.mark.parametrize("family", range(6))
def test_a_back_looks_the_same_for_all_cards_of_a_game(family):
    assert np.array_equal(designs.draw_back(family), designs.draw_back(family))
    assert likeness(designs.draw_back(family), designs.draw_back(family)[::-1, ::-1]) > 0.8
