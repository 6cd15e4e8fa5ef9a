"""One photo on its way through the pipeline: its clock, the order of its cards, and what they say together."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from ml.rectify import READABLE_PX_PER_MM
from ml.types import Crop, Detection, Match, Picture, Reading

STAGES = ("detect", "rectify", "embed", "search", "read", "verify", "fuse", "grade")


@dataclass(slots=True)
class Clock:
    """Seconds spent on a photo, by stage."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Charge a stage with what is done inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


@dataclass(slots=True)
class Look:
    """One photo on its way through the stages."""

    photo: Picture
    game: str | None
    clock: Clock = field(default_factory=Clock)
    detections: list[Detection] = field(default_factory=list)
    crops: list[Crop] = field(default_factory=list)
    both_ways: list[tuple[list[Match], list[Match]]] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    sure: list[bool] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)


@contextmanager
def together(looks: Sequence[Look], stage: str) -> Iterator[None]:
    """Time a stage that several photos went through at once: each is charged by its cards, or evenly before they are known."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - start
        cards = [len(look.crops) for look in looks]
        for look, own in zip(looks, cards, strict=True):
            share = own / sum(cards) if any(cards) else 1 / len(looks)
            look.clock.seconds[stage] += seconds * share


def by_game(looks: Sequence[Look]) -> list[tuple[str | None, list[Look]]]:
    """The photos that have cards, in groups that can be asked about together."""
    groups: dict[str | None, list[Look]] = {}
    for look in looks:
        if look.crops:
            groups.setdefault(look.game, []).append(look)
    return list(groups.items())


def common_game(readings: Sequence[Reading]) -> str | None:
    """The game that all cards of a photo show whose game is known; None where they differ or none tells."""
    games = {reading.game for reading in readings if reading.game}
    return games.pop() if len(games) == 1 else None


def warnings_for(crop: Crop, reading: Reading, detection: Detection) -> tuple[str, ...]:
    """What a person could do better about this card's picture."""
    said = []
    if crop.px_per_mm < READABLE_PX_PER_MM and not reading.number:
        said.append("The collector number is too small to read: take a closer photo.")
    if detection.inferred:
        said.append("This place was filled in from the grid around it: check its outline.")
    return tuple(said)


def in_reading_order(detections: Sequence[Detection]) -> list[Detection]:
    """Rows from top to bottom, each from left to right, as a person would count the cards."""
    if not detections:
        return []
    middles = [d.quad.corners.mean(axis=0) for d in detections]
    tall = float(np.median([np.ptp(d.quad.corners[:, 1]) for d in detections]))
    rows: list[list[int]] = []
    for i in sorted(range(len(detections)), key=lambda i: middles[i][1]):
        if rows and middles[i][1] - np.mean([middles[j][1] for j in rows[-1]]) < 0.5 * tall:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [detections[i] for row in rows for i in sorted(row, key=lambda i: middles[i][0])]
