"""How long money may be held before it must be paid out, by country, and how long our longest path takes.

Source: docs.stripe.com/connect/manual-payouts (90 days; two years in the United States; ten days in Thailand).
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings

from apps.escrow import states
from apps.escrow.models import HoldState

HOLDING_LIMIT = dt.timedelta(days=90)
HOLDING_LIMITS = {"US": dt.timedelta(days=730), "TH": dt.timedelta(days=10)}
# A moderator takes over at the latest when the clock escalates a case; so long is given to decide it, and an appeal.
DECIDING = dt.timedelta(days=7)
DECIDING_APPEAL = dt.timedelta(days=5)


def limit_for(country: str) -> dt.timedelta:
    """How long money may be held for a seller in this country (ISO 3166-1 alpha-2)."""
    return HOLDING_LIMITS.get(country.upper(), HOLDING_LIMIT)


def longest_path() -> dt.timedelta:
    """The longest time between payment and release when everybody waits for the last moment.

    Every state that holds money is entered once on a path; a withdrawn dispute begins one more inspection. A decision is
    appealed, and a return that it asks for never leaves: what leaves comes back to the buyer, who is not paid out to.
    """
    # Each deadline counts from when its state was entered: the last one ends the wait.
    longest = {state: max(deadline.after for deadline in states.DEADLINES[state]) for state in states.HOLDING}
    case = DECIDING + settings.TRADE_DEADLINES["appeal"] + DECIDING_APPEAL + settings.TRADE_DEADLINES["return_ship"]
    return sum(longest.values(), dt.timedelta()) + case + longest[HoldState.DELIVERED]


def can_hold_for(country: str) -> bool:
    """Whether our longest path ends within what the country allows."""
    return longest_path() <= limit_for(country)
