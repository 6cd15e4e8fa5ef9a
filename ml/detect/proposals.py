"""Outlines that might be cards: contours of edge maps, of thresholds and of distance from the background colour."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.geometry import Array, is_convex, side_lengths, signed_areas
from ml.types import Picture

Mask = NDArray[np.uint8]


def masks(photo: Picture) -> Iterator[Mask]:
    """Binary pictures whose contours follow card outlines, each good at another kind of background."""
    for mask in _masks(photo):
        yield np.asarray(mask, np.uint8)


def _masks(photo: Picture) -> Iterator[Array]:
    smooth = cv2.medianBlur(photo, 5)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)
    light = lab[..., 0]
    kernel = np.ones((3, 3), np.uint8)

    equalised = cv2.createCLAHE(2.0, (8, 8)).apply(light)
    for channel, low, high in (
        (light, 20, 60),
        (light, 60, 150),
        (equalised, 60, 140),
        (cv2.convertScaleAbs(lab[..., 1], alpha=2.0, beta=-128), 25, 70),
        (cv2.convertScaleAbs(lab[..., 2], alpha=2.0, beta=-128), 25, 70),
    ):
        edges = cv2.Canny(channel, low, high, L2gradient=True)
        yield cv2.dilate(edges, kernel)
        yield cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))

    for block in (31, 101):
        bright = cv2.adaptiveThreshold(light, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, -4)
        dark = cv2.adaptiveThreshold(light, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 4)
        yield cv2.morphologyEx(bright, cv2.MORPH_OPEN, kernel)
        yield cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)

    colours = lab.astype(np.float32)
    rim = np.concatenate(
        [
            colours[:6].reshape(-1, 3),
            colours[-6:].reshape(-1, 3),
            colours[:, :6].reshape(-1, 3),
            colours[:, -6:].reshape(-1, 3),
        ]
    )
    background = np.median(rim, axis=0)
    distance = np.sqrt((((colours - background) * (0.7, 1.3, 1.3)) ** 2).sum(axis=2))
    scaled = np.clip(distance * 2.0, 0, 255).astype(np.uint8)
    otsu, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_OTSU)
    for share in (0.45, 0.8, 1.15):
        _, far = cv2.threshold(scaled, max(10.0, otsu * share), 255, cv2.THRESH_BINARY)
        yield cv2.morphologyEx(far, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        yield cv2.morphologyEx(far, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))

    saturation = cv2.cvtColor(smooth, cv2.COLOR_RGB2HSV)[..., 1]
    for channel in (light, saturation):
        _, mask = cv2.threshold(channel, 0, 255, cv2.THRESH_OTSU)
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        yield opened
        yield cv2.bitwise_not(opened)
    for level in (45, 70, 110, 190, 215):
        _, mask = cv2.threshold(light, level, 255, cv2.THRESH_BINARY)
        yield mask
        yield cv2.bitwise_not(mask)


def outlines(mask: Mask, smallest: float, largest: float) -> list[Array]:
    """Quadrilaterals around the contours of a mask whose area in pixels lies between the two limits."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found: list[Array] = []
    for contour in contours:
        if len(contour) < 4:
            continue
        _, _, w, h = cv2.boundingRect(contour)
        if w * h < smallest or min(w, h) < 12:
            continue
        hull = cv2.convexHull(contour)
        area = cv2.contourArea(hull)
        if not smallest <= area <= largest:
            continue
        box = cv2.boxPoints(cv2.minAreaRect(hull)).astype(np.float64)
        box_area = abs(float(signed_areas(box[None])[0]))
        if box_area > 0 and area / box_area > 0.82:
            found.append(box)
        perimeter = cv2.arcLength(hull, True)
        for epsilon in (0.02, 0.035, 0.055, 0.08):
            shape = cv2.approxPolyDP(hull, epsilon * perimeter, True)
            if len(shape) == 4:
                found.append(shape.reshape(4, 2).astype(np.float64))
                break
            if len(shape) < 4:
                break
        else:
            continue
    return found


def plausible(
    quads: Array, *, smallest: float, largest: float, aspect: tuple[float, float] = (0.50, 0.95)
) -> NDArray[np.bool_]:
    """(n, 4, 2) -> (n,) whether each could be a card in perspective: convex, card-like sides and corners."""
    lengths = side_lengths(quads)
    a, b = lengths[:, 0] + lengths[:, 2], lengths[:, 1] + lengths[:, 3]
    ratio = np.minimum(a, b) / np.maximum(np.maximum(a, b), 1e-6)
    areas = np.abs(signed_areas(quads))
    opposite = np.minimum(
        np.minimum(lengths[:, 0], lengths[:, 2]) / np.maximum(np.maximum(lengths[:, 0], lengths[:, 2]), 1e-6),
        np.minimum(lengths[:, 1], lengths[:, 3]) / np.maximum(np.maximum(lengths[:, 1], lengths[:, 3]), 1e-6),
    )
    ahead = np.roll(quads, -1, axis=1) - quads
    behind = -np.roll(ahead, 1, axis=1)
    cosine = (ahead * behind).sum(axis=2) / np.maximum(
        np.linalg.norm(ahead, axis=2) * np.linalg.norm(behind, axis=2), 1e-6
    )
    square = np.abs(cosine).max(axis=1) < 0.55
    good: NDArray[np.bool_] = (
        is_convex(quads)
        & (ratio > aspect[0])
        & (ratio < aspect[1])
        & (areas >= smallest)
        & (areas <= largest)
        & (opposite > 0.6)
        & square
    )
    return good
