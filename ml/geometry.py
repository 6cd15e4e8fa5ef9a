"""Plane geometry of card outlines: ordering corners, overlap, warps. Arrays in, arrays out; no pictures are looked at."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.types import Floats

CARD_WIDTH_MM = 63.0
CARD_HEIGHT_MM = 88.0
CARD_ASPECT = CARD_WIDTH_MM / CARD_HEIGHT_MM

Array = NDArray[Any]


def side_lengths(quads: Array) -> Array:
    """(n, 4, 2) corners -> (n, 4) lengths of the sides that start at each corner."""
    lengths: Array = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    return lengths


def signed_areas(quads: Array) -> Array:
    """(n, k, 2) polygons -> (n,) areas, positive where the corners run clockwise on screen (y points down)."""
    x, y = quads[..., 0], quads[..., 1]
    areas: Array = (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) / 2
    return areas


def portrait(quad: Array) -> Floats:
    """The corners clockwise, the first side a short one, its top as near to the picture's top as the outline allows."""
    q = np.asarray(quad, np.float64).reshape(4, 2)
    if signed_areas(q[None])[0] < 0:
        q = q[::-1]
    lengths = side_lengths(q[None])[0]
    if lengths[0] + lengths[2] > lengths[1] + lengths[3]:
        q = np.roll(q, -1, axis=0)
    top, bottom = (q[0] + q[1]) / 2, (q[2] + q[3]) / 2
    # A card lying on its side is read with its top to the left, as a page turned anticlockwise.
    down = bottom - top
    if down[1] < -0.02 * abs(down[0]) or (abs(down[1]) <= 0.02 * abs(down[0]) and down[0] < 0):
        q = np.roll(q, -2, axis=0)
    return q.astype(np.float32)


def is_convex(quads: Array) -> NDArray[np.bool_]:
    """(n, 4, 2) -> (n,) whether every corner turns the same way."""
    ahead = np.roll(quads, -1, axis=1) - quads
    behind = np.roll(ahead, 1, axis=1)
    cross = behind[..., 0] * ahead[..., 1] - behind[..., 1] * ahead[..., 0]
    same: NDArray[np.bool_] = (cross > 0).all(axis=1) | (cross < 0).all(axis=1)
    return same


def overlap(a: Array, b: Array) -> float:
    """Area in square pixels that two convex outlines share."""
    if (a.max(0) < b.min(0)).any() or (b.max(0) < a.min(0)).any():
        return 0.0
    area, _ = cv2.intersectConvexConvex(a.astype(np.float32), b.astype(np.float32))
    return float(area)


def shared_of_union(a: Array, b: Array) -> float:
    """Intersection over union of two convex outlines, 0..1."""
    shared = overlap(a, b)
    union = cv2.contourArea(a.astype(np.float32)) + cv2.contourArea(b.astype(np.float32)) - shared
    return shared / union if union > 0 else 0.0


def inside(points: Array, quad: Array) -> NDArray[np.bool_]:
    """(n, 2) points -> (n,) whether each lies within a clockwise convex outline."""
    start = quad
    edge = np.roll(quad, -1, axis=0) - quad
    offset = points[:, None, :] - start[None]
    cross = edge[None, :, 0] * offset[..., 1] - edge[None, :, 1] * offset[..., 0]
    within: NDArray[np.bool_] = (cross >= 0).all(axis=1)
    return within


def warp(picture: Array, corners: Array, width: int, height: int) -> Array:
    """The outline stretched to width x height, sampled from enough pixels that a large card does not alias."""
    corners = np.asarray(corners, np.float32)
    lengths = side_lengths(corners[None])[0]
    shrink = min((lengths[0] + lengths[2]) / 2 / width, (lengths[1] + lengths[3]) / 2 / height)
    if shrink > 2.0:
        # Halving the part that matters first is a cheap area filter.
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 4, 0)
        x1, y1 = np.ceil(corners.max(0)).astype(int) + 4
        part = picture[y0:y1, x0:x1]
        if part.size:
            scale = 1.0 / np.floor(shrink)
            size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
            ratio = np.array([size[0] / part.shape[1], size[1] / part.shape[0]], np.float32)
            picture = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            corners = ((corners - np.array([x0, y0], np.float32) + 0.5) * ratio - 0.5).astype(np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(corners, target)
    flags = cv2.INTER_LINEAR if shrink >= 0.7 else cv2.INTER_CUBIC
    warped: Array = cv2.warpPerspective(picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return warped


def resized(corners: Array, scale: Array | float) -> Array:
    """Corners (..., 2) in a picture of another size: whole numbers are the middles of pixels. scale: one, or by x and y."""
    return np.asarray((corners + 0.5) * scale - 0.5)
