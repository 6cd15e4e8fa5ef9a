"""Scryfall's bulk JSON (default, unique artwork or all cards), streamed, and a plain table of printings with its ids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts, date_from, finish_from
from apps.catalog.importers.streams import elements_of
from apps.catalog.models import Finish
from apps.core.rejects import Reject
from apps.core.tabular import rows_of

CATEGORY = "trading-cards/magic"
# Scryfall's codes are ISO 639-1 but for these.
_LANGUAGES = {"zhs": "zh", "zht": "zh-tw", "ph": "en", "grc": "el"}


def read(path: Path) -> Iterator[Printing | Reject]:
    """Every printed card; digital ones are left out. One printing may come once per language: the loader joins them."""
    for position, card in enumerate(elements_of(path), 1):
        try:
            if card.get("digital") or "paper" not in card.get("games", ["paper"]):
                continue
            yield _printing(position, card)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            yield Reject(position, card, f"it is not a card of this format: {error!r}")


def _printing(position: int, card: dict[str, Any]) -> Printing:
    language = _LANGUAGES.get(card["lang"], card["lang"])
    printed = card.get("printed_name") or " // ".join(
        face["printed_name"] for face in card.get("card_faces", []) if face.get("printed_name")
    )
    attributes = {
        "type_line": card.get("type_line"),
        "mana_cost": card.get("mana_cost"),
        "mana_value": card.get("cmc"),
        "colors": card.get("colors"),
        "layout": card.get("layout"),
        "frame": card.get("frame_effects"),
    }
    images = card.get("image_uris") or next(
        (face["image_uris"] for face in card.get("card_faces", []) if face.get("image_uris")), {}
    )
    return Printing(
        line=position,
        content={"id": card["id"], "name": card["name"], "set": card["set"], "number": card["collector_number"]},
        category=CATEGORY,
        release=ReleaseFacts(
            code=card["set"],
            name=card.get("set_name", ""),
            series=(card.get("set_type") or "").replace("_", " ").title(),
            abbreviation=card["set"].upper(),
            released_on=date_from(card.get("released_at")),
        ),
        number=card["collector_number"],
        name=card["name"],
        names={language: printed} if printed and language != "en" else {},
        rarity=(card.get("rarity") or "").title(),
        artist=card.get("artist") or "",
        attributes={name: value for name, value in attributes.items() if value not in (None, "", [])},
        ids={"scryfall": [card["id"]]},
        image_url=images.get("normal", "") if language == "en" else "",
        image_credit="Wizards of the Coast",
        variants=tuple(_variant(card, word, language) for word in card.get("finishes") or ["nonfoil"]),
    )


def _variant(card: dict[str, Any], word: str, language: str) -> VariantFacts:
    finish = finish_from(word)
    if finish is None:
        raise ValueError(f"{word!r} is not a finish")
    tcgplayer = card.get("tcgplayer_etched_id") if finish == Finish.ETCHED else card.get("tcgplayer_id")
    ids = {"tcgplayer": tcgplayer, "cardmarket": card.get("cardmarket_id")}
    return VariantFacts(finish, language, "", {source: [str(value)] for source, value in ids.items() if value})


def read_table(path: Path) -> Iterator[Printing | Reject]:
    """A CSV with scryfall_id, set_code, set_name, collector_number, name, rarity. Finishes are not told: normal."""
    for line, row in rows_of(path, required=("scryfall_id", "set_code", "collector_number", "name")):
        yield Printing(
            line=line,
            content=row,
            category=CATEGORY,
            release=ReleaseFacts(row["set_code"], row.get("set_name", ""), abbreviation=row["set_code"].upper()),
            number=row["collector_number"],
            name=row["name"],
            rarity=row.get("rarity", "").title(),
            ids={"scryfall": [row["scryfall_id"]]},
            variants=(VariantFacts(),),
        )
