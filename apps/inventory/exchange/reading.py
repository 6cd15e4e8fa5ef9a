"""What the cells of a line say, in our own terms. Pure: no database, so that each rule is tested by itself."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from apps.catalog.models import Finish
from apps.core.conditions import condition_from, grade_from
from apps.inventory.exchange import vocabulary
from apps.inventory.exchange.layouts import IDS

_INJECTED = re.compile(r"'+[=+\-@\t\r]")
_LONGEST = {"notes": 500, "binder": 60}
_IDENTITY = (
    "variant_id", *IDS, "name", "set", "set_code", "set_name", "number", "finish", "reverse", "first_edition", "treatment",
    "language",
)  # fmt: skip
MOST_SAID = 600
"""Characters of a cell that are kept."""


@dataclass(frozen=True)
class Defaults:
    """What holds where a line says nothing, and whose words it speaks."""

    site: str = ""
    condition: str = "NM"
    language: str = "en"
    currency: str = "USD"
    zero_is_no_cost: bool = True
    blank_finish: str = ""
    """What a blank finish means, where the site leaves it blank for ordinary copies."""


class Unreadable(ValueError):
    """A field cannot be used. `field` names it."""

    def __init__(self, named: str, reason: str) -> None:
        self.field = named
        super().__init__(reason)


@dataclass(slots=True)
class Reading:
    """A line in our own terms. finish and language are empty where nothing was said. problem: the field that is bad."""

    names: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)
    number: str = ""
    ids: list[tuple[str, str]] = field(default_factory=list)
    variant_id: str = ""
    finish: str = ""
    treatment: str = ""
    language: str = ""
    quantity: int = 0
    condition: str = ""
    grade_company: str = ""
    grade: Decimal | None = None
    unit_cost_minor: int | None = None
    currency: str = "USD"
    acquired_on: dt.date | None = None
    binder: str = ""
    notes: str = ""
    problem: str = ""
    reason: str = ""


def said_by(cells: Sequence[str], mapping: Sequence[str], *, broken: str = "") -> dict[str, str]:
    """Field -> text of a record; blanks are left out. What stands beyond the columns comes under "more"."""
    said = {}
    for says, cell in zip(mapping, cells, strict=False):
        if says and cell:
            said[says] = unescaped(cell)[:MOST_SAID]
    if more := [cell for cell in cells[len(mapping) :] if cell]:
        said["more"] = ", ".join(more)[:MOST_SAID]
    if broken:
        said["broken"] = broken
    return said


def unescaped(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it as a formula."""
    return cell[1:] if _INJECTED.match(cell) else cell


def parts_of(said: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The line itself, or its ordinary copies (part 0) and its foils (part 1) where it counts both; none of zero copies."""
    foils = said.get("foil_quantity", "")
    rest = {name: text for name, text in said.items() if name != "foil_quantity"}
    if not foils:
        yield 0, rest
        return
    ordinary = said.get("quantity", "")
    if not vocabulary.is_yes(foils):  # 0 foils
        yield 0, {**rest, "finish": "normal"}
        return
    if vocabulary.is_yes(ordinary):
        yield 0, {**rest, "finish": "normal"}
    yield 1, {**rest, "quantity": foils, "finish": "foil"}


def likeness_of(said: dict[str, str]) -> str:
    """The same for lines that name the same card with the same words."""
    told = "\x1f".join(" ".join(said.get(name, "").lower().split()) for name in _IDENTITY)
    return hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()


def reading_of(said: dict[str, str], defaults: Defaults) -> Reading:
    """A line in our own terms; what cannot be used is told in `problem` and `reason`, and the rest is read all the same."""
    reading = Reading()
    for step in (_card, _printing, _standing, _copies, _money, _rest):
        try:
            step(reading, said, defaults)
        except Unreadable as error:
            if not reading.problem:
                reading.problem, reading.reason = error.field, str(error)[:300]
    return reading


def _card(reading: Reading, said: dict[str, str], defaults: Defaults) -> None:
    name = said.get("name", "")
    # Sites write faces, tokens and treatments into the name: "Fire // Ice", "Clue Token", "Gemrazer (Showcase)".
    plain = re.sub(r"\s*[(\[].*?[)\]]", "", name).strip()
    short = re.sub(r"\s+token$", "", plain, flags=re.IGNORECASE)
    faces = [part.split(" // ")[0].strip() for part in (name, plain, short)]
    reading.names = [each for each in dict.fromkeys([name, plain, short, *faces]) if each]
    reading.sets = [said[each] for each in ("set_code", "set", "set_name") if said.get(each)]
    reading.number = said.get("number", "").split("/")[0].strip().lstrip("#")
    reading.ids = [(source, said[source].removesuffix(".0")) for source in IDS if said.get(source)]
    if given := said.get("variant_id", ""):
        try:
            reading.variant_id = str(UUID(given))
        except ValueError:
            raise Unreadable("variant_id", f"{given[:40]!r} is not an id of ours") from None
    if said.get("broken"):
        raise Unreadable("broken", said["broken"])
    if said.get("more"):
        raise Unreadable("more", f"there is more on this line than the heading has columns: {said['more'][:100]}")
    if not (reading.names or reading.ids or reading.variant_id or (reading.sets and reading.number)):
        raise Unreadable("name", "nothing on this line names a card")


def _printing(reading: Reading, said: dict[str, str], defaults: Defaults) -> None:
    reading.treatment = said.get("treatment", "")[:80]
    if word := said.get("language", ""):
        reading.language = vocabulary.language_from(word, site=defaults.site) or ""
    reading.finish = defaults.blank_finish
    if word := said.get("finish", ""):
        finish = vocabulary.finish_from(word)
        if finish is None:
            raise Unreadable("finish", f"{word[:60]!r} is not a finish that we know")
        reading.finish = finish.value
    flags = (vocabulary.is_yes(said.get("first_edition", "")), vocabulary.is_yes(said.get("reverse", "")))
    if flags[0]:
        reading.finish = Finish.FIRST_EDITION_HOLOFOIL if reading.finish == Finish.FOIL else Finish.FIRST_EDITION
    elif flags[1]:
        reading.finish = Finish.REVERSE_HOLOFOIL
    if said.get("language") and not reading.language:
        raise Unreadable("language", f"{said['language'][:60]!r} is not a language that we know")


def _standing(reading: Reading, said: dict[str, str], defaults: Defaults) -> None:
    if word := said.get("grade", ""):
        graded = grade_from(word)
        if graded:
            reading.grade_company, reading.grade = graded[0].value, graded[1]
            return
        if word.lower() not in ("ungraded", "raw", "none", "no", "n/a", "-"):
            raise Unreadable("grade", f"{word[:60]!r} is not a grade that we know; write it as PSA 9.5")
    word = said.get("condition", "")
    found = condition_from(word, defaults.site) if word else defaults.condition
    if not found:
        raise Unreadable("condition", f"{word[:60]!r} is not a condition that we know")
    reading.condition = str(found)


def _copies(reading: Reading, said: dict[str, str], defaults: Defaults) -> None:
    word = said.get("quantity", "1")
    try:
        reading.quantity = vocabulary.quantity_from(word)
    except ValueError as error:
        raise Unreadable("quantity", str(error)) from None
    if reading.quantity == 0:
        raise Unreadable("quantity", "there are no copies on this line")
    if said.get("owned", "binder").lower() in ("list", "wishlist", "wants"):
        raise Unreadable("owned", f"a line of a {said['owned'].lower()[:20]}: these cards are not owned")


def _money(reading: Reading, said: dict[str, str], defaults: Defaults) -> None:
    currency = said.get("currency", "").upper() or defaults.currency
    reading.currency = currency
    if word := said.get("cost", ""):
        if not re.fullmatch("[A-Z]{3}", currency):
            raise Unreadable("currency", f"{currency[:20]!r} is not a currency; write it as USD")
        try:
            minor, reading.currency = vocabulary.amount_from(word, currency=currency)
        except ValueError as error:
            raise Unreadable("cost", str(error)) from None
        reading.unit_cost_minor = minor if minor or not defaults.zero_is_no_cost else None
    elif not re.fullmatch("[A-Z]{3}", currency):
        reading.currency = defaults.currency
    if reading.unit_cost_minor is None and not said.get("currency"):
        reading.currency = defaults.currency


def _rest(reading: Reading, said: dict[str, str], defaults: Defaults) -> None:
    reading.binder = " ".join(said.get("binder", "").split())
    reading.notes = said.get("notes", "")
    for name, most in _LONGEST.items():
        if len(getattr(reading, name)) > most:
            setattr(reading, name, getattr(reading, name)[:most])
            raise Unreadable(name, f"more than {most} characters")
    if word := said.get("acquired_on", ""):
        try:
            reading.acquired_on = vocabulary.day_from(word)
        except ValueError as error:
            raise Unreadable("acquired_on", str(error)) from None
