"""When a watched figure fires: the crossing of a line, its way back, and the pause after it. Pure; the SQL says the same.

A watch is armed while the figure stands on the side from which it may cross. It fires when the figure is at the line or
past it, and is armed again only when the figure came back past the line by a band, so that a price that trembles at its
line is told once. After a firing the watch is quiet for its cool-down: a crossing in that time is told by the first change
after it if the figure still stands past the line.

A movement in percent is armed again also when its whole period has gone by since it fired: what moved since then is
another movement. Source: Schmitt trigger (O. H. Schmitt, "A thermionic trigger", 1938).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from apps.alerts.models import Comparison

BAND = Decimal("0.03")
"""How far back a price has to come, as a share of its line."""
MOVE_BAND = Decimal("0.25")
"""How far back a movement has to come, as a share of its percentage."""
CENT = Decimal("0.01")


@dataclass(frozen=True)
class State:
    """Where a watch stands."""

    is_armed: bool = True
    quiet_until: dt.datetime | None = None


def line_of(amount: Decimal, comparison: str) -> Decimal:
    """The first price, in cents, that fires: "under 80" is 79.99, "at most 80" is 80."""
    return amount + {Comparison.UNDER: -CENT, Comparison.OVER: CENT}.get(Comparison(comparison), Decimal(0))


def is_past(value: Decimal, line: Decimal, *, falling: bool) -> bool:
    """Whether a price is at its line or past it."""
    return value <= line if falling else value >= line


def is_back(value: Decimal, line: Decimal, *, falling: bool) -> bool:
    """Whether a price has come back past its line by the band."""
    return value >= line * (1 + BAND) if falling else value <= line * (1 - BAND)


def first_state(value: Decimal | None, line: Decimal, *, falling: bool) -> State:
    """Where a new watch stands: what is past its line already has to come back first."""
    return State(is_armed=value is None or not is_past(value, line, falling=falling))


def step(
    state: State, value: Decimal, *, line: Decimal, falling: bool, at: dt.datetime, cool_down: dt.timedelta
) -> tuple[State, bool]:
    """One new price: where the watch stands then, and whether it fires."""
    if state.is_armed:
        quiet = state.quiet_until is not None and at < state.quiet_until
        if is_past(value, line, falling=falling) and not quiet:
            return State(is_armed=False, quiet_until=at + cool_down), True
        return state, False
    if is_back(value, line, falling=falling):
        return replace(state, is_armed=True), False
    return state, False
