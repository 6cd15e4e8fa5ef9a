"""Importers: one module per format turns it into printings; the loader alone writes. `IMPORTERS` names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from apps.catalog.importers import (
    brickset,
    generic,
    pokemon_tcg_data,
    punk_records,
    punk_records_csv,
    scryfall,
    tcgcsv,
    tcgdex_csv,
)
from apps.catalog.importers.rows import Printing
from apps.core.rejects import Reject

IMPORTERS: dict[str, tuple[str, Callable[[Path], Iterator[Printing | Reject]]]] = {
    "brickset": ("CSV of LEGO sets as Brickset exports it", brickset.read),
    "generic": ("our own CSV of any category", generic.read),
    "pokemon-tcg-data": ("folder with sets/en.json and cards/en/*.json", pokemon_tcg_data.read),
    "punk-records": ("folder with <language>/packs.json and <language>/cards/", punk_records.read),
    "punk-records-csv": ("onepiece_cards.csv, or its folder", punk_records_csv.read),
    "scryfall": ("bulk JSON of Scryfall", scryfall.read),
    "scryfall-csv": ("CSV of printings with Scryfall's ids", scryfall.read_table),
    "tcgcsv": ("products JSON, ProductsAndPrices.csv, or a folder of groups", tcgcsv.read),
    "tcgdex-csv": ("folder with tcgdex_sets.csv, tcgdex_cards.csv and tcgdex_variant_ids.csv", tcgdex_csv.read),
}
