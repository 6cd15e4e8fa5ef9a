"""Where games print what on a card: six that resemble what collectors know, and as many more as there are numbers."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ml.generate.artwork import Colour

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the card's width and height."""

BORDERS: dict[str, Colour] = {
    "white": (240, 240, 236),
    "yellow": (242, 208, 62),
    "black": (22, 20, 20),
    "silver": (178, 182, 188),
    "none": (0, 0, 0),
}
KINDS = 8
"""Colour schemes that each game has, as energies or guilds."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one game prints what. `over`: the art fills the card and everything lies on top of it."""

    border: float
    name: Box
    art: Box
    text: Box
    kind_bar: Box | None
    strip: float
    number_left: bool
    cost: tuple[float, float] | None
    stat: tuple[float, float] | None
    over: bool
    hue: int
    plate: int


KNOWN = (
    Layout(
        0.035,
        (0.08, 0.03, 0.72, 0.09),
        (0.08, 0.11, 0.92, 0.5),
        (0.07, 0.55, 0.93, 0.87),
        (0.15, 0.505, 0.85, 0.54),
        0.945,
        True,
        None,
        (0.87, 0.06),
        False,
        0,
        0,
    ),
    Layout(
        0.045,
        (0.08, 0.045, 0.8, 0.095),
        (0.085, 0.11, 0.915, 0.545),
        (0.085, 0.615, 0.915, 0.9),
        (0.08, 0.55, 0.92, 0.605),
        0.955,
        True,
        (0.88, 0.07),
        (0.86, 0.92),
        False,
        20,
        1,
    ),
    Layout(
        0.03,
        (0.15, 0.845, 0.85, 0.905),
        (0, 0, 1, 1),
        (0.08, 0.63, 0.92, 0.82),
        (0.2, 0.91, 0.8, 0.94),
        0.955,
        False,
        (0.1, 0.075),
        (0.83, 0.065),
        True,
        90,
        2,
    ),
    Layout(
        0.03,
        (0.06, 0.04, 0.82, 0.105),
        (0.11, 0.19, 0.89, 0.73),
        (0.07, 0.76, 0.93, 0.95),
        None,
        0.97,
        True,
        (0.89, 0.07),
        (0.85, 0.93),
        False,
        30,
        1,
    ),
    Layout(
        0.05,
        (0.1, 0.86, 0.9, 0.93),
        (0.05, 0.035, 0.95, 0.85),
        (0.1, 0.8, 0.5, 0.85),
        None,
        0.95,
        False,
        None,
        (0.14, 0.1),
        False,
        110,
        0,
    ),
    Layout(
        0.025,
        (0.06, 0.03, 0.7, 0.085),
        (0, 0, 1, 1),
        (0.06, 0.6, 0.94, 0.9),
        None,
        0.95,
        True,
        (0.9, 0.06),
        None,
        True,
        60,
        2,
    ),
)


@lru_cache(maxsize=4096)
def layout(family: int) -> Layout:
    """The layout of a game. The first six resemble what collectors know; every further number is another game."""
    if family < len(KNOWN):
        return KNOWN[family]
    rng = np.random.default_rng([family, 7])
    border = float(rng.uniform(0.015, 0.06))
    left = border + float(rng.uniform(0.01, 0.06))
    right = 1 - left
    named_below = rng.random() < 0.25
    top = border + float(rng.uniform(0.0, 0.03))
    tall = float(rng.uniform(0.045, 0.075))
    split = float(rng.uniform(0.42, 0.72))
    art_top = 0.03 + border if named_below else top + tall + float(rng.uniform(0.0, 0.04))
    text_bottom = 0.93 - (tall if named_below else 0)
    name_top = text_bottom + 0.005 if named_below else top
    bar = float(rng.uniform(0.025, 0.05)) if rng.random() < 0.6 else 0.0
    return Layout(
        border=border,
        name=(left, name_top, float(rng.uniform(0.65, right)), name_top + tall),
        art=(left, art_top, right, split),
        text=(left, split + bar + 0.01, right, text_bottom),
        kind_bar=(left, split + 0.005, right, split + bar) if bar else None,
        strip=float(rng.uniform(0.945, 0.965)),
        number_left=bool(rng.random() < 0.5),
        cost=(0.9, top + tall / 2) if rng.random() < 0.5 else None,
        stat=(float(rng.choice([0.12, 0.86])), float(rng.choice([0.1, 0.92]))) if rng.random() < 0.5 else None,
        over=bool(rng.random() < 0.3),
        hue=int(rng.integers(180)),
        plate=int(rng.integers(3)),
    )
