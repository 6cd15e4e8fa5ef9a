"""Identifying a box by its reference picture: look-alikes by the embedder, then details compared one by one."""

import cv2
import numpy as np

from ml.identify.fused import MOST, prior
from ml.identify.outline import straightened, whole
from ml.identify.types import VISION, Answer, BoxCatalogue, Clue, Look
from ml.interfaces import Embedder, ReferenceIndex, Verifier
from ml.pipeline import EMBEDDED_SIZE
from ml.types import Crop, Picture

COMPARED = 6
STRANGER_INLIERS = 42
"""Details that agree by chance and by what boxes of one line share: frames, signs, letters."""

PER_INLIER = 0.12


class PictureIdentifier:
    """Compares the box's face, and the whole photo for where the outline is wrong, with the reference pictures."""

    name = VISION
    confidence_factors = ("outline found", "details compared")

    def __init__(self, catalogue: BoxCatalogue, embedder: Embedder, index: ReferenceIndex, verifier: Verifier) -> None:
        self.catalogue = catalogue
        self.embedder, self.index, self.verifier = embedder, index, verifier
        self.version = f"{embedder.version}+{verifier.version}"

    def identify(self, look: Look) -> Answer:
        """See `ml.identify.types.Identifier`."""
        faces = [straightened(look.photo, look.outline)]
        outlined = look.outline.area < 0.97 * whole(look.photo).area
        if outlined:
            faces.append(straightened(look.photo, whole(look.photo)))
        # A box may stand any way; references stand upright.
        ways = [np.ascontiguousarray(np.rot90(face, turn)) for face in faces for turn in range(4)]
        small = [np.asarray(cv2.resize(way, EMBEDDED_SIZE, interpolation=cv2.INTER_AREA), np.uint8) for way in ways]
        found = self.index.nearest(self.embedder.embed(small), k=COMPARED, game=look.plan.game)
        agreeing: dict[str, int] = {}
        for way, matches in zip(ways, found, strict=True):
            for key, inliers in self._compared(way, [match.key for match in matches]).items():
                agreeing[key] = max(agreeing.get(key, 0), inliers)
        start = prior(self.catalogue.size(look.plan.game))
        clues = [self._clue(key, inliers, start) for key, inliers in agreeing.items() if inliers > STRANGER_INLIERS]
        best = max((start + clue.odds for clue in clues), default=0.0)
        factors = {
            "outline found": float(outlined),
            "details compared": min(1.0, max(agreeing.values(), default=0) / 100),
        }
        against = -float(np.clip(best, 0.0, MOST)) if clues else 0.0
        return Answer(self.name, tuple(clues), against, "another product's picture agrees" if best > 2 else "", factors)

    def _compared(self, face: Picture, keys: list[str]) -> dict[str, int]:
        pictures = self.index.pictures(keys)
        return self.verifier.inliers(Crop(face, whole(face), 0.0), pictures) if pictures else {}

    @staticmethod
    def _clue(key: str, inliers: int, start: float) -> Clue:
        odds = min(PER_INLIER * (inliers - STRANGER_INLIERS) - 2.0, MOST) - start
        return Clue(
            key, odds, {"inliers": float(inliers)}, (f"{inliers} details lie where the reference picture has them",)
        )
