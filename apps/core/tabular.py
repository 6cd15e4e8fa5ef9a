"""Tables that people have: CSV with any of the usual separators, a byte order mark, a "sep=" line, or gzip around it."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from apps.core.errors import InvalidInput

_SEPARATORS = ",;\t|"


def text_of(path: Path) -> io.TextIOWrapper:
    """The file as UTF-8 text (a byte order mark is dropped, undecodable bytes are marked), unpacked if it is gzip."""
    with path.open("rb") as beginning:
        packed = beginning.read(2) == b"\x1f\x8b"
    raw = cast(BinaryIO, gzip.GzipFile(path)) if packed else path.open("rb")
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")


def rows_of(path: Path, *, required: tuple[str, ...] = ()) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number (from 1, as an editor shows it) and the row by lower-case column name; blanks around cells are cut.

    Cells beyond the heading come under "". Raises InvalidInput when a required column is missing or there is no heading.
    """
    with text_of(path) as stream:
        yield from rows_in(stream, required=required, name=path.name)


def rows_in(
    stream: io.TextIOBase, *, required: tuple[str, ...] = (), name: str = "the file"
) -> Iterator[tuple[int, dict[str, str]]]:
    """As `rows_of`, from text that is open already."""
    heading, offset = stream.readline(), 0
    separator = ""
    if heading.strip().strip('"').lower().startswith("sep="):
        separator = heading.strip().strip('"')[4:5]
        heading, offset = stream.readline(), 1
    if not heading.strip():
        raise InvalidInput(f"{name} is empty: its first line has to name the columns.")
    separator = separator or max(_SEPARATORS, key=heading.count)
    columns = [cell.strip().lower() for cell in next(csv.reader([heading], delimiter=separator))]
    missing = [column for column in required if column not in columns]
    if missing:
        raise InvalidInput(
            f"{name} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.", found=columns[:60]
        )
    reader = csv.reader(stream, delimiter=separator)
    for raw in reader:
        cells = list(map(str.strip, raw))
        if not any(cells):
            continue
        row = dict(zip(columns, cells, strict=False))
        if len(cells) < len(columns):
            row.update(dict.fromkeys(columns[len(cells) :], ""))
        elif len(cells) > len(columns):
            row[""] = separator.join(raw[len(columns) :]).strip()
        yield offset + 1 + reader.line_num, row
