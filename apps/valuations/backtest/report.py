"""The back-test's figures: errors of fair value and of each baseline by series, source and category, and their table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from apps.valuations.backtest.measure import BASELINES, Questions, Score, questions, score, valued
from apps.valuations.backtest.series import Series
from apps.valuations.fair_value import FloatArray

OURS = "fair value"


@dataclass(frozen=True)
class Line:
    """One group of questions. scores: by method. coverage: share of prices that fell into the 90 % interval.

    half_width: median half width of the interval, as a logarithm. by_confidence: median error by third of confidence, the
    least confident first.
    """

    name: str
    questions: int
    items: int
    cuts: int
    scores: dict[str, Score]
    coverage: float
    half_width: float
    by_confidence: tuple[float, ...]

    @property
    def is_best(self) -> bool:
        """Whether the median error is below that of every baseline."""
        return all(self.scores[OURS].error < self.scores[name].error for name in BASELINES)


@dataclass(frozen=True)
class Answers:
    """What each method said about the questions of one series. Arrays (questions,)."""

    asked: Questions
    said: dict[str, FloatArray]
    low: FloatArray
    high: FloatArray
    confidence: FloatArray


def answered(series: Series, *, part: str = "late") -> Answers | None:
    """Ask everything of one series. part: "late", on which nothing was tuned, "early" or "all". None without a question."""
    asked = questions(series)
    if part != "all":
        asked = asked.part(asked.is_late == (part == "late"))
    if not len(asked):
        return None
    found = valued(asked)
    said = {OURS: found.value} | {name: method(asked) for name, method in BASELINES.items()}
    return Answers(asked, said, found.low, found.high, found.confidence)


def line(name: str, answers: Sequence[Answers]) -> Line:
    """One line for one series, or for several, in which each series counts the same however long it is."""
    truth = np.concatenate([each.asked.truth for each in answers])
    weight = np.concatenate([np.full(len(each.asked), 1 / len(each.asked)) for each in answers])
    low, high = (np.concatenate([getattr(each, end) for each in answers]) for end in ("low", "high"))
    said = {method: np.concatenate([each.said[method] for each in answers]) for method in answers[0].said}
    error = np.abs(said[OURS] / truth - 1)
    third = (
        np.argsort(np.argsort(np.concatenate([each.confidence for each in answers]), kind="stable")) * 3 // len(truth)
    )
    return Line(
        name=name,
        questions=len(truth),
        items=sum(len(np.unique(each.asked.item)) for each in answers),
        cuts=sum(len(np.unique(each.asked.cut)) for each in answers),
        scores={method: score(values, truth, weight) for method, values in said.items()},
        coverage=float(np.average((low <= truth) & (truth <= high), weights=weight)),
        half_width=float(np.median(np.log(high / low)) / 2),
        by_confidence=tuple(
            float(np.median(error[third == n])) if (third == n).any() else float("nan") for n in range(3)
        ),
    )


def report(series: Iterable[Series], *, part: str = "late") -> dict[str, list[Line]]:
    """Lines by "series", "source" and "category", and for "all" of them. Empty without a question."""
    answers = [said for each in series if (said := answered(each, part=part))]
    if not answers:
        return {}
    found: dict[str, list[Line]] = {"series": [line(each.asked.series.name, [each]) for each in answers]}
    for what in ("source", "category"):
        names = sorted({getattr(each.asked.series, what) for each in answers})
        found[what] = [
            line(name or "(none)", [each for each in answers if getattr(each.asked.series, what) == name])
            for name in names
        ]
    found["all"] = [line("all, each series alike", answers)]
    return found


def as_figures(found: dict[str, list[Line]]) -> dict[str, object]:
    """The lines as plain numbers, for JSON."""
    return {
        group: {each.name: asdict(each) | {"below_every_baseline": each.is_best} for each in lines}
        for group, lines in found.items()
    }


def as_table(found: dict[str, list[Line]]) -> list[str]:
    """Median error in percent, in brackets the weighted one; then the interval. A star marks what beats every baseline."""
    methods = [OURS, *BASELINES]
    rows = [f"{'':<28}{'questions':>10}" + "".join(f"{name:>15}" for name in methods) + f"{'covered':>9}{'width':>8}"]
    for group, lines in found.items():
        rows += ["", f"by {group}" if group != "all" else "together"]
        for each in lines:
            scores = "".join(
                f"{100 * each.scores[name].error:>8.2f} {f'({100 * each.scores[name].weighted:.1f})':>6}"
                for name in methods
            )
            star = "*" if each.is_best else " "
            rows.append(
                f"{each.name:<27}{star}{each.questions:>10,}{scores}{each.coverage:>9.1%}{f'±{each.half_width:.0%}':>8}"
            )
    return rows
