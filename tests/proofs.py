"""What holds after every step of a state machine, asked of the database in one prepared statement.

The invariants of the books are those that `check_ledger` proves; what sits on top of them (nobody is paid twice, every
copy is in exactly one place) is here. A statement for all of them costs a tenth of a statement for each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from django.db import connection, transaction

from apps.escrow import ledger
from apps.escrow.ledger.checking import GIVEN, INVARIANTS
from apps.escrow.sandbox.company import Sandbox

# $1: what the payment company has sent, see `sent_by`. Each statement yields (subject, detail) for every breach.
MONEY: dict[str, str] = {
    **INVARIANTS,
    "of no sale more goes to its seller than was agreed, and once": """
        select t.hold, t.number || ' transfers of ' || t.minor || ' for ' || h.amount_minor || ' less ' || h.refunded_minor
          from jsonb_to_recordset($1->'transfers') as t(hold text, number int, minor bigint)
          left join escrow_hold h on 'hold:' || h.id = t.hold
         where h.id is null or t.number > 1 or t.minor > h.amount_minor - h.refunded_minor
    """,
    "to no buyer more goes back than was paid": """
        select p.id::text, r.minor || ' of ' || p.amount_minor
          from jsonb_to_recordset($1->'refunds') as r(intent text, minor bigint)
          join escrow_payment p on p.intent_id = r.intent
         where r.minor > p.amount_minor
    """,
    "one sale pays its two sides no more than was paid for it": """
        select s.hold_id::text, sum(s.amount_minor) || ' of ' || h.amount_minor
          from escrow_settlement s join escrow_hold h on h.id = s.hold_id
         where s.kind in ('refund', 'transfer') group by s.hold_id, h.amount_minor
        having sum(s.amount_minor) > h.amount_minor
    """,
}
COPIES: dict[str, str] = {
    "what is reserved is what is promised in open trades, binding swaps and accepted offers": """
        select i.id::text, i.reserved || ' reserved, ' || coalesce(p.promised, 0) || ' promised'
          from inventory_inventoryitem i
          left join (select item_id, sum(quantity) as promised
                       from (select l.item_id, l.quantity from trades_tradeline l join trades_trade t on t.id = l.trade_id
                              where t.state = 'open'
                             union all
                             select l.item_id, l.quantity from swaps_swapline l join swaps_swap s on s.id = l.swap_id
                              where s.state in ('agreed', 'under-way', 'disputed')) each_promise
                      group by item_id) p on p.item_id = i.id
         where i.reserved <> coalesce(p.promised, 0)
    """,
    "what is offered for sale is free": """
        select i.id::text, i.quantity || ' less ' || i.reserved || ', offered ' || sum(l.quantity)
          from inventory_inventoryitem i
          join listings_listing l on l.item_id = i.id and l.state in ('active', 'paused')
         group by i.id having sum(l.quantity) > i.quantity - i.reserved
    """,
    "copies change hands and are neither made nor lost": """
        select c.key, coalesce(sum(i.quantity), 0) || ' instead of ' || c.value
          from jsonb_each_text($1->'copies') c
          left join inventory_inventoryitem i on i.variant_id = c.key::uuid
         group by c.key, c.value having coalesce(sum(i.quantity), 0) <> c.value::bigint
    """,
}


class Proof:
    """Prove `invariants` again and again, of this database and this payment company."""

    def __init__(
        self, name: str, invariants: Mapping[str, str], sandbox: Sandbox, copies: Mapping[object, int]
    ) -> None:
        self.name, self.sandbox = name, sandbox
        self.copies = {str(variant): number for variant, number in copies.items()}
        self._seen = -1
        self._told = ""
        with connection.cursor() as cursor:
            cursor.execute("set local jit = off; set local plan_cache_mode = force_generic_plan")
            cursor.execute("select 1 from pg_prepared_statements where name = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(_prepared(cursor, name, invariants))

    def findings(self) -> list[str]:
        """Every breach, in words; empty when all is well."""
        with connection.cursor() as cursor:
            cursor.execute(f"execute {self.name}(%s)", [self._sent()])
            return [": ".join(row) for row in cursor.fetchall()]

    def _sent(self) -> str:
        """Read from the company's books when they have changed."""
        if self.sandbox is None:
            return json.dumps({"transfers": [], "refunds": [], "copies": self.copies})
        changes = self.sandbox.books.connection.total_changes
        if changes != self._seen:
            self._told = json.dumps({**sent_by(self.sandbox), "copies": self.copies})
            self._seen = changes
        return self._told


def sent_by(sandbox: Sandbox) -> dict[str, list[dict[str, object]]]:
    """What has left the company: transfers by hold, refunds that arrived or may yet by payment. Minor units."""
    with sandbox.lock:
        rows = sandbox.books.query(
            "SELECT kind, coalesce(json_extract(body, '$.transfer_group'), json_extract(body, '$.payment_intent')),"
            " count(*), sum(json_extract(body, '$.amount')) FROM objects"
            " WHERE account = '' AND (kind = 'transfer' OR kind = 'refund'"
            " AND json_extract(body, '$.status') NOT IN ('failed', 'canceled')) GROUP BY 1, 2"
        )
    return {
        "transfers": [{"hold": row[1], "number": row[2], "minor": row[3]} for row in rows if row[0] == "transfer"],
        "refunds": [{"intent": row[1], "minor": row[3]} for row in rows if row[0] == "refund"],
    }


def copy_of(sandbox: Sandbox, *, clock: Callable[[], float]) -> Sandbox:
    """A payment company that knows what the other knows, and goes its own way from here, by a clock of its own."""
    made = Sandbox(seed=1, clock=clock)
    sandbox.books.connection.backup(made.books.connection)
    made.random.setstate(sandbox.random.getstate())
    return made


def _prepared(cursor: object, name: str, invariants: Mapping[str, str]) -> str:
    union = "\nunion all\n".join(
        f"select '{said.replace(chr(39), 2 * chr(39))}', found.* from ({statement}) as found(subject, detail)"
        for said, statement in invariants.items()
    )
    return f"prepare {name}(jsonb) as {cursor.mogrify(union, GIVEN)}"


def books_are_right() -> None:
    """The whole proof of `check_ledger`: guards and seals too."""
    with transaction.atomic():
        assert ledger.check() == []
