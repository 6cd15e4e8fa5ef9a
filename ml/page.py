"""Where text lines are on a card's picture, and which of them are worth reading. Recognising them: ml/read.py."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ml.lines import BOTTOM_START, TOP_END
from ml.types import Picture

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
MOST_BODY_LINES = 5
THICKEST = 180
"""Pixels of a straightened card from which an outline is a whole picture taken for a line."""


@dataclass(frozen=True, slots=True)
class Page:
    """A card's picture and where its text lines are, in pixels. whole: whether they were looked for everywhere."""

    picture: Picture
    boxes: list[Box]
    tall: list[Box]
    turns: int = 0
    whole: bool = True

    def is_sideways(self) -> bool:
        """Whether most of the text runs upwards or downwards."""
        return len(self.tall) >= 2 and sum(map(_area, self.tall)) > 1.5 * sum(map(_area, self.boxes))

    def inverted(self) -> "Page":
        """The page on its head."""
        boxes, tall = ([mirrored(box, self.picture) for box in found] for found in (self.boxes, self.tall))
        picture = np.ascontiguousarray(self.picture[::-1, ::-1])
        return replace(self, picture=picture, boxes=boxes, tall=tall, turns=self.turns + 2)

    def top(self) -> list[Box]:
        """The lines of the top; where no title was found, the place where titles stand."""
        height, width = self.picture.shape[:2]
        chosen = [b for b in self.boxes if (b[1] + b[3]) / 2 < TOP_END * height]
        wide = [b[2] - b[0] for b in chosen if (b[1] + b[3]) / 2 < 0.12 * height]
        if not wide or max(wide) < 0.15 * width:
            chosen.append((0.05 * width, 0.034 * height, 0.78 * width, 0.094 * height))
        return chosen

    def bottom(self, start: float) -> list[Box]:
        """The lines below a share of the height."""
        return [b for b in self.boxes if (b[1] + b[3]) / 2 > start * self.picture.shape[0]]

    def body(self) -> list[Box]:
        """The first lines between, below the middle, from top to bottom."""
        height = self.picture.shape[0]
        between = [b for b in self.boxes if 0.58 < (b[1] + b[3]) / 2 / height <= BOTTOM_START]
        return sorted(between, key=lambda box: box[1])[:MOST_BODY_LINES]


def mirrored(box: Box, picture: Picture) -> Box:
    """A line's place after a half turn of its page."""
    height, width = picture.shape[:2]
    return width - box[2], height - box[3], width - box[0], height - box[1]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def lying(corners: NDArray[np.float32]) -> tuple[list[Box], list[Box]]:
    """(n, 4, 2) corners as left, top, right, bottom: lines that run across, and lines that run upwards or downwards."""
    wide: list[Box] = []
    tall: list[Box] = []
    for low, high in zip(corners.min(axis=1), corners.max(axis=1), strict=True):
        box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        across, down = high - low
        if min(across, down) > THICKEST:
            continue
        (wide if across > 0.6 * down else tall).append(box)
    return wide, [box for box in tall if box[3] - box[1] > 2 * (box[2] - box[0])]


def cut(picture: Picture, box: Box) -> Picture:
    """A line with a little room round it."""
    left, top, right, bottom = box
    grow = 0.06 * (bottom - top)
    height, width = picture.shape[:2]
    x0, x1 = max(0, int(left - grow)), min(width, int(np.ceil(right + grow)))
    y0, y1 = max(0, int(top - grow)), min(height, int(np.ceil(bottom + grow)))
    return picture[y0 : max(y1, y0 + 4), x0 : max(x1, x0 + 4)]
