"""What a value rests on, and the sentences that say so."""

from __future__ import annotations

import math
from dataclasses import dataclass

from apps.valuations.fair_value.comparables import FairValues


@dataclass(frozen=True)
class Basis:
    """What one figure rests on: enough to tell its reasons later. Ages in days; `capped`: repeated trades held back.

    move: by how much the value follows a movement of the prices, as a logarithm.
    """

    sales: int = 0
    quotes: int = 0
    asks: int = 0
    outliers: int = 0
    converted: int = 0
    capped: bool = False
    newest: float = 0.0
    middle_age: float = 0.0
    half_life: float = 0.0
    left_out: int = 0
    move: float = 0.0

    def reasons(self) -> tuple[str, ...]:
        """Why the value is what it is, in sentences."""
        kinds = ((self.sales, "sale"), (self.quotes, "market quote"), (self.asks, "asking price"))
        named = [_several(count, what) for count, what in kinds if count]
        told = [f"It is the middle of {' and '.join(named)}; recent and reliable ones count for more."]
        if self.asks:
            told.append("Sales are scarce here, so asking prices count too, at a quarter of a sale's weight.")
        told.append(
            f"Half of the weight was at most {_several(max(1, math.ceil(self.middle_age)), 'day')} old; "
            f"a sale loses half of its weight in {self.half_life:.0f} days."
        )
        if self.newest > 4 * self.half_life:
            told.append("The newest of them is old, so the figure may be out of date.")
        if abs(self.move) >= 0.005:
            told.append(f"Prices are moving: the value lies {math.expm1(self.move):+.1%} from the middle.")
        if self.converted:
            what = _several(self.converted, "price")
            told.append(f"{what} of other conditions, converted at the usual discounts, at a lower weight.")
        if self.outliers:
            told.append(f"{_several(self.outliers, 'price')} far away from the others left out.")
        if self.capped:
            told.append("Repeated trades of the same people are held back: no pair counts for more than a fifth.")
        if self.left_out:
            told.append(f"{_several(self.left_out, 'price')} in another currency left out: currencies are not mixed.")
        return tuple(told)


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def basis_of(found: FairValues, at: int, *, half_life_days: float, left_out: int = 0) -> Basis:
    """What item `at` rests on."""
    return Basis(
        sales=int(found.sales[at]),
        quotes=int(found.quotes[at]),
        asks=int(found.asks[at]),
        outliers=int(found.outliers[at]),
        converted=int(found.converted[at]),
        capped=bool(found.capped[at]),
        newest=round(float(found.newest[at]), 1),
        middle_age=round(float(found.middle_age[at]), 1),
        half_life=half_life_days,
        left_out=left_out,
        move=round(float(found.move[at]), 4),
    )
