"""The worked example of the method page: five sales that can be followed by hand, computed by the real function."""

from __future__ import annotations

from dataclasses import dataclass

from apps.valuations.fair_value import Comparables, FairValue, fair_value

HALF_LIFE = 7.0
# price, days old, reliability of the source, steps of condition away (0 Near Mint, 1 Lightly Played), copies
_SALES = [(10.00, 0, 1.0, 0), (12.00, 7, 1.0, 0), (11.00, 0, 0.9, 0), (8.50, 0, 1.0, 1), (60.00, 7, 1.0, 0)]


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
    """The example: its lines by price, where the middle of the weight begins and ends, and the real function's outcome."""

    lines: list[Line]
    half: str
    begins: str
    ends: str
    found: FairValue


def worked() -> Worked:
    """Compute the example. Trends are left out of it, so that it can be followed on paper."""
    prices, ages, reliabilities, steps = zip(*_SALES, strict=True)
    found = fair_value(
        Comparables.of(prices, age=ages, reliability=reliabilities, condition=steps, trend=0.0),
        half_life_days=HALF_LIFE,
    )
    total = sum(each.weight for each in found.weighed)
    by_price = {sale[0]: sale for sale in _SALES}
    lines = []
    for each in found.weighed:
        _, age, reliability, step = by_price[each.price]
        out = bool(each.left_out)
        lines.append(
            Line(
                price=f"{each.price:.2f}",
                age=age,
                reliability=f"{reliability:.2f}",
                condition="LP" if step else "NM",
                as_near_mint=f"{each.converted:.2f}",
                weight=f"{each.weight:.2f}",
                cumulated="" if out else f"{each.until * total:.2f}",
                is_middle=not out and each.until > 1 / 3 + 1e-9 and each.until - each.share < 2 / 3 - 1e-9,
                is_left_out=out,
            )
        )
    return Worked(lines, f"{total / 2:.2f}", f"{total / 3:.2f}", f"{total * 2 / 3:.2f}", found)
