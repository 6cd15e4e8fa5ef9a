"""pokemon-tcg-data JSON: a folder with sets/en.json and cards/en/*.json, or one cards file beside its sets file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.catalog.importers import pokemon
from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts, count_from, date_from, finish_from
from apps.catalog.importers.streams import document
from apps.catalog.models import Finish
from apps.core.errors import InvalidInput
from apps.core.rejects import Reject


def read(path: Path) -> Iterator[Printing | Reject]:
    """Every card of every cards file; a card's set is the part of its id before the last dash."""
    files = sorted(path.glob("cards/*/*.json")) if path.is_dir() else [path]
    if not files:
        raise InvalidInput(f"{path} holds no cards/en/*.json.")
    releases = _releases(path)
    for file in files:
        cards = document(file)
        if not isinstance(cards, list):
            raise InvalidInput(f"{file.name} is not a list of cards.")
        for position, card in enumerate(cards, 1):
            try:
                yield _printing(position, card, releases)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                yield Reject(position, card, f"it is not a card of this format: {error!r}")


def _releases(path: Path) -> dict[str, ReleaseFacts]:
    folder = path if path.is_dir() else path.parent.parent.parent
    found = sorted(folder.glob("sets/*.json"))
    sets = [each for file in found for each in document(file)]
    return {
        each["id"]: ReleaseFacts(
            code=each["id"],
            name=each.get("name", ""),
            series=each.get("series", ""),
            abbreviation=each.get("ptcgoCode") or "",
            released_on=date_from(each.get("releaseDate")),
            total_cards=count_from(each.get("printedTotal")),
        )
        for each in sets
    }


def _printing(position: int, card: dict[str, Any], releases: dict[str, ReleaseFacts]) -> Printing:
    code = card["id"].rpartition("-")[0]
    rarity = card.get("rarity") or ""
    attributes = {
        "supertype": card.get("supertype"),
        "subtypes": card.get("subtypes"),
        "types": card.get("types"),
        "hp": count_from(card.get("hp")),
        "regulation_mark": card.get("regulationMark"),
        "evolves_from": card.get("evolvesFrom"),
    }
    # Newer dumps carry TCGplayer's prices by printing: their names are the finishes that exist.
    prices = (card.get("tcgplayer") or {}).get("prices") or {}
    finishes = [finish for finish in map(_finish_of_key, prices) if finish]
    return Printing(
        line=position,
        content=card,
        category=pokemon.CATEGORY,
        release=releases.get(code, ReleaseFacts(code=code)),
        number=card["number"],
        name=card["name"],
        rarity=rarity,
        artist=card.get("artist") or "",
        attributes={name: value for name, value in attributes.items() if value not in (None, [], "")},
        ids={"pokemon-tcg-data": [card["id"]]},
        image_url=(card.get("images") or {}).get("large", ""),
        variants=tuple(VariantFacts(finish) for finish in finishes or [pokemon.finish_of_rarity(rarity)]),
    )


def _finish_of_key(key: str) -> Finish | None:
    return finish_from(key)
