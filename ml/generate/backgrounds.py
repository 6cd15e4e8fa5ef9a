"""What cards lie on: surfaces drawn by rule, and crops of photographs where a folder of them is given."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ml.types import Floats, Picture

Rng = np.random.Generator
_SUFFIXES = {".jpg", ".jpeg", ".png"}


def _noise(rng: Rng, size: tuple[int, int], cells: tuple[float, float]) -> Floats:
    """Smooth noise in 0..1 with about `cells` bumps down and across."""
    rows, columns = (max(2, int(c)) for c in cells)
    small = rng.random((rows, columns), np.float32)
    return np.asarray(cv2.resize(small, (size[1], size[0]), interpolation=cv2.INTER_CUBIC).clip(0, 1), np.float32)


def _fractal(rng: Rng, size: tuple[int, int], stretch: float = 1.0) -> Floats:
    total = np.zeros(size, np.float32)
    for octave in range(1, 6):
        total += _noise(rng, size, (2**octave, max(2.0, 2**octave * stretch))) / 2**octave
    return (total - total.min()) / max(1e-6, float(np.ptp(total)))


def _colour(rng: Rng, *, dull: float = 0.6) -> Floats:
    colour = rng.uniform(0, 255, 3).astype(np.float32)
    return colour + (colour.mean() - colour) * np.float32(rng.uniform(0, dull))


def _between(share: Floats, one: Floats, other: Floats) -> Picture:
    return np.clip(one + (other - one) * share[..., None], 0, 255).astype(np.uint8)


def plain(rng: Rng, size: tuple[int, int]) -> Picture:
    """One colour, lit a little unevenly; often white, grey or black, as desks are."""
    grey = np.repeat(np.float32(rng.choice([15, 30, 90, 180, 235, 250])), 3)
    colour = grey if rng.random() < 0.5 else _colour(rng)
    return _between(_noise(rng, size, (2, 2)), colour, colour * np.float32(rng.uniform(0.75, 1.1)))


def wood(rng: Rng, size: tuple[int, int]) -> Picture:
    """Planks with grain."""
    grain = _fractal(rng, size, stretch=0.06)
    rings = np.asarray(0.5 + 0.5 * np.sin(grain * rng.uniform(10, 60)), np.float32)
    brown = np.array([150, 100, 55], np.float32) * np.float32(rng.uniform(0.5, 1.5))
    board = _between(rings * 0.6 + grain * 0.4, brown, brown * np.float32(rng.uniform(0.5, 0.8)))
    for x in np.cumsum(rng.uniform(0.15, 0.5, 6)):
        if x < 1 and rng.random() < 0.7:
            cv2.line(board, (int(x * size[1]), 0), (int(x * size[1]), size[0]), (30, 20, 10), int(rng.integers(1, 3)))
    return np.ascontiguousarray(np.rot90(board)) if size[0] == size[1] and rng.random() < 0.5 else board


def cloth(rng: Rng, size: tuple[int, int]) -> Picture:
    """Felt, carpet or woven cloth: fine grain over soft folds."""
    colour = _colour(rng)
    fine = rng.normal(0, rng.uniform(4, 26), size).astype(np.float32)
    if rng.random() < 0.5:
        ys, xs = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
        period = rng.uniform(3, 9)
        fine += np.float32(rng.uniform(4, 20)) * (np.sin(xs * 2 * np.pi / period) * np.sin(ys * 2 * np.pi / period))
    folds = 0.75 + 0.35 * _noise(rng, size, (3, 3))
    return np.clip(colour * folds[..., None] + fine[..., None], 0, 255).astype(np.uint8)


def marble(rng: Rng, size: tuple[int, int]) -> Picture:
    """Veins or clouds in two colours."""
    veins = np.asarray(np.abs(np.sin(_fractal(rng, size) * rng.uniform(4, 25))), np.float32)
    return _between(veins ** np.float32(rng.uniform(0.3, 2)), _colour(rng), _colour(rng))


def playmat(rng: Rng, size: tuple[int, int]) -> Picture:
    """A printed mat: large coloured forms, sometimes with zones drawn as rectangles of a card's size."""
    mat = _between(_fractal(rng, size), _colour(rng, dull=0.2), _colour(rng, dull=0.2))
    for _ in range(int(rng.integers(2, 14))):
        centre = tuple(int(v) for v in rng.uniform(0, 1, 2) * size[::-1])
        axes = tuple(int(v) for v in rng.uniform(0.03, 0.4, 2) * min(size))
        tint = tuple(float(v) for v in _colour(rng, dull=0.2))
        cv2.ellipse(
            mat, centre, axes, float(rng.uniform(0, 180)), 0, 360, tint, -1 if rng.random() < 0.6 else 2, cv2.LINE_AA
        )
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 6))):
            x, y = (int(v) for v in rng.uniform(0, 0.8, 2) * size[::-1])
            w = int(rng.uniform(0.1, 0.3) * size[1])
            cv2.rectangle(
                mat, (x, y), (x + w, y + int(1.4 * w)), tuple(float(v) for v in _colour(rng)), int(rng.integers(1, 3))
            )
    return np.asarray(cv2.GaussianBlur(mat, (0, 0), float(rng.uniform(0.3, 1.5))), np.uint8)


def tiles(rng: Rng, size: tuple[int, int]) -> Picture:
    """Stripes, checks or tiles: straight edges that are no card's."""
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(8, 80)
    u, v = xs * np.cos(angle) + ys * np.sin(angle), -xs * np.sin(angle) + ys * np.cos(angle)
    pattern = ((u / period) % 1 > rng.uniform(0.05, 0.6)).astype(np.float32)
    if rng.random() < 0.6:
        pattern *= ((v / period) % 1 > rng.uniform(0.05, 0.6)).astype(np.float32)
    return _between(pattern, _colour(rng), _colour(rng))


DRAWN: tuple[Callable[[Rng, tuple[int, int]], Picture], ...] = (
    plain,
    plain,
    wood,
    cloth,
    cloth,
    marble,
    playmat,
    tiles,
)


class Backgrounds:
    """Surfaces to lay cards on. photographs: a folder, searched through; each is kept at most 900 pixels long."""

    def __init__(self, photographs: Path | None = None, *, most: int = 500) -> None:
        self.photographs: list[Picture] = []
        if photographs is not None:
            paths = sorted(
                p for p in photographs.rglob("*") if p.suffix.lower() in _SUFFIXES and p.stat().st_size > 30_000
            )
            for path in paths[:: max(1, len(paths) // most)]:
                loaded = cv2.imread(str(path), cv2.IMREAD_COLOR)
                if loaded is None or min(loaded.shape[:2]) < 200:
                    continue
                shrink = min(1.0, 900 / max(loaded.shape[:2]))
                small = cv2.resize(loaded, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
                self.photographs.append(np.ascontiguousarray(small[..., ::-1]))

    def draw(self, rng: Rng, size: tuple[int, int]) -> Picture:
        """A background of (height, width) pixels."""
        if self.photographs and rng.random() < 0.5:
            return self._crop(self.photographs[int(rng.integers(len(self.photographs)))], rng, size)
        return np.ascontiguousarray(DRAWN[int(rng.integers(len(DRAWN)))](rng, size))

    @staticmethod
    def _crop(photograph: Picture, rng: Rng, size: tuple[int, int]) -> Picture:
        height, width = photograph.shape[:2]
        side = rng.uniform(0.3, 1.0)
        h, w = max(32, int(height * side)), max(32, int(width * side))
        y, x = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
        part = np.rot90(photograph[y : y + h, x : x + w], int(rng.integers(4)))
        return np.asarray(cv2.resize(np.ascontiguousarray(part), size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
