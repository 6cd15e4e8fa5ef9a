"""Card detection by the trained outline net: one look at the whole photo, and a closer one where the cards are small."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ml import runtime
from ml.geometry import resized
from ml.types import Detection, Floats, Picture, Quad

STRIDE, REACH = 8, 64.0
"""See `ml.nets.detect`, which is not imported here: it needs torch."""
FAR_SIDE, FIRST_SIDE = 256, 416
"""Longest side in pixels of the first two looks: the smaller one sees a card that fills the photo as one."""
SMALL, WANTED, LONGEST = 72.0, 100.0, 1280
"""Cards under SMALL pixels (root of their area) are looked at again at WANTED, in a copy of at most LONGEST pixels."""
MOST = 120


@dataclass(frozen=True, slots=True)
class Outline:
    """One card as the net sees it. corners: (4, 2) in the copy's pixels, from the card's own top left; chances in 0..1."""

    corners: Floats
    score: float
    upright: float
    back: float

    @property
    def side(self) -> float:
        """Root of the area in pixels."""
        return float(np.sqrt(max(1.0, cv2.contourArea(self.corners))))


class NetDetector:
    """Finds cards with the weights of `ml/weights/detect-*.onnx`."""

    def __init__(
        self, *, version: str | None = None, backend: str = "onnx", threads: int = 0, folder: Path | None = None,
        least_score: float = 0.35,
    ) -> None:  # fmt: skip
        self._model = runtime.load("detect", version, backend=backend, threads=threads, folder=folder)
        self.version = f"detect-{self._model.version}"
        self.least_score = least_score

    def detect(self, photo: Picture) -> list[Detection]:
        """See `ml.interfaces.Detector`. photo: (height, width, 3) uint8 RGB."""
        return self.detect_many([photo])[0]

    def detect_many(self, photos: Sequence[Picture]) -> list[list[Detection]]:
        """See `ml.interfaces.BatchDetector`: photos that are looked at in one size go through the net together."""
        return [[Detection(Quad(o.corners), o.score, back=o.back) for o in found] for found in self.outlines_of(photos)]

    def outlines(self, photo: Picture) -> list[Outline]:
        """Every card with the net's chances, corners in photo pixels, best first."""
        return self.outlines_of([photo])[0]

    def outlines_of(self, photos: Sequence[Picture]) -> list[list[Outline]]:
        """`outlines` of several photos."""
        far = self._looks([(photo, FAR_SIDE) for photo in photos])
        near = self._looks([(photo, FIRST_SIDE) for photo in photos])
        found = [each_once([*one, *other]) for one, other in zip(near, far, strict=True)]
        again = [(i, side) for i, photo in enumerate(photos) if (side := _closer(photo, found[i]))]
        closer = self._looks([(photos[i], side) for i, side in again])
        for (i, _), more in zip(again, closer, strict=True):
            found[i] = each_once([*more, *(o for o in found[i] if o.score > 0.5)])
        return found

    def _looks(self, jobs: Sequence[tuple[Picture, int]]) -> list[list[Outline]]:
        """One look at each photo in a copy whose longest side has so many pixels."""
        sizes = [_copy_size(photo, side) for photo, side in jobs]
        looks: list[list[Outline]] = [[] for _ in jobs]
        for size in dict.fromkeys(sizes):
            places = [i for i, own in enumerate(sizes) if own == size]
            (answers,) = self._model.run(np.stack([_pixels(jobs[i][0], size) for i in places]))
            for i, answer in zip(places, answers, strict=True):
                height, width = jobs[i][0].shape[:2]
                stretch = np.array([width / size[0], height / size[1]], np.float32)
                looks[i] = [
                    replace(o, corners=np.asarray(resized(o.corners, stretch), np.float32))
                    for o in decoded(answer, self.least_score)
                ]
        return looks


def _closer(photo: Picture, found: Sequence[Outline]) -> int:
    """The longest side for a second look at a photo whose cards are small; 0 where they are not."""
    if not found:
        return 0
    longest = max(photo.shape[:2])
    typical = sorted(outline.side for outline in found)[len(found) // 2] * FIRST_SIDE / longest
    return round(min(FIRST_SIDE * WANTED / typical, LONGEST, longest)) if typical < SMALL else 0


def _copy_size(photo: Picture, side: int) -> tuple[int, int]:
    """Width and height of a copy whose longest side has about `side` pixels, both multiples of 32."""
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    return max(32, round(width * scale / 32) * 32), max(32, round(height * scale / 32) * 32)


def _pixels(photo: Picture, size: tuple[int, int]) -> Floats:
    """The net's input: (3, height, width) in -1..1."""
    interpolation = cv2.INTER_AREA if size[0] < photo.shape[1] else cv2.INTER_LINEAR
    small = cv2.resize(photo, size, interpolation=interpolation)
    return np.asarray(small.astype(np.float32).transpose(2, 0, 1) / np.float32(127.5) - np.float32(1), np.float32)


def decoded(answer: Floats, least_score: float) -> list[Outline]:
    """The cards in the net's answer (14, h, w), best first, none twice; corners in pixels of the net's input."""
    chance = _sigmoid(answer[0])
    rows, columns = _peaks(chance, least_score)
    order = np.argsort(-chance[rows, columns], kind="stable")[:MOST]
    corner_points = _corner_points(answer)
    outlines: list[Outline] = []
    for row, column in zip(rows[order], columns[order], strict=True):
        told = answer[:, row, column]
        middle = (np.array([column, row], np.float32) + 0.5) * STRIDE
        corners = np.asarray(told[1:9].reshape(4, 2) * REACH + middle - 0.5, np.float32)
        upright = float(_sigmoid(told[9]))
        if upright < 0.5:
            corners, upright = np.roll(corners, 2, axis=0), 1 - upright
        outline = Outline(corners, float(chance[row, column]), upright, float(_sigmoid(told[10])))
        if not cv2.isContourConvex(corners.reshape(-1, 1, 2)):
            continue
        outline = replace(outline, corners=_snapped(corners, corner_points, outline.side))
        if not any(_same(outline, other) for other in outlines):
            outlines.append(outline)
    return outlines


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float32)


def _peaks(chance: Floats, least: float) -> tuple[np.ndarray, np.ndarray]:
    highest = cv2.dilate(chance, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((chance >= highest) & (chance >= least))
    return rows, columns


def _corner_points(answer: Floats) -> Floats:
    """(n, 2) places where the net sees a card's corner, in pixels of its input."""
    chance = _sigmoid(answer[11])
    rows, columns = _peaks(chance, 0.3)
    at = answer[12:14, rows, columns].T
    return np.asarray((np.stack([columns, rows], 1) + 0.5 + at) * STRIDE - 0.5, np.float32)


def _snapped(corners: Floats, points: Floats, side: float) -> Floats:
    """Corners moved onto the corner points beside them, at most a twelfth of the card's size away."""
    if not len(points):
        return corners
    away = np.linalg.norm(corners[:, None] - points[None], axis=2)
    nearest = away.argmin(axis=1)
    close = away[np.arange(4), nearest] < side / 12
    return np.asarray(np.where(close[:, None], points[nearest], corners), np.float32)


def _same(one: Outline, other: Outline) -> bool:
    """Whether two outlines are one card: their corners lie on each other, whichever of them comes first."""
    limit = 0.14 * min(one.side, other.side)
    return any(
        np.linalg.norm(one.corners - np.roll(other.corners, turn, axis=0), axis=1).mean() < limit for turn in range(4)
    )


def each_once(outlines: Sequence[Outline]) -> list[Outline]:
    """Best first; without second outlines of one card, and without boxes on a card: much smaller, and mostly within it."""
    kept: list[Outline] = []
    for one in sorted(outlines, key=lambda o: -o.score):
        if not any(_same(one, other) or _one_in_the_other(one, other) for other in kept):
            kept.append(one)
    return kept


def _one_in_the_other(one: Outline, other: Outline) -> bool:
    small, large = sorted((one.side, other.side))
    return small < 0.8 * large and _shared(one.corners, other.corners) > 0.75


def _shared(one: Floats, other: Floats) -> float:
    """Shared area of two convex outlines over the smaller one's."""
    area, _ = cv2.intersectConvexConvex(one, other)
    return float(area) / max(1.0, min(cv2.contourArea(one), cv2.contourArea(other)))
