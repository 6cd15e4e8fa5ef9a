"""The drawn cards: the same card is always the same picture, two cards never look alike, and what is printed can be read."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from apps.catalog.importers import generic
from apps.demo.art import HEIGHT, WIDTH, draw
from apps.demo.catalogue import FACTS
from ml.hashing import perceptual_hash
from ml.read import OcrReader
from ml.types import Crop, Quad

GAMES = ("pokemon", "magic", "onepiece", "lego")


def drawn(game: str, *, name: str = "Ember Drake", number: str = "4", total: int | None = 102, **given: str):
    facts = {"set_code": "EMB", "set_name": "Ember Peaks", "rarity": "Rare"} | given
    return draw(game=game, name=name, number=number, total=total, **facts)


def sample(game: str, count: int) -> list[Image.Image]:
    """Pictures of every so-many-th card of the game's facts."""
    rows = list(generic.read(FACTS / f"{game}.csv"))
    return [
        draw(
            game=game, name=row.name, number=row.number, total=row.release.total_cards, rarity=row.rarity,
            set_code=row.release.abbreviation, set_name=row.release.name, finish=row.variants[0].finish,
        )
        for row in rows[:: len(rows) // count][:count]
    ]  # fmt: skip


@pytest.mark.parametrize("game", GAMES)
def test_the_same_card_is_the_same_picture(game):
    first, second = drawn(game), drawn(game)
    assert first.mode == "RGB"
    assert first.size == (WIDTH, HEIGHT)
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_another_finish_shimmers_on_the_same_scene():
    plain, foil = (np.asarray(drawn("magic", finish=finish), np.float32) for finish in ("normal", "foil"))
    apart = np.abs(plain - foil).mean()
    assert 1 < apart < 20
    assert np.array_equal(plain[970:], foil[970:])  # the frame does not


def test_no_two_cards_look_alike():
    """Perceptual hashes of 256 bits: one card photographed twice is within about 40 bits."""
    pictures = [picture for game in GAMES for picture in sample(game, 6)]
    hashes = [np.unpackbits(perceptual_hash(np.asarray(picture))) for picture in pictures]
    nearest = min(int(np.count_nonzero(a != b)) for a, b in combinations(hashes, 2))
    assert nearest > 40


@pytest.fixture(scope="module")
def reader() -> OcrReader:
    return OcrReader(threads=2)


@pytest.mark.parametrize(
    ("game", "name", "number", "read"),
    [
        ("pokemon", "Charizard", "4", "4/102"),
        ("magic", "Ancestral Katana", "17", "17/102"),
        ("onepiece", "Roronoa Zoro", "OP01-001", "OP01-001"),
    ],
)
def test_name_and_number_can_be_read(reader, game, name, number, read):
    whole = Quad(np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32))
    crop = Crop(np.asarray(drawn(game, name=name, number=number)), whole, px_per_mm=12)
    (reading,) = reader.read([crop], game=game)
    text = "".join(line.text for line in reading.lines).replace(" ", "")
    assert read in text
    # A name on the picture, as One Piece's, is outside of the strips that the reader looks at first.
    assert game == "onepiece" or name.replace(" ", "") in text


def test_a_parallel_card_prints_the_number_of_its_card():
    """OP01-001_p1 is how catalogues tell it apart; on the card stands OP01-001."""
    plain, parallel = (np.asarray(drawn("onepiece", number=n)) for n in ("OP01-001", "OP01-001_p1"))
    assert np.array_equal(plain[970:1025, 40:300] < 90, parallel[970:1025, 40:300] < 90)
    assert not np.array_equal(plain[34:700], parallel[34:700])


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize(
    "name", ["Ib", "Befriending the Moths // Imperial Moth of the Seven Long Winters", "Pokétrainer Élan"]
)
def test_any_name_finds_room(game, name):
    picture = np.asarray(drawn(game, name=name, total=None, number="TG04"), np.int16)
    border = picture[:20].reshape(-1, 3)
    assert np.abs(border - border[0]).max() == 0  # nothing is drawn over the edge
