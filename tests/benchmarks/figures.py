"""What benchmarks of recognition count: outlines matched with the truth, shares with their intervals, reliability, tables.

Pure functions on arrays and numbers; no pictures and no engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ml.proportions import wilson


def shared_part(one: np.ndarray, other: np.ndarray, size: tuple[int, int]) -> float:
    """Intersection over union of two convex outlines (4, 2), as far as they lie within a picture of (height, width)."""
    a, b = clipped(one, size), clipped(other, size)
    if len(a) < 3 or len(b) < 3:
        return 0.0
    both, _ = cv2.intersectConvexConvex(a, b)
    union = cv2.contourArea(a) + cv2.contourArea(b) - both
    return float(both / union) if union > 0 else 0.0


def clipped(outline: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The part (n, 2) of a convex outline that lies within a picture of (height, width); (0, 2) where none does."""
    height, width = size
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    hull = cv2.convexHull(np.asarray(outline, np.float32)).reshape(-1, 2)
    area, part = cv2.intersectConvexConvex(hull, frame)
    return part.reshape(-1, 2) if area > 0 and part is not None else np.zeros((0, 2), np.float32)


def matched(shares: np.ndarray, least: float) -> dict[int, int]:
    """Rows (found outlines) to columns (cards), one to one, the largest shared part first, none below `least`."""
    pairs: dict[int, int] = {}
    for flat in np.argsort(-shares, axis=None, kind="stable"):
        row, column = (int(i) for i in np.unravel_index(flat, shares.shape))
        if shares[row, column] < least:
            break
        if row not in pairs and column not in pairs.values():
            pairs[row] = column
    return pairs


def corner_error(found: np.ndarray, truth: np.ndarray) -> tuple[float, int]:
    """Mean distance of the corners in percent of the card's width, and by how many corners the found outline is turned.

    Both (4, 2), clockwise; the turn is the one with the smallest distance, 0 where the card is read the right way up.
    """
    width = (np.linalg.norm(truth[1] - truth[0]) + np.linalg.norm(truth[2] - truth[3])) / 2
    away = [float(np.linalg.norm(np.roll(found, -turn, axis=0) - truth, axis=1).mean()) for turn in range(4)]
    turn = int(np.argmin(away))
    return 100 * away[turn] / float(width), turn


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @classmethod
    def count(cls, answers: Iterable[bool]) -> Share:
        """Of all answers those that are yes."""
        told = list(answers)
        return cls(sum(told), len(told))

    @property
    def value(self) -> float:
        """0 to 1; not a number where there was nothing to count."""
        return self.hits / self.of if self.of else float("nan")

    def __str__(self) -> str:
        if not self.of:
            return "nothing to count"
        low, high = wilson(self.hits, self.of)
        return f"{self.value:.3f} ({low:.3f} to {high:.3f}; {self.hits} of {self.of})"

    def to_dict(self) -> dict[str, float | int | list[float] | None]:
        """For JSON: the share with the interval that holds it nineteen times of twenty."""
        low, high = wilson(self.hits, self.of)
        share = round(self.value, 4) if self.of else None
        return {"share": share, "hits": self.hits, "of": self.of, "interval": [round(low, 4), round(high, 4)]}


def better(ours: Share, baseline: Share, *, errors: bool = False) -> float:
    """Ours over the baseline; with `errors` the baseline's errors over ours. Above 1 where ours is better."""
    if not ours.of or not baseline.of:
        return float("nan")
    over, under = (1 - baseline.value, 1 - ours.value) if errors else (ours.value, baseline.value)
    if under == 0:
        return float("inf") if over > 0 else 1.0
    return over / under


def reliability(stated: Sequence[tuple[float, bool]], *, bins: int = 10) -> list[dict[str, float | int]]:
    """By stated probability, in equal bins: how many answers, what they stated in the mean, and the share that is right.

    stated: probability in 0..1 and whether the answer was right. Bins without an answer are left out.
    """
    rows: list[dict[str, float | int]] = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(p, right) for p, right in stated if low <= p < high or (number == bins - 1 and p == 1.0)]
        if inside:
            rows.append(
                {
                    "from": round(low, 3),
                    "to": round(high, 3),
                    "answers": len(inside),
                    "stated": round(sum(p for p, _ in inside) / len(inside), 3),
                    "right": round(sum(right for _, right in inside) / len(inside), 3),
                }
            )
    return rows


def calibration_error(stated: Sequence[tuple[float, bool]], *, bins: int = 10) -> float:
    """Expected calibration error: the mean gap between stated and right, weighted by the answers of each bin.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015.
    """
    rows = reliability(stated, bins=bins)
    answers = sum(int(row["answers"]) for row in rows)
    return (
        sum(row["answers"] * abs(row["stated"] - row["right"]) for row in rows) / answers if answers else float("nan")
    )


def wrong_at_share(scores: Sequence[float], right: Sequence[bool], share: float) -> Share:
    """Wrong answers among the `share` of answers with the highest scores: how a way errs when it says as much as another."""
    taken = sorted(range(len(scores)), key=lambda i: -scores[i])[: round(share * len(scores))]
    return Share.count(not right[i] for i in taken)


def print_table(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[object]], *, wide: int = 34) -> None:
    """One block on the terminal; floats with three digits."""
    widths = [max(11, len(name) + 2) for name in columns]
    print(f"\n{title}\n{'':<{wide}}" + "".join(f"{name:>{w}}" for name, w in zip(columns, widths, strict=True)))
    for name, values in rows.items():
        print(f"{name:<{wide}}" + "".join(f"{_told(v):>{w}}" for v, w in zip(values, widths, strict=True)))


def _told(value: object) -> str:
    if isinstance(value, Share):
        return f"{value.value:.3f}" if value.of else "-"
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.3f}"
    return str(value)
