"""The SQL of the evaluation: what changed is staged, then one statement per kind joins it to the watches.

Each statement locks the watches that flip in the order of their keys, turns them, and answers what fired with all that
the words need. Only watches that flip are written. The rules are those of crossing.py, as conditions on a range of the
index `alert_watch_line`, so that watches whose line is not reached are not even read.
"""
# ruff: noqa: S608 - composed of constants of this module alone

from apps.alerts.crossing import BAND, MOVE_BAND
from apps.alerts.models import Kind

STAGE_CHANGES = """
create temporary table alerts_change (
    variant_id uuid, condition varchar(12), old numeric(12, 2), new numeric(12, 2), currency varchar(3), at timestamptz,
    position integer, round integer, is_fresh boolean not null default false
) on commit drop
"""
COPY_CHANGES = "copy alerts_change (variant_id, condition, old, new, currency, at, position) from stdin"

# Several changes of one price stand in rounds, in their order. A price that is worked out from another condition's states
# no change of its own: where such a price is watched, it joins those of its printing.
COMPLETE_CHANGES = """
with ordered as (
    select ctid as place, row_number() over (partition by variant_id, condition order by position) as round
    from alerts_change)
update alerts_change c set round = o.round from ordered o where o.place = c.ctid;
insert into alerts_change (variant_id, condition, old, new, currency, at, position, round)
    select p.variant_id, p.condition, s.value, p.value, p.currency, p.computed_at, 0, 1
    from (select distinct variant_id from alerts_change) c join valuations_currentprice p on p.variant_id = c.variant_id
    left join alerts_seenprice s on s.variant_id = p.variant_id and s.condition = p.condition
    where not exists (select 1 from alerts_change e where e.variant_id = p.variant_id and e.condition = p.condition)
      and exists (select 1 from alerts_watch w where w.is_on and w.variant_id = p.variant_id and w.condition = p.condition);
create index on alerts_change (variant_id, condition);
analyze alerts_change;
"""

# What is not newer than the last price that was seen is left out: a repeated or late event changes nothing. Of two workers
# with the same change the second waits here for the first, and then finds nothing new.
REMEMBER = """
with fresh as (
    insert into alerts_seenprice as seen (variant_id, condition, value, at)
    select c.variant_id, c.condition, c.new, c.at from alerts_change c
    where c.round = %(round)s and exists (
        select 1 from alerts_watch w where w.is_on and w.variant_id = c.variant_id and w.condition = c.condition)
    order by c.variant_id, c.condition
    on conflict (variant_id, condition) do update set value = excluded.value, at = excluded.at where seen.at < excluded.at
    returning variant_id, condition)
update alerts_change c set is_fresh = true from fresh f
where c.round = %(round)s and c.variant_id = f.variant_id and c.condition = f.condition
"""

_FIRED = """
flipped as (
    update alerts_watch w set is_armed = l.stays_armed,
        fired_at = case when l.fires then l.at else w.fired_at end,
        quiet_until = case when l.fires then l.at + w.cool_down else w.quiet_until end
    from locked l where l.id = w.id
    returning w.rule_id, w.variant_id, w.condition, l.*)
select f.rule_id, r.owner_id, r.kind, f.variant_id, coalesce(f.shown_condition, f.condition), f.old, f.new, f.percent,
       r.currency, f.at, f.listing_id, r.amount, r.comparison, r.period, p.name, p.number, rel.total_cards, v.finish,
       v.treatment, v.language
from flipped f join alerts_rule r on r.id = f.rule_id
left join catalog_variant v on v.id = f.variant_id left join catalog_product p on p.id = v.product_id
left join catalog_release rel on rel.id = p.release_id
where f.fires
"""
_NONE = "null::numeric as percent, null::uuid as listing_id, null::text as shown_condition"


def _locked(*, guard: str) -> str:
    """The watches of `hit` under their locks, in the order of their keys; `guard` holds if nobody turned them meanwhile."""
    return f"""
locked as (select h.* from hit h join alerts_watch w on w.id = h.id where {guard} order by w.id for update of w),"""


def _crossing(kind: str, *, falling: bool) -> str:
    past, back, band = (">=", "<=", 1 + BAND) if falling else ("<=", ">=", 1 - BAND)
    side = f"""
    from alerts_change c join alerts_watch w on w.variant_id = c.variant_id and w.condition = c.condition
    where c.round = %(round)s and c.is_fresh and w.is_on and w.variant_id is not null and w.kind = '{kind}'
      and w.currency = c.currency"""
    return f"""
with hit as (
    select w.id, c.old, c.new, c.at, true as fires, false as stays_armed, {_NONE} {side}
      and w.is_armed and w.line {past} c.new and (w.quiet_until is null or w.quiet_until <= c.at)
    union all
    select w.id, c.old, c.new, c.at, false, true, {_NONE} {side}
      and not w.is_armed and w.line {back} c.new / {band}),
{_locked(guard="w.is_armed = h.fires")}
{_FIRED}"""


CROSSINGS = (_crossing(Kind.DROP, falling=True), _crossing(Kind.RISE, falling=False))

_CHANGE_OF_PERIOD = "case w.period when '24h' then {0}.change_1d when '7d' then {0}.change_7d else {0}.change_30d end"
_LENGTH = "case w.period when '24h' then interval '1 day' when '7d' then interval '7 days' else interval '30 days' end"
_TOWARDS = "case w.direction when 'up' then m.percent when 'down' then -m.percent else abs(m.percent) end"
# Armed by itself, or because its whole period has gone by since it fired.
_READY = f"(w.is_armed or w.fired_at + {_LENGTH} <= c.at)"
_MOVED = f"""{_READY} and {_TOWARDS} >= w.percent and (w.quiet_until is null or w.quiet_until <= c.at)"""
_TURNS = f"""(({_MOVED}) or (not w.is_armed and ({_TOWARDS} <= w.percent * {1 - MOVE_BAND} or w.fired_at + {_LENGTH} <= c.at)))"""
_MOVE_LOCKED = _locked(guard="w.is_armed = h.was_armed and w.fired_at is not distinct from h.was_fired_at")

MOVE = f"""
with hit as (
    select w.id, p.market_price - m.change as old, p.market_price as new, c.at, ({_MOVED}) as fires,
        not ({_MOVED}) as stays_armed, m.percent, null::uuid as listing_id, null::text as shown_condition,
        w.is_armed as was_armed, w.fired_at as was_fired_at
    from (select variant_id, condition, max(at) as at from alerts_change where is_fresh group by 1, 2) c
    join alerts_watch w on w.variant_id = c.variant_id and w.condition = c.condition
    join valuations_currentprice p on p.variant_id = w.variant_id and p.condition = w.condition and p.currency = w.currency
    cross join lateral (
        select g.change, g.change / (p.market_price - g.change) * 100 as percent
        from (select {_CHANGE_OF_PERIOD.format("p")} as change) g where p.market_price > g.change) m
    where w.is_on and w.variant_id is not null and w.kind = '{Kind.MOVE}' and {_TURNS}),
{_MOVE_LOCKED}
{_FIRED}"""

# The worth of inventories that hold what changed: of what is in them now, so that a copy added or sold is no movement.
WORTH_OF = """
select h.owner_id, h.currency, coalesce(sum(i.quantity * p.value), 0) as value,
    sum(i.quantity * p.change_1d) filter (where p.market_price > p.change_1d) as change_1d,
    sum(i.quantity * p.change_7d) filter (where p.market_price > p.change_7d) as change_7d,
    sum(i.quantity * p.change_30d) filter (where p.market_price > p.change_30d) as change_30d,
    sum(i.quantity * (p.market_price - p.change_1d)) filter (where p.market_price > p.change_1d) as was_1d,
    sum(i.quantity * (p.market_price - p.change_7d)) filter (where p.market_price > p.change_7d) as was_7d,
    sum(i.quantity * (p.market_price - p.change_30d)) filter (where p.market_price > p.change_30d) as was_30d
from {holders} h
left join inventory_inventoryitem i on i.owner_id = h.owner_id and i.quantity > 0
left join valuations_currentprice p on p.variant_id = i.variant_id and p.condition = i.condition and p.currency = h.currency
group by h.owner_id, h.currency
"""
STAGE_WORTH = f"""
create temporary table alerts_worth on commit drop as
with holders as (
    select w.owner_id, w.currency, max(c.at) as at
    from alerts_change c join inventory_inventoryitem i on i.variant_id = c.variant_id and i.quantity > 0
    join alerts_watch w on w.owner_id = i.owner_id and w.variant_id is null and w.is_on
    group by w.owner_id, w.currency),
worth as ({WORTH_OF.format(holders="holders")})
select worth.*, holders.at from worth join holders using (owner_id, currency)
"""


def _worth_crossing(kind: str, *, falling: bool) -> str:
    past, back, band = (">=", "<=", 1 + BAND) if falling else ("<=", ">=", 1 - BAND)
    side = f"""
    from alerts_worth c join alerts_watch w on w.owner_id = c.owner_id and w.currency = c.currency
    where w.variant_id is null and w.is_on and w.kind = '{kind}'"""
    return f"""
with hit as (
    select w.id, null::numeric as old, c.value as new, c.at, true as fires, false as stays_armed, {_NONE} {side}
      and w.is_armed and w.line {past} c.value and (w.quiet_until is null or w.quiet_until <= c.at)
    union all
    select w.id, null, c.value, c.at, false, true, {_NONE} {side} and not w.is_armed and w.line {back} c.value / {band}),
{_locked(guard="w.is_armed = h.fires")}
{_FIRED}"""


_WAS_OF_PERIOD = "case w.period when '24h' then c.was_1d when '7d' then c.was_7d else c.was_30d end"
WORTHS = (
    _worth_crossing(Kind.WORTH_DROP, falling=True),
    _worth_crossing(Kind.WORTH_RISE, falling=False),
    f"""
with hit as (
    select w.id, null::numeric as old, c.value as new, c.at, ({_MOVED}) as fires, not ({_MOVED}) as stays_armed, m.percent,
        null::uuid as listing_id, null::text as shown_condition, w.is_armed as was_armed, w.fired_at as was_fired_at
    from alerts_worth c join alerts_watch w on w.owner_id = c.owner_id and w.currency = c.currency
    cross join lateral (
        select {_CHANGE_OF_PERIOD.format("c")} / {_WAS_OF_PERIOD} * 100 as percent where {_WAS_OF_PERIOD} > 0) m
    where w.variant_id is null and w.is_on and w.kind = '{Kind.WORTH_MOVE}' and {_TURNS}),
{_MOVE_LOCKED}
{_FIRED}""",
)

STAGE_OFFERS = """
create temporary table alerts_offer (
    listing_id uuid, seller_id uuid, variant_id uuid, condition varchar(12), price numeric(12, 2), currency varchar(3),
    at timestamptz
) on commit drop
"""
COPY_OFFERS = "copy alerts_offer (listing_id, seller_id, variant_id, condition, price, currency, at) from stdin"


def _offered(kind: str, *, compared: str, old: str, percent: str, wanted: str) -> str:
    return f"""
with hit as (
    select distinct on (w.id) w.id, {old} as old, o.price as new, o.at, true as fires, true as stays_armed,
        {percent} as percent, o.listing_id, o.condition as shown_condition
    from alerts_offer o
    join alerts_watch w on w.variant_id = o.variant_id and w.condition in (o.condition, '') {compared}
    where w.is_on and w.variant_id is not null and w.kind = '{kind}' and w.owner_id <> o.seller_id and {wanted}
      and (w.quiet_until is null or w.quiet_until <= o.at)
      and not exists (select 1 from alerts_alert a where a.rule_id = w.rule_id and a.cause = 'listing:' || o.listing_id)
    order by w.id, o.price, o.listing_id),
{_locked(guard="w.quiet_until is null or w.quiet_until <= h.at")}
{_FIRED}"""


OFFERED = (
    _offered(
        Kind.OFFER,
        compared="",
        old="null::numeric",
        percent="null::numeric",
        wanted="(w.line is null or (o.currency = w.currency and o.price <= w.line))",
    ),
    _offered(
        Kind.DEAL,
        compared="join valuations_currentprice p on p.variant_id = o.variant_id and p.condition = o.condition",
        old="p.value",
        percent="(p.value - o.price) / p.value * 100",
        wanted="p.currency = o.currency and p.value > 0 and o.price <= p.value * (1 - w.percent / 100)",
    ),
)

_ALERT = """id, created_at, owner_id, rule_id, kind, variant_id, condition, value, before, percent, currency, words, cause,
    listing_id, at"""
STAGE_ALERTS = "create temporary table alerts_firing (like alerts_alert) on commit drop"
COPY_ALERTS = f"copy alerts_firing ({_ALERT}) from stdin"
WRITE_ALERTS = f"""
insert into alerts_alert ({_ALERT}) select {_ALERT} from alerts_firing order by id
on conflict (rule_id, cause) do nothing returning id
"""

# A watch for every printing that a rule is about and that has none yet; what is past its line already has to come back
# first. `which` narrows the rules and printings.
_ARMED = f"""case r.kind
    when '{Kind.DROP}' then coalesce(p.value > n.line, true)
    when '{Kind.RISE}' then coalesce(p.value < n.line, true)
    when '{Kind.MOVE}' then coalesce(
        case r.direction when 'up' then m.percent when 'down' then -m.percent else abs(m.percent) end < r.percent, true)
    else true end"""
_LINE = """case r.comparison when '<' then r.amount - 0.01 when '>' then r.amount + 0.01 else r.amount end"""
_WATCH = """insert into alerts_watch (rule_id, owner_id, kind, variant_id, condition, line, percent, period, direction, currency,
    cool_down, is_on, is_armed)"""
_SHARED = "r.percent, r.period, r.direction, r.currency, make_interval(hours => r.cool_down_hours), r.is_on"

ADD_WATCHES = f"""
{_WATCH}
select r.id, r.owner_id, r.kind, v.id, r.condition, n.line, {_SHARED}, {_ARMED}
from alerts_rule r join catalog_variant v on v.product_id = r.product_id and (r.variant_id is null or r.variant_id = v.id)
cross join lateral (select {_LINE} as line) n
left join valuations_currentprice p on p.variant_id = v.id and p.condition = r.condition and p.currency = r.currency
left join lateral (
    select g.change / (p.market_price - g.change) * 100 as percent
    from (select {_CHANGE_OF_PERIOD.format("p").replace("w.", "r.")} as change) g where p.market_price > g.change) m on true
where {{which}} and not exists (select 1 from alerts_watch w where w.rule_id = r.id and w.variant_id = v.id)
order by r.id, v.id on conflict do nothing
"""
OF_RULES = "r.id = any(%(rules)s::uuid[])"
OF_NEW_PRINTINGS = "r.variant_id is null and v.id = any(%(variants)s::uuid[])"
# What is known of the price now counts as seen: older events do not reach a new watch. Asked for before any watch is
# locked, as the evaluation does.
SEE_PRICES = """
insert into alerts_seenprice (variant_id, condition, value, at)
select p.variant_id, p.condition, p.value, p.computed_at
from unnest(%(products)s::uuid[], %(variants)s::uuid[], %(conditions)s::text[]) as t (product_id, variant_id, condition)
join catalog_variant v on v.product_id = t.product_id and (t.variant_id is null or v.id = t.variant_id)
join valuations_currentprice p on p.variant_id = v.id and p.condition = t.condition
order by p.variant_id, p.condition on conflict do nothing
"""

ADD_WORTH_WATCHES = f"""
{_WATCH}
select r.id, r.owner_id, r.kind, null, '', n.line, {_SHARED}, case r.kind
    when '{Kind.WORTH_DROP}' then c.value > n.line
    when '{Kind.WORTH_RISE}' then c.value < n.line
    else coalesce(case r.direction when 'up' then m.percent when 'down' then -m.percent else abs(m.percent) end < r.percent, true)
    end
from alerts_rule r cross join lateral (select {_LINE} as line) n
cross join lateral ({WORTH_OF.format(holders="(select r.owner_id, r.currency)")}) c
left join lateral (
    select {_CHANGE_OF_PERIOD.format("c").replace("w.", "r.")} / {_WAS_OF_PERIOD.replace("w.", "r.")} * 100 as percent
    where {_WAS_OF_PERIOD.replace("w.", "r.")} > 0) m on true
where {OF_RULES}
"""
