"""Writing to the ledger, one posting or many at once, and reading one account back. The SQL is in the migrations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import DatabaseError, connection

from apps.core.errors import Conflict
from apps.core.money import Money
from apps.escrow.ledger.chart import kind_of


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
class Posting:
    """One transaction to be written: what it is, its key, what caused it, and its entries by account."""

    kind: str
    idempotency_key: str
    cause: str
    entries: Sequence[tuple[str, Money]]


@dataclass(frozen=True)
class Posted:
    """What became of a posting. is_new: whether this call wrote it. refused: by which rule it was not written."""

    id: int | None
    is_new: bool = False
    refused: LedgerRefused | None = None


@dataclass(frozen=True)
class Line:
    """One entry of an account; `balance` is the account's after it."""

    posted_at: dt.datetime
    kind: str
    cause: str
    amount: Money
    balance: Money


def post(*, kind: str, idempotency_key: str, cause: str, entries: Sequence[tuple[str, Money]]) -> int:
    """Write one ledger transaction and return its id; the same key with the same content again changes nothing.

    Entries of zero are left out. Call it inside the transaction that changes the business row, after locking that row.
    Raises InsufficientFunds (a floor), LedgerRefused (whatever else the database refuses), UnknownAccount; the caller's
    transaction is then lost, as it must be. An unbalanced posting is refused when the transaction commits.
    """
    written = [(code, money) for code, money in entries if money]
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                "select escrow_post(%s, %s, %s, %s::text[], %s::text[], %s::bigint[], %s::bigint[])",
                [kind, idempotency_key, cause, *_columns(written)],
            )
        except DatabaseError as error:
            raise _refusal(error) from error
        return int(cursor.fetchone()[0])


def post_many(postings: Iterable[Posting], *, each: bool = False) -> list[Posted]:
    """Write many ledger transactions by one call, in the order given; what became of each, in the same order.

    All or none: whatever the database refuses is raised as by `post`, and floors are looked at once, after the last.
    `each`: every posting stands behind a savepoint of its own, and what is refused says so in its place instead.
    Unbalanced postings are refused at once; what is looked at when a transaction commits, a hold against its account,
    still is. All accounts are locked first, in one order, so that two batches cannot wait for each other. The same key
    twice with the same content is one posting, at its first place: refused there, it is refused at the second too.
    """
    given = list(postings)
    first: dict[str, int] = {}
    for place, posting in enumerate(given):
        earlier = given[first.setdefault(posting.idempotency_key, place)]
        if (earlier.kind, earlier.cause, _lines(earlier)) != (posting.kind, posting.cause, _lines(posting)):
            raise LedgerRefused(
                f"the key {posting.idempotency_key} stands for two different postings",
                constraint="posting_key_means_one_posting",
            )
    if not first:
        return []
    unique = [given[place] for place in first.values()]
    lines = [(number, code, money) for number, each_ in enumerate(unique, 1) for code, money in each_.entries if money]
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                "select place, transaction_id, is_new, refused_by, refusal from escrow_post_many("
                "%s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s)",
                [
                    [posting.kind for posting in unique],
                    [posting.idempotency_key for posting in unique],
                    [posting.cause for posting in unique],
                    [number for number, _, _ in lines],
                    *_columns([(code, money) for _, code, money in lines]),
                    each,
                ],
            )
        except DatabaseError as error:
            raise _refusal(error) from error
        told = {unique[place - 1].idempotency_key: _posted(*rest) for place, *rest in cursor.fetchall()}
    repeated = {key: Posted(posted.id, refused=posted.refused) for key, posted in told.items()}
    return [
        (told if first[posting.idempotency_key] == place else repeated)[posting.idempotency_key]
        for place, posting in enumerate(given)
    ]


def _lines(posting: Posting) -> list[tuple[str, str, int]]:
    return sorted((code, money.currency, money.amount_minor) for code, money in posting.entries if money)


def _columns(written: Sequence[tuple[str, Money]]) -> list[list[Any]]:
    """Codes, currencies, amounts and floors, as the SQL functions take them."""
    return [
        [code for code, _ in written],
        [money.currency for _, money in written],
        [money.amount_minor for _, money in written],
        [kind_of(code).floor for code, _ in written],
    ]


def _posted(transaction_id: int | None, is_new: bool, refused_by: str | None, refusal: str | None) -> Posted:
    if refused_by is None:
        return Posted(transaction_id, is_new)
    return Posted(None, refused=_refused(refused_by, refusal or ""))


def _refused(constraint: str, message: str) -> LedgerRefused:
    if constraint == "account_balance_above_floor":
        return InsufficientFunds(constraint=constraint)
    return LedgerRefused(message, constraint=constraint)


def _refusal(error: DatabaseError) -> Exception:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return error
    if (cause.sqlstate or "").startswith("CV0") or isinstance(cause, psycopg.errors.IntegrityError):
        return _refused(cause.diag.constraint_name or "", cause.diag.message_primary or "")
    return error


def balance(code: str, currency: str = "USD") -> Money:
    """What the account holds; zero for an account that nobody has posted to."""
    with connection.cursor() as cursor:
        cursor.execute("select balance from escrow_ledgerbalance where code = %s and currency = %s", [code, currency])
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
