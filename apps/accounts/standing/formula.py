"""A seller's standing as a number from 0 to 100, out of their record. Pure; published at /standing/ from these constants.

Each share is drawn towards what sellers usually have, as if so many sales of such a seller had come before: a Bayesian
estimate (the mean of a beta distribution whose prior counts PRIOR_SALES), so that one lucky or unlucky sale says little.
"""

from __future__ import annotations

from dataclasses import dataclass

PRIOR_SALES = 10
USUAL_REVIEWS, USUAL_RELIABILITY, USUAL_SPEED = 0.80, 0.90, 0.70
HALF_VOLUME = 20  # sales that bring half of what volume can
WEIGHT_REVIEWS, WEIGHT_RELIABILITY, WEIGHT_SPEED, WEIGHT_VOLUME = 0.40, 0.35, 0.15, 0.10
QUICK_HOURS = 72
MOST_STARS = 5
LEVELS = ((90, "Excellent"), (75, "Good"), (60, "Fair"), (0, "Poor"))


@dataclass(frozen=True)
class Record:
    """What a seller did. `good` <= `paid`: paid sales that ended with the money released whole; `quick` <= `shipped`.

    stars: the sum of `reviews` visible ratings, 1 to 5 each.
    """

    sales: int = 0
    paid: int = 0
    good: int = 0
    shipped: int = 0
    quick: int = 0
    reviews: int = 0
    stars: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        counts = (self.sales, self.paid, self.good, self.shipped, self.quick, self.reviews, self.stars)
        in_range = self.good <= self.paid and self.quick <= self.shipped
        if min(counts) < 0 or not in_range or not self.reviews <= self.stars <= MOST_STARS * self.reviews:
            raise ValueError(f"no seller has such a record: {self}")


@dataclass(frozen=True)
class Standing:
    """The four shares in [0, 1], and the score that they make, 0 to 100, rounded half to even."""

    reviews: float
    reliability: float
    speed: float
    volume: float

    @property
    def exact(self) -> float:
        """The score before rounding."""
        return 100 * (
            WEIGHT_REVIEWS * self.reviews
            + WEIGHT_RELIABILITY * self.reliability
            + WEIGHT_SPEED * self.speed
            + WEIGHT_VOLUME * self.volume
        )

    @property
    def score(self) -> int:
        """0 to 100."""
        return round(self.exact)

    @property
    def level(self) -> str:
        """The score in a word."""
        return level_of(self.score)


def level_of(score: int) -> str:
    """A score from 0 to 100 in a word."""
    return next(word for least, word in LEVELS if score >= least)


def standing_of(record: Record) -> Standing:
    """A seller's standing. More of what is good never lowers it; without a record it is the usual seller's."""
    stars = (record.stars - record.reviews) / (MOST_STARS - 1)  # one star is nothing, five are a whole good review
    return Standing(
        reviews=_drawn(stars, record.reviews, USUAL_REVIEWS),
        reliability=_drawn(record.good, record.paid, USUAL_RELIABILITY),
        speed=_drawn(record.quick, record.shipped, USUAL_SPEED),
        volume=record.sales / (record.sales + HALF_VOLUME),
    )


def _drawn(good: float, of: int, usual: float) -> float:
    """The share of good ones, drawn towards the usual one."""
    return (good + PRIOR_SALES * usual) / (of + PRIOR_SALES)
