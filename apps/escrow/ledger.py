"""The door to the double-entry ledger: post, read balances and statements, prove the invariants.

Signs: an account's balance is what we owe to whom the account belongs. So a hold, a member and our own fees are
positive, and the processor's clearing account is negative while the processor has money of ours. Every transaction
sums to zero, so all balances of a currency always do.

| account | floor | holds |
|---|---|---|
| hold:<id> | 0 | money kept for one sale |
| member:<id>:available | 0 | proceeds that belong to a seller and were not transferred yet |
| member:<id>:refunds | 0 | money on its way back to a buyer |
| platform:fees | | our fees |
| platform:clearing | | what the processor has for us (negative) |
| platform:processing | | what the processor charged us (negative) |
| platform:chargebacks | | drawn by banks, not decided yet (negative) |
| platform:losses | | lost for good (negative) |
| platform:bank | | paid out to our own bank account (negative) |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection

from apps.core.errors import Conflict
from apps.core.money import Money
from apps.escrow.ledger_check import Finding, Totals, check, totals

__all__ = [
    "BANK",
    "CHARGEBACKS",
    "CLEARING",
    "FEES",
    "LOSSES",
    "PROCESSING",
    "Finding",
    "InsufficientFunds",
    "LedgerRefused",
    "Line",
    "Totals",
    "available_account",
    "balance",
    "check",
    "hold_account",
    "post",
    "refunds_account",
    "statement",
    "totals",
]

FEES = "platform:fees"
CLEARING = "platform:clearing"
PROCESSING = "platform:processing"
CHARGEBACKS = "platform:chargebacks"
LOSSES = "platform:losses"
BANK = "platform:bank"
_WITHOUT_FLOOR = frozenset({FEES, CLEARING, PROCESSING, CHARGEBACKS, LOSSES, BANK})


class LedgerRefused(Conflict):
    """The database refused a posting; `constraint` names the rule. A fault of ours, never of a member."""

    code = "LEDGER_REFUSED"
    message = "The books refused this. Nothing was changed."

    def __init__(self, message: str = "", *, constraint: str = "") -> None:
        self.constraint = constraint
        super().__init__(message, constraint=constraint)


class InsufficientFunds(LedgerRefused):
    """An account would fall below its floor."""

    code = "INSUFFICIENT_FUNDS"
    message = "There is not enough money on the account."


@dataclass(frozen=True)
class Line:
    """One entry as a statement shows it; `balance` is the account's after it."""

    posted_at: dt.datetime
    kind: str
    cause: str
    amount: Money
    balance: Money


def hold_account(hold_id: UUID) -> str:
    """The account of one hold."""
    return f"hold:{hold_id}"


def available_account(member_id: UUID) -> str:
    """A seller's proceeds."""
    return f"member:{member_id}:available"


def refunds_account(member_id: UUID) -> str:
    """A buyer's money on its way back."""
    return f"member:{member_id}:refunds"


def post(*, kind: str, idempotency_key: str, cause: str, entries: Sequence[tuple[str, Money]]) -> int:
    """Write one ledger transaction and return its id; the same key with the same content again changes nothing.

    Entries of zero are left out. Call it inside the transaction that changes the business row, after locking that row.
    Raises InsufficientFunds (a floor), LedgerRefused (whatever else the database refuses); the caller's transaction is
    then lost, as it must be. An unbalanced posting is refused when the transaction commits.
    """
    written = [(code, money) for code, money in entries if money]
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                "select escrow_post(%s, %s, %s, %s::text[], %s::text[], %s::bigint[], %s::bigint[])",
                [
                    kind,
                    idempotency_key,
                    cause,
                    [code for code, _ in written],
                    [money.currency for _, money in written],
                    [money.amount_minor for _, money in written],
                    [None if code in _WITHOUT_FLOOR else 0 for code, _ in written],
                ],
            )
        except DatabaseError as error:
            raise _refusal(error) from error
        return int(cursor.fetchone()[0])


def _refusal(error: DatabaseError) -> Exception:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return error
    constraint = cause.diag.constraint_name or ""
    if constraint == "account_balance_above_floor":
        return InsufficientFunds(constraint=constraint)
    if (cause.sqlstate or "").startswith("CV0") or isinstance(cause, psycopg.errors.IntegrityError):
        return LedgerRefused(cause.diag.message_primary or "", constraint=constraint)
    return error


def balance(code: str, currency: str = "USD") -> Money:
    """What the account holds; zero for an account that nobody has posted to."""
    with connection.cursor() as cursor:
        cursor.execute("select balance from escrow_ledgeraccount where code = %s and currency = %s", [code, currency])
        row = cursor.fetchone()
    return Money(row[0] if row else 0, currency)


def statement(code: str, currency: str = "USD", *, limit: int = 100) -> list[Line]:
    """The account's latest entries, newest first, each with the balance after it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select t.posted_at, t.kind, t.cause, e.amount, sum(e.amount) over (order by e.id)
              from escrow_ledgerentry e
              join escrow_ledgeraccount a on a.id = e.account_id
              join escrow_ledgertransaction t on t.id = e.transaction_id
             where a.code = %s and a.currency = %s order by e.id desc limit %s
            """,
            [code, currency, limit],
        )
        return [
            Line(at, kind, cause, Money(amount, currency), Money(int(running), currency))
            for at, kind, cause, amount, running in cursor.fetchall()
        ]
