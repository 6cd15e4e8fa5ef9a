"""PriceCharting's price guides: one CSV a category, of subscribers. Of cards the prices of graded copies too."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.conf import settings

from apps.catalog.importers.rows import finish_from
from apps.core.errors import InvalidInput
from apps.core.http import Fetched
from apps.core.rejects import Reject
from apps.core.tabular import rows_in
from apps.valuations.feeds.client import Client
from apps.valuations.feeds.errors import AnswerUnusable, FeedError
from apps.valuations.feeds.protocol import Adapter, Cursor, Page, Row, without
from apps.valuations.importers.rows import Lookup, QuoteRow, price_from

ROWS = 5000
_COLUMNS = ("id", "product-name", "loose-price")
# What the columns mean for cards; for games they say whether box and manual are there.
# https://www.pricecharting.com/api-documentation
GRADES = {
    "cib-price": "Grade 7",
    "new-price": "Grade 8",
    "graded-price": "Grade 9",
    "box-only-price": "Grade 9.5",
    "manual-only-price": "PSA 10",
    "bgs-10-price": "BGS 10",
    "condition-17-price": "CGC 10",
    "condition-18-price": "SGC 10",
}


class PriceGuide(Adapter):
    """What ungraded and graded copies sell for, by TCGplayer's id where the guide has one, else by PriceCharting's own."""

    kind, title = "pricecharting", "PriceCharting"
    writes = "quotes"
    host = "www.pricecharting.com"
    rates = ("1/second", "60/hour")
    pace = dt.timedelta(days=1)
    needs_keys = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.categories = options.get("categories", ["pokemon-cards", "magic-cards", "one-piece-cards", "yugioh-cards"])
        if not isinstance(self.categories, list) or not all(
            isinstance(each, str) and re.fullmatch(r"[a-z0-9-]+", each) for each in self.categories
        ):
            raise FeedError('The option categories is a list of PriceCharting\'s words, such as ["pokemon-cards"].')
        self.base = settings.FEED_ADDRESSES["pricecharting"]

    def why_off(self) -> str:
        """It needs the token."""
        return without(PRICECHARTING_TOKEN=settings.PRICECHARTING_TOKEN)

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """The files tell no day: it is the run's."""
        return {"on": now.date().isoformat(), "category": 0, "row": 0}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """Some thousand rows of a file a page."""
        at = dt.datetime.combine(dt.date.fromisoformat(cursor["on"]), dt.time(), dt.UTC)
        for place, category in enumerate(self.categories):
            if place < cursor["category"]:
                continue
            query = {"t": settings.PRICECHARTING_TOKEN, "category": category}
            lines = client.ask(f"{self.base}/price-guide/download-custom", _table, query=query).content
            start = cursor["row"] if place == cursor["category"] else 0
            rest = islice(lines, start, None)
            while chunk := list(islice(rest, ROWS)):
                start += len(chunk)
                grades = GRADES if category.endswith("-cards") else {}
                rows = [each for line, row in chunk for each in _rows(line, row, at, grades)]
                yield Page(rows, {**cursor, "category": place, "row": start})


def _table(found: Fetched) -> list[tuple[int, dict[str, str]]]:
    """Raises AnswerUnusable on anything but the guide: an error comes as a page or as JSON, with status 200."""
    try:
        return list(rows_in(io.StringIO(found.content.decode("utf-8-sig", "replace")), required=_COLUMNS))
    except InvalidInput as error:
        raise AnswerUnusable(f"Its answer is not a price guide: {error.message}") from None


def _rows(line: int, row: dict[str, str], at: dt.datetime, grades: Mapping[str, str]) -> Iterator[Row]:
    """The ungraded price, then those of the grades that have one. A bad price takes no other with it."""
    name = row["product-name"]
    told = {"id": row["id"], "product-name": name, "tcg-id": row.get("tcg-id", "")}
    words = re.findall(r"\[([^\]]*)\]", name)
    finishes = [finish_from(word) for word in words]
    if None in finishes or len(finishes) > 1:
        yield Reject(line, told, f"{', '.join(words)!r} is not a finish")
        return
    if not row["id"].isdigit():
        yield Reject(line, row, f"it is not a price of this format: {row['id']!r} is not an id")
        return
    finish = finishes[0].value if finishes and finishes[0] else ""
    known_as = row.get("tcg-id", "")
    id_source, value = ("tcgplayer", known_as) if known_as.isdigit() else ("pricecharting", row["id"])
    lookup = Lookup(id_source=id_source, id_value=value, finish=finish)
    for column, state in {"loose-price": "NM", **grades}.items():
        try:
            price = price_from(row.get(column, ""))
        except ValueError as error:
            yield Reject(line, row, f"it is not a price of this format: {error}")
            continue
        if price is not None or state == "NM":
            yield QuoteRow(line, row, lookup, "pricecharting", state, at, None, None, None, price, "USD")
