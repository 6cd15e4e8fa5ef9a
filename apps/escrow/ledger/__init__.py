"""The door to the double-entry ledger: the chart of accounts, posting, reading, sealing, and the proof of it all.

Signs: an account's balance is what we owe to whom the account belongs. So a hold, a member and our own fees are
positive, and the processor's clearing account is negative while the processor has money of ours. Every transaction
sums to zero, so all balances of a currency always do. Two currencies never meet: an account has one, a transaction
sums to zero in each of its own.
"""

from apps.escrow.ledger.chart import (
    BANK,
    CHARGEBACKS,
    CHART,
    CLEARING,
    FEES,
    LOSSES,
    PAYOUTS,
    PROCESSING,
    Kind,
    UnknownAccount,
    available_account,
    held_account,
    hold_account,
    kind_of,
    receivable_account,
    refunds_account,
)
from apps.escrow.ledger.checking import Checked, Finding, check, examine
from apps.escrow.ledger.posting import (
    InsufficientFunds,
    LedgerRefused,
    Line,
    Posted,
    Posting,
    balance,
    post,
    post_many,
    statement,
)
from apps.escrow.ledger.sealing import Unsealed, seal, unsealed
from apps.escrow.ledger.totals import HoldTotals, Totals, totals, totals_by_hold

__all__ = [
    "BANK",
    "CHARGEBACKS",
    "CHART",
    "CLEARING",
    "FEES",
    "LOSSES",
    "PAYOUTS",
    "PROCESSING",
    "Checked",
    "Finding",
    "HoldTotals",
    "InsufficientFunds",
    "Kind",
    "LedgerRefused",
    "Line",
    "Posted",
    "Posting",
    "Totals",
    "UnknownAccount",
    "Unsealed",
    "available_account",
    "balance",
    "check",
    "examine",
    "held_account",
    "hold_account",
    "kind_of",
    "post",
    "post_many",
    "receivable_account",
    "refunds_account",
    "seal",
    "statement",
    "totals",
    "totals_by_hold",
    "unsealed",
]
