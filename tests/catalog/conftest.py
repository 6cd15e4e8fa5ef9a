"""A small catalogue to search: three games, sets with and without printed codes, several printings. All of it is made up."""

from __future__ import annotations

import pytest

from apps.catalog.actions import import_catalog
from apps.catalog.models import Product
from tests.catalog import files

_POKEMON = ("trading-cards/pokemon", "emb1", "Ember Peaks", "EMB", "2021-03-05", "102")
_LATER = ("trading-cards/pokemon", "tid2", "Tidal Depths", "TID", "2023-06-01", "86")
_PIECE = ("trading-cards/onepiece", "OP77", "Dawn Tide", "OP77", "2024-01-01", "")
_COLUMNS = ("category", "release_code", "release_name", "abbreviation", "released_on", "total_cards")
_CARDS = [
    (_POKEMON, "004", "Emberizard", "Rare Holo", "holofoil", "en", "Mitsu Brush"),
    (_POKEMON, "005", "Emberizard ex", "Ultra Rare", "holofoil", "en", "Ana Quill"),
    (_POKEMON, "010", "Otterling", "Common", "normal|reverse-holofoil", "en|ja", "Ana Quill"),
    (_POKEMON, "TG04", "Otterling Gallery", "Rare", "holofoil", "en", "Ana Quill"),
    (_LATER, "004", "Emberizard", "Rare", "normal|reverse-holofoil", "en", "Mitsu Brush"),
    (_LATER, "017", "Pokétrainer Élan", "Uncommon", "normal", "en", "Ana Quill"),
    (_LATER, "018", "Farfetch'd & Friends", "Uncommon", "normal", "en", "Ana Quill"),
    (_PIECE, "OP77-016", "Captain Reef", "Super Rare", "foil", "en|ja", ""),
    (_PIECE, "OP77-016_p1", "Captain Reef", "Super Rare", "foil", "en", ""),
    (_PIECE, "OP77-017", "Harbour Master", "Common", "normal", "en", ""),
]


@pytest.fixture
def catalogue(db: None, tmp_path) -> dict[str, Product]:
    """The cards by "set code number"."""
    rows = [
        dict(zip(_COLUMNS, release, strict=True))
        | dict(zip(("number", "name", "rarity", "finishes", "language", "artist"), card, strict=True))
        for release, *card in _CARDS
    ]
    report = import_catalog(kind="generic", path=files.generic(tmp_path, files.table(rows)))
    assert report.counts["products"].created == len(_CARDS), report.rejects
    return {
        f"{product.release.code} {product.number}": product
        for product in Product.objects.select_related("release", "category")
    }
