"""What the file of an app is made of: what its columns may say, a column, a format. The formats themselves are formats.py's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apps.catalog.models import Finish
from apps.core.conditions import Condition

# What a column may say, with its name for the member who maps columns.
FIELDS: dict[str, str] = {
    "quantity": "Copies",
    "foil_quantity": "Copies in foil",
    "name": "Card name",
    "set": "Set (name or code)",
    "set_code": "Set code",
    "set_name": "Set name",
    "number": "Collector number",
    "finish": "Finish or foil",
    "reverse": "Reverse holofoil (yes or no)",
    "first_edition": "1st edition (yes or no)",
    "treatment": "Treatment",
    "language": "Language",
    "condition": "Condition",
    "grade": "Grade (PSA 10)",
    "cost": "Cost of one copy",
    "currency": "Currency",
    "acquired_on": "Acquired on",
    "binder": "Binder or folder",
    "notes": "Notes",
    "owned": "Kind of list",
    "scryfall": "Scryfall id",
    "tcgplayer": "TCGplayer id",
    "cardmarket": "Cardmarket id",
    "variant_id": "Our own id",
}
IDS = ("scryfall", "tcgplayer", "cardmarket")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, the field that it says ("" where we read and write nothing), what else stands in it."""

    heading: str
    says: str = ""
    otherwise: str = ""


@dataclass(frozen=True, kw_only=True)
class Format:
    """A site's file. Words are those that it writes, by our own; what has no word there cannot be carried.

    site: whose scale conditions are read on. always: what a file says that has no column for it. foil_on_yes: its
    finish column is a flag. either: a finish that stands for another too, for sites that do not tell them apart.
    """

    slug: str
    name: str
    columns: tuple[Column, ...]
    conditions: Mapping[Condition, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    finishes: Mapping[Finish, str] = field(default_factory=dict)
    site: str = ""
    delimiter: str = ","
    first_line: str = ""
    quotes_all: bool = False
    currency: str = "USD"

    @property
    def says(self) -> frozenset[str]:
        """The fields that its columns say."""
        return frozenset(column.says for column in self.columns if column.says)

    @property
    def headings(self) -> tuple[str, ...]:
        """Its first line."""
        return tuple(column.heading for column in self.columns)


def key_of(heading: str) -> str:
    """A heading as compared: small letters and digits, without a date that some sites put into it."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(as of .*?\)", "", heading.lower()))
