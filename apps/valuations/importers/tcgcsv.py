"""TCGCSV prices: a group's prices as JSON, ProductsAndPrices.csv, or a folder of them such as a day of the archive.

A file tells no day: it is the folder's name (2026-07-07/3/604/prices), `last-updated.txt` near it, or what the caller says.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps.catalog.importers.tcgcsv import results
from apps.core.errors import InvalidInput
from apps.core.rejects import Reject
from apps.core.tabular import rows_in, text_of
from apps.valuations.importers.rows import Lookup, QuoteRow, finish_of, instant_from, price_from

SOURCE = "tcgplayer"
_NAMES = ("prices", "prices.json")
_COLUMNS = ("low", "mid", "high", "market")


def read(path: Path, *, on: dt.date | None = None) -> Iterator[QuoteRow | Reject]:
    """Every price of a file, or of all files of a folder."""
    if path.is_dir():
        files = sorted(file for name in _NAMES for file in path.rglob(name))
        tables = sorted(path.rglob("ProductsAndPrices.csv"))
        if not files and not tables:
            raise InvalidInput(f"{path} holds neither prices files nor ProductsAndPrices.csv.")
    else:
        files, tables = ([], [path]) if path.suffix.lower() == ".csv" else ([path], [])
    for file in files:
        at = _instant(file, on)
        for position, price in enumerate(results(file), 1):
            yield quote_of(position, price, at)
    for file in tables:
        with text_of(file) as stream:
            yield from quotes_in_table(stream, _instant(file, on), name=file.name)


def quotes_in_table(stream: io.TextIOBase, at: dt.datetime, *, name: str = "the file") -> Iterator[QuoteRow | Reject]:
    """The prices of a ProductsAndPrices.csv. Raises InvalidInput when it is none."""
    names = {"productId": "productid", "subTypeName": "subtypename"} | {
        f"{column}Price": f"{column}price" for column in _COLUMNS
    }
    for line, row in rows_in(stream, required=("productid", "marketprice"), name=name):
        yield quote_of(line, {name: row.get(column, "") for name, column in names.items()}, at)


def _instant(file: Path, on: dt.date | None) -> dt.datetime:
    if on is not None:
        return dt.datetime.combine(on, dt.time(), dt.UTC)
    for part in (*reversed(file.parent.parts), file.name):
        if found := re.search(r"\d{4}-\d{2}-\d{2}", part):
            return instant_from(found[0])
    for folder in (file.parent, *file.parents[:3]):
        if (folder / "last-updated.txt").is_file():
            return instant_from((folder / "last-updated.txt").read_text().strip()[:10])
    raise InvalidInput(f"Of which day are the prices of {file.name}? Say it with --date.")


def quote_of(line: int, price: Any, at: dt.datetime) -> QuoteRow | Reject:
    """One price of TCGplayer's shape, as it was at `at`."""
    try:
        word = price.get("subTypeName") or ""
        finish = finish_of(word)
        if finish is None:
            named = {"productId": price.get("productId"), "subTypeName": word}  # the same one every day
            return Reject(line, named, f"it is not a price of this format: {word!r} is not a finish")
        low, mid, high, market = (price_from(price.get(f"{column}Price")) for column in _COLUMNS)
        product = price["productId"]
        if isinstance(product, bool) or not str(product).isdigit():
            raise ValueError(f"{product!r} is not an id")
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        return Reject(line, price, f"it is not a price of this format: {error}")
    lookup = Lookup(id_source=SOURCE, id_value=str(product), finish=finish.value)
    return QuoteRow(line, price, lookup, SOURCE, "NM", at, low, mid, high, market, "USD")
