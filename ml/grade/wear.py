"""Wear on a straightened card: the net's masks, joined into regions with a size in millimetres."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from ml.grade.grading import KINDS, Kind, Part
from ml.types import Floats, Picture

SCALE = 10.0
MARGIN_MM = (1.3, 1.6)
"""Left and right, top and bottom: what makes the sheet a multiple of 16 px."""
SIZE = (656, 912)
STRIDE = 4
CELL_MM = STRIDE / SCALE
CORNER_ZONE_MM = 7.0
EDGE_ZONE_MM = 2.0
_CORNER_RADIUS_MM = 3.0
PLACES = ("top left", "top right", "bottom right", "bottom left")


@dataclass(frozen=True, slots=True)
class Region:
    """One connected piece of wear. box: left, top, right, bottom in mm from the card's top left. length, area: mm, mm2.

    sureness: mean of the mask over it, 0..1.
    """

    kind: Kind
    part: Part
    place: str
    box: tuple[float, float, float, float]
    length: float
    area: float
    sureness: float


def edge_distance() -> Floats:
    """(h, w) mm from the card's edge for each pixel of the sheet, positive inside, its corners rounded."""
    width, height = SIZE
    x = (np.arange(width, dtype=np.float32) + 0.5) / SCALE - MARGIN_MM[0]
    y = (np.arange(height, dtype=np.float32) + 0.5) / SCALE - MARGIN_MM[1]
    dx = np.abs(x - CARD_WIDTH_MM / 2)[None] - (CARD_WIDTH_MM / 2 - _CORNER_RADIUS_MM)
    dy = np.abs(y - CARD_HEIGHT_MM / 2)[:, None] - (CARD_HEIGHT_MM / 2 - _CORNER_RADIUS_MM)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    inside = np.minimum(np.maximum(dx, dy), 0)
    return np.asarray(_CORNER_RADIUS_MM - outside - inside, np.float32)


_DISTANCE = edge_distance()
_NEAR_EDGE = np.tanh(_DISTANCE / 1.5).astype(np.float32)[None]
_INSIDE = _DISTANCE[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]


def net_input(picture: Picture) -> Floats:
    """(912, 656, 3) uint8 sheet -> (4, 912, 656): colours in -1..1 and the squashed distance from the card's edge."""
    colours = picture.astype(np.float32).transpose(2, 0, 1) / 127.5 - 1
    return np.concatenate([colours, _NEAR_EDGE])


def eased(probability: float, by: float) -> float:
    """A probability whose odds are e**by times as good."""
    odds = probability / (1 - probability) * math.exp(by)
    return odds / (1 + odds)


def regions(masks: Floats, *, thresholds: Sequence[float | None]) -> list[Region]:
    """Join cells above a kind's threshold into regions. masks: (5, 228, 164) probabilities, as KINDS.

    A region needs a peak at its threshold and reaches on where the odds are a third of it (hysteresis: Canny, 1986), so that
    a scratch does not fall apart. Whitening counts along the edge only. A threshold of None leaves its kind out.
    """
    found = []
    for kind, mask, threshold in zip(KINDS, masks, thresholds, strict=True):
        if threshold is None:
            continue
        inside = np.where(_INSIDE > -0.4, mask, 0)
        if kind == "whitening":
            inside = np.where(_INSIDE < EDGE_ZONE_MM + 1.0, inside, 0)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            (inside > eased(threshold, -1.0)).astype(np.uint8), connectivity=8
        )
        peaks = np.zeros(count)
        np.maximum.at(peaks, np.asarray(labels, np.intp).ravel(), inside.ravel())
        for number in range(1, count):
            if peaks[number] < threshold:
                continue
            x, y, w, h, cells = (int(v) for v in stats[number])
            own = labels[y : y + h, x : x + w] == number
            found += _split(kind, own, inside[y : y + h, x : x + w], x, y, cells)
    return found


def _split(kind: Kind, own: np.ndarray, values: Floats, x: int, y: int, cells: int) -> list[Region]:
    """A region as it is, or, for whitening that runs along several edges, one for each corner and edge it touches."""
    rows, columns = np.nonzero(own)
    across = (columns + x + 0.5) * CELL_MM - MARGIN_MM[0]
    down = (rows + y + 0.5) * CELL_MM - MARGIN_MM[1]
    sure = values[rows, columns]
    if kind != "whitening":
        part, place = _where(kind, float(across.mean()), float(down.mean()))
        return [_region(kind, part, place, across, down, sure)]
    zones = _zones(across, down)
    return [
        _region(
            kind,
            "corners" if " " in zone else "edges",
            zone,
            across[zones == zone],
            down[zones == zone],
            sure[zones == zone],
        )
        for zone in dict.fromkeys(zones.tolist())
    ]


def _zones(across: Floats, down: Floats) -> np.ndarray:
    """For points in mm, the corner (two words) or edge (one word) that each is nearest to."""
    left, top = across < CARD_WIDTH_MM / 2, down < CARD_HEIGHT_MM / 2
    dx = np.minimum(np.abs(across), np.abs(CARD_WIDTH_MM - across))
    dy = np.minimum(np.abs(down), np.abs(CARD_HEIGHT_MM - down))
    corner = (dx < CORNER_ZONE_MM) & (dy < CORNER_ZONE_MM)
    vertical = np.where(top, "top", "bottom")
    horizontal = np.where(left, "left", "right")
    edge = np.where(dx < dy, horizontal, vertical)
    both = np.char.add(np.char.add(vertical, " "), horizontal)
    return np.where(corner, both, edge)


def _where(kind: Kind, across: float, down: float) -> tuple[Part, str]:
    """The part that a fault of the surface counts against, and where it is in words."""
    rows = ("top", "middle", "bottom")[min(2, max(0, int(3 * down / CARD_HEIGHT_MM)))]
    columns = ("left", "middle", "right")[min(2, max(0, int(3 * across / CARD_WIDTH_MM)))]
    place = "middle" if rows == columns else f"{rows} {columns}".replace(" middle", "").replace("middle ", "")
    return "surface", place


def _region(kind: Kind, part: Part, place: str, across: Floats, down: Floats, sure: Floats) -> Region:
    points = np.column_stack([across, down]).astype(np.float32)
    (_, _), (w, h), _ = cv2.minAreaRect(points) if len(points) > 2 else ((0, 0), np.ptp(points, axis=0), 0)
    half = CELL_MM / 2
    box = (
        float(np.clip(across.min() - half, 0, CARD_WIDTH_MM)),
        float(np.clip(down.min() - half, 0, CARD_HEIGHT_MM)),
        float(np.clip(across.max() + half, 0, CARD_WIDTH_MM)),
        float(np.clip(down.max() + half, 0, CARD_HEIGHT_MM)),
    )
    return Region(kind, part, place, box, float(max(w, h)) + CELL_MM, len(points) * CELL_MM**2, float(sure.mean()))
