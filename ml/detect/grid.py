"""Rows and columns: where most cards of a photo lie on a grid, the places between them are looked at again."""

from dataclasses import dataclass

import cv2
import numpy as np

from ml.detect.edges import EdgeField
from ml.detect.proposals import plausible
from ml.geometry import Array, overlap, side_lengths, signed_areas
from ml.types import Picture

LEAST_CARDS = 5


def typical_rows(quads: Array, scores: Array) -> Array:
    """Indices of the cards whose size and direction most others share: the grid is judged by them."""
    areas = np.abs(signed_areas(quads))
    down = quads[:, 2] + quads[:, 3] - quads[:, 0] - quads[:, 1]
    lengths = side_lengths(quads)
    long_sides = (lengths[:, 1] + lengths[:, 3]) / 2
    angle = np.arctan2(down[:, 0], down[:, 1])
    best = np.zeros(0, np.intp)
    worth = 0.0
    for i in np.flatnonzero(scores > 0.75):
        turned = np.abs((angle - angle[i] + np.pi / 2) % np.pi - np.pi / 2)
        alike = (np.abs(np.log(long_sides / long_sides[i])) < 0.2) & (turned < 0.35) & (scores > 0.6)
        # The larger of two sizes that are equally frequent is the card, the smaller its picture box.
        value = float(alike.sum() * areas[alike].mean() ** 0.5)
        if value > worth:
            worth, best = value, np.flatnonzero(alike)
    return best


def pitch(quads: Array) -> tuple[float, float]:
    """Distance to the next column and row, in card widths and heights; 0 where there is no neighbour to measure."""
    across, below = [], []
    for i in range(len(quads)):
        u, v = _local(quads[i], quads.mean(axis=1))
        beside = (np.abs(v) < 0.25) & (np.abs(u) > 0.85) & (np.abs(u) < 1.7)
        under = (np.abs(u) < 0.25) & (np.abs(v) > 0.85) & (np.abs(v) < 1.7)
        across += np.abs(u[beside]).tolist()
        below += np.abs(v[under]).tolist()
    return (float(np.median(across)) if len(across) >= 4 else 0.0, float(np.median(below)) if len(below) >= 4 else 0.0)


def _local(quad: Array, points: Array) -> tuple[Array, Array]:
    """Points in the card's own frame: units are its width and height, its middle is the origin."""
    right = (quad[1] + quad[2] - quad[0] - quad[3]) / 2
    down = (quad[2] + quad[3] - quad[0] - quad[1]) / 2
    offset = points - quad.mean(axis=0)
    solved = np.linalg.solve(np.stack([right, down], axis=1), offset.T)
    return solved[0], solved[1]


@dataclass(slots=True)
class _Cards:
    """The cards of a grid as they are gathered."""

    quads: list[Array]
    scores: list[float]
    guessed: list[bool]

    def add(self, quad: Array, score: float, guessed: bool = False) -> None:
        """One more card; guessed: suggested by the grid alone."""
        self.quads.append(quad)
        self.scores.append(float(score))
        self.guessed.append(guessed)

    def covers(self, quad: Array, share: float) -> bool:
        """Whether any card lies on more than a share of an outline."""
        area = _area(quad)
        return any(overlap(quad, card) > share * area for card in self.quads)


def filled_in(
    chosen: Array, scores: Array, pool: Array, pool_scores: Array, field: EdgeField, small: Picture
) -> tuple[Array, Array, Array]:
    """The cards of a grid with its gaps filled, their scores, and which of them the grid alone suggested.

    A gap is filled by an outline of the pool that fits it, else by the place itself where edges and content speak for
    it. Outlines that cover only part of such a card are dropped.
    """
    untouched = chosen, scores, np.zeros(len(chosen), bool)
    if len(chosen) < LEAST_CARDS:
        return untouched
    rows = typical_rows(chosen, scores)
    if len(rows) < max(LEAST_CARDS, 0.3 * len(chosen)) or not any(pitch(chosen[rows])):
        return untouched
    cards = _Cards(list(chosen[rows]), list(scores[rows]), [False] * len(rows))
    _fill_gaps(cards, pool, pool_scores, field, _activity(small))
    typical = float(np.median([_area(card) for card in cards.quads]))
    for i in np.flatnonzero(scores > 0.55):
        fits = 0.6 * typical < _area(chosen[i]) < 1.7 * typical
        if i not in rows and fits and not cards.covers(chosen[i], 0.2):
            cards.add(chosen[i], scores[i])
    return np.array(cards.quads), np.array(cards.scores), np.array(cards.guessed)


def _fill_gaps(cards: _Cards, pool: Array, pool_scores: Array, field: EdgeField, busy: Array) -> None:
    """Add what lies one step from a known card, until nothing more is found. busy: (height, width), see `_activity`."""
    height, width = busy.shape
    usual = float(np.median([_mean_inside(busy, card) for card in cards.quads]))
    for _ in range(4):
        before = len(cards.quads)
        for place in _neighbours(np.array(cards.quads), width, height):
            if cards.covers(place, 0.25):
                continue
            found = _best_fit(place, _area(place), pool, pool_scores)
            if found is not None:
                cards.add(pool[found], pool_scores[found])
                continue
            moved, support = _settled(place, field)
            if support.mean() >= 0.6 and np.sort(support)[1] >= 0.4 and _mean_inside(busy, moved) >= 0.45 * usual:
                cards.add(moved, 0.8 * support.mean(), guessed=True)
        if len(cards.quads) == before:
            return


def _neighbours(quads: Array, width: int, height: int) -> list[Array]:
    """The places one step beside, above and below each card that lie within the photo."""
    across, below = pitch(quads)
    places = []
    for quad in quads:
        right = (quad[1] + quad[2] - quad[0] - quad[3]) / 2 * across
        down = (quad[2] + quad[3] - quad[0] - quad[1]) / 2 * below
        for shift in (right, -right, down, -down):
            place = quad + shift
            if shift.any() and (place > -4).all() and (place < (width + 3, height + 3)).all():
                places.append(place)
    return places


def _settled(place: Array, field: EdgeField) -> tuple[Array, Array]:
    """A place moved onto the edges around it, unless that spoils its shape, and the support (4,) of its sides."""
    area = _area(place)
    moved = field.refined(place[None], reach=max(3, round(0.05 * float(np.sqrt(area)))))
    if not plausible(moved, smallest=0.82 * area, largest=1.22 * area, aspect=(0.6, 0.84))[0]:
        moved = place[None]
    return moved[0], field.support(moved)[0][0]


def _area(quad: Array) -> float:
    return float(np.abs(signed_areas(quad[None]))[0])


def _best_fit(place: Array, area: float, pool: Array, scores: Array) -> int | None:
    near = np.linalg.norm(pool.mean(axis=1) - place.mean(axis=0), axis=1) < 0.22 * np.sqrt(area)
    areas = np.abs(signed_areas(pool))
    near &= (areas > 0.72 * area) & (areas < 1.38 * area) & (scores > 0.45)
    best, value = None, 0.0
    for i in np.flatnonzero(near):
        shared = overlap(pool[i], place)
        fit = shared / (areas[i] + area - shared) * float(scores[i])
        if fit > max(value, 0.35):
            best, value = int(i), fit
    return best


def _activity(small: Picture) -> Array:
    """How much goes on around each pixel: the gradient's strength, averaged."""
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    strength = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    averaged: Array = cv2.blur(np.minimum(strength, 120.0), (5, 5))
    return averaged


def _mean_inside(values: Array, quad: Array) -> float:
    middle = quad.mean(axis=0)
    inner = middle + (quad - middle) * 0.75
    mask = np.zeros(values.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.rint(inner).astype(np.int32), 1)
    return float(values[mask > 0].mean()) if mask.any() else 0.0
