"""What follows from quotes in sets: a close a day, and per printing the newest figure with changes, extremes, volatility, trend.

The loader rolls up what each batch stored, and once a load what it touched. Days outlive the quotes they rest on, which are
detached by age.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

LOCK = "select pg_advisory_xact_lock(hashtext('valuations.import'))"
"""Held by whoever writes quotes or closes."""

STAGE = """
create temporary table stage_touched (variant_id uuid, condition varchar(12), currency varchar(3), first_on date, last_on date,
    is_corrected boolean) on commit drop;
create temporary table stage_day (variant_id uuid, condition varchar(12), day date) on commit drop;
"""
UNSTAGE = "drop table stage_touched, stage_day"

# What is touched, and whether any of it may be of a day that has its close already: asked once a printing, not once a day.
TOUCH = """
with touched as (
    insert into stage_touched
    select variant_id, condition, currency, min(observed_at at time zone 'UTC')::date, max(observed_at at time zone 'UTC')::date,
        bool_or(not is_new)
    from stage_fresh group by variant_id, condition, currency returning *)
select exists (
    select from touched t cross join lateral (
        select from valuations_dailyprice d where d.variant_id = t.variant_id and d.condition = t.condition
          and d.currency = t.currency and d.day between t.first_on and t.last_on limit 1) closed)
"""

# The close of a day is what the most reliable source said last on it (UTC); a price that sells before one that is asked.
_CLOSE = """
insert into valuations_dailyprice (variant_id, condition, currency, day, source_id, observed_at, market, low, high)
select distinct on (q.variant_id, q.condition, q.currency, d.day) q.variant_id, q.condition, q.currency, d.day, q.source_id,
    q.observed_at, q.market, q.low, q.high
from {quotes} join valuations_source o on o.id = q.source_id
cross join lateral (select (q.observed_at at time zone 'UTC')::date as day) d
order by q.variant_id, q.condition, q.currency, d.day, q.market is null, o.reliability desc, q.observed_at desc
"""
_CLOSE_OTHERS = f"{_CLOSE} on conflict do nothing"
# Without looking for conflicts it takes half the time.
CLOSE_FRESH = _CLOSE.format(quotes="stage_fresh q")

# Days that something was known about already are worked out anew from all their quotes.
DAYS = """
truncate stage_day;
insert into stage_day
select distinct variant_id, condition, (observed_at at time zone 'UTC')::date from stage_fresh;
analyze stage_day;
"""
REOPEN = """
with gone as (
    delete from valuations_dailyprice d using stage_day k
    where d.variant_id = k.variant_id and d.condition = k.condition and d.day = k.day returning d.*)
insert into stage_touched select variant_id, condition, currency, min(day), max(day), true from gone
group by variant_id, condition, currency
"""
CLOSE_AGAIN = _CLOSE_OTHERS.format(
    quotes="""stage_day k join valuations_quote q on q.variant_id = k.variant_id and q.condition = k.condition
    and (q.observed_at at time zone 'UTC')::date = k.day
    and q.observed_at >= k.day::timestamp at time zone 'UTC' and q.observed_at < (k.day + 1)::timestamp at time zone 'UTC'
    and q.observed_at between %(first)s and %(last)s"""
)

# Changes are within one source, from its newest close to the one before: a day (four at most), a week (two at most), thirty
# days (45 at most). Volatility is the deviation as a share of the mean, trend the line of least squares in percent of the
# mean, both over thirty days. Extremes are kept up, and worked out anew only where something was corrected.
ROLL_UP = """
with touched as materialized (
    select variant_id, condition, currency, min(first_on) as first_on, bool_or(is_corrected) as is_corrected
    from stage_touched group by variant_id, condition, currency)
insert into valuations_marketprice (variant_id, condition, currency, source_id, observed_at, day, market, low, high, change_1d,
    change_7d, change_30d, all_time_low, all_time_high, volatility_30d, trend_30d, changed_at)
select t.variant_id, t.condition, t.currency, n.source_id, n.observed_at, n.day, n.market, n.low, n.high,
    n.market - day_ago.market, n.market - week_ago.market, n.market - month_ago.market,
    least(m.all_time_low, seen.least), greatest(m.all_time_high, seen.most), month.volatility, month.trend, %(now)s
from touched t
cross join lateral (
    select * from valuations_dailyprice d where d.variant_id = t.variant_id and d.condition = t.condition
      and d.currency = t.currency and d.market is not null order by d.day desc limit 1) n
left join valuations_marketprice m on m.variant_id = t.variant_id and m.condition = t.condition and m.currency = t.currency
    and not t.is_corrected
cross join lateral (
    select min(d.market) as least, max(d.market) as most from valuations_dailyprice d where d.variant_id = t.variant_id
      and d.condition = t.condition and d.currency = t.currency
      and d.day >= case when m.variant_id is null then '-infinity'::date else t.first_on end) seen
left join lateral (
    select d.market from valuations_dailyprice d where d.variant_id = t.variant_id and d.condition = t.condition
      and d.currency = t.currency and d.day between n.day - 4 and n.day - 1 and d.source_id = n.source_id
      and d.market is not null order by d.day desc limit 1) day_ago on true
left join lateral (
    select d.market from valuations_dailyprice d where d.variant_id = t.variant_id and d.condition = t.condition
      and d.currency = t.currency and d.day between n.day - 14 and n.day - 7 and d.source_id = n.source_id
      and d.market is not null order by d.day desc limit 1) week_ago on true
left join lateral (
    select d.market from valuations_dailyprice d where d.variant_id = t.variant_id and d.condition = t.condition
      and d.currency = t.currency and d.day between n.day - 45 and n.day - 30 and d.source_id = n.source_id
      and d.market is not null order by d.day desc limit 1) month_ago on true
cross join lateral (
    select case when count(*) > 1 then round((stddev_pop(p) / avg(p))::numeric, 4) end as volatility,
           case when count(*) > 1 then round((regr_slope(p, on_day) * 30 / avg(p) * 100)::numeric, 2) end as trend
    from (select d.market::float8 as p, (d.day - n.day)::float8 as on_day from valuations_dailyprice d
          where d.variant_id = t.variant_id and d.condition = t.condition and d.currency = t.currency
            and d.day between n.day - 29 and n.day and d.source_id = n.source_id and d.market is not null) d) month
on conflict (variant_id, condition, currency) do update set source_id = excluded.source_id,
    observed_at = excluded.observed_at, day = excluded.day, market = excluded.market, low = excluded.low, high = excluded.high,
    change_1d = excluded.change_1d, change_7d = excluded.change_7d, change_30d = excluded.change_30d,
    all_time_low = excluded.all_time_low, all_time_high = excluded.all_time_high, volatility_30d = excluded.volatility_30d,
    trend_30d = excluded.trend_30d, changed_at = excluded.changed_at
"""
FORGET = """
delete from valuations_marketprice m using stage_touched t
where t.is_corrected and m.variant_id = t.variant_id and m.condition = t.condition and m.currency = t.currency
  and not exists (select from valuations_dailyprice d where d.variant_id = t.variant_id and d.condition = t.condition
    and d.currency = t.currency and d.market is not null)
"""

_ALL_DAYS = "delete from valuations_dailyprice d where d.variant_id = any(%(ids)s::uuid[]) and d.day >= %(from)s"
_ALL_TOUCHED = """
insert into stage_touched
select variant_id, condition, currency, min(day), max(day), true from valuations_dailyprice
where variant_id = any(%(ids)s::uuid[]) group by variant_id, condition, currency
union all
select variant_id, condition, currency, day, day, true from valuations_marketprice where variant_id = any(%(ids)s::uuid[])
"""
_CLOSE_ALL = _CLOSE_OTHERS.format(quotes="(select * from valuations_quote where variant_id = any(%(ids)s::uuid[])) q")
_OLDEST = (
    "select min(observed_at at time zone 'UTC')::date from valuations_quote where variant_id = any(%(ids)s::uuid[])"
)


def stage(cursor: Any) -> None:
    """Make the tables that remember what a load touched."""
    cursor.execute(STAGE)


def close_days(cursor: Any, *, is_corrected: bool, first: dt.datetime, last: dt.datetime) -> None:
    """Roll up the days of what is in stage_fresh, once these quotes are stored.

    is_corrected: whether one of them was known otherwise. first, last: between which instants they are. Every day of which
    there are quotes has its close; where none of these days has, no other quote is of them.
    """
    cursor.execute(TOUCH)
    if not cursor.fetchone()[0] and not is_corrected:
        cursor.execute(CLOSE_FRESH)
        return
    cursor.execute(DAYS)
    cursor.execute(REOPEN)
    day = dt.timedelta(days=1)
    cursor.execute(CLOSE_AGAIN, {"first": first - day, "last": last + day})


def roll_up(cursor: Any, *, now: dt.datetime) -> None:
    """Bring the market prices of all that was touched up to date, and drop the tables of `stage`."""
    cursor.execute("analyze stage_touched")
    cursor.execute(ROLL_UP, {"now": now})
    cursor.execute(FORGET)
    cursor.execute(UNSTAGE)


def close_table(cursor: Any, name: str) -> None:
    """See that every day in a table of quotes has its close. `name` is one of ours, never asked for by anybody."""
    cursor.execute(_CLOSE_OTHERS.format(quotes=f'"{name}" q'))


@transaction.atomic
def rebuild(variant_ids: Iterable[UUID]) -> None:
    """Work days and market prices of these variants out anew from their quotes, as after quotes were written past the loader.

    Days that are older than every quote that is left stay as they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        stage(cursor)
        asked = {"ids": list(variant_ids)}
        cursor.execute(_OLDEST, asked)
        cursor.execute(_ALL_DAYS, asked | {"from": cursor.fetchone()[0] or dt.date.max})
        cursor.execute(_CLOSE_ALL, asked)
        cursor.execute(_ALL_TOUCHED, asked)
        roll_up(cursor, now=timezone.now())
