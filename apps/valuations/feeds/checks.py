"""What no source may say: absurd prices and counts, and days that have not come. Pure; the rest the database keeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from apps.core.rejects import Reject
from apps.valuations.feeds.protocol import LinkRow, Row
from apps.valuations.importers.rows import QuoteRow

MOST = Decimal(10_000_000)
"""In any currency. A typing error is more likely than a card above it."""
SKEW = dt.timedelta(minutes=15)
"""How far a source's clock may be ahead of ours."""
MOST_COPIES = 1_000_000
_FIRST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)


def checked(row: Row, now: dt.datetime) -> Row:
    """The row, or the reason why it cannot be used.

    An absurd `high` is what somebody asks in jest: it is left out, and the rest of the quote stays.
    """
    if isinstance(row, Reject | LinkRow):
        return row
    if isinstance(row, QuoteRow):
        if row.high is not None and row.high > MOST:
            row = row._replace(high=None)
        reason = _wrong(row.observed_at, (row.low, row.mid, row.market), row.sample_size, now)
    else:
        reason = _wrong(row.sold_at, (row.price,), row.quantity, now)
    return Reject(row.line, row.content, reason) if reason else row


def _wrong(at: dt.datetime, prices: Sequence[Decimal | None], copies: int | None, now: dt.datetime) -> str:
    absurd = next((price for price in prices if price is not None and price > MOST), None)
    if absurd is not None:
        return f"{absurd} is above ten million: no price"
    if at > now + SKEW:
        return f"it is dated {at:%Y-%m-%d %H:%M} UTC, which has not come yet"
    if at < _FIRST:
        return f"it is dated {at:%Y-%m-%d}, before anybody kept prices"
    if copies is not None and not 0 <= copies <= MOST_COPIES:
        return f"{copies} copies cannot be"
    return ""
