"""punk-records JSON: <language>/packs.json and <language>/cards/<pack>.json, or a folder of one file a card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.catalog.importers import onepiece
from apps.catalog.importers.rows import Printing
from apps.catalog.importers.streams import document
from apps.core.errors import InvalidInput
from apps.core.rejects import Reject


def read(path: Path) -> Iterator[Printing | Reject]:
    """Every language folder under `path`, or `path` itself when it is one."""
    folders = [path] if (path / "packs.json").is_file() else sorted(each.parent for each in path.glob("*/packs.json"))
    folders = [folder for folder in folders if folder.name in onepiece.LANGUAGES]
    if not folders:
        known = ", ".join(onepiece.LANGUAGES)
        raise InvalidInput(f"{path} holds no language folder with a packs.json; known languages: {known}.")
    cards: list[onepiece.Card] = []
    for folder in folders:
        for found in _cards(folder):
            if isinstance(found, Reject):
                yield found
            else:
                cards.append(found)
    yield from onepiece.printings(cards)


def _cards(folder: Path) -> Iterator[onepiece.Card | Reject]:
    told = document(folder / "packs.json")
    packs = {pack["id"]: pack for pack in (told.values() if isinstance(told, dict) else told)}
    for file in sorted([*folder.glob("cards/*.json"), *folder.glob("cards/*/*.json")]):
        content = document(file)
        for position, card in enumerate(content if isinstance(content, list) else [content], 1):
            try:
                yield _card(position, card, packs, onepiece.LANGUAGES[folder.name])
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                yield Reject(position, card, f"it is not a card of this format: {error!r}")


def _card(position: int, card: dict[str, Any], packs: dict[str, Any], language: str) -> onepiece.Card:
    pack = packs.get(card["pack_id"], {})
    parts = pack.get("title_parts") or {}
    return onepiece.Card(
        line=position,
        content=card,
        language=language,
        id=card["id"],
        pack_id=card["pack_id"],
        label=parts.get("label") or "",
        title=parts.get("title") or pack.get("raw_title", ""),
        name=card["name"],
        rarity=card.get("rarity") or "",
        image_url=card.get("img_full_url") or "",
        attributes=onepiece.attributes_of(
            kind=card.get("category") or "",
            colors=card.get("colors") or [],
            types=card.get("types") or [],
            attributes=card.get("attributes") or [],
            figures={
                "cost": card.get("cost"),
                "power": card.get("power"),
                "counter": card.get("counter"),
                "block": card.get("block_number"),
            },
        ),
    )
