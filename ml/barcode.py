"""Barcodes in photographs: where they are and what they say. Their numbers alone: gtin.py; whose they are: identify/.

zxing-cpp is loaded with the first photo, so that whoever only imports this module stays small.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ml import gtin
from ml.bars import AGREES, agreement, modules
from ml.types import Floats, Picture, Quad

MOST_SIDE = 3200
"""Larger photos are looked at in this size first: twelve megapixels take 40 ms, and a bar is several pixels wide then."""

ENLARGED = 1.6
ENLARGED_SIDE = 3600
"""Photos are enlarged by the one, to the other at most, where nothing was found: the finest bars run together otherwise."""

QUICK, THOROUGH = "quick", "thorough"


@dataclass(frozen=True, slots=True)
class Barcode:
    """A barcode: 13 digits as `ml.gtin.normal` gives them, and where its bars are in photo pixels."""

    value: str
    quad: Quad


class BarcodeReader:
    """EAN-13, EAN-8, UPC-A and UPC-E, turned any way, by zxing-cpp. Of every code the check digit is verified, and its bars."""

    version = "zxing-cpp-3"

    def read(self, photo: Picture, *, effort: str = QUICK) -> list[Barcode]:
        """Each code once, in reading order. photo: (height, width, 3) uint8 RGB.

        effort: QUICK looks once, which is what every photo bears; THOROUGH looks again at a sharpened, an enlarged and a
        slightly turned copy, for photos that are known to show a box.
        """
        grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
        found = _codes(grey, _within(grey, MOST_SIDE), np.eye(3))
        if not found and effort == THOROUGH:
            for copy, back in _other_ways(grey):
                found = _codes(grey, copy, back)
                if found:
                    break
        return sorted(found.values(), key=lambda code: tuple(code.quad.corners.mean(axis=0)[::-1]))


def _within(grey: Any, side: int) -> Any:
    scale = side / max(grey.shape)
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey


def _other_ways(grey: Any) -> Any:
    """Copies that bring out what the first look missed, each with the matrix from its pixels back to the first look's."""
    base = _within(grey, MOST_SIDE)
    soft = cv2.GaussianBlur(base, (0, 0), 2.0)
    sharp = cv2.addWeighted(base, 2.2, soft, -1.2, 0)
    yield sharp, np.eye(3)
    scale = min(ENLARGED, ENLARGED_SIDE / max(base.shape))
    for copy in (base, sharp) if scale > 1.15 else ():
        large = cv2.resize(copy, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        yield large, np.diag([1 / scale, 1 / scale, 1.0])
    # Bars are scanned along rows and columns: half way between both, a turned code is cut by too few of them.
    height, width = base.shape
    for degrees in (25.0, -25.0, 45.0):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        box = np.abs(turn[:, :2]) @ np.array([width, height])
        turn[:, 2] += box / 2 - np.array([width / 2, height / 2])
        size = (int(box[0]), int(box[1]))
        copy = cv2.warpAffine(base, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        yield copy, np.linalg.inv(np.vstack([turn, [0, 0, 1]]))


def _codes(grey: Any, looked_at: Any, back: Any) -> dict[str, Barcode]:
    """Valid codes by value; `back` leads from `looked_at` to the first look's pixels, which are the photo's times a scale."""
    import zxingcpp

    formats = zxingcpp.BarcodeFormat
    wanted = zxingcpp.BarcodeFormats([formats.EAN13, formats.EAN8, formats.UPCA, formats.UPCE])
    scale = max(1.0, max(grey.shape) / MOST_SIDE)
    found: dict[str, Barcode] = {}
    for code in zxingcpp.read_barcodes(np.ascontiguousarray(looked_at), formats=wanted):
        is_short = code.format == formats.UPCE
        value = gtin.expanded(code.text) if is_short else gtin.normal(code.text)
        if value is None or value in found:
            continue
        corners = _corners(code.position)
        if agreement(looked_at, corners, modules(code.text, code.format.name)) >= AGREES:
            points = np.hstack([corners, np.ones((4, 1))]) @ back.T
            found[value] = Barcode(value, Quad(np.asarray(points[:, :2] * scale, np.float32)))
    return found


def _corners(position: Any) -> Floats:
    corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    return np.array([[corner.x, corner.y] for corner in corners], np.float32)


def drawn(value: str, *, module: int = 4) -> Picture:
    """A picture of a barcode with its quiet zones and digits: UPC-A for numbers that begin with 0, else EAN-13.

    value: 13 digits. module: pixels of the thinnest bar. Raises ValueError where the check digit is wrong.
    """
    import zxingcpp

    if gtin.normal(value) != value:
        raise ValueError(f"{value} is no barcode of 13 digits.")
    formats = zxingcpp.BarcodeFormat
    is_upc = value.startswith("0") and not value.startswith("00000")
    code = zxingcpp.create_barcode(value[1:] if is_upc else value, formats.UPCA if is_upc else formats.EAN13)
    picture = np.array(code.to_image(scale=module, add_hrt=True), np.uint8)
    return np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture[..., :3]
