"""Words on drawn cards: Latin letters, signs of a script that nobody reads, and text to set in them."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from ml.generate.artwork import Colour
from ml.types import Picture


@lru_cache(maxsize=256)
def _font(height: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def words(picture: Picture, text: str, at: tuple[float, float], height: float, ink: Colour, _seed: int = 0) -> None:
    """A line of Latin letters, its upper left corner at `at`, cut off at the picture's edge."""
    if height < 2.5 or not text:
        return
    mask = _font(round(height * 2) / 2).getmask(text, mode="L")
    _inked(picture, np.asarray(mask, np.uint8).reshape(mask.size[::-1]), at, ink)


def glyphs(picture: Picture, text: str, at: tuple[float, float], height: float, ink: Colour, seed: int = 0) -> None:
    """A line of square signs of a script that nobody reads, as long as `text`."""
    cells = max(1, round(len(text) * 0.55))
    signs = (np.random.default_rng([seed, len(text)]).random((9, 9 * cells)) < 0.45).astype(np.uint8) * 255
    signs[:, ::9], signs[0] = 0, 0
    size = (max(1, round(height * cells)), max(1, round(height)))
    _inked(picture, cv2.resize(signs, size, interpolation=cv2.INTER_AREA), at, ink)


def _inked(picture: Picture, mask: NDArray[np.uint8], at: tuple[float, float], ink: Colour) -> None:
    x, y = max(0, round(at[0])), max(0, round(at[1]))
    part = picture[y : y + mask.shape[0], x : x + mask.shape[1]]
    if part.size:
        cover = mask[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
        part[:] = (part * (1 - cover) + np.array(ink, np.float32) * cover).astype(np.uint8)


SYLLABLES = [
    "an",
    "be",
    "cal",
    "der",
    "el",
    "for",
    "gi",
    "hol",
    "in",
    "ka",
    "lor",
    "me",
    "no",
    "or",
    "per",
    "qua",
    "ris",
    "sen",
    "tu",
    "un",
    "ve",
    "wil",
    "yo",
    "za",
]
