"""The composed photographs: the truth that comes with each is where the cards really lie."""

from __future__ import annotations

import numpy as np
import pytest

from apps.demo.art import HEIGHT, WIDTH, draw
from apps.demo.photographs import Photograph, boxed, compose_all
from ml.barcode import BarcodeReader
from ml.generate.boxes import BoxFacts, restricted
from ml.geometry import overlap, warp
from ml.hashing import gradient_vector

NAMES = {"one-card": 1, "nine-on-a-table": 9, "sleeved": 1, "tilted": 1, "playmat": 3, "fan": 3}


@pytest.fixture(scope="module")
def cards() -> dict:
    return {
        f"card {number}": draw(
            name=f"Drake {number}", number=str(number), total=102, set_code="EMB", set_name="Ember Peaks",
            rarity="Rare", game="pokemon",
        )
        for number in range(18)
    }  # fmt: skip


@pytest.fixture(scope="module")
def photographs(cards) -> dict[str, Photograph]:
    return {photograph.name: photograph for photograph in compose_all(list(cards.items()))}


@pytest.fixture(params=NAMES)
def photograph(request, photographs) -> Photograph:
    return photographs[request.param]


def quads(photograph: Photograph) -> np.ndarray:
    return np.array([each["quad"] for each in photograph.truth], np.float32)


def test_each_kind_holds_its_cards(photographs):
    assert {name: len(photograph.truth) for name, photograph in photographs.items()} == NAMES


def test_every_card_is_used_once(photographs, cards):
    keys = [each["key"] for photograph in photographs.values() for each in photograph.truth]
    assert sorted(keys) == sorted(cards)


def test_the_truth_lies_in_the_picture(photograph):
    corners = quads(photograph).reshape(-1, 2)
    assert (corners >= 0).all()
    assert (corners < photograph.picture.size).all()


def test_cards_overlap_in_the_fan_alone(photograph):
    lying = quads(photograph)
    shared = max((overlap(a, b) for i, a in enumerate(lying) for b in lying[:i]), default=0.0)
    assert (shared > 0) == (photograph.name == "fan")


def test_the_boxes_hold_the_drawn_cards(photograph, cards):
    """What lies in a box, straightened, is the card named beside it, and more so than any other one."""
    picture = np.asarray(photograph.picture)
    known = {key: gradient_vector(np.asarray(card)) for key, card in cards.items()}
    for each in photograph.truth:
        found = gradient_vector(warp(picture, np.array(each["quad"], np.float32), WIDTH, HEIGHT))
        likeness = {key: float(found @ vector) for key, vector in known.items()}
        assert max(likeness, key=likeness.get) == each["key"]
        covered = photograph.name == "fan" and each is not photograph.truth[-1]
        assert likeness[each["key"]] > (0.3 if covered else 0.8), likeness[each["key"]]


def test_the_same_cards_make_the_same_photograph(photographs, cards):
    from apps.demo.photographs import one_card

    again = one_card(list(cards.items())[:1])
    assert np.array_equal(np.asarray(again.picture), np.asarray(photographs["one-card"].picture))


def test_too_few_cards_are_refused(cards):
    with pytest.raises(ValueError, match="at least 18"):
        compose_all(list(cards.items())[:17])


def test_a_box_carries_the_barcode_of_its_toy():
    code = restricted(90_000_010_294)
    photograph = boxed("toy", BoxFacts("Icons", "10294", "Titanic", 9090, code))
    read = BarcodeReader().read(np.array(photograph.picture))
    assert [each.value for each in read] == [code]
    assert photograph.truth[0]["key"] == "toy"
