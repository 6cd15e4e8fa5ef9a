"""Straightening: a card's outline in a photo becomes an upright picture of one fixed size."""

import numpy as np

from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, warp
from ml.types import Crop, Picture, Quad

PX_PER_MM = 16
RECTIFIED_WIDTH = round(CARD_WIDTH_MM * PX_PER_MM)
RECTIFIED_HEIGHT = round(CARD_HEIGHT_MM * PX_PER_MM)

READABLE_PX_PER_MM = 11.0
"""Below this a 1.5 mm collector number is fewer than about 16 pixels high: reading it is luck."""


def pixels_per_mm(quad: Quad) -> float:
    """What the photo offers across the card's worse axis."""
    return min(quad.width / CARD_WIDTH_MM, quad.height / CARD_HEIGHT_MM)


class PerspectiveRectifier:
    """A perspective warp from the photo's own pixels to 1008 x 1408, which is 16 px per mm of a card."""

    version = "perspective-1"

    def rectify(self, photo: Picture, quad: Quad) -> Crop:
        """See `ml.interfaces.Rectifier`."""
        picture = warp(photo, quad.corners, RECTIFIED_WIDTH, RECTIFIED_HEIGHT)
        return Crop(np.asarray(picture, np.uint8), quad, pixels_per_mm(quad))


def turned(crop: Crop, quarter_turns: int) -> Crop:
    """The same card read with another corner as its top left; a half turn costs no new warp."""
    steps = quarter_turns % 4
    if steps == 0:
        return crop
    if steps == 2:
        return Crop(np.ascontiguousarray(crop.picture[::-1, ::-1]), crop.quad.turned(2), crop.px_per_mm)
    quad = crop.quad.turned(steps)
    rolled = np.rot90(crop.picture, k=steps)
    picture = warp(rolled, _corners(rolled), RECTIFIED_WIDTH, RECTIFIED_HEIGHT)
    return Crop(np.asarray(picture, np.uint8), quad, pixels_per_mm(quad))


def _corners(picture: Picture) -> np.ndarray:
    height, width = picture.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
