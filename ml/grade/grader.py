"""The grader: lays a card out, measures its centering, lets the net look for wear, and says what grade it may be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Array
from ml.grade.centering import centering_of
from ml.grade.grading import KINDS, Centering, Defect, Grading, Kind, Part
from ml.grade.quality import Quality, doubt_of, quality_of
from ml.grade.scores import centering_score, overall, to_half, wear_scores
from ml.grade.sheet import Sheet, sheet_of
from ml.grade.wear import MARGIN_MM, SCALE, SIZE, Region, eased, net_input, regions
from ml.runtime import Model, load
from ml.types import Crop, Floats, Picture

GRADABLE_PX_PER_MM = 6.0
"""Below this a card's condition is anybody's guess, and none is made."""
MOST_DEFECTS = 24
STRICT, LOOSE = 0.8, -0.8
"""Log odds by which thresholds move for the best and the worst reading : where the net wavers, the range widens."""

Side = Literal["front", "back"]


@dataclass(frozen=True, slots=True)
class _Face:
    """One side of a card, measured."""

    centering: Centering | None
    quality: Quality
    found: list[Region]
    scores: dict[Part, float]
    best: dict[Part, float]
    worst: dict[Part, float]
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class WearGrader:
    """Centering from the borders, corners, edges and surface from the wear net. See `ml.interfaces.Grader`."""

    model: Model

    @property
    def thresholds(self) -> tuple[float | None, ...]:
        """From which probability on each kind of `KINDS` is taken for wear; None: these weights cannot be trusted with it."""
        told = self.model.record["thresholds"]
        return tuple(told[kind] for kind in KINDS)

    @property
    def typical_error(self) -> float:
        """Points by which a subgrade was off on average when the thresholds were chosen, of the kind that was hardest."""
        told = self.model.record["figures"]["calibration"]
        return max(
            (float(told[kind]["error"]) for kind, t in zip(KINDS, self.thresholds, strict=True) if t), default=0.0
        )

    @property
    def version(self) -> str:
        """Of the net's weights file, as it is called."""
        return f"grade-{self.model.version}"

    @classmethod
    def shipped(cls, *, threads: int = 0, backend: str = "onnx") -> "WearGrader":
        """With the newest weights. Raises `ml.runtime.CannotLoad`."""
        return cls(load("grade", threads=threads, backend=backend))

    def grade(
        self,
        crop: Crop,
        photo: Picture | None = None,
        *,
        reference: Picture | None = None,
        back: Crop | None = None,
        back_photo: Picture | None = None,
    ) -> Grading | None:
        """See `ml.interfaces.Grader`."""
        if crop.px_per_mm < GRADABLE_PX_PER_MM or (back is not None and back.px_per_mm < GRADABLE_PX_PER_MM):
            return None
        front = self._looked_at(crop, photo, "front", reference)
        if not front.scores:
            return None
        behind = None if back is None else self._looked_at(back, back_photo, "back", None)
        doubt = doubt_of(_worse(front, behind), is_centered=front.centering is not None, has_back=behind is not None)
        estimate = overall(front.scores, behind.scores if behind else None)
        best = overall(front.best, behind.best if behind else None)
        worst = overall(front.worst, behind.worst if behind else None)
        defects = _defects(front, "front") + (_defects(behind, "back") if behind else [])
        defects.sort(key=lambda defect: -defect.points)
        scores = dict(front.scores)
        if behind:
            scores = {
                part: value if part not in behind.scores else value**0.7 * behind.scores[part] ** 0.3
                for part, value in scores.items()
            }
        return Grading(
            overall=estimate,
            lowest=to_half(min(worst, estimate) - doubt.below - self.typical_error),
            highest=to_half_up(max(best, estimate) + doubt.above),
            centering=front.centering,
            subgrades={part: to_half(value) for part, value in scores.items()},
            defects=tuple(defects[:MOST_DEFECTS]),
            limits=(*doubt.limits, *_missed(self.typical_error), *_not_judged(self.thresholds)),
            advice=doubt.advice,
            back_centering=behind.centering if behind else None,
            version=self.version,
        )

    def _looked_at(self, crop: Crop, photo: Picture | None, side: Side, reference: Picture | None) -> _Face:
        sheet = sheet_of(crop, photo)
        centering = centering_of(sheet, px_per_mm=crop.px_per_mm, reference=reference)
        masks = self.masks_of(net_input(net_picture(sheet)))
        readings = [
            regions(masks, thresholds=[t and eased(t, by) for t in self.thresholds]) for by in (0.0, STRICT, LOOSE)
        ]
        scores, best, worst = (_judged(wear_scores(found), self.thresholds) for found in readings)
        if centering is not None:
            spread = 1.64 * centering.error
            for graded, share in ((scores, 0.0), (best, -spread), (worst, spread)):
                graded["centering"] = centering_score(min(100.0, max(50.0, centering.worst + share)), side)
        return _Face(centering, quality_of(sheet, px_per_mm=crop.px_per_mm), readings[0], scores, best, worst, sheet)

    def masks_of(self, pixels: Floats) -> Floats:
        """(5, 228, 164) probability of each kind of wear by cell. pixels: `ml.grade.wear.net_input` of one card."""
        (logits,) = self.model.run(pixels[None])
        return np.asarray(1 / (1 + np.exp(-np.clip(logits[0], -30, 30))), np.float32)


_NAMES: dict[Kind, str] = {
    "whitening": "whitening", "bend": "creases", "scratch": "scratches", "print_line": "print lines", "stain": "stains",
}  # fmt: skip


def _judged(scores: dict[Part, float], thresholds: Sequence[float | None]) -> dict[Part, float]:
    """Without the parts that the net cannot judge: a surface on which it sees no crease would be a 10."""
    trusted = {kind for kind, threshold in zip(KINDS, thresholds, strict=True) if threshold is not None}
    edges = "whitening" in trusted
    can = {"corners": edges, "edges": edges, "surface": "bend" in trusted}
    return {part: score for part, score in scores.items() if can[part]}


def _missed(error: float) -> tuple[str, ...]:
    """That much wear is not found, where that is so."""
    if error < 1:
        return ()
    return ("Only the plainest wear is found: a card that you see is worn can be several grades lower.",)


def _not_judged(thresholds: Sequence[float | None]) -> tuple[str, ...]:
    """What the net does not look for, said."""
    missing = [_NAMES[kind] for kind, threshold in zip(KINDS, thresholds, strict=True) if threshold is None]
    if not missing:
        return ()
    listed = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    return (f"{listed[0].upper()}{listed[1:]} are not looked for: check them yourself.",)


def net_picture(sheet: Sheet) -> Picture:
    """The sheet at the net's scale, its refined corners where the net expects the card's."""
    x, y = MARGIN_MM
    card = np.array([[0, 0], [CARD_WIDTH_MM, 0], [CARD_WIDTH_MM, CARD_HEIGHT_MM], [0, CARD_HEIGHT_MM]]) + np.array(
        [x, y]
    )
    matrix = cv2.getPerspectiveTransform(sheet.corners, (card * SCALE - 0.5).astype(np.float32))
    soft = cv2.GaussianBlur(sheet.picture, (0, 0), 0.35 * sheet.scale / SCALE)
    return np.asarray(
        cv2.warpPerspective(soft, matrix, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def to_half_up(grade: float) -> float:
    """The half grade at or above, within 1 to 10."""
    return float(min(10.0, max(1.0, np.ceil(2 * grade - 0.02) / 2)))


def _worse(front: _Face, back: _Face | None) -> Quality:
    """The qualities of two photos as one: a card is known as well as its worse side is."""
    if back is None:
        return front.quality
    a, b = front.quality, back.quality
    return Quality(
        min(a.px_per_mm, b.px_per_mm),
        max(a.softness, b.softness),
        max(a.glare, b.glare),
        a.is_covered or b.is_covered,
        min(a.edges_seen, b.edges_seen),
    )


def _defects(face: _Face, side: Side) -> list[Defect]:
    """Regions with what each costs, as boxes on the crop; centering too, where it costs something."""
    to_crop = _to_crop(face.sheet)
    told = []
    for region in face.found:
        if region.part not in face.scores:
            continue
        rest = wear_scores([other for other in face.found if other is not region])
        points = rest[region.part] - face.scores[region.part]
        if points < 0.05:
            continue
        extent = region.area if region.part == "corners" or region.kind == "stain" else region.length
        told.append(Defect(region.kind, region.part, region.place, _box(region.box, to_crop), extent, points, side))
    return told + _off_center(face, to_crop, side)


def _off_center(face: _Face, to_crop: Array, side: Side) -> list[Defect]:
    """The wider border of each axis that costs points."""
    c = face.centering
    if c is None:
        return []
    width, height = CARD_WIDTH_MM, CARD_HEIGHT_MM
    left = ("left", c.left, (0.0, 0.0, c.left, height))
    right = ("right", c.right, (width - c.right, 0.0, width, height))
    top = ("top", c.top, (0.0, 0.0, width, c.top))
    bottom = ("bottom", c.bottom, (0.0, height - c.bottom, width, height))
    told = []
    for share, one, other in ((c.horizontal, left, right), (c.vertical, top, bottom)):
        points = 10 - centering_score(share, side)
        if points > 0:
            place, _, box = max(one, other, key=lambda border: border[1])
            wider = abs(one[1] - other[1])
            told.append(Defect("centering", "centering", place, _box(box, to_crop), wider, points, side))
    return told


def _to_crop(sheet: Sheet) -> Array:
    """(3, 3) from mm on the card to shares of the crop's width and height."""
    to_sheet = np.linalg.inv(sheet.to_mm)
    width = CARD_WIDTH_MM * sheet.scale
    height = CARD_HEIGHT_MM * sheet.scale
    off = sheet.margin * sheet.scale - 0.5
    to_share = np.array([[1 / width, 0, -off / width], [0, 1 / height, -off / height], [0, 0, 1.0]])
    moved: Array = to_share @ to_sheet
    return moved


def _box(box: Sequence[float], to_crop: Array) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], np.float64)
    moved = np.clip(cv2.perspectiveTransform(corners, to_crop)[0], 0, 1)
    (x0, y0), (x1, y1) = moved.min(axis=0), moved.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)
