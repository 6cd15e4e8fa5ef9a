"""Proof that the books are right: every invariant recomputed from the entries, the seals, and the guards themselves.

Read only and in one snapshot; one set-based statement per invariant, and one walk along the chain of seals that holds no
more than one seal in memory. `manage.py check_ledger` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.escrow.ledger.chart import CHART
from apps.escrow.ledger.totals import GIVEN as GIVEN_TO_TOTALS
from apps.escrow.ledger.totals import LOST_ON_THE_WAY
from apps.escrow.ledger.walking import Walk

SHOWN = 100  # findings of one invariant; a broken one tends to be broken everywhere


@dataclass(frozen=True)
class Finding:
    """One broken invariant: its name, what it is about, and the figures."""

    invariant: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.detail}"


@dataclass
class Checked:
    """What was proved. Counts are of this run; head: the chain's hash at the last seal; unsealed: not in a seal yet."""

    findings: list[Finding] = field(default_factory=list)
    accounts: int = 0
    transactions: int = 0
    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    head: str = ""


# What the statements of INVARIANTS are given.
GIVEN: dict[str, Any] = {**GIVEN_TO_TOTALS, "patterns": [k.pattern for k in CHART], "floors": [k.floor for k in CHART]}

# Each statement yields (subject, detail) for every row that breaks the invariant of that name.
INVARIANTS: dict[str, str] = {
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
          from escrow_ledgeraccount a
          left join escrow_ledgerentry e on e.account_id = a.id
               and (a.floor is not null or e.transaction_id <= escrow_sealed_to())
         group by a.id having a.balance <> coalesce(sum(e.amount), 0)
    """,
    "balances stay above their floors": """
        select code || ' ' || currency, balance || ' under ' || floor
          from escrow_ledgeraccount where balance < floor
    """,
    "every account is of the chart, with its floor": """
        select a.code || ' ' || a.currency,
               case when k.pattern is null then 'unknown' else 'floor ' || coalesce(a.floor::text, 'missing') end
          from escrow_ledgeraccount a
          left join unnest(%(patterns)s::text[], %(floors)s::bigint[]) as k(pattern, floor) on a.code ~ k.pattern
         where k.pattern is null or a.floor is distinct from k.floor
    """,
    "a posting key means one posting": """
        select 'key ' || idempotency_key, 'transactions ' || string_agg(id::text, ', ' order by id)
          from escrow_ledgertransaction group by idempotency_key having count(*) > 1
    """,
    "every entry has its transaction and its account": """
        select 'entry ' || e.id, 'transaction ' || e.transaction_id || ', account ' || e.account_id
          from escrow_ledgerentry e
          left join escrow_ledgertransaction t on t.id = e.transaction_id
          left join escrow_ledgeraccount a on a.id = e.account_id
         where t.id is null or a.id is null
    """,
    "entries are in the currency of their account": """
        select 'entry ' || e.id, e.currency || ' on ' || a.code || ' ' || a.currency
          from escrow_ledgerentry e join escrow_ledgeraccount a on a.id = e.account_id where a.currency <> e.currency
    """,
    "all balances of a currency sum to zero": """
        select currency, sum(balance)::text from escrow_ledgerbalance group by currency having sum(balance) <> 0
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
         where a.code like 'hold:%%' and not exists (
               select 1 from escrow_hold h where 'hold:' || h.id = a.code and h.currency = a.currency)
    """,
    "what was paid for a hold is held, paid out or taken by the bank": LOST_ON_THE_WAY,
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
                      else 'member:' || h.payer_id || ':refunds' end as code, s.currency,
                 sum(s.amount_minor - s.recovered_minor) as minor
            from escrow_settlement s join escrow_hold h on h.id = s.hold_id
           where s.state not in ('sent', 'netted') and s.kind <> 'reversal' group by 1, 2)
        select coalesce(a.code, o.code) || ' ' || coalesce(a.currency, o.currency),
               coalesce(a.balance, 0) || ' instead of ' || coalesce(o.minor, 0)
          from (select * from escrow_ledgeraccount where code ~ '^member:[^:]+:(available|refunds)$') a
          full join owed o on o.code = a.code and o.currency = a.currency
         where coalesce(a.balance, 0) <> coalesce(o.minor, 0)
    """,
    "a seller owes us something or nothing, and no more is reversed than that": """
        select a.code || ' ' || a.currency, 'balance ' || a.balance || ', being reversed ' || coalesce(r.minor, 0)
          from escrow_ledgerbalance a
          left join (select 'member:' || h.payee_id || ':receivable' as code, s.currency, sum(s.amount_minor) as minor
                       from escrow_settlement s join escrow_hold h on h.id = s.hold_id
                      where s.kind = 'reversal' and s.state not in ('sent', 'netted') group by 1, 2) r
            on r.code = a.code and r.currency = a.currency
         where a.code in (select 'member:' || h.payee_id || ':receivable' from escrow_hold h)
           and a.balance + coalesce(r.minor, 0) > 0
    """,
}

_GUARDS = {
    "escrow_ledgeraccount": {
        "escrow_account_opens",
        "escrow_account_guard",
        "escrow_balance_guard",
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
    "escrow_ledgerseal": {"escrow_seal_follows", "escrow_seals_append_only", "escrow_seals_no_truncate"},
    "escrow_hold": {"escrow_hold_matches_account"},
    "escrow_caseentry": {"escrow_case_log_append_only", "escrow_case_log_no_truncate"},
}
_RULES = {
    "escrow_ledgeraccount": {"account_balance_above_floor", "account_once_per_currency", "account_currency_is_a_code"},
    "escrow_ledgertransaction": {"escrow_ledgertransaction_idempotency_key_key"},
    "escrow_ledgerentry": {"entry_amount_not_zero"},
    "escrow_ledgerseal": {"escrow_ledgerseal_pkey"},
}


def check() -> list[Finding]:
    """Every broken invariant; empty when the books are right. Takes no locks that writers would notice."""
    return examine().findings


def examine(known_heads: Mapping[int, str] | None = None) -> Checked:
    """The proof with what it went over. known_heads: hashes (hex) by number of seal as somebody kept them elsewhere."""
    on_our_own = not connection.in_atomic_block
    checked = Checked()
    with transaction.atomic(), connection.cursor() as cursor:
        if on_our_own:
            cursor.execute("set transaction isolation level repeatable read, read only")
        checked.findings += _missing_guards(cursor)
        for name, statement in INVARIANTS.items():
            cursor.execute(f"{statement} limit {SHOWN}", GIVEN)
            checked.findings += [Finding(name, str(subject), str(detail)) for subject, detail in cursor.fetchall()]
        cursor.execute(
            "select (select count(*) from escrow_ledgeraccount), (select count(*) from escrow_ledgertransaction),"
            " (select count(*) from escrow_ledgerentry),"
            " (select count(*) from escrow_ledgertransaction where id > escrow_sealed_to())"
        )
        checked.accounts, checked.transactions, checked.entries, checked.unsealed = cursor.fetchone()
        walk = Walk(cursor, known_heads or {})
        checked.findings += [Finding(*found) for found in walk.findings()]
        checked.seals, checked.head = walk.number, walk.head.hex() if walk.number else ""
    return checked


def _missing_guards(cursor: CursorWrapper) -> Iterator[Finding]:
    name = "every guard is in place and switched on"
    cursor.execute(
        "select tgrelid::regclass::text, tgname from pg_trigger"
        " where not tgisinternal and tgenabled in ('O', 'A') and tgrelid = any(%s::text[]::regclass[])",
        [list(_GUARDS)],
    )
    present = set(cursor.fetchall())
    for table, guards in _GUARDS.items():
        for guard in sorted(guards):
            if (table, guard) not in present:
                yield Finding(name, table, f"trigger {guard} is missing or disabled")
    cursor.execute(
        "select conrelid::regclass::text, conname from pg_constraint"
        " where convalidated and conrelid = any(%s::text[]::regclass[])",
        [list(_RULES)],
    )
    present = set(cursor.fetchall())
    for table, rules in _RULES.items():
        for rule in sorted(rules):
            if (table, rule) not in present:
                yield Finding(name, table, f"constraint {rule} is missing")
