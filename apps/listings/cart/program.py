"""One market as a mixed-integer program for HiGHS, and its answers as baskets.

Capacitated facility location (Daskin, Network and Discrete Location, ch. 7): parcels are the facilities, each with a
price step by weight and value.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np

from apps.listings.cart.market import Basket, Market, Step, basket_of

_INFINITY = highspy.kHighsInf
_LEAST_SECONDS = 0.05
_NO_PROBING = 1 << 15  # HiGHS's bit for it: on such programs it takes longer than all the rest
_LIKELIEST = 12  # sellers that are tried beside those of the relaxation


@dataclass
class _Rows:
    """Columns and rows of a program as HiGHS wants them, gathered one by one."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    row_low: list[float] = field(default_factory=list)
    row_high: list[float] = field(default_factory=list)

    def column(self, high: float, *, integer: bool = True) -> int:
        """A variable from 0 to high."""
        self.low.append(0)
        self.high.append(high)
        self.integer.append(integer)
        return len(self.low) - 1

    def row(self, terms: Sequence[tuple[int, float]], low: float = -_INFINITY, high: float = _INFINITY) -> int:
        """Low <= sum of the terms <= high."""
        self.index += [column for column, _ in terms]
        self.value += [factor for _, factor in terms]
        self.starts.append(len(self.index))
        self.row_low.append(low)
        self.row_high.append(high)
        return len(self.row_low) - 1


class Program:
    """One market as a mixed-integer program: copies by want and offer, parcels by profile, a step for each parcel."""

    def __init__(self, market: Market) -> None:
        self.market, self.rows = market, _Rows()
        self.total: dict[int, float] = {}
        self.parcels: dict[int, float] = {}
        self.x: dict[tuple[int, int], int] = {}
        self._steps: dict[str, dict[str, tuple[int, list[tuple[int, Step]]]]] = defaultdict(dict)
        self._costs: dict[str, int] = {}
        by_want: list[list[int]] = []
        by_offer: dict[int, list[int]] = defaultdict(list)
        by_seller: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for w, want in enumerate(market.wants):
            by_want.append([])
            for o in market.eligible[w]:
                offer = market.offers[o]
                self.x[w, o] = column = self.rows.column(min(want.quantity, offer.quantity))
                self.total[column] = offer.price_minor
                by_want[w].append(column)
                by_offer[o].append(column)
                by_seller[offer.seller].append((w, o))
        for w, columns in enumerate(by_want):
            self.rows.row([(column, 1) for column in columns], high=market.wants[w].quantity)
        for o, columns in by_offer.items():
            if len(columns) > 1:
                self.rows.row([(column, 1) for column in columns], high=market.offers[o].quantity)
        for seller, pairs in by_seller.items():
            self._parcel(seller, pairs)
        self._copies = self.rows.row([(column, 1) for column in self.x.values()])
        self._count = self.rows.row([(column, 1) for column in self.parcels])

    def _parcel(self, seller: str, pairs: list[tuple[int, int]]) -> None:
        """A seller's parcel: opened by any copy, priced by the dearest of the profiles that its goods use."""
        market, rows = self.market, self.rows
        profiles = sorted({market.offers[o].shipping for _, o in pairs})
        opened = rows.column(1)
        self.parcels[opened] = 1
        cost = 0
        if len(profiles) > 1:
            dearest = max(step.price_minor for profile in profiles for step in market.shipping[profile])
            cost = self._costs[seller] = rows.column(dearest, integer=False)
            self.total[cost] = 1
        for profile in profiles:
            used = opened if len(profiles) == 1 else rows.column(1)
            if used != opened:
                rows.row([(opened, 1), (used, -1)], low=0)
            for w, o in pairs:
                if market.offers[o].shipping == profile:
                    column = self.x[w, o]
                    rows.row([(used, rows.high[column]), (column, -1)], low=0)
            steps = [(rows.column(1), step) for step in _without_idle(market.shipping[profile])]
            self._steps[seller][profile] = (used, steps)
            rows.row([(z, 1) for z, _ in steps] + [(used, -1)], low=0, high=0)
            self._bounds(pairs, used, steps)
            if len(profiles) == 1:
                self.total |= {z: step.price_minor for z, step in steps}
            else:
                rows.row([(cost, 1)] + [(z, -step.price_minor) for z, step in steps], low=0)

    def _bounds(self, pairs: list[tuple[int, int]], used: int, steps: list[tuple[int, Step]]) -> None:
        """The step that is chosen admits the whole parcel's weight and value."""
        offers, rows = self.market.offers, self.rows
        for of_one, packing, low, high in (
            (lambda o: offers[o].grams, self.market.packing_grams, "grams_from", "grams_to"),
            (lambda o: offers[o].price_minor, 0, "value_from", "value_to"),
        ):
            goods = [(self.x[w, o], of_one(o)) for w, o in pairs if of_one(o)]
            most = packing + sum(rows.high[column] * each for column, each in goods)
            highs = [(z, most if getattr(step, high) is None else min(most, getattr(step, high))) for z, step in steps]
            if any(limit < most for _, limit in highs):
                # A profile that is not used bounds nothing: then all its steps are 0 and `most` is free.
                terms = [(z, -float(limit)) for z, limit in highs]
                rows.row([*goods, *terms, (used, float(most))], high=most - packing)
            lows = [(z, getattr(step, low)) for z, step in steps if getattr(step, low) > packing]
            if lows:
                rows.row([*goods, *((z, packing - float(limit)) for z, limit in lows)], low=0)

    @property
    def copies(self) -> dict[int, float]:
        """The objective of having as many copies as can be."""
        return dict.fromkeys(self.x.values(), -1.0)

    def keep(self, *, at_least: int, at_most: int | None) -> None:
        """No fewer copies, no more parcels."""
        self.rows.row_low[self._copies] = at_least
        if at_most is not None:
            self.rows.row_high[self._count] = at_most

    def offers_within(self, reduced: np.ndarray, slack: float) -> set[int]:
        """Offers that can be part of a choice at most `slack` above the relaxation."""
        opened = dict(zip(self._steps, self.parcels, strict=True))
        return {
            o
            for (_, o), column in self.x.items()
            if reduced[column] <= slack + 1e-6 and reduced[opened[self.market.offers[o].seller]] <= slack + 1e-6
        }

    def offers_beside(self, values: np.ndarray, reduced: np.ndarray, basket: Basket) -> set[int]:
        """Offers of the sellers whom the relaxation or the basket uses, and of the likeliest few beside them."""
        opened = np.array(list(self.parcels))
        sellers = list(self._steps)
        order = np.lexsort((reduced[opened], -values[opened]))
        kept = {sellers[i] for i in order[: int((values[opened] > 1e-6).sum()) + _LIKELIEST]} | set(basket.sellers)
        return {o for _, o in self.x if self.market.offers[o].seller in kept}

    def solver(self, cost: dict[int, float], until: float, *, whole: bool = True) -> highspy.Highs:
        """HiGHS with this program in it; not whole: its relaxation."""
        solver = highspy.Highs()
        for name, setting in (
            ("output_flag", False), ("threads", 1), ("parallel", "off"),
            ("time_limit", max(_LEAST_SECONDS, until - time.monotonic())),
            ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.5), ("mip_feasibility_tolerance", 1e-7),
            ("presolve_rule_off", _NO_PROBING),
        ):  # fmt: skip
            solver.setOptionValue(name, setting)
        solver.passModel(self._model(cost, whole=whole))
        return solver

    def read(self, solver: highspy.Highs) -> Basket | None:
        """The solution in whole copies; None where rounding it broke a bound."""
        values = np.rint(np.asarray(solver.getSolution().col_value)).astype(int)
        found = basket_of(self.market, {pair: int(values[column]) for pair, column in self.x.items()})
        return found if found.is_sent and self._is_within(found) else None

    def _is_within(self, basket: Basket) -> bool:
        """Whether what was rounded still keeps to what is offered and wanted."""
        got: dict[int, int] = defaultdict(int)
        for (w, _), copies in basket.copies.items():
            got[w] += copies
        offers = self.market.offers
        return all(taken <= offers[o].quantity for o, taken in enumerate(basket.taken)) and all(
            copies <= self.market.wants[w].quantity for w, copies in got.items()
        )

    def _model(self, cost: dict[int, float], *, whole: bool) -> highspy.HighsLp:
        rows, lp = self.rows, highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(rows.low), len(rows.row_low)
        costs = np.zeros(lp.num_col_)
        costs[list(cost)] = list(cost.values())
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = costs, np.array(rows.low, float), np.array(rows.high, float)
        lp.row_lower_, lp.row_upper_ = np.array(rows.row_low, float), np.array(rows.row_high, float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.array(rows.starts, np.int32)
        lp.a_matrix_.index_ = np.array(rows.index, np.int32)
        lp.a_matrix_.value_ = np.array(rows.value, float)
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        if whole:
            lp.integrality_ = [kinds[each] for each in rows.integer]
        return lp

    def as_columns(self, basket: Basket) -> list[float]:
        """A basket as values of all columns."""
        market, values = self.market, [0.0] * len(self.rows.low)
        goods: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for (w, o), copies in basket.copies.items():
            values[self.x[w, o]] = copies
            goods[market.offers[o].seller].append((o, copies))
        for opened, seller in zip(self.parcels, self._steps, strict=True):
            inside = goods.get(seller)
            if not inside:
                continue
            values[opened] = 1
            grams = market.packing_grams + sum(market.offers[o].grams * copies for o, copies in inside)
            value = sum(market.offers[o].price_minor * copies for o, copies in inside)
            for profile in {market.offers[o].shipping for o, _ in inside}:
                used, steps = self._steps[seller][profile]
                fitting = [(step.price_minor, z) for z, step in steps if step.admits(grams, value)]
                price, z = min(fitting)
                values[used] = values[z] = 1
                if seller in self._costs:
                    values[self._costs[seller]] = max(values[self._costs[seller]], price)
        return values


def _without_idle(steps: Iterable[Step]) -> list[Step]:
    """The steps without those that another one makes needless: as wide and no dearer."""
    kept: list[Step] = []
    for step in sorted(set(steps), key=lambda s: (s.price_minor, s.grams_from, s.value_from)):
        if not any(_covers(other, step) for other in kept):
            kept.append(step)
    return kept


def _covers(wide: Step, narrow: Step) -> bool:
    def high(limit: int | None) -> float:
        return math.inf if limit is None else limit

    return (
        wide.price_minor <= narrow.price_minor
        and wide.grams_from <= narrow.grams_from
        and wide.value_from <= narrow.value_from
        and high(wide.grams_to) >= high(narrow.grams_to)
        and high(wide.value_to) >= high(narrow.value_to)
    )
