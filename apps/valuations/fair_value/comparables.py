"""What goes into a fair value and what comes out: plain data. One item's result keeps every comparable with its weight."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from apps.valuations.fair_value.parameters import SALES, Kind

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


class NothingToGoBy(ValueError):
    """There is no comparable."""


@dataclass(frozen=True)
class Comparables:
    """Prices of comparable copies, as arrays of one length n. Prices of one item share a currency.

    item: index of the item that it speaks of, 0 .. items - 1, any order. kind: Kind. price: > 0, in the item's currency.
    age: days >= 0. reliability: of the source, in (0, 1]. condition: state, 0 (NM) .. 4 (DMG), then grades by grader.
    copies: >= 1, in the lot or behind the quote. seller, buyer: codes >= 0 of who they were, -1 where unknown. pace, trend,
    noise: the Character of its source.
    """

    item: IntArray
    kind: IntArray
    price: FloatArray
    age: FloatArray
    reliability: FloatArray
    condition: IntArray
    copies: FloatArray
    seller: IntArray
    buyer: IntArray
    pace: FloatArray
    trend: FloatArray
    noise: FloatArray

    def __len__(self) -> int:
        return len(self.price)

    def take(self, chosen: BoolArray | IntArray) -> Comparables:
        """Some of them, in that order."""
        return Comparables(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def rows(self) -> Iterator[tuple[float, ...]]:
        """One tuple of plain numbers for each, without the item."""
        return zip(*(getattr(self, name).tolist() for name in self.__dataclass_fields__ if name != "item"), strict=True)

    @classmethod
    def of(cls, price: object, **columns: object) -> Comparables:
        """From plain lists; what is not given gets the ordinary value: a fresh sale of one NM copy by nobody known."""
        prices = np.asarray(price, dtype=np.float64)

        def whole(name: str, usual: int) -> IntArray:
            return np.broadcast_to(np.asarray(columns.get(name, usual), np.int64), prices.shape)

        def real(name: str, usual: float) -> FloatArray:
            return np.broadcast_to(np.asarray(columns.get(name, usual), np.float64), prices.shape)

        return cls(
            item=whole("item", 0),
            kind=whole("kind", Kind.SALE),
            price=prices,
            age=real("age", 0.0),
            reliability=real("reliability", 1.0),
            condition=whole("condition", 0),
            copies=real("copies", 1.0),
            seller=whole("seller", -1),
            buyer=whole("buyer", -1),
            pace=real("pace", 1.0),
            trend=real("trend", SALES.trend),
            noise=real("noise", SALES.noise),
        )


def checked(comparables: Comparables) -> None:
    """Raise ValueError on prices that are not above zero."""
    if len(comparables) and not (np.isfinite(comparables.price).all() and (comparables.price > 0).all()):
        raise ValueError("prices of comparables are above zero")


@dataclass(frozen=True)
class FairValues:
    """One entry per item; NaN where there was nothing to go by. `effective` is how many equal comparables would weigh the same.

    used, sales, quotes, asks: how many comparables carry weight, in all and by kind. outliers, converted: how many were
    left out, and how many are of another condition. capped: whether a seller or a pair was held back. newest: days.
    move: by how much of itself (a logarithm) the value follows a movement. spread: how far comparables lie apart.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    confidence: FloatArray
    method: IntArray
    effective: FloatArray
    used: IntArray
    sales: IntArray
    quotes: IntArray
    asks: IntArray
    outliers: IntArray
    converted: IntArray
    capped: BoolArray
    newest: FloatArray
    middle_age: FloatArray
    move: FloatArray
    spread: FloatArray


@dataclass(frozen=True)
class Weighed:
    """One comparable as it counted, cheapest first. converted: its price as the wanted condition's. share: of the weight.

    until: share of the weight up to and with it. left_out: why it does not count ("outlier", "ask", "far"), or "".
    """

    price: float
    converted: float
    age: float
    weight: float
    share: float
    until: float
    left_out: str = ""


@dataclass(frozen=True)
class FairValue:
    """What one item is worth, in its comparables' currency, and why. `n` counts the comparables that carry weight."""

    value: float
    low: float
    high: float
    confidence: float
    n: int
    method: str
    reasons: tuple[str, ...] = field(default=())
    weighed: tuple[Weighed, ...] = field(default=())
