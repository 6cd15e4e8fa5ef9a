"""The outline net and the edge detector together: the net says what is a card, edges say exactly where it ends.

Where every outline of the net lies on sound edges that is the answer. Elsewhere the edge detector looks as well: its
outline of the same card may be the more exact one, and it finds cards that the net passed over.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from ml.detect.choose import outline_scores
from ml.detect.contours import WORKING_SIDE, ContourDetector
from ml.detect.edges import EdgeField
from ml.detect.net import NetDetector, Outline
from ml.geometry import Array, overlap, shared_of_union
from ml.types import Detection, Picture, Quad

SOUND = 0.8
"""Outlines whose edges score this much, see `outline_scores`, need no second opinion."""
SAME, ALIKE = 0.5, 0.75
"""Intersection over union from which two outlines are one card's, and from which the edges' one is the more exact."""


class UnitedDetector:
    """Outlines of both, each card once."""

    def __init__(self, net: NetDetector, edges: ContourDetector | None = None) -> None:
        self.net, self.edges = net, edges or ContourDetector()
        self.version = net.version

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`."""
        return self.detect_many([photo])[0]

    def detect_many(self, photos: Sequence[Picture]) -> list[list[Detection]]:
        """See `ml.interfaces.BatchDetector`."""
        return [self._united(photo, seen) for photo, seen in zip(photos, self.net.outlines_of(photos), strict=True)]

    def _united(self, photo: Picture, seen: Sequence[Outline]) -> list[Detection]:
        field, scale = _field(photo)
        ours = np.array([o.corners for o in seen], np.float64).reshape(-1, 4, 2)
        ours, sound = _settled(ours * scale, field, [o.side * scale for o in seen])
        if len(ours) and sound.min() >= SOUND:
            return [_detection(q / scale, o) for q, o in zip(ours, seen, strict=True)]
        theirs = self.edges.detect(photo)
        quads = [np.asarray(d.quad.corners, np.float64) * scale for d in theirs]
        scores = outline_scores(np.array(quads).reshape(-1, 4, 2), field)
        found, used = [], set()
        for quad, score, outline in zip(ours, sound, seen, strict=True):
            shares = [shared_of_union(quad, other) for other in quads]
            best = int(np.argmax(shares)) if shares else -1
            if best >= 0 and shares[best] >= SAME:
                used.add(best)
                if shares[best] >= ALIKE or scores[best] > score:
                    quad = _begun_alike(quads[best], quad)
            found.append(_detection(quad / scale, outline))
        return found + [
            d for i, d in enumerate(theirs)
            if i not in used and not any(_covers(quads[i], q) for q in ours)
        ]  # fmt: skip


def _field(photo: Picture) -> tuple[EdgeField, float]:
    scale = min(1.0, WORKING_SIDE / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else photo
    return EdgeField.of(np.asarray(small, np.uint8)), scale


def _settled(quads: Array, field: EdgeField, sides: Sequence[float]) -> tuple[Array, Array]:
    """The outlines moved onto the edges beside them, where that suits them better, and how sound their edges are."""
    if not len(quads):
        return quads, np.zeros(0)
    reach = int(np.clip(0.05 * float(np.median(sides)), 3, 14))
    moved = field.refined(quads, reach=reach)
    before, after = outline_scores(quads, field), outline_scores(moved, field)
    better = after > before
    return np.where(better[:, None, None], moved, quads), np.where(better, after, before)


def _begun_alike(quad: Array, other: Array) -> Array:
    """The same outline, begun at the corner that the other one begins at."""
    turns = [float(np.linalg.norm(np.roll(quad, -turn, axis=0) - other, axis=1).sum()) for turn in range(4)]
    return np.roll(quad, -int(np.argmin(turns)), axis=0)


def _covers(one: Array, other: Array) -> bool:
    """Whether two outlines are in each other's way by more than neighbours that touch."""
    areas = [abs(cv2.contourArea(q.astype(np.float32))) for q in (one, other)]
    return overlap(one, other) > 0.3 * max(1.0, min(areas))


def _detection(quad: Array, outline: Outline) -> Detection:
    return Detection(Quad(quad.astype(np.float32)), outline.score, back=outline.back)
