"""A page of listings for a search. Few matches are sorted; of many, an index is walked in the order that is asked for.

Either way a page begins after a key, so that what is listed or sold meanwhile neither repeats nor hides a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.standing.queries import in_words
from apps.catalog.models import Finish
from apps.listings.destinations import destinations_of
from apps.listings.search.asking import Place, Wanted
from apps.listings.search.conditions import conditions_of, resolved
from apps.listings.search.facets import Counts, counts_of
from apps.listings.search.meaning import Meaning, meaning_of
from apps.listings.search.words import deal_in_words

FEW = 10_000
"""Up to so many matches are all looked at: sorted, and counted exactly."""


@dataclass(frozen=True)
class Found:
    """A listing as a page of results shows it. delivered_minor: None where the seller does not send to the reader."""

    listing_id: UUID
    product_id: UUID
    variant_id: UUID
    name: str
    number: str
    set_name: str
    set_code: str
    category: str
    finish: str
    language: str
    treatment: str
    condition: str
    grade_company: str
    grade: Decimal | None
    quantity: int
    seller_id: UUID
    seller: str
    seller_country: str
    seller_score: int | None
    seller_sales: int
    price_minor: int
    currency: str
    shipping_minor: int | None
    delivered_minor: int | None
    is_tracked: bool
    fair_minor: int | None
    low_minor: int | None
    high_minor: int | None
    image: str
    listed_at: dt.datetime
    key: tuple[Any, ...]

    @property
    def deal(self) -> str:
        """The price against fair value, in words; empty where that is not known."""
        return deal_in_words(self.price_minor, self.fair_minor, self.low_minor, self.high_minor)

    @property
    def seller_standing(self) -> str:
        """How the seller stands, in a word or two."""
        return in_words(self.seller_score, self.seller_sales)

    @property
    def finish_label(self) -> str:
        """The finish in words."""
        return str(Finish(self.finish).label)

    @property
    def percent_under(self) -> int | None:
        """By how many percent it is under fair value, where it is by at least five."""
        if not self.fair_minor or self.price_minor * 20 > self.fair_minor * 19:
            return None
        return 100 - round(100 * self.price_minor / self.fair_minor)


@dataclass(frozen=True)
class Results:
    """A page of results, how many there are, the facets beside it, and how the text was understood."""

    rows: Sequence[Found]
    counts: Counts
    meaning: Meaning
    wanted: Wanted
    has_more: bool

    @property
    def next_cursor(self) -> str:
        """What follows; empty at the end."""
        return Place(self.wanted.sort, self.rows[-1].key).cursor() if self.has_more and self.rows else ""


# Each order: columns over `s` and `r` (the reader's delivered total), as they stand in a key, and their direction.
_ORDERS = {
    "relevance": (("-m.rank", "s.price_minor", "s.listing_id"), "asc"),
    "newest": (("s.listed_at", "s.listing_id"), "desc"),
    "delivered": (("r.delivered_minor", "s.listing_id"), "asc"),
    "price": (("s.price_minor", "s.listing_id"), "asc"),
    "price-desc": (("s.price_minor", "s.listing_id"), "desc"),
    "deal": (("s.deal", "s.listing_id"), "asc"),
}
_CASTS = {"-m.rank": "real", "s.listed_at": "timestamptz", "s.listing_id": "uuid"}

_NEAREST = """lateral (select r.delivered_minor from listings_reach r
    where r.listing_id = s.listing_id and r.destination = any(%(destinations)s)
    order by array_position(%(destinations)s::varchar[], r.destination) limit 1) r"""

# The planner must not walk an index in hope of finding few rows early: matches first, then their order.
_SORTED = """
with few as materialized (
    select s.listing_id, s.product_id, s.price_minor, s.listed_at, s.deal from listings_searchrow s where {conditions})
select s.listing_id, {key} from few s {joins} where {after} order by {order} limit %(limit)s
"""
_WALKED = """
select s.listing_id, {key} from listings_searchrow s where {conditions} and {after} order by {order} limit %(limit)s
"""
# Every destination has its own order by total; the walk merges those that reach the reader, and leaves out where a nearer
# one of the same listing counts.
_WALKED_BY_TOTAL = """
select r.listing_id, {key} from (
    select * from ({branches}) r where {bounds} and {after} order by r.delivered_minor, r.listing_id offset 0) r
cross join lateral (
    select from listings_searchrow s where s.listing_id = r.listing_id and {conditions} and not exists (
        select 1 from listings_reach n where n.listing_id = r.listing_id and n.destination = any(%(destinations)s)
          and array_position(%(destinations)s::varchar[], n.destination)
            < array_position(%(destinations)s::varchar[], r.destination))
    limit 1) s
order by {order} limit %(limit)s
"""

# Ordered within: only so does the planner merge the destinations' indexes instead of sorting all of them.
_BRANCH = """(select listing_id, destination, delivered_minor, shipping_minor from listings_reach
    where destination = %(to_{number})s order by delivered_minor, listing_id)"""

_SHOWN = """
select l.id, p.id, v.id, p.name, p.number, e.name, coalesce(nullif(e.abbreviation, ''), e.code), c.path, v.finish, v.language,
       v.treatment, i.condition, i.grade_company, i.grade, l.quantity, l.seller_id,
       coalesce(nullif(u.display_name, ''), 'member ' || right(u.id::text, 6)), u.country, g.score, coalesce(g.sales, 0),
       l.price_minor, l.currency,
       n.shipping_minor, n.delivered_minor, h.is_tracked, s.fair_minor, s.low_minor, s.high_minor,
       coalesce((select o.file from inventory_itemphoto o where o.item_id = i.id order by o.position, o.created_at limit 1),
                (select f.file from catalog_productimage f where f.product_id = p.id and f.is_primary limit 1), ''),
       l.created_at
from unnest(%(ids)s::uuid[]) with ordinality as t (id, at)
join listings_searchrow s on s.listing_id = t.id
join listings_listing l on l.id = t.id
join inventory_inventoryitem i on i.id = l.item_id
join catalog_variant v on v.id = i.variant_id
join catalog_product p on p.id = v.product_id
join catalog_release e on e.id = p.release_id
join catalog_category c on c.id = p.category_id
join accounts_user u on u.id = l.seller_id
left join accounts_sellerstanding g on g.member_id = l.seller_id
join listings_shippingprofile h on h.id = l.shipping_id
left join lateral (select r.shipping_minor, r.delivered_minor from listings_reach r
    where r.listing_id = l.id and r.destination = any(%(destinations)s)
    order by array_position(%(destinations)s::varchar[], r.destination) limit 1) n on true
order by t.at
"""


def search_listings(wanted: Wanted, *, with_facets: bool = True) -> Results:
    """A page of what is for sale for a search: at most eight queries to understand a text, then at most five."""
    ranked = "relevance" in {wanted.sort, wanted.after.sort if wanted.after else ""}
    wanted, meaning = resolved(wanted), meaning_of(wanted.text, ranked=ranked)
    counts = counts_of(wanted, meaning, few=FEW, with_facets=with_facets)
    wanted = _settled(wanted, meaning, counts)
    keys = _keys(wanted, meaning, counts) if counts.total else []
    rows = _shown(keys[: wanted.limit], wanted)
    return Results(rows, counts, meaning, wanted, len(keys) > wanted.limit)


def _settled(wanted: Wanted, meaning: Meaning, counts: Counts) -> Wanted:
    """The order that is used: a place keeps the one it is of; where matches are too many to rank, the newest come first."""
    if wanted.after is not None:
        sort = wanted.after.sort
        if sort == "relevance" and not meaning.is_ranked:
            return replace(wanted, after=None, sort="newest")
        return replace(wanted, sort=sort)
    if wanted.sort == "relevance" and not (counts.is_exact and meaning.is_ranked):
        return replace(wanted, sort="newest")
    return wanted


def _keys(wanted: Wanted, meaning: Meaning, counts: Counts) -> list[tuple[Any, ...]]:
    """Ids and keys of the page's listings, and of the one that follows them."""
    conditions, parameters = conditions_of(wanted, meaning)
    columns, direction = _ORDERS[wanted.sort]
    parameters |= {"limit": wanted.limit + 1, "destinations": destinations_of(wanted.country)}
    after = "true"
    if wanted.after is not None:
        bound = [f"%(after_{n})s::{_CASTS.get(column, 'bigint')}" for n, column in enumerate(columns)]
        after = f"({', '.join(columns)}) {'<' if direction == 'desc' else '>'} ({', '.join(bound)})"
        parameters |= {f"after_{n}": value for n, value in enumerate(wanted.after.key)}
    pieces = {
        "conditions": conditions,
        "key": ", ".join(columns),
        "after": after,
        "order": ", ".join(f"{column} {direction}" for column in columns),
        "joins": "",
    }
    if wanted.sort == "relevance":
        ranks = meaning.ranks or {}
        pieces["joins"] = """join (select p.id, k.rank from unnest(%(products)s::uuid[]) with ordinality p (id, at)
            join unnest(%(ranks)s::real[]) with ordinality k (rank, at) on k.at = p.at) m on m.id = s.product_id"""
        if meaning.or_sellers:
            pieces["joins"] = pieces["joins"].replace("join (select", "left join (select", 1)
            pieces = {name: sql.replace("-m.rank", "-coalesce(m.rank, 0)") for name, sql in pieces.items()}
        parameters |= {"products": list(ranks), "ranks": list(ranks.values())}
    if wanted.sort == "delivered":
        if counts.is_exact:
            pieces["joins"] = f"join {_NEAREST} on true"
            sql = _SORTED
        else:
            sql = _WALKED_BY_TOTAL
            branches = []
            for number, place in enumerate(destinations_of(wanted.country)):
                branches.append(_BRANCH.format(number=number))
                parameters[f"to_{number}"] = place
            pieces["branches"] = " union all ".join(branches)
            # What the totals themselves tell of the price spares looking at the listing: the walk begins at the lowest one.
            pieces["bounds"] = "true"
            if wanted.least_minor is not None:
                pieces["bounds"] = (
                    "r.delivered_minor >= %(least)s and r.delivered_minor - r.shipping_minor >= %(least)s"
                )
            if wanted.most_minor is not None:
                pieces["bounds"] += " and r.delivered_minor - r.shipping_minor <= %(most)s"
            pieces = {name: piece.replace("s.listing_id", "r.listing_id") for name, piece in pieces.items()}
    else:
        sql = _SORTED if counts.is_exact or wanted.sort == "relevance" else _WALKED
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**pieces), parameters)
        return cursor.fetchall()


def _shown(keys: Sequence[tuple[Any, ...]], wanted: Wanted) -> list[Found]:
    if not keys:
        return []
    told = {pk: tuple(_plain(value) for value in key) for pk, *key in keys}
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, {"ids": list(told), "destinations": destinations_of(wanted.country)})
        return [Found(*row, told[row[0]]) for row in cursor.fetchall()]


def _plain(value: Any) -> str | int | float:
    """A key's value as JSON holds it."""
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value if isinstance(value, int | float) else str(value)
