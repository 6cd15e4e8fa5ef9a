"""Card detection by two trained nets: one finds the cards of a photo, the other looks at each closely.

At last the outlines move onto the photo's own edges, if there are any beside them: a close-up is coarser than a large card.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ml.detect.choose import outline_scores
from ml.detect.contours import WORKING_SIDE, working_copy
from ml.detect.edges import EdgeField
from ml.detect.fit import Fitted, Fitter
from ml.detect.net import NetDetector, Outline, each_once
from ml.geometry import resized
from ml.types import Detection, Picture, Quad

LEAST_CARD = 0.5
"""Outlines that are less likely a card, seen closely, are let go."""
BESIDE = 0.02
"""How far from an outline an edge is looked for, in shares of the card's size: further off it is a sleeve's or a frame's."""


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
        judged = [_judged(one, close) for one, close in zip(seen, fitted, strict=True) if close.card >= LEAST_CARD]
        return _on_edges(photo, each_once(judged))


def _judged(far: Outline, close: Fitted) -> Outline:
    """What both looks say together; the closer one knows more of the corners, the top and the back."""
    return Outline(close.corners, float(np.sqrt(far.score * close.card)), close.upright, close.back)


def _on_edges(photo: Picture, outlines: Sequence[Outline]) -> list[Outline]:
    """The outlines moved onto the edges beside them, where these suit them better."""
    if not outlines:
        return []
    small, scale = working_copy(photo, WORKING_SIDE, most=1.0)
    field = EdgeField.of(small)
    quads = resized(np.array([outline.corners for outline in outlines], np.float64), scale)
    side = float(np.median([outline.side for outline in outlines])) * scale
    moved = field.refined(quads, reach=int(np.clip(BESIDE * side, 2, 20)))
    better = outline_scores(moved, field) > outline_scores(quads, field)
    return [
        replace(outline, corners=np.asarray(resized(quad, 1 / scale), np.float32)) if suits else outline
        for outline, quad, suits in zip(outlines, moved, better, strict=True)
    ]
