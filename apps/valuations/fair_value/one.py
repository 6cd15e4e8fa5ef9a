"""Fair value of one item, row by row, with every comparable and its weight: the method as it can be followed by hand.

    weight = reliability of the source  x  0.5 ^ (age / half-life)  x  0.6 ^ (steps of condition away)  x  sqrt(copies)

Each price is first converted to the wanted condition. Asks, and copies in far other states, count only where there are
fewer than three better ones. One seller cannot carry more than 30 % of the weight and one pair of seller and buyer not more
than 20 % (wash trades). Prices far from the middle are left out. The value is the weighted median (the mean over the middle
third of the weight); of sources whose figures lag, a part of the latest movement goes on. The interval holds the price of
the next weeks nine times in ten; its width was learned from past errors. catalogue.fair_values does the same for many items.

Sources: weighted median, Cormen et al., Introduction to Algorithms, problem 9-2, and its smooth form, the trimmed mean,
Huber (1981), section 3.3; MAD with 1.4826 and the cut at 3.5, Iglewicz and Hoaglin (1993); damped trend, Gardner and McKenzie
(1985); interval by the quantile of past errors over a scale per item, Lei et al. (2018), section 5.2; effective size, Kish.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from apps.valuations.fair_value.comparables import Comparables, FairValue, FloatArray, NothingToGoBy, Weighed, checked
from apps.valuations.fair_value.parameters import (
    AGEING_DAYS,
    ASK_WEIGHT,
    CONDITION_STEP,
    DISTANCES,
    ENOUGH,
    FAR,
    FEWEST_FOR_OUTLIERS,
    METHOD_CAPS,
    METHODS,
    MIDDLE,
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
from apps.valuations.fair_value.reasons import Basis


def weighted_median(values: Sequence[float], weights: Sequence[float], *, band: float = MIDDLE) -> float:
    """Mean of the values over the middle `band` of the cumulated weight, from the smallest value up.

    values: (n,) any order. weights: (n,) >= 0, same unit as each other, not all zero.
    Raises ValueError on an empty or all-zero input.
    """
    total = math.fsum(weights)
    if not total > 0:
        raise ValueError("a median needs at least one value with weight")
    lower, upper = 0.5 - band / 2, 0.5 + band / 2
    until = found = covered = 0.0
    for value, weight in sorted(zip(values, weights, strict=True)):
        since, until = until, until + weight / total
        part = max(0.0, min(until, upper) - max(since, lower)) if weight > 0 else 0.0
        found += part * value
        covered += part
    return found / covered


def fair_value(
    comparables: Comparables, *, half_life_days: float, condition: int = 0, ratios: FloatArray = RATIOS
) -> FairValue:
    """Fair value of one item in the wanted state, with its reasons and each comparable's weight.

    Raises NothingToGoBy without comparables, ValueError on a price that is not above zero.
    """
    if not len(comparables):
        raise NothingToGoBy("there is nothing to compare with")
    checked(comparables)
    return _Valued(comparables, half_life_days, condition, ratios).told()


class _Valued:
    """The steps in their order; each attribute is a list with one entry per comparable."""

    def __init__(self, comparables: Comparables, life: float, wanted: int, ratios: FloatArray) -> None:
        columns = [list(column) for column in zip(*comparables.rows(), strict=True)]
        self.kind, self.price, self.age, self.reliability, condition, self.copies, seller, buyer = columns[:8]
        self.pace, self.trend, self.noise = columns[8:]
        self.life = life
        self.steps = [int(DISTANCES[int(state), wanted]) for state in condition]
        self.logs = [
            math.log(price) + math.log(ratios[wanted]) - math.log(ratios[int(state)])
            for price, state in zip(self.price, condition, strict=True)
        ]
        self.seller = [who if who >= 0 else None for who in seller]
        self.pair = [(s, b) if s >= 0 and b >= 0 else None for s, b in zip(seller, buyer, strict=True)]
        self.capped = False
        self.left_out = self._scarce_only()
        fast, slow = self._fair_shares(self._weights(1.0)), self._fair_shares(self._weights(SLOW), told=False)
        self._leave_outliers_out(slow)
        self.fast = self._fair_shares(self._kept(fast))
        self.slow = self._fair_shares(self._kept(slow), told=False)

    def _scarce_only(self) -> list[str]:
        """Asks and far states are left out where there are enough of the others."""
        why = [
            "ask" if kind == Kind.ASK else "far" if steps >= FAR else ""
            for kind, steps in zip(self.kind, self.steps, strict=True)
        ]
        return why if why.count("") >= ENOUGH else [""] * len(why)

    def _weights(self, slower: float) -> list[float]:
        """The formula of the module, with a half-life so many times as long."""
        return self._kept(
            [
                self.reliability[n]
                * CONDITION_STEP ** self.steps[n]
                * math.sqrt(min(max(self.copies[n], 1), MOST_COPIES))
                * (ASK_WEIGHT if self.kind[n] == Kind.ASK else 1.0)
                * max(0.5 ** (self.age[n] / (self.life * self.pace[n]) / slower), 1e-200)
                for n in range(len(self.logs))
            ]
        )

    def _kept(self, weights: list[float]) -> list[float]:
        return [0.0 if why else weight for weight, why in zip(weights, self.left_out, strict=True)]

    def _fair_shares(self, weights: list[float], *, told: bool = True) -> list[float]:
        """No seller above 30 %, then no pair above 20 %."""
        for groups, share in ((self.seller, SELLER_SHARE), (self.pair, PAIR_SHARE)):
            weights, held_back = _capped(weights, groups, share)
            self.capped |= held_back and told
        return weights

    def _leave_outliers_out(self, weights: list[float]) -> None:
        if sum(weight > 0 for weight in weights) < FEWEST_FOR_OUTLIERS:
            return
        middle = weighted_median(self.logs, weights)
        limit = max(OUTLIER_CUT * 1.4826 * self._deviation(middle, weights), OUTLIER_FLOOR) * (1 + 1e-9)
        for n, weight in enumerate(weights):
            if weight > 0 and abs(self.logs[n] - middle) > limit:
                self.left_out[n] = "outlier"

    def _deviation(self, middle: float, weights: list[float]) -> float:
        return weighted_median([abs(each - middle) for each in self.logs], weights)

    def told(self) -> FairValue:
        """The value, its interval and confidence, and what it rests on."""
        total = math.fsum(self.fast)
        share = [weight / total for weight in self.fast]
        middle, before = weighted_median(self.logs, self.fast), weighted_median(self.logs, self.slow)
        trend = math.fsum(part * each for part, each in zip(share, self.trend, strict=True))
        move = trend * min(max(middle - before, -MOST_MOVE), MOST_MOVE)
        value = math.exp(middle + move)
        counting = [n for n, weight in enumerate(self.fast) if weight > 0]
        newest = min(self.age[n] for n in counting)
        effective = math.fsum(self.slow) ** 2 / math.fsum(weight**2 for weight in self.slow)
        noise = math.fsum(
            part * each * (1 + NOISE_PER_STEP * steps)
            for part, each, steps in zip(share, self.noise, self.steps, strict=True)
        )
        wear = math.sqrt(1 + newest / AGEING_DAYS + 1 / max(effective, 1.0))
        half = math.hypot(noise * wear, SPREAD_SHARE * 1.4826 * self._deviation(before, self.slow))
        low, high = value * math.exp(-half), value * math.exp(half)
        counts = [sum(self.kind[n] == kind for n in counting) for kind in Kind]
        method = _method(counts)
        confidence = min(
            math.sqrt(effective / (effective + 3.0) / (1 + (high - low) / value)) * 0.5 ** (newest / self.life / 4),
            METHOD_CAPS[method],
        )
        basis = Basis(
            sales=counts[Kind.SALE],
            quotes=counts[Kind.QUOTE],
            asks=counts[Kind.ASK],
            outliers=self.left_out.count("outlier"),
            converted=sum(self.steps[n] > 0 for n in counting),
            capped=self.capped,
            newest=round(newest, 1),
            middle_age=round(weighted_median(self.age, self.fast), 1),
            half_life=self.life,
            move=round(move, 4),
        )
        return FairValue(
            value, low, high, confidence, len(counting), METHODS[method], basis.reasons(), self._weighed(share)
        )

    def _weighed(self, share: list[float]) -> tuple[Weighed, ...]:
        rows, until = [], 0.0
        for n in sorted(range(len(self.logs)), key=lambda n: (self.logs[n], self.fast[n])):
            until += share[n]
            rows.append(
                Weighed(
                    self.price[n], math.exp(self.logs[n]), self.age[n], self.fast[n], share[n], until, self.left_out[n]
                )
            )
        return tuple(rows)


def _method(counts: Sequence[int]) -> Kind:
    sales, quotes, _ = counts
    if sales >= min(ENOUGH, max(quotes, 1)):
        return Kind.SALE
    if quotes:
        return Kind.QUOTE
    return Kind.SALE if sales else Kind.ASK


def _capped(weights: list[float], groups: Sequence[Hashable | None], share: float) -> tuple[list[float], bool]:
    """Weights in which no group carries more than `share` of the total; None stands alone. See segments.capped."""
    carried: dict[Hashable, float] = {}
    heaviest: dict[Hashable, float] = {}
    members: dict[Hashable, int] = {}
    for group, weight in zip(groups, weights, strict=True):
        if group is not None and weight > 0:
            carried[group] = carried.get(group, 0.0) + weight
            heaviest[group] = max(heaviest.get(group, 0.0), weight)
            members[group] = members.get(group, 0) + 1
    if not carried:
        return weights, False
    lone = [weight for group, weight in zip(groups, weights, strict=True) if group is None and weight > 0]
    limits = heaviest
    if (len(carried) + len(lone)) * share > 1 + 1e-12:
        limits = dict.fromkeys(carried, _cap(list(carried.values()), math.fsum(lone), share))
    factors = {group: min(1.0, limits[group] / weight) for group, weight in carried.items()}
    scaled = [
        weight if group is None else weight * factors.get(group, 1.0)
        for group, weight in zip(groups, weights, strict=True)
    ]
    return scaled, any(factor < 1 - 1e-9 and members[group] > 1 for group, factor in factors.items())


def _cap(carried: Sequence[float], alone: float, share: float) -> float:
    """The t for which t = share x (alone + sum of min(each, t)): groups above it are cut down to it."""
    cap = math.inf
    for _ in range(math.ceil(1 / share)):
        over = [each for each in carried if each > cap]
        room = 1 - share * len(over)
        if room <= 1e-12:
            break
        tighter = min(cap, share * (alone + math.fsum(each for each in carried if each <= cap)) / room)
        if tighter == cap:
            break
        cap = tighter
    return cap
