"""What an adapter is: whether it is on, and how a run is cut into pages that can be resumed. No network, no database."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client, Validator
from apps.valuations.importers.rows import QuoteRow, SaleRow

Cursor = dict[str, Any]
"""Where a run stands, as JSON: stored in the transaction that stored the rows before it."""


class LinkRow(NamedTuple):
    """A product as its source lists it. releases: the names and abbreviations that its set may go by. number: "" if sealed."""

    source: str
    value: str
    category: str
    releases: tuple[str, ...]
    number: str
    name: str

    @property
    def told(self) -> dict[str, str]:
        """What is kept of one that could not be linked."""
        return {
            "source": self.source,
            "id": self.value,
            "set": self.releases[0],
            "number": self.number,
            "name": self.name,
        }


Row = QuoteRow | SaleRow | LinkRow | Reject


@dataclass(frozen=True)
class Page:
    """Rows that belong together, and where to go on once they are stored.

    validators: by address, of files that are done with it; kept so that they are next asked for only if they changed.
    """

    rows: Sequence[Row]
    cursor: Cursor
    validators: Mapping[str, Validator] = field(default_factory=dict)


class Adapter(ABC):
    """One kind of source. Made anew for each run, out of the feed's options.

    kind, title: its name for programs and for people. writes: "quotes", "sales", or "links" of products. host: whose circuit
    breaker and pace it shares; feeds of one host count together. rates: how much the source allows, as `limits` writes it
    ("10/second").
    pace: from run to run, until the operator says otherwise. needs_keys: whether it waits for keys (else for a switch).
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    rates: ClassVar[tuple[str, ...]]
    pace: ClassVar[dt.timedelta]
    needs_keys: ClassVar[bool]
    writes: str
    host: str

    @abstractmethod
    def __init__(self, options: Mapping[str, Any]) -> None:
        """Raises FeedError, TypeError or ValueError on options that it cannot work with."""

    @abstractmethod
    def why_off(self) -> str:
        """What it lacks, in a sentence for the operator; empty when it can run."""

    @abstractmethod
    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """The cursor of a new run. `last` is the one with which the last finished run ended, empty at first."""

    @abstractmethod
    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """Pages from the cursor on. Raises FeedError."""


def without(**settings: object) -> str:
    """A sentence that names the settings that are empty; empty when none is."""
    missing = [name for name, value in settings.items() if not value]
    if not missing:
        return ""
    names = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    return f"{names} {'is' if len(missing) == 1 else 'are'} not set."
