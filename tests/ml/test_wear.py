"""Wear: what the generator draws is what its masks say, and masks become regions of the right place and size."""

import numpy as np
import pytest

from ml.generate.frames import framed
from ml.generate.wear import LEVELS, worn
from ml.generate.worn_patches import patches, sheet
from ml.grade.grading import KINDS
from ml.grade.wear import CELL_MM, MARGIN_MM, SIZE, STRIDE, edge_distance, net_input, regions

SHAPE = (len(KINDS), SIZE[1] // STRIDE, SIZE[0] // STRIDE)
SURE = (0.5,) * len(KINDS)


def card(seed=1):
    return framed(np.random.default_rng(seed), scale=5.0).picture


def masks(kind: str, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """One kind, certain, over a box in mm on the card."""
    made = np.zeros(SHAPE, np.float32)
    x, y = MARGIN_MM
    rows = slice(round((top + y) / CELL_MM), round((bottom + y) / CELL_MM))
    columns = slice(round((left + x) / CELL_MM), round((right + x) / CELL_MM))
    made[KINDS.index(kind), rows, columns] = 1
    return made


def test_a_card_without_wear_stays_as_it_is() -> None:
    made = worn(card(), np.random.default_rng(2), level="none")
    assert np.array_equal(made.picture, card())
    assert made.masks.max() == 0


def test_more_wear_covers_more() -> None:
    covered = [
        np.mean([worn(card(), np.random.default_rng(seed), level=level).masks.sum() for seed in range(6)])
        for level in LEVELS
    ]
    assert covered == sorted(covered)
    assert covered[0] < covered[1] < covered[3]


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_wear_that_was_asked_for_is_drawn(kind) -> None:
    made = [worn(card(), np.random.default_rng(seed), level=2.0, kinds=(kind,)) for seed in range(4)]
    drawn = sum(m.masks.sum(axis=(1, 2)) for m in made)
    assert drawn[KINDS.index(kind)] > 0
    assert drawn.sum() == drawn[KINDS.index(kind)]


def test_the_same_seed_draws_the_same_wear() -> None:
    first, second = (worn(card(), np.random.default_rng(9), level="heavy") for _ in range(2))
    assert np.array_equal(first.picture, second.picture)


def test_patches_show_their_truth_at_a_quarter_of_their_size() -> None:
    made = sheet(card(), np.random.default_rng(3), amount=3.0)
    cut = patches(made, np.random.default_rng(4), size=64, count=5)
    assert cut["pixels"].shape == (5, 4, 64, 64)
    assert cut["truth"].shape == cut["counted"].shape == (5, 5, 16, 16)
    assert set(np.unique(cut["truth"])) <= {0, 1}
    assert (cut["counted"] >= cut["truth"]).all()


def test_the_net_sees_colours_and_how_far_the_edge_is() -> None:
    seen = net_input(np.full((SIZE[1], SIZE[0], 3), 255, np.uint8))
    assert seen.shape == (4, SIZE[1], SIZE[0])
    assert seen[:3].min() == 1
    assert seen[3, 0, 0] < 0 < seen[3, SIZE[1] // 2, SIZE[0] // 2]
    assert edge_distance()[SIZE[1] // 2, SIZE[0] // 2] == pytest.approx(31.5, abs=0.1)


def test_whitening_round_a_corner_is_told_by_corner_and_edge() -> None:
    found = regions(masks("whitening", 0, 0, 20, 0.8), thresholds=SURE)
    assert {(r.part, r.place) for r in found} == {("corners", "top left"), ("edges", "top")}
    edge = next(r for r in found if r.part == "edges")
    assert edge.length == pytest.approx(13, abs=1)


def test_a_scratch_has_its_length_and_place() -> None:
    (scratch,) = regions(masks("scratch", 40, 10, 60, 10.4), thresholds=SURE)
    assert (scratch.part, scratch.place) == ("surface", "top right")
    assert scratch.length == pytest.approx(20, abs=1)
    assert scratch.box == pytest.approx((40, 10, 60, 10.4), abs=0.5)


def test_bare_card_in_the_middle_is_no_whitened_edge() -> None:
    assert regions(masks("whitening", 25, 40, 35, 50), thresholds=SURE) == []


def test_what_lies_beside_the_card_does_not_count() -> None:
    assert regions(masks("stain", -1.3, 10, -0.5, 60), thresholds=SURE) == []


def test_a_kind_that_is_not_trusted_is_not_looked_for() -> None:
    thresholds = tuple(None if kind == "scratch" else 0.5 for kind in KINDS)
    assert regions(masks("scratch", 40, 10, 60, 10.4), thresholds=thresholds) == []
