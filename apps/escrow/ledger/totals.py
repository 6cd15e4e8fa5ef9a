"""Sums over the books: by kind of account, and by hold, i.e. by what was sold. Currencies are kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from apps.escrow.ledger.chart import BANK, CHARGEBACKS, CHART, CLEARING, FEES, LOSSES, PAYOUTS, PROCESSING

_AT_ONCE = 2000


@dataclass(frozen=True)
class Totals:
    """The sum of all accounts of one kind in one currency, in minor units."""

    kind: str
    currency: str
    accounts: int
    balance_minor: int


@dataclass(frozen=True)
class HoldTotals:
    """What became of the money of one hold, in minor units: paid = held + to_seller + to_buyer + fees + drawn.

    cause: what it was for, e.g. `trade:0190…`. drawn: taken by the buyer's bank.
    """

    hold_id: str
    cause: str
    state: str
    currency: str
    paid: int
    held: int
    to_seller: int
    to_buyer: int
    fees: int
    drawn: int

    @property
    def adds_up(self) -> bool:
        """Whether nothing is missing."""
        return self.paid == self.held + self.to_seller + self.to_buyer + self.fees + self.drawn


# What leaves a hold for one of these was taken from it, not paid out.
_TAKEN = (CLEARING, PAYOUTS, BANK, PROCESSING, CHARGEBACKS, LOSSES)

_BY_HOLD = """
select h.id::text, h.cause, h.state, a.currency, coalesce(i.paid, 0) as paid, a.balance as held,
       coalesce(o.to_seller, 0) as to_seller, coalesce(o.to_buyer, 0) as to_buyer, coalesce(o.fees, 0) as fees,
       coalesce(o.drawn, 0) as drawn
  from escrow_hold h
  join escrow_ledgeraccount a on a.code = 'hold:' || h.id
  left join lateral (
       select sum(e.amount) as paid from escrow_ledgerentry e where e.account_id = a.id and e.amount > 0) i on true
  left join lateral (
       select sum(f.amount) filter (where c.code like 'member:%%' and c.code not like 'member:%%:refunds') as to_seller,
              sum(f.amount) filter (where c.code like 'member:%%:refunds') as to_buyer,
              sum(f.amount) filter (where c.code = %(fees)s) as fees,
              sum(f.amount) filter (where c.code = any(%(taken)s)) as drawn
         from escrow_ledgerentry e
         join escrow_ledgerentry f on f.transaction_id = e.transaction_id and f.currency = e.currency
         join escrow_ledgeraccount c on c.id = f.account_id and c.id <> a.id
        where e.account_id = a.id and e.amount < 0) o on true
"""
GIVEN: dict[str, Any] = {"taken": list(_TAKEN), "fees": FEES}
LOST_ON_THE_WAY = f"""
select 'hold ' || id || ' for ' || cause, 'of ' || paid || ' ' || currency || ' came to light '
       || held + to_seller + to_buyer + fees + drawn
  from ({_BY_HOLD}) each_hold where paid <> held + to_seller + to_buyer + fees + drawn
"""  # noqa: S608 - fixed text


def totals() -> list[Totals]:
    """The balances by kind of account, in the order of the chart."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select k.place, b.currency, count(*), sum(b.balance)
              from escrow_ledgerbalance b
              left join unnest(%s::text[]) with ordinality as k(pattern, place) on b.code ~ k.pattern
             group by 1, 2 order by 2, 1
            """,
            [[kind.pattern for kind in CHART]],
        )
        return [
            Totals(CHART[place - 1].name if place else "unknown", currency, accounts, int(total))
            for place, currency, accounts, total in cursor.fetchall()
        ]


def totals_by_hold() -> Iterator[HoldTotals]:
    """What became of the money of every hold that was ever paid, by hold, a few thousand rows at a time."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(f"{_BY_HOLD} order by h.id", GIVEN)
        while rows := cursor.fetchmany(_AT_ONCE):
            for *texts, paid, held, to_seller, to_buyer, fees, drawn in rows:
                yield HoldTotals(*texts, *map(int, (paid, held, to_seller, to_buyer, fees, drawn)))
