"""Card detection by two trained nets: one finds the cards of a photo, the other looks at each closely."""

from collections.abc import Sequence

import numpy as np

from ml.detect.fit import Fitted, Fitter
from ml.detect.net import NetDetector, Outline, each_once
from ml.types import Detection, Picture, Quad

LEAST_CARD = 0.5
"""Outlines that are less likely a card, seen closely, are let go."""


class TrainedDetector:
    """Finds, fits, and keeps each card once."""

    def __init__(self, net: NetDetector, fitter: Fitter) -> None:
        self.net, self.fitter = net, fitter
        self.version = net.version

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`."""
        return self.detect_many([photo])[0]

    def detect_many(self, photos: Sequence[Picture]) -> list[list[Detection]]:
        """See `ml.interfaces.BatchDetector`."""
        seen = self.net.outlines_of(photos)
        return [
            [Detection(Quad(o.corners), o.score, back=o.back, upright=o.upright) for o in self._fitted(photo, found)]
            for photo, found in zip(photos, seen, strict=True)
        ]

    def _fitted(self, photo: Picture, seen: Sequence[Outline]) -> list[Outline]:
        fitted = self.fitter.fit(photo, [outline.corners for outline in seen])
        return each_once(
            [_judged(one, close) for one, close in zip(seen, fitted, strict=True) if close.card >= LEAST_CARD]
        )


def _judged(far: Outline, close: Fitted) -> Outline:
    """What both looks say together; the closer one knows more of the corners, the top and the back."""
    return Outline(close.corners, float(np.sqrt(far.score * close.card)), close.upright, close.back)
