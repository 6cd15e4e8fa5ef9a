"""The SQL of batches: staging of current prices and of imported market data, in the order it runs."""

STAGE_PRICES = """
create temporary table stage_price (
    variant_id uuid, condition varchar(12), value numeric(12, 2), low numeric(12, 2), high numeric(12, 2), confidence numeric,
    sample_size integer, method text, currency text, basis jsonb, observed_at timestamptz, is_own boolean,
    market_price numeric(12, 2), low_price numeric(12, 2), high_price numeric(12, 2), all_time_low numeric(12, 2),
    all_time_high numeric(12, 2), change_1d numeric(12, 2), change_7d numeric(12, 2), change_30d numeric(12, 2)
) on commit drop
"""
COPY_PRICES = """copy stage_price (variant_id, condition, value, low, high, confidence, sample_size, method, currency, basis,
observed_at, is_own) from stdin"""

# The newest quotes stand in a table of their own, because the planner takes a joined step for one row and loops over it.
# What sources say: the newest quote (the more reliable source on the same day), the same source's figures before it for the
# changes, and the extremes of all that was ever seen.
COMPLETE_PRICES = """
analyze stage_price;
create index on stage_price (variant_id, condition);
create temporary table stage_newest on commit drop as
    select distinct on (q.variant_id, q.condition) q.variant_id, q.condition, q.source_id, q.observed_at, q.market, q.low, q.high,
           q.currency
    from valuations_quote q join valuations_source s on s.id = q.source_id
    join stage_price p on p.variant_id = q.variant_id and p.condition = q.condition and p.currency = q.currency
    where q.variant_id = any(%(ids)s::uuid[]) and q.observed_at > %(since)s and q.observed_at <= %(as_of)s
      and q.market is not null
    order by q.variant_id, q.condition, q.observed_at::date desc, s.reliability desc, q.observed_at desc;
analyze stage_newest;
with past as materialized (
    select n.variant_id, n.condition, q.market, n.observed_at - q.observed_at as before, q.observed_at
    from stage_newest n join valuations_quote q on q.variant_id = n.variant_id and q.condition = n.condition
      and q.source_id = n.source_id and q.currency = n.currency and q.market is not null
      and q.observed_at between n.observed_at - interval '45 days' and n.observed_at - interval '20 hours'
    where q.variant_id = any(%(ids)s::uuid[]) and q.observed_at > %(since)s),
changes as (
    select n.variant_id, n.condition, n.market, n.low, n.high,
      n.market - (array_agg(p.market order by p.observed_at desc)
        filter (where p.before <= interval '4 days'))[1] as change_1d,
      n.market - (array_agg(p.market order by p.observed_at desc)
        filter (where p.before between interval '6 days 12 hours' and interval '14 days'))[1] as change_7d,
      n.market - (array_agg(p.market order by p.observed_at desc)
        filter (where p.before >= interval '29 days 12 hours'))[1] as change_30d
    from stage_newest n left join past p using (variant_id, condition)
    group by n.variant_id, n.condition, n.market, n.low, n.high)
update stage_price s set market_price = c.market, low_price = c.low, high_price = c.high, change_1d = c.change_1d,
    change_7d = c.change_7d, change_30d = c.change_30d
from changes c where c.variant_id = s.variant_id and c.condition = s.condition;
with seen as (
    select variant_id, condition, currency, market as price from valuations_quote
    where variant_id = any(%(ids)s::uuid[]) and market is not null
    union all
    select variant_id, valuations_state(condition, grade_company, grade), currency, price from valuations_sale
    where variant_id = any(%(ids)s::uuid[])),
extremes as (select variant_id, condition, currency, min(price) as least, max(price) as most from seen group by 1, 2, 3)
update stage_price s set all_time_low = e.least, all_time_high = e.most
from extremes e where e.variant_id = s.variant_id and e.condition = s.condition and e.currency = s.currency;
"""

CHANGED_PRICES = """
select s.variant_id, s.condition, p.value, s.value, s.currency
from stage_price s join valuations_currentprice p on p.variant_id = s.variant_id and p.condition = s.condition
where s.is_own and p.value <> s.value and p.currency = s.currency order by s.variant_id, s.condition
"""

WRITE_PRICES = """
insert into valuations_currentprice (variant_id, condition, value, low, high, confidence, sample_size, method, currency, basis,
    market_price, low_price, high_price, all_time_low, all_time_high, change_1d, change_7d, change_30d, observed_at, computed_at)
select variant_id, condition, value, low, high, confidence, sample_size, method, currency, basis, market_price, low_price,
    high_price, all_time_low, all_time_high, change_1d, change_7d, change_30d, observed_at, %(as_of)s
from stage_price order by variant_id, condition
on conflict (variant_id, condition) do update set value = excluded.value, low = excluded.low, high = excluded.high,
    confidence = excluded.confidence, sample_size = excluded.sample_size, method = excluded.method,
    currency = excluded.currency, basis = excluded.basis, market_price = excluded.market_price,
    low_price = excluded.low_price, high_price = excluded.high_price, all_time_low = excluded.all_time_low,
    all_time_high = excluded.all_time_high, change_1d = excluded.change_1d, change_7d = excluded.change_7d,
    change_30d = excluded.change_30d, observed_at = excluded.observed_at, computed_at = excluded.computed_at
"""

REMOVE_PRICES = """
delete from valuations_currentprice p where p.variant_id = any(%(ids)s::uuid[])
  and not exists (select 1 from stage_price s where s.variant_id = p.variant_id and s.condition = p.condition)
"""

STALE = """
with priced as materialized (
    select variant_id, max(computed_at) as computed_at from valuations_currentprice group by variant_id)
select variant_id from (
    select s.variant_id, max(s.created_at) as since from valuations_sale s left join priced p using (variant_id)
    where p.variant_id is null or s.created_at > p.computed_at group by s.variant_id
    union all
    select m.variant_id, m.changed_at from valuations_marketprice m left join priced p using (variant_id)
    where m.changed_at > %(as_of)s - interval '2 days' and (p.variant_id is null or m.changed_at > p.computed_at)
    union all
    select variant_id, computed_at from priced where computed_at < %(as_of)s - interval '1 day') behind
group by variant_id order by max(since) desc, variant_id limit %(limit)s
"""

WITH_EVIDENCE = """
select variant_id from valuations_quote union select variant_id from valuations_sale
union select variant_id from valuations_currentprice
"""
