"""Centering: the widths of the printed border on all four sides, or the design's place against a reference picture."""

import cv2
import numpy as np

from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Array
from ml.grade.grading import Centering
from ml.grade.lines import Line, Strip, found_inner
from ml.grade.sheet import SIDES, Sheet
from ml.types import Picture

NARROWEST_MM, WIDEST_MM = 0.9, 9.0
NOMINAL_MM = 2.5
"""On a card without a border, the distance from which a shift counts: what prints to the edge is cut with about this spare."""


def centering_of(sheet: Sheet, *, px_per_mm: float, reference: Picture | None = None) -> Centering | None:
    """The centering of a card; None where it has no plain border and no reference shows where the design should lie.

    Each side's border ends where its own colour ends: a line is fitted through that change along the middle 82 % of the
    side, and its distance from the card's edge is taken at the side's middle, in millimetres after the perspective of the
    four refined edges is undone. px_per_mm: what the photo itself offered; it bounds the error.
    reference: the same printing, straight and well centred, filling the picture.
    """
    lines = {side: _border(sheet, side, px_per_mm) for side in SIDES}
    found = {side: pair for side, pair in lines.items() if pair is not None}
    if len(found) == 4:
        widths = {side: width for side, (width, _) in found.items()}
        if _are_borders(widths):
            return _centering(sheet, widths, [line for _, line in found.values()], px_per_mm)
    return None if reference is None else against_reference(sheet, reference, px_per_mm=px_per_mm)


def _border(sheet: Sheet, side: str, px_per_mm: float) -> tuple[float, Line] | None:
    """Width of one side's border in mm at its middle, and the line where it ends."""
    scale = sheet.scale
    soft = max(1.2, 0.6 * scale / max(px_per_mm, 1.0))
    strip = Strip.of(sheet.picture, side, depth=(sheet.margin + WIDEST_MM + 2.5) * scale, soft=soft)
    edge = _edge_in(strip, sheet, side)
    nearest = NARROWEST_MM * scale + 0.5 * soft
    line = found_inner(strip, edge, nearest=nearest, furthest=WIDEST_MM * scale)
    if line is None:
        return None
    ends = sheet.millimetres(strip.ends(line))
    along, across = (1, 0) if side in ("left", "right") else (0, 1)
    length = (CARD_WIDTH_MM, CARD_HEIGHT_MM)[along]
    middle = _at(ends, along, across, length / 2)
    full = (CARD_WIDTH_MM, CARD_HEIGHT_MM)[across]
    return (middle if side in ("left", "top") else full - middle), line


def _at(ends: Array, along: int, across: int, where: float) -> float:
    first, last = ends
    share = (where - first[along]) / (last[along] - first[along])
    return float(first[across] + share * (last[across] - first[across]))


def _edge_in(strip: Strip, sheet: Sheet, side: str) -> Line:
    """The refined edge of the card as depths in a strip."""
    a, b, c, d = sheet.corners.astype(np.float64)
    first, last = {"left": (a, d), "right": (b, c), "top": (a, b), "bottom": (d, c)}[side]
    along, across = (1, 0) if side in ("left", "right") else (0, 1)
    ends = np.stack([first, last])
    width, height = strip.extent
    depths = []
    for where in (strip.along[0], strip.along[-1]):
        place = _at(ends, along, across, float(where))
        depths.append(place if side in ("left", "top") else (width, height)[across] - 1 - place)
    return Line(depths[0], depths[1], 0.0, 1.0, 0.0)


def _are_borders(widths: dict[str, float]) -> bool:
    """Whether four widths can be one frame: a picture's own lines rarely make one on all sides."""
    sizes = np.array(list(widths.values()))
    if sizes.min() < 0.5 * NARROWEST_MM or sizes.max() > WIDEST_MM + 1:
        return False
    return bool(max(widths["left"], widths["right"]) < 12 * min(widths["left"], widths["right"]))


def _centering(sheet: Sheet, widths: dict[str, float], lines: list[Line], px_per_mm: float) -> Centering:
    # What repeats along the side averages out; what does not is the camera's: about a tenth of its pixel at each edge.
    scatter = max(line.scatter for line in lines) / sheet.scale
    unseen = 0.0 if all(sheet.seen) else 0.25
    doubt = float(np.hypot(np.hypot(scatter, 0.1 / max(px_per_mm, 1.0)), unseen)) * np.sqrt(2)
    narrow = min(widths["left"] + widths["right"], widths["top"] + widths["bottom"])
    return Centering.of(
        widths["left"], widths["right"], widths["top"], widths["bottom"], error=min(25.0, 100 * doubt / narrow)
    )


def against_reference(sheet: Sheet, reference: Picture, *, px_per_mm: float) -> Centering | None:
    """Centering of a borderless card: how far the design is shifted against a well-centred picture of the same printing.

    The design is placed by maximising the correlation under an affine map (Evangelidis and Psarakis, 2008). None where the
    two pictures do not agree, as those of different printings.
    """
    scale = 6.0
    size = (round(CARD_WIDTH_MM * scale), round(CARD_HEIGHT_MM * scale))
    target = np.array([[0, 0], [size[0], 0], size, [0, size[1]]], np.float32) - 0.5
    card = cv2.warpPerspective(sheet.picture, cv2.getPerspectiveTransform(sheet.corners, target), size)
    shrink = cv2.resize(reference, size, interpolation=cv2.INTER_AREA)
    ours, theirs = (
        cv2.GaussianBlur(cv2.cvtColor(np.asarray(p, np.uint8), cv2.COLOR_RGB2GRAY), (0, 0), 1.5) for p in (card, shrink)
    )
    mask = np.zeros(ours.shape, np.uint8)
    rim = round(3 * scale)
    mask[rim:-rim, rim:-rim] = 255
    affine: Array = np.eye(2, 3, dtype=np.float32)
    until = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
    try:
        agreement, affine = cv2.findTransformECC(theirs, ours, affine, cv2.MOTION_AFFINE, until, mask, 5)
    except cv2.error:
        return None
    if agreement < 0.8:
        return None
    middle = np.array([size[0] / 2, size[1] / 2, 1.0])
    shift = (np.asarray(affine, np.float64) @ middle - middle[:2]) / scale
    if np.abs(shift).max() >= NOMINAL_MM:
        return None
    doubt = float(np.hypot(0.12, 0.15 / max(px_per_mm, 1.0))) + (0.0 if all(sheet.seen) else 0.25)
    return Centering.of(
        NOMINAL_MM + shift[0],
        NOMINAL_MM - shift[0],
        NOMINAL_MM + shift[1],
        NOMINAL_MM - shift[1],
        error=100 * doubt / (2 * NOMINAL_MM),
        by="reference",
    )
