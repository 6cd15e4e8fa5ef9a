"""The chart of accounts: one table of every kind of account, read by posting, by the check and by docs/escrow.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from apps.core.errors import Conflict

FEES = "platform:fees"
CLEARING = "platform:clearing"
PAYOUTS = "platform:payouts"
PROCESSING = "platform:processing"
CHARGEBACKS = "platform:chargebacks"
LOSSES = "platform:losses"
BANK = "platform:bank"


@dataclass(frozen=True)
class Kind:
    """One kind of account. code: how its accounts are called, `<id>` for whose. floor: in minor units, None for none.

    is_owed: whether a positive balance is the normal one, i.e. money that we owe; otherwise the normal one is negative,
    money that somebody owes or keeps for us, or that is gone.
    """

    name: str
    code: str
    is_owed: bool
    floor: int | None
    holds: str

    @property
    def pattern(self) -> str:
        """A regular expression, for Python and PostgreSQL alike, that its codes match."""
        return f"^{self.code.replace('<id>', '[^:]+')}$"


CHART: tuple[Kind, ...] = (
    Kind("escrow", "hold:<id>", True, 0, "the money of one sale"),
    Kind("member available", "member:<id>:available", True, 0, "a seller's proceeds that were not transferred yet"),
    Kind("member held", "member:<id>:held", True, 0, "what a member left as security and gets back"),
    Kind("member refunds", "member:<id>:refunds", True, 0, "a buyer's money on its way back"),
    Kind("member receivable", "member:<id>:receivable", False, None, "what a member owes us"),
    Kind("fees", FEES, True, None, "our fees"),
    Kind("processor clearing", CLEARING, False, None, "what the processor has for us"),
    Kind("payouts in transit", PAYOUTS, False, None, "has left the processor, has not reached our bank"),
    Kind("our bank", BANK, False, None, "paid out to our own bank account"),
    Kind("processing", PROCESSING, False, None, "what the processor charged us"),
    Kind("chargebacks", CHARGEBACKS, False, None, "drawn by banks, not decided yet"),
    Kind("losses", LOSSES, False, None, "lost for good"),
)


class UnknownAccount(Conflict):
    """A code that is not of the chart. A fault of ours, never of a member."""

    code = "UNKNOWN_ACCOUNT"
    message = "There is no such account in the books."


@lru_cache(maxsize=4096)
def kind_of(code: str) -> Kind:
    """The account's kind. Raises UnknownAccount."""
    for kind in CHART:
        if re.match(kind.pattern, code):
            return kind
    raise UnknownAccount(account=code)


def hold_account(hold_id: UUID) -> str:
    """The account of one hold."""
    return f"hold:{hold_id}"


def available_account(member_id: UUID) -> str:
    """A seller's proceeds."""
    return f"member:{member_id}:available"


def held_account(member_id: UUID) -> str:
    """A member's security."""
    return f"member:{member_id}:held"


def refunds_account(member_id: UUID) -> str:
    """A buyer's money on its way back."""
    return f"member:{member_id}:refunds"


def receivable_account(member_id: UUID) -> str:
    """What a member owes us."""
    return f"member:{member_id}:receivable"
