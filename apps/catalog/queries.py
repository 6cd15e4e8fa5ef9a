"""Reads of the catalogue: one product with its printings, sets, and finding a printing by what is known of it.

What is typed into a search box is in search/.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import TrigramSimilarity
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce

from apps.catalog.languages import LANGUAGE_NAMES
from apps.catalog.models import Barcode, Category, Product, ProductImage, Release, Variant
from apps.catalog.search.meaning import number_key
from apps.core.errors import NotFound
from apps.core.pagination import Page
from ml import gtin


class CardNotFound(NotFound):
    """No product has this id."""

    code, message = "CARD_NOT_FOUND", "The requested card could not be found."


class ReleaseNotFound(NotFound):
    """No release has this id."""

    code, message = "SET_NOT_FOUND", "The requested set could not be found."


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
    products = Product.objects.filter(release=OuterRef("pk")).order_by().values("release").annotate(count=Count("pk"))
    # counted for the rows of the page alone
    rows = found.annotate(product_count=Coalesce(Subquery(products.values("count")), 0)).order_by(
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
        found = found.filter(number_key=number_key(number))
    if total is not None:
        found = found.filter(release__total_cards=total)
    if name:
        found = found.annotate(likeness=TrigramSimilarity("name", name))
        if not number:
            found = found.filter(name__trigram_similar=name)
        return list(found.order_by("-likeness", F("release__released_on").desc(nulls_last=True), "id")[:limit])
    return list(found.order_by(F("release__released_on").desc(nulls_last=True), "id")[:limit])
