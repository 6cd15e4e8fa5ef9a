"""The choice of offers that costs least delivered, or needs the fewest parcels: mixed-integer programming by HiGHS.

What can be had comes first: no plan leaves out a copy to save money. Among the choices with the most copies the total
is made small, or first the number of parcels and then the total.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import highspy
import numpy as np

from apps.listings.cart.greedy import few_sellers, start
from apps.listings.cart.market import Basket, Market, Plan, basket_of
from apps.listings.cart.program import Program

_PROOF_TAKES = 8  # times as long as the relaxation at least: HiGHS looks at its clock too seldom to begin it later


def cheapest(market: Market, *, seconds: float = 5.0) -> Plan:
    """The plan with the least total; see Plan.gap for how far it may be from the best.

    seconds: of the solver and all; the greedy start is there even when they are too few.
    """
    return _solve(market, seconds=seconds, fewest=False)


def fewest_parcels(market: Market, *, seconds: float = 5.0) -> Plan:
    """The plan with the fewest parcels, and of these the one with the least total."""
    return _solve(market, seconds=seconds, fewest=True)


def _solve(market: Market, *, seconds: float, fewest: bool) -> Plan:
    until = time.monotonic() + seconds
    basket = few_sellers(market) if fewest else start(market)
    if not any(market.eligible):
        return basket.plan(method="solver")
    wanted = sum(want.quantity for want in market.wants)
    most = basket.count
    if most < wanted:
        search = _Search(market, lambda program: program.copies, until, at_least=most)
        basket = search.best(basket)
        most = basket.count
    parcels_bound, at_most = 1, None
    if fewest:
        half = until - 0.4 * max(0, until - time.monotonic())
        search = _Search(market, lambda program: program.parcels, half, at_least=most)
        basket = search.best(basket)
        parcels_bound, at_most = max(1, math.ceil(search.bound - 1e-6)), len(basket.sellers)
    search = _Search(market, lambda program: program.total, until, at_least=most, at_most=at_most)
    basket = search.best(basket)
    bound = max(0, math.ceil(search.bound - 1e-3))
    method = "solver" if search.is_found else "greedy"
    return basket.plan(bound_minor=bound, parcels_bound=parcels_bound, method=method)


class _Search:
    """One minimisation over a market, in three steps that each make the next one small.

    The relaxation is nearly whole here: it bounds the answer from below. A program of the sellers that it uses betters
    the start. Then the relaxation's reduced costs tell which copies no better choice can contain (Nemhauser and Wolsey,
    Integer and Combinatorial Optimization, II.5.2), and the program of all others proves how good the choice is.
    """

    def __init__(
        self,
        market: Market,
        cost: Callable[[Program], dict[int, float]],
        until: float,
        *,
        at_least: int,
        at_most: int | None = None,
    ) -> None:
        self.market, self.cost, self.until = market, cost, until
        self.at_least, self.at_most = at_least, at_most
        self.bound, self.is_found = 0.0, False

    def best(self, basket: Basket) -> Basket:
        """The best choice that was found, the start itself where nothing was; `bound` says what none can better."""
        program = self._program(self.market)
        value = self._value(program, basket)
        relaxed = program.solver(self.cost(program), self.until, whole=False)
        began = time.monotonic()
        relaxed.run()
        took = time.monotonic() - began
        if relaxed.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self.bound = min(0.0, value)
            return basket
        self.bound = least = relaxed.getInfo().objective_function_value
        values, reduced = (
            np.asarray(part) for part in (relaxed.getSolution().col_value, relaxed.getSolution().col_dual)
        )
        for of_all in (False, True):
            left = self.until - time.monotonic()
            if left <= 0 or value - self.bound < 1 - 1e-6:
                self.is_found = self.is_found or left > 0
                break
            if of_all and left < _PROOF_TAKES * took:
                break
            within = program.offers_within(reduced, value - least) if of_all else None
            kept = program.offers_beside(values, reduced, basket) if within is None else within
            basket = self._step(kept, basket, self.until if of_all else time.monotonic() + 0.6 * left, proves=of_all)
            value = self._value(program, basket)
        self.bound = min(self.bound, value)
        return basket

    def _step(self, kept: set[int], basket: Basket, until: float, *, proves: bool) -> Basket:
        """Solve the program of some offers, those in the basket among them."""
        numbers = sorted(kept | {o for _, o in basket.copies})
        places = {o: place for place, o in enumerate(numbers)}
        part = replace(self.market, offers=[self.market.offers[o] for o in numbers])
        program = self._program(part)
        begun = basket_of(part, {(w, places[o]): copies for (w, o), copies in basket.copies.items()})
        solver = program.solver(self.cost(program), until)
        solution = highspy.HighsSolution()
        solution.col_value = program.as_columns(begun)
        solver.setSolution(solution)
        solver.run()
        info = solver.getInfo()
        if proves and math.isfinite(info.mip_dual_bound):
            self.bound = max(self.bound, info.mip_dual_bound)
        if info.primal_solution_status != int(highspy.SolutionStatus.kSolutionStatusFeasible):
            return basket
        reached = program.read(solver)
        if reached is None or self._value(program, reached) > self._value(program, begun):
            return basket
        self.is_found = True
        return basket_of(self.market, {(w, numbers[o]): copies for (w, o), copies in reached.copies.items()})

    def _program(self, market: Market) -> Program:
        program = Program(market)
        program.keep(at_least=self.at_least, at_most=self.at_most)
        return program

    def _value(self, program: Program, basket: Basket) -> float:
        columns = program.as_columns(basket)
        return sum(factor * columns[column] for column, factor in self.cost(program).items())
