"""Fair values of the whole catalogue at once: `fair_values`, the same method as one.fair_value, without a loop over items."""

from __future__ import annotations

import numpy as np

from apps.valuations.fair_value.comparables import BoolArray, Comparables, FairValues, FloatArray, IntArray, checked
from apps.valuations.fair_value.parameters import (
    AGEING_DAYS,
    ASK_WEIGHT,
    CONDITION_STEP,
    DISTANCES,
    ENOUGH,
    FAR,
    FEWEST_FOR_OUTLIERS,
    METHOD_CAPS,
    MOST_COPIES,
    MOST_MOVE,
    NOISE_PER_STEP,
    OUTLIER_CUT,
    OUTLIER_FLOOR,
    PAIR_SHARE,
    RATIOS,
    SELLER_SHARE,
    SLOW,
    SPREAD_SHARE,
    Kind,
)
from apps.valuations.fair_value.segments import Parties, Segments, capped, middles


def fair_values(
    comparables: Comparables,
    *,
    items: int,
    half_lives: FloatArray | float,
    conditions: IntArray | int = 0,
    ratios: FloatArray = RATIOS,
) -> FairValues:
    """Fair values of many items at once.

    half_lives: days, one or (items,). conditions: the wanted state 0 (NM) .. 4, or of a grade, one or (items,). ratios:
    (states,) what a copy of each brings beside a Near Mint one. Items without comparables come out as NaN with confidence 0.
    Raises ValueError on prices that are not above zero.
    """
    checked(comparables)
    wanted = np.broadcast_to(np.asarray(conditions, np.int64), (items,))
    lives = np.broadcast_to(np.asarray(half_lives, np.float64), (items,))
    logs = np.log(comparables.price) + np.log(ratios)[wanted[comparables.item]] - np.log(ratios)[comparables.condition]
    order = np.lexsort((logs, comparables.item))
    comparables, logs = comparables.take(order), logs[order]
    segments = Segments(comparables.item, items)
    steps = DISTANCES[comparables.condition, wanted[comparables.item]]
    fast, slow = _weights(comparables, steps, lives, segments)

    seller = Parties(comparables.item, comparables.seller)
    pair = Parties(comparables.item, comparables.seller, comparables.buyer)
    fast, capped_fast = _fair_shares(fast, seller, pair, segments)
    slow, _ = _fair_shares(slow, seller, pair, segments)
    outlier = _outliers(logs, slow, segments)
    fast, capped_again = _fair_shares(np.where(outlier, 0.0, fast), seller, pair, segments)
    slow, _ = _fair_shares(np.where(outlier, 0.0, slow), seller, pair, segments)

    unit = segments.shares(fast)
    middle = middles(logs, fast, segments)
    trend = segments.sum(unit * comparables.trend)
    before = middles(logs, slow, segments)
    move = trend * np.clip(middle - before, -MOST_MOVE, MOST_MOVE)
    value = np.exp(middle + move)
    spread = 1.4826 * _deviation(np.abs(logs - before[segments.item]), slow, segments)
    weighty = fast > 0
    effective = _effective(slow, segments)
    newest = np.full(items, np.inf)
    np.minimum.at(newest, comparables.item[weighty], comparables.age[weighty])
    noise = segments.sum(unit * comparables.noise * (1 + NOISE_PER_STEP * steps))
    wear = np.sqrt(1 + np.where(np.isfinite(newest), newest, 0.0) / AGEING_DAYS + 1 / np.maximum(effective, 1.0))
    half = np.hypot(noise * wear, SPREAD_SHARE * spread)
    low, high = value * np.exp(-half), value * np.exp(half)

    counts = [segments.count(weighty & (comparables.kind == kind)) for kind in Kind]
    method = np.select(
        [counts[0] >= np.minimum(ENOUGH, np.maximum(counts[1], 1)), counts[1] > 0, counts[0] > 0], [0, 1, 0], 2
    )
    by_age = np.lexsort((comparables.age, comparables.item))
    middle_age = middles(comparables.age[by_age], fast[by_age], segments)
    width = np.divide(high - low, value, out=np.full(items, np.inf), where=value > 0)
    return FairValues(
        value, low, high, _confidence(effective, width, newest / lives, method), method, effective,
        segments.count(weighty), counts[0], counts[1], counts[2], segments.count(outlier),
        segments.count(weighty & (steps > 0)), capped_fast | capped_again, newest, middle_age, move, spread,
    )  # fmt: skip


def _weights(
    comparables: Comparables, steps: IntArray, lives: FloatArray, segments: Segments
) -> tuple[FloatArray, FloatArray]:
    """Weights by the half-life and by four times as long a one; 0 for what counts only where the better is scarce."""
    is_ask = comparables.kind == Kind.ASK
    is_near = steps < FAR
    base = (
        comparables.reliability
        * CONDITION_STEP**steps
        * np.sqrt(np.clip(comparables.copies, 1, MOST_COPIES))
        * np.where(is_ask, ASK_WEIGHT, 1.0)
    )
    solid = segments.count(~is_ask & is_near) >= ENOUGH
    base = np.where((is_ask | ~is_near) & solid[comparables.item], 0.0, base)
    halvings = comparables.age / (lives[comparables.item] * comparables.pace)
    # The weights of long past years underflow together; only their ratio matters.
    fast, slow = (np.maximum(0.5 ** (halvings / slower), 1e-200) * base for slower in (1.0, SLOW))
    return fast, slow


def _fair_shares(
    weights: FloatArray, seller: Parties, pair: Parties, segments: Segments
) -> tuple[FloatArray, BoolArray]:
    """No seller above 30 %, then no pair above 20 %: the second holds exactly, being last."""
    weights, sellers = capped(weights, seller, segments, SELLER_SHARE)
    weights, pairs = capped(weights, pair, segments, PAIR_SHARE)
    return weights, sellers | pairs


def _deviation(away: FloatArray, weights: FloatArray, segments: Segments) -> FloatArray:
    """Weighted median of how far prices lie from their middle, (items,)."""
    order = np.lexsort((away, segments.item))
    return middles(away[order], weights[order], segments)


def _outliers(logs: FloatArray, weights: FloatArray, segments: Segments) -> BoolArray:
    """Which prices lie too far from the middle; none where fewer than four comparables carry weight."""
    if not len(logs):
        return np.zeros(0, bool)
    away = np.abs(logs - middles(logs, weights, segments)[segments.item])
    limit = np.maximum(OUTLIER_CUT * 1.4826 * _deviation(away, weights, segments), OUTLIER_FLOOR)
    many = segments.count(weights > 0) >= FEWEST_FOR_OUTLIERS
    return (weights > 0) & (away > limit[segments.item] * (1 + 1e-9)) & many[segments.item]


def _effective(weights: FloatArray, segments: Segments) -> FloatArray:
    """Kish's effective sample size per item; 0 where nothing weighs."""
    squares = segments.sum(segments.shares(weights) ** 2)
    return np.divide(1.0, squares, out=np.zeros(segments.items), where=squares > 0)


def _confidence(effective: FloatArray, width: FloatArray, lives_old: FloatArray, method: IntArray) -> FloatArray:
    """In [0, 1]: grows with the number of comparables, falls with the interval's width and with the newest one's age."""
    many = effective / (effective + 3.0)
    narrow = 1.0 / (1.0 + width)
    fresh = 0.5 ** (np.minimum(lives_old, 1e6) / 4.0)
    found = np.minimum(np.sqrt(many * narrow) * fresh, np.array(METHOD_CAPS)[method])
    return np.where(effective > 0, np.clip(found, 0.0, 1.0), 0.0)
