"""A close look: do the details of a straightened card lie where a reference picture has them?

What look-alike references have different is looked at in ml/differences.py.
"""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.differences import spoken_for
from ml.types import Crop, Floats, Picture

Features = tuple[Floats, Floats]
"""Positions (n, 2) as shares of width and height, RootSIFT descriptors (n, 128)."""


FRAME = (320, 448)
"""Width and height at which cards are compared: about 5 px per mm."""
LEAST_PLACED = 20
"""Keypoints from which a reference is laid over the card."""


class KeypointVerifier:
    """RootSIFT keypoints, matched near their own place, counted where one homography places them.

    RootSIFT: Arandjelovic and Zisserman, "Three things everyone should know to improve object retrieval", 2012.
    """

    version = "rootsift-2"

    def __init__(self, *, keypoints: int = 500, remembered: int = 4096) -> None:
        """remembered: how many references' features are kept; each takes about 250 kB."""
        self._sift = cv2.SIFT.create(nfeatures=keypoints, contrastThreshold=0.02)
        self._features: OrderedDict[str, tuple[int, Features]] = OrderedDict()
        self._remembered = remembered
        self._latest: tuple[Picture, Features] | None = None
        self._lock = Lock()

    def inliers(self, crop: Crop, references: Mapping[str, Picture]) -> dict[str, int]:
        """See `ml.interfaces.Verifier`."""
        if not references:
            return {}
        mine = self._of_card(crop.picture)
        return {key: agreeing(mine, self._of_reference(key, picture)) for key, picture in references.items()}

    def details(self, crop: Crop, references: Mapping[str, Picture]) -> dict[str, float]:
        """See `ml.interfaces.Comparer`."""
        mine = self._of_card(crop.picture)
        laid = {}
        for key, picture in references.items():
            # Where the reference lies over the card: its picture is brought to the card's own frame.
            placing = placement(self._of_reference(key, picture), mine)
            if placing is not None and placing[1] >= LEAST_PLACED:
                laid[key] = warped(picture, placing[0])
        small = cv2.resize(crop.picture, FRAME, interpolation=cv2.INTER_AREA)
        return spoken_for(np.asarray(small, np.uint8), laid)

    def features(self, picture: Picture) -> Features:
        """Keypoints of an upright card, measured at FRAME."""
        grey = cv2.cvtColor(cv2.resize(picture, FRAME, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        with self._lock:
            points, descriptors = self._sift.detectAndCompute(grey, None)
        if descriptors is None or not len(points):
            return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32)
        places = np.array([p.pt for p in points], np.float32) / np.array(FRAME, np.float32)
        rooted = np.sqrt(descriptors / (descriptors.sum(axis=1, keepdims=True) + 1e-9))
        return places.astype(np.float32), rooted.astype(np.float32)

    def _of_card(self, picture: Picture) -> Features:
        """A card is asked about several times in a row; its keypoints are found once."""
        latest = self._latest
        if latest is None or latest[0] is not picture:
            latest = self._latest = picture, self.features(picture)
        return latest[1]

    def _of_reference(self, key: str, picture: Picture) -> Features:
        # The stamp notices a reference picture that was replaced under the same key.
        stamp = hash((picture.shape, picture[::37, ::29].tobytes()))
        kept = self._features.get(key)
        if kept and kept[0] == stamp:
            self._features.move_to_end(key)
            return kept[1]
        features = self.features(picture)
        self._features[key] = (stamp, features)
        while len(self._features) > self._remembered:
            self._features.popitem(last=False)
        return features


def agreeing(a: Features, b: Features) -> int:
    """How many keypoints of `a` find their partner in `b` under one homography."""
    found = placement(a, b)
    return found[1] if found else 0


def placement(
    a: Features, b: Features, *, ratio: float = 0.85, reach: float = 0.12
) -> tuple[NDArray[np.float64] | None, int] | None:
    """The homography from `a` to `b` in pixels of FRAME, None where too few agree for one, and how many agree.

    Both cards are upright and fill their pictures, so a partner further away than `reach` of the card is none.
    """
    (places_a, a_descriptors), (places_b, b_descriptors) = a, b
    if len(places_a) < 8 or len(places_b) < 8:
        return None
    alike = a_descriptors @ b_descriptors.T
    best = alike.argmax(axis=1)
    rows = np.arange(len(best))
    first = alike[rows, best]
    alike[rows, best] = -1.0
    second = alike.max(axis=1)
    # Cosines of unit vectors: distances are sqrt(2 - 2 cos).
    clear = np.sqrt(np.maximum(2 - 2 * first, 0)) < ratio * np.sqrt(np.maximum(2 - 2 * second, 0))
    near = np.abs(places_a - places_b[best]).max(axis=1) < reach
    good: NDArray[np.bool_] = clear & near
    if good.sum() < 6:
        return None, int(good.sum())
    scale = np.array(FRAME, np.float32)
    source, target = places_a[good] * scale, places_b[best[good]] * scale
    matrix, mask = cv2.findHomography(source, target, cv2.RANSAC, 4.0, maxIters=500, confidence=0.995)
    return (None, 0) if mask is None or matrix is None else (np.asarray(matrix, np.float64), int(mask.sum()))


def warped(picture: Picture, matrix: NDArray[np.float64] | None) -> Picture:
    """A reference laid over a card of FRAME pixels."""
    small = cv2.resize(picture, FRAME, interpolation=cv2.INTER_AREA)
    if matrix is None:
        return np.asarray(small, np.uint8)
    laid = cv2.warpPerspective(small, matrix, FRAME, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, np.uint8)
