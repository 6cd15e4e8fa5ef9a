"""Measures grading against cards whose borders and wear are known: python -m ml.grade.measure [--cards 40] [--data DIR]."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.generate.frames import framed, photographed
from ml.generate.sources import Scan, split
from ml.generate.worn_patches import Sheet, card_picture, sheet
from ml.grade.centering import centering_of
from ml.grade.grader import WearGrader
from ml.grade.grading import KINDS
from ml.grade.scores import overall, wear_scores
from ml.grade.sheet import sheet_of
from ml.grade.wear import net_input, regions
from ml.rectify import PerspectiveRectifier
from ml.types import Floats, Quad

SEED = 820_000
"""Far from any number that training starts from."""
AMOUNTS: Mapping[str, tuple[float, float]] = {
    "none": (0.0, 0.0), "light": (0.15, 0.5), "moderate": (0.5, 1.5), "heavy": (1.5, 4.0),
}  # fmt: skip


def centering_errors(*, px_per_mm: float, strength: float, cards: int) -> dict[str, Any]:
    """Percentage points by which the worse axis is off, over cards with borders of known widths.

    strength: of light and camera, 0 to 1. The outline given is off by a normal error of 0.25 mm at each corner.
    """
    rectifier = PerspectiveRectifier()
    errors, told, missing = [], [], 0
    for number in range(cards):
        rng = np.random.default_rng([SEED, number])
        card = framed(rng)
        shot = photographed(card.picture, rng, px_per_mm=px_per_mm, strength=strength)
        quad = Quad(shot.corners + rng.normal(0, 0.25 * px_per_mm, (4, 2)).astype(np.float32))
        crop = rectifier.rectify(shot.photo, quad)
        found = centering_of(sheet_of(crop, shot.photo), px_per_mm=crop.px_per_mm)
        if found is None:
            missing += 1
            continue
        left, right, top, bottom = card.borders
        across = 100 * found.left / (found.left + found.right) - 100 * left / (left + right)
        down = 100 * found.top / (found.top + found.bottom) - 100 * top / (top + bottom)
        errors.append(max(abs(across), abs(down)))
        told.append(found.error)
    return {
        "px_per_mm": px_per_mm,
        "strength": strength,
        "cards": cards,
        "not_measured": missing,
        "mean": round(float(np.mean(errors)), 3),
        "median": round(float(np.median(errors)), 3),
        "p90": round(float(np.quantile(errors, 0.9)), 3),
        "told": round(float(np.mean(told)), 3),
    }


def grade_of(masks: Floats, thresholds: Sequence[float | None]) -> float:
    """What corners, edges and surface come to, by the product's own rule. masks: (5, h, w) probabilities or truth."""
    return overall(wear_scores(regions(masks, thresholds=thresholds)))


def worn_cards(cards: int, scans: list[Scan], *, low: float, high: float, seed: int = 0) -> list[Sheet]:
    """Cards with an amount of wear between two bounds, photographed at 7 to 24 px per mm in ordinary light."""
    made = []
    for number in range(cards):
        rng = np.random.default_rng([SEED, seed, number])
        amount = float(rng.uniform(low, high))
        density = float(np.exp(rng.uniform(np.log(7), np.log(24))))
        made.append(sheet(card_picture(rng, scans), rng, amount=amount, px_per_mm=density, strength=0.7))
    return made


def grade_errors(grader: WearGrader, scans: list[Scan], *, cards: int) -> dict[str, Any]:
    """By amount of wear: the grade by the wear that shows, the grade by what the net found, and how far they differ."""
    told: dict[str, Any] = {}
    for seed, (name, (low, high)) in enumerate(AMOUNTS.items()):
        true, found = [], []
        for made in worn_cards(cards, scans, low=low, high=high, seed=seed):
            true.append(grade_of(made.truth, (0.5,) * len(KINDS)))
            found.append(grade_of(grader.masks_of(net_input(made.picture)), grader.thresholds))
        off = np.array(found) - np.array(true)
        told[name] = {
            "true": round(float(np.mean(true)), 2),
            "found": round(float(np.mean(found)), 2),
            "mean_error": round(float(np.abs(off).mean()), 2),
            "within_one": round(float((np.abs(off) <= 1).mean()), 2),
        }
    return told


def cell_figures(grader: WearGrader, scans: list[Scan], *, cards: int) -> dict[str, dict[str, float]]:
    """Precision and recall of each kind by cell, over cards of every amount of wear."""
    right, said, true = (np.zeros(len(KINDS)) for _ in range(3))
    for made in worn_cards(cards, scans, low=0.0, high=3.0, seed=99):
        masks = grader.masks_of(net_input(made.picture))
        found = (masks > np.reshape([2.0 if t is None else t for t in grader.thresholds], (-1, 1, 1))) * made.counted
        right += (found * made.truth).sum(axis=(1, 2))
        said += found.sum(axis=(1, 2))
        true += made.truth.sum(axis=(1, 2))
    return {
        kind: {"precision": round(r / max(s, 1), 3), "recall": round(r / max(t, 1), 3)}
        for kind, r, s, t in zip(KINDS, right.tolist(), said.tolist(), true.tolist(), strict=True)
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=40, help="cards for each row")
    parser.add_argument("--data", type=Path, help="folder with cards/refs.csv: its held out scans are worn down too")
    parser.add_argument("--only", choices=("centering", "wear"))
    told = parser.parse_args(arguments)
    figures: dict[str, Any] = {}
    if told.only != "wear":
        figures["centering"] = [
            centering_errors(px_per_mm=density, strength=strength, cards=told.cards)
            for density, strength in ((20, 0.0), (20, 0.5), (10, 0.5), (7, 0.5), (20, 1.0))
        ]
    if told.only != "centering":
        scans = split(told.data)[1] if told.data else []
        grader = WearGrader.shipped(threads=1)
        figures["grade"] = grade_errors(grader, scans, cards=told.cards)
        figures["cells"] = cell_figures(grader, scans, cards=told.cards)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
