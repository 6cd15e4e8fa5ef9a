"""Cards that lie partly under others: fans and piles."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.detect.choose import distinct
from ml.detect.edges import EdgeField
from ml.detect.lines import completed, segments
from ml.detect.proposals import plausible
from ml.geometry import Array, overlap, portrait, side_lengths
from ml.types import Picture


def partly_hidden(small: Picture, field: EdgeField, chosen: Array, scores: Array) -> tuple[Array, Array]:
    """The chosen cards and those that peep out from under them: fans and piles.

    A hidden card has the size of the others; what is in sight of its outline lies on edges: one side whole, and a
    neighbour.
    """
    if not len(chosen):
        return chosen, scores
    height, width = small.shape[:2]
    lengths = side_lengths(chosen)
    size = (float(np.median(lengths[:, [0, 2]])), float(np.median(lengths[:, [1, 3]])))
    area = size[0] * size[1]
    lines = segments(small, 0.15 * size[1])
    more = completed(lines, size)
    more = more[plausible(more, smallest=area / 1.35, largest=area * 1.35)]
    if not len(more):
        return chosen, scores
    more = distinct(np.array([portrait(q) for q in more], np.float64), tolerance=0.04)
    more = field.refined(more, reach=3)
    more = more[plausible(more, smallest=area / 1.35, largest=area * 1.35)]
    cards, worth = list(chosen), list(scores)
    around = np.ones((2 * max(2, round(0.08 * size[0])) + 1,) * 2, np.uint8)
    for _ in range(len(chosen) + 6):
        if not len(more):
            break
        covered = np.zeros((height, width), np.uint8)
        for card in cards:
            cv2.fillConvexPoly(covered, np.rint(card).astype(np.int32), 1)
        hidden = cv2.dilate(covered, around).astype(bool)
        seen, support = field.visible_support(more, hidden)
        in_sight = seen.mean(axis=1)
        weakest = np.where(seen > 0.12, support, 1.0).min(axis=1)
        whole_side = (seen > 0.75) & (support > 0.85)
        beside = np.roll(seen, 1, axis=1) + np.roll(seen, -1, axis=1)
        worthy = (in_sight > 0.3) & (in_sight < 0.85) & (weakest > 0.7) & (whole_side & (beside > 0.3)).any(axis=1)
        worthy &= np.array(
            [w and _bordered_in_sight(q, hidden, small) for q, w in zip(more, worthy, strict=True)], bool
        )
        overlaps = np.array(
            [max(overlap(q, c) for c in cards) if w else 0.0 for q, w in zip(more, worthy, strict=True)]
        )
        worthy &= (overlaps > 0.15 * area) & (overlaps < 0.75 * area)
        if not worthy.any():
            break
        mean_support = (seen * support).sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-6)
        value = np.where(worthy, mean_support * (0.5 + in_sight), 0.0)
        best = int(value.argmax())
        cards.append(more[best])
        worth.append(0.9 * float(mean_support[best]))
        more = np.delete(more, best, axis=0)
    return np.array(cards), np.array(worth)


def _bordered_in_sight(quad: Array, hidden: NDArray[np.bool_], small: Picture) -> bool:
    """Whether a hidden card's rim, as far as it is in sight, has one colour, and another one than what lies around."""
    inner, inner_seen = _rim_colours(quad, 0.965, hidden, small)
    outer, outer_seen = _rim_colours(quad, 1.05, hidden, small)
    if inner_seen.sum() < 20:
        return False
    apart = np.linalg.norm(inner[inner_seen] - np.median(inner[inner_seen], axis=0), axis=1)
    both = inner_seen & outer_seen
    step = np.median(np.linalg.norm(inner[both] - outer[both], axis=1)) if both.any() else 0.0
    return bool(np.median(apart) < 14.0 and step > 9.0)


def _rim_colours(
    quad: Array, grown_by: float, hidden: NDArray[np.bool_], small: Picture
) -> tuple[Array, NDArray[np.bool_]]:
    """Lab colours (120, 3) along an outline scaled about its middle, and which of them are in sight."""
    middle = quad.mean(axis=0)
    corners = middle + (quad - middle) * grown_by
    share = np.linspace(0.06, 0.94, 30)[None, :, None]
    points = (corners[:, None] + (np.roll(corners, -1, axis=0) - corners)[:, None] * share).reshape(-1, 2)
    height, width = hidden.shape
    x, y = np.rint(points[:, 0]).astype(np.intp), np.rint(points[:, 1]).astype(np.intp)
    within = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    colours = cv2.cvtColor(np.ascontiguousarray(small[y, x][None]), cv2.COLOR_RGB2LAB)[0].astype(np.float64)
    return colours, within & ~hidden[y, x]
