"""The market with many listings: search and listing page on two web workers, against an empty view of the same run.

Runs on embedded servers of its own with everything as in production: uvicorn with two workers and the whole middleware.
Two clients ask at once, as many as there are workers; each kind of page is asked with other words, facets and places every
time, so that no answer is a copy of the last one. `ratio`: requests a second over those of the empty view. 100,000 listings;
a million with --large.

    python -m tests.benchmarks listings [--large]
"""

from __future__ import annotations

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from tests.benchmarks.members import make_members
from tests.benchmarks.scratch import scratch
from tests.benchmarks.sizes import Size, of
from tests.benchmarks.web import served


@dataclass(frozen=True, slots=True)
class Market:
    """How much there is, how often each page is asked before the clock runs, and for how long then."""

    listings: int
    products: int = 20_000
    sellers: int = 2_000
    sets: int = 200
    warm: int = 20
    seconds: float = 8.0


SIZES = {
    Size.TINY: Market(60, products=20, sellers=10, sets=4, warm=1, seconds=0.0),
    Size.USUAL: Market(100_000),
    Size.LARGE: Market(1_000_000),
}
CLIENTS = 2
_BATCH = 50_000

# fmt: off
FIRST = ["Ember", "Tide", "Storm", "Gloom", "Frost", "Iron", "Jade", "Lunar", "Solar", "Thorn", "Dusk", "Dawn", "Coral", "Sable"]
SECOND = ["Drake", "Warden", "Leviathan", "Sphinx", "Golem", "Griffin", "Hydra", "Kraken", "Lynx", "Serpent", "Paladin", "Titan"]
THIRD = ["Elder", "Young", "Ancient", "Radiant", "Shadow", "Crystal", "Feral", "Silent", "Burning", "Sunken", "Hollow", "Wild"]

# fmt: on

_WORLD = """
insert into listings_shippingprofile (id, created_at, seller_id, name, currency, is_tracked)
select gen_random_uuid(), now(), id, 'Standard', 'USD', random() < 0.6 from accounts_user;
insert into listings_shippingrate (profile_id, destination, is_tracked, price_minor)
select p.id, d.code, p.is_tracked, d.price + floor(random() * 300) from listings_shippingprofile p,
    (values ('HOME', 100), ('EU', 350), ('NAMERICA', 450), ('WORLD', 900)) d (code, price) where d.code <> 'EU' or random() < 0.5;
insert into catalog_release (id, created_at, category_id, code, name, series, abbreviation)
select gen_random_uuid(), now(), c.id, 'b' || n, 'Bench set ' || n, '', '' from
    (select array_agg(id order by id) as ids from catalog_category where path like 'trading-cards/%%') k,
    generate_series(1, %(sets)s) n, lateral (select ids[n %% cardinality(ids) + 1] as id from (select k.ids) x) c;
insert into catalog_product (id, created_at, category_id, release_id, number, number_key, number_sort, name, names, rarity,
    artist, attributes)
select gen_random_uuid(), now(), r.category_id, r.id, n::text, '', 0,
    (%(third)s::text[])[n %% cardinality(%(third)s::text[]) + 1]
    || ' ' || (%(first)s::text[])[n / 7 %% cardinality(%(first)s::text[]) + 1]
    || ' ' || (%(second)s::text[])[n / 131 %% cardinality(%(second)s::text[]) + 1], '{}', '', '', '{}'
from (select id, category_id, row_number() over (order by code) - 1 as at from catalog_release where code like 'b%%') r,
    generate_series(1, %(products)s) n where n %% %(sets)s = r.at;
insert into catalog_variant (id, created_at, product_id, finish, language, treatment, is_default)
select gen_random_uuid(), now(), p.id, v.finish, v.language, '', v.first from catalog_product p,
    (values ('normal', 'en', true), ('foil', 'en', false), ('normal', 'ja', false)) v (finish, language, first);
insert into valuations_currentprice (variant_id, condition, value, low, high, confidence, sample_size, method, currency, basis,
    observed_at, computed_at)
select v.id, c.condition, round(x.value * c.factor, 2), round(x.value * c.factor * 0.9, 2), round(x.value * c.factor * 1.1, 2),
    0.8, 9, 'sales', 'USD', '{}', now(), now()
from catalog_variant v, lateral (select exp(random() * 6 - 0.5 + 0 * extract(epoch from v.created_at))::numeric as value) x,
    (values ('NM', 1.0), ('LP', 0.8), ('MP', 0.6)) c (condition, factor);
"""
_COPIES = """
insert into inventory_inventoryitem (id, created_at, owner_id, variant_id, condition, grade_company, grade, quantity, reserved,
    currency, notes, provenance)
select gen_random_uuid(), now(), u.ids[1 + floor(random() * cardinality(u.ids))], v.ids[1 + floor(random() * cardinality(v.ids))],
    case when n %% 40 = 0 then '' else (array['NM','NM','NM','LP','LP','MP','HP','DMG'])[1 + floor(random() * 8)] end,
    case when n %% 40 = 0 then 'PSA' else '' end, case when n %% 40 = 0 then 9 end, 1 + floor(random() * 3), 0, 'USD', '', '{}'
from (select array_agg(id) as ids from accounts_user) u, (select array_agg(id) as ids from catalog_variant) v,
    generate_series(1, %(listings)s) n;
insert into listings_storefront (seller_id, words, is_away) select id, catalog_words(display_name), false from accounts_user;
alter table listings_listing disable trigger listing_search_added;
insert into listings_listing (id, created_at, seller_id, item_id, quantity, price_minor, currency, state, shipping_id,
    description, views, updated_at)
select gen_random_uuid(), now() - random() * interval '60 days', i.owner_id, i.id, i.quantity,
    greatest(10, round(coalesce(p.value, 20) * 100 * (0.6 + random()))), 'USD', 'active', s.id, '', 0, now()
from inventory_inventoryitem i join listings_shippingprofile s on s.seller_id = i.owner_id
left join valuations_currentprice p on p.variant_id = i.variant_id and p.condition = i.condition;
alter table listings_listing enable trigger listing_search_added;
"""


def make_world(market: Market) -> float:
    """A market of that many listings; seconds that their search rows took."""
    from django.core.management import call_command
    from django.db import connection

    from apps.catalog.actions import refresh_vocabulary

    words = {"first": FIRST, "second": SECOND, "third": THIRD}
    with connection.cursor() as cursor:
        make_members(market.sellers)
        for statement in _WORLD.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"sets": market.sets, "products": market.products} | words)
        refresh_vocabulary()
        cursor.execute("analyze")
        for statement in _COPIES.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"listings": market.listings})
        cursor.execute("analyze")
        cursor.execute("select id from listings_listing")
        ids = [pk for (pk,) in cursor.fetchall()]
        began = time.perf_counter()
        for at in range(0, len(ids), _BATCH):
            cursor.execute("select listings_refresh(%s::uuid[])", [ids[at : at + _BATCH]])
        seconds = time.perf_counter() - began
        cursor.execute("vacuum analyze")
    call_command("check", verbosity=0)
    return seconds


def _get(client: HTTPConnection, path: str) -> tuple[int, bytes]:
    client.request("GET", path, headers={"Host": "127.0.0.1", "Accept-Encoding": "gzip"})
    answer = client.getresponse()
    return answer.status, answer.read()


def asked(
    port: int, paths: Callable[[random.Random], Iterator[str]], *, warm: int = 20, seconds: float = 8.0
) -> dict[str, float]:
    """p50 and p95 in milliseconds, and requests a second, of two clients after a warm-up. RuntimeError on a refusal."""

    def ask(seed: int) -> tuple[list[float], float]:
        client, way = HTTPConnection("127.0.0.1", port, timeout=60), paths(random.Random(seed))
        for _ in range(warm):
            _get(client, next(way))
        own, started = [], time.perf_counter()
        while not own or time.perf_counter() - started < seconds:
            began = time.perf_counter()
            status, _ = _get(client, path := next(way))
            own.append(time.perf_counter() - began)
            if status != 200:
                raise RuntimeError(f"{path} answered {status}")
        return own, len(own) / (time.perf_counter() - started)

    with ThreadPoolExecutor(CLIENTS) as clients:
        each = list(clients.map(ask, range(CLIENTS)))
    spent = sorted(one for own, _ in each for one in own)
    return {
        "p50 ms": round(1000 * statistics.median(spent), 1),
        "p95 ms": round(1000 * spent[int(len(spent) * 0.95)], 1),
        "requests a second": round(sum(rate for _, rate in each), 1),
    }


def questions(listing_ids: list[str], market: Market) -> dict[str, Callable[[random.Random], Iterator[str]]]:
    """What is asked, by the name of the figure."""

    def forever(one: Callable[[random.Random], str]) -> Callable[[random.Random], Iterator[str]]:
        def ask(rng: random.Random) -> Iterator[str]:
            while True:
                yield one(rng)

        return ask

    def price(rng: random.Random) -> str:
        return f"price_min={rng.randrange(1, 4000) / 100}&price_max={rng.randrange(5000, 40000) / 100}"

    return {
        "empty view": forever(lambda rng: "/healthz"),
        "listing page": forever(lambda rng: f"/listings/{rng.choice(listing_ids)}/"),
        "market, newest": forever(lambda rng: "/market/"),
        "market, by delivered total": forever(lambda rng: f"/market/?sort=delivered&{price(rng)}"),
        "market, by deal in a facet": forever(
            lambda rng: f"/market/?sort=deal&condition={rng.choice(['NM', 'LP'])}&{price(rng)}"
        ),
        "search, two words": forever(lambda rng: f"/market/?q={rng.choice(FIRST)}+{rng.choice(SECOND)}"),
        "search, one frequent word": forever(lambda rng: f"/market/?q={rng.choice(SECOND)}&sort=price&{price(rng)}"),
        "search, misspelt half word": forever(
            lambda rng: f"/market/?q={rng.choice(['levithan', 'serpnt', 'gloem', 'palladn'])}+{rng.choice(THIRD)[:4]}"
        ),
        "search, a seller": forever(lambda rng: f"/market/?q=mira{rng.randrange(1, market.sellers // 5) * 5}"),
        "search over REST": forever(
            lambda rng: f"/api/v1/listings/search?q={rng.choice(FIRST)}&set=b{rng.randrange(1, market.sets)}"
        ),
    }


def run(size: Size = Size.USUAL) -> dict[str, Any]:
    """Figures by page."""
    market = of(SIZES, size)
    with scratch():
        from django.db import connection

        os.environ |= {"API_RATE_PER_HOUR": "100000000", "API_RATE_PER_MINUTE": "100000000"}
        seconds = make_world(market)
        told: dict[str, Any] = {"listings": market.listings, "search rows a second": round(market.listings / seconds)}
        with connection.cursor() as cursor:
            cursor.execute("select id::text from listings_listing limit 2000")
            ids = [pk for (pk,) in cursor.fetchall()]
        with served(size) as (port, _):
            for name, paths in questions(ids, market).items():
                figures = told[name] = asked(port, paths, warm=market.warm, seconds=market.seconds)
                if name != "empty view":
                    empty = told["empty view"]["requests a second"]
                    figures["ratio to the empty view"] = round(figures["requests a second"] / empty, 4)
                print(f"{name:<32}{json.dumps(figures)}", flush=True)
    return told


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
