"""The SQL of portfolios: lots with their values, what a day adds up to, the past from price history, holdings, movers.

Parameters everywhere: owners (uuid[]), digits (JSON: digits of minor units where they are not two), unit (a currency that all
is told in, by dated rates; "" leaves each amount in its own) and on (the day whose rates prices are told by). Amounts are
numeric. A lot counts in the currency of its price, or of its cost where it has no price; its gain is known only where the
two agree. What has no rate keeps its own currency, also with a unit.
"""
# ruff: noqa: S608 - statements are put together of constants of this file

# One row per item, those that are all gone included: their sales still count. A price is told by the rate of the day `on`, a
# cost by that of the day on which the copy was acquired.
_LOTS = """
lots as (
    select i.id, i.owner_id, i.variant_id, i.condition, i.grade_company, i.grade, s.state, i.quantity, i.acquired_on,
           i.unit_cost_minor, i.currency as paid_currency, r.paid_rate,
           case when r.paid_rate is null or %(unit)s = '' then i.currency else %(unit)s end as cost_currency,
           round(i.unit_cost_minor / power(10::numeric, coalesce((%(digits)s::jsonb ->> i.currency)::int, 2))
             * coalesce(r.paid_rate, 1), 4) as unit_cost,
           round(own.value * coalesce(r.price_rate, 1), 2) as unit_value, own.value as own_value, own.currency as own_currency,
           coalesce(r.price_rate, 1) as price_rate, own.observed_at,
           case when r.price_rate is null or %(unit)s = '' then coalesce(own.currency, i.currency) else %(unit)s end as currency,
           i.unit_cost_minor is not null
             and case when r.paid_rate is null or %(unit)s = '' then i.currency else %(unit)s end
               = case when own.currency is null then null
                      when r.price_rate is null or %(unit)s = '' then own.currency else %(unit)s end as has_both
    from inventory_inventoryitem i
    cross join lateral (select valuations_state(i.condition, i.grade_company, i.grade) as state) s
    left join valuations_currentprice own on own.variant_id = i.variant_id and own.condition = s.state
    cross join lateral (select
        case when %(unit)s = '' then 1
             else valuations_rate(coalesce(own.currency, i.currency), %(unit)s, %(on)s::date) end as price_rate,
        case when %(unit)s = '' then 1
             else valuations_rate(i.currency, %(unit)s, coalesce(i.acquired_on, (i.created_at at time zone 'UTC')::date))
             end as paid_rate) r
    where i.owner_id = any(%(owners)s::uuid[])
)"""

# Sales by lot: a sold copy takes the cost of the item that it left. A price is told by the rate of the day of the sale.
_SOLD = """
sold as (
    select l.owner_id, u.currency, -m.quantity_change as copies,
           m.unit_price_minor / power(10::numeric, coalesce((%(digits)s::jsonb ->> m.currency)::int, 2))
             * coalesce(r.rate, 1) as unit_price,
           case when u.currency = l.cost_currency then l.unit_cost end as unit_cost
    from inventory_movement m join lots l on l.id = m.item_id
    cross join lateral (select case when %(unit)s = '' then 1
        else valuations_rate(m.currency, %(unit)s, (m.created_at at time zone 'UTC')::date) end as rate) r
    cross join lateral (select case when r.rate is null or %(unit)s = '' then m.currency else %(unit)s end as currency) u
    where m.kind = 'sold' and m.unit_price_minor is not null
)"""

SUMMARY = f"""
with {_LOTS}, {_SOLD}, parts as (
    select owner_id, currency, quantity as copies, case when unit_value is null then quantity else 0 end as unpriced,
           coalesce(quantity * unit_value, 0) as value, 0::numeric as cost,
           case when has_both then quantity * (unit_value - unit_cost) else 0 end as unrealised,
           case when has_both then quantity else 0 end as gaining, 0::numeric as realised, 0::numeric as proceeds,
           0 as sold, 0 as sold_uncosted, case when quantity > 0 then observed_at end as observed_at
    from lots
    union all
    select owner_id, cost_currency, 0, 0, 0, quantity * unit_cost, 0, 0, 0, 0, 0, 0, null
    from lots where unit_cost is not null
    union all
    select owner_id, currency, 0, 0, 0, 0, 0, 0, coalesce(copies * (unit_price - unit_cost), 0), copies * unit_price, copies,
           case when unit_cost is null then copies else 0 end, null
    from sold
)
select owner_id, currency, sum(copies) as copies, sum(unpriced) as unpriced, round(sum(value), 2) as value,
       round(sum(cost), 2) as cost, round(sum(unrealised), 2) as unrealised, sum(gaining) as gaining,
       round(sum(realised), 2) as realised, round(sum(proceeds), 2) as proceeds, sum(sold) as sold,
       sum(sold_uncosted) as sold_uncosted, max(observed_at) as as_of, min(observed_at) as oldest
from parts group by owner_id, currency
"""

TAKE_DAY = f"""
insert into inventory_portfolioday (owner_id, day, currency, value, cost, unrealised, realised, copies, unpriced, is_estimate,
    taken_at)
select owner_id, %(day)s, currency, value, cost, unrealised, realised, copies, unpriced, false, %(at)s
from ({SUMMARY}) told order by owner_id, currency
on conflict (owner_id, day, currency) do update set value = excluded.value, cost = excluded.cost,
    unrealised = excluded.unrealised, realised = excluded.realised, copies = excluded.copies, unpriced = excluded.unpriced,
    is_estimate = false, taken_at = excluded.taken_at
"""

# The past of each lot, day by day. Copies: its movements, the first of them on the day of acquisition where one is noted.
# Price: today's fair value, carried back along one source's quotes: of the lot's condition where there are several, else of
# Near Mint (never for a graded copy). Before the first quote, and where there is none, the nearest known price stands. Both
# stand in tables of their own first, because the planner takes a joined step for few rows and loops over it.
STAGE_RATIOS = f"""
create temporary table stage_ratio on commit drop as
with {_LOTS}, wanted as (
    select distinct variant_id, state, condition, currency from lots where unit_value is not null
), seen as materialized (
    select w.variant_id, w.state as wanted, q.condition, q.source_id, q.observed_at, q.market
    from wanted w join valuations_quote q on q.variant_id = w.variant_id
      and q.condition in (w.state, case when w.condition = '' then w.state else 'NM' end)
      and q.currency = w.currency and q.market > 0
    where q.variant_id = any(array(select variant_id from wanted))
      and q.observed_at >= %(from)s::date - 45 and q.observed_at <= %(at)s
), chosen as (
    select distinct on (variant_id, wanted) variant_id, wanted, condition, source_id
    from seen group by variant_id, wanted, condition, source_id
    order by variant_id, wanted, (condition = wanted and count(*) > 1) desc, count(*) desc, source_id
), quoted as (
    select distinct on (s.variant_id, s.wanted, day) s.variant_id, s.wanted, s.market,
           (s.observed_at at time zone 'UTC')::date as day
    from seen s join chosen using (variant_id, wanted, condition, source_id)
    order by s.variant_id, s.wanted, day, s.observed_at desc
), course as (
    select variant_id, wanted, market / last_value(market) over whole as ratio,
           case when lag(day) over whole is null then %(from)s::date else day end as since, lead(day) over whole as until
    from quoted window whole as (partition by variant_id, wanted order by day
                                 rows between unbounded preceding and unbounded following)
)
select c.variant_id, c.wanted, c.ratio, shown::date as day
from course c cross join lateral generate_series(greatest(c.since, %(from)s::date),
     least(coalesce(c.until - 1, %(to)s::date), %(to)s::date), interval '1 day') shown
"""
STAGE_COPIES = f"""
create temporary table stage_copies on commit drop as
with {_LOTS}, moved as (
    select m.item_id, m.quantity_change as change,
           case when m.kind = 'sold' and m.currency = l.cost_currency
                then coalesce(-m.quantity_change * (m.unit_price_minor - l.unit_cost_minor), 0) else 0 end
             / power(10::numeric, coalesce((%(digits)s::jsonb ->> m.currency)::int, 2)) as realised,
           case when row_number() over (partition by m.item_id order by m.created_at, m.id) = 1
                then least(l.acquired_on, (m.created_at at time zone 'UTC')::date)
                else (m.created_at at time zone 'UTC')::date end as day
    from inventory_movement m join lots l on l.id = m.item_id where m.quantity_change <> 0
), held as (
    select item_id, day as since, lead(day) over lot as until, sum(sum(change)) over lot as copies,
           sum(sum(realised)) over lot as realised
    from moved group by item_id, day window lot as (partition by item_id order by day)
)
select h.item_id, h.copies, h.realised, shown::date as day
from held h cross join lateral generate_series(greatest(h.since, %(from)s::date),
     least(coalesce(h.until - 1, %(to)s::date), %(to)s::date), interval '1 day') shown
"""
ANALYZE_STAGES = "analyze stage_ratio, stage_copies"
ESTIMATE_PAST = f"""
with {_LOTS}, valued as (
    select l.owner_id, l.currency, l.cost_currency, k.day, k.copies, k.realised, l.unit_cost, l.has_both,
           l.unit_value * coalesce(r.ratio, 1) as unit_value
    from stage_copies k join lots l on l.id = k.item_id
    left join stage_ratio r on r.variant_id = l.variant_id and r.wanted = l.state and r.day = k.day
    where k.day between %(from)s and %(to)s
), parts as (
    select owner_id, currency, day, copies, case when unit_value is null then copies else 0 end as unpriced,
           coalesce(copies * unit_value, 0) as value, 0::numeric as cost,
           case when has_both then copies * (unit_value - unit_cost) else 0 end as unrealised, 0::numeric as realised
    from valued
    union all
    select owner_id, cost_currency, day, 0, 0, 0, copies * unit_cost, 0, realised from valued where unit_cost is not null
)
insert into inventory_portfolioday (owner_id, day, currency, value, cost, unrealised, realised, copies, unpriced, is_estimate,
    taken_at)
select owner_id, day, currency, round(sum(value), 2), round(sum(cost), 2), round(sum(unrealised), 2), round(sum(realised), 2),
       sum(copies), sum(unpriced), true, %(at)s
from parts group by owner_id, day, currency order by owner_id, day, currency
on conflict (owner_id, day, currency) do nothing
"""
DROP_STAGES = "drop table stage_ratio, stage_copies"

RATES = "select code, valuations_rate(code, %(unit)s, %(on)s::date) from unnest(%(codes)s::text[]) code"

# Days of several currencies in one, by the rates of each day. A day counts as an estimate where a part of it is one.
DAYS_TOGETHER = """
select d.day, round(sum(d.value * r.rate), 2), round(sum(d.cost * r.rate), 2), round(sum(d.unrealised * r.rate), 2),
       round(sum(d.realised * r.rate), 2), sum(d.copies)::int, sum(d.unpriced)::int, bool_or(d.is_estimate)
from inventory_portfolioday d cross join lateral (select valuations_rate(d.currency, %(unit)s, d.day) as rate) r
where d.owner_id = any(%(owners)s::uuid[]) and d.day >= %(since)s and d.day < %(until)s
group by d.day having bool_and(r.rate is not null) order by d.day
"""

# Copies of one printing in one condition or grade; lots in another currency than the price's have no cost here.
_HOLDINGS = f"""
with {_LOTS}, holding as (
    select variant_id, condition, grade_company, grade, state, currency, sum(quantity) as copies, count(*) as lots,
           max(unit_value) as unit_value, max(own_value) as own_value, max(own_currency) as own_currency,
           max(price_rate) as price_rate, sum(quantity * unit_value) as value,
           sum(quantity) filter (where has_both or unit_value is null and unit_cost is not null) as costed,
           sum(quantity * unit_cost) filter (where has_both or unit_value is null) as cost,
           sum(quantity * (unit_value - unit_cost)) filter (where has_both) as unrealised,
           sum(quantity) filter (where unit_cost is not null and unit_value is not null and not has_both) as elsewhere
    from lots where quantity > 0 group by variant_id, condition, grade_company, grade, state, currency
)"""

HOLDINGS = (
    _HOLDINGS
    + """
select h.variant_id, h.condition, h.grade_company, h.grade, h.currency, h.own_value, h.own_currency, h.copies, h.lots,
       h.unit_value, h.value, h.costed,
       h.cost, h.unrealised, coalesce(h.elsewhere, 0) as elsewhere, own.observed_at as as_of, own.method, own.confidence,
       own.market_price as own_market, round(own.low_price * h.price_rate, 2) as own_low, own.change_30d as own_change,
       own.all_time_low as own_least, own.all_time_high as own_most, (own.basis ->> 'sales')::int as sales,
       mint.market_price as mint_market, mint.low_price as mint_low, mint.change_30d as mint_change,
       mint.all_time_low as mint_least, mint.all_time_high as mint_most,
       h.value / nullif(sum(h.value) over (partition by h.currency), 0) as share,
       p.id as product_id, p.name, p.number, r.name as set_name, v.finish, v.language, coalesce(i.file, '') as image_name,
       count(*) over () as total
from holding h join catalog_variant v on v.id = h.variant_id join catalog_product p on p.id = v.product_id
join catalog_release r on r.id = p.release_id
left join catalog_productimage i on i.product_id = p.id and i.is_primary
left join valuations_currentprice own on own.variant_id = h.variant_id and own.condition = h.state
left join valuations_currentprice mint on mint.variant_id = h.variant_id and mint.condition = 'NM' and h.condition <> ''
    and mint.currency = h.own_currency
where %(currency)s = '' or h.currency = %(currency)s
order by {order}, h.variant_id, h.state limit %(limit)s offset %(offset)s
"""
)

# The steps of the holdings of some printings, oldest first, and the lots that are there; what was paid stands beside what it is
# in the unit. Minor units, fractions of them where they were converted.
STEPS = f"""
with {_LOTS}
select l.id, l.variant_id, l.condition, l.grade_company, l.grade, l.cost_currency, l.quantity,
       l.unit_cost_minor * coalesce(l.paid_rate, 1) * power(10::numeric,
         coalesce((%(digits)s::jsonb ->> l.cost_currency)::int, 2) - coalesce((%(digits)s::jsonb ->> l.paid_currency)::int, 2)),
       l.unit_cost_minor, l.paid_currency, i.acquired_on, i.created_at, m.quantity_change,
       case when m.kind = 'sold' then m.unit_price_minor * coalesce(r.rate, 1) * power(10::numeric,
         coalesce((%(digits)s::jsonb ->> u.currency)::int, 2) - coalesce((%(digits)s::jsonb ->> m.currency)::int, 2)) end,
       u.currency
from lots l join inventory_inventoryitem i on i.id = l.id
join inventory_movement m on m.item_id = l.id and m.quantity_change <> 0
cross join lateral (select case when %(unit)s = '' then 1
    else valuations_rate(m.currency, %(unit)s, (m.created_at at time zone 'UTC')::date) end as rate) r
cross join lateral (select case when r.rate is null or %(unit)s = '' then m.currency else %(unit)s end as currency) u
where l.variant_id = any(%(variants)s::uuid[])
order by m.created_at, m.id
"""

# Each period's change of what is held now: the market's relative change, upon the fair value.
MOVERS = f"""
with {_LOTS}, holding as (
    select variant_id, state, condition, currency, own_currency, sum(quantity) as copies, sum(quantity * unit_value) as value
    from lots where quantity > 0 and unit_value is not null group by variant_id, state, condition, currency, own_currency
), changes as (
    select h.*, t.period, t.change, t.market
    from holding h
    join valuations_currentprice own on own.variant_id = h.variant_id and own.condition = h.state
    left join valuations_currentprice mint on mint.variant_id = h.variant_id and mint.condition = 'NM' and h.condition <> ''
      and mint.currency = h.own_currency
    cross join lateral (values
        ('24h', coalesce(own.change_1d, mint.change_1d),
            case when own.change_1d is null then mint.market_price else own.market_price end),
        ('7d', coalesce(own.change_7d, mint.change_7d),
            case when own.change_7d is null then mint.market_price else own.market_price end),
        ('30d', coalesce(own.change_30d, mint.change_30d),
            case when own.change_30d is null then mint.market_price else own.market_price end)
    ) t (period, change, market)
    where t.change is not null and t.market > 0 and t.market > t.change
), moved as (
    select *, value * change / market as effect, change / (market - change) * 100 as percent,
           row_number() over (partition by period, currency
                              order by abs(value * change / market) desc, variant_id, state) as place,
           sum(value * change / market) over (partition by period, currency) as total,
           sum(value) over (partition by period, currency) as total_value
    from changes
)
select m.period, m.currency, m.variant_id, m.state, m.copies, m.value, round(m.effect, 2), round(m.percent, 1),
       round(m.total, 2), round(m.total / nullif(m.total_value - m.total, 0) * 100, 1), p.id, p.name, p.number, r.name,
       v.finish, v.language, coalesce(i.file, '')
from moved m join catalog_variant v on v.id = m.variant_id join catalog_product p on p.id = v.product_id
join catalog_release r on r.id = p.release_id
left join catalog_productimage i on i.product_id = p.id and i.is_primary
where m.place <= %(most)s and (m.place = 1 or abs(m.effect) >= 0.005)
order by m.period, m.currency, m.place
"""

ALLOCATION = f"""
with {_LOTS}
select grouping(c.id) as no_category, grouping(r.id) as no_set, l.currency, c.name, c.path, r.name, r.id,
       case when grouping(l.state) = 1 then null else l.state end, sum(l.quantity), sum(l.quantity * l.unit_value)
from lots l join catalog_variant v on v.id = l.variant_id join catalog_product p on p.id = v.product_id
join catalog_release r on r.id = p.release_id join catalog_category c on c.id = p.category_id
where l.quantity > 0 and l.unit_value is not null
group by grouping sets ((l.currency, c.id, c.name, c.path), (l.currency, r.id, r.name), (l.currency, l.state))
order by l.currency, sum(l.quantity * l.unit_value) desc
"""
