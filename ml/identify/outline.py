"""Where a box lies in a photo: the largest four-sided outline that stands out, else the whole photo."""

import cv2
import numpy as np

from ml.geometry import signed_areas, warp
from ml.types import Floats, Picture, Quad

WORKING_SIDE = 500
LEAST_SHARE = 0.12


def whole(photo: Picture) -> Quad:
    """The photo itself."""
    height, width = photo.shape[:2]
    return Quad(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32))


def box_outline(photo: Picture) -> Quad:
    """The box's face, clockwise from its corner nearest to the photo's top left; the whole photo where none stands out."""
    scale = min(1.0, WORKING_SIDE / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    lab = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), 1.5)
    area = small.shape[0] * small.shape[1]
    best, best_area = None, LEAST_SHARE * area
    for edges in _edge_maps(np.asarray(lab, np.uint8)):
        contours, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        for contour in contours:
            hull = cv2.convexHull(contour)
            extent = cv2.contourArea(hull)
            if extent <= best_area or extent > 0.98 * area:
                continue
            corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True).reshape(-1, 2)
            if len(corners) == 4 and cv2.contourArea(corners) > 0.9 * extent:
                best, best_area = corners.astype(np.float32), extent
    return whole(photo) if best is None else Quad(_ordered((best + 0.5) / scale - 0.5))


def straightened(photo: Picture, quad: Quad, *, long_side: int = 1000) -> Picture:
    """The outline as a rectangle of its own proportions."""
    width, height = max(quad.width, 1.0), max(quad.height, 1.0)
    scale = long_side / max(width, height)
    size = max(32, round(width * scale)), max(32, round(height * scale))
    return np.asarray(warp(photo, quad.corners, *size), np.uint8)


def _edge_maps(lab: Picture) -> list[Picture]:
    """Closed edges at two strengths, of the three channels together."""
    maps = []
    for low, high in ((25, 75), (60, 160)):
        joined = np.zeros(lab.shape[:2], np.uint8)
        for channel in cv2.split(lab):
            joined |= np.asarray(cv2.Canny(channel, low, high), np.uint8)
        maps.append(np.asarray(cv2.morphologyEx(joined, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8))
    return maps


def _ordered(corners: Floats) -> Floats:
    if signed_areas(corners[None])[0] < 0:
        corners = corners[::-1]
    return np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0)
