"""How far estimated grading is off, against cards whose borders and wear are known.

    python -m tests.benchmarks grading [--large]

Centering in percentage points of the worse axis, by what the photograph offers and by its light, from outlines that are
off as a detector's are; against two simple ways: taking every card for well centred, and measuring where the straightened
card changes most along each side. Grades by amount of wear: the product's rule on the wear that was drawn and shows,
against the same rule on what the net finds; against always naming the middle grade of that amount.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import cv2
import numpy as np

from ml import runtime
from ml.generate.frames import Framed, framed, photographed
from ml.generate.sources import split
from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from ml.grade.centering import centering_of
from ml.grade.grader import WearGrader
from ml.grade.grading import KINDS
from ml.grade.measure import AMOUNTS, SEED, cell_figures, grade_of, worn_cards
from ml.grade.sheet import sheet_of
from ml.grade.wear import net_input
from ml.rectify import PerspectiveRectifier
from ml.types import Picture, Quad
from tests.benchmarks.composed import SAMPLE
from tests.benchmarks.figures import print_table
from tests.benchmarks.sizes import Size, of

CARDS = {Size.TINY: 1, Size.USUAL: 24, Size.LARGE: 120}
"""Cards of each row."""
CONDITIONS = {
    "20 px/mm, even light": (20, 0.0),
    "20 px/mm, ordinary light": (20, 0.5),
    "10 px/mm, ordinary light": (10, 0.5),
    "7 px/mm, ordinary light": (7, 0.5),
    "20 px/mm, poor light": (20, 1.0),
}
TINY_CONDITION = "7 px/mm, ordinary light"
EVEN = (0.5,) * len(KINDS)
"""Where drawn wear begins to count, for each kind."""
OUTLINE_OFF_MM = 0.25
NARROWEST_MM, WIDEST_MM = 0.9, 9.0


def shares(left: float, right: float, top: float, bottom: float) -> tuple[float, float]:
    """Percent of both borders of an axis that the first one has."""
    return 100 * left / (left + right), 100 * top / (top + bottom)


def by_strongest_change(card: Picture) -> tuple[float, float]:
    """The simple way: on each side, the depth at which the straightened card changes most, on the mean over the side."""
    grey = cv2.cvtColor(card, cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = grey.shape
    per_mm = (width / CARD_WIDTH_MM, height / CARD_HEIGHT_MM)
    across = np.abs(np.diff(grey[height // 6 : -height // 6], axis=1)).mean(axis=0)
    down = np.abs(np.diff(grey[:, width // 6 : -width // 6], axis=0)).mean(axis=1)
    depths = []
    for profile, scale in ((across, per_mm[0]), (across[::-1], per_mm[0]), (down, per_mm[1]), (down[::-1], per_mm[1])):
        low, high = round(NARROWEST_MM * scale), round(WIDEST_MM * scale)
        depths.append((low + int(np.argmax(profile[low:high]))) / scale)
    return shares(*depths)


def worse_axis(found: tuple[float, float], truth: tuple[float, float]) -> float:
    """Percentage points."""
    return max(abs(found[0] - truth[0]), abs(found[1] - truth[1]))


def centering(px_per_mm: float, strength: float, count: int) -> dict[str, object]:
    """Errors of the three ways over the same photographs."""
    rectifier = PerspectiveRectifier()
    ours, simple, centred = [], [], []
    missing = 0
    for number in range(count):
        rng = np.random.default_rng([SEED, number])
        card: Framed = framed(rng)
        shot = photographed(card.picture, rng, px_per_mm=px_per_mm, strength=strength)
        off = rng.normal(0, OUTLINE_OFF_MM * px_per_mm, (4, 2)).astype(np.float32)
        crop = rectifier.rectify(shot.photo, Quad(shot.corners + off))
        truth = shares(*card.borders)
        found = centering_of(sheet_of(crop, shot.photo), px_per_mm=crop.px_per_mm)
        if found is None:
            missing += 1
            continue
        ours.append(worse_axis(shares(found.left, found.right, found.top, found.bottom), truth))
        simple.append(worse_axis(by_strongest_change(crop.picture), truth))
        centred.append(worse_axis((50.0, 50.0), truth))
    if not ours:
        return {"cards": count, "not_measured": missing}
    mean = statistics.fmean(ours)
    return {
        "cards": count,
        "not_measured": missing,
        "mean": round(mean, 3),
        "median": round(statistics.median(ours), 3),
        "p90": round(float(np.quantile(ours, 0.9)), 3),
        "mean_strongest_change": round(statistics.fmean(simple), 3),
        "mean_taken_for_centred": round(statistics.fmean(centred), 3),
        "errors_ratio to strongest change": statistics.fmean(simple) / mean,
        "errors_ratio to taken for centred": statistics.fmean(centred) / mean,
    }


def grades(grader: WearGrader, count: int) -> dict[str, object]:
    """By amount of wear, over held out scans where there are any and drawn cards."""
    held = split(SAMPLE)[1]
    told: dict[str, object] = {"cards_are_drawn_only": not held}
    every: list[float] = []
    for seed, (name, (low, high)) in enumerate(AMOUNTS.items()):
        made = worn_cards(count, held, low=low, high=high, seed=seed)
        true = [grade_of(sheet.truth, EVEN) for sheet in made]
        found = [grade_of(grader.masks_of(net_input(sheet.picture)), grader.thresholds) for sheet in made]
        told[name] = grade_figures(true, found)
        every += [f - t for f, t in zip(found, true, strict=True)]
    told["all"] = {
        "mean_error": round(statistics.fmean(abs(e) for e in every), 3),
        "bias": round(statistics.fmean(every), 3),
        "within_one": round(statistics.fmean(abs(e) <= 1 for e in every), 3),
    }
    told["cells"] = cell_figures(grader, held, cards=count)
    return told


def grade_figures(true: Sequence[float], found: Sequence[float]) -> dict[str, float]:
    """Of one amount of wear; the simple way knows the amount and always names its middle grade."""
    off = [abs(f - t) for f, t in zip(found, true, strict=True)]
    middle = statistics.median(true)
    simple = statistics.fmean(abs(middle - t) for t in true)
    mean = statistics.fmean(off)
    return {
        "true": round(statistics.fmean(true), 2),
        "found": round(statistics.fmean(found), 2),
        "mean_error": round(mean, 3),
        "bias": round(statistics.fmean(found) - statistics.fmean(true), 3),
        "within_one": round(statistics.fmean(o <= 1 for o in off), 3),
        "mean_middle_grade": round(simple, 3),
        "errors_ratio": simple / mean if mean else float("inf"),
    }


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Measure, print, answer the figures."""
    count = of(CARDS, size)
    figures: dict[str, object] = {}
    asked = [TINY_CONDITION] if size is Size.TINY else list(CONDITIONS)
    found = {name: centering(*CONDITIONS[name], count) for name in asked}
    columns = ("mean", "median", "p90", "mean_strongest_change", "mean_taken_for_centred", "not_measured")
    rows = {name: [told.get(column, "-") for column in columns] for name, told in found.items()}
    print_table(f"centering, percentage points of the worse axis, {count} cards a row", columns, rows, wide=26)
    figures["centering"] = found
    if not runtime.versions("grade"):
        print("no wear net ships here: grades were not measured")
        return figures
    told = grades(WearGrader.shipped(threads=1), count)
    columns = ("true", "found", "mean_error", "bias", "within_one", "mean_middle_grade")
    rows = {name: [told[name][column] for column in columns] for name in AMOUNTS}  # type: ignore[index]
    print_table(f"grade by amount of wear, {count} cards a row", columns, rows, wide=26)
    print(f"all: {told['all']}\ncells by kind: {told['cells']}")
    figures["grade"] = told
    return figures


if __name__ == "__main__":
    run()
