"""The outline net: what it is told, how its answer is read, and what the shipped weights find."""

import cv2
import numpy as np
import pytest

from ml import engines
from ml.detect.net import decoded
from ml.generate import designs, layouts
from ml.generate.backgrounds import Backgrounds
from ml.generate.scene import Card, Placed, Scene, compose
from ml.geometry import shared_of_union


def scene_of(*quads, size=(128, 128), visible=1.0):
    cards = tuple(Placed("", False, np.float32(q), visible, np.float32(q).mean(axis=0)) for q in quads)
    return Scene(np.zeros((*size, 3), np.uint8), cards)


UPRIGHT = [[20, 16], [70, 16], [70, 86], [20, 86]]


def answer_for(scene, *, certain=9.0):
    """The answer of a net that has learnt this scene by heart."""
    torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from ml.nets.detect import REACH
    from ml.train.outlines import targets

    told = targets(scene)
    height, width = told["heat"].shape
    answer = np.full((14, height, width), -certain, np.float32)
    answer[1:9] = 0
    for (row, column), corners in zip(told["cells"].astype(int), told["corners"], strict=True):
        if row >= 0:
            answer[0, row, column] = certain
            for down, right in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)):
                answer[1:9, row + down, column + right] = (corners - np.tile([right * 8, down * 8], 4)) / REACH
                answer[9, row + down, column + right] = certain
    for (row, column), at in zip(told["corner_cells"].astype(int), told["corner_at"], strict=True):
        if row >= 0:
            answer[11, row, column], answer[12:14, row, column] = certain, at
    return answer, told, torch


def test_what_the_net_is_told_is_what_is_read_from_its_answer():
    tilted = [[90, 30], [118, 45], [98, 86], [70, 70]]
    answer, _, _ = answer_for(scene_of(UPRIGHT, tilted))
    found = sorted(decoded(answer, 0.5), key=lambda outline: outline.corners[:, 0].mean())
    assert len(found) == 2
    np.testing.assert_allclose(found[0].corners + 0.5, UPRIGHT, atol=0.51)
    np.testing.assert_allclose(found[1].corners + 0.5, tilted, atol=0.51)


def test_a_card_on_its_head_begins_at_its_own_top_left():
    answer, _, _ = answer_for(scene_of(UPRIGHT))
    answer[9] = -9.0
    (outline,) = decoded(answer, 0.5)
    np.testing.assert_allclose(outline.corners[0] + 0.5, UPRIGHT[2], atol=0.51)


def test_a_hidden_card_is_neither_asked_for_nor_held_against_the_net():
    _, told, _ = answer_for(scene_of(UPRIGHT, visible=0.05))
    assert told["heat"].max() < 0.999
    assert told["ignore"].max() == 1.0


def test_the_loss_falls_when_the_answer_is_right():
    answer, told, torch = answer_for(scene_of(UPRIGHT))
    from ml.train.outlines import loss

    class Says(torch.nn.Module):
        def __init__(self, answer):
            super().__init__()
            self.answer = torch.nn.Parameter(torch.from_numpy(answer)[None])

        def forward(self, _pixels):
            return self.answer

    batch = {name: torch.from_numpy(np.asarray(values))[None] for name, values in told.items()}
    batch["pixels"] = torch.zeros(1, 3, 128, 128, dtype=torch.uint8)
    right, parts = loss(Says(answer), batch)
    wrong, _ = loss(Says(np.zeros_like(answer)), batch)
    assert right.item() < 0.1 < wrong.item()
    assert parts["upright"] == 1.0


def test_training_resumes_as_if_it_had_not_stopped(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from functools import partial

    from ml.nets.detect import build
    from ml.train.detect import card_source, make_batch
    from ml.train.loop import Schedule, Training
    from ml.train.outlines import loss

    fronts = [designs.draw_card(np.random.default_rng(n), size=(60, 84)) for n in range(3)]
    make = partial(make_batch, card=card_source(fronts, []), backgrounds=Backgrounds(), size=64, count=2)
    schedule = Schedule(steps=4, warmup=1, generators=0)

    def trained(out, *stops):
        for stop in stops:
            training = Training(partial(build, folded=False), schedule, out)
            training.resume()
            net = training.run(make, loss, until=stop)
        return net.state_dict()

    whole, halves = trained(tmp_path / "whole", 4), trained(tmp_path / "halves", 2, 4)
    assert all(torch.equal(whole[name], halves[name]) for name in whole)


def test_an_unknown_setting_of_a_run_is_named(tmp_path):
    pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from ml.train.loop import read_config

    config = tmp_path / "run.toml"
    config.write_text("[schedule]\nsteps = 3\nlearning_speed = 1\n")
    with pytest.raises(ValueError, match="learning_speed"):
        read_config(config)


@pytest.fixture(scope="module")
def detector():
    return engines.make("detect", engines.DEFAULTS["detect"], engines.Setup(threads=1))


def nine(_rng):
    return [layouts.Place(c * 0.78, r * 1.06, 0) for r in range(3) for c in range(3)]


@pytest.mark.parametrize(("layout", "share"), [(layouts.single, 0.95), (nine, 0.95), (layouts.scattered, 0.8)])
def test_the_shipped_weights_find_drawn_cards(detector, layout, share):
    cards = [designs.draw_card(np.random.default_rng([8, n]), size=(240, 336)) for n in range(12)]
    found = seen = 0
    for seed in range(6):
        rng = np.random.default_rng([41, seed])
        scene = compose(
            rng, lambda r: Card(cards[int(r.integers(12))]), Backgrounds(), size=(480, 640), layout=layout, strength=0.4
        )
        detections = detector.detect(scene.picture)
        for card in scene.cards:
            if card.visible > 0.5:
                seen += 1
                found += any(shared_of_union(d.quad.corners, card.corners) > 0.7 for d in detections)
    assert seen >= 6
    assert found >= share * seen


def test_outlines_lie_on_the_edges_of_a_large_photo_without_a_lean(detector):
    """Moving an outline onto a smaller copy's edges and back shifts nothing, however large the photo is."""
    card = designs.draw_card(np.random.default_rng(2), size=(630, 880))
    photo = np.full((3000, 2400, 3), (30, 70, 40), np.uint8)
    large = cv2.resize(card, (1260, 1760), interpolation=cv2.INTER_AREA)
    photo[600:2360, 500:1760] = large
    (found,) = detector.detect(photo)
    off = found.quad.corners + 0.5 - np.float32([[500, 600], [1760, 600], [1760, 2360], [500, 2360]])
    assert np.abs(off).max() < 4
    assert np.abs(off.mean(axis=0)).max() < 1


def test_a_photo_without_a_card_shows_none(detector):
    surfaces = Backgrounds()
    found = [len(detector.detect(surfaces.draw(np.random.default_rng(n), (360, 480)))) for n in range(12)]
    assert sum(found) <= 1


@pytest.mark.parametrize("size", [(1, 1), (3000, 20), (33, 500)])
def test_pictures_of_any_shape_are_looked_at(detector, size):
    assert isinstance(detector.detect(np.zeros((*size, 3), np.uint8)), list)
