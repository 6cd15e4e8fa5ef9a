"""Lists of wanted cards as text: how people, decks and exports write a line. What a line names is found by the inventory's
own matching. Pure: no database.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.inventory.exchange import vocabulary
from apps.inventory.exchange.files import layout_of, records_of
from apps.inventory.exchange.formats import detect, is_heading
from apps.inventory.exchange.reading import said_by

LONGEST = 200
# Four Lightning Bolts with set and number, "2x Charizard ex", "SB: 1 Duress", "3 × Pikachu"; a number that stands behind.
_COUNT = re.compile(
    r"(?:SB:\s*)?(?:(?P<count>\d{1,4})\s*[x×]?\s+|(?P<joined>\d{1,4})[x×])(?P<rest>\S.*)\Z", re.IGNORECASE
)
_TRAILING_COUNT = re.compile(r"(?P<rest>\S.*?)\s+[x×](?P<count>\d{1,4})\Z", re.IGNORECASE)
_SET = re.compile(
    r"(?P<name>.+?)\s*[(\[](?P<set>[A-Za-z0-9][A-Za-z0-9 ._-]{0,30})[)\]]\s*(?:#?(?P<number>[A-Za-z0-9/_-]{1,12}))?\Z"
)
# Pokemon's own client: "4 Charizard ex OBF 125"
_CLIENT = re.compile(r"(?P<name>.+?)\s+(?P<set>[A-Z][A-Z0-9-]{1,6})\s+(?P<number>[A-Z]{0,4}\d{1,4}[a-z]?)\Z")
_FOIL = re.compile(
    r"\s*\*(?P<finish>[FE])\*\s*\Z|\s*[(\[](?P<word>foil|etched|reverse holo|reverse holofoil|holo)[)\]]\s*\Z",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:deck|decklist|main ?deck|main|sideboard|side|commander|companion|maybeboard|wants|wishlist|pok[eé]mon|trainers?|energy|"
    r"creatures?|lands?|spells?|artifacts?|enchantments?|instants?|sorcer(?:y|ies)|planeswalkers?|total cards|about|name .*)"
    r"\s*(?:[:\-(]?\s*\d*\)?)?\s*:?\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Line:
    """A line that names a card. said: field -> text, as the inventory's matching reads it."""

    line: int
    text: str
    said: dict[str, str]


def lines_in(text: str) -> list[Line]:
    """The lines of a pasted list: a CSV export where its first line names columns, else a line for each card."""
    text = text.lstrip("\ufeff").replace("\x00", "")
    first = next((each for each in text.splitlines() if each.strip()), "")
    has_columns = any(each in first for each in ",;\t") and is_heading(
        [cell.strip('" ') for cell in re.split("[,;\t]", first)]
    )
    return list(_of_table(text) if has_columns else _of_deck(text))


def _of_table(text: str) -> Iterator[Line]:
    stream = io.BytesIO(text.encode())
    layout = layout_of(stream, heading=True)
    mapping = detect(list(layout.columns)).mapping
    for record in records_of(stream, layout):
        said = said_by(record.cells, mapping, broken=record.broken)
        said.pop("owned", None)  # of a wish list, that it is none of a binder is no fault
        yield Line(record.line, ", ".join(filter(None, record.cells))[:LONGEST], said)


def _of_deck(text: str) -> Iterator[Line]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = " ".join(raw.split())
        if not line or line.startswith(("//", "#", "=")) or _SECTION.match(line):
            continue
        yield Line(number, line[:LONGEST], said_in(line[:LONGEST]))


def said_in(line: str) -> dict[str, str]:
    """What one line says: quantity, name, and set, number and finish where it has them."""
    said = {"quantity": "1"}
    counted = _COUNT.match(line) or _TRAILING_COUNT.match(line)
    rest = line
    if counted:
        found = counted.groupdict()
        said["quantity"] = str(int(found.get("count") or found.get("joined") or "1"))
        rest = found["rest"]
    if foil := _FOIL.search(rest):
        word = {"f": "foil", "e": "etched"}.get((foil["finish"] or "").lower(), foil["word"] or "")
        if finish := vocabulary.finish_from(word):
            said["finish"], rest = finish.value, rest[: foil.start()]
    if placed := _SET.match(rest) or _CLIENT.match(rest):
        said |= {"name": placed["name"].strip(), "set": placed["set"]}
        if placed["number"]:
            said["number"] = placed["number"]
    else:
        said["name"] = rest.strip()
    return said
