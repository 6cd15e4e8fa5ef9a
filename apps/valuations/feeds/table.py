"""Our own CSV of prices or sales (docs/importing.md), at an address that the operator names; as many feeds as wanted."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apps.core.errors import InvalidInput
from apps.core.http import Fetched
from apps.valuations.feeds.client import Client
from apps.valuations.feeds.errors import AnswerUnusable, FeedError
from apps.valuations.feeds.protocol import Adapter, Cursor, Page
from apps.valuations.importers.generic import read_quotes, read_sales

ROWS = 5000


class Table(Adapter):
    """Options: url; writes (quotes or sales); source, the slug for lines that name none."""

    kind, title = "csv", "CSV by address"
    rates = ("1/second",)
    pace = dt.timedelta(hours=6)
    needs_keys = False

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.url = str(options.get("url", ""))
        self.host = urlsplit(self.url).hostname or ""
        self.writes = options.get("writes", "quotes")
        self.source = str(options.get("source", "file"))
        if self.writes not in ("quotes", "sales"):
            raise FeedError("The option writes is quotes or sales.")

    def why_off(self) -> str:
        """It needs an address."""
        return "" if self.url.startswith(("http://", "https://")) and self.host else "The option url names no address."

    def begin(self, last: Cursor, now: dt.datetime) -> Cursor:
        """From the first line on; a file that has not changed is not sent again."""
        return {"file": "", "row": 0}

    def pages(self, client: Client, cursor: Cursor) -> Iterator[Page]:
        """Some thousand lines a page."""
        found = client.changed(self.url, _content)
        if found is None:
            return
        content, file = found.content, hashlib.sha256(found.content).hexdigest()
        with tempfile.TemporaryDirectory(prefix="cv-feed-") as folder:
            path = Path(folder) / "table.csv"
            path.write_bytes(content)
            read = read_sales if self.writes == "sales" else read_quotes
            row = cursor["row"] if cursor["file"] == file else 0
            rows = islice(read(path, source=self.source), row, None)
            try:
                while chunk := list(islice(rows, ROWS)):
                    row += len(chunk)
                    yield Page(chunk, {"file": file, "row": row})
            except InvalidInput as error:
                raise FeedError(f"It is not our CSV: {error.message}") from None
        yield Page([], {"file": file, "row": row}, {self.url: found.validator})


def _content(found: Fetched) -> bytes:
    """The file. Raises AnswerUnusable on a page in its place."""
    if found.content_type in ("text/html", "application/xhtml+xml"):
        raise AnswerUnusable("There is a page instead of a file.")
    return found.content
