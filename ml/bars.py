"""Whether the bars of a photo really are those of a number: misread codes pass a check digit one time in ten.

A code that is read from bars of hardly more than a pixel each is often another one's. Drawn again and laid over the photo,
the right bars agree at 0.93 and more (normalised correlation), those of misread numbers at 0.93 and less.
"""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.types import Floats

AGREES = 0.932
PER_MODULE = 4
MARGIN = 3
ROWS = 5
WINDOW = 20 * PER_MODULE + 1
"""Brightness is compared with its surroundings of 20 modules, so that a shadow or a lamp across the bars does no harm."""


@lru_cache(maxsize=256)
def modules(text: str, format_name: str) -> Floats:
    """1 where the code has a bar, 0 where it has none, a value per module; without quiet zones."""
    import zxingcpp

    code = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(format_name))
    picture = np.array(code.to_image(scale=1, add_hrt=False, add_quiet_zones=False), np.uint8)
    return (picture[0] < 128).astype(np.float32)


def agreement(grey: Any, corners: Floats, bars: Floats) -> float:
    """How well the photo agrees with the bars, -1 to 1. corners: (4, 2) of the code, clockwise from where it begins.

    The best over small shifts and stretches, and over the mean of several rows and each of them.
    """
    width = len(bars) * PER_MODULE
    profiles = _profiles(grey, corners, width)
    sharp = np.repeat(bars, PER_MODULE)[None]
    templates = [_above_surroundings(cv2.GaussianBlur(sharp, (0, 0), sigma)) for sigma in (0.6, 1.5, 3.0)]
    best = -1.0
    for stretch in (0.98, 0.99, 1.0, 1.01, 1.02):
        span = round(width * stretch)
        for shift in range(-2 * PER_MODULE, 2 * PER_MODULE + 1):
            start = MARGIN * PER_MODULE + (width - span) // 2 + shift
            if start < 0 or start + span > profiles.shape[1]:
                continue
            part = cv2.resize(profiles[:, start : start + span], (width, len(profiles)))
            part = _above_surroundings(part)
            strength = np.sqrt((part**2).sum(axis=1)) + 1e-6
            for template in templates:
                alike = part @ template[0] / (strength * np.sqrt((template**2).sum()))
                best = max(best, float(alike.max()))
    return best


def _profiles(grey: Any, corners: Floats, width: int) -> NDArray[np.float32]:
    """Darkness along ROWS lines across the code with MARGIN modules on both sides, and their mean first."""
    source = np.array([[0, 0], [width, 0], [width, 1], [0, 1]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.asarray(corners, np.float32))
    along = np.arange(-MARGIN * PER_MODULE, width + MARGIN * PER_MODULE) + 0.5
    x, y = np.meshgrid(along, np.linspace(0.25, 0.7, ROWS))
    points = np.stack([x, y], axis=-1).reshape(-1, 1, 2).astype(np.float32)
    places = cv2.perspectiveTransform(points, matrix).reshape(ROWS, len(along), 2)
    rows = cv2.remap(grey, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    rows = 255.0 - rows.astype(np.float32)
    return np.vstack([rows.mean(axis=0, keepdims=True), rows])


def _above_surroundings(rows: Any) -> Any:
    return rows - cv2.blur(rows, (WINDOW, 1), borderType=cv2.BORDER_REFLECT)
