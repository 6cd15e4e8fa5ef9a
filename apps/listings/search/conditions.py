"""What a search asks for, as conditions in SQL over `s` (listings_searchrow)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection

from apps.listings.search.asking import FACETS, Wanted
from apps.listings.search.meaning import Meaning

_OF_THE_SETS = """s.product_id = any(array(
    select p.id from catalog_product p where p.release_id = any(%(sets)s::uuid[]) and p.id = any(%(products)s::uuid[])))"""


def conditions_of(wanted: Wanted, meaning: Meaning, *, without: str = "") -> tuple[str, dict[str, Any]]:
    """SQL over `s` of everything that is asked for, but one facet where that is named; and its parameters."""
    sets = [value for value in wanted.facets.get("set", ()) if _is_uuid(value)] if without != "set" else []
    # Of many cards that the words mean few are of the set: only their listings are looked at.
    found, parameters = meaning.condition(of_cards=_OF_THE_SETS) if sets and meaning.ranks else meaning.condition()
    parts = [found]
    if sets:
        parameters["sets"] = sets
    for name, tags in wanted.tags.items():
        if name == without:
            continue
        letter = FACETS[name][0]
        parts.append(
            f"s.tags && %(tags_{letter})s::varchar[]" if len(tags) > 1 else f"s.tags @> %(tags_{letter})s::varchar[]"
        )
        parameters[f"tags_{letter}"] = tags
    if wanted.least_minor is not None:
        parts.append("s.price_minor >= %(least)s")
        parameters["least"] = wanted.least_minor
    if wanted.most_minor is not None:
        parts.append("s.price_minor <= %(most)s")
        parameters["most"] = wanted.most_minor
    return " and ".join(parts), parameters


_RESOLVE = """
select 'category', path from catalog_category where game = any(%(category)s) or path = any(%(category)s)
   or exists (select 1 from unnest(%(category)s::text[]) c (above) where path like c.above || '/%%')
union all
select 'set', id::text from catalog_release
where lower(code) = any(%(codes)s) or lower(abbreviation) = any(%(codes)s) or id = any(%(ids)s::uuid[])
"""


def resolved(wanted: Wanted) -> Wanted:
    """With games and sets by the names of the rows: a path for a short code or a branch, an id for a set's code.

    One query, none where neither is asked for. What is known by no such name stays as it is, and finds nothing.
    """
    category, sets = wanted.facets.get("category", ()), wanted.facets.get("set", ())
    if not category and not sets:
        return wanted
    ids = [value for value in sets if _is_uuid(value)]
    codes = [value.lower() for value in sets if not _is_uuid(value)]
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_RESOLVE, {"category": list(category), "codes": codes, "ids": ids})
        for name, value in cursor.fetchall():
            found.setdefault(name, []).append(value)
    facets = dict(wanted.facets)
    for name in ("category", "set"):
        if name in facets and found.get(name):
            facets[name] = tuple(found[name])
    return replace(wanted, facets=facets)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
