"""Card detection by edges alone: no training, every game, any count. The named baseline for trained detectors."""

import cv2
import numpy as np

from ml.detect.borders import grown, whole_photo
from ml.detect.choose import distinct, evenness_of_rim, joined_halves, of_one_size, outline_scores, whole_cards
from ml.detect.edges import EdgeField
from ml.detect.fans import partly_hidden
from ml.detect.grid import filled_in
from ml.detect.proposals import masks, outlines, plausible
from ml.geometry import Array, portrait, resized
from ml.types import Detection, Picture, Quad

WORKING_SIDE = 1000
FEW = 6
"""With more cards than this in sight, hidden ones are not looked for."""


class ContourDetector:
    """Proposes outlines from edge maps and lines, keeps the size of outline that explains the photo best."""

    version = "contours-1"

    def __init__(self, *, working_side: int = WORKING_SIDE, least_score: float = 0.5) -> None:
        self.working_side = working_side
        self.least_score = least_score

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`. photo: (height, width, 3) uint8 RGB."""
        small, scale = working_copy(photo, self.working_side)
        field = EdgeField.of(small)
        area = float(small.shape[0] * small.shape[1])
        quads, scores = self.candidates(small, field)
        frames = evenness_of_rim(quads, small)
        kept = of_one_size(quads, scores, frames, area, self.least_score)
        kept = whole_cards(kept, quads, scores)
        chosen, chosen_scores = joined_halves(quads[kept], scores[kept], field)
        chosen, chosen_scores, inferred = filled_in(chosen, chosen_scores, quads, scores, field, small)
        chosen = grown(chosen, field, small)
        if len(chosen) <= FEW:
            chosen, chosen_scores = partly_hidden(small, field, chosen, chosen_scores)
            chosen, chosen_scores = whole_photo(small, chosen, chosen_scores)
        inferred = np.append(inferred, np.zeros(max(0, len(chosen) - len(inferred)), bool))
        return [
            Detection(
                Quad(resized(chosen[i], 1 / scale).astype(np.float32)), float(chosen_scores[i]), bool(inferred[i])
            )
            for i in np.argsort(-chosen_scores, kind="stable")
        ]

    def candidates(self, small: Picture, field: EdgeField) -> tuple[Array, Array]:
        """Every plausible outline (n, 4, 2) at working scale, on its edges, and its score (n,)."""
        height, width = small.shape[:2]
        smallest, largest = 0.002 * width * height, 0.97 * width * height
        found = [quad for mask in masks(small) for quad in outlines(mask, smallest, largest)]
        quads = np.array(found).reshape(-1, 4, 2)
        quads = quads[plausible(quads, smallest=smallest, largest=largest)]
        quads = distinct(np.array([portrait(q) for q in quads], np.float64).reshape(-1, 4, 2))
        quads = field.refined(quads, reach=4)
        quads = distinct(quads[plausible(quads, smallest=smallest, largest=largest)])
        return quads, outline_scores(quads, field)


def working_copy(photo: Picture, side: int, *, most: float = 2.0) -> tuple[Picture, float]:
    """The photo with its longer side at `side` pixels, enlarged `most` times at most, and by how much it was scaled."""
    height, width = photo.shape[:2]
    scale = min(side / max(height, width), most)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, size, interpolation=interpolation), np.uint8), scale
