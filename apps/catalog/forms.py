"""What a search page is asked: text, facets, order and page number, each bounded; nonsense falls back to the ordinary."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from apps.catalog.search.meaning import LONGEST
from apps.catalog.search.sorting import SORTS

PAGE_SIZE = 24
_LAST_PAGE = 2000
_MOST_VALUES = 30


@dataclass
class Wanted:
    """A search, ready for the query."""

    text: str
    filters: dict[str, list[str]]
    sort: str
    slice: dict[str, int]


class SearchForm:
    """Reads a query string. Not a Django form: there is nothing that a reader could be told to correct."""

    facets = {"game": "category", "set": "release", "rarity": "rarity", "finish": "finish", "language": "language"}

    def __init__(self, given: QueryDict) -> None:
        self.given = given

    @property
    def page(self) -> int:
        """The page's number, from 1."""
        text = self.given.get("page", "1")
        return min(max(int(text), 1), _LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 1

    def wanted(self, *, sort: str = "relevance") -> Wanted:
        """The search; `sort` where none or an unknown one is asked for."""
        asked = self.given.get("sort", sort)
        return Wanted(
            text=self.given.get("q", "").replace("\x00", "").strip()[:LONGEST],
            filters={
                name: [value[:120].replace("\x00", "") for value in self.given.getlist(facet)[:_MOST_VALUES] if value]
                for facet, name in self.facets.items()
            },
            sort=asked if asked in SORTS else sort,
            slice={"limit": PAGE_SIZE, "offset": (self.page - 1) * PAGE_SIZE},
        )

    def clear_url(self, path: str) -> str:
        """The same search without its facets; empty when none is set."""
        if not any(self.given.getlist(facet) for facet in self.facets):
            return ""
        text = self.given.get("q", "")
        return f"{path}?{urlencode({'q': text})}" if text else path
