"""Card detection by two trained nets: one finds the cards of a photo, the other looks at each closely.

Where they find nothing the edge detector proposes outlines, and the second net judges those.
"""

from collections.abc import Sequence

import numpy as np

from ml.detect.contours import ContourDetector
from ml.detect.fit import Fitted, Fitter
from ml.detect.net import NetDetector, Outline, each_once
from ml.types import Detection, Picture, Quad

LEAST_CARD = 0.3
"""Outlines that are less likely a card, seen closely, are let go."""
SURE_CARD = 0.8
"""The same for outlines that edges alone propose: tables and books have edges too."""


class TrainedDetector:
    """Finds, fits, and keeps each card once."""

    def __init__(self, net: NetDetector, fitter: Fitter) -> None:
        self.net, self.fitter, self.edges = net, fitter, ContourDetector()
        self.version = net.version

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`."""
        return self.detect_many([photo])[0]

    def detect_many(self, photos: Sequence[Picture]) -> list[list[Detection]]:
        """See `ml.interfaces.BatchDetector`."""
        seen = self.net.outlines_of(photos)
        return [
            [
                Detection(Quad(o.corners), o.score, back=o.back, upright=o.upright)
                for o in self._fitted(photo, found) or self._asked(photo)
            ]
            for photo, found in zip(photos, seen, strict=True)
        ]

    def _fitted(self, photo: Picture, seen: Sequence[Outline], *, least: float = LEAST_CARD) -> list[Outline]:
        fitted = self.fitter.fit(photo, [outline.corners for outline in seen])
        return each_once([_judged(one, close) for one, close in zip(seen, fitted, strict=True) if close.card >= least])

    def _asked(self, photo: Picture) -> list[Outline]:
        """What edges say where the net saw nothing; it has to be a card beyond doubt."""
        proposed = [Outline(found.quad.corners, found.score, 0.5, 0.0) for found in self.edges.detect(photo)]
        return self._fitted(photo, proposed, least=SURE_CARD)


def _judged(far: Outline, close: Fitted) -> Outline:
    """What both looks say together; the closer one knows more of the corners, the top and the back."""
    return Outline(close.corners, float(np.sqrt(far.score * close.card)), close.upright, close.back)
