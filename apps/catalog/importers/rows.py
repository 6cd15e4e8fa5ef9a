"""What every importer yields: printings in one shape, whatever the format they came in. No database here."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from apps.catalog.models import Finish


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A set or pack. Empty values leave what the catalogue has."""

    code: str
    name: str = ""
    series: str = ""
    abbreviation: str = ""
    released_on: dt.date | None = None
    total_cards: int | None = None


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """One finish, language and treatment, with what other sites call it: {source: ids}."""

    finish: str = Finish.NORMAL
    language: str = "en"
    treatment: str = ""
    ids: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Printing:
    """One product. `line` and `content` are what a reject would show; `known_as` is an id by which the catalogue may know
    the product already under another release code or number, in which case only blanks are filled. `barcodes` have 13
    digits each, see ml/gtin.py.
    """

    line: int | None
    content: object
    category: str
    release: ReleaseFacts
    number: str
    name: str
    variants: tuple[VariantFacts, ...]
    names: dict[str, str] = field(default_factory=dict)
    rarity: str = ""
    artist: str = ""
    barcodes: tuple[str, ...] = ()
    attributes: dict[str, object] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    image_url: str = ""
    image_credit: str = ""
    known_as: tuple[str, str] | None = None


# Names of printings on TCGplayer and in exports of collection apps, as `finish_from` compares them.
_FINISHES: dict[str, Finish] = {
    "": Finish.NORMAL,
    "normal": Finish.NORMAL,
    "nonfoil": Finish.NORMAL,
    "unlimited": Finish.NORMAL,
    "regular": Finish.NORMAL,
    "holofoil": Finish.HOLOFOIL,
    "holo": Finish.HOLOFOIL,
    "unlimitedholofoil": Finish.HOLOFOIL,
    "reverseholofoil": Finish.REVERSE_HOLOFOIL,
    "reverseholo": Finish.REVERSE_HOLOFOIL,
    "reverse": Finish.REVERSE_HOLOFOIL,
    "foil": Finish.FOIL,
    "coldfoil": Finish.FOIL,
    "rainbowfoil": Finish.FOIL,
    "etched": Finish.ETCHED,
    "foiletched": Finish.ETCHED,
    "etchedfoil": Finish.ETCHED,
    "1stedition": Finish.FIRST_EDITION,
    "1steditionnormal": Finish.FIRST_EDITION,
    "firstedition": Finish.FIRST_EDITION,
    "1steditionholofoil": Finish.FIRST_EDITION_HOLOFOIL,
    "firsteditionholofoil": Finish.FIRST_EDITION_HOLOFOIL,
    "sealed": Finish.SEALED,
}


def finish_from(word: str) -> Finish | None:
    """The finish that a site means by a word ("Reverse Holofoil", "nonfoil"); None when the word is not known."""
    return _FINISHES.get(re.sub(r"[^a-z0-9]", "", word.lower()))


def date_from(text: str | None) -> dt.date | None:
    """A day written as 1999-01-09, 1999/01/09 or with a time behind it; None when blank. Raises ValueError otherwise."""
    text = (text or "").strip()
    if not text:
        return None
    return dt.date.fromisoformat(text.replace("/", "-")[:10])


def count_from(text: str | int | None) -> int | None:
    """A whole number >= 0, or None when blank. Raises ValueError otherwise."""
    if text is None or text == "":
        return None
    number = int(text)
    if number < 0:
        raise ValueError(f"{text!r} is below zero")
    return number
