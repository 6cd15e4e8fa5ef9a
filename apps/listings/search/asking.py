"""What a search over listings is asked: text, facets, price, order, place; from an address and back. No database."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from apps.core.errors import InvalidInput

LONGEST = 120
PAGE_SIZE = 24
_MOST_VALUES = 30
_MOST_MINOR = 10**12

FACETS: dict[str, tuple[str, str]] = {
    "category": ("g", "Game"),
    "set": ("s", "Set"),
    "condition": ("c", "Condition"),
    "deal": ("d", "Against fair value"),
    "price": ("p", "Price band"),
    "language": ("l", "Language"),
    "finish": ("f", "Finish"),
    "graded": ("x", "Graded"),
    "country": ("w", "Seller’s country"),
    "tracked": ("t", "Tracking"),
}
"""By name in the address: the letter of its tags, and its label. In the order of the page."""

SORTS = {
    "relevance": "Best match",
    "newest": "Newest",
    "delivered": "Delivered total",
    "price": "Price, lowest first",
    "price-desc": "Price, highest first",
    "deal": "Best deal",
}
DEFAULT = {True: "relevance", False: "newest"}
"""The order where none is asked for: with a text, without one."""


@dataclass(frozen=True)
class Place:
    """Where a page begins: after the row with this key in this order."""

    sort: str
    key: tuple[str | int | float, ...]

    def cursor(self) -> str:
        """As it stands in an address."""
        return base64.urlsafe_b64encode(json.dumps([self.sort, *self.key]).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Wanted:
    """A search, ready to be asked. `country`: the reader's, that totals are delivered to."""

    text: str = ""
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    least_minor: int | None = None
    most_minor: int | None = None
    sort: str = "newest"
    country: str = "US"
    after: Place | None = None
    limit: int = PAGE_SIZE

    @property
    def tags(self) -> dict[str, list[str]]:
        """Chosen tags by facet; one of each facet's is needed."""
        return {name: [f"{FACETS[name][0]}:{value}" for value in values] for name, values in self.facets.items()}

    @property
    def is_narrowed(self) -> bool:
        """Whether facets or prices leave something out."""
        return bool(self.facets) or self.least_minor is not None or self.most_minor is not None

    def query(self, **changes: str) -> str:
        """The search as a query string, without its place."""
        pairs: list[tuple[str, str]] = [("q", self.text)] if self.text else []
        pairs += [(name, value) for name in FACETS for value in self.facets.get(name, ())]
        for name, minor in (("price_min", self.least_minor), ("price_max", self.most_minor)):
            if minor is not None:
                pairs.append((name, f"{Decimal(minor) / 100:.2f}"))
        if self.sort != DEFAULT[bool(self.text)]:
            pairs.append(("sort", self.sort))
        pairs += list(changes.items())
        return urlencode(pairs)

    def without_facets(self) -> Wanted:
        """The same text and order alone."""
        return replace(self, facets={}, least_minor=None, most_minor=None, after=None)


def wanted_from(given: QueryDict, *, country: str, strict: bool = False) -> Wanted:
    """Read a query string. Nonsense falls back to the ordinary; with `strict` it raises InvalidInput, which names it."""
    text = " ".join(given.get("q", "").replace("\x00", " ").split())[:LONGEST]
    facets = {name: values for name in FACETS if (values := _values(given, name))}
    sort = given.get("sort") or DEFAULT[bool(text)]
    if sort not in SORTS:
        if strict:
            raise InvalidInput(f"sort is one of {', '.join(SORTS)}.", field="sort", given=sort[:40])
        sort = DEFAULT[bool(text)]
    if sort == "relevance" and not text:
        sort = "newest"
    bounds = [_minor(given.get(name, ""), name, strict=strict) for name in ("price_min", "price_max")]
    return Wanted(text, facets, bounds[0], bounds[1], sort, country, place_from(given.get("cursor", "")))


def _values(given: QueryDict, name: str) -> tuple[str, ...]:
    found = [value[:100].replace("\x00", "").strip() for value in given.getlist(name)[:_MOST_VALUES]]
    return tuple(dict.fromkeys(value for value in found if value))


def _minor(text: str, name: str, *, strict: bool) -> int | None:
    """An amount as typed, in minor units; None for nothing."""
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip()[:40])
        if not amount.is_finite() or not 0 <= amount * 100 <= _MOST_MINOR:
            raise InvalidOperation
        return int(amount * 100)
    except InvalidOperation:
        if strict:
            raise InvalidInput(f"{name} is an amount from 0 to 10,000,000,000.", field=name, given=text[:40]) from None
        return None


_KEYS: dict[str, tuple[type | tuple[type, ...], ...]] = {
    "relevance": ((int, float), int, str),
    "newest": (str, str),
    "delivered": (int, str),
    "price": (int, str),
    "price-desc": (int, str),
    "deal": (int, str),
}


def place_from(cursor: str) -> Place | None:
    """The place that a cursor names; None for what is none."""
    if not cursor or len(cursor) > 400:
        return None
    try:
        sort, *key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        kinds = _KEYS[sort]
    except (ValueError, binascii.Error, KeyError, TypeError, UnicodeDecodeError):
        return None
    fits = len(key) == len(kinds) and all(
        isinstance(value, kind) and not isinstance(value, bool) for value, kind in zip(key, kinds, strict=True)
    )
    return Place(sort, tuple(key)) if fits and _is_sound(sort, key) else None


def _is_sound(sort: str, key: list[str | int | float]) -> bool:
    """Whether the database can read the key: a cursor comes from outside."""
    try:
        UUID(str(key[-1]))
        if sort == "newest":
            return dt.datetime.fromisoformat(str(key[0])).tzinfo is not None
    except ValueError:
        return False
    return all(abs(value) < 2**62 for value in key[:-1] if isinstance(value, int | float))
