"""What pictures are compared by before any network is trained: a 256-bit perceptual hash and a 256-number gradient vector.

hash: grey (BT.601), area-scaled to 64 x 64, two-dimensional DCT-II, the 16 x 16 lowest frequencies in row order; a bit is
set where its coefficient exceeds the median of the 255 that are not the mean brightness. Bits are packed most
significant first (numpy.packbits), so a bit string in a database reads the same.

vector: 96 x 128 Lab; per pixel the strongest channel's gradient, divided by its neighbourhood's mean strength and
clipped, spread over 4 directions (0, 45, 90, 135 degrees, sign ignored); per direction blurred to a 12 x 16 grid, DCT-II,
the 64 lowest frequencies without the mean, each times its radius (frames that all cards share are coarse, what tells
cards apart is finer); 4 x 64 numbers scaled to unit length. Compared by cosine. It bears a shifted outline and glare
better than the hash, the hash bears blur better; together they miss little.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.index import nearness
from ml.types import Bytes, Descriptors, Floats, Picture

_DIRECTIONS = 4
_CELLS_X, _CELLS_Y = 12, 16
_LOW = 64


def _low_frequencies() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Flat positions of the 64 lowest frequencies of a 16 x 12 grid but the mean, lowest first, and their radii."""
    y, x = np.mgrid[0:_CELLS_Y, 0:_CELLS_X]
    radii = np.hypot(y / _CELLS_Y * 4 / 3, x / _CELLS_X).ravel()
    order = np.argsort(radii, kind="stable")[1 : _LOW + 1]
    return order, radii[order].astype(np.float32)


_KEPT, _RADII = _low_frequencies()


def perceptual_hash(picture: Picture) -> Bytes:
    """(height, width, 3) RGB -> (32,) uint8, the packed 256 bits."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:16, :16].ravel()
    return np.packbits(low > np.median(low[1:]))


def gradient_vector(picture: Picture) -> Floats:
    """(height, width, 3) RGB -> (256,) float32 of unit length."""
    width, height = _CELLS_X * 8, _CELLS_Y * 8
    lab = cv2.cvtColor(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    lab = lab.astype(np.float32)
    gx, gy = cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1)
    strength = np.sqrt(gx**2 + gy**2)
    strongest = strength.argmax(axis=2)[..., None]
    gx, gy, strength = (np.take_along_axis(a, strongest, 2)[..., 0] for a in (gx, gy, strength))
    strength = np.minimum(strength / (cv2.GaussianBlur(strength, (0, 0), 12) + 4.0), 3.0)
    angle = (np.arctan2(gy, gx) % np.pi) / np.pi * _DIRECTIONS
    lower = np.floor(angle).astype(np.intp)
    share = angle - lower
    y, x = np.mgrid[0:height, 0:width]
    planes = np.zeros((_DIRECTIONS, height, width), np.float32)
    planes[lower % _DIRECTIONS, y, x] += strength * (1 - share)
    planes[(lower + 1) % _DIRECTIONS, y, x] += strength * share
    parts = []
    for plane in planes:
        cells = cv2.resize(cv2.GaussianBlur(plane, (0, 0), 4), (_CELLS_X, _CELLS_Y), interpolation=cv2.INTER_AREA)
        parts.append(cv2.dct(cells).ravel()[_KEPT] * _RADII)
    vector = np.concatenate(parts)
    return (vector / (np.linalg.norm(vector) + 1e-9)).astype(np.float32)


class HashEmbedder:
    """The descriptors above, for a batch of upright cards."""

    version = "dct256-gradient256-1"
    nearness = nearness

    def embed(self, pictures: Sequence[Picture]) -> Descriptors:
        """See `ml.interfaces.Embedder`."""
        if not pictures:
            return Descriptors(np.zeros((0, 32), np.uint8), np.zeros((0, 256), np.float32))
        small = [cv2.resize(p, (192, 256), interpolation=cv2.INTER_AREA) if p.shape[0] > 320 else p for p in pictures]
        hashes = np.stack([perceptual_hash(np.asarray(p, np.uint8)) for p in small])
        vectors = np.stack([gradient_vector(np.asarray(p, np.uint8)) for p in small])
        return Descriptors(hashes, vectors)
