"""What a picture can show of a card's condition: pixels, sharpness, glare, a sleeve. Each becomes a limit said in words."""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from ml.grade.lines import Strip, refined
from ml.grade.sheet import SIDES, Sheet
from ml.types import Picture

ENOUGH_PX_PER_MM = 14.0
"""From here on fine scratches and small chips can be seen."""


@dataclass(frozen=True, slots=True)
class Quality:
    """px_per_mm: of the photo. softness: width of the sharpest edges in mm. glare: washed out share of the card, 0..1."""

    px_per_mm: float
    softness: float
    glare: float
    is_covered: bool
    edges_seen: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far the grade may lie below and above the estimate, in points, why, and what would help."""

    below: float
    above: float
    limits: tuple[str, ...]
    advice: tuple[str, ...]


def quality_of(sheet: Sheet, *, px_per_mm: float) -> Quality:
    """Measured on the laid out card."""
    return Quality(px_per_mm, softness(sheet), glare(sheet), is_covered(sheet), sum(sheet.seen))


def softness(sheet: Sheet) -> float:
    """Width of the picture's sharpest edges in mm: a step of height s blurred by sigma has a slope of s / (sigma sqrt(2 pi)).

    Taken where the picture is steepest (its steepest half percent), against the height of the step around there.
    """
    grey = cv2.cvtColor(_inside(sheet), cv2.COLOR_RGB2GRAY).astype(np.float32)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8))
    reach = round(0.6 * sheet.scale) | 1
    kernel = np.ones((reach, reach), np.uint8)
    step = cv2.dilate(grey, kernel) - cv2.erode(grey, kernel)
    strong = step > max(24.0, float(np.quantile(step, 0.7)))
    if not strong.any():
        return 1.0
    ratio = float(np.quantile((slope / np.maximum(step, 1))[strong], 0.97))
    return float(1 / (max(ratio, 1e-3) * np.sqrt(2 * np.pi)) / sheet.scale)


def glare(sheet: Sheet) -> float:
    """Share of the card where all colours are at the end of the scale: nothing printed can be seen there."""
    picture = cv2.resize(_inside(sheet), (252, 352), interpolation=cv2.INTER_AREA)
    return float((picture.min(axis=2) >= 251).mean())


def is_covered(sheet: Sheet) -> bool:
    """Whether a sleeve or holder shows around the card: a straight edge beside it on both sides and above or below."""
    if sheet.margin < 2.5:
        return False
    beside = {side: _second_edge(sheet, side) for side in SIDES}
    return beside["left"] and beside["right"] and (beside["top"] or beside["bottom"])


def _second_edge(sheet: Sheet, side: str) -> bool:
    """A line parallel to a side of the card, 0.8 to 2.6 mm outside of it."""
    strip = Strip.of(sheet.picture, side, depth=(sheet.margin + 1) * sheet.scale, soft=1.5)
    steep = np.minimum(np.linalg.norm(strip.change, axis=2), 6.0).mean(axis=0)
    first, last = round(0.4 * sheet.scale), round((sheet.margin - 0.8) * sheet.scale)
    zone = steep[first:last]
    if not len(zone):
        return False
    at = first + int(zone.argmax())
    if steep[at] < 0.8 or steep[at] < 2.5 * float(np.median(zone)):
        return False
    line = refined(strip, float(at), 0.0)
    return line is not None and line.support > 0.75 and line.step > 4.0


def _inside(sheet: Sheet) -> Picture:
    width, height = round(CARD_WIDTH_MM * sheet.scale), round(CARD_HEIGHT_MM * sheet.scale)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(sheet.corners, target)
    return np.asarray(cv2.warpPerspective(sheet.picture, matrix, (width, height)), np.uint8)


def doubt_of(quality: Quality, *, is_centered: bool, has_back: bool) -> Doubt:
    """The range that a picture's quality leaves. Worse pictures never narrow it."""
    below, above = 0.5, 0.5
    limits: list[str] = []
    advice: list[str] = []
    few = max(0.0, ENOUGH_PX_PER_MM / max(quality.px_per_mm, 1.0) - 1)
    soft = max(0.0, quality.softness - max(0.09, 0.9 / max(quality.px_per_mm, 1.0)))
    if few > 0:
        below += min(2.0, 1.2 * few)
        above += min(0.5, 0.4 * few)
        limits.append(
            f"The photo has {quality.px_per_mm:.0f} pixels per millimetre of this card: fine scratches and small chips do not "
            f"show. {ENOUGH_PX_PER_MM:.0f} are needed."
        )
        advice.append("Take a closer photo of this card alone.")
    if soft > 0:
        below += min(1.5, 0.5 + 5 * soft)
        limits.append("The photo is not sharp: small faults are blurred away.")
        advice.append("Hold the phone still, and tap on the card to focus.")
    if quality.glare > 0.01:
        below += min(1.5, 0.25 + 8 * quality.glare)
        limits.append(f"Glare or bright light hides {max(1, round(100 * quality.glare))} % of the card.")
        advice.append("Turn the card away from the lamp.")
    if quality.is_covered:
        below += 0.75
        above += 0.5
        limits.append("The card seems to lie in a sleeve or holder, whose own marks and reflections look like wear.")
        advice.append("Take the card out of its sleeve.")
    if quality.edges_seen < 4:
        below += 0.25
        limits.append("The card's edge does not stand out from the ground on every side.")
        advice.append("Lay the card on a plain ground of another colour than its border.")
    if not is_centered:
        below += 0.5
        above += 0.25
        limits.append("The centering cannot be measured: the card has no plain border all around.")
    if not has_back:
        below += 0.5
        limits.append("The back is not on the photo; it counts for about a third.")
        advice.append("Photograph the back as well.")
    return Doubt(below, above, tuple(limits), tuple(advice))
