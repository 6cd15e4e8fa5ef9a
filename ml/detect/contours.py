"""Card detection by edges alone: no training, every game, any count. The named baseline for trained detectors."""

import cv2
import numpy as np

from ml.detect.edges import EdgeField
from ml.detect.proposals import masks, outlines, plausible
from ml.geometry import CARD_ASPECT, Array, overlap, portrait, side_lengths, signed_areas
from ml.types import Detection, Picture, Quad

WORKING_SIDE = 1000
SIZE_SPREAD = 2.0
"""How much larger or smaller, by area, than the typical card of a photo another card of it may look."""


class ContourDetector:
    """Proposes outlines from many edge maps, keeps those that edges support on every side, and completes grids."""

    version = "contours-1"

    def __init__(self, *, working_side: int = WORKING_SIDE, least_score: float = 0.5) -> None:
        self.working_side = working_side
        self.least_score = least_score

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`. photo: (height, width, 3) uint8 RGB."""
        small, scale = _working_copy(photo, self.working_side)
        field = EdgeField.of(small)
        quads, scores = self.candidates(small, field)
        kept = of_one_size(quads, scores, float(small.shape[0] * small.shape[1]), self.least_score)
        return [
            Detection(Quad(((quads[i] + 0.5) / scale - 0.5).astype(np.float32)), float(scores[i])) for i in kept
        ]

    def candidates(self, small: Picture, field: EdgeField) -> tuple[Array, Array]:
        height, width = small.shape[:2]
        smallest, largest = 0.002 * width * height, 0.97 * width * height
        found = [quad for _, mask in masks(small) for quad in outlines(mask, smallest, largest)]
        if not found:
            return np.zeros((0, 4, 2)), np.zeros(0)
        quads = np.array(found)
        quads = quads[plausible(quads, smallest=smallest, largest=largest)]
        quads = np.array([portrait(q) for q in quads], np.float64).reshape(-1, 4, 2)
        quads = distinct(quads)
        quads = field.refined(quads, reach=4)
        quads = quads[plausible(quads, smallest=smallest, largest=largest)]
        quads = distinct(quads)
        return quads, outline_scores(quads, field)


def _working_copy(photo: Picture, side: int) -> tuple[Picture, float]:
    height, width = photo.shape[:2]
    scale = min(side / max(height, width), 2.0)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, size, interpolation=interpolation), np.uint8), scale


def distinct(quads: Array, tolerance: float = 0.025) -> Array:
    """Without near copies: outlines whose corners all lie within a share of their size of an earlier one."""
    if not len(quads):
        return quads
    size = np.sqrt(np.abs(signed_areas(quads)))
    kept: list[int] = []
    for i in range(len(quads)):
        if kept:
            apart = np.abs(quads[kept] - quads[i]).max(axis=(1, 2))
            if (apart < tolerance * size[i]).any():
                continue
        kept.append(i)
    return quads[kept]


def outline_scores(quads: Array, field: EdgeField) -> Array:
    """(n,) in [0, 1]: edges under all four sides, at strength, in the shape of a card."""
    if not len(quads):
        return np.zeros(0)
    support, strength = field.support(quads)
    lengths = side_lengths(quads)
    ratio = (lengths[:, 0] + lengths[:, 2]) / np.maximum(lengths[:, 1] + lengths[:, 3], 1e-6)
    shape = np.exp(-((np.log(ratio / CARD_ASPECT) / 0.25) ** 2))
    contrast = np.clip(strength.min(axis=1) / 14.0, 0.0, 1.0) ** 0.3
    scores: Array = (0.6 * support.min(axis=1) + 0.4 * support.mean(axis=1)) * (0.35 + 0.65 * shape) * (0.5 + 0.5 * contrast)
    return scores


def suppressed(quads: Array, scores: Array, allowed: Array) -> list[int]:
    """Indices of the `allowed` outlines that remain, best first, when each card keeps one."""
    areas = np.abs(signed_areas(quads))
    kept: list[int] = []
    for i in np.argsort(-scores):
        if not allowed[i]:
            continue
        shared = [overlap(quads[i], quads[j]) for j in kept]
        if all(
            s < 0.35 * (areas[i] + areas[j] - s) and s < 0.75 * min(areas[i], areas[j])
            for s, j in zip(shared, kept, strict=True)
        ):
            kept.append(int(i))
    return kept


def of_one_size(quads: Array, scores: Array, photo_area: float, least: float) -> list[int]:
    """The outlines of the size that explains most of the photo: cards of one photo are about equally large.

    This is what tells a page of nine cards from one card with nine boxes printed on it. An outline is worth
    score^4 * area^0.75: many weak little ones lose to a card, nine sound cards win against the page around them.
    """
    if not len(quads):
        return []
    areas = np.abs(signed_areas(quads)) / photo_area
    best: tuple[float, list[int]] = (0.0, [])
    for size in np.geomspace(max(areas.min(), 1e-4), areas.max() * 1.01, 24):
        allowed = (areas > size / SIZE_SPREAD) & (areas < size * SIZE_SPREAD) & (scores >= least)
        if not allowed.any():
            continue
        # Among outlines of one size a frame just inside of the card's edge should lose to the edge.
        ranking = scores + 0.06 * np.log(areas / size)
        kept = suppressed(quads, ranking, allowed)
        worth = float((scores[kept] ** 4 * areas[kept] ** 0.75).sum())
        if worth > best[0]:
            best = (worth, kept)
    return best[1]
