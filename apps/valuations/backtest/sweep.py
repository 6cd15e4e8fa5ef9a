"""Which half-life and trend foretell each source's figures best on the earlier dates. What it finds is put into the table
of fair_value/parameters.py by hand; the later dates are then the test of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from apps.valuations.backtest.measure import Questions, last, questions, valued
from apps.valuations.backtest.series import Series
from apps.valuations.fair_value import Character, FairValues, FloatArray

HALF_LIVES = (1.5, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60)
TRENDS = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.25, 0.3, 0.4)
MOST = 6000
MOST_ERROR = 1.0


@dataclass(frozen=True)
class Choice:
    """One pair of parameters of one source. error, mean: median and mean error over those of the last price (below 1: nearer).

    noise: half width of the interval, as a logarithm, that would have held nine times in ten were nothing else to widen it.
    """

    source: str
    half_life: float
    trend: float
    error: float
    mean: float
    noise: float

    @property
    def loss(self) -> float:
        """What the choice is made by."""
        return self.error + self.mean


def sweep(series: Iterable[Series], *, seed: int = 0) -> list[Choice]:
    """The five best choices of each source, best first; all series of a source count the same."""
    by_source: dict[str, list[Questions]] = {}
    for each in series:
        asked = questions(each)
        asked = asked.part(~asked.is_late)
        if len(asked) > MOST:
            asked = asked.part(np.random.default_rng(seed).random(len(asked)) < MOST / len(asked))
        if len(asked):
            singles = " singles" if (each.kind == 0).all() else ""
            by_source.setdefault(f"{each.source}{singles}", []).append(asked)
    found = []
    for source, parts in by_source.items():
        found += sorted(_choices(source, parts), key=lambda choice: choice.loss)[:5]
    return found


def _choices(source: str, parts: list[Questions]) -> Iterable[Choice]:
    plain = [_errors(last(asked), asked) for asked in parts]
    for half_life in HALF_LIVES:
        # A trend of 1 tells the whole movement; any other is a part of it.
        told = [valued(asked, behaves=Character(half_life=half_life, trend=1.0)) for asked in parts]
        for trend in TRENDS:
            said = [_moved(found, trend) for found in told]
            errors = [_errors(each, asked) for each, asked in zip(said, parts, strict=True)]
            logs = [np.abs(np.log(asked.truth / each)) for each, asked in zip(said, parts, strict=True)]
            yield Choice(
                source,
                half_life,
                trend,
                float(
                    np.mean([np.median(e) / max(float(np.median(p)), 1e-9) for e, p in zip(errors, plain, strict=True)])
                ),
                float(np.mean([e.mean() / max(float(p.mean()), 1e-9) for e, p in zip(errors, plain, strict=True)])),
                float(np.mean([np.quantile(each, 0.9) for each in logs])),
            )


def _moved(found: FairValues, trend: float) -> FloatArray:
    return found.value * np.exp((trend - 1) * found.move)


def _errors(said: FloatArray, asked: Questions) -> FloatArray:
    return np.minimum(np.abs(said / asked.truth - 1), MOST_ERROR)


def as_table(found: list[Choice]) -> list[str]:
    """Five lines a source."""
    rows = [
        f"{'source':<28}{'half-life':>10}{'trend':>8}{'median':>9}{'mean':>8}{'noise':>8}   beside the last price's error"
    ]
    rows += [
        f"{each.source:<28}{each.half_life:>8g} d{each.trend:>+8.2f}{each.error:>9.3f}{each.mean:>8.3f}{each.noise:>8.3f}"
        for each in found
    ]
    return rows
