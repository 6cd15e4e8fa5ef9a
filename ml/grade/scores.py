"""From measurements to subgrades and an overall grade: tables and formulas, no pictures.

Centering follows PSA's published limits. For corners, edges and surface the grading companies publish words ("slight fraying
at one or two corners", "a light crease"), not sizes; the sizes in millimetres below are our reading of those words, set so
that wear which a collector would call light, moderate and heavy comes out near 9, 7 and 5.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import numpy as np

from ml.grade.grading import Kind, Part
from ml.grade.wear import Region

Steps = tuple[tuple[float, float], ...]

PSA_FRONT: Steps = (
    (55, 10), (60, 9), (65, 8), (70, 7), (80, 6), (85, 5), (90, 3), (95, 2), (100, 1),
)  # fmt: skip
"""Largest share of the wider border, in percent, that a grade allows on the front (PSA grading standards, 2025)."""
PSA_BACK: Steps = ((75, 10), (90, 9), (95, 2), (100, 1))
"""The same on the back: 75/25 for a 10, 90/10 for all grades below."""

CORNER: Steps = ((0, 10), (0.3, 9.5), (0.8, 9), (2, 8), (4, 7), (8, 6), (14, 5), (24, 4), (40, 3), (70, 2), (110, 1))
"""Whitened mm2 of one corner."""
EDGES: Steps = (
    (0, 10),
    (0.8, 9.5),
    (2.5, 9),
    (8, 8),
    (18, 7),
    (35, 6),
    (60, 5),
    (100, 4),
    (160, 3),
    (230, 2),
    (300, 1),
)
"""Whitened mm along all edges; the whole outline is 302."""
SURFACE: Mapping[Kind, Steps] = {
    "bend": ((0, 10), (1, 8.5), (3, 7), (7, 6), (14, 5), (32, 4), (65, 3), (130, 2), (300, 1)),
    "scratch": ((0, 10), (4, 9.5), (10, 9), (28, 8), (65, 7), (130, 6), (260, 5), (520, 4), (1200, 2)),
    "print_line": ((0, 10), (45, 9.5), (100, 9), (220, 8.5), (400, 8), (1200, 6)),
    "stain": ((0, 10), (1, 9.5), (4, 9), (14, 8), (45, 7), (130, 6), (400, 5), (1200, 4), (3500, 2)),
    "whitening": ((0, 10), (4, 9.5), (10, 9), (28, 8), (65, 7), (130, 6), (260, 5), (520, 4)),
}
"""Millimetres of length, or mm2 of a stain. A 10 allows a slight print flaw, no stain; a crease ends hopes above a 6."""

TOGETHER = 2.5
"""Exponent by which deductions join: several faults cost more than the worst of them, and less than their sum."""


def graded(value: float, steps: Steps) -> float:
    """Straight between the steps of a table, level beyond its ends. Falls, or stays, as `value` grows."""
    return float(np.interp(value, [at for at, _ in steps], [grade for _, grade in steps]))


def to_half(grade: float) -> float:
    """The half grade at or below, within 1 to 10; a hundredth short of the next one is that one."""
    return float(min(10.0, max(1.0, math.floor(2 * grade + 0.02) / 2)))


def centering_score(share: float, side: Literal["front", "back"] = "front") -> float:
    """The best grade that allows this centering, halves between the limits. share: percent of the wider border, 50 to 100.

    PSA judges the worse axis: give the larger of the two shares.
    """
    return to_half(graded(share, PSA_FRONT if side == "front" else PSA_BACK))


def joined(deductions: Iterable[float]) -> float:
    """Deductions of several faults as one: their norm with exponent TOGETHER."""
    return float(sum(d**TOGETHER for d in deductions if d > 0) ** (1 / TOGETHER))


def wear_scores(found: Sequence[Region]) -> dict[Part, float]:
    """Subgrades of corners, edges and surface, 1 to 10, not rounded. More or larger wear never gives a better one."""
    corners: dict[str, float] = {}
    along, lengths, stains = 0.0, dict.fromkeys(SURFACE, 0.0), 0.0
    for region in found:
        if region.part == "corners":
            corners[region.place] = corners.get(region.place, 0.0) + region.area
        elif region.part == "edges":
            along += region.length
        elif region.kind == "stain":
            stains += region.area
        else:
            lengths[region.kind] += region.length
    lengths["stain"] = stains
    lost: dict[Part, float] = {
        "corners": joined(10 - graded(area, CORNER) for area in corners.values()),
        "edges": 10 - graded(along, EDGES),
        "surface": joined(10 - graded(lengths[kind], steps) for kind, steps in SURFACE.items()),
    }
    return {part: max(1.0, 10 - deduction) for part, deduction in lost.items()}


def overall(front: Mapping[Part, float], back: Mapping[Part, float] | None = None) -> float:
    """One grade, 1 to 10 in halves, from the subgrades that could be measured.

    The geometric mean, front 70 % and back 30 % where there is a back, and never more than the lowest subgrade plus one:
    the mean alone would give a creased card with three perfect subgrades an 8, which no grading company does.
    Raises ValueError without any subgrade.
    """
    if not front:
        raise ValueError("No part could be graded.")
    mean = _geometric(front.values())
    lowest = min(front.values())
    if back:
        mean = mean**0.7 * _geometric(back.values()) ** 0.3
        lowest = min(lowest, *back.values())
    return to_half(min(mean, lowest + 1))


def _geometric(values: Iterable[float]) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(sum(logs) / len(logs))
