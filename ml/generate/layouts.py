"""How people lay cards out before they photograph them: places on a table in units of a card's height, back to front."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
CARD_WIDTH = 63 / 88
"""Width of a trading card in its own height (63 x 88 mm)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card lies: its middle, and degrees by which it is turned clockwise."""

    x: float
    y: float
    turn: float


def _about(rng: Rng, spread: float) -> float:
    """A turn near upright, on its side, or on its head: people photograph from every side of the table."""
    base = float(rng.choice([0, 0, 0, 0, 90, 180, 180, 270]))
    return base + float(rng.normal(0, spread))


def single(rng: Rng) -> list[Place]:
    """One card."""
    return [Place(0, 0, _about(rng, 12) if rng.random() < 0.8 else float(rng.uniform(0, 360)))]


def grid(rng: Rng) -> list[Place]:
    """A binder page or rows on a table, at most sixty cards, all nearly upright."""
    rows, columns = [(3, 3), (2, 2), (1, 3), (2, 3), (3, 4), (4, 3), (2, 5), (5, 4), (1, 2)][int(rng.integers(9))]
    if rng.random() < 0.12:
        rows, columns = int(rng.integers(4, 8)), int(rng.integers(5, 9))
    across, down = CARD_WIDTH * rng.uniform(1.01, 1.25), rng.uniform(1.01, 1.2)
    turn, loose = float(rng.choice([0, 0, 180])), rng.uniform(0, 1.5)
    places = [
        Place(
            c * across + rng.normal(0, 0.01 * loose),
            r * down + rng.normal(0, 0.01 * loose),
            turn + rng.normal(0, loose),
        )
        for r in range(rows)
        for c in range(columns)
    ]
    keep = rng.random(len(places)) > (0.15 if rng.random() < 0.3 else 0.0)
    return [place for place, kept in zip(places, keep, strict=True) if kept] or places


def scattered(rng: Rng) -> list[Place]:
    """Two to twelve cards thrown on a table, some over others."""
    count = int(rng.integers(2, 13))
    side = np.sqrt(count) * rng.uniform(0.6, 1.4)
    spread = 6 if rng.random() < 0.5 else 90
    turn = _about(rng, 5)
    places = []
    for _ in range(count):
        x, y = rng.uniform(0, side, 2)
        places.append(Place(x, y, turn + float(rng.normal(0, spread))))
    return places


def row(rng: Rng) -> list[Place]:
    """Cards laid over each other like roof tiles, so that a strip of each shows."""
    count, step = int(rng.integers(3, 10)), rng.uniform(0.12, 0.6)
    way = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][int(rng.integers(4))]
    turn, loose = _about(rng, 2), rng.uniform(0, 3)
    angle = np.radians(turn)
    c, s = np.cos(angle), np.sin(angle)
    places = []
    for i in range(count):
        x, y = i * step * way[0] + rng.normal(0, 0.02), i * step * way[1] + rng.normal(0, 0.02)
        places.append(Place(x * c - y * s, x * s + y * c, turn + rng.normal(0, loose)))
    return places


def fan(rng: Rng) -> list[Place]:
    """Cards held like a hand of cards: turned about a point below them."""
    count, reach = int(rng.integers(3, 9)), rng.uniform(0.9, 1.8)
    step = rng.uniform(7, 22) * (1 if rng.random() < 0.8 else -1)
    lean = float(rng.normal(0, 10))
    places = []
    for i in range(count):
        turn = lean + (i - (count - 1) / 2) * step + rng.normal(0, 1.5)
        places.append(Place(reach * np.sin(np.radians(turn)), -reach * np.cos(np.radians(turn)), float(turn)))
    return places


LAYOUTS: tuple[tuple[Callable[[Rng], list[Place]], float], ...] = (
    (single, 0.32),
    (grid, 0.25),
    (scattered, 0.24),
    (row, 0.1),
    (fan, 0.09),
)


def camera(rng: Rng, corners: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """A homography from the table to a picture of (height, width): tilt up to 50 degrees, the cards filling some of it.

    corners: (n, 2) points on the table that are to be seen; a few may end up outside.
    """
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    reach = float(np.ptp(corners, axis=0).max()) / 2
    tilt = np.radians(abs(rng.normal(0, 16)) if rng.random() < 0.85 else rng.uniform(20, 50))
    heading, roll = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.06)
    # turn to the heading, tilt about the x axis, turn back: a camera leaning from any side
    turn = _rotation_z(heading)
    rotation = _rotation_z(roll) @ turn.T @ _rotation_x(tilt) @ turn
    distance = reach * rng.uniform(2.2, 6.0)
    to_camera = np.column_stack([rotation[:, :2], [0, 0, distance]]) @ np.array(
        [[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]], np.float64
    )
    seen = project(to_camera, corners)
    low, high = seen.min(axis=0), seen.max(axis=0)
    height, width = size
    # most pictures are filled with care; some are taken from afar, some so near that cards leave the picture
    low_fill, high_fill = [(0.55, 1.0), (0.25, 0.6), (0.95, 1.3)][int(rng.choice(3, p=[0.62, 0.14, 0.24]))]
    fill = rng.uniform(low_fill, high_fill)
    scale = fill * min(width / (high[0] - low[0]), height / (high[1] - low[1]))
    room = np.array([width, height]) - scale * (high - low)
    shift = (
        room * rng.uniform(0.1, 0.9, 2) - scale * low
        if fill < 1
        else room / 2 - scale * low + rng.normal(0, 0.03, 2) * width
    )
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]], np.float64) @ to_camera


def _rotation_x(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]], np.float64)


def _rotation_z(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float64)


def project(homography: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) points through a 3 x 3 homography."""
    seen = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(seen[:, :2] / seen[:, 2:], np.float64)


def corners_of(place: Place, *, grow: float = 0.0) -> NDArray[np.float64]:
    """(4, 2) corners of a card on the table, clockwise from its own top left; grow: share added on every side."""
    w, h = CARD_WIDTH / 2 + grow, 0.5 + grow
    angle = np.radians(place.turn)
    c, s = np.cos(angle), np.sin(angle)
    own = np.array([[-w, -h], [w, -h], [w, h], [-w, h]])
    return own @ np.array([[c, s], [-s, c]]) + [place.x, place.y]
