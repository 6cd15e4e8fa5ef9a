"""A million alert rules against fifty thousand changed prices: the bare join of the same run as a ratio to how long they take.

The bare join only finds which watches each changed price has, by the same staged prices and the same index. Ours does all
that follows: what is new is remembered, watches turn, alerts are written with their words and stated as facts, in one
transaction. Then the same changes again (a replay: nothing may fire), and the way back (everything may be armed again).
Runs on an embedded PostgreSQL of its own with everything as in production.

    python -m tests.benchmarks alerts
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.benchmarks.members import make_members
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of

SIZES = {Size.TINY: (400, 40, 20), Size.USUAL: (1_000_000, 50_000, 5_000)}
"""Rules, changed prices, members."""
AT = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)

# Lines lie from 1 to 50 percent away from a price of 10 to 100; a fifth of the rules is about movements.
_WORLD = """
insert into catalog_release (id, created_at, category_id, code, name, series, abbreviation)
select gen_random_uuid(), now(), min(id), 'bench', 'Bench', '', '' from catalog_category;
insert into catalog_product (id, created_at, category_id, release_id, number, number_key, number_sort, name, names, rarity,
    artist, attributes)
select gen_random_uuid(), now(), r.category_id, r.id, n::text, '', 0, 'Bench drake ' || n, '{}', '', '', '{}'
from catalog_release r, generate_series(1, %(variants)s) n where r.code = 'bench';
insert into catalog_variant (id, created_at, product_id, finish, language, treatment, is_default)
select gen_random_uuid(), now(), p.id, 'normal', 'en', '', true
from catalog_product p join catalog_release r on r.id = p.release_id where r.code = 'bench';

create table bench_variant as
    select v.id, v.product_id, row_number() over (order by v.id) - 1 as n, (10 + random() * 90)::numeric(12, 2) as price
    from catalog_variant v join catalog_product p on p.id = v.product_id join catalog_release r on r.id = p.release_id
    where r.code = 'bench';
create unique index on bench_variant (n);
create table bench_member as select id, row_number() over (order by id) - 1 as n from accounts_user;
create unique index on bench_member (n);
insert into valuations_currentprice (variant_id, condition, value, low, high, confidence, sample_size, method, currency, basis,
    market_price, change_1d, change_7d, change_30d, observed_at, computed_at)
select id, 'NM', price, price * 0.9, price * 1.1, 0.8, 10, 'sales', 'USD', '{}', price, price * 0.01, price * 0.03, price * 0.05,
    %(at)s, %(at)s from bench_variant;
create table bench_rule as
    select gen_random_uuid() as id, m.id as owner_id, v.product_id, v.id as variant_id,
        case when (i / %(variants)s) %% 5 = 0 then 'price_change' when (i / %(variants)s) %% 2 = 1 then 'price_drop'
            else 'price_increase' end as kind,
        (v.price * (1 + (case when (i / %(variants)s) %% 2 = 1 then -1 else 1 end) * (0.01 + random() * 0.49)))::numeric(12, 2)
            as amount,
        (10 + random() * 40)::numeric(6, 2) as percent
    from generate_series(0, %(rules)s - 1) i
    join bench_variant v on v.n = i %% %(variants)s join bench_member m on m.n = (i * 7 + i / %(variants)s) %% %(members)s;
insert into alerts_rule (id, created_at, owner_id, kind, product_id, variant_id, condition, amount, comparison, percent, period,
    direction, currency, cool_down_hours, is_on)
select id, now(), owner_id, kind, product_id, variant_id, 'NM', case when kind = 'price_change' then null else amount end,
    case kind when 'price_drop' then '<=' when 'price_increase' then '>=' else '' end,
    case when kind = 'price_change' then percent end, case when kind = 'price_change' then '7d' else '' end,
    case when kind = 'price_change' then 'either' else '' end, 'USD', 24, true
from bench_rule on conflict do nothing;
insert into alerts_watch (rule_id, owner_id, kind, variant_id, condition, line, percent, period, direction, currency, cool_down,
    is_on, is_armed)
select id, owner_id, kind, variant_id, condition, amount, percent, period, direction, currency, interval '1 day', true, true
from alerts_rule;
"""
_BARE = """
select count(*), count(distinct w.kind) from alerts_change c
join alerts_watch w on w.variant_id = c.variant_id and w.condition = c.condition where w.is_on and w.variant_id is not null
"""


def world(rules: int, changes: int, members: int) -> list[tuple[Any, Decimal]]:
    """Fill the database; the variants with their prices."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into catalog_category (path, name, game, attribute_schema, identifiers) values ('bench', 'B', '', '{}', '[]')"
            " on conflict do nothing"
        )
        make_members(members)
        cursor.execute(_WORLD, {"members": members, "variants": changes, "rules": rules, "at": AT})
        for table in ("alerts_rule", "alerts_watch", "valuations_currentprice", "catalog_variant", "catalog_product"):
            cursor.execute(f"vacuum analyze {table}")
        cursor.execute("select id, price from bench_variant order by n")
        return cursor.fetchall()


def staged(changes: list[Any]) -> tuple[float, float, int]:
    """Seconds to stage the changes, seconds of the bare join (the best of three), and how many watches it found."""
    from django.db import connection, transaction

    from apps.alerts import statements

    with transaction.atomic(), connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(statements.STAGE_CHANGES)
        with cursor.copy(statements.COPY_CHANGES) as copy:
            for position, each in enumerate(changes):
                copy.write_row((each.variant_id, each.condition, each.old, each.new, each.currency, each.at, position))
        cursor.execute("analyze alerts_change")
        staging = time.perf_counter() - began
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            cursor.execute(_BARE)
            found = cursor.fetchone()[0]
            seconds.append(time.perf_counter() - began)
        cursor.execute("drop table alerts_change")
    return staging, min(seconds), found


def evaluated(changes: list[Any]) -> tuple[float, int, dict[str, float]]:
    """Seconds of the whole evaluation, how many rules fired, and the seconds that each part of it waited for the database."""
    from django.db import connection

    from apps.alerts import evaluation, statements

    names = {
        statements.COMPLETE_CHANGES: "stage",
        statements.REMEMBER: "remember",
        **dict(zip(statements.CROSSINGS, ("drop", "rise"), strict=True)),
        statements.MOVE: "move",
        **dict.fromkeys((statements.STAGE_WORTH, *statements.WORTHS), "inventories"),
    }
    parts: dict[str, float] = {}

    def timed(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, *rest)
        finally:
            name = names.get(sql, "write alerts" if "alerts_alert" in sql or "outbox" in sql else "the rest")
            parts[name] = parts.get(name, 0) + time.perf_counter() - began

    began = time.perf_counter()
    with connection.execute_wrapper(timed):
        fired = evaluation.prices_changed(changes)
    return time.perf_counter() - began, fired, parts


def measured(rules: int, changes: int, members: int) -> dict[str, Any]:
    """Everything, on an empty database."""
    from apps.alerts.evaluation import PriceChange
    from apps.alerts.models import Rule

    rows = world(rules, changes, members)

    def moved(share: str, hours: int, *, back: bool = False) -> list[PriceChange]:
        at = AT + dt.timedelta(hours=hours)
        found = []
        for number, (variant, price) in enumerate(rows):
            new = (price * (1 + (1 if number % 2 else -1) * Decimal(share))).quantize(Decimal("0.01"))
            old, now = (new, price) if back else (price, new)
            found.append(PriceChange(variant, "NM", old, now, "USD", at))
        return found

    there = moved("0.05", 1)
    staging, bare, pairs = staged(there)
    seconds, fired, parts = evaluated(there)
    again, twice, _ = evaluated(there)
    back, _, _ = evaluated(moved("0.05", 48, back=True))
    matching = staging + sum(share for part, share in parts.items() if part not in ("write alerts", "the rest"))
    told: dict[str, Any] = {
        "rules": Rule.objects.count(),
        "changed prices": len(there),
        "pairs of the bare join": pairs,
        "staging seconds": staging,
        "bare join seconds (baseline)": bare,
        "evaluation": {
            "seconds": seconds,
            "fired": fired,
            "seconds by part": parts,
            "alerts/s": fired / seconds,
            "ratio of staging and bare join to its seconds": (staging + bare) / seconds,
            "ratio of the bare join to its seconds": bare / seconds,
            "ratio of the bare join to its seconds without writing alerts": bare / matching,
        },
        "the same again": {"seconds": again, "fired": twice, "ratio of the bare join to its seconds": bare / again},
        "the way back": {"seconds": back, "ratio of the bare join to its seconds": bare / back},
        "memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    assert twice == 0, "a replay fired"
    return told


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Start a server, migrate, measure, print; returns the figures by name."""
    with scratch():
        told = measured(*of(SIZES, size))
    print(json.dumps(told, indent=1))
    return told


if __name__ == "__main__":
    run()
