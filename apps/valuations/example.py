"""The worked example of the method page: five sales that can be followed by hand, computed by the real function."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from apps.valuations.fair_value import CONDITION_STEP, Comparables, FairValue, fair_value

HALF_LIFE = 21.0
# price, days old, reliability of the source, steps of condition away (0 Near Mint, 1 Lightly Played), copies
_SALES = [(10.00, 0, 1.0, 0), (12.00, 21, 1.0, 0), (11.00, 0, 0.9, 0), (8.50, 0, 1.0, 1), (60.00, 21, 1.0, 0)]
_LP = 0.85


@dataclass(frozen=True)
class Line:
    """One sale of the example with its price as Near Mint and its weight, and the weight of it and all cheaper ones."""

    price: str
    age: int
    reliability: str
    condition: str
    as_near_mint: str
    weight: str
    cumulated: str
    is_middle: bool
    is_left_out: bool


@dataclass(frozen=True)
class Worked:
    """The example: its lines by price, half of the weight, and the outcome of the real function."""

    lines: list[Line]
    half: str
    found: FairValue


def worked() -> Worked:
    """Compute the example."""
    prices, ages, reliabilities, steps = zip(*_SALES, strict=True)
    found = fair_value(
        Comparables.of(prices, age=ages, reliability=reliabilities, condition=steps), half_life_days=HALF_LIFE
    )
    by_price = sorted(_SALES, key=_as_near_mint)
    weights = [0.0 if sale[0] == 60 else _weight(sale) for sale in by_price]
    lines = [
        Line(
            price=f"{sale[0]:.2f}",
            age=sale[1],
            reliability=f"{sale[2]:.2f}",
            condition="LP" if sale[3] else "NM",
            as_near_mint=f"{_as_near_mint(sale):.2f}",
            weight=f"{_weight(sale):.2f}",
            cumulated="" if sale[0] == 60 else f"{total:.2f}",
            is_middle=abs(_as_near_mint(sale) - found.value) < 1e-9 and total >= sum(weights) / 2 > total - weight,
            is_left_out=sale[0] == 60,
        )
        for sale, weight, total in zip(by_price, weights, accumulate(weights), strict=True)
    ]
    return Worked(lines, f"{sum(weights) / 2:.2f}", found)


def _as_near_mint(sale: tuple[float, int, float, int]) -> float:
    return sale[0] / _LP if sale[3] else sale[0]


def _weight(sale: tuple[float, int, float, int]) -> float:
    return sale[2] * 0.5 ** (sale[1] / HALF_LIFE) * CONDITION_STEP ** sale[3]
