"""Reading a whole photo of a box: lines anywhere, of any size, lying any way. Cards have a reader of their own, ml/read.py."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.read import OcrReader
from ml.types import Line, Picture

LONG_SIDE = 1280
"""The photo is searched for lines in this size; they are then read from its own pixels."""

MOST_LINES = 40
LINE_HEIGHT = 48
LEAST_CONFIDENCE = 0.5

Corners = NDArray[np.float32]


class PageOcr:
    """`ml.identify.types.PageReader` by the networks that read cards; they are loaded once for both."""

    def __init__(self, reader: OcrReader | None = None) -> None:
        self._reader = reader or OcrReader()
        self.version = f"{self._reader.version}-page"

    def page(self, photo: Picture) -> list[Line]:
        """See `ml.identify.types.PageReader`."""
        lines = self._largest(self._reader.corners(photo, _size(photo)))
        if len(lines) and _stand_upright(lines):
            photo = np.ascontiguousarray(np.rot90(photo))
            lines = self._largest(self._reader.corners(photo, _size(photo)))
        if not len(lines):
            return []
        strips = [_strip(photo, corners) for corners in lines]
        if self._are_on_their_heads(strips):
            photo = np.ascontiguousarray(photo[::-1, ::-1])
            strips = [np.ascontiguousarray(strip[::-1, ::-1]) for strip in strips]
            lines = np.array([photo.shape[1], photo.shape[0]], np.float32) - np.roll(lines, 2, axis=1)
        return _in_order(lines, self._reader.recognised(strips), photo)

    @staticmethod
    def _largest(lines: Corners) -> Corners:
        """Small print is the most of the lines and says the least."""
        if len(lines) <= MOST_LINES:
            return lines
        heights = np.linalg.norm(lines[:, 3] - lines[:, 0], axis=1)
        return lines[np.sort(np.argsort(-heights)[:MOST_LINES])]

    def _are_on_their_heads(self, strips: Sequence[Picture]) -> bool:
        """Whether the widest lines read better turned by half."""
        widest = sorted(strips, key=lambda strip: -strip.shape[1])[:5]
        both = self._reader.recognised([*widest, *(np.ascontiguousarray(s[::-1, ::-1]) for s in widest)])
        worth = [confidence * min(len(text), 25) if confidence > 0.5 else 0.0 for text, confidence in both]
        return sum(worth[len(widest) :]) > 1.15 * sum(worth[: len(widest)])


def _size(photo: Picture) -> tuple[int, int]:
    """(width, height) to look at, in the multiples of 32 that the network takes."""
    height, width = photo.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    return max(32, round(width * scale / 32) * 32), max(32, round(height * scale / 32) * 32)


def _stand_upright(lines: Corners) -> bool:
    """Whether most of the text runs up or down the photo, by length."""
    across = lines[:, 1] - lines[:, 0]
    tall = np.linalg.norm(lines[:, 3] - lines[:, 0], axis=1)
    extent = np.abs(across)
    standing = np.where(extent[:, 1] > extent[:, 0], np.linalg.norm(across, axis=1), 0.0)
    # A line of text is cut with its long side as its top, save where it is turned by a quarter: then it is tall.
    standing = np.maximum(standing, np.where(tall > 1.6 * np.linalg.norm(across, axis=1), tall, 0.0))
    whole = np.maximum(np.linalg.norm(across, axis=1), tall)
    return bool(standing.sum() > 0.5 * whole.sum())


def _strip(photo: Picture, corners: Corners) -> Picture:
    """A line straightened to LINE_HEIGHT pixels high, with a little room around it."""
    middle = corners.mean(axis=0)
    tall = max(1.0, float(np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2)
    wide = max(1.0, float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2)
    grown = middle + (corners - middle) * np.array([1 + 0.1 * tall / wide, 1.1])
    width = int(np.clip(LINE_HEIGHT * wide / tall, 16, 2400))
    target = np.array([[0, 0], [width, 0], [width, LINE_HEIGHT], [0, LINE_HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(grown.astype(np.float32), target)
    strip = cv2.warpPerspective(
        photo, matrix, (width, LINE_HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(strip, np.uint8)


def _in_order(lines: Corners, read: Sequence[tuple[str, float]], photo: Picture) -> list[Line]:
    """Legible lines from top to bottom."""
    height, width = photo.shape[:2]
    share = np.array([width, height], np.float32)
    found = []
    for corners, (text, confidence) in zip(lines, read, strict=True):
        if text.strip() and confidence >= LEAST_CONFIDENCE:
            low, high = (corners / share).min(axis=0), (corners / share).max(axis=0)
            box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
            found.append(Line(text.strip(), confidence, box))
    return sorted(found, key=lambda line: (line.box[1] + line.box[3], line.box[0]))
