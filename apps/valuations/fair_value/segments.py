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

    NaN where nothing weighs. A band of a third averages from one third to two thirds of the cumulated weight: it stands up to a
    third of the weight being false, and unlike the bare median does not jump when weights change a little.
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


class Parties:
    """Groups of rows of one item by who traded; rows of nobody known belong to none.

    rows: which belong to one. group: the group of each of those, 0 .. groups - 1. owner: the item of each group.
    """

    def __init__(self, item: IntArray, *parts: IntArray) -> None:
        known = np.logical_and.reduce([part >= 0 for part in parts])
        self.rows = np.flatnonzero(known)
        self.alone = ~known
        self.owner = self.group = np.zeros(0, np.int64)
        if len(self.rows):
            key = item[self.rows]
            for part in parts:
                size = int(part.max()) + 1
                if (
                    int(key.max()) >= 2**62 // size
                ):  # numbered densely where the product of the ranges would be too large
                    key = np.unique(key, return_inverse=True)[1]
                key = key * size + part[self.rows]
            _, first, self.group = np.unique(key, return_index=True, return_inverse=True)
            self.owner = item[self.rows][first]


def capped(weights: FloatArray, parties: Parties, segments: Segments, share: float) -> tuple[FloatArray, BoolArray]:
    """Weights in which no party carries more than `share` of its item's total; rows of no party are not capped.

    With t the cap, t = share x sum of min(party's weight, t): those above t are scaled down to it. Where there are too few
    of them for that (three sellers cannot all stay under 30 %), each counts as its heaviest comparable alone.
    Also returns for which items a party of several comparables was held back.
    """
    if not len(parties.rows):
        return weights, np.zeros(segments.items, bool)
    owner, inverse, own = parties.owner, parties.group, weights[parties.rows]
    carried = np.bincount(inverse, weights=own, minlength=len(owner))
    members = np.bincount(inverse[own > 0], minlength=len(owner))
    heaviest = np.zeros(len(owner))
    np.maximum.at(heaviest, inverse, own)
    alone = segments.sum(np.where(parties.alone, weights, 0.0))
    cap = np.full(segments.items, np.inf)
    # Each round caps at least one more party of an item; at most 1 / share of them can be above their share.
    for _ in range(math.ceil(1 / share)):
        over = carried > cap[owner]
        rest = alone + np.bincount(owner, weights=np.where(over, 0.0, carried), minlength=segments.items)
        room = 1 - share * np.bincount(owner[over], minlength=segments.items)
        fresh = np.where(room > 1e-12, share * rest / np.maximum(room, 1e-12), cap)
        tighter = np.minimum(cap, fresh)
        if np.array_equal(tighter, cap):
            break
        cap = tighter
    count = np.bincount(owner[members > 0], minlength=segments.items) + segments.count(parties.alone & (weights > 0))
    limit = np.where((count * share <= 1 + 1e-12)[owner], heaviest, cap[owner])
    factor = np.minimum(1.0, np.divide(limit, carried, out=np.ones_like(carried), where=carried > 0))
    result = weights.copy()
    result[parties.rows] *= factor[inverse]
    held_back = (factor < 1 - 1e-9) & (members > 1)
    return result, np.bincount(owner[held_back], minlength=segments.items) > 0
