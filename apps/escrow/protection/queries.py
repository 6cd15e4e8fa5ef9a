"""What was held, released, given back and lost, by month and currency, summed from the entries of the ledger alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection

from apps.core.money import Money
from apps.escrow import ledger

KEPT_SECONDS = 600
_KEY = "protection-figures:1"


@dataclass(frozen=True)
class Month:
    """One month in one currency; opening + held - released - given_back - taken = closing, to the last unit.

    sales: payments that arrived and were held. released: to sellers, our fee included. given_back: to buyers, out of held
    money. taken: by buyers' banks, out of held money. after_release: given back by sellers who had been paid. lost: what
    nobody else bore, so we did.
    """

    begins_on: dt.date
    currency: str
    sales: int
    opening: Money
    held: Money
    released: Money
    given_back: Money
    taken: Money
    after_release: Money
    lost: Money

    @property
    def closing(self) -> Money:
        """What is still held at its end."""
        return self.opening + self.held - self.released - self.given_back - self.taken


# A posting is told by the accounts it touches, not by its name: what leaves a hold and arrives at a member's available
# money or at our fees is released, whatever led to it.
_FIGURES = """
with touched as (
  select e.transaction_id, e.currency, e.amount, a.code, t.posted_at,
         bool_or(a.code like 'hold:%%') over (partition by e.transaction_id) as of_a_hold
    from escrow_ledgerentry e
    join escrow_ledgertransaction t on t.id = e.transaction_id
    join escrow_ledgeraccount a on a.id = e.account_id
), months as (
  select date_trunc('month', posted_at at time zone 'UTC')::date as month, currency,
         count(distinct code) filter (where code like 'hold:%%' and amount > 0) as sales,
         sum(amount) filter (where code like 'hold:%%' and amount > 0) as held,
         sum(amount) filter (where of_a_hold and (code like 'member:%%:available' or code = %(fees)s)) as released,
         sum(amount) filter (where of_a_hold and code like 'member:%%:refunds') as given_back,
         sum(amount) filter (where of_a_hold and code = %(chargebacks)s) as taken,
         sum(amount) filter (where kind_is_goodwill and code like 'member:%%:refunds') as after_release,
         -sum(amount) filter (where code = %(losses)s) as lost,
         sum(amount) filter (where code like 'hold:%%') as moved
    from (select touched.*, bool_or(code like 'member:%%:receivable') over (partition by transaction_id) as kind_is_goodwill
            from touched) told
   group by 1, 2
)
select month, currency, coalesce(sales, 0),
       coalesce(sum(moved) over (partition by currency order by month rows between unbounded preceding and 1 preceding), 0),
       coalesce(held, 0), coalesce(released, 0), coalesce(given_back, 0), coalesce(taken, 0), coalesce(after_release, 0),
       coalesce(lost, 0)
  from months
 where coalesce(held, 0) <> 0 or coalesce(moved, 0) <> 0 or coalesce(after_release, 0) <> 0 or coalesce(lost, 0) <> 0
 order by month desc, currency
"""


def figures() -> list[Month]:
    """Every month in which something happened, by currency, latest first. Months are those of UTC."""
    given = {"fees": ledger.FEES, "chargebacks": ledger.CHARGEBACKS, "losses": ledger.LOSSES}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, given)
        return [
            Month(month, currency, sales, *(Money(int(minor), currency) for minor in sums))
            for month, currency, sales, *sums in cursor.fetchall()
        ]


def published() -> list[Month]:
    """The same, at most ten minutes old: everybody may ask, and it reads the whole ledger."""
    found: list[Month] | None = cache.get(_KEY)
    if found is None:
        found = figures()
        cache.set(_KEY, found, KEPT_SECONDS)
    return found
