"""Fair market value: what a copy would most likely sell for, worked out from comparables. Pure NumPy; no database here.

The value is the weighted median of recent comparables. A comparable weighs

    reliability of its source  x  0.5 ^ (age / half life)  x  0.6 ^ (steps of condition away)  x  sqrt(copies)

and its price is first converted to the wanted condition. One seller cannot carry more than 40 % of the weight and one
pair of seller and buyer not more than 20 % (wash trades); prices far from the middle (median absolute deviation of the
logarithms) are left out; asks count only where there are fewer than three sales and quotes. The interval is made of the
order statistics that hold the median with 90 % confidence. `fair_value` is `fair_values` for one item: one core.

Sources: weighted lower median, Cormen et al., Introduction to Algorithms, problem 9-2; MAD with 1.4826 and the cut at 3.5,
Iglewicz and Hoaglin (1993); distribution-free interval for a median, Conover (1999), section 3.2; effective sample size, Kish.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MODEL_VERSION = "median-1"

# What a copy of each condition (NM, LP, MP, HP, DMG) usually brings beside a Near Mint one.
CONDITION_RATIOS = np.array([1.0, 0.85, 0.70, 0.50, 0.30])
CONDITION_STEP = 0.6
SELLER_SHARE = 0.4
PAIR_SHARE = 0.2
ENOUGH = 3
ASK_WEIGHT = 0.25
MOST_COPIES = 25
OUTLIER_CUT = 3.5
OUTLIER_FLOOR = math.log(1.5)
FEWEST_FOR_OUTLIERS = 4
INTERVAL_Z = 1.6449  # 90 %
LEAST_HALF_WIDTH = 0.25  # of the value, for one comparable; shrinks with the root of their number

# Days in which a comparable loses half of its weight, by the beginning of the category's path; the longest match counts.
HALF_LIVES = {"": 60.0, "trading-cards": 21.0, "sports-cards": 21.0, "toys": 90.0, "art": 180.0, "video-games": 60.0}

_TIE = 1e-9


class Kind(IntEnum):
    """What a comparable is, most telling first."""

    SALE = 0
    QUOTE = 1
    ASK = 2


METHODS = {Kind.SALE: "sales", Kind.QUOTE: "quotes", Kind.ASK: "asks"}
_METHOD_CAPS = np.array([1.0, 0.85, 0.4])


def half_life(category: str) -> float:
    """Half life in days for a category's path."""
    fits = [prefix for prefix in HALF_LIVES if category == prefix or category.startswith(f"{prefix}/") or not prefix]
    return HALF_LIVES[max(fits, key=len)]


@dataclass(frozen=True)
class Comparables:
    """Prices of comparable copies, as arrays of one length n. Prices of one item share a currency.

    item: index of the item that it speaks of, 0 .. items - 1, any order. kind: Kind. price: > 0, in the item's currency.
    age: days >= 0. reliability: of the source, in (0, 1]. condition: 0 (NM) .. 4 (DMG). copies: >= 1, in the lot or behind
    the quote. seller, buyer: codes >= 0 of who they were, -1 where unknown.
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

    def __len__(self) -> int:
        return len(self.price)

    def take(self, chosen: BoolArray | IntArray) -> Comparables:
        """Some of them, in that order."""
        return Comparables(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

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
        )


@dataclass(frozen=True)
class FairValues:
    """One entry per item; NaN where there was nothing to go by. `effective` is how many equal comparables would weigh the same.

    used, sales, quotes, asks: how many comparables carry weight, in all and by kind. outliers, converted: how many were
    left out, and how many are of another condition. capped: whether a seller or a pair was held back. newest: days.
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


class NothingToGoBy(ValueError):
    """There is no comparable."""


def weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """Smallest value at which the cumulated weight reaches half of the total.

    values: (n,) prices, any order. weights: (n,) >= 0, same unit as each other, not all zero.
    Raises ValueError on an empty or all-zero input. Source: Cormen et al., weighted lower median.
    """
    if not len(values) or not np.any(weights > 0):
        raise ValueError("a median needs at least one value with weight")
    order = np.argsort(values, kind="stable")
    segments = _Segments(np.zeros(len(values), np.int64), 1)
    return float(_quantiles(values[order], weights[order].astype(np.float64), segments, np.array([0.5]))[0])


class _Segments:
    """Runs of equal, ascending item numbers, and sums over them."""

    def __init__(self, item: IntArray, items: int) -> None:
        self.item = item
        self.items = items
        self.start = np.searchsorted(item, np.arange(items), side="left")
        self.end = np.searchsorted(item, np.arange(items), side="right")

    def sum(self, values: npt.NDArray[np.generic]) -> FloatArray:
        return np.bincount(self.item, weights=values.astype(np.float64), minlength=self.items).astype(np.float64)

    def count(self, mask: BoolArray) -> IntArray:
        return np.bincount(self.item[mask], minlength=self.items)


def _quantiles(values: FloatArray, weights: FloatArray, segments: _Segments, share: FloatArray) -> FloatArray:
    """Per item the smallest value at which the cumulated weight reaches `share` of its total; values ascend per item."""
    total = segments.sum(weights)
    unit = weights / np.where(total > 0, total, 1.0)[segments.item]
    cumulated = np.cumsum(unit)
    before = np.concatenate([[0.0], cumulated])[segments.start]
    target = before + np.clip(share, 4 * _TIE, 1.0) - _TIE
    at = np.clip(np.searchsorted(cumulated, target), segments.start, np.maximum(segments.end - 1, segments.start))
    # The last value with weight, so that a share of 1 does not run into those without.
    weighty = np.flatnonzero(unit > 0)
    if not len(weighty):
        return np.full(segments.items, np.nan)
    last = weighty[np.clip(np.searchsorted(weighty, segments.end) - 1, 0, None)]
    at = np.minimum(at, last)
    return np.where(total > 0, values[np.clip(at, 0, len(values) - 1)], np.nan)


def _capped(weights: FloatArray, group: IntArray, segments: _Segments, share: float) -> tuple[FloatArray, BoolArray]:
    """Weights in which no group carries more than `share` of its item's total; groups of -1 stand alone, uncapped.

    With t the cap, t = share x sum of min(group's weight, t): groups above t are scaled down to it. Where there are too few
    groups for that (two sellers cannot both stay under 40 %), a group counts as its heaviest comparable alone.
    group: codes of one item each. Also returns for which items a group of several comparables was held back.
    """
    known = group >= 0
    if not known.any():
        return weights, np.zeros(segments.items, bool)
    codes, inverse = np.unique(group[known], return_inverse=True)
    owner = np.zeros(len(codes), np.int64)
    owner[inverse] = segments.item[known]
    weighty = weights[known] > 0
    carried = np.bincount(inverse, weights=weights[known], minlength=len(codes))
    members = np.bincount(inverse[weighty], minlength=len(codes))
    heaviest = np.zeros(len(codes))
    np.maximum.at(heaviest, inverse, weights[known])
    alone = segments.sum(np.where(known, 0.0, weights))
    cap = np.full(segments.items, np.inf)
    # Each round caps at least one more group of an item; at most 1 / share of them can be above their share.
    for _ in range(math.ceil(1 / share)):
        over = carried > cap[owner]
        rest = alone + np.bincount(owner, weights=np.where(over, 0.0, carried), minlength=segments.items)
        room = 1 - share * np.bincount(owner[over], minlength=segments.items)
        fresh = np.where(room > 1e-12, share * rest / np.maximum(room, 1e-12), cap)
        tighter = np.minimum(cap, fresh)
        if np.array_equal(tighter, cap):
            break
        cap = tighter
    groups = np.bincount(owner[members > 0], minlength=segments.items) + segments.count(~known & (weights > 0))
    too_few = groups * share <= 1 + 1e-12
    limit = np.where(too_few[owner], heaviest, cap[owner])
    factor = np.minimum(1.0, np.divide(limit, carried, out=np.ones_like(carried), where=carried > 0))
    result = weights.copy()
    result[known] *= factor[inverse]
    held_back = (factor < 1 - 1e-9) & (members > 1)
    return result, np.bincount(owner[held_back], minlength=segments.items) > 0


def fair_values(
    comparables: Comparables, *, items: int, half_lives: FloatArray | float, conditions: IntArray | int = 0
) -> FairValues:
    """Fair values of many items at once.

    half_lives: days, one or (items,). conditions: the wanted condition 0 (NM) .. 4, one or (items,). Items without
    comparables come out as NaN with confidence 0. Raises ValueError on prices that are not above zero.
    """
    if len(comparables) and not (np.isfinite(comparables.price).all() and (comparables.price > 0).all()):
        raise ValueError("prices of comparables are above zero")
    wanted = np.broadcast_to(np.asarray(conditions, np.int64), (items,))
    lives = np.broadcast_to(np.asarray(half_lives, np.float64), (items,))
    price = comparables.price * CONDITION_RATIOS[wanted[comparables.item]] / CONDITION_RATIOS[comparables.condition]
    order = np.lexsort((price, comparables.item))
    comparables, price = comparables.take(order), price[order]
    segments = _Segments(comparables.item, items)
    steps = np.abs(comparables.condition - wanted[comparables.item])
    is_ask = comparables.kind == Kind.ASK
    weights = (
        comparables.reliability
        * 0.5 ** (comparables.age / lives[comparables.item])
        * CONDITION_STEP**steps
        * np.sqrt(np.clip(comparables.copies, 1, MOST_COPIES))
        * np.where(is_ask, ASK_WEIGHT, 1.0)
    )
    # The weights of long past years underflow together; only their ratio matters.
    weights = np.maximum(weights, 1e-200)
    solid = segments.count(~is_ask)
    weights = np.where(is_ask & (solid >= ENOUGH)[comparables.item], 0.0, weights)

    seller = _codes(comparables.item, comparables.seller)
    pair = _codes(comparables.item, comparables.seller, comparables.buyer)
    weights, capped = _fair_shares(weights, seller, pair, segments)
    outlier = _outliers(price, weights, segments)
    weights = np.where(outlier, 0.0, weights)
    weights, capped_again = _fair_shares(weights, seller, pair, segments)

    half = np.full(items, 0.5)
    value = _quantiles(price, weights, segments, half)
    effective = _effective(weights, segments)
    reach = INTERVAL_Z * 0.5 / np.sqrt(np.maximum(effective, 1.0))
    least = LEAST_HALF_WIDTH / np.sqrt(np.maximum(effective, 1.0))
    low = np.minimum(_quantiles(price, weights, segments, half - reach), value * (1 - least))
    high = np.maximum(_quantiles(price, weights, segments, half + reach), value * (1 + least))
    weighty = weights > 0
    counts = [segments.count(weighty & (comparables.kind == kind)) for kind in Kind]
    method = np.select(
        [counts[0] >= np.minimum(ENOUGH, np.maximum(counts[1], 1)), counts[1] > 0, counts[0] > 0], [0, 1, 0], 2
    )
    newest = np.full(items, np.inf)
    np.minimum.at(newest, comparables.item[weighty], comparables.age[weighty])
    by_age = np.lexsort((comparables.age, comparables.item))
    middle_age = _quantiles(comparables.age[by_age], weights[by_age], segments, half)
    spread = np.divide(high - low, value, out=np.full(items, np.inf), where=value > 0)
    confidence = _confidence(effective, spread, newest / lives, method)
    return FairValues(
        value, low, high, confidence, method, effective, segments.count(weighty), counts[0], counts[1], counts[2],
        segments.count(outlier), segments.count(weighty & (steps > 0)), capped | capped_again, newest, middle_age,
    )  # fmt: skip


def _codes(item: IntArray, *parts: IntArray) -> IntArray:
    """One code per item and party; -1 where one of the parties is unknown."""
    known = np.logical_and.reduce([part >= 0 for part in parts])
    codes = np.full(len(item), -1, np.int64)
    if known.any():
        key = item[known]
        for part in parts:
            # Renumbered densely at each step, so that the product of the ranges stays far below 2 ** 63.
            key = np.unique(key, return_inverse=True)[1] * (int(part.max()) + 1) + part[known]
        codes[known] = np.unique(key, return_inverse=True)[1]
    return codes


def _fair_shares(
    weights: FloatArray, seller: IntArray, pair: IntArray, segments: _Segments
) -> tuple[FloatArray, BoolArray]:
    """No seller above 40 %, then no pair above 20 %: the second holds exactly, being last."""
    weights, sellers = _capped(weights, seller, segments, SELLER_SHARE)
    weights, pairs = _capped(weights, pair, segments, PAIR_SHARE)
    return weights, sellers | pairs


def _outliers(price: FloatArray, weights: FloatArray, segments: _Segments) -> BoolArray:
    """Which prices lie too far from the middle; none where fewer than four comparables carry weight."""
    if not len(price):
        return np.zeros(0, bool)
    logs = np.log(price)
    half = np.full(segments.items, 0.5)
    away = np.abs(logs - _quantiles(logs, weights, segments, half)[segments.item])
    order = np.lexsort((away, segments.item))
    deviation = _quantiles(away[order], weights[order], segments, half)
    limit = np.maximum(OUTLIER_CUT * 1.4826 * deviation, OUTLIER_FLOOR)
    many = segments.count(weights > 0) >= FEWEST_FOR_OUTLIERS
    return (weights > 0) & (away > limit[segments.item] * (1 + 1e-9)) & many[segments.item]


def _effective(weights: FloatArray, segments: _Segments) -> FloatArray:
    """Kish's effective sample size per item; 0 where nothing weighs."""
    total = segments.sum(weights)
    unit = weights / np.where(total > 0, total, 1.0)[segments.item]
    squares = segments.sum(unit**2)
    return np.divide(1.0, squares, out=np.zeros(segments.items), where=squares > 0)


def _confidence(effective: FloatArray, spread: FloatArray, lives_old: FloatArray, method: IntArray) -> FloatArray:
    """In [0, 1]: grows with the number of comparables, falls with the interval's width and with the newest one's age."""
    many = effective / (effective + 3.0)
    narrow = 1.0 / (1.0 + spread)
    fresh = 0.5 ** (np.minimum(lives_old, 1e6) / 4.0)
    found = np.minimum(np.sqrt(many * narrow) * fresh, _METHOD_CAPS[method])
    return np.where(effective > 0, np.clip(found, 0.0, 1.0), 0.0)


@dataclass(frozen=True)
class Basis:
    """What one figure rests on: enough to tell its reasons later. Ages in days; `capped`: repeated trades held back."""

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

    def reasons(self) -> tuple[str, ...]:
        """Why the value is what it is, in sentences."""
        kinds = ((self.sales, "sale"), (self.quotes, "market quote"), (self.asks, "asking price"))
        named = [_several(count, what) for count, what in kinds if count]
        told = [f"It is the middle of {' and '.join(named)}; recent and reliable ones count for more."]
        if self.asks:
            told.append("Sales are scarce here, so asking prices count too, at a quarter of a sale's weight.")
        told.append(
            f"Half of the weight was at most {_several(max(1, math.ceil(self.middle_age)), 'day')} old; "
            f"a price loses half of its weight in {self.half_life:.0f} days."
        )
        if self.newest > 2 * self.half_life:
            told.append("The newest of them is old, so the figure may be out of date.")
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
    )


def fair_value(comparables: Comparables, *, half_life_days: float, condition: int = 0) -> FairValue:
    """Fair value of one item with its reasons. Raises NothingToGoBy without comparables."""
    if not len(comparables):
        raise NothingToGoBy("there is nothing to compare with")
    single = replace(comparables, item=np.zeros(len(comparables), np.int64))
    found = fair_values(single, items=1, half_lives=half_life_days, conditions=condition)
    return FairValue(
        float(found.value[0]),
        float(found.low[0]),
        float(found.high[0]),
        float(found.confidence[0]),
        int(found.used[0]),
        METHODS[Kind(int(found.method[0]))],
        basis_of(found, 0, half_life_days=half_life_days).reasons(),
    )
