"""The category tree that every installation has, with the attributes that products of each may carry. `plant` writes it."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps

_TEXT = {"type": "string", "maxLength": 2000}
_LIST = {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 40}
_COUNT = {"type": "integer", "minimum": 0}
_YEAR = {"type": "integer", "minimum": 1800, "maximum": 2200}


def _schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": True,
    }


# What products are identified by, see ml/identify: the picture of the whole, what is printed on it, the barcode on its box.
# Cards too, because their sealed boxes are in the same category.
CARD_IDENTIFIERS = ["vision", "text", "barcode"]
BOX_IDENTIFIERS = ["barcode", "text"]
PICTURED_BOX_IDENTIFIERS = ["barcode", "text", "vision"]

CARD_ROOTS = ("trading-cards", "sports-cards")
"""Below these, products are cards, several of which lie in one photo; elsewhere a photo shows one thing."""

# path: (name, short code of the API, identifiers in order, schema of the attributes)
CATEGORIES: dict[str, tuple[str, str, list[str], dict[str, Any]]] = {
    "trading-cards": ("Trading cards", "", CARD_IDENTIFIERS, _schema()),
    "trading-cards/pokemon": (
        "Pokémon",
        "pokemon",
        CARD_IDENTIFIERS,
        _schema(supertype=_TEXT, subtypes=_LIST, types=_LIST, hp=_COUNT, regulation_mark=_TEXT, evolves_from=_TEXT),
    ),
    "trading-cards/onepiece": (
        "One Piece",
        "onepiece",
        CARD_IDENTIFIERS,
        _schema(
            kind=_TEXT,
            colors=_LIST,
            types=_LIST,
            attributes=_LIST,
            cost=_COUNT,
            power={"type": "integer"},
            counter=_COUNT,
            block=_COUNT,
            base_number=_TEXT,
            parallel=_TEXT,
        ),
    ),
    "trading-cards/magic": (
        "Magic: The Gathering",
        "magic",
        CARD_IDENTIFIERS,
        _schema(
            type_line=_TEXT, mana_cost=_TEXT, mana_value={"type": "number"}, colors=_LIST, layout=_TEXT, frame=_LIST
        ),
    ),
    "trading-cards/yugioh": (
        "Yu-Gi-Oh!",
        "yugioh",
        CARD_IDENTIFIERS,
        _schema(kind=_TEXT, attribute=_TEXT, level=_COUNT, attack=_TEXT, defense=_TEXT),
    ),
    "trading-cards/other": ("Other card games", "other-cards", CARD_IDENTIFIERS, _schema()),
    "sports-cards": (
        "Sports cards",
        "sports",
        CARD_IDENTIFIERS,
        _schema(sport=_TEXT, team=_TEXT, player=_TEXT, year=_YEAR, serial_of=_COUNT),
    ),
    "toys": ("Toys", "", PICTURED_BOX_IDENTIFIERS, _schema()),
    "toys/lego": (
        "LEGO",
        "lego",
        BOX_IDENTIFIERS,
        _schema(
            theme=_TEXT, subtheme=_TEXT, year=_YEAR, pieces=_COUNT, minifigures=_COUNT, retail_price={"type": "number"}
        ),
    ),
    "toys/figures": (
        "Figures",
        "figures",
        PICTURED_BOX_IDENTIFIERS,
        _schema(line=_TEXT, maker=_TEXT, year=_YEAR, scale=_TEXT, series_number=_TEXT),
    ),
    "video-games": (
        "Video games",
        "games",
        PICTURED_BOX_IDENTIFIERS,
        _schema(platform=_TEXT, region=_TEXT, year=_YEAR),
    ),
    "comics": (
        "Comics",
        "comics",
        PICTURED_BOX_IDENTIFIERS,
        _schema(publisher=_TEXT, year=_YEAR, issue=_TEXT, variant=_TEXT),
    ),
    "art": ("Art and prints", "art", ["vision", "text"], _schema(maker=_TEXT, year=_YEAR, medium=_TEXT, edition=_TEXT)),
}


def plant(apps: Apps, using: str = "default") -> None:
    """Write the tree; what is there already is brought up to date. Parents come before children in `CATEGORIES`."""
    category = apps.get_model("catalog", "Category")
    known = {row.path: row for row in category.objects.using(using).all()}
    for path, (name, game, identifiers, schema) in CATEGORIES.items():
        parent = known.get(path.rpartition("/")[0])
        wanted = {
            "name": name,
            "game": game,
            "identifiers": identifiers,
            "attribute_schema": schema,
            "parent_id": parent and parent.pk,
        }
        row = known.get(path)
        if row is None:
            known[path] = category.objects.using(using).create(path=path, **wanted)
        elif any(getattr(row, field) != value for field, value in wanted.items()):
            for field, value in wanted.items():
                setattr(row, field, value)
            row.save(using=using)
