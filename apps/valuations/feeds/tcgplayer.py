"""TCGplayer's API: prices of the products that the catalogue knows by TCGplayer's ids, many ids in one request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client, results_of
from apps.valuations.feeds.errors import AnswerUnusable, FeedError
from apps.valuations.feeds.protocol import Adapter, Cursor, Page, Row, without
from apps.valuations.feeds.tokens import Bearer
from apps.valuations.feeds.wanted import known_ids
from apps.valuations.importers.rows import instant_from
from apps.valuations.importers.tcgcsv import quote_of

VERSION = "v1.39.0"
IDS = 200
"""In one request; TCGplayer takes 250."""


class TCGplayer(Adapter):
    """Market prices by product and printing."""

    kind, title = "tcgplayer", "TCGplayer API"
    writes = "quotes"
    host = "api.tcgplayer.com"
    rates = ("8/second", "300/minute")
    pace = dt.timedelta(hours=6)
    needs_keys = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.base = settings.FEED_ADDRESSES["tcgplayer"]

    def why_off(self) -> str:
        """It needs both keys."""
        return without(
            TCGPLAYER_CLIENT_ID=settings.TCGPLAYER_CLIENT_ID, TCGPLAYER_CLIENT_SECRET=settings.TCGPLAYER_CLIENT_SECRET
        )

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """The source tells no time: all prices of a run are of its beginning, also after a stop."""
        return {"at": now.replace(microsecond=0).isoformat(), "after": ""}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """One page a request."""
        bearer = Bearer(
            client,
            url=f"{self.base}/token",
            key=settings.TCGPLAYER_CLIENT_ID,
            secret=settings.TCGPLAYER_CLIENT_SECRET,
            auth="client_secret_post",
        )
        at = instant_from(cursor["at"])
        after = cursor["after"]
        while ids := known_ids("tcgplayer", after=after, limit=IDS):
            asked = [value for value in ids if value.isascii() and value.isdigit()]
            rows: list[Row] = [
                Reject(None, {"tcgplayer_id": value}, f"{value!r} in the catalogue is no id of TCGplayer")
                for value in ids
                if value not in asked
            ]
            if asked:
                url = f"{self.base}/{VERSION}/pricing/product/{','.join(asked)}"
                rows += _rows(client.json(url, signer=bearer, missing={"success": True, "results": []}), at)
            after = ids[-1]
            yield Page(rows, {**cursor, "after": after})


def _rows(answer: Any, at: dt.datetime) -> list[Row]:
    results = results_of(answer)
    if answer.get("success") is False and not results:
        told = answer.get("errors")
        if isinstance(told, list) and told:
            raise FeedError(f"TCGplayer says: {str(told[0])[:200]}")
        raise AnswerUnusable("Its answer says that it did not succeed, and not why.")
    return [quote_of(n, price, at) for n, price in enumerate(results, 1)]
