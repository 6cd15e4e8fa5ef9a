"""Which cards of composed photographs are outlined, how exactly, and what is outlined that is no card, by layout.

    python -m tests.benchmarks detection [--large]

Every detector that is installed sees the same photographs: the edge detector (the baseline), each outline net that
ships, and whichever of them is the default. Cards are scans that nothing was trained on, or, without them, drawn ones;
one in twelve lies on its face. An outline is right where it shares 0.7 of the union with a card's true one, both within
the photograph; each card once. Cards of which less than 0.3 is seen are counted apart, and outlining one is no fault.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ml import engines
from ml.detect.contours import ContourDetector
from ml.interfaces import Detector
from ml.types import Detection
from tests.benchmarks.composed import LAYOUTS, Photo, cards, drawn_cards, photographs
from tests.benchmarks.figures import Share, better, corner_error, matched, print_table, shared_part
from tests.benchmarks.sizes import Size, of

RIGHT, TOUCHING, SEEN = 0.7, 0.3, 0.3
"""Shared part of a right outline, and of one that at least belongs to a card; the visible share of a card that counts."""
NO_CARD = "no card"
COUNTS = {
    Size.TINY: {"single": 1, NO_CARD: 1},
    Size.USUAL: {"single": 12, "grid": 6, "scattered": 10, "row": 6, "fan": 6, NO_CARD: 6},
    Size.LARGE: {"single": 80, "grid": 40, "scattered": 60, "row": 40, "fan": 40, NO_CARD: 40},
}
"""Photographs by layout."""


@dataclass(slots=True)
class Found:
    """What one detector made of some photographs."""

    photos: int = 0
    seen: list[bool] = field(default_factory=list)
    hidden: list[bool] = field(default_factory=list)
    upright: list[bool] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    not_right: int = 0
    on_nothing: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, photo: Photo, detections: Sequence[Detection], seconds: float) -> None:
        """Count one photograph."""
        truths, size = photo.scene.cards, photo.scene.picture.shape[:2]
        shares = np.array(
            [[shared_part(d.quad.corners, t.corners, size) for t in truths] for d in detections], np.float64
        ).reshape(len(detections), len(truths))
        pairs = matched(shares, RIGHT)
        outlined = set(pairs.values())
        for place, truth in enumerate(truths):
            (self.seen if truth.visible >= SEEN else self.hidden).append(place in outlined)
        for row, place in pairs.items():
            error, turn = corner_error(detections[row].quad.corners, truths[place].corners)
            self.errors.append(error)
            if not truths[place].is_back:
                self.upright.append(turn == 0)
        # the rest is at fault, but for outlines of cards that are nearly hidden
        excused = [place for place, truth in enumerate(truths) if truth.visible < SEEN]
        rest = [row for row in range(len(detections)) if row not in pairs]
        self.not_right += sum(not (shares[row, excused] >= RIGHT).any() for row in rest)
        self.on_nothing += sum(not (shares[row] >= TOUCHING).any() for row in rest)
        self.photos += 1
        self.seconds.append(seconds)

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "recall": Share.count(self.seen).to_dict(),
            "recall_nearly_hidden": Share.count(self.hidden).to_dict(),
            "false_per_photo": _mean(self.not_right, self.photos),
            "on_nothing_per_photo": _mean(self.on_nothing, self.photos),
            "corner_error_percent": round(statistics.fmean(self.errors), 2) if self.errors else None,
            "right_way_up": Share.count(self.upright).to_dict(),
            "seconds_a_photo": round(statistics.median(self.seconds), 3) if self.seconds else None,
        }

    def row(self) -> list[object]:
        """For the table."""
        return [
            Share.count(self.seen),
            len(self.seen),
            Share.count(self.hidden),
            _mean(self.not_right, self.photos),
            _mean(self.on_nothing, self.photos),
            statistics.fmean(self.errors) if self.errors else float("nan"),
            Share.count(self.upright),
            statistics.median(self.seconds) if self.seconds else float("nan"),
        ]


COLUMNS = ("recall", "cards", "hidden", "false/photo", "on nothing", "corner %", "upright", "s/photo")


def _mean(total: int, photos: int) -> float:
    return total / photos if photos else float("nan")


def together(parts: Sequence[Found]) -> Found:
    """Several kinds of photographs as one."""
    whole = Found()
    for part in parts:
        whole.photos += part.photos
        whole.not_right += part.not_right
        whole.on_nothing += part.on_nothing
        for name in ("seen", "hidden", "upright", "errors", "seconds"):
            getattr(whole, name).extend(getattr(part, name))
    return whole


def detectors() -> dict[str, Detector]:
    """By version; the edge detector first."""
    names = dict.fromkeys([ContourDetector.version, *engines.versions_of("detect"), engines.DEFAULTS["detect"]])
    return {name: engines.make("detect", name) for name in names}


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Measure, print, answer the figures by detector and layout."""
    pool = drawn_cards(4) if size is Size.TINY else cards()
    counts = of(COUNTS, size)
    ways = detectors()
    found = {name: {layout: Found() for layout in (*LAYOUTS, NO_CARD)} for name in ways}
    warm = np.full((320, 320, 3), 90, np.uint8)
    for detector in ways.values():
        detector.detect(warm)
    for photo in photographs(pool.shown, counts, seed=11, backs=1 / 12):
        for name, detector in ways.items():
            began = time.perf_counter()
            detections = detector.detect(photo.scene.picture)
            found[name][photo.layout].add(photo, detections, time.perf_counter() - began)
    kind = "scans held out of training" if pool.real else "drawn cards (no scans at hand: set CARDVAULT_SAMPLE_DATA)"
    print(f"{sum(counts.values())} composed photographs of {kind}")
    figures: dict[str, object] = {"cards_are_real": pool.real}
    baseline = together(list(found[ContourDetector.version].values()))
    for name, by_layout in found.items():
        whole = together(list(by_layout.values()))
        default = ", the default" if name == engines.DEFAULTS["detect"] else ""
        print_table(f"{name}{default}", COLUMNS, {k: v.row() for k, v in {**by_layout, "all": whole}.items()}, wide=12)
        print(f"recall {Share.count(whole.seen)}")
        figures[name] = {k: v.to_dict() for k, v in {**by_layout, "all": whole}.items()} | {
            "is_default": name == engines.DEFAULTS["detect"]
        }
        if name != ContourDetector.version:
            figures[name] |= compared(whole, baseline)  # type: ignore[operator]
    if len(ways) == 1:
        print("no outline net ships here: the edge detector alone was measured")
    return figures


def compared(ours: Found, baseline: Found) -> dict[str, float]:
    """Ratios above 1 where ours is better."""
    quicker = statistics.median(baseline.seconds) / statistics.median(ours.seconds)
    return {
        "recall_ratio": better(Share.count(ours.seen), Share.count(baseline.seen)),
        "misses_ratio": better(Share.count(ours.seen), Share.count(baseline.seen), errors=True),
        "false_cards_ratio": baseline.not_right / ours.not_right if ours.not_right else float("inf"),
        "time_ratio": quicker,
    }


if __name__ == "__main__":
    run()
