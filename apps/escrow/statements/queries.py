"""A member's statement of one currency and period, read from the ledger alone: it adds up because the ledger does."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db import connection, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.statements.periods import Period
from apps.escrow.statements.words import POCKETS, said

_AT_ONCE = 2000
_TRADE = re.compile(r"trade:([0-9a-f-]{36})$")


@dataclass(frozen=True)
class Pocket:
    """Money of a member in one place, e.g. held for their sales; came >= 0 and went <= 0 in the period."""

    name: str
    opening: Money
    came: Money
    went: Money

    @property
    def words(self) -> str:
        """What it is."""
        return POCKETS[self.name]

    @property
    def closing(self) -> Money:
        """What is there at the end."""
        return self.opening + self.came + self.went


@dataclass(frozen=True)
class Movement:
    """One posting in one pocket; `balance` is the pocket's after it, `cause` e.g. `trade:0190…`."""

    at: dt.datetime
    pocket: str
    kind: str
    about: str
    cause: str
    amount: Money
    balance: Money

    @property
    def words(self) -> str:
        """What happened, to this member."""
        return said(self.kind, self.pocket)

    @property
    def place(self) -> str:
        """The pocket in words."""
        return POCKETS[self.pocket]

    @property
    def address(self) -> str:
        """The page of what caused it; empty where there is none."""
        found = _TRADE.match(self.cause)
        try:
            return reverse("trade", args=[found[1]]) if found else ""
        except NoReverseMatch:
            return ""


@dataclass(frozen=True)
class Statement:
    """What a member had, got and gave in one currency and period; movements are read when they are asked for."""

    member: User
    period: Period
    currency: str
    pockets: list[Pocket]

    @cached_property
    def movements(self) -> list[Movement]:
        """All of them, oldest first."""
        return list(movements_of(self))


_MINE = """
with mine as materialized (
    select a.id, split_part(a.code, ':', 3) as pocket, null::uuid as hold_id
      from escrow_ledgeraccount a where a.code = any(%(own)s) and a.currency = %(currency)s
    union all
    select a.id, case when h.payee_id = %(member)s then 'sales' else 'purchases' end, h.id
      from escrow_hold h join escrow_ledgeraccount a on a.code = 'hold:' || h.id and a.currency = %(currency)s
     where h.payee_id = %(member)s or h.payer_id = %(member)s
)"""

_POCKETS = f"""{_MINE}
select m.pocket,
       coalesce(sum(e.amount) filter (where t.posted_at < %(since)s), 0),
       coalesce(sum(e.amount) filter (where t.posted_at >= %(since)s and e.amount > 0), 0),
       coalesce(sum(e.amount) filter (where t.posted_at >= %(since)s and e.amount < 0), 0)
  from mine m join escrow_ledgerentry e on e.account_id = m.id join escrow_ledgertransaction t on t.id = e.transaction_id
 where t.posted_at < %(until)s group by m.pocket"""  # noqa: S608 - fixed text

_MOVEMENTS = f"""{_MINE}, moved as (
    select t.posted_at, e.id, m.pocket, t.kind, e.amount, coalesce(m.hold_id, s.hold_id, p.hold_id,
           case when t.cause ~ '^hold:[0-9a-f-]{{36}}$' then substr(t.cause, 6)::uuid end) as hold_id
      from mine m
      join escrow_ledgerentry e on e.account_id = m.id
      join escrow_ledgertransaction t on t.id = e.transaction_id
      left join escrow_settlement s
        on s.id = case when t.cause ~ '^settlement:[0-9a-f-]{{36}}$' then substr(t.cause, 12)::uuid end
      left join escrow_payment p
        on p.id = case when t.cause ~ '^payment:[0-9a-f-]{{36}}$' then substr(t.cause, 9)::uuid end
     where t.posted_at >= %(since)s and t.posted_at < %(until)s
)
select v.posted_at, v.pocket, v.kind, coalesce(h.description, ''), coalesce(h.cause, ''), v.amount
  from moved v left join escrow_hold h on h.id = v.hold_id order by v.posted_at, v.id"""  # noqa: S608


def statement_of(*, member: User, period: Period, currency: str) -> Statement:
    """The pockets in which something was or moved, in the order of POCKETS. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_POCKETS, _asked(member, period, currency))
        sums = {pocket: [Money(int(figure), currency) for figure in figures] for pocket, *figures in cursor.fetchall()}
    return Statement(
        member, period, currency, [Pocket(name, *sums[name]) for name in POCKETS if any(sums.get(name, ()))]
    )


def movements_of(statement: Statement) -> Iterator[Movement]:
    """Every movement of a statement, oldest first, a few thousand rows at a time."""
    currency = statement.currency
    balances = {pocket.name: pocket.opening for pocket in statement.pockets}
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_MOVEMENTS, _asked(statement.member, statement.period, currency))
        while rows := cursor.fetchmany(_AT_ONCE):
            for at, pocket, kind, about, cause, minor in rows:
                amount = Money(int(minor), currency)
                balances[pocket] = balances.get(pocket, Money(0, currency)) + amount
                yield Movement(at, pocket, kind, about, cause, amount, balances[pocket])


def _asked(member: User, period: Period, currency: str) -> dict[str, object]:
    own = (ledger.available_account, ledger.held_account, ledger.refunds_account, ledger.receivable_account)
    return {
        "member": member.pk, "currency": currency, "own": [account(member.pk) for account in own],
        "since": period.begins_at, "until": period.ends_at,
    }  # fmt: skip


def currencies_of(member: User) -> list[str]:
    """The currencies that the member paid or was paid in, most used first; the member's own where there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select currency from escrow_hold where payee_id = %(member)s or payer_id = %(member)s"
            " group by currency order by count(*) desc, currency",
            {"member": member.pk},
        )
        return [row[0] for row in cursor.fetchall()] or [member.currency]


def years_of(member: User, *, now: dt.datetime | None = None) -> list[int]:
    """The years that have a statement, the latest first: from the first purchase or sale to today."""
    now = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(created_at) from escrow_hold where payee_id = %(member)s or payer_id = %(member)s",
            {"member": member.pk},
        )
        first = cursor.fetchone()[0]
    return list(range(now.year, (first.year if first else now.year) - 1, -1))
