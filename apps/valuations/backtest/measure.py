"""What each way of valuing says at each cut date from what was known by then, and how far off it was afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apps.valuations.backtest.series import Series
from apps.valuations.fair_value import (
    BoolArray,
    Character,
    Comparables,
    FairValues,
    FloatArray,
    IntArray,
    Kind,
    character,
    fair_values,
    half_life,
)
from apps.valuations.fair_value.segments import Segments, middles

OLDEST = 365
STALE = 92
TUNED_ON = 0.6
SAME = 1e-9


@dataclass(frozen=True)
class Questions:
    """What is asked of every method: the price of one item in the period after one cut. Arrays (questions,) or (rows,).

    known: rows of the series that were known, `question` whose each is; age in days at the cut. truth: what came.
    is_late: whether the cut lies in the later part, on which parameters were not chosen.
    """

    series: Series
    cut: FloatArray
    item: IntArray
    truth: FloatArray
    is_late: BoolArray
    known: IntArray
    question: IntArray
    age: FloatArray

    def __len__(self) -> int:
        return len(self.truth)

    def part(self, chosen: BoolArray) -> Questions:
        """Some of the questions."""
        place = np.cumsum(chosen) - 1
        rows = chosen[self.question]
        return Questions(
            self.series, self.cut[chosen], self.item[chosen], self.truth[chosen], self.is_late[chosen],
            self.known[rows], place[self.question[rows]], self.age[rows],
        )  # fmt: skip


def questions(series: Series) -> Questions:
    """One question for each cut and item with evidence of the last three months and a price in the period after it.

    A figure that only repeats the last one, of a source that does so where nothing was sold, asks for nothing.
    Cuts are `period` days apart (or the days themselves, where prices come on fewer days than that).
    """
    days = np.unique(series.day)
    cuts = np.arange(days[0] + series.period - 1, days[-1], series.period)
    if len(days) < 2 * len(cuts) or len(cuts) < 3:
        cuts = days[:-1]
    parts = [part for n, cut in enumerate(cuts) if (part := _at(series, cut, late=n >= TUNED_ON * len(cuts)))]
    if not parts:
        empty = np.zeros(0)
        none = np.zeros(0, np.int64)
        return Questions(series, empty, none, empty, empty > 0, none, none, empty)
    first = np.cumsum([0, *(len(part) for part in parts)])
    cut, item, truth, is_late, known, age = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("cut", "item", "truth", "is_late", "known", "age")
    )
    question = np.concatenate([part.question + start for part, start in zip(parts, first, strict=False)])
    asked = Questions(series, cut, item, truth, is_late, known, question, age)
    if series.repeats:
        asked = asked.part(np.abs(asked.truth / last(asked) - 1) > SAME)
    return asked


def _at(series: Series, cut: float, *, late: bool) -> Questions | None:
    ahead = np.flatnonzero(series.is_truth & (series.day > cut) & (series.day <= cut + series.period))
    ahead = ahead[np.lexsort((series.price[ahead], series.item[ahead]))]
    later = Segments(series.item[ahead], series.items)
    truth = np.exp(middles(np.log(series.price[ahead]), series.copies[ahead], later))
    known = np.flatnonzero(series.is_evidence & (series.day <= cut) & (series.day > cut - OLDEST))
    newest = np.full(series.items, -np.inf)
    np.maximum.at(newest, series.item[known], series.day[known])
    asked = np.flatnonzero(np.isfinite(truth) & (newest > cut - STALE))
    if not len(asked):
        return None
    place = np.full(series.items, -1)
    place[asked] = np.arange(len(asked))
    known = known[place[series.item[known]] >= 0]
    question = place[series.item[known]]
    return Questions(
        series, np.full(len(asked), cut), asked, truth[asked], np.full(len(asked), late), known, question,
        cut - series.day[known],
    )  # fmt: skip


def thinned(asked: Questions) -> BoolArray:
    """Which of the known rows the product would take: every sale; of quotes the newest of each week, then of each month."""
    newest = np.full(len(asked), np.inf)
    np.minimum.at(newest, asked.question, asked.age)
    behind = asked.age - newest[asked.question]
    bucket = np.minimum(behind // 7, 5 + (behind - 35) // 28)
    order = np.lexsort((-asked.known, asked.age, asked.question))
    first = np.ones(len(order), bool)
    first[1:] = (asked.question[order][1:] != asked.question[order][:-1]) | (bucket[order][1:] != bucket[order][:-1])
    keep = np.zeros(len(order), bool)
    keep[order[first]] = True
    keep &= behind < 91
    return keep | (asked.series.kind[asked.known] == Kind.SALE)


def valued(asked: Questions, *, behaves: Character | None = None) -> FairValues:
    """What the product says; with `behaves`, what it would say if the figures behaved so."""
    keep = thinned(asked)
    rows, series = asked.known[keep], asked.series
    kind = series.kind[rows]
    of_kind = [behaves or character(each, series.source) for each in Kind]
    return fair_values(
        Comparables.of(
            series.price[rows],
            item=asked.question[keep],
            kind=kind,
            age=asked.age[keep],
            copies=np.maximum(series.copies[rows], 1),
            pace=np.array([each.pace(series.category) for each in of_kind])[kind],
            trend=np.array([each.trend for each in of_kind])[kind],
            noise=np.array([each.noise for each in of_kind])[kind],
        ),
        items=len(asked),
        half_lives=half_life(series.category),
    )


def last(asked: Questions) -> FloatArray:
    """The newest price; of several on one day their geometric mean."""
    newest = np.full(len(asked), np.inf)
    np.minimum.at(newest, asked.question, asked.age)
    of_it = asked.age == newest[asked.question]
    logs = np.log(asked.series.price[asked.known][of_it])
    times = np.bincount(asked.question[of_it], minlength=len(asked))
    return np.exp(np.bincount(asked.question[of_it], weights=logs, minlength=len(asked)) / times)


def average(asked: Questions, *, days: int, middle: bool) -> FloatArray:
    """Mean or median of the prices of so many days, each for itself; of the newest day where there are none."""
    newest = np.full(len(asked), np.inf)
    np.minimum.at(newest, asked.question, asked.age)
    recent = asked.age <= np.maximum(newest, days - 1)[asked.question]
    price, question = asked.series.price[asked.known][recent], asked.question[recent]
    order = np.lexsort((price, question))
    price, segments = price[order], Segments(question[order], len(asked))
    if middle:
        return middles(price, np.ones(len(price)), segments, band=1e-6)
    return segments.sum(price) / segments.sum(np.ones(len(price)))


BASELINES: dict[str, Callable[[Questions], FloatArray]] = {
    "last": last,
    "mean 30 d": lambda asked: average(asked, days=30, middle=False),
    "median 30 d": lambda asked: average(asked, days=30, middle=True),
    "mean 90 d": lambda asked: average(asked, days=90, middle=False),
    "median 90 d": lambda asked: average(asked, days=90, middle=True),
}


@dataclass(frozen=True)
class Score:
    """How far off one method was. error: median of |said / came - 1|. weighted: sum of |said - came| over sum of what came."""

    error: float
    weighted: float


def score(said: FloatArray, truth: FloatArray, weight: FloatArray | None = None) -> Score:
    """All arrays (questions,), not empty; weight: how much each question counts."""
    counts = np.ones(len(truth)) if weight is None else weight
    error = np.abs(said / truth - 1)
    order = np.argsort(error)
    one = Segments(np.zeros(len(truth), np.int64), 1)
    median = middles(error[order], counts[order], one, band=1e-9)
    return Score(float(median[0]), float((counts * np.abs(said - truth)).sum() / (counts * truth).sum()))
