"""Work that a close look does not do twice."""

from dataclasses import replace

import numpy as np

import ml.differences
from ml.verify import KeypointVerifier
from tests.ml.drawing import drawn
from tests.ml.test_differences import OLD, TWINS, crop_of


class Counted(KeypointVerifier):
    """Counts the pictures whose keypoints are found."""

    looked = 0

    def features(self, picture):
        self.looked += 1
        return super().features(picture)


def test_a_card_and_each_reference_are_looked_at_once():
    verifier, crop = Counted(), crop_of(OLD)
    references = {key: drawn(card) for key, card in TWINS.items()}
    verifier.inliers(crop, references)
    verifier.details(crop, references)
    verifier.inliers(crop, references)
    assert verifier.looked == 1 + len(references)


def test_another_card_is_looked_at_anew():
    verifier, crop = Counted(), crop_of(OLD)
    other = replace(crop, picture=np.ascontiguousarray(crop.picture[::-1]))
    references = {"old": drawn(OLD)}
    assert verifier.inliers(crop, references)["old"] > verifier.inliers(other, references)["old"]
    assert verifier.looked == 3


def test_only_blocks_in_which_references_differ_are_moved(monkeypatch):
    moved = []
    whole = ml.differences._beside
    monkeypatch.setattr(
        ml.differences, "_beside", lambda a, b, blocks: moved.append(len(blocks)) or whole(a, b, blocks)
    )
    KeypointVerifier().details(crop_of(OLD), {key: drawn(card) for key, card in TWINS.items()})
    assert moved
    assert max(moved) < 40  # of 140
