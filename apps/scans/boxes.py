"""The catalogue of boxes that recognition asks, over our own tables, and what each category is identified by. See ml/identify."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from apps.catalog.categories import CARD_ROOTS
from apps.catalog.models import Barcode, Category, Product
from apps.scans.references import catalogue_game, ml_game, text_catalogue

if TYPE_CHECKING:  # the web loads this module too, and never the engines
    from ml.identify.strategies import Strategies
    from ml.identify.types import BoxEntry, Plan
    from ml.pipeline import Pipeline

_FACTS = ("theme", "subtheme", "line", "maker", "platform", "publisher")
MOST = 60


def strategies(pipeline: Pipeline, engine: Callable[[str, str], Any]) -> Strategies:
    """The pipeline for cards, and beside it the identifiers for boxes. engine: gives an engine of a stage and version."""
    from ml.identify.by_barcode import BarcodeIdentifier
    from ml.identify.by_picture import PictureIdentifier
    from ml.identify.by_text import TextIdentifier
    from ml.identify.page import PageOcr
    from ml.identify.strategies import Strategies
    from ml.identify.types import BARCODE, TEXT, VISION, Identifier
    from ml.read import OcrReader

    catalogue = DatabaseBoxes()
    identifiers: dict[str, Identifier] = {
        BARCODE: BarcodeIdentifier(catalogue),
        TEXT: TextIdentifier(catalogue, PageOcr(engine("read", OcrReader.version))),
    }
    if pipeline.index is not None and pipeline.verifier is not None:
        identifiers[VISION] = PictureIdentifier(catalogue, pipeline.embedder, pipeline.index, pipeline.verifier)
    return Strategies(pipeline, catalogue, identifiers, plans())


def plans() -> dict[str, Plan]:
    """What the products of each game are identified by, as their category declares."""
    from ml.identify.types import STRATEGIES, Plan

    return {
        ml_game(category.game): Plan(
            ml_game(category.game),
            tuple(name for name in category.identifiers if name in STRATEGIES) or STRATEGIES,
            cards=category.path.partition("/")[0] in CARD_ROOTS,
        )
        for category in Category.objects.exclude(game="").only("path", "game", "identifiers")
    }


class DatabaseBoxes:
    """See `ml.identify.types.BoxCatalogue`. Keys are product ids as text; made anew for each look, so that it counts once."""

    def __init__(self) -> None:
        self._sizes: dict[str | None, int] = {}

    def size(self, game: str | None) -> int:
        """See `ml.identify.types.BoxCatalogue`."""
        if game not in self._sizes:
            self._sizes[game] = _products(game).count()
        return self._sizes[game]

    def by_barcode(self, codes: Sequence[str]) -> Mapping[str, BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        if not codes:
            return {}
        rows = Barcode.objects.filter(value__in=codes).select_related("product__category", "product__release")
        return {row.value: _entry(row.product) for row in rows.defer("product__search")}

    def by_number(self, numbers: Sequence[str], game: str | None) -> list[BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        from ml.identify.catalogue import number_base

        bases = {base for base in map(number_base, numbers) if base}
        if not bases:
            return []
        meant = Q(number_key__in=bases)
        for base in bases:
            meant |= Q(number_key__startswith=f"{base}-")
        return [_entry(product) for product in _products(game).filter(meant)[:MOST]]

    def by_name(self, texts: Sequence[str], game: str | None) -> list[BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        from ml.types import TextQuery

        games = [game] if game else [name for name, plan in plans().items() if not plan.cards]
        known = text_catalogue()
        found = known.find([TextQuery(name, "", "", "", tuple(texts)) for name in games], limit=20) if texts else []
        return list(self.entries([entry.key for entries in found for entry in entries]).values())

    def entries(self, keys: Sequence[str]) -> Mapping[str, BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        if not keys:
            return {}
        rows = Product.objects.defer("search").select_related("category", "release").filter(pk__in=keys)
        return {str(product.pk): _entry(product) for product in rows}


def _products(game: str | None) -> QuerySet[Product]:
    """Products of one game, or of every category whose products are no cards."""
    rows = Product.objects.defer("search").select_related("category", "release")
    if game:
        return rows.filter(category__game=catalogue_game(game))
    cards = Q()
    for root in CARD_ROOTS:
        cards |= Q(category__path=root) | Q(category__path__startswith=f"{root}/")
    return rows.exclude(cards)


def _entry(product: Product) -> BoxEntry:
    from ml.identify.types import BoxEntry

    told = product.attributes
    pieces = told.get("pieces")
    lines = (product.release.name, *(str(told[name]) for name in _FACTS if told.get(name)))
    return BoxEntry(
        key=str(product.pk),
        game=ml_game(product.category.game),
        number=product.number,
        name=product.name,
        aliases=tuple(product.names.values()),
        lines=tuple(dict.fromkeys(lines)),
        pieces=pieces if isinstance(pieces, int) else None,
    )
