"""A seller's statement of a month or a year, read from the ledger alone, so that it adds up to it.

What left a hold is the sale, in its parts: cards and shipping, less what went back to the buyer, less our fee, is what the
seller got. What the seller got, less what was paid out, is how the balance moved; what came into holds, less what left them,
is how the money held moved.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.escrow import ledger
from apps.escrow.statements.periods import Period
from apps.escrow.statements.periods import period_of as period_of  # of this desk as well


@dataclass(frozen=True)
class Movement:
    """One posting as the seller sees it; amounts in minor units, as they count for the balance.

    kind: sale (a hold that closed, wholly or partly for the seller), returned (closed for the buyer) or payout.
    """

    at: dt.datetime
    kind: str
    what: str
    trade_id: UUID | None
    country: str
    cards: int = 0
    shipping: int = 0
    refunds: int = 0
    fees: int = 0
    payouts: int = 0

    @property
    def balance_change(self) -> int:
        """What it did to the balance."""
        return self.cards + self.shipping + self.refunds + self.fees + self.payouts


@dataclass(frozen=True)
class Sums:
    """A period in figures: minor units; refunds, fees and payouts are negative."""

    sales: int = 0
    cards: int = 0
    shipping: int = 0
    refunds: int = 0
    fees: int = 0
    payouts: int = 0
    opening: int = 0
    held_opening: int = 0
    held_in: int = 0
    held_out: int = 0
    charges: int = 0

    @property
    def earned(self) -> int:
        """What the sales brought."""
        return self.cards + self.shipping + self.refunds + self.fees

    @property
    def closing(self) -> int:
        """The balance at the end: what is the seller's and not paid out."""
        return self.opening + self.earned + self.payouts

    @property
    def held(self) -> int:
        """What is held at the end, for sales that are not closed."""
        return self.held_opening + self.held_in - self.held_out

    @property
    def is_empty(self) -> bool:
        """Whether nothing was there and nothing moved."""
        return not (self.sales or self.payouts or self.held_in or self.opening or self.held or self.held_out)


# Of a swap's hold the cash counts, and what made a harm good: the deposit in it is its payer's and comes back.
# The entries on the accounts of a seller's holds and on the seller's own, each with the fee of its transaction.
_ENTRIES = """
with holds as materialized (
    select a.id as account_id, h.id as hold_id, h.security_minor as security from escrow_hold h
    join escrow_ledgeraccount a on a.code = 'hold:' || h.id and a.currency = h.currency
    where h.payee_id = %(seller)s and h.currency = %(currency)s
)"""

_SUMS = f"""{_ENTRIES}, kept as (
    select t.posted_at, t.id, e.amount - sign(e.amount)::bigint * o.security as amount, e.amount < 0 as leaves, o.hold_id
    from holds o join escrow_ledgerentry e on e.account_id = o.account_id
    join escrow_ledgertransaction t on t.id = e.transaction_id where t.posted_at < %(until)s
), closed as (
    select k.id, k.hold_id, -k.amount as gross,
        coalesce((select sum(e.amount) from escrow_ledgerentry e join escrow_ledgeraccount a on a.id = e.account_id
                  where e.transaction_id = k.id and a.code = %(fees)s), 0) as fee,
        coalesce((select sum(e.amount) from escrow_ledgerentry e join escrow_ledgeraccount a on a.id = e.account_id
                  where e.transaction_id = k.id and a.code = %(own)s), 0) as net
    from kept k where k.leaves and k.posted_at >= %(since)s
), settled as (
    select id, hold_id, greatest(gross, net + fee) as gross, fee, net from closed
), own as (
    select t.posted_at, e.amount from escrow_ledgeraccount a join escrow_ledgerentry e on e.account_id = a.id
    join escrow_ledgertransaction t on t.id = e.transaction_id
    where a.code = %(own)s and a.currency = %(currency)s and t.posted_at < %(until)s
)
select (select count(*) from settled where net > 0),
    (select coalesce(sum(gross - coalesce(r.shipping_minor, 0)), 0) from settled left join trades_trade r using (hold_id)),
    (select coalesce(sum(coalesce(r.shipping_minor, 0)), 0) from settled left join trades_trade r using (hold_id)),
    (select coalesce(sum(net + fee - gross), 0) from settled),
    (select -coalesce(sum(fee), 0) from settled),
    (select coalesce(sum(amount), 0) from own where amount < 0 and posted_at >= %(since)s),
    (select coalesce(sum(amount), 0) from own where posted_at < %(since)s),
    (select coalesce(sum(amount), 0) from kept where posted_at < %(since)s),
    (select coalesce(sum(amount), 0) from kept where amount > 0 and posted_at >= %(since)s),
    (select -coalesce(sum(amount), 0) from kept where amount < 0 and posted_at >= %(since)s),
    (select count(*) from kept where amount > 0 and posted_at >= %(since)s)
"""  # noqa: S608 - fixed text

_MOVEMENTS = f"""{_ENTRIES}
select posted_at, id, description, trade_id, country, greatest(cash, net + fee) as gross, shipping, fee, net, payout from (
    select t.posted_at, t.id, h.description, r.id as trade_id, coalesce(r.ship_to->>'country', '') as country,
        -e.amount - o.security as cash,
        coalesce(r.shipping_minor, 0) as shipping,
        coalesce((select sum(f.amount) from escrow_ledgerentry f join escrow_ledgeraccount a on a.id = f.account_id
                  where f.transaction_id = t.id and a.code = %(fees)s), 0) as fee,
        coalesce((select sum(f.amount) from escrow_ledgerentry f join escrow_ledgeraccount a on a.id = f.account_id
                  where f.transaction_id = t.id and a.code = %(own)s), 0) as net, 0 as payout
    from holds o join escrow_ledgerentry e on e.account_id = o.account_id and e.amount < 0
    join escrow_ledgertransaction t on t.id = e.transaction_id join escrow_hold h on h.id = o.hold_id
    left join trades_trade r on r.hold_id = h.id
    where t.posted_at >= %(since)s and t.posted_at < %(until)s
    union all
    select t.posted_at, t.id, coalesce(h.description, ''), r.id, '', 0, 0, 0, 0, e.amount
    from escrow_ledgeraccount a join escrow_ledgerentry e on e.account_id = a.id and e.amount < 0
    join escrow_ledgertransaction t on t.id = e.transaction_id
    left join escrow_settlement s on t.cause = 'settlement:' || s.id left join escrow_hold h on h.id = s.hold_id
    left join trades_trade r on r.hold_id = h.id
    where a.code = %(own)s and a.currency = %(currency)s and t.posted_at >= %(since)s and t.posted_at < %(until)s
) m order by posted_at, id"""  # noqa: S608

_MONTHS = f"""select extract(month from posted_at at time zone 'UTC') as month, count(*) filter (where net > 0),
    sum(gross - shipping), sum(shipping), sum(case when payout = 0 then net + fee - gross else 0 end), -sum(fee), sum(payout)
from ({_MOVEMENTS}) moved group by 1 order by 1"""  # noqa: S608


def _asked(seller: User, period: Period, currency: str) -> dict[str, Any]:
    return {
        "seller": seller.pk, "currency": currency, "own": ledger.available_account(seller.pk), "fees": ledger.FEES,
        "since": period.begins_at, "until": period.ends_at,
    }  # fmt: skip


def sums_of(*, seller: User, period: Period, currency: str) -> Sums:
    """The period in figures, of one currency. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, _asked(seller, period, currency))
        return Sums(*map(int, cursor.fetchone()))


def movements_of(*, seller: User, period: Period, currency: str) -> list[Movement]:
    """Every posting of the period that moved the seller's balance or closed a sale, oldest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVEMENTS, _asked(seller, period, currency))
        return list(_movements(cursor.fetchall()))


def months_of(*, seller: User, year: int, currency: str) -> list[tuple[Period, Sums]]:
    """The months of a year in which something moved, each with what moved; opening and held are not told. One query."""
    asked = _asked(seller, Period(year), currency)
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, asked)
        return [(Period(year, int(month)), Sums(*map(int, figures))) for month, *figures in cursor.fetchall()]


def _movements(rows: list[tuple]) -> Iterator[Movement]:
    for at, _, what, trade_id, country, gross, shipping, fee, net, payout in rows:
        if payout:
            yield Movement(at, "payout", what, trade_id, country, payouts=int(payout))
            continue
        gross, fee, net = int(gross), int(fee), int(net)
        if not gross:
            continue  # a deposit that came back whole was never the seller's
        yield Movement(
            at, "sale" if net > 0 else "returned", what, trade_id, country, cards=gross - shipping, shipping=shipping,
            refunds=net + fee - gross, fees=-fee,
        )  # fmt: skip


def currencies_of(*, seller: User) -> list[str]:
    """The currencies that a seller was paid in, the seller's own first where there is none yet."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct currency from escrow_hold where payee_id = %s order by currency", [seller.pk])
        return [row[0] for row in cursor.fetchall()] or [seller.currency]


def years_of(*, seller: User, now: dt.datetime | None = None) -> list[int]:
    """The years that have a statement, the latest first: from the first sale to today."""
    now = now or timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("select min(created_at) from escrow_hold where payee_id = %s", [seller.pk])
        first = cursor.fetchone()[0]
    return list(range(now.year, (first.year if first else now.year) - 1, -1))
