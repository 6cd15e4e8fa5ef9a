"""From a drawn photograph to named cards, with the real engines."""

import json

import numpy as np
import pytest

from ml.catalogue import MemoryCatalogue
from ml.engines import default_pipeline, versions
from ml.hashing import HashEmbedder
from ml.index import MemoryIndex
from ml.types import CardEntry, Quad
from tests.ml.drawing import DrawnCard, drawn, jpeg, placed, rectangle, table

NAMES = (
    "Mossback Heron",
    "Ember Fox",
    "Quiet Lantern",
    "Glass Tortoise",
    "River Oracle",
    "Iron Thistle",
    "Pale Comet",
    "Salt Golem",
    "Night Orchard",
)
PICTURED = {
    f"set:{i + 1}": DrawnCard(art=200 + i, name=name, number=f"{i + 1:03d}/159") for i, name in enumerate(NAMES)
}
TWINS = {
    "old:44": DrawnCard(art=300, name="Twin Sparrow", number="044/102", set_code="OLD EN"),
    "new:17": DrawnCard(art=300, name="Twin Sparrow", number="017/159", set_code="JTG EN"),
}
WITHOUT_PICTURE = DrawnCard(art=400, name="Hollow Antler", number="120/159")


def entry(key, card):
    number, total = card.number.split("/")
    return CardEntry(key, "pokemon", card.name, number, card.set_code.split()[0], total, language="en")


@pytest.fixture(scope="module")
def pipeline():
    cards = PICTURED | TWINS
    index = MemoryIndex(
        list(cards),
        HashEmbedder().embed([drawn(c) for c in cards.values()]),
        ["pokemon"] * len(cards),
        lambda keys: {key: drawn(cards[key]) for key in keys if key in cards},
    )
    entries = [entry(k, c) for k, c in cards.items()] + [entry("set:120", WITHOUT_PICTURE)]
    return default_pipeline(index, MemoryCatalogue(entries))


def photo_of(card, width=560, degrees=0.0, ground=(60, 62, 66)):
    photo = table(1000, 1200, ground)
    placed(photo, drawn(card), rectangle(500, 600, width, degrees))
    return jpeg(photo, 88)


@pytest.mark.parametrize("degrees", [0, 14, 180, -90])
def test_card_is_named_whichever_way_it_lies(pipeline, degrees):
    (card,) = pipeline.identify(photo_of(PICTURED["set:3"], degrees=degrees)).cards
    assert card.best.key == "set:3"
    assert card.decided
    assert abs((card.rotation - degrees + 180) % 360 - 180) < 3


def test_nine_cards_are_each_named(pipeline):
    photo = table(1500, 1900, (58, 52, 50))
    for i, card in enumerate(PICTURED.values()):
        placed(photo, drawn(card), rectangle(270 + 480 * (i % 3), 330 + 610 * (i // 3), 380, (i * 7) % 13 - 6))
    result = pipeline.identify(jpeg(photo, 88))
    assert [card.best.key for card in result.cards] == list(PICTURED)
    assert all(card.decided for card in result.cards)


@pytest.mark.parametrize("key", TWINS)
def test_equal_pictures_are_told_apart_by_their_numbers(pipeline, key):
    (card,) = pipeline.identify(photo_of(TWINS[key], width=700)).cards
    assert card.best.key == key
    assert card.decided
    assert {c.key for c in card.candidates[:2]} == set(TWINS)


def test_equal_pictures_without_a_legible_number_stay_undecided(pipeline):
    unnumbered = DrawnCard(art=300, name="Twin Sparrow", number="", set_code="")
    (card,) = pipeline.identify(photo_of(unnumbered)).cards
    assert not card.decided
    assert {c.key for c in card.candidates[:2]} == set(TWINS)


def test_card_without_reference_is_named_from_its_text_and_says_so(pipeline):
    (card,) = pipeline.identify(photo_of(WITHOUT_PICTURE, width=700)).cards
    assert card.best.key == "set:120"
    assert any("no reference picture" in reason for reason in card.best.reasons)


def test_unknown_card_is_not_named_for_sure(pipeline):
    stranger = DrawnCard(art=999, name="Xylograph Queen", number="", set_code="")
    (card,) = pipeline.identify(photo_of(stranger)).cards
    assert not card.decided


def test_small_card_asks_for_a_closer_photo(pipeline):
    (card,) = pipeline.identify(photo_of(PICTURED["set:1"], width=110)).cards
    assert any("closer photo" in warning for warning in card.warnings)


def test_outline_drawn_by_a_person_is_taken_as_it_is(pipeline):
    photo = photo_of(PICTURED["set:2"])
    quad = Quad(rectangle(500, 600, 560))
    result = pipeline.identify(photo, quads=[quad])
    assert len(result.cards) == 1
    assert np.allclose(result.cards[0].quad.corners, quad.corners)
    assert result.cards[0].best.key == "set:2"


def test_photo_without_cards_is_an_empty_answer(pipeline):
    assert pipeline.identify(table(400, 300, (120, 100, 80))).cards == ()


def test_result_is_json_with_times_and_versions(pipeline):
    result = pipeline.identify(photo_of(PICTURED["set:5"]))
    stored = json.loads(json.dumps(result.to_dict()))
    assert stored["versions"] == versions()
    assert stored["seconds"]["detect"] > 0
    assert (stored["width"], stored["height"]) == (1000, 1200)
    assert len(stored["cards"][0]["quad"]) == 4
