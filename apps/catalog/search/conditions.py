"""The facets that are chosen, as conditions in SQL over product p, category c and variant v."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Filters:
    """Chosen facets; any of the values of one facet, all of the facets."""

    category: tuple[str, ...] = ()
    release: tuple[str, ...] = ()
    rarity: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    within: str = ""
    """The id of a set beyond which nothing is looked for, nor counted: its own page."""

    def __bool__(self) -> bool:
        return any((self.category, self.release, self.rarity, self.finish, self.language))


def conditions(filters: Filters) -> tuple[dict[str, str], dict[str, Any]]:
    """SQL of each facet's condition ("true" where nothing is chosen) and the parameters."""
    ids = [value for value in filters.release if _is_uuid(value)]
    codes = [value.lower() for value in filters.release if not _is_uuid(value)]
    return {
        "is_category": "(c.path = any(%(category)s) or c.game = any(%(category)s))" if filters.category else "true",
        "is_release": """p.release_id in (select id from catalog_release where id = any(%(release_ids)s::uuid[])
            or lower(code) = any(%(release_codes)s) or lower(abbreviation) = any(%(release_codes)s))"""
        if filters.release
        else "true",
        "is_rarity": "p.rarity = any(%(rarity)s)" if filters.rarity else "true",
        "is_finish": "v.finish = any(%(finish)s)" if filters.finish else "true",
        "is_language": "v.language = any(%(language)s)" if filters.language else "true",
    }, {
        "category": list(filters.category),
        "release_ids": ids,
        "release_codes": codes,
        "rarity": list(filters.rarity),
        "finish": list(filters.finish),
        "language": list(filters.language),
    }


def has_variant(filters: Filters, chosen: str, *, of: str) -> str:
    """SQL that holds for products with a variant that is `chosen`; `of` names their table. "true" where any will do."""
    if not (filters.finish or filters.language):
        return "true"
    return f"exists (select 1 from catalog_variant v where v.product_id = {of}.id and {chosen})"  # noqa: S608 - fixed text


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
