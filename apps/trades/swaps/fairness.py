"""How fair a swap is, and what each side leaves as security. Pure, in minor units of one currency."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

EVEN_PERCENT = 5
"""A difference within this share of the larger pile counts as even."""


@dataclass(frozen=True)
class Valued:
    """Copies of one kind: the fair value of one with its interval; None where nothing is known."""

    quantity: int
    value: int | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Pile:
    """What one side gives. `unvalued`: copies that are in no sum."""

    value: int
    low: int
    high: int
    unvalued: int


@dataclass(frozen=True)
class Balance:
    """A swap as one side sees it: positive `difference` is theirs to gain; low <= difference <= high."""

    difference: int
    low: int
    high: int
    unvalued: int
    larger: int

    @property
    def verdict(self) -> str:
        """even, gain, loss, or unknown where a copy has no value."""
        if self.unvalued:
            return "unknown"
        if abs(self.difference) * 100 <= EVEN_PERCENT * self.larger or self.difference == 0:
            return "even"
        return "gain" if self.difference > 0 else "loss"

    @property
    def is_sure(self) -> bool:
        """Whether the whole interval lies on one side of nought."""
        return self.low > 0 or self.high < 0

    @property
    def words(self) -> str:
        """The verdict as a sentence to the side that it is seen from."""
        if self.verdict == "unknown":
            copies = "one card has" if self.unvalued == 1 else f"{self.unvalued} cards have"
            return f"How fair this is cannot be said: {copies} no fair value."
        if self.verdict == "even":
            return "An even swap."
        verdict = "This swap is in your favour" if self.verdict == "gain" else "You give more than you get"
        return verdict + ("." if self.is_sure else ", though within what the values leave open.")


def pile(lines: Iterable[Valued]) -> Pile:
    """The sums of what one side gives."""
    value = low = high = unvalued = 0
    for line in lines:
        if line.value is None:
            unvalued += line.quantity
            continue
        value += line.quantity * line.value
        low += line.quantity * (line.value if line.low is None else line.low)
        high += line.quantity * (line.value if line.high is None else line.high)
    return Pile(value, low, high, unvalued)


def balance(gives: Pile, gets: Pile, *, pays: int) -> Balance:
    """What a side gets less what it gives; `pays` is the cash that it adds (negative: receives)."""
    return Balance(
        difference=gets.value - gives.value - pays,
        low=gets.low - gives.high - pays,
        high=gets.high - gives.low - pays,
        unvalued=gives.unvalued + gets.unvalued,
        larger=max(gives.value + max(pays, 0), gets.value + max(-pays, 0)),
    )


def deposits(first: Pile, second: Pile, *, newcomer: bool, over_minor: int, percent: int) -> tuple[int, int]:
    """What each side leaves: a share of the value that comes to it, so that who sends is made good by who does not.

    first, second: what the first and the second side give. None is asked among known members up to `over_minor`.
    """
    if not newcomer and max(first.value, second.value) <= over_minor:
        return 0, 0
    return second.value * percent // 100, first.value * percent // 100


def made_good(*, amount_minor: int, deposit_minor: int, sent_minor: int) -> int:
    """How much of a defaulter's held money goes to the harmed side: the deposit, or the value that was sent if more."""
    return min(amount_minor, max(deposit_minor, sent_minor))
