"""Cardmarket's public price guides: one file a game and day, in euros, of all conditions and languages mixed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client, json_of, results_of
from apps.valuations.feeds.errors import AnswerUnusable, FeedError
from apps.valuations.feeds.protocol import Adapter, Cursor, Page, Row
from apps.valuations.importers.rows import Lookup, QuoteRow, instant_from, price_from

# Cardmarket's number of a game: what its second set of prices is of. The first is of the printing that is usual.
GAMES = {1: ("foil", "foil"), 6: ("holo", "reverse-holofoil")}
ROWS = 5000


class PriceGuides(Adapter):
    """`low` is the lowest ask, `mid` the average of what was sold, `market` Cardmarket's own trend."""

    kind, title = "cardmarket", "Cardmarket price guides"
    writes = "quotes"
    host = "downloads.s3.cardmarket.com"
    rates = ("1/second",)
    pace = dt.timedelta(hours=6)
    needs_keys = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.games = options.get("games", sorted(GAMES))
        if not isinstance(self.games, list) or not set(self.games) <= set(GAMES):
            raise FeedError(f"The option games is a list out of {sorted(GAMES)}.")
        self.base = settings.FEED_ADDRESSES["cardmarket"]

    def why_off(self) -> str:
        """Nothing is needed."""
        return ""

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """From the first file on; those that have not changed are not sent again."""
        return {"game": 0, "created": "", "row": 0}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """Some thousand rows of a file a page."""
        for game in sorted(self.games):
            if game < cursor["game"]:
                continue
            url = f"{self.base}/priceGuide/price_guide_{game}.json"
            found = client.changed(url, json_of)
            if found is None:
                continue
            guides = results_of(found.content, "priceGuides")
            created = str(found.content.get("createdAt", ""))
            try:
                at = instant_from(created)
            except ValueError:
                raise AnswerUnusable(f"Its createdAt is {created!r}, which is no time.") from None
            same = (cursor["game"], cursor["created"]) == (game, created)
            for start in range(cursor["row"] if same else 0, len(guides), ROWS):
                part = enumerate(guides[start : start + ROWS], start + 1)
                rows = [row for n, guide in part for row in _rows(n, guide, game, at)]
                place = {"game": game, "created": created, "row": start + ROWS}
                yield Page(rows, place, {url: found.validator} if start + ROWS >= len(guides) else {})


def _rows(n: int, guide: Any, game: int, at: dt.datetime) -> Iterator[Row]:
    """Of the usual printing, and of the other where the guide has prices of it."""
    suffix, finish = GAMES[game]
    try:
        product = guide["idProduct"]
        if type(product) is not int:
            raise ValueError(f"{product!r} is not an id")
        usual = [price_from(guide.get(name)) for name in ("low", "avg", "trend")]
        other = [price_from(guide.get(f"{name}-{suffix}")) for name in ("low", "avg", "trend")]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        yield Reject(n, guide, f"it is not a price of this format: {error}")
        return
    for prices, printing in ((usual, ""), (other, finish)):
        if printing and not any(prices):
            continue
        low, mid, market = prices
        lookup = Lookup(id_source="cardmarket", id_value=str(product), finish=printing)
        yield QuoteRow(n, guide, lookup, "cardmarket", "NM", at, low, mid, None, market, "EUR")
