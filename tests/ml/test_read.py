"""The reader reads each line once, and none that nobody needs."""

import numpy as np
import pytest

from ml.read import OcrReader
from ml.rectify import PerspectiveRectifier
from ml.types import Quad
from tests.ml.drawing import DrawnCard, drawn

CARD = DrawnCard(art=300, name="Squirtle", number="044/102", set_code="OLD EN")


class Counted(OcrReader):
    """Keeps what it was asked to recognise."""

    def __init__(self):
        super().__init__(threads=1)
        self.asked = []

    def recognised(self, pictures):
        self.asked += [picture.tobytes() for picture in pictures]
        return super().recognised(pictures)


@pytest.fixture(scope="module")
def reader():
    return Counted()


def crop(on_its_head=False):
    picture = drawn(CARD)
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return PerspectiveRectifier().rectify(picture, Quad(np.roll(corners, 2, axis=0) if on_its_head else corners))


@pytest.mark.parametrize("on_its_head", [False, True])
def test_a_card_that_may_lie_any_way_is_read_upright_and_no_line_twice(reader, on_its_head):
    reader.asked.clear()
    (reading,) = reader.read([crop(on_its_head)], may_be_turned=[True])
    assert reading.turned == (2 if on_its_head else 0)
    assert (reading.name_text, reading.number, reading.total) == ("Squirtle", "044", "102")
    assert len(reader.asked) == len(set(reader.asked))


def test_weakness_and_retreat_of_a_known_pokemon_card_are_not_read(reader):
    (reading,) = reader.read([crop()])
    middles = [(line.box[1] + line.box[3]) / 2 for line in reading.lines]
    assert reading.number == "044"
    assert all(middle < 0.17 or middle > 0.885 for middle in middles)


def test_the_number_of_a_card_is_told_from_others_without_being_read(reader):
    fits = reader.numbers(crop(), ["044/102", "017/159", "063/102"])
    assert set(fits) == {"044/102", "017/159", "063/102"}
    assert max(fits.values()) <= 0.0
    assert reader.numbers(crop(), []) == {}
