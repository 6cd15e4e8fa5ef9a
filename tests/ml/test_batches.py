"""Several photos at once are answered as if each were alone, and what is cheaper together is done together."""

import numpy as np
import pytest

from ml.fuse import LogOddsFuser
from ml.hashing import HashEmbedder
from ml.index import MemoryIndex
from ml.pipeline import Pipeline
from ml.rectify import PerspectiveRectifier
from ml.types import Detection, Quad, Reading
from tests.ml.drawing import DrawnCard, drawn, placed, rectangle, table

CARDS = {f"card:{art}": DrawnCard(art=art) for art in range(500, 504)}
GAMES = ["pokemon", "pokemon", "magic", "magic"]
PLACES = [(180, 250), (520, 250)]


class Outlines:
    """Knows where the cards lie; counts how it is asked."""

    version = "told-1"

    def __init__(self, counts):
        self.asked = []
        self.counts = counts

    def detect(self, photo):
        self.asked.append(1)
        return self._found(photo)

    def detect_many(self, photos):
        self.asked.append(len(photos))
        return [self._found(photo) for photo in photos]

    def _found(self, photo):
        return [Detection(Quad(rectangle(x, y, 240)), 0.9) for x, y in PLACES[: self.counts[photo.shape[1]]]]


class Silent:
    """Reads nothing, and says how it was asked."""

    version = "silent-1"

    def __init__(self):
        self.asked = []

    def read(self, crops, *, game=None, may_be_turned=()):
        self.asked.append((game, len(crops), len(may_be_turned)))
        return [Reading() for _ in crops]


def photo(*keys, width):
    ground = table(width, 500, (60, 62, 66))
    for key, (x, y) in zip(keys, PLACES, strict=False):
        placed(ground, drawn(CARDS[key]), rectangle(x, y, 240))
    return ground


@pytest.fixture
def pipeline():
    index = MemoryIndex(list(CARDS), HashEmbedder().embed([drawn(c) for c in CARDS.values()]), GAMES, lambda keys: {})
    # the width of a photo says how many cards are in it
    detector = Outlines({700: 1, 701: 2, 702: 0, 703: 1})
    return Pipeline(detector, PerspectiveRectifier(), HashEmbedder(), LogOddsFuser(), index=index, reader=Silent())


@pytest.fixture
def photos():
    return [
        photo("card:500", width=700),
        photo("card:502", "card:503", width=701),
        photo(width=702),
        photo("card:501", width=703),
    ]


def named(results):
    return [[(card.best.key, card.best.probability) for card in result.cards] for result in results]


def test_a_batch_is_answered_as_each_photo_alone(pipeline, photos):
    games = ["pokemon", "magic", None, None]
    together = pipeline.identify_many(photos, games)
    alone = [pipeline.identify(photo, game) for photo, game in zip(photos, games, strict=True)]
    assert named(together) == named(alone)
    assert [[key for key, _ in cards] for cards in named(together)] == [
        ["card:500"], ["card:502", "card:503"], [], ["card:501"],
    ]  # fmt: skip


def test_photos_are_found_and_read_together_by_game(pipeline, photos):
    pipeline.identify_many(photos, ["magic", "magic", None, None])
    assert pipeline.detector.asked == [4]
    assert pipeline.reader.asked == [("magic", 3, 3), (None, 1, 1)]


def test_shared_time_is_charged_by_cards_and_adds_up(pipeline, photos):
    one, two, none, _ = pipeline.identify_many(photos)
    assert two.seconds["embed"] == pytest.approx(2 * one.seconds["embed"])
    assert none.seconds["embed"] == 0
    assert one.seconds["detect"] == pytest.approx(none.seconds["detect"])


def test_outlines_drawn_for_one_photo_leave_the_others_to_the_detector(pipeline, photos):
    drawn_here = [Quad(rectangle(*PLACES[0], 240))]
    results = pipeline.identify_many(photos[:3], quads=[None, drawn_here, None])
    assert [len(result.cards) for result in results] == [1, 1, 0]
    assert pipeline.detector.asked == [2]
    assert np.allclose(results[1].cards[0].quad.corners, drawn_here[0].corners, atol=1)


def test_no_photos_no_answers(pipeline):
    assert pipeline.identify_many([]) == []
