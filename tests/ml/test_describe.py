"""Hash, vector and index: the same card is near, another one is far, whatever was saved comes back."""

import numpy as np
import pytest

from ml.geometry import warp
from ml.hashing import HashEmbedder, gradient_vector, perceptual_hash
from ml.index import MemoryIndex
from tests.ml.drawing import DrawnCard, drawn, jpeg

ARTS = range(100, 130)


@pytest.fixture(scope="module")
def pictures():
    return [drawn(DrawnCard(art=art)) for art in ARTS]


@pytest.fixture(scope="module")
def index(pictures):
    keys = [f"card-{art}" for art in ARTS]
    games = ["one" if art % 2 else "two" for art in ARTS]
    return MemoryIndex(keys, HashEmbedder().embed(pictures), games)


def shaken(picture, seed):
    """Cut a little askew, dimmed, with a glare spot, compressed."""
    rng = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    corners += rng.uniform(-0.02, 0.02, (4, 2)).astype(np.float32) * (width, height)
    cut = warp(picture, corners, 400, 560).astype(np.float32) * rng.uniform(0.6, 1.1, 3)
    y, x = np.mgrid[0:560, 0:400]
    cut += 120 * np.exp(-(((x - rng.uniform(0, 400)) ** 2 + (y - rng.uniform(0, 560)) ** 2) / 5000))[..., None]
    return jpeg(np.clip(cut, 0, 255).astype(np.uint8), 60)


def test_descriptors_have_their_documented_shape(pictures):
    described = HashEmbedder().embed(pictures[:3])
    assert described.hashes.shape == (3, 32)
    assert described.hashes.dtype == np.uint8
    assert described.vectors.shape == (3, 256)
    assert np.allclose(np.linalg.norm(described.vectors, axis=1), 1, atol=1e-4)


def test_nothing_to_describe_is_no_error():
    assert len(HashEmbedder().embed([])) == 0


def test_hash_is_the_same_for_another_size_of_the_same_picture(pictures):
    small = warp(pictures[0], np.array([[0, 0], [504, 0], [504, 704], [0, 704]]) - 0.5, 252, 352)
    differing = np.unpackbits(perceptual_hash(pictures[0]) ^ perceptual_hash(small)).sum()
    assert differing <= 12


def test_flat_picture_has_a_vector_without_nan():
    assert np.isfinite(gradient_vector(np.full((100, 80, 3), 128, np.uint8))).all()


def test_shaken_photos_find_their_card_first(pictures, index):
    queries = HashEmbedder().embed([shaken(p, i) for i, p in enumerate(pictures)])
    found = index.nearest(queries, k=3)
    assert [matches[0].key for matches in found] == [f"card-{art}" for art in ARTS]
    assert all(a.distance < 100 for a, *_ in found)


def test_game_narrows_the_search(pictures, index):
    (matches,) = index.nearest(HashEmbedder().embed(pictures[:1]), k=50, game="one")
    assert matches
    assert all(int(m.key.split("-")[1]) % 2 for m in matches)
    assert index.nearest(HashEmbedder().embed(pictures[:1]), k=5, game="three") == [[]]


def test_key_with_two_pictures_is_answered_once(pictures):
    twice = MemoryIndex(["a", "a", "b"], HashEmbedder().embed(pictures[:3]), ["g"] * 3)
    (matches,) = twice.nearest(HashEmbedder().embed(pictures[:1]), k=5)
    assert [m.key for m in matches] == ["a", "b"]


def test_saved_index_answers_the_same(pictures, index, tmp_path):
    index.save(tmp_path / "index.npz")
    queries = HashEmbedder().embed(pictures[:4])
    loaded = MemoryIndex.load(tmp_path / "index.npz").nearest(queries, k=2)
    assert [[m.key for m in row] for row in loaded] == [[m.key for m in row] for row in index.nearest(queries, k=2)]


def test_index_refuses_uneven_columns(pictures):
    with pytest.raises(ValueError, match="One key"):
        MemoryIndex(["a"], HashEmbedder().embed(pictures[:2]), ["g", "g"])
