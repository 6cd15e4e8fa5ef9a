"""BrickLink's price guide of LEGO sets: what was sold in the last six months, new and used, set by set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings

from apps.catalog.importers.rows import count_from
from apps.core.rejects import Reject
from apps.valuations.feeds.client import Client
from apps.valuations.feeds.errors import AnswerUnusable, FeedError, SourceRefused
from apps.valuations.feeds.protocol import Adapter, Cursor, Page, Row, without
from apps.valuations.feeds.tokens import Signed
from apps.valuations.feeds.wanted import Wanted, worth_asking
from apps.valuations.importers.rows import Lookup, QuoteRow, currency_of, instant_from, price_from

CATEGORY = "toys/lego"
# A sealed box is sold as new; what is open is used. BrickLink has no finer scale of sets in its guide.
STATES = {"sealed": "N", "normal": "U"}
_AT_ONCE = 200


class Guide(Adapter):
    """`market` is the average by quantity, `sample_size` the copies sold."""

    kind, title = "bricklink", "BrickLink"
    writes = "quotes"
    host = "api.bricklink.com"
    # Under more than four or five calls at once it answers with zeros: they come one after the other.
    rates = ("3/second", "4800/day")
    pace = dt.timedelta(days=1)
    needs_keys = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.base = settings.FEED_ADDRESSES["bricklink"]
        self.currency = currency_of(str(options.get("currency", "")), "USD")
        self.most = options.get("printings_per_run", 4500)
        if type(self.most) is not int or self.most < 1:
            raise FeedError("The option printings_per_run is a number above zero.")

    def why_off(self) -> str:
        """It needs a consumer and a token."""
        return without(
            BRICKLINK_CONSUMER_KEY=settings.BRICKLINK_CONSUMER_KEY,
            BRICKLINK_CONSUMER_SECRET=settings.BRICKLINK_CONSUMER_SECRET,
            BRICKLINK_TOKEN=settings.BRICKLINK_TOKEN,
            BRICKLINK_TOKEN_SECRET=settings.BRICKLINK_TOKEN_SECRET,
        )

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """The round goes on where the last run ended it."""
        return {"at": now.replace(microsecond=0).isoformat(), "after": last.get("after", ""), "asked": 0}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """One page a set and state."""
        signer = Signed(
            keys={
                "consumer_key": settings.BRICKLINK_CONSUMER_KEY,
                "consumer_secret": settings.BRICKLINK_CONSUMER_SECRET,
                "token": settings.BRICKLINK_TOKEN,
                "token_secret": settings.BRICKLINK_TOKEN_SECRET,
            }
        )
        after, asked = cursor["after"], cursor["asked"]
        while asked < self.most:
            limit = min(_AT_ONCE, self.most - asked)
            printings = worth_asking(CATEGORY, after=after, limit=limit, first=False)
            for wanted in printings:
                after, asked = wanted.variant_id, asked + 1
                place = {**cursor, "after": after, "asked": asked}
                yield Page(self._rows(client, signer, wanted, instant_from(cursor["at"])), place)
            if len(printings) < limit:
                yield Page([], {**cursor, "after": "", "asked": asked})  # once round
                return

    def _rows(self, client: Client, signer: Signed, wanted: Wanted, at: dt.datetime) -> list[Row]:
        state = STATES.get(wanted.finish)
        number = wanted.number if "-" in wanted.number else f"{wanted.number}-1"
        if state is None or not number.replace("-", "").isalnum():
            return []
        query = {"guide_type": "sold", "new_or_used": state, "currency_code": self.currency}
        answer = client.json(f"{self.base}/items/SET/{number}/price", query=query, signer=signer)
        guide = _told(answer)
        named = {"no": number, "new_or_used": state}
        if guide is None:
            return [Reject(None, named, "BrickLink knows no such set")]
        return [_row(guide, named, wanted, at)]


def _told(answer: Any) -> dict[str, Any] | None:
    """The data of an envelope; None where there is no such set. Raises SourceRefused, AnswerUnusable."""
    meta = answer.get("meta") if isinstance(answer, dict) else None
    if not isinstance(meta, dict):
        raise AnswerUnusable("Its answer has no meta.")
    if meta.get("code") == 404:
        return None
    if meta.get("code") != 200:
        told = f"{meta.get('message', '')} {meta.get('description', '')}".strip()[:200]
        raise SourceRefused(f"BrickLink refused our keys: {told}.", answered=int(meta.get("code") or 0))
    if not isinstance(answer.get("data"), dict):
        raise AnswerUnusable("Its answer has no data.")
    return answer["data"]


def _row(guide: dict[str, Any], named: dict[str, str], wanted: Wanted, at: dt.datetime) -> Row:
    try:
        low, mid, high, market = (
            price_from(guide.get(name)) for name in ("min_price", "avg_price", "max_price", "qty_avg_price")
        )
        copies = count_from(guide.get("total_quantity"))
        currency = currency_of(str(guide.get("currency_code", "")), "USD")
    except (TypeError, ValueError) as error:
        return Reject(None, {**named, "guide": guide}, f"it is not a price of this format: {error}")
    lookup = Lookup(variant_id=wanted.variant_id)
    return QuoteRow(None, named, lookup, "bricklink", "NM", at, low, mid, high, market, currency, sample_size=copies)
