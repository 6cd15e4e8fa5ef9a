"""Proof that the books are right: every invariant recomputed from the entries, and the guards themselves looked at.

Read only; one set-based statement per invariant; runs in one snapshot. `manage.py check_ledger` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class Finding:
    """One broken invariant: its name, what it is about, and the figures."""

    invariant: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.detail}"


@dataclass(frozen=True)
class Totals:
    """The sum of all accounts of one kind in one currency, in minor units."""

    kind: str
    currency: str
    accounts: int
    balance_minor: int


# Each statement yields (subject, detail) for every row that breaks the invariant of that name.
_INVARIANTS: dict[str, str] = {
    "transactions sum to zero in every currency": """
        select 'transaction ' || e.transaction_id, sum(e.amount) || ' ' || e.currency
          from escrow_ledgerentry e group by e.transaction_id, e.currency having sum(e.amount) <> 0
    """,
    "transactions have at least two entries": """
        select 'transaction ' || t.id, count(e.id) || ' entries'
          from escrow_ledgertransaction t left join escrow_ledgerentry e on e.transaction_id = t.id
         group by t.id having count(e.id) < 2
    """,
    "balances are the sums of their entries": """
        select a.code || ' ' || a.currency, a.balance || ' instead of ' || coalesce(sum(e.amount), 0)
          from escrow_ledgeraccount a left join escrow_ledgerentry e on e.account_id = a.id
         group by a.id having a.balance <> coalesce(sum(e.amount), 0)
    """,
    "balances stay above their floors": """
        select code || ' ' || currency, balance || ' under ' || floor
          from escrow_ledgeraccount where balance < floor
    """,
    "holds and members cannot be overdrawn": """
        select code || ' ' || currency, 'floor ' || coalesce(floor::text, 'missing')
          from escrow_ledgeraccount where (code like 'hold:%' or code like 'member:%') and floor is distinct from 0
    """,
    "entries are in the currency of their account": """
        select 'entry ' || e.id, e.currency || ' on ' || a.code || ' ' || a.currency
          from escrow_ledgerentry e join escrow_ledgeraccount a on a.id = e.account_id where a.currency <> e.currency
    """,
    "all balances of a currency sum to zero": """
        select currency, sum(balance)::text from escrow_ledgeraccount group by currency having sum(balance) <> 0
    """,
    "a hold's account holds its amount while it is held, and nothing otherwise": """
        select 'hold ' || h.id || ' ' || h.state, coalesce(a.balance, 0) || ' of ' || h.amount_minor
          from escrow_hold h
          left join escrow_ledgeraccount a on a.code = 'hold:' || h.id and a.currency = h.currency
         where coalesce(a.balance, 0) <>
               case when h.state in ('funded', 'shipped', 'delivered', 'disputed') then h.amount_minor else 0 end
    """,
    "every hold account belongs to a hold in its currency": """
        select a.code || ' ' || a.currency, a.balance::text
          from escrow_ledgeraccount a
         where a.code like 'hold:%' and not exists (
               select 1 from escrow_hold h where 'hold:' || h.id = a.code and h.currency = a.currency)
    """,
    "a hold that was funded has exactly one payment that succeeded": """
        select 'hold ' || h.id || ' ' || h.state, count(p.id) || ' payments'
          from escrow_hold h left join escrow_payment p on p.hold_id = h.id and p.state = 'succeeded'
         group by h.id
        having count(p.id) <> case when h.funded_at is null then 0 else 1 end
    """,
    "settlements of a closed hold add up to its amount less the fee": """
        select 'hold ' || h.id || ' ' || h.state,
               'refund ' || coalesce(r.amount_minor, 0) || ', transfer ' || coalesce(t.amount_minor, 0)
          from escrow_hold h
          left join escrow_settlement r on r.hold_id = h.id and r.kind = 'refund'
          left join escrow_settlement t on t.hold_id = h.id and t.kind = 'transfer'
         where h.funded_at is not null and h.state in ('released', 'refunded', 'split')
           and not exists (select 1 from escrow_ledgertransaction l where l.idempotency_key = 'charge-back:' || h.id)
           and (coalesce(r.amount_minor, 0) <> h.refunded_minor
                or coalesce(t.amount_minor, 0) > h.amount_minor - h.refunded_minor
                or coalesce(t.amount_minor, 0) < h.amount_minor - h.refunded_minor - h.fee_minor)
    """,
    "what members are owed is what is still to be sent to them": """
        with owed as (
          select case when s.kind = 'transfer' then 'member:' || h.payee_id || ':available'
                      else 'member:' || h.payer_id || ':refunds' end as code, s.currency, sum(s.amount_minor) as minor
            from escrow_settlement s join escrow_hold h on h.id = s.hold_id
           where s.state <> 'sent' group by 1, 2)
        select coalesce(a.code, o.code) || ' ' || coalesce(a.currency, o.currency),
               coalesce(a.balance, 0) || ' instead of ' || coalesce(o.minor, 0)
          from (select * from escrow_ledgeraccount where code like 'member:%') a
          full join owed o on o.code = a.code and o.currency = a.currency
         where coalesce(a.balance, 0) <> coalesce(o.minor, 0)
    """,
}

_GUARDS = {
    "escrow_ledgeraccount": {
        "escrow_account_guard",
        "escrow_account_matches_hold",
        "escrow_accounts_no_delete",
        "escrow_accounts_no_truncate",
    },
    "escrow_ledgertransaction": {
        "escrow_transaction_stamp",
        "escrow_transaction_balances",
        "escrow_transactions_append_only",
        "escrow_transactions_no_truncate",
    },
    "escrow_ledgerentry": {"escrow_entries_apply", "escrow_entries_append_only", "escrow_entries_no_truncate"},
    "escrow_hold": {"escrow_hold_matches_account"},
}


def check() -> list[Finding]:
    """Every broken invariant; empty when the books are right. Takes no locks that writers would notice."""
    on_our_own = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if on_our_own:
            cursor.execute("set transaction isolation level repeatable read, read only")
        findings = _missing_guards(cursor)
        for name, statement in _INVARIANTS.items():
            cursor.execute(statement)
            findings += [Finding(name, str(subject), str(detail)) for subject, detail in cursor.fetchall()]
    return findings


def _missing_guards(cursor: CursorWrapper) -> list[Finding]:
    cursor.execute(
        "select tgrelid::regclass::text, tgname from pg_trigger"
        " where not tgisinternal and tgenabled in ('O', 'A') and tgrelid = any(%s::text[]::regclass[])",
        [list(_GUARDS)],
    )
    present = set(cursor.fetchall())
    return [
        Finding("every guard is in place and switched on", table, f"trigger {name} is missing or disabled")
        for table, names in _GUARDS.items()
        for name in sorted(names)
        if (table, name) not in present
    ]


def totals() -> list[Totals]:
    """The balances by kind of account: holds, members, and each of our own."""
    with connection.cursor() as cursor:
        cursor.execute("""
            select case when code like 'hold:%' then 'holds'
                        when code like 'member:%' then 'members: ' || split_part(code, ':', 3)
                        else code end as kind, currency, count(*), sum(balance)
              from escrow_ledgeraccount group by 1, 2 order by 2, 1
        """)
        return [Totals(kind, currency, accounts, int(total)) for kind, currency, accounts, total in cursor.fetchall()]
