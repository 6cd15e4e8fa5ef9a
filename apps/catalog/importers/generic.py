"""Our own CSV of printings, for any category; docs/importing.md describes each column."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts, count_from, date_from, finish_from
from apps.core.rejects import Reject, each_read
from apps.core.tabular import rows_of
from ml import gtin

REQUIRED = ("category", "release_code", "number", "name")


def read(path: Path) -> Iterator[Printing | Reject]:
    """One printing a line; `finishes` and `language` may name several, joined by "|"."""
    return each_read(rows_of(path, required=REQUIRED), _printing)


def _printing(line: int, row: dict[str, str]) -> Printing:
    finishes = []
    for word in row.get("finishes", "").split("|"):
        finish = finish_from(word)
        if finish is None:
            raise ValueError(f"{word.strip()!r} is not a finish")
        finishes.append(finish)
    attributes = json.loads(row.get("attributes") or "{}")
    names = json.loads(row.get("names") or "{}")
    if not isinstance(attributes, dict) or not isinstance(names, dict):
        raise ValueError("attributes and names are JSON objects")
    ids = {
        source: [value.strip() for value in row[f"{source}_id"].split("|")]
        for source in ("tcgplayer", "cardmarket", "scryfall")
        if row.get(f"{source}_id")
    }
    languages = [word.strip() for word in (row.get("language") or "en").split("|")]
    return Printing(
        line=line,
        content=row,
        category=row["category"],
        release=ReleaseFacts(
            code=row["release_code"],
            name=row.get("release_name", ""),
            series=row.get("series", ""),
            abbreviation=row.get("abbreviation", ""),
            released_on=date_from(row.get("released_on")),
            total_cards=count_from(row.get("total_cards")),
        ),
        number=row["number"],
        name=row["name"],
        names=names,
        rarity=row.get("rarity", ""),
        artist=row.get("artist", ""),
        barcodes=_barcodes(row.get("barcode", "")),
        attributes=attributes,
        ids=ids,
        image_url=row.get("image_url", ""),
        variants=tuple(
            VariantFacts(finish, language, row.get("treatment", ""))
            for language in languages
            for finish in dict.fromkeys(finishes)
        ),
    )


def _barcodes(cell: str) -> tuple[str, ...]:
    """Several are joined by "|". Raises ValueError where one is none."""
    found = []
    for word in filter(None, map(str.strip, cell.split("|"))):
        code = gtin.normal(word)
        if code is None:
            raise ValueError(f"{word!r} is not a barcode: 8, 12 or 13 digits, the last of which checks the others")
        found.append(code)
    return tuple(found)
