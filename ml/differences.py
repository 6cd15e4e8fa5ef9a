"""Telling look-alikes apart without reading: only where two references differ is the card compared with both.

Reprints of one art share nearly all pixels; the collector number, the set's symbol, a stamp or the frame differ. Where
references a and b do, the card c is projected on their difference: with m = (a + b) / 2 and d = a - b,
t = 2 <c - m, d> / <d, d> is 1 where the card looks like a and -1 where it looks like b (the matched filter; Turin, "An
introduction to matched filters", 1960). Pictures are compared by their fine structure (local mean and contrast removed),
so that light and colour casts say nothing, and block by block at the shift that fits best, so that an outline a little
off does not either.
"""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from ml.types import Floats, Picture

BLOCK = 32
REACH = 3
"""Pixels by which a block of the card may lie off its place."""
DIFFERS = 0.5
"""Fine structure in which references differ by less than this (in local standard deviations) is the same print."""
LEAST_ENERGY = 60.0
"""Less difference than this is the noise of two scans of the same printing; about the area of one printed digit."""


def spoken_for(card: Picture, references: Mapping[str, Picture]) -> dict[str, float]:
    """-1 to 1 per reference: the least that its differing places speak for it against any other.

    card: (height, width, 3); references of the same size, laid over it. Those that differ from no other are left out.
    """
    fine = {key: _fine(picture) for key, picture in references.items()}
    mine = _fine(card)
    found: dict[str, float] = {}
    keys = list(references)
    for i, a in enumerate(keys):
        for b in keys[i + 1 :]:
            leaning = leans(mine, fine[a], fine[b])
            if leaning is not None:
                found[a] = min(found.get(a, 1.0), leaning)
                found[b] = min(found.get(b, 1.0), -leaning)
    return found


def leans(card: Floats, a: Floats, b: Floats) -> float | None:
    """-1 (like b) to 1 (like a) over all places where a and b differ; None where they do not. Fine structures, same size."""
    # Where they differ as they lie, they may still be the same print beside its place.
    b = _beside(a, b, _blocks(_differing(a, b)))
    difference = (a - b) * _differing(a, b)
    energy = difference**2
    if float(energy.sum()) < LEAST_ENERGY:
        return None
    middle = (a + b) * 0.5
    there = _beside(middle, card, _blocks(energy))
    spoken = 2 * (there - middle) * difference
    # Block by block, so that one place of glare does not outweigh the rest.
    weights = cv2.resize(energy, None, fx=1 / BLOCK, fy=1 / BLOCK, interpolation=cv2.INTER_AREA)
    leaning = np.clip(
        cv2.resize(spoken, None, fx=1 / BLOCK, fy=1 / BLOCK, interpolation=cv2.INTER_AREA), -weights, weights
    )
    return float(leaning.sum() / weights.sum())


def _differing(a: Floats, b: Floats) -> Floats:
    """1 where a pixel's shift does not explain how `a` and `b` differ, else 0."""
    apart = np.maximum(_unexplained(a, b), _unexplained(b, a))
    return (cv2.GaussianBlur(apart, (0, 0), 2.0) > DIFFERS).astype(np.float32)


def _blocks(values: Floats) -> list[tuple[int, int]]:
    """Top and left of every block with a value above 0."""
    height, width = values.shape
    return [
        (y, x)
        for y in range(0, height, BLOCK)
        for x in range(0, width, BLOCK)
        if values[y : y + BLOCK, x : x + BLOCK].any()
    ]


def _beside(a: Floats, b: Floats, blocks: Sequence[tuple[int, int]]) -> Floats:
    """`b` with these blocks moved onto `a`, each by at most REACH pixels, by what both have in common."""
    padded = cv2.copyMakeBorder(b, REACH, REACH, REACH, REACH, cv2.BORDER_REPLICATE)
    moved = b.copy()
    for y, x in blocks:
        block = a[y : y + BLOCK, x : x + BLOCK]
        part = padded[y : y + block.shape[0] + 2 * REACH, x : x + block.shape[1] + 2 * REACH]
        _, _, _, (dx, dy) = cv2.minMaxLoc(cv2.matchTemplate(part, block, cv2.TM_CCORR_NORMED))
        moved[y : y + BLOCK, x : x + BLOCK] = part[dy : dy + block.shape[0], dx : dx + block.shape[1]]
    return moved


def _unexplained(a: Floats, b: Floats) -> Floats:
    """How far each pixel of `a` lies outside of what `b` shows within a pixel round it."""
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray(np.maximum(a - cv2.dilate(b, kernel), 0) + np.maximum(cv2.erode(b, kernel) - a, 0), np.float32)


def _fine(picture: Picture) -> Floats:
    """Fine structure of the brightness: mean 0 and spread about 1 everywhere, flat places near 0."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rest = grey - cv2.GaussianBlur(grey, (0, 0), 6.0)
    spread = np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), 10.0))
    return np.asarray(np.clip(rest / (spread + 6.0), -3, 3), np.float32)
