"""Gain of copies that came and went, by lot and at average cost. Pure: plain steps in, exact amounts out, one currency.

A lot is an item of the inventory: copies of one printing in one condition that cost the same. By lot, a copy that leaves
takes the cost of the lot that it came from (specific identification); at average cost it takes the mean cost of all copies
of the holding that are there at that moment (moving average). Amounts are whole minor units or exact fractions of them, so
that nothing is lost before the last line, where `amount` rounds halves to even.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from apps.core.money import Money


@dataclass(frozen=True, slots=True)
class Step:
    """Copies of one lot that came (change > 0) or left (change < 0), in minor units of one currency.

    unit_cost: what a copy of the lot cost, None where nobody noted it. unit_price: what a copy was sold for, None where it
    was not sold (given away, lost, counted wrongly).
    """

    lot: Hashable
    change: int
    unit_cost: int | Fraction | None = None
    unit_price: int | Fraction | None = None


@dataclass(frozen=True, slots=True)
class Gains:
    """Where a holding stands after its steps. Costs are of copies whose cost is noted, in minor units.

    held, costed: copies there, and those of them with a cost. cost: of the costed. paid: of all that ever came.
    proceeds: of sold copies with a cost; realised: proceeds less their cost. given_up: cost of copies that left unsold.
    uncosted_sold, uncosted_proceeds: sold copies whose cost is not noted; they have no gain.
    """

    held: int = 0
    costed: int = 0
    cost: Fraction = Fraction(0)
    paid: Fraction = Fraction(0)
    proceeds: Fraction = Fraction(0)
    realised: Fraction = Fraction(0)
    given_up: Fraction = Fraction(0)
    sold: int = 0
    uncosted_sold: int = 0
    uncosted_proceeds: Fraction = Fraction(0)

    @property
    def average_cost(self) -> Fraction | None:
        """Mean cost of the copies there that have one; None where none has."""
        return self.cost / self.costed if self.costed else None

    def unrealised(self, unit_value: Fraction | int) -> Fraction:
        """What the costed copies would fetch at this value each, less what they cost."""
        return self.costed * Fraction(unit_value) - self.cost


def by_lot(steps: Iterable[Step]) -> Gains:
    """Gains where each copy keeps the cost of its lot. The order of the steps does not matter."""
    return _walk(steps, at_average=False)


def at_average(steps: Iterable[Step]) -> Gains:
    """Gains at moving average cost; steps oldest first. Copies that leave take the mean cost of those that are there."""
    return _walk(steps, at_average=True)


def _walk(steps: Iterable[Step], *, at_average: bool) -> Gains:
    held = costed = sold = uncosted_sold = 0
    cost = paid = proceeds = realised = given_up = uncosted_proceeds = Fraction(0)
    for step in steps:
        held += step.change
        copies = -step.change
        if step.unit_cost is None:
            if copies > 0 and step.unit_price is not None:
                sold, uncosted_sold = sold + copies, uncosted_sold + copies
                uncosted_proceeds += copies * step.unit_price
            continue
        if copies <= 0:
            costed -= copies
            cost -= copies * step.unit_cost
            paid -= copies * step.unit_cost
            continue
        unit = cost / costed if at_average and costed else Fraction(step.unit_cost)
        costed -= copies
        cost -= copies * unit
        if step.unit_price is None:
            given_up += copies * unit
        else:
            sold += copies
            proceeds += copies * step.unit_price
            realised += copies * (step.unit_price - unit)
    return Gains(
        held, costed, cost, paid, proceeds, realised, given_up, sold, uncosted_sold, uncosted_proceeds
    )  # fmt: skip


def amount(minor: Fraction, currency: str) -> Decimal:
    """Minor units as an amount in major units, halves to even."""
    return Money(round(minor), currency).decimal
