"""TCGCSV (tcgcsv.com): TCGplayer's prices of the day by category and group, and its archive of days gone by. No key."""

from __future__ import annotations

import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.catalog.importers.tcgcsv import CATEGORIES
from apps.core.http import Fetched
from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client, json_of, results_of
from apps.valuations.feeds.errors import AnswerUnusable, FeedError
from apps.valuations.feeds.protocol import Adapter, Cursor, Page, Row
from apps.valuations.importers.rows import instant_from
from apps.valuations.importers.tcgcsv import quote_of, quotes_in_table

MOST_UNPACKED = 4 * 1024**3
FIRST_DAY = dt.date(2024, 2, 8)
"""The archive begins here."""
_DAYS_AT_FIRST = 30


def chosen_categories(options: Mapping[str, Any]) -> list[int]:
    """The option categories, TCGplayer's numbers of games; all that we know unless told. Raises FeedError."""
    chosen = options.get("categories", sorted(CATEGORIES))
    if not isinstance(chosen, list) or not all(type(each) is int for each in chosen):
        raise FeedError("The option categories is a list of TCGplayer's numbers, such as [3, 68].")
    return sorted(set(chosen))


def _ids(groups: list[Any]) -> list[int]:
    try:
        return sorted({int(group["groupId"]) for group in groups})
    except (KeyError, TypeError, ValueError):
        raise AnswerUnusable("Its list of groups holds one without a number.") from None


class Daily(Adapter):
    """The prices of the day, group by group, when last-updated.txt says that there are new ones."""

    kind, title = "tcgcsv", "TCGCSV, daily"
    writes = "quotes"
    host = "tcgcsv.com"
    rates = ("5/second",)
    pace = dt.timedelta(hours=1)
    needs_keys = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.categories = chosen_categories(options)
        self.table = options.get("format", "json") == "csv"
        if options.get("format", "json") not in ("json", "csv"):
            raise FeedError("The option format is json or csv.")
        self.base = settings.FEED_ADDRESSES["tcgcsv"]

    def why_off(self) -> str:
        """Nothing is needed."""
        return ""

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """Remember which day was read last."""
        return {"read": last.get("read", "")}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """One page a group; a day that changed while it was read is read anew."""
        told = client.text(f"{self.base}/last-updated.txt").strip()[:40]
        try:
            at = instant_from(told[:10])
        except ValueError:
            raise AnswerUnusable(f"Its last-updated.txt says {told!r}, which is no day.") from None
        if told == cursor["read"]:
            return
        place = (cursor["category"], cursor["group"]) if cursor.get("day") == told else (0, 0)
        for category in self.categories:
            if category < place[0]:
                continue
            groups = results_of(client.json(f"{self.base}/tcgplayer/{category}/groups"))
            for group in _ids(groups):
                if (category, group) > place:
                    rows = self._rows(client, f"{self.base}/tcgplayer/{category}/{group}", at)
                    yield Page(rows, {**cursor, "day": told, "category": category, "group": group})
        yield Page([], {"read": told})

    def _rows(self, client: Client, group: str, at: dt.datetime) -> list[Row]:
        if self.table:
            text = client.text(f"{group}/ProductsAndPrices.csv", missing="")
            return list(quotes_in_table(io.StringIO(text), at)) if text.strip() else []
        answer = client.json(f"{group}/prices", missing={"results": []})
        return [quote_of(n, price, at) for n, price in enumerate(results_of(answer), 1)]


class Archive(Adapter):
    """Days gone by, one packed file each: from the option `from` (a month ago) to yesterday, or to the option `to`."""

    kind, title = "tcgcsv-archive", "TCGCSV, archive"
    writes = "quotes"
    host = "tcgcsv.com"
    rates = Daily.rates
    pace = dt.timedelta(days=1)
    needs_keys = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.categories = set(chosen_categories(options))
        try:
            self.start = dt.date.fromisoformat(options["from"]) if options.get("from") else None
            self.end = dt.date.fromisoformat(options["to"]) if options.get("to") else None
        except (TypeError, ValueError):
            raise FeedError("The options from and to are days, such as 2024-02-08.") from None
        self.base = settings.FEED_ADDRESSES["tcgcsv"]

    def why_off(self) -> str:
        """Nothing is needed."""
        return ""

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """The day after the last one read; the first one, where the operator has asked for another first day since."""
        first = self.start or now.date() - dt.timedelta(days=_DAYS_AT_FIRST)
        asked = self.start.isoformat() if self.start else ""
        goes_on = last.get("day") and last.get("from") == asked
        return {"from": asked, "day": last["day"] if goes_on else max(first, FIRST_DAY).isoformat(), "file": ""}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """One page a group of a day; a day that the archive lacks is told and passed over."""
        day, after = dt.date.fromisoformat(cursor["day"]), cursor["file"]
        end = min(self.end or dt.date.max, timezone.now().date() - dt.timedelta(days=1))
        while day <= end:
            url = f"{self.base}/archive/tcgplayer/prices-{day}.ppmd.7z"
            packed = client.ask(url, _packed, missing=b"").content
            for name, rows in self._day(packed, day, after) if packed else ():
                yield Page(rows, {**cursor, "day": day.isoformat(), "file": name})
            lacking: list[Row] = [] if packed else [Reject(None, {"day": f"{day}"}, "the archive has no such day")]
            day, after = day + dt.timedelta(days=1), ""
            yield Page(lacking, {**cursor, "day": day.isoformat(), "file": ""})

    def _day(self, packed: bytes, day: dt.date, after: str) -> Iterator[tuple[str, list[Row]]]:
        at = dt.datetime.combine(day, dt.time(), dt.UTC)
        with tempfile.TemporaryDirectory(prefix="cv-archive-") as folder:
            for name, path in _unpacked(packed, Path(folder), self.categories, after):
                found = Fetched("", path.read_bytes(), "")
                try:
                    rows: list[Row] = [quote_of(n, price, at) for n, price in enumerate(results_of(json_of(found)), 1)]
                except AnswerUnusable as error:
                    rows = [Reject(None, {"day": f"{day}", "file": name}, error.message)]
                yield name, rows


def _packed(found: Fetched) -> bytes:
    """A 7z file as it is. Raises AnswerUnusable on anything else, so that it is asked for again."""
    import py7zr  # with what it unpacks by, five megabytes of a process that reads no archive

    if not py7zr.is_7zfile(io.BytesIO(found.content)):
        raise AnswerUnusable("Its archive is not a 7z file.")
    return found.content


def _unpacked(packed: bytes, folder: Path, categories: set[int], after: str) -> Iterator[tuple[str, Path]]:
    """Files of prices of these categories behind `after`, by name ("2024-02-08/3/604/prices"), in one order."""
    import py7zr

    try:
        with py7zr.SevenZipFile(io.BytesIO(packed)) as archive:
            entries = [entry for entry in archive.list() if _is_wanted(entry.filename, categories)]
            wanted = [entry.filename for entry in entries if entry.filename > after]
            if sum(entry.uncompressed for entry in entries) > MOST_UNPACKED:
                raise FeedError("The archive is larger than any day can be.")
            archive.reset()
            archive.extract(folder, targets=wanted)
    except (py7zr.exceptions.ArchiveError, EOFError, OSError, ValueError) as error:
        raise AnswerUnusable(f"Its archive cannot be unpacked ({type(error).__name__}).") from error
    for name in sorted(wanted):
        if (folder / name).is_file() and not (folder / name).is_symlink():
            yield name, folder / name


def _is_wanted(name: str, categories: set[int]) -> bool:
    found = re.fullmatch(r"\d{4}-\d{2}-\d{2}/(\d+)/\d+/prices", name)
    return found is not None and int(found[1]) in categories
