"""The card on its sheet: straightened with a margin around it, its four physical edges found to a fraction of a pixel."""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Array, warp
from ml.grade.lines import Strip, fitted, found_outer
from ml.types import Crop, Floats, Picture

PX_PER_MM = 16.0
MARGIN_MM = 3.0
SIDES = ("left", "right", "top", "bottom")

_CARD = np.array([[0, 0], [CARD_WIDTH_MM, 0], [CARD_WIDTH_MM, CARD_HEIGHT_MM], [0, CARD_HEIGHT_MM]], np.float32)


@dataclass(frozen=True, slots=True)
class Sheet:
    """picture: the card with `margin` mm of its surroundings, `scale` px per mm. to_mm: (3, 3), sheet pixels to millimetres
    from the card's refined top left corner. seen: by side, whether the physical edge itself was found in the photo.
    """

    picture: Picture
    scale: float
    margin: float
    to_mm: Array
    corners: Floats
    seen: tuple[bool, bool, bool, bool]

    def millimetres(self, points: Array) -> Array:
        """(n, 2) sheet pixels -> (n, 2) mm on the card."""
        moved: Array = cv2.perspectiveTransform(np.asarray(points, np.float64)[None], self.to_mm)[0]
        return moved


def outline(corners: Array, margin: float) -> Floats:
    """The outline `margin` mm outside of a card's corners, in the same pixels. corners: (4, 2) px."""
    to_photo = cv2.getPerspectiveTransform(_CARD, np.asarray(corners, np.float32))
    grown = _CARD + np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32) * margin
    return np.asarray(cv2.perspectiveTransform(grown[None], to_photo)[0], np.float32)


def laid_out(picture: Picture, corners: Array, scale: float, margin: float) -> Picture:
    """The card and its margin straightened to `scale` px per mm."""
    width, height = round((CARD_WIDTH_MM + 2 * margin) * scale), round((CARD_HEIGHT_MM + 2 * margin) * scale)
    return np.asarray(warp(picture, outline(corners, margin), width, height), np.uint8)


def crop_corners(picture: Picture) -> Floats:
    """The corners of a card that fills a picture."""
    height, width = picture.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5


def sheet_of(crop: Crop, photo: Picture | None = None) -> Sheet:
    """Lay the card out with its surroundings and refine its edges.

    photo: where the crop was cut from; without it there are no surroundings, and the crop's own frame counts as the edge.
    """
    if photo is None:
        picture = laid_out(crop.picture, crop_corners(crop.picture), PX_PER_MM, 0.0)
        corners = crop_corners(picture)
        return Sheet(picture, PX_PER_MM, 0.0, _to_mm(corners), corners, (False,) * 4)
    picture = laid_out(photo, crop.quad.corners, PX_PER_MM, MARGIN_MM)
    soft = max(1.2, 0.6 * PX_PER_MM / max(crop.px_per_mm, 1.0))
    lines, seen = [], []
    for side in SIDES:
        strip = Strip.of(picture, side, depth=2 * MARGIN_MM * PX_PER_MM, soft=soft)
        line = found_outer(strip, expected=MARGIN_MM * PX_PER_MM, reach=(MARGIN_MM - 0.6) * PX_PER_MM)
        seen.append(line is not None)
        flat = MARGIN_MM * PX_PER_MM - 0.5
        lines.append(strip.ends(line if line is not None else fitted(flat, flat)))
    corners = _meeting(lines)
    return Sheet(picture, PX_PER_MM, MARGIN_MM, _to_mm(corners), corners, (seen[0], seen[1], seen[2], seen[3]))


def _to_mm(corners: Floats) -> Array:
    return np.asarray(cv2.getPerspectiveTransform(corners, _CARD), np.float64)


def _meeting(lines: list[Array]) -> Floats:
    """Corners, clockwise from the top left, of the left, right, top and bottom line, each given by two points."""
    left, right, top, bottom = (np.cross([*line[0], 1.0], [*line[1], 1.0]) for line in lines)
    points = [np.cross(a, b) for a, b in ((left, top), (right, top), (right, bottom), (left, bottom))]
    return np.array([p[:2] / p[2] for p in points], np.float32)
