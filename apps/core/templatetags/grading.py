"""Estimated grades in words and marks for templates; measuring them is recognition's (see `ml.grade`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template

from ml.grade.grading import Defect, Grading

register = template.Library()

_PARTS = {"centering": "Centering", "corners": "Corners", "edges": "Edges", "surface": "Surface"}
_KINDS = {
    "whitening": "Whitening",
    "bend": "Bend or crease",
    "scratch": "Scratch",
    "print_line": "Print line",
    "stain": "Stain",
}
WIDTH, HEIGHT = 630, 880
_SMALLEST, _RIM, _NUMBER = 34, 8, 22


@dataclass(frozen=True)
class Mark:
    """A numbered box on the picture of WIDTH x HEIGHT, and the same in words."""

    number: int
    x: int
    y: int
    width: int
    height: int
    text: str
    points: str
    side: str

    @property
    def label(self) -> tuple[int, int]:
        """Where the number stands: at the box's top left, always on the picture."""
        return max(_NUMBER, min(WIDTH - _NUMBER, self.x)), max(_NUMBER, min(HEIGHT - _NUMBER, self.y))


@dataclass(frozen=True)
class Part:
    """A subgrade; without a value it could not be measured."""

    name: str
    value: float | None
    detail: str = ""


@dataclass(frozen=True)
class Shown:
    """What a page says about an estimated grade."""

    overall: float
    lowest: float
    highest: float
    parts: list[Part]
    marks: list[Mark]
    limits: tuple[str, ...]
    advice: tuple[str, ...]


@register.simple_tag
def grading_of(told: Mapping[str, Any] | None) -> Shown | None:
    """What to show of a grading as it was stored; None where there is none."""
    if not told:
        return None
    grading = Grading.from_dict(told)
    parts = [Part(name, grading.subgrades.get(part), _detail(grading, part)) for part, name in _PARTS.items()]
    front = [defect for defect in grading.defects if defect.side == "front"]
    behind = [defect for defect in grading.defects if defect.side == "back"]
    marks = [_mark(number, defect) for number, defect in enumerate([*front, *behind], 1)]
    return Shown(grading.overall, grading.lowest, grading.highest, parts, marks, grading.limits, grading.advice)


def _detail(grading: Grading, part: str) -> str:
    """How far a card is off centre, as collectors write it."""
    if part != "centering" or grading.centering is None:
        return ""
    c = grading.centering
    across, down = (f"{round(share)}/{100 - round(share)}" for share in (c.horizontal, c.vertical))
    return f"{across} left to right, {down} top to bottom"


def _mark(number: int, defect: Defect) -> Mark:
    left, top, right, bottom = defect.box
    x0, y0, x1, y1 = left * WIDTH - _RIM, top * HEIGHT - _RIM, right * WIDTH + _RIM, bottom * HEIGHT + _RIM
    wide, high = max(_SMALLEST, x1 - x0), max(_SMALLEST, y1 - y0)
    x = min(max(2.0, (x0 + x1 - wide) / 2), WIDTH - 2 - min(wide, WIDTH - 4))
    y = min(max(2.0, (y0 + y1 - high) / 2), HEIGHT - 2 - min(high, HEIGHT - 4))
    return Mark(
        number,
        round(x),
        round(y),
        round(min(wide, WIDTH - 4)),
        round(min(high, HEIGHT - 4)),
        _words(defect),
        f"−{defect.points:.1f}",
        defect.side,
    )


def _words(defect: Defect) -> str:
    """“Whitening, top left corner, 1.2 mm²”."""
    back = " of the back" if defect.side == "back" else ""
    if defect.kind == "centering":
        return f"Off centre: the {defect.place} border{back} is {defect.extent:.1f} mm wider"
    where = {"corners": f"{defect.place} corner", "edges": f"{defect.place} edge"}.get(defect.part, defect.place)
    unit = "mm²" if defect.part == "corners" or defect.kind == "stain" else "mm"
    return f"{_KINDS[defect.kind]}, {where}{back}, {defect.extent:.1f} {unit}"
