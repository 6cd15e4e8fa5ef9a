"""How many products each choice of a facet leaves, with all other facets applied."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection

from apps.catalog.languages import LANGUAGE_NAMES
from apps.catalog.models import Finish
from apps.catalog.search.conditions import Filters, conditions, has_variant
from apps.catalog.search.meaning import Understood, kept, matched


@dataclass(frozen=True)
class FacetValue:
    """One choice of a facet with how many products it leaves, all other facets applied."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class Facet:
    """A facet with its choices, most frequent first."""

    name: str
    label: str
    values: tuple[FacetValue, ...]


_FACETS = {"game": "Game", "set": "Set", "rarity": "Rarity", "finish": "Finish", "language": "Language"}

# Each facet counts what all the others leave. A product has several variants, hence the two levels.
_COUNTS = """
with matched as {kept} ({matched}),
flagged as materialized (
    select p.id, p.category_id, p.release_id, p.rarity, {is_category} as g, {is_release} as s, {is_rarity} as r
    from matched m join catalog_product p on p.id = m.id join catalog_category c on c.id = p.category_id),
products as (select * from flagged f where {variants}),
others as (select id from flagged where g and s and r)
select 'game', c.path, c.name, count(*) from products p join catalog_category c on c.id = p.category_id
where p.s and p.r group by c.path, c.name
union all (select 'set', r.id::text, r.name, count(*) from products p join catalog_release r on r.id = p.release_id
where p.g and p.r group by r.id, r.name order by count(*) desc, r.name limit {sets})
union all select 'rarity', rarity, rarity, count(*) from products where g and s and rarity <> '' group by rarity
union all select 'finish', finish, finish, count(*) from (
    select distinct v.product_id, v.finish from others o join catalog_variant v on v.product_id = o.id where {is_language}) f
group by finish
union all select 'language', language, language, count(*) from (
    select distinct v.product_id, v.language from others o join catalog_variant v on v.product_id = o.id where {is_finish}) l
group by language
"""
MOST_SETS = 40


def facets(understood: Understood, filters: Filters, *, with_total: bool) -> tuple[Facet, ...]:
    """All facets with their choices, in one query; of the whole catalogue the answer is kept, and one asks if it holds."""
    found, parameters = matched(understood, with_total=with_total, within=filters.within, ranked=False)
    sql_of, more = conditions(filters)
    variants = has_variant(filters, f"{sql_of['is_finish']} and {sql_of['is_language']}", of="f")
    sql = _COUNTS.format(matched=found, kept=kept(understood), variants=variants, sets=MOST_SETS, **sql_of)
    if not understood.text:
        return _facets_of_all(sql, parameters | more, filters)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters | more)
        return _arranged(cursor.fetchall(), filters)


_NEWEST = """select (select id from catalog_product order by id desc limit 1),
(select id from catalog_variant order by id desc limit 1), current_database()"""


def _facets_of_all(sql: str, parameters: dict[str, Any], filters: Filters) -> tuple[Facet, ...]:
    """Facets of the whole catalogue: counting every product takes a tenth of a second, so the answer is kept for five
    minutes, or until a product or variant is added.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        newest = cursor.fetchone()
        key = "catalog-facets:" + hashlib.sha256(repr((newest, filters)).encode()).hexdigest()
        counted = cache.get(key)
        if counted is None:
            cursor.execute(sql, parameters)
            counted = cursor.fetchall()
            cache.set(key, counted, 300)
    return _arranged(counted, filters)


def _arranged(counted: list[tuple[str, str, str, int]], filters: Filters) -> tuple[Facet, ...]:
    found: dict[str, list[FacetValue]] = {name: [] for name in _FACETS}
    selected = {
        "game": filters.category,
        "set": filters.release,
        "rarity": filters.rarity,
        "finish": filters.finish,
        "language": filters.language,
    }
    for name, value, label, count in counted:
        found[name].append(FacetValue(value, _label(name, value, label), count, value in selected[name]))
    for values in found.values():
        values.sort(key=lambda each: (not each.selected, -each.count, each.label))
    return tuple(Facet(name, label, tuple(found[name])) for name, label in _FACETS.items())


def _label(facet: str, value: str, label: str) -> str:
    if facet == "finish":
        return str(Finish(value).label) if value in Finish.values else value
    if facet == "language":
        return LANGUAGE_NAMES.get(value, value)
    return label
