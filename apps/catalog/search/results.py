"""A page of products for a text and facets. Apps above may add columns to it (`ENRICHERS`)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from apps.catalog.rows import COLUMNS, WIDTH, ProductRow
from apps.catalog.search import facets as counting
from apps.catalog.search.conditions import Filters, conditions, has_variant
from apps.catalog.search.facets import Facet
from apps.catalog.search.meaning import Understood, kept, matched, understand
from apps.catalog.search.sorting import SORTS
from apps.core.pagination import Page, Stretch

ENRICHERS: list[Callable[[Sequence[ProductRow]], None]] = []
"""Called with each page of results; they add to `row.extras`, in one query each."""


@dataclass(frozen=True)
class SearchResult:
    """A page of results, the facets beside it, and how the text was understood."""

    page: Page[ProductRow]
    facets: tuple[Facet, ...]
    understood: Understood
    last: tuple[str | None, ...] | None = None
    """The position of the last row in the order of the page: what `after` takes."""

    @property
    def suggestion(self) -> str:
        """What is shown instead of what was typed, where a word was mistyped."""
        return self.understood.suggestion


_PAGE = """
with matched as {kept} ({matched}),
kept as (
    select p.id, m.rank from matched m join catalog_product p on p.id = m.id join catalog_category c on c.id = p.category_id
    where {products} and {variants})
select {columns},
       (select count(*) from kept), {place}
from (select p.id from kept m join catalog_product p on p.id = m.id join catalog_release r on r.id = p.release_id {join}
      where {behind} order by {order} limit %(limit)s offset %(offset)s) page
join catalog_product p on p.id = page.id
join catalog_release r on r.id = p.release_id
join catalog_category c on c.id = p.category_id
join kept m on m.id = p.id {join}
left join catalog_productimage i on i.product_id = p.id and i.is_primary
left join lateral (select id, finish, treatment from catalog_variant v where v.product_id = p.id and {chosen}
                   order by (select count(*) from unnest(%(typed)s::text[]) w where catalog_words(
                       catalog_finish_words(v.finish) || ' ' || v.treatment) ~ ('\\m' || w)) desc,
                       v.is_default desc, v.treatment, v.finish limit 1) v on true
order by {order}
"""


def search_products(
    *,
    text: str = "",
    category: str | Iterable[str] = (),
    release: str | Iterable[str] = (),
    rarity: str | Iterable[str] = (),
    finish: str | Iterable[str] = (),
    language: str | Iterable[str] = (),
    within: UUID | str = "",
    sort: str = "relevance",
    limit: int = 24,
    offset: int = 0,
    after: Sequence[str | None] | None = None,
    facets: bool = True,
) -> SearchResult:
    """Products that a text and facets mean, a page of them: three queries and one per enricher, two more where none fits.

    `category` is a path or a short code of a game; `release` an id, code or printed abbreviation; within: the id of a set
    whose cards alone are looked at and counted. An unknown sort is relevance. after: instead of an offset, the `last` of an
    earlier result. Raises ValueError where it is of another order.
    """
    understood = understand(text)
    filters = Filters(*map(_several, (category, release, rarity, finish, language)), within=str(within))
    part = _Part(limit, offset, tuple(after) if after is not None else None)
    rows, total, last = _page(understood, filters, sort, part, with_total=True)
    with_total = True
    if not total and understood.total is not None:
        # The total on the card differs between sources for some sets: the number alone then.
        with_total = False
        rows, total, last = _page(understood, filters, sort, part, with_total=False)
    if not total and len(understood.words) > 1:
        understood.is_loose, with_total = True, False
        rows, total, last = _page(understood, filters, sort, part, with_total=False)
    for enrich in ENRICHERS:
        if rows:
            enrich(rows)
    counted = counting.facets(understood, filters, with_total=with_total) if facets else ()
    if part.after is None:
        return SearchResult(Page(rows, total, limit, offset), counted, understood, last)
    page = Stretch(rows[:limit], total, limit, 0, follows=len(rows) > limit)
    return SearchResult(page, counted, understood, last)


def _several(given: str | Iterable[str]) -> tuple[str, ...]:
    values = [given] if isinstance(given, str) else list(given)
    return tuple(value for value in values if value)


@dataclass(frozen=True)
class _Part:
    """Which rows of a search: from an offset on, or (one more, to know whether others follow) behind a position."""

    limit: int
    offset: int
    after: tuple[str | None, ...] | None


def _page(
    understood: Understood, filters: Filters, sort: str, part: _Part, *, with_total: bool
) -> tuple[list[ProductRow], int, tuple[str | None, ...] | None]:
    """Rows, how many there are in all, and the position of the last of `limit` rows."""
    way = SORTS.get(sort) or SORTS["relevance"]
    if way is SORTS["relevance"] and not understood.text:
        way = SORTS["newest"]
    is_ranked = "m.rank" in way.order
    found, parameters = matched(understood, with_total=with_total, within=filters.within, ranked=is_ranked)
    sql_of, more = conditions(filters)
    chosen = f"{sql_of['is_finish']} and {sql_of['is_language']}"
    behind, places = ("true", {}) if part.after is None else way.following(part.after)
    sql = functools.partial(
        _PAGE.format,
        columns=COLUMNS,
        matched=found,
        kept=kept(understood),
        place=", ".join(f"({expression})::text" for expression, _ in way.keys),
        products=" and ".join(sql_of[name] for name in ("is_category", "is_release", "is_rarity")),
        variants=has_variant(filters, chosen, of="p"),
        chosen=chosen,
        join=way.join,
        order=way.order,
    )
    most = part.limit if part.after is None else part.limit + 1
    with connection.cursor() as cursor:
        parameters |= more | {"typed": understood.words} | places
        cursor.execute(sql(behind=behind), parameters | {"limit": most, "offset": part.offset})
        rows = cursor.fetchall()
        if not rows and (part.offset or part.after):
            # Past the end: the rows are none, the count is still told.
            cursor.execute(sql(behind="true"), parameters | {"limit": 1, "offset": 0})
            first = cursor.fetchone()
            return [], first[WIDTH] if first else 0, None
    if not rows:
        return [], 0, None
    last = rows[: part.limit][-1][WIDTH + 1 :]
    return [ProductRow(*row[:WIDTH]) for row in rows], rows[0][WIDTH], tuple(last)


def suggest(text: str, *, limit: int = 8) -> list[ProductRow]:
    """The best results of half-typed text, without facets. Empty for fewer than two characters."""
    if len(text.strip()) < 2:
        return []
    return list(search_products(text=text, limit=limit, facets=False).page.rows)
