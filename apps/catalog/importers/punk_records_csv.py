"""punk-records as one table, onepiece_cards.csv: a line per card and language, lists joined by "|"."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apps.catalog.importers import onepiece
from apps.catalog.importers.rows import Printing
from apps.core.rejects import Reject
from apps.core.tabular import rows_of

REQUIRED = ("language", "id", "pack_id", "set_name", "name")


def read(path: Path) -> Iterator[Printing | Reject]:
    """The file, or onepiece_cards.csv in the folder."""
    cards: list[onepiece.Card] = []
    for line, row in rows_of(path / "onepiece_cards.csv" if path.is_dir() else path, required=REQUIRED):
        try:
            cards.append(_card(line, row))
        except (ValueError, KeyError) as error:
            yield Reject(line, row, f"it cannot be read: {error}")
    yield from onepiece.printings(cards)


def _card(line: int, row: dict[str, str]) -> onepiece.Card:
    def several(column: str) -> list[str]:
        return [word for word in row.get(column, "").split("|") if word]

    def figure(column: str) -> int | None:
        return int(row[column]) if row.get(column) else None

    return onepiece.Card(
        line=line,
        content=row,
        language=onepiece.LANGUAGES[row["language"]],
        id=row["id"],
        pack_id=row["pack_id"],
        label=row.get("set_code", ""),
        title=row["set_name"],
        name=row["name"],
        rarity=row.get("rarity", ""),
        image_url=row.get("image_url", ""),
        attributes=onepiece.attributes_of(
            kind=row.get("category", ""),
            colors=several("colors"),
            types=several("types"),
            attributes=several("attributes"),
            figures={
                "cost": figure("cost"),
                "power": figure("power"),
                "counter": figure("counter"),
                "block": figure("block_number"),
            },
        ),
    )
