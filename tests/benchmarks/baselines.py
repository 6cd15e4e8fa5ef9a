"""What people use today, as well tuned as we could: a perceptual hash, and ORB keypoints with a geometric check.

Both work on the same straightened cards as the product's own engines and know the same references.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ml.hashing import perceptual_hash
from ml.types import Picture

HASH, ORB = "hash (baseline)", "ORB (baseline)"
ORB_REFERENCES = 1_000
"""More would take ORB seconds a card: it compares with every one of them."""
SIZE = (320, 448)
"""Width and height in pixels at which keypoints are found: the references' own size."""
FEATURES, OF_REFERENCE = 500, 300
RATIO, AGREE_PX, CHECKED, LEAST_MATCHES = 0.8, 6.0, 25, 6
"""Lowe's ratio; the reach of RANSAC; how many references with most matches are checked by geometry."""


Ranked = list[tuple[str, float]]
"""Keys, best first, each with a score that rises with its likeness."""


class HashBaseline:
    """The first engines' 256-bit hash alone: nearest by differing bits."""

    def __init__(self, keys: Sequence[str], hashes: np.ndarray) -> None:
        self.keys = list(keys)
        self._words = np.ascontiguousarray(hashes).view(np.uint64)

    def distances(self, picture: Picture, *, both_ways: bool = False) -> np.ndarray:
        """(n,) differing bits to each reference; both_ways: the smaller of the picture as it is and on its head."""
        ways = [picture, np.ascontiguousarray(picture[::-1, ::-1])] if both_ways else [picture]
        return np.min([self._to(perceptual_hash(_small(way))) for way in ways], axis=0)

    def _to(self, query: np.ndarray) -> np.ndarray:
        word = np.ascontiguousarray(query).view(np.uint64)
        return np.bitwise_count(self._words ^ word).sum(axis=1).astype(np.int32)

    def best(self, picture: Picture, *, k: int = 5, both_ways: bool = False) -> Ranked:
        """The nearest keys, each with minus its distance."""
        away = self.distances(picture, both_ways=both_ways)
        return [(self.keys[i], -float(away[i])) for i in np.argsort(away, kind="stable")[:k]]


class OrbBaseline:
    """ORB features matched with those of every reference; those with most matches are placed by RANSAC and ranked by inliers."""

    def __init__(self, pictures: dict[str, Picture]) -> None:
        """pictures: by key, upright and filling the picture."""
        self._query = cv2.ORB.create(nfeatures=FEATURES, fastThreshold=10)
        reference = cv2.ORB.create(nfeatures=OF_REFERENCE, fastThreshold=10)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
        self._known = {key: self._features(reference, picture) for key, picture in pictures.items()}

    @staticmethod
    def _features(detector: cv2.ORB, picture: Picture) -> tuple[np.ndarray, np.ndarray]:
        grey = cv2.cvtColor(cv2.resize(picture, SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        points, described = detector.detectAndCompute(grey, None)
        if described is None:
            return np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8)
        return np.array([p.pt for p in points], np.float32), described

    def best(self, picture: Picture, *, k: int = 5, among: Sequence[str] | None = None) -> Ranked:
        """The keys with most inliers. Features bear any rotation, so a card on its head needs no second look."""
        places, described = self._features(self._query, picture)
        if len(described) < 2:
            return []
        votes: list[tuple[int, str, list[cv2.DMatch]]] = []
        for key in self._known if among is None else among:
            theirs = self._known[key][1]
            if len(theirs) < 2:
                continue
            pairs = self._matcher.knnMatch(described, theirs, k=2)
            good = [one for one, other in pairs if one.distance < RATIO * other.distance]
            if len(good) >= LEAST_MATCHES:
                votes.append((len(good), key, good))
        votes.sort(key=lambda vote: -vote[0])
        ranked = [(key, self._inliers(places, self._known[key][0], good)) for _, key, good in votes[:CHECKED]]
        return sorted(ranked, key=lambda pair: -pair[1])[:k]

    @staticmethod
    def _inliers(places: np.ndarray, theirs: np.ndarray, good: Sequence[cv2.DMatch]) -> float:
        source = theirs[[m.trainIdx for m in good]]
        target = places[[m.queryIdx for m in good]]
        _, mask = cv2.findHomography(source, target, cv2.RANSAC, AGREE_PX)
        return 0.0 if mask is None else float(mask.sum())


def _small(picture: Picture) -> Picture:
    """As the first engines give it to the hash."""
    if picture.shape[0] <= 320:
        return picture
    return np.asarray(cv2.resize(picture, (192, 256), interpolation=cv2.INTER_AREA), np.uint8)
