"""The one table of what fair value is worked out with. Chosen by the back-test (docs/fair-value.md) unless said otherwise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

MODEL_VERSION = "median-2"


class Kind(IntEnum):
    """What a comparable is, most telling first."""

    SALE = 0
    QUOTE = 1
    ASK = 2


METHODS = {Kind.SALE: "sales", Kind.QUOTE: "quotes", Kind.ASK: "asks"}

# States of a copy: five conditions, then for each grader the grades 1 to 10 in halves; "" is a grader that is not told.
CONDITIONS = ("NM", "LP", "MP", "HP", "DMG")
GRADERS = ("", "PSA", "BGS", "CGC", "SGC", "TAG")
GRADES = tuple(half / 2 for half in range(2, 21))
STATES = len(CONDITIONS) + len(GRADERS) * len(GRADES)

# What a copy of each condition brings beside a Near Mint one. A rule of thumb, not a measurement: the lower ends of the
# bands that collectors' price tools publish (LP 85-90 %, MP 70-80 %, HP 50-60 %, DMG 30-40 %). Learned ratios are shrunk
# towards these, see ratios.py.
CONDITION_RATIOS = np.array([1.0, 0.85, 0.70, 0.50, 0.30])
# What a graded copy brings beside an ungraded one, by grade: medians of 24 sought-after cards over three years for 7 to 10
# (PriceCharting's figures; its 10 is PSA's), below 7 as the conditions that those grades look like.
_LADDER = {1: 0.3, 2: 0.4, 3: 0.5, 4: 0.6, 5: 0.75, 6: 1.0, 7: 1.3, 8: 1.8, 9: 2.6, 9.5: 3.9, 10: 7.7}
GRADE_RATIOS = np.exp(np.interp(GRADES, list(_LADDER), np.log(list(_LADDER.values()))))
# What the same grade of each grader brings beside PSA's. A rule of thumb, not a measurement: no prices by grader were at hand.
GRADER_RATIOS = np.array([1.0, 1.0, 1.0, 0.8, 0.75, 0.8])
RATIOS = np.concatenate([CONDITION_RATIOS, np.outer(GRADER_RATIOS, GRADE_RATIOS).ravel()])

CONDITION_STEP = 0.6
RAW_TO_GRADED = 6
TO_UNTOLD_GRADER = 1
TO_ANOTHER_GRADER = 2
FAR = 4
# Neither one seller nor one pair reaches into the middle of the weight: each stays below (1 - MIDDLE) / 2.
SELLER_SHARE = 0.3
PAIR_SHARE = 0.2
ENOUGH = 3
ASK_WEIGHT = 0.25
MOST_COPIES = 25
MIDDLE = 1 / 3
OUTLIER_CUT = 3.5
OUTLIER_FLOOR = math.log(2)
FEWEST_FOR_OUTLIERS = 4
SLOW = 6.0
MOST_MOVE = 0.15
SPREAD_SHARE = 0.4
AGEING_DAYS = 30.0
NOISE_PER_STEP = 0.25
METHOD_CAPS = (1.0, 0.85, 0.4)

# Days in which a sale loses half of its weight, by the beginning of the category's path; the longest match counts. That of
# trading cards is the back-test's; there are no dated sales of the others to choose theirs by, so they are estimates.
HALF_LIVES = {"": 60.0, "trading-cards": 7.0, "sports-cards": 7.0, "toys": 90.0, "art": 180.0, "video-games": 60.0}


@dataclass(frozen=True)
class Character:
    """How the figures of one source behave.

    half_life: days, 0 for the category's. trend: how much of a movement goes on; below 0, how much of it is taken back.
    noise: how far the next price lies from the value nine times in ten, as a logarithm, where figures are fresh and agree.
    """

    half_life: float = 0.0
    trend: float = 0.0
    noise: float = 0.2

    def pace(self, category: str) -> float:
        """Their half-life as a part of the category's."""
        return self.half_life / half_life(category) if self.half_life else 1.0

    @property
    def percent(self) -> str:
        """The trend in words of a hundred."""
        return f"{self.trend * 100:+.0f}" if self.trend else "0"

    @property
    def distance(self) -> str:
        """The noise as a part of the price, upwards."""
        return f"{math.expm1(self.noise) * 100:.0f}"


# The back-test asks 0.09 of sales, but what it foretells of them is the mean of many copies; a few single ones lie further off.
SALES = Character(trend=-0.2, noise=0.13)
ASKS = Character(noise=0.4)
# By the source's slug; "" for those that are not named. A market price that is worked out from the latest sales makes earlier
# ones of itself obsolete and lags behind; a monthly figure of a few auctions does neither.
QUOTES = {
    "": Character(half_life=7, trend=-0.1, noise=0.2),
    "tcgplayer": Character(half_life=2, trend=0.25, noise=0.05),
    "tcgplayer-weekly": Character(half_life=2, trend=0.25, noise=0.12),
    "cardmarket": Character(half_life=7, trend=-0.1, noise=0.45),
    "pricecharting": Character(half_life=45, trend=-0.1, noise=0.33),
    "pricecharting-grades": Character(half_life=7, trend=-0.1, noise=0.15),
}


def character(kind: int, source: str = "") -> Character:
    """How figures of this kind from this source (its slug) behave."""
    if kind == Kind.SALE:
        return SALES
    return ASKS if kind == Kind.ASK else QUOTES.get(source, QUOTES[""])


def half_life(category: str) -> float:
    """Half-life in days for a category's path."""
    fits = [prefix for prefix in HALF_LIVES if category == prefix or category.startswith(f"{prefix}/") or not prefix]
    return HALF_LIVES[max(fits, key=len)]


def graded_figures(source: str) -> str:
    """The source under whose name figures of graded copies are known, where they behave otherwise than those of ungraded."""
    return f"{source}-grades" if f"{source}-grades" in QUOTES else source


def state_of(*, condition: str = "", grade: float | None = None, grader: str = "") -> int:
    """Number of a state: a condition's, or a grade's by a grader ("" where it is not told). Raises ValueError on others."""
    if grade is not None:
        if float(grade) not in GRADES:
            raise ValueError(f"{grade} is not a grade from 1 to 10 in halves")
        return len(CONDITIONS) + GRADERS.index(grader) * len(GRADES) + GRADES.index(float(grade))
    return CONDITIONS.index(condition)


def _distances() -> npt.NDArray[np.int64]:
    number = np.arange(STATES)
    raw = number < len(CONDITIONS)
    grader, grade = np.divmod(number - len(CONDITIONS), len(GRADES))
    another = np.where(np.logical_or.outer(grader == 0, grader == 0), TO_UNTOLD_GRADER, TO_ANOTHER_GRADER)
    graded = np.abs(np.subtract.outer(grade, grade)) + another * np.not_equal.outer(grader, grader)
    apart = np.where(np.logical_and.outer(raw, raw), np.abs(np.subtract.outer(number, number)), graded)
    return np.where(np.logical_xor.outer(raw, raw), RAW_TO_GRADED, apart).astype(np.int64)


# Steps from one state to another: one for each condition or half a grade, two to another grader and one to or from a grader
# that is not told; between ungraded and graded six.
DISTANCES = _distances()
