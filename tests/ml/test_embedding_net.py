"""The embedding net: what it is trained on, and that training resumes."""

import numpy as np
import pytest

from ml.embed import NetEmbedder
from ml.generate import designs
from ml.generate.crops import new_artwork, photographed_crop, reference_crop
from ml.hashing import HashEmbedder
from ml.index import MemoryIndex

LEFT_RED = np.zeros((140, 100, 3), np.uint8)
LEFT_RED[:, :50, 0], LEFT_RED[:, 50:, 2] = 255, 255
GREY = np.full((60, 60, 3), 120, np.uint8)


def test_a_crop_is_never_a_mirror_image():
    for seed in range(40):
        crop = photographed_crop(LEFT_RED, GREY, np.random.default_rng(seed)).astype(int)
        assert crop.shape == (128, 96, 3)
        left, right = crop[30:98, 18:36].mean(axis=(0, 1)), crop[30:98, 60:78].mean(axis=(0, 1))
        # light may wash both out, but never swaps them
        assert left[0] - left[2] > right[0] - right[2] - 1


def test_the_same_seed_gives_the_same_crop():
    card = designs.draw_card(np.random.default_rng(1), size=(96, 134))
    one, again = (photographed_crop(card, GREY, np.random.default_rng(2)) for _ in range(2))
    assert np.array_equal(one, again)
    assert reference_crop(card, np.random.default_rng(3)).shape == (128, 96, 3)


def test_a_new_artwork_keeps_the_frame():
    rng = np.random.default_rng(4)
    made = new_artwork(LEFT_RED, np.random.default_rng(5).integers(0, 255, (90, 120, 3), np.uint8), rng)
    assert made.shape == LEFT_RED.shape
    assert np.array_equal(made[-10:], LEFT_RED[-10:])
    assert not np.array_equal(made, LEFT_RED)


def tiny_pairs():
    from ml.train.embed import Pairs

    rng = np.random.default_rng(6)
    group = tuple(designs.draw_card(rng, size=(48, 67)) for _ in range(6))
    return Pairs((group,), (GREY,), 4, one_game=1.0)


def test_training_resumes_as_if_it_had_not_stopped(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from functools import partial

    from ml.nets.embed import build
    from ml.train.embed import loss
    from ml.train.loop import Schedule, Training

    def trained(out, *stops):
        for stop in stops:
            training = Training(partial(build, folded=False), Schedule(steps=4, warmup=1, generators=0), out)
            training.resume()
            net = training.run(tiny_pairs(), loss, until=stop)
        return net.state_dict()

    whole, halves = trained(tmp_path / "whole", 4), trained(tmp_path / "halves", 2, 4)
    assert all(torch.equal(whole[name], halves[name]) for name in whole)


def test_even_untrained_the_net_tells_exposure_from_content():
    torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from ml.nets.embed import build

    torch.manual_seed(1)
    net = build()
    card = torch.from_numpy(np.random.default_rng(7).random((1, 3, 128, 96), np.float32)) * 2 - 1
    other = torch.from_numpy(np.random.default_rng(8).random((1, 3, 128, 96), np.float32)) * 2 - 1
    with torch.no_grad():
        vectors = net(torch.cat([card, card * 0.6 - 0.1, other]))
    np.testing.assert_allclose(vectors.norm(dim=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.8 > vectors[0] @ vectors[2]


def test_training_begins_from_another_run_and_keeps_what_that_learnt(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
    from functools import partial

    from ml.nets.embed import build
    from ml.train.embed import loss
    from ml.train.loop import Schedule, Training

    build = partial(build, folded=False)
    first = Training(build, Schedule(steps=2, warmup=1, generators=0), tmp_path / "first")
    first.run(tiny_pairs(), loss)
    second = Training(build, Schedule(seed=9, steps=2, generators=0), tmp_path / "second")
    assert second.start_from(first.checkpoint) == []
    assert second.step == 0
    for name, value in first.averaged.module.state_dict().items():
        assert torch.equal(value, second.module.state_dict()[name])
        assert torch.equal(value, second.averaged.module.state_dict()[name])


@pytest.fixture(scope="module")
def embedder():
    return NetEmbedder(threads=1)


@pytest.fixture(scope="module")
def cards():
    rng = np.random.default_rng(90)
    return [designs.draw_card(rng, size=(192, 268)) for _ in range(150)]


def first_right(embedder, cards, crops):
    index = MemoryIndex(
        [str(i) for i in range(len(cards))], embedder.embed(cards), [""] * len(cards), order=embedder.nearness
    )
    return sum(found[0].key == str(i) for i, found in enumerate(index.nearest(embedder.embed(crops), k=1)))


def test_the_shipped_weights_find_cards_that_a_hash_does_not(embedder, cards):
    crops = [
        photographed_crop(card, cards[i - 1], np.random.default_rng([91, i]), size=(192, 256))
        for i, card in enumerate(cards)
    ]
    learned, hashed = first_right(embedder, cards, crops), first_right(HashEmbedder(), cards, crops)
    assert learned > hashed
    assert learned >= 0.93 * len(cards)


def test_vectors_have_unit_length_whatever_the_picture(embedder):
    described = embedder.embed([np.zeros((5, 5, 3), np.uint8), np.full((900, 20, 3), 255, np.uint8)])
    assert described.hashes.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(described.vectors, axis=1), 1, atol=1e-3)
    assert len(embedder.embed([])) == 0
