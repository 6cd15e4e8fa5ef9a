"""A price by rule: a share of fair value, or under the lowest other offer, within floor and ceiling. Pure."""

from __future__ import annotations

from dataclasses import dataclass

LEAST_MINOR, MOST_MINOR = 10, 50_000_000
FAIR, UNDERCUT = "fair", "undercut"


@dataclass(frozen=True)
class PriceRule:
    """How prices are found. All amounts in minor units, percentages of fair value.

    kind: FAIR takes `percent` of fair value; UNDERCUT goes `by_minor` under the lowest offer of another seller. Never under
    the floors (`floor_minor`, and `floor_percent` of fair value), never above the ceiling.
    """

    kind: str
    percent: int = 100
    by_minor: int = 1
    floor_minor: int | None = None
    floor_percent: int | None = None
    ceiling_minor: int | None = None

    def in_words(self) -> str:
        """The rule as its seller would say it, amounts in major units."""
        if self.kind == FAIR:
            said = f"{self.percent} % of fair value"
        else:
            said = f"{self.by_minor / 100:.2f} under the lowest other offer"
        bounds = []
        if self.floor_percent is not None:
            bounds.append(f"never under {self.floor_percent} % of fair value")
        if self.floor_minor is not None:
            bounds.append(f"never under {self.floor_minor / 100:,.2f}")
        if self.ceiling_minor is not None:
            bounds.append(f"never above {self.ceiling_minor / 100:,.2f}")
        return ", ".join([said, *bounds])

    def wrong(self) -> str:
        """What is wrong with the rule, as a sentence; empty where nothing is."""
        if self.kind not in (FAIR, UNDERCUT):
            return "A rule is a share of fair value, or undercuts the lowest offer."
        if not 1 <= self.percent <= 1000 or (self.floor_percent is not None and not 1 <= self.floor_percent <= 1000):
            return "Percentages are from 1 to 1,000."
        if not 0 <= self.by_minor <= MOST_MINOR:
            return "Undercut by 0 or more."
        if self.kind == UNDERCUT and self.floor_minor is None and self.floor_percent is None:
            return "Undercutting needs a floor, so that nobody races to the bottom."
        bounds = [each for each in (self.floor_minor, self.ceiling_minor) if each is not None]
        if any(not LEAST_MINOR <= each <= MOST_MINOR for each in bounds):
            return "Floor and ceiling are between 0.10 and 500,000.00."
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            return "The floor is above the ceiling."
        return ""


def price_by(rule: PriceRule, *, fair_minor: int | None, lowest_minor: int | None) -> int | None:
    """The price that the rule gives; None where it has nothing to go by.

    fair_minor: fair value of such a copy, or None; lowest_minor: the lowest offer of others, or None. A floor in percent
    needs fair value: without it an undercut that has no other floor gives none. Shares are rounded half to even.
    """
    if rule.kind == FAIR:
        found = None if fair_minor is None else _share(fair_minor, rule.percent)
    else:
        found = None if lowest_minor is None else lowest_minor - rule.by_minor
    if found is None:
        return None
    floors = [LEAST_MINOR] + ([] if rule.floor_minor is None else [rule.floor_minor])
    if rule.floor_percent is not None:
        if fair_minor is not None:
            floors.append(_share(fair_minor, rule.floor_percent))
        elif rule.floor_minor is None:
            return None
    ceiling = MOST_MINOR if rule.ceiling_minor is None else rule.ceiling_minor
    # A floor of one's own outranks the ceiling: nothing is sold for less than it.
    return min(max(min(found, ceiling), *floors), MOST_MINOR)


def _share(minor: int, percent: int) -> int:
    whole, rest = divmod(minor * percent, 100)
    return whole + (rest > 50 or (rest == 50 and whole % 2 == 1))
