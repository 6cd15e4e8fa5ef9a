"""Wear of known amounts: whitening, bends, scratches, print lines and stains, drawn into a card's picture with their masks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ml.generate.artwork import noise
from ml.generate.frames import CORNER_MM
from ml.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Array
from ml.grade.grading import KINDS, Kind
from ml.types import Floats, Picture

Rng = np.random.Generator

LEVELS = ("none", "light", "moderate", "heavy")
"""Amounts of wear, from as it left the press to played with for years."""
_AMOUNT = {"none": 0.0, "light": 0.25, "moderate": 1.0, "heavy": 3.0}


@dataclass(frozen=True, slots=True)
class Worn:
    """picture: the card with its wear. masks: (5, h, w) 0..1, how far each kind of `ml.grade.grading.KINDS` covers a pixel."""

    picture: Picture
    masks: Floats


def worn(card: Picture, rng: Rng, *, level: str | float = "moderate", kinds: Sequence[Kind] = KINDS) -> Worn:
    """Wear a card: an upright picture with square corners that it fills.

    level: one of LEVELS, or an amount on the same scale (light 0.25, heavy 3). kinds: which may occur; each does, at
    random, so that a moderate card has some two or three of them.
    """
    amount = _AMOUNT[level] if isinstance(level, str) else float(level)
    height, width = card.shape[:2]
    scale = width / CARD_WIDTH_MM
    canvas = _Canvas(card.astype(np.float32), np.zeros((len(KINDS), height, width), np.float32), scale)
    if amount > 0:
        for kind in KINDS:
            if kind in kinds and rng.random() < min(0.95, 0.35 + 0.3 * amount):
                _DRAW[kind](canvas, rng, amount * float(np.exp(rng.normal(0, 0.5))))
    return Worn(np.clip(canvas.picture + 0.5, 0, 255).astype(np.uint8), canvas.masks)


@dataclass(slots=True)
class _Canvas:
    picture: Floats
    masks: Floats
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        return self.picture.shape[1], self.picture.shape[0]

    def lay(self, kind: Kind, cover: Floats, colour: Array | float) -> None:
        """Mix a colour in by the cover and note it."""
        rows, columns = np.flatnonzero(cover.max(axis=1)), np.flatnonzero(cover.max(axis=0))
        if len(rows):
            here = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            part = self.picture[here]
            part += (np.float32(colour) - part) * cover[here][..., None]
            self.note(kind, cover)

    def note(self, kind: Kind, cover: Floats) -> None:
        mask = self.masks[KINDS.index(kind)]
        np.maximum(mask, cover, out=mask)


def edge_distance(width: int, height: int, scale: float, *, left: float = 0.0, top: float = 0.0) -> Floats:
    """(height, width) mm from a card's edge, positive inside, its corners rounded. left, top: mm before the card begins."""
    x = (np.arange(width, dtype=np.float32) + 0.5) / scale - left
    y = (np.arange(height, dtype=np.float32) + 0.5) / scale - top
    dx = np.abs(x - CARD_WIDTH_MM / 2)[None] - (CARD_WIDTH_MM / 2 - CORNER_MM)
    dy = np.abs(y - CARD_HEIGHT_MM / 2)[:, None] - (CARD_HEIGHT_MM / 2 - CORNER_MM)
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    inside = np.minimum(np.maximum(dx, dy), 0)
    return np.asarray(CORNER_MM - outside - inside, np.float32)


def _count(rng: Rng, mean: float) -> int:
    return int(rng.poisson(mean))


def _fibre(rng: Rng) -> Array:
    """The colour of bare card stock."""
    return np.clip(np.array([238, 235, 228]) + rng.normal(0, 7), 190, 255)


def _whitening(canvas: _Canvas, rng: Rng, amount: float) -> None:
    """Ink gone from edges and corners: chips, and rubbed stretches, deepest at the very edge."""
    width, height = canvas.size
    scale = canvas.scale
    depth = np.zeros((height, width), np.float32)
    distance = edge_distance(width, height, scale)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (CARD_WIDTH_MM, CARD_HEIGHT_MM)
    arc = CORNER_MM * (1 - np.sqrt(0.5))
    spots: list[tuple[float, float, float, float]] = []
    for corner in corners:
        if rng.random() < min(0.9, 0.3 + 0.3 * amount):
            at = corner + np.sign(np.array([CARD_WIDTH_MM, CARD_HEIGHT_MM]) / 2 - corner) * arc
            for _ in range(1 + _count(rng, 0.7)):
                reach = float(np.clip(np.exp(rng.normal(-0.7, 0.5)) * (0.6 + 0.7 * amount), 0.25, 4.0))
                x, y = at + rng.normal(0, 0.8, 2)
                spots.append((x, y, reach * rng.uniform(1, 2), reach * rng.uniform(0.5, 1.0)))
    for _ in range(1 + _count(rng, 3 * amount)):
        along = float(np.clip(np.exp(rng.normal(0.2, 0.9)) * (0.5 + 0.5 * amount), 0.25, 30))
        deep = float(np.clip(np.exp(rng.normal(-1.3, 0.5)) * (0.7 + 0.4 * amount), 0.12, 1.2))
        if rng.random() < CARD_HEIGHT_MM / (CARD_HEIGHT_MM + CARD_WIDTH_MM):
            x = float(rng.choice([0.0, CARD_WIDTH_MM]))
            spots.append((x, float(rng.uniform(3, CARD_HEIGHT_MM - 3)), deep, along))
        else:
            y = float(rng.choice([0.0, CARD_HEIGHT_MM]))
            spots.append((float(rng.uniform(3, CARD_WIDTH_MM - 3)), y, along, deep))
    for x, y, rx, ry in spots:
        _soft_ellipse(depth, x * scale, y * scale, rx * scale, ry * scale)
    ragged = noise(rng, width, height, round(rng.uniform(0.6, 2.2) * CARD_WIDTH_MM), 2)
    cover = np.clip((depth + 0.9 * (ragged - 0.5) - 0.25) * 4, 0, 1) * (depth > 0.02) * (distance > -0.05)
    cover *= np.clip(0.75 + 0.5 * (noise(rng, width, height, 120, 1) - 0.3), 0.3, 1)
    canvas.lay("whitening", np.asarray(cover * rng.uniform(0.6, 1.0), np.float32), _fibre(rng))


def _soft_ellipse(field: Floats, x: float, y: float, rx: float, ry: float) -> None:
    """Raise a field to a cone of height 1 over an ellipse, in px."""
    height, width = field.shape
    x0, x1 = max(0, int(x - rx) - 1), min(width, int(x + rx) + 2)
    y0, y1 = max(0, int(y - ry) - 1), min(height, int(y + ry) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    u = (np.arange(x0, x1, dtype=np.float32) - x)[None] / max(rx, 0.5)
    v = (np.arange(y0, y1, dtype=np.float32) - y)[:, None] / max(ry, 0.5)
    part = field[y0:y1, x0:x1]
    np.maximum(part, 1 - np.sqrt(u * u + v * v), out=part)


def _stroke(shape: tuple[int, int], points: Array, thick: float) -> Floats:
    """(h, w) 0..1 cover of a polyline `thick` px wide; thinner than a pixel it gets fainter."""
    mask = np.zeros(shape, np.uint8)
    cv2.polylines(mask, [np.rint(points * 16).astype(np.int32)], False, 255, max(1, round(thick)), cv2.LINE_AA, 4)
    return mask.astype(np.float32) * np.float32(min(1.0, thick) / 255)


def _wander(rng: Rng, start: Array, angle: float, length: float, *, bend: float) -> Array:
    """A line that changes its heading a little as it goes. Units as given; bend: radians in all."""
    steps = 12
    headings = angle + np.cumsum(rng.normal(0, bend / np.sqrt(steps), steps))
    moves = np.column_stack([np.cos(headings), np.sin(headings)]) * length / steps
    return np.vstack([start, start + np.cumsum(moves, axis=0)])


def _bend(canvas: _Canvas, rng: Rng, amount: float) -> None:
    """Creases: a fold that shows as light and shade beside a line where ink has cracked."""
    width, height = canvas.size
    scale = canvas.scale
    for _ in range(1 + _count(rng, 0.25 * amount)):
        points = _fold(rng, amount) * scale
        line = _stroke((height, width), points, 1.5)
        broken = np.clip(1.6 * noise(rng, width, height, round(rng.uniform(20, 90)), 2) - 0.3, 0, 1)
        core = _stroke((height, width), points, scale * rng.uniform(0.12, 0.45)) * broken
        reach = scale * rng.uniform(0.4, 1.4)
        soft = cv2.GaussianBlur(line, (0, 0), reach)
        slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0) + cv2.Sobel(soft, cv2.CV_32F, 0, 1)
        slope /= max(float(np.abs(slope).max()), 1e-6)
        relief = np.float32(rng.uniform(12, 60) * min(1.4, 0.6 + 0.4 * amount)) * slope
        canvas.picture += relief[..., None] * np.float32(rng.choice([-1, 1]))
        strength = rng.uniform(0.25, 0.95)
        canvas.lay("bend", np.asarray(core * strength, np.float32), _fibre(rng))
        canvas.note("bend", np.asarray(np.minimum(1, line * 1.2), np.float32))


def _fold(rng: Rng, amount: float) -> Array:
    """Where a card folds, in mm: across a corner, from edge to edge, or a short dent."""
    kind = rng.random()
    if kind < 0.45:
        legs = rng.uniform(3, 8 + 8 * min(1.0, amount), 2)
        ends = np.array([[legs[0], 0.0], [0.0, legs[1]]])
        if rng.random() < 0.5:
            ends[:, 0] = CARD_WIDTH_MM - ends[:, 0]
        if rng.random() < 0.5:
            ends[:, 1] = CARD_HEIGHT_MM - ends[:, 1]
    elif kind < 0.65 and amount > 0.5:
        y = rng.uniform(8, CARD_HEIGHT_MM - 8)
        ends = np.array([[0.0, y], [CARD_WIDTH_MM, y + rng.normal(0, 12)]])
    else:
        start = rng.uniform((4, 4), (CARD_WIDTH_MM - 4, CARD_HEIGHT_MM - 4))
        angle, length = rng.uniform(0, np.pi), rng.uniform(3, 10 + 12 * min(2.0, amount))
        ends = np.stack([start, start + length * np.array([np.cos(angle), np.sin(angle)])])
    t = np.linspace(0, 1, 14)[:, None]
    sway = np.cumsum(rng.normal(0, 0.12, (14, 2)), axis=0)
    return ends[0] * (1 - t) + ends[1] * t + sway


def _scratch(canvas: _Canvas, rng: Rng, amount: float) -> None:
    """Thin lines that something hard drew over the surface, lighter or darker than the print, often several alongside."""
    width, height = canvas.size
    scale = canvas.scale
    for _ in range(1 + _count(rng, 1.2 * amount)):
        start = rng.uniform((2, 2), (CARD_WIDTH_MM - 2, CARD_HEIGHT_MM - 2))
        angle, length = rng.uniform(0, np.pi), float(np.clip(np.exp(rng.normal(2.2, 0.6)), 2.5, 60))
        pale = rng.random() < 0.75
        for _ in range(1 + _count(rng, 0.6)):
            line = _wander(
                rng, start + rng.normal(0, 1.2, 2), angle + rng.normal(0, 0.04), length * rng.uniform(0.5, 1), bend=0.12
            )
            cover = _stroke((height, width), line * scale, scale * rng.uniform(0.06, 0.2))
            cover *= np.clip(0.6 + 0.8 * (noise(rng, width, height, 30, 1) - 0.25), 0.15, 1)
            colour = rng.uniform(205, 255) if pale else rng.uniform(15, 70)
            canvas.lay("scratch", np.asarray(cover * rng.uniform(0.3, 0.85), np.float32), colour)


def _print_line(canvas: _Canvas, rng: Rng, amount: float) -> None:
    """Faults of the press: a faint straight line right across the card, along or athwart it."""
    width, height = canvas.size
    scale = canvas.scale
    for _ in range(1 + _count(rng, 0.3 * amount)):
        upright = rng.random() < 0.6
        across, along = (width, height) if upright else (height, width)
        where = rng.uniform(0.05, 0.95) * across
        begin, end = (0.0, 1.0) if rng.random() < 0.6 else np.sort(rng.uniform(0, 1, 2)) * 0.5 + (0.0, 0.5)
        points = np.array([[where, begin * along], [where + rng.normal(0, 0.002) * along, end * along]])
        cover = _stroke((height, width), points if upright else points[:, ::-1], scale * rng.uniform(0.08, 0.25))
        colour = rng.uniform(170, 255, 3) if rng.random() < 0.7 else rng.uniform(0, 90, 3)
        canvas.lay("print_line", np.asarray(cover * rng.uniform(0.2, 0.6), np.float32), colour)


def _stain(canvas: _Canvas, rng: Rng, amount: float) -> None:
    """Something spilt or rubbed on: a blot with a ragged rim, darker or yellower, sometimes only its rim."""
    width, height = canvas.size
    scale = canvas.scale
    for _ in range(1 + _count(rng, 0.25 * amount)):
        field = np.zeros((height, width), np.float32)
        x, y = rng.uniform((0, 0), (CARD_WIDTH_MM, CARD_HEIGHT_MM))
        reach = float(np.clip(np.exp(rng.normal(0.9, 0.6)) * (0.6 + 0.4 * amount), 0.8, 18))
        for _ in range(1 + _count(rng, 1.0)):
            rx, ry = reach * rng.uniform(0.5, 1.1, 2)
            at = np.array([x, y]) + rng.normal(0, 0.4 * reach, 2)
            _soft_ellipse(field, at[0] * scale, at[1] * scale, rx * scale, ry * scale)
        rag = field + 0.5 * (noise(rng, width, height, 24, 3) - 0.5)
        body = np.clip((rag - 0.15) * rng.uniform(3, 12), 0, 1) * (field > 0.01)
        whole = body
        if rng.random() < 0.3:
            body = np.clip(body - 0.75 * np.clip((rag - 0.3) * 6, 0, 1), 0, 1)
        tint = np.array(((96, 64, 30), (150, 120, 60), (60, 60, 66), (120, 40, 40), (40, 60, 110))[rng.integers(5)])
        share = np.asarray(body * rng.uniform(0.25, 0.7), np.float32)
        canvas.picture += (canvas.picture * (np.float32(tint) / 255 * 0.9 + 0.1) - canvas.picture) * share[..., None]
        canvas.note("stain", np.asarray(whole, np.float32))


_DRAW: dict[Kind, Callable[[_Canvas, Rng, float], None]] = {
    "whitening": _whitening,
    "bend": _bend,
    "scratch": _scratch,
    "print_line": _print_line,
    "stain": _stain,
}
