"""Gathering comparables of many variants as arrays: recent sales, a quote a week and source, asks, grades. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.core.cache import cache
from django.db import connection

from apps.core.conditions import Condition
from apps.valuations.fair_value import RATIOS, Comparables, FloatArray, IntArray, character, graded_figures, half_life
from apps.valuations.fair_value.ratios import learned
from apps.valuations.graded import Graded, Pair, graded, pairs_of, state_number

CONDITIONS = list(Condition.values)
MOST_SALES = 200
OLDEST_DAYS = 730

# A source's market figure already sums up its sales, and tomorrow's hardly differs from today's: one a week for five weeks
# and one a month for two months before say what there is to say. Where a source knows no sale, what sellers ask is the
# evidence. The back-test thins its quotes in the same way.
_GATHER = """
with wanted as materialized (select id, n from unnest(%(ids)s::uuid[]) with ordinality as w (id, n)),
newest as (
    select q.variant_id, q.source_id, q.condition, max(q.observed_at) as at from valuations_quote q
    where q.variant_id = any(%(ids)s::uuid[]) and q.observed_at > %(since)s and q.observed_at <= %(as_of)s
    group by q.variant_id, q.source_id, q.condition),
weekly as (
    select distinct on (q.variant_id, q.source_id, q.condition, b.bucket) q.variant_id, q.source_id, q.condition,
           q.observed_at, q.market, coalesce(q.low, q.mid) as ask, q.sample_size, q.currency
    from valuations_quote q join newest using (variant_id, source_id, condition)
    cross join lateral (select extract(epoch from newest.at - q.observed_at) / 86400 as behind) d
    cross join lateral (select least(floor(d.behind / 7), 5 + floor((d.behind - 35) / 28)) as bucket) b
    where q.variant_id = any(%(ids)s::uuid[]) and q.observed_at > %(since)s and q.observed_at <= newest.at
      and q.observed_at > newest.at - interval '91 days' and coalesce(q.market, q.low, q.mid) is not null
    order by q.variant_id, q.source_id, q.condition, b.bucket, q.observed_at desc),
sold as (
    select s.*, valuations_state(s.condition, s.grade_company, s.grade) as state,
           row_number() over (partition by s.variant_id, s.grade is null order by s.sold_at desc, s.id) as nth
    from valuations_sale s
    where s.variant_id = any(%(ids)s::uuid[]) and s.sold_at > %(since)s and s.sold_at <= %(as_of)s)
select w.n - 1, case when e.market is null then 2 else 1 end, coalesce(e.market, e.ask)::float8,
       extract(epoch from %(as_of)s - e.observed_at)::float8 / 86400, s.reliability::float8, e.condition,
       coalesce(e.sample_size, 1), '', '', e.currency, s.slug
from weekly e join wanted w on w.id = e.variant_id join valuations_source s on s.id = e.source_id
union all
select w.n - 1, 0, e.price::float8, extract(epoch from %(as_of)s - e.sold_at)::float8 / 86400, s.reliability::float8,
       e.state, e.quantity, e.seller_ref, e.buyer_ref, e.currency, s.slug
from sold e join wanted w on w.id = e.variant_id join valuations_source s on s.id = e.source_id where e.nth <= %(most)s
"""

_CATEGORIES = """select c.path from unnest(%(ids)s::uuid[]) with ordinality as w (id, n)
join catalog_variant v on v.id = w.id join catalog_product p on p.id = v.product_id
join catalog_category c on c.id = p.category_id order by w.n"""


@dataclass(frozen=True)
class Evidence:
    """Comparables of variants 0 .. len - 1, all of a variant in one currency.

    currency: of each variant, "" without comparables. left_out: comparables in other currencies, by variant.
    half_lives: days. conditions: (variants, 5) whether the variant has comparables of its own in that condition.
    graded: what its graded copies are compared with, each grade by itself; None where there is none.
    """

    variant_ids: Sequence[UUID]
    comparables: Comparables
    currency: list[str]
    left_out: IntArray
    half_lives: FloatArray
    conditions: np.ndarray
    graded: Graded | None


GRADES_ASKED: list[Callable[[Sequence[UUID]], Iterable[tuple[UUID, str]]]] = []
"""Who above asks for prices of grades that nobody has sold or quoted yet, by variant: those that members own."""


# Medians of each printing's prices by state and currency, beside its Near Mint ones: sales of half a year, quotes of five weeks.
_PAIRS = """
with told as (
    select variant_id, currency, valuations_state(condition, grade_company, grade) as state, price from valuations_sale
    where sold_at > %(as_of)s - interval '180 days' and sold_at <= %(as_of)s
    union all
    select variant_id, currency, condition, market from valuations_quote
    where observed_at > %(as_of)s - interval '35 days' and observed_at <= %(as_of)s and market > 0),
middle as (
    select variant_id, currency, state, percentile_cont(0.5) within group (order by price) as price
    from told group by variant_id, currency, state)
select o.state, o.price / n.price from middle n join middle o using (variant_id, currency)
where n.state = 'NM' and o.state <> 'NM' order by md5(o.variant_id::text) limit 20000
"""
RATIOS_KEY = "valuations:ratios"


def ratios() -> FloatArray:
    """What each state brings beside Near Mint: as learned last, else the published table."""
    kept = cache.get(RATIOS_KEY)
    return RATIOS if kept is None or len(kept) != len(RATIOS) else np.array(kept)


def learn_ratios(*, as_of: dt.datetime) -> None:
    """Learn them anew from what is known; kept in the cache, at most once a day. One query."""
    if cache.add(f"{RATIOS_KEY}:{as_of:%Y-%m-%d}", 1, 2 * 86400):
        with connection.cursor() as cursor:
            cursor.execute(_PAIRS, {"as_of": as_of})
            pairs = [(state_number(state), ratio) for state, ratio in cursor.fetchall()]
        found = learned(np.array([state for state, _ in pairs], np.int64), np.array([ratio for _, ratio in pairs]))
        cache.set(RATIOS_KEY, found.tolist(), None)


def gather(
    variant_ids: Sequence[UUID], *, as_of: dt.datetime, asked: Iterable[tuple[UUID, str]] | None = None
) -> Evidence:
    """Comparables of these variants as they were known at `as_of`; two queries. Unknown variants must not be asked for.

    asked: grades to compare with others and with ungraded copies where nobody has traded them (default: see GRADES_ASKED).
    """
    parameters = {
        "ids": list(variant_ids),
        "as_of": as_of,
        "since": as_of - dt.timedelta(days=OLDEST_DAYS),
        "most": MOST_SALES,
    }
    if asked is None:
        asked = [pair for ask in GRADES_ASKED for pair in ask(variant_ids)]
    with connection.cursor() as cursor:
        cursor.execute(_CATEGORIES, parameters)
        paths = [path for (path,) in cursor.fetchall()]
        cursor.execute(_GATHER, parameters)
        rows = cursor.fetchall()
    number = {pk: n for n, pk in enumerate(variant_ids)}
    return _evidence(variant_ids, rows, paths, [(number[pk], word) for pk, word in asked if pk in number])


def _evidence(variant_ids: Sequence[UUID], rows: list[tuple], paths: Sequence[str], asked: list[Pair]) -> Evidence:
    count = len(variant_ids)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 11
    currency = np.array(columns[9], dtype="U3")
    known = _comparables(columns, paths)
    item, raw = known.item, known.condition < len(CONDITIONS)
    chosen = _currencies(item[raw], currency[raw], known.age[raw], count)
    same = raw & (currency == chosen[item] if len(item) else np.zeros(0, bool))
    comparables = known.take(same)
    conditions = np.zeros((count, len(CONDITIONS)), bool)
    conditions[comparables.item, comparables.condition] = True
    left_out = np.bincount(item[raw & ~same], minlength=count)
    lives = np.array([half_life(path) for path in paths], dtype=np.float64)
    found = None
    if pairs := pairs_of(item[~raw], [word for word in columns[5] if " " in word], asked):
        # Where nobody has traded a graded copy, the ungraded ones say in which currency it is told.
        theirs = _currencies(item[~raw], currency[~raw], known.age[~raw], count)
        theirs = np.where(theirs == "", chosen, theirs)
        found = graded(known, pairs, currency=currency, chosen=theirs, half_lives=lives)
    return Evidence(variant_ids, comparables, [str(each) for each in chosen], left_out, lives, conditions, found)


def _comparables(columns: list[tuple], paths: Sequence[str]) -> Comparables:
    """All of them, whatever their state and currency; items are variants."""
    behaves = [
        character(kind, graded_figures(source) if " " in state else source)
        for kind, source, state in zip(columns[1], columns[10], columns[5], strict=True)
    ]
    return Comparables(
        item=np.array(columns[0], dtype=np.int64),
        kind=np.array(columns[1], dtype=np.int64),
        price=np.array(columns[2], dtype=np.float64),
        age=np.maximum(np.array(columns[3], dtype=np.float64), 0.0),
        reliability=np.array(columns[4], dtype=np.float64),
        condition=np.array([state_number(each) for each in columns[5]], dtype=np.int64),
        copies=np.maximum(np.array(columns[6], dtype=np.float64), 1.0),
        seller=_people(columns[7]),
        buyer=_people(columns[8]),
        pace=np.array([each.pace(paths[n]) for each, n in zip(behaves, columns[0], strict=True)], dtype=np.float64),
        trend=np.array([each.trend for each in behaves], dtype=np.float64),
        noise=np.array([each.noise for each in behaves], dtype=np.float64),
    )


def _people(references: Sequence[str]) -> IntArray:
    """Codes of who they are; -1 for an empty reference."""
    names = np.array(references, dtype="U64")
    if not len(names):
        return np.zeros(0, np.int64)
    codes = np.unique(names, return_inverse=True)[1].astype(np.int64)
    return np.where(names == "", -1, codes)


def _currencies(item: IntArray, currency: np.ndarray, age: FloatArray, count: int) -> np.ndarray:
    """One currency per variant: dollars where there are any, else that of the newest comparable."""
    chosen = np.full(count, "", dtype="U3")
    oldest_first = np.argsort(-age, kind="stable")
    chosen[item[oldest_first]] = currency[oldest_first]
    chosen[item[currency == "USD"]] = "USD"
    return chosen
