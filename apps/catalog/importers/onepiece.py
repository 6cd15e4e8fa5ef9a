"""One Piece: printings out of cards in several languages, shared by the JSON and the CSV form of punk-records.

A pack is released per language under the same code (OP-01 is OP01 here); the same number in the same pack is one product
with a variant per language. Packs without a code (promotions) are told apart by the site's own pack id.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from apps.catalog.importers.rows import Printing, ReleaseFacts, VariantFacts
from apps.catalog.models import Finish

CATEGORY = "trading-cards/onepiece"
LANGUAGES = {
    "english": "en",
    "english-asia": "en",
    "japanese": "ja",
    "french": "fr",
    "chinese-hongkong": "zh",
    "chinese-taiwan": "zh",
    "chinese-simplified": "zh",
    "thai": "th",
    "korean": "ko",
}
_RARITIES = {"SuperRare": "Super Rare", "SecretRare": "Secret Rare", "TreasureRare": "Treasure Rare"}
_BRACKETED = re.compile(r"[\[【]\s*([A-Z]{2,4}-?\d{2}(?:-?[A-Z]{2}-?\d{2})?)\s*[\]】]")
_FOILS = {"Leader", "SuperRare", "SecretRare", "Special", "TreasureRare", "Rare"}


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the site of one language lists it."""

    line: int | None
    content: object
    language: str
    id: str
    pack_id: str
    label: str
    title: str
    name: str
    rarity: str
    image_url: str = ""
    attributes: dict[str, object] = field(default_factory=dict)


def release_code(label: str, title: str, pack_id: str) -> str:
    """OP01 for "OP-01" or for a title with 【OP-01】; P569901 for a pack without a code."""
    found = label or next(iter(_BRACKETED.findall(title)), "")
    return re.sub(r"([A-Z])-(\d)", r"\1\2", found) if found else f"P{pack_id}"


def clean_title(title: str) -> str:
    """A pack's title without entities, its code and the Japanese words for the kind of pack."""
    title = html.unescape(title)
    return _BRACKETED.sub("", title).strip(" -") or title


def base_of(card_id: str) -> tuple[str, str]:
    """OP01-016_p1 is card OP01-016 in parallel p1."""
    base, _, parallel = card_id.partition("_")
    return base, parallel


def printings(cards: Iterable[Card]) -> Iterator[Printing]:
    """One printing per pack and number; English leads where it exists, other languages add their name and variant."""
    grouped: dict[tuple[str, str], list[Card]] = {}
    english: dict[str, str] = {}
    titles: dict[str, str] = {}
    for listed in cards:
        # The site writes its names as HTML: Ace &amp; Sabo.
        card = replace(listed, name=html.unescape(listed.name))
        code = release_code(card.label, card.title, card.pack_id)
        grouped.setdefault((code, card.id), []).append(card)
        if card.language == "en":
            english.setdefault(base_of(card.id)[0], card.name)
        if card.language == "en" or code not in titles:
            titles[code] = clean_title(card.title)
    for (code, number), same in grouped.items():
        same.sort(key=lambda card: card.language != "en")
        lead = same[0]
        base, parallel = base_of(number)
        attributes = {**lead.attributes, "base_number": base}
        if parallel:
            attributes["parallel"] = parallel
        finish = Finish.FOIL if parallel or lead.rarity in _FOILS else Finish.NORMAL
        yield Printing(
            line=lead.line,
            content=lead.content,
            category=CATEGORY,
            release=ReleaseFacts(
                code=code, name=titles[code], series=_series(code), abbreviation="" if code.startswith("P5") else code
            ),
            number=number,
            name=english.get(base, lead.name),
            names={card.language: card.name for card in same if card.language != "en"},
            rarity=_RARITIES.get(lead.rarity, lead.rarity),
            attributes=attributes,
            ids={"punk-records": [number]},
            image_url=lead.image_url.split("?")[0],
            image_credit="Bandai",
            variants=tuple(
                VariantFacts(finish, language) for language in dict.fromkeys(card.language for card in same)
            ),
        )


def _series(code: str) -> str:
    kinds = {"ST": "Starter Deck", "OP": "Booster Pack", "EB": "Extra Booster", "PRB": "Premium Booster"}
    return kinds.get(re.match(r"[A-Z]*", code)[0], "Promotion")  # type: ignore[index]


def attributes_of(
    *, kind: str, colors: list[str], types: list[str], attributes: list[str], figures: dict[str, int | None]
) -> dict[str, object]:
    """The attributes of the category's schema, blanks left out."""
    found: dict[str, object] = {"kind": kind, "colors": colors, "types": types, "attributes": attributes, **figures}
    return {name: value for name, value in found.items() if value not in (None, "", [])}
