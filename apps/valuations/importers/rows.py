"""What importers of market data yield: quotes and sales in one shape, and how each names its variant. No database here."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from apps.catalog.importers.rows import count_from, finish_from
from apps.core.conditions import Condition, condition_from, graded_state_from


class Lookup(NamedTuple):
    """By what a row names its variant: our own id, another site's id, or release and number. Blank finish: not told."""

    variant_id: str = ""
    id_source: str = ""
    id_value: str = ""
    category: str = ""
    release: str = ""
    number: str = ""
    finish: str = ""
    language: str = ""
    treatment: str = ""


class QuoteRow(NamedTuple):
    """What a source says at one time; None where it says nothing. Zero is None: nothing was sold.

    condition: or a grade, as "PSA 10", or as "Grade 9" where the source tells no grader.
    """

    line: int | None
    content: object
    lookup: Lookup
    source: str
    condition: str
    observed_at: dt.datetime
    low: Decimal | None
    mid: Decimal | None
    high: Decimal | None
    market: Decimal | None
    currency: str
    sample_size: int | None = None


class SaleRow(NamedTuple):
    """One sale. `seller` and `buyer` are hashes already. Either a condition, or grader and grade."""

    line: int | None
    content: object
    lookup: Lookup
    source: str
    reference: str
    condition: str
    grade_company: str
    grade: Decimal | None
    price: Decimal
    currency: str
    quantity: int
    seller: str
    buyer: str
    sold_at: dt.datetime


def price_from(text: object) -> Decimal | None:
    """A price out of "9.99", "$1,299.00" or a JSON number, in cents; None for blank and zero (nothing was sold).

    Raises ValueError on anything else, on what is below zero, and on a price too large to be one.
    """
    if text is None:
        return None
    if isinstance(text, str):
        return price_in(text)
    if type(text) is float and 0.01 <= text < 1e9:
        return price_in(repr(text))
    return _price_of(text)


# Most prices come again and again, within a file and from day to day; most others are plain figures.
@lru_cache(maxsize=65536)
def price_in(text: str) -> Decimal | None:
    """`price_from` of a text, remembered."""
    if _PLAIN(text):
        return Decimal(text) or None
    return _price_of(text)


_PLAIN = re.compile(r"[0-9]{1,9}\.[0-9]{2}").fullmatch


def _price_of(text: object) -> Decimal | None:
    if not str(text).strip():
        return None
    plain = re.sub(r"[$€£¥\s]", "", str(text))
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    try:
        price = Decimal(plain)
        if not price.is_finite():
            raise InvalidOperation
        price = price.quantize(Decimal("0.01"))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a price") from None
    if price >= 10**10:
        raise ValueError(f"{text!r} is too large to be a price")
    if price < 0:
        raise ValueError(f"{text!r} is below zero: no price")
    return price if price > 0 else None


@lru_cache(maxsize=4096)
def instant_from(text: str) -> dt.datetime:
    """A day (midnight UTC) or an instant, as ISO 8601 or 2024/01/31. Without a zone it is UTC. Raises ValueError."""
    plain = text.strip().replace("/", "-").replace(" ", "T").replace("Z", "+00:00")
    if not plain:
        raise ValueError("it has no date")
    try:
        at = dt.datetime.fromisoformat(plain)
    except ValueError:
        raise ValueError(f"{text!r} is not a date") from None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


@lru_cache(maxsize=4096)
def condition_of(word: str, source: str) -> str:
    """The condition that a word means, Near Mint where none is told. Raises ValueError on an unknown word."""
    if not word.strip():
        return Condition.NM
    condition = condition_from(word, source)
    if condition is None:
        raise ValueError(f"{word!r} is not a condition")
    return condition


@lru_cache(maxsize=4096)
def state_from(word: str, grade: str, source: str) -> str:
    """The condition that a word means, or the grade where one is told ("PSA 10"). Raises ValueError."""
    if not grade.strip():
        return condition_of(word, source)
    state = graded_state_from(grade)
    if state is None:
        raise ValueError(f"{grade!r} is not a grade such as PSA 10")
    return state


@lru_cache(maxsize=4096)
def currency_of(text: str, usual: str) -> str:
    """An ISO 4217 code, `usual` where blank. Raises ValueError."""
    code = text.strip().upper() or usual
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise ValueError(f"{text!r} is not a currency code")
    return code


def person(source: str, name: str) -> str:
    """Who it was, as a hash that says nothing about them; empty where unknown."""
    return hashlib.sha256(f"{source}:{name.strip().lower()}".encode()).hexdigest() if name.strip() else ""


finish_of = lru_cache(maxsize=4096)(finish_from)
"""What a site means by a word for a finish, remembered."""

count_in = lru_cache(maxsize=4096)(count_from)
"""`count_from` of a text, remembered."""

_IDS = ("tcgplayer", "cardmarket", "scryfall", "tcgdex", "pricecharting")


LOOKUP_COLUMNS = (
    "variant_id", "external_id", "external_source", *(f"{source}_id" for source in _IDS),
    "category", "release_code", "number", "finish", "language", "treatment",
)  # fmt: skip
"""The columns of our own CSV that name a variant."""


def lookup_of(row: dict[str, str]) -> Lookup:
    """How a row of our own CSV names its variant. Raises ValueError when it does not, or not well."""
    return _lookup_of(*[row.get(column) for column in LOOKUP_COLUMNS])


def lookups_of(row: dict[str, str]) -> Callable[[dict[str, str]], Lookup]:
    """The same for all rows of a table of which this is one: only the columns that it has are looked at."""
    present = [column for column in LOOKUP_COLUMNS if column in row]
    if len(present) < 2:
        return lookup_of
    cells_of = itemgetter(*present)
    known: dict[tuple[str, ...], Lookup] = {}

    def lookup(row: dict[str, str]) -> Lookup:
        cells = cells_of(row)
        found = known.get(cells)
        if found is None:
            if len(known) >= _MOST_NAMES:
                known.clear()
            found = known[cells] = lookup_of(row)
        return found

    return lookup


_MOST_NAMES = 65536


@lru_cache(maxsize=4096)
def _lookup_of(*cells: str | None) -> Lookup:
    row = {column: cell or "" for column, cell in zip(LOOKUP_COLUMNS, cells, strict=True)}
    finish = ""
    if word := row.get("finish", ""):
        found = finish_of(word)
        if found is None:
            raise ValueError(f"{word!r} is not a finish")
        finish = found.value
    rest = {"finish": finish, "language": row.get("language", ""), "treatment": row.get("treatment", "")}
    if row.get("variant_id"):
        try:
            return Lookup(variant_id=str(UUID(row["variant_id"])))
        except ValueError:
            raise ValueError(f"{row['variant_id']!r} is not an id of ours") from None
    if row.get("external_id"):
        return Lookup(id_source=row.get("external_source", "") or "tcgplayer", id_value=row["external_id"], **rest)
    for source in _IDS:
        if row.get(f"{source}_id"):
            return Lookup(id_source=source, id_value=row[f"{source}_id"], **rest)
    if row.get("release_code") and row.get("number"):
        return Lookup(category=row.get("category", ""), release=row["release_code"], number=row["number"], **rest)
    raise ValueError("it names no card: an id, or release_code and number, are needed")
