"""Ragged arrays: runs of rows of one item each, and what is worked out per run without a loop over items."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from apps.valuations.fair_value.comparables import BoolArray, FloatArray, IntArray
from apps.valuations.fair_value.parameters import MIDDLE


class Segments:
    """Runs of equal, ascending item numbers, and sums over them. item: (n,) ascending, 0 .. items - 1."""

    def __init__(self, item: IntArray, items: int) -> None:
        self.item = item
        self.items = items
        self.start = np.searchsorted(item, np.arange(items), side="left")

    def sum(self, values: npt.NDArray[np.generic]) -> FloatArray:
        """Sum of each run, (items,); 0 for an empty one."""
        return np.bincount(self.item, weights=values.astype(np.float64), minlength=self.items).astype(np.float64)

    def count(self, mask: BoolArray) -> IntArray:
        """How many of each run are true, (items,)."""
        return np.bincount(self.item[mask], minlength=self.items)

    def shares(self, weights: FloatArray) -> FloatArray:
        """Weights (n,) as parts of their run's total; 0 where nothing weighs."""
        total = self.sum(weights)
        return weights / np.where(total > 0, total, 1.0)[self.item]


def middles(values: FloatArray, weights: FloatArray, segments: Segments, *, band: float = MIDDLE) -> FloatArray:
    """Per item the weighted median of `values`, which ascend within each item: the mean over the middle `band` of the weight.

    NaN where nothing weighs. A band of 0.2 averages from 40 to 60 % of the cumulated weight: it stands up to two fifths of
    the weight being false, and unlike the bare median does not jump when weights change a little.
    """
    if not len(values):
        return np.full(segments.items, np.nan)
    unit = segments.shares(weights)
    cumulated = np.cumsum(unit)
    before = np.concatenate([[0.0], cumulated])[segments.start][segments.item]
    until = cumulated - before
    part = np.minimum(until, 0.5 + band / 2) - np.maximum(until - unit, 0.5 - band / 2)
    part = np.where(weights > 0, np.maximum(part, 0.0), 0.0)
    total = segments.sum(part)
    return np.divide(segments.sum(part * values), total, out=np.full(segments.items, np.nan), where=total > 0)


def capped(weights: FloatArray, group: IntArray, segments: Segments, share: float) -> tuple[FloatArray, BoolArray]:
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
    carried = np.bincount(inverse, weights=weights[known], minlength=len(codes))
    members = np.bincount(inverse[weights[known] > 0], minlength=len(codes))
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


def parties(item: IntArray, *parts: IntArray) -> IntArray:
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
