"""Reads of the catalogue: search, one product with its printings, sets, and finding a printing by what is known of it."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import TrigramSimilarity
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q

from apps.catalog import search
from apps.catalog.images import image_url
from apps.catalog.models import Barcode, Category, Finish, Product, ProductImage, Release, Variant
from apps.catalog.search import ENRICHERS, SORTS, Filters, Understood
from apps.core.errors import NotFound
from apps.core.pagination import Page, Stretch
from ml import gtin

__all__ = ["CardNotFound", "Facet", "FacetValue", "ProductDetail", "ProductRow", "SearchResult", "image_url"]


class CardNotFound(NotFound):
    """No product has this id."""

    code, message = "CARD_NOT_FOUND", "The requested card could not be found."


class ReleaseNotFound(NotFound):
    """No release has this id."""

    code, message = "SET_NOT_FOUND", "The requested set could not be found."


@dataclass
class ProductRow:
    """A product as lists show it. `variant_id` is the printing that the filters ask for, else the default one."""

    id: UUID
    name: str
    number: str
    rarity: str
    category: str
    game: str
    release_id: UUID
    release_code: str
    release_name: str
    abbreviation: str
    released_on: dt.date | None
    image: str
    image_source: str
    variant_id: UUID | None
    finish: str
    treatment: str
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def set_code(self) -> str:
        """The code that collectors write: what is printed on the card, else the release's own."""
        return self.abbreviation or self.release_code

    @property
    def finish_label(self) -> str:
        """The finish in words."""
        return str(Finish(self.finish).label) if self.finish else ""


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


_FACETS = {"game": "Game", "set": "Set", "rarity": "Rarity", "finish": "Finish", "language": "Language"}
LANGUAGE_NAMES = {
    "en": "English", "ja": "Japanese", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian", "ko": "Korean",
    "pt": "Portuguese", "ru": "Russian", "th": "Thai", "zh": "Chinese", "zh-tw": "Chinese (traditional)",
}  # fmt: skip

_PAGE = """
with matched as {kept} ({matched}),
kept as (
    select p.id, m.rank from matched m join catalog_product p on p.id = m.id join catalog_category c on c.id = p.category_id
    where {products} and {variants})
select p.id, p.name, p.number, p.rarity, c.path, c.game, r.id, r.code, r.name, r.abbreviation, r.released_on,
       coalesce(i.file, ''), coalesce(i.source_url, ''), v.id, coalesce(v.finish, ''), coalesce(v.treatment, ''),
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

_COLUMNS = 16
"""Columns of a row; its count and its position follow."""

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
    understood = search.understand(text)
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
    counted = _facets(understood, filters, with_total=with_total) if facets else ()
    if part.after is None:
        return SearchResult(Page(rows, total, limit, offset), counted, understood, last)
    page = Stretch(rows[:limit], total, limit, 0, follows=len(rows) > limit)
    return SearchResult(page, counted, understood, last)


def _several(given: str | Iterable[str]) -> tuple[str, ...]:
    values = [given] if isinstance(given, str) else list(given)
    return tuple(value for value in values if value)


def _conditions(filters: Filters) -> tuple[dict[str, str], dict[str, Any]]:
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


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


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
    matched, parameters = search.matched(understood, with_total=with_total, within=filters.within, ranked=is_ranked)
    conditions, more = _conditions(filters)
    chosen = f"{conditions['is_finish']} and {conditions['is_language']}"
    variants = "true"
    if filters.finish or filters.language:
        variants = f"exists (select 1 from catalog_variant v where v.product_id = p.id and {chosen})"  # noqa: S608
    behind, places = ("true", {}) if part.after is None else way.following(part.after)
    sql = functools.partial(
        _PAGE.format,
        matched=matched,
        kept=_kept(understood),
        place=", ".join(f"({expression})::text" for expression, _ in way.keys),
        products=" and ".join(conditions[name] for name in ("is_category", "is_release", "is_rarity")),
        variants=variants,
        chosen=chosen,
        join=way.join,
        order=way.order,
    )
    most = part.limit if part.after is None else part.limit + 1
    with connection.cursor() as cursor:
        parameters |= more | {"typed": understood.words} | places
        cursor.execute(sql(behind=behind), parameters | {"limit": most, "offset": part.offset})
        found = cursor.fetchall()
        if not found and (part.offset or part.after):
            # Past the end: the rows are none, the count is still told.
            cursor.execute(sql(behind="true"), parameters | {"limit": 1, "offset": 0})
            first = cursor.fetchone()
            return [], first[_COLUMNS] if first else 0, None
    if not found:
        return [], 0, None
    last = found[: part.limit][-1][_COLUMNS + 1 :]
    return [ProductRow(*row[:_COLUMNS]) for row in found], found[0][_COLUMNS], tuple(last)


def _kept(understood: Understood) -> str:
    """Whether what matches is worked out first: it is what selects, except for blank text, where the facets do."""
    return "materialized" if understood.text else "not materialized"


def _facets(understood: Understood, filters: Filters, *, with_total: bool) -> tuple[Facet, ...]:
    matched, parameters = search.matched(understood, with_total=with_total, within=filters.within, ranked=False)
    conditions, more = _conditions(filters)
    variants = "true"
    if filters.finish or filters.language:
        chosen = f"{conditions['is_finish']} and {conditions['is_language']}"
        variants = f"exists (select 1 from catalog_variant v where v.product_id = f.id and {chosen})"  # noqa: S608
    sql = _COUNTS.format(matched=matched, kept=_kept(understood), variants=variants, sets=MOST_SETS, **conditions)
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


def suggest(text: str, *, limit: int = 8) -> list[ProductRow]:
    """The best results of half-typed text, without facets. Empty for fewer than two characters."""
    if len(text.strip()) < 2:
        return []
    return list(search_products(text=text, limit=limit, facets=False).page.rows)


_SHORT = {"hp": "HP"}


# -- one product --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ProductDetail:
    """A product with all its printings and pictures, and its neighbours in the set."""

    product: Product
    variants: tuple[Variant, ...]
    image: ProductImage | None
    previous: UUID | None
    next: UUID | None

    @property
    def default_variant(self) -> Variant | None:
        """The printing that a page shows first."""
        return next((variant for variant in self.variants if variant.is_default), next(iter(self.variants), None))

    def variant(self, pk: str | UUID | None) -> Variant | None:
        """The printing with that id, else the default one."""
        return next((each for each in self.variants if str(each.pk) == str(pk)), self.default_variant)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The attributes in words, in the order of the category's schema."""
        known = self.product.category.attribute_schema.get("properties", {})
        told = self.product.attributes
        names = [name for name in known if name in told] + sorted(set(told) - set(known))
        return [
            (
                _SHORT.get(name) or name.replace("_", " ").capitalize(),
                ", ".join(map(str, value)) if isinstance(value, list) else str(value),
            )
            for name, value in ((name, told[name]) for name in names)
            if value not in (None, "", [])
        ]

    @property
    def barcodes(self) -> list[str]:
        """The barcodes of its boxes, as printed; needs the product of `product_detail`."""
        return [gtin.printed(value) for value in self.product.barcode_values]

    @property
    def other_names(self) -> list[tuple[str, str]]:
        """Language and name in it, for the languages that have a name of their own."""
        return [(LANGUAGE_NAMES.get(code, code), name) for code, name in self.product.names.items()]

    @property
    def languages(self) -> dict[str, str]:
        """Languages that the product was printed in, by code, English first."""
        codes = dict.fromkeys(variant.language for variant in self.variants)
        return {code: LANGUAGE_NAMES.get(code, code) for code in codes}


def product_detail(pk: UUID | str) -> ProductDetail:
    """Everything that a card page shows of the catalogue, in four queries. Raises CardNotFound."""
    images = Prefetch("images", ProductImage.objects.order_by("-is_primary", "id"))
    try:
        product = (
            Product.objects.defer("search")
            .select_related("category", "release")
            .prefetch_related("variants", images)
            .annotate(barcode_values=ArraySubquery(Barcode.objects.filter(product=OuterRef("pk")).values("value")))
            .get(pk=pk)
        )
    except (Product.DoesNotExist, ValidationError, ValueError) as error:
        raise CardNotFound(card_id=str(pk)) from error
    variants = sorted(
        product.variants.all(),
        key=lambda each: (each.language != "en", each.language, each.treatment, not each.is_default),
    )
    previous, following = _neighbours(product)
    return ProductDetail(product, tuple(variants), next(iter(product.images.all()), None), previous, following)


_NEIGHBOURS = """
select * from (
  (select id, false as is_next from catalog_product where release_id = %(release)s
     and (number_sort, number, id) < (%(sort)s, %(number)s, %(id)s) order by number_sort desc, number desc, id desc limit 1)
  union all
  (select id, true from catalog_product where release_id = %(release)s
     and (number_sort, number, id) > (%(sort)s, %(number)s, %(id)s) order by number_sort, number, id limit 1)) near
"""


def _neighbours(product: Product) -> tuple[UUID | None, UUID | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            _NEIGHBOURS,
            {"release": product.release_id, "sort": product.number_sort, "number": product.number, "id": product.pk},
        )
        near = {is_next: pk for pk, is_next in cursor.fetchall()}
    return near.get(False), near.get(True)


# -- sets -----------------------------------------------------------------------------------------------------------
def releases(*, category: str = "", text: str = "", limit: int = 60, offset: int = 0) -> Page[Release]:
    """Sets, newest first, each with `product_count`; `category` is a path or a game's short code."""
    found = Release.objects.select_related("category")
    if category:
        found = found.filter(Q(category__path=category) | Q(category__game=category))
    if text.strip():
        found = found.filter(
            Q(name__icontains=text.strip()) | Q(code__iexact=text.strip()) | Q(abbreviation__iexact=text.strip())
        )
    total = found.count()
    rows = found.annotate(product_count=Count("products")).order_by(
        F("released_on").desc(nulls_last=True), "name", "id"
    )
    return Page(list(rows[offset : offset + limit]), total, limit, offset)


def release_detail(pk: UUID | str) -> Release:
    """One set. Raises ReleaseNotFound."""
    try:
        return Release.objects.select_related("category").get(pk=pk)
    except (Release.DoesNotExist, ValidationError, ValueError) as error:
        raise ReleaseNotFound(set_id=str(pk)) from error


def games() -> list[Category]:
    """Categories that have products, by name."""
    return list(Category.objects.filter(Exists(Product.objects.filter(category=OuterRef("pk")))).order_by("name"))


# -- finding a printing by what is known of it ---------------------------------------------------------------------------
def find_printing(
    *, game: str = "", release: str = "", number: str = "", name: str = "", total: int | None = None, limit: int = 8
) -> list[Product]:
    """Products that fit what is known, best first, in one query; empty when neither number nor name is given.

    game: a category's path or short code. release: a set's code, printed abbreviation or name. number: as printed, with
    or without leading zeros. total: the second figure of 4/102. Name may be misread: it only orders and, without a
    number, selects by likeness.
    """
    if not number and not name:
        return []
    found = Product.objects.defer("search").select_related("category", "release")
    if game:
        found = found.filter(Q(category__path=game) | Q(category__game=game))
    if release:
        found = found.filter(
            Q(release__code__iexact=release)
            | Q(release__abbreviation__iexact=release)
            | Q(release__name__iexact=release)
        )
    if number:
        found = found.filter(number_key=search.number_key(number))
    if total is not None:
        found = found.filter(release__total_cards=total)
    if name:
        found = found.annotate(likeness=TrigramSimilarity("name", name))
        if not number:
            found = found.filter(name__trigram_similar=name)
        return list(found.order_by("-likeness", F("release__released_on").desc(nulls_last=True), "id")[:limit])
    return list(found.order_by(F("release__released_on").desc(nulls_last=True), "id")[:limit])
