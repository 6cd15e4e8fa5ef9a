"""Whether to hold, sell or trade a holding, with its reasons: seven factors, weighted by one table of the settings. Pure.

Each factor looks at one fact and says between -1 and 1 how much there is of it; where the fact is not known the factor is
silent. PORTFOLIO_SUGGESTION_WEIGHTS says for each factor what a full 1 adds to holding, selling and trading (a full -1
takes it away). The action with the highest sum is suggested; that it leads by little, or that few factors spoke, makes it
weak. It is arithmetic over market data, no financial advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

ACTIONS = ("hold", "sell", "trade")
PLAYSET = 4  # copies that a player can use; more are spare
CHEAP = Decimal(2)  # under this a parcel of its own costs more than it brings
DEAR = Decimal(20)


@dataclass(frozen=True)
class Facts:
    """What is known of a holding; None is not known. Amounts are major units of one currency, for one copy.

    percent_30d: change of the market price. share: of the portfolio's value, in [0, 1]. sales: recent sales that the fair
    value rests on. lowest_ask: of the market. gain_percent: of value over cost. confidence: of the value, in [0, 1].
    """

    copies: int
    value: Decimal | None = None
    confidence: Decimal | None = None
    percent_30d: Decimal | None = None
    all_time_low: Decimal | None = None
    all_time_high: Decimal | None = None
    market_price: Decimal | None = None
    lowest_ask: Decimal | None = None
    sales: int | None = None
    share: Decimal | None = None
    gain_percent: Decimal | None = None


@dataclass(frozen=True)
class Reason:
    """What one factor found: its strength in [-1, 1], what that adds to the suggested action, and the sentence."""

    factor: str
    strength: Decimal
    weight: Decimal
    text: str


@dataclass(frozen=True)
class Suggestion:
    """hold, sell or trade; how clearly, in [0, 1]; reasons, the weightiest first. `scores` by action."""

    action: str
    clarity: Decimal
    reasons: tuple[Reason, ...]
    scores: dict[str, Decimal]

    @property
    def is_weak(self) -> bool:
        """Whether another action would do as well."""
        return self.clarity < Decimal("0.25")

    @property
    def told(self) -> tuple[Reason, ...]:
        """The reasons that matter, three at most: those that speak for the action, or the strongest where none does."""
        speaking = tuple(reason for reason in self.reasons if reason.weight > 0)
        return (speaking or self.reasons)[:3]

    @property
    def against(self) -> Reason | None:
        """What speaks most against the action; None where nothing does."""
        last = self.reasons[-1]
        return last if last.weight < 0 and last not in self.told else None


def suggestion(facts: Facts, weights: Mapping[str, Mapping[str, float]]) -> Suggestion | None:
    """What the factors add up to; None where the holding has no price. `weights`: factor -> action -> weight."""
    if facts.value is None or facts.value <= 0:
        return None
    found = [(name, *told) for name, factor in FACTORS.items() if (told := factor(facts)) is not None]
    table = {name: {action: Decimal(str(weights[name].get(action, 0))) for action in ACTIONS} for name, *_ in found}
    scores = {
        action: sum((strength * table[name][action] for name, strength, _ in found), Decimal(0)) for action in ACTIONS
    }
    # Of equals the calmer one: hold before trade before sell.
    action = max(("hold", "trade", "sell"), key=lambda each: scores[each])
    lead = scores[action] - max(scores[each] for each in ACTIONS if each != action)
    sure = Decimal(1) if facts.confidence is None else facts.confidence
    reasons = [Reason(name, strength, strength * table[name][action], text) for name, strength, text in found]
    reasons.sort(key=lambda reason: -reason.weight)
    clarity = min(Decimal(1), lead * sure).quantize(Decimal("0.01"))
    return Suggestion(action, clarity, tuple(reasons), scores)


def _bounded(value: Decimal) -> Decimal:
    return max(Decimal(-1), min(Decimal(1), value)).quantize(Decimal("0.01"))


def _timing(facts: Facts) -> tuple[Decimal, str] | None:
    """Where the market price stands between its lowest and its highest."""
    low, high, now = facts.all_time_low, facts.all_time_high, facts.market_price or facts.value
    if low is None or high is None or now is None or high <= low:
        return None
    place = _bounded((now - low) / (high - low) * 2 - 1)
    word = "near its highest known" if place > Decimal("0.6") else "near its lowest known"
    if abs(place) <= Decimal("0.6"):
        word = "between its lowest and highest known"
    return place, f"The price is {word}."


def _trend(facts: Facts) -> tuple[Decimal, str] | None:
    """Whither the price went in 30 days; 20 % counts in full."""
    percent = facts.percent_30d
    if percent is None:
        return None
    if abs(percent) < 1:
        return Decimal(0), "The price hardly moved in 30 days."
    return _bounded(percent / 20), f"The price {'rose' if percent > 0 else 'fell'} {abs(percent):.0f} % in 30 days."


def _balance(facts: Facts) -> tuple[Decimal, str] | None:
    """Spare copies, and how much of the portfolio hangs on this holding; a quarter of it counts in full."""
    spare = facts.copies - PLAYSET
    crowd = _bounded(Decimal(max(spare, 0)) / PLAYSET)
    weight = _bounded((facts.share or Decimal(0)) * 4)
    if spare > 0 and crowd >= weight:
        return crowd, f"You hold {facts.copies} copies, {spare} more than a playset."
    if weight > Decimal("0.4"):
        return weight, f"It is {(facts.share or 0) * 100:.0f} % of your portfolio's value."
    return Decimal("-0.25"), "It is a small part of your portfolio, without spare copies."


def _demand(facts: Facts) -> tuple[Decimal, str] | None:
    """How often it sells; ten recent sales count in full, none as full lack of demand."""
    if facts.sales is None:
        return None
    strength = _bounded(Decimal(facts.sales) / 5 - 1)
    told = "No recent sale is known" if not facts.sales else f"{facts.sales} recent sale{'s' * (facts.sales != 1)}"
    return (
        strength,
        f"{told}{'' if not facts.sales else ' known'}: {'it would' if strength > 0 else 'it may not'} sell quickly.",
    )


def _competition(facts: Facts) -> tuple[Decimal, str] | None:
    """How far the lowest ask undercuts the value; a quarter under it counts in full."""
    ask, value = facts.lowest_ask, facts.value
    if ask is None or not value:
        return None
    under = (value - ask) / value
    if under < Decimal("0.02"):
        return _bounded(under * 4), "Nobody is known to ask less than the fair value."
    return _bounded(under * 4), f"Others ask as little as {under * 100:.0f} % under the fair value."


def _effort(facts: Facts) -> tuple[Decimal, str] | None:
    """Keeping, packing and posting against what a copy brings."""
    value = facts.value or Decimal(0)
    if value < CHEAP:
        return Decimal(1), "One copy brings less than its parcel costs."
    if value >= DEAR:
        return Decimal(-1), "One copy is worth its own tracked parcel."
    return Decimal(0), "One copy just pays for its parcel."


def _gain(facts: Facts) -> tuple[Decimal, str] | None:
    """Cash that a sale would set free against what was paid; a gain of 100 % counts in full."""
    percent = facts.gain_percent
    if percent is None:
        return None
    if abs(percent) < 1:
        return Decimal(0), "It is worth what it cost."
    return _bounded(
        percent / 100
    ), f"It is worth {abs(percent):.0f} % {'more' if percent > 0 else 'less'} than it cost."


FACTORS = {
    "market_timing": _timing,
    "trend": _trend,
    "inventory_balance": _balance,
    "demand": _demand,
    "competition": _competition,
    "effort": _effort,
    "gain": _gain,
}
