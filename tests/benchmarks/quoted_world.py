"""A catalogue whose cards have quotes of every day and some sales, made in the database itself: ten million in minutes.

Quotes go straight into the partitions of their months, a day after the other as they would come in; closes, market prices
and current prices are then worked out by the product's own functions.
"""

from __future__ import annotations

import datetime as dt
import time

from tests.benchmarks.bench_listings import FIRST, SECOND, THIRD

CARDS_OF_A_SET = 120
FOIL_EVERY = 7
"""Days between the quotes of the second printing, which another source tells; the first has one a day."""
SALES_OF_A_CARD = 10
_AT_ONCE = 2_000

_CARDS = """
insert into catalog_release (id, created_at, category_id, code, name, series, abbreviation, released_on)
select gen_random_uuid(), now(), k.ids[n %% cardinality(k.ids) + 1], 'b' || n, 'Bench set ' || n, '', '', current_date - n * 20
from (select array_agg(id order by id) as ids from catalog_category where path like 'trading-cards/%%') k,
    generate_series(1, %(sets)s) n;
insert into catalog_product (id, created_at, category_id, release_id, number, number_key, number_sort, name, names, rarity,
    artist, attributes)
select gen_random_uuid(), now(), r.category_id, r.id, place::text, '', 0,
    (%(third)s::text[])[x.n %% cardinality(%(third)s::text[]) + 1]
    || ' ' || (%(first)s::text[])[x.n / 7 %% cardinality(%(first)s::text[]) + 1]
    || ' ' || (%(second)s::text[])[x.n / 131 %% cardinality(%(second)s::text[]) + 1], '{}',
    (array['common','common','uncommon','rare','mythic'])[x.n %% 5 + 1], '', '{}'
from (select id, category_id, row_number() over (order by code) - 1 as at from catalog_release where code like 'b%%') r,
    generate_series(1, %(in_a_set)s) place, lateral (select r.at * %(in_a_set)s + place as n) x where x.n <= %(cards)s;
insert into catalog_productimage (id, created_at, product_id, language, file, source_url, credit, width, height, is_primary)
select gen_random_uuid(), now(), id, 'en', '', 'https://pictures.example/' || id || '.jpg', '', 600, 840, true
from catalog_product;
insert into catalog_variant (id, created_at, product_id, finish, language, treatment, is_default)
select gen_random_uuid(), now(), p.id, v.finish, 'en', '', v.finish = 'normal'
from catalog_product p, (values ('normal'), ('foil')) v (finish);
create table bench_printing as
select v.id, v.is_default, row_number() over (order by v.id) as n, exp(random() * 6 - 0.5) as price, s.id as source_id, s.currency
from catalog_variant v join valuations_source s on s.slug = case when v.is_default then 'tcgplayer' else 'cardmarket' end
"""
_QUOTES = """
insert into {month} (variant_id, source_id, condition, observed_at, low, mid, high, market, sample_size, currency)
select b.id, b.source_id, 'NM', d.day + interval '20 hours' + b.n %% 3000 * interval '1 second', round(x.price * 0.8 + 0.01, 2),
    round(x.price * 1.1 + 0.01, 2), round(x.price * 3 + 0.01, 2), round(x.price + 0.01, 2), 1 + b.n %% 40, b.currency
from generate_series(%(first)s::timestamptz, %(last)s, '1 day') d (day), bench_printing b, lateral (select (b.price
    * exp(0.2 * sin(extract(epoch from d.day) / 86400 / 23 + b.n) + 0.03 * random()))::numeric as price) x
where b.is_default or (extract(epoch from d.day) / 86400)::bigint %% {every} = b.n %% {every}
order by d.day, b.n
"""
_SALES = """
insert into valuations_sale (id, created_at, variant_id, source_id, reference, condition, grade_company, grade, price, currency,
    quantity, seller_ref, buyer_ref, sold_at)
select gen_random_uuid(), now(), b.id, s.id, 'bench-' || b.n || '-' || nth,
    case when nth = 1 then '' else (array['NM','NM','LP'])[nth %% 3 + 1] end, case when nth = 1 then 'PSA' else '' end,
    case when nth = 1 then 9 end, round((b.price * exp(random() * 0.3))::numeric + 0.01, 2),
    'USD', 1, md5(random()::text), md5(random()::text), now() - random() * random() * %(days)s * interval '1 day'
from bench_printing b, valuations_source s, generate_series(1, {sales}) nth where b.is_default and s.slug = 'ebay'
"""


def make_world(cards: int, days: int) -> dict[str, float]:
    """Fill an empty, migrated database; seconds by what they were for, and how many rows there are."""
    from django.db import connection

    from apps.catalog.actions import refresh_vocabulary
    from apps.valuations import rollups
    from apps.valuations.actions import refresh_prices, variants_with_evidence

    told: dict[str, float] = {}
    names = {"first": FIRST, "second": SECOND, "third": THIRD}
    sizes = {"cards": cards, "in_a_set": CARDS_OF_A_SET, "sets": -(-cards // CARDS_OF_A_SET)}
    with connection.cursor() as cursor:
        for statement in _CARDS.split(";\n"):
            cursor.execute(statement, sizes | names)
        refresh_vocabulary()
        cursor.execute("analyze")
        began = time.perf_counter()
        told["quotes"] = _write_quotes(days)
        cursor.execute(_SALES.format(sales=SALES_OF_A_CARD), {"days": days})
        told["sales"] = cursor.rowcount
        cursor.execute("vacuum analyze")
        told["seconds for quotes and sales"] = time.perf_counter() - began
        cursor.execute("select id from bench_printing order by id")
        printings = [pk for (pk,) in cursor.fetchall()]
    began = time.perf_counter()
    for at in range(0, len(printings), _AT_ONCE):
        rollups.rebuild(printings[at : at + _AT_ONCE])
    told["seconds for roll-ups"] = time.perf_counter() - began
    began = time.perf_counter()
    told["current prices"] = refresh_prices(variants_with_evidence()).prices
    told["seconds for current prices"] = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("drop table bench_printing")
        cursor.execute("vacuum analyze")
    return {name: round(each, 1) for name, each in told.items()}


def _write_quotes(days: int) -> int:
    """Quotes of the last days to yesterday, month by month; how many."""
    from django.db import connection

    from apps.valuations.partitions import make_partitions

    last = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    first = last - dt.timedelta(days=days - 1)
    make_partitions(from_on=first, to_on=last)
    count, on = 0, first
    with connection.cursor() as cursor:
        while on <= last:
            end = min(last, (on.replace(day=1) + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1))
            sql = _QUOTES.format(month=f"valuations_quote_{on:%Y_%m}", every=FOIL_EVERY)
            cursor.execute(sql, {"first": _midnight(on), "last": _midnight(end)})
            count += cursor.rowcount
            on = end + dt.timedelta(days=1)
    return count


def _midnight(on: dt.date) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), dt.UTC)
