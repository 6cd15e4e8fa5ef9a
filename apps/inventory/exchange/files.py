"""Bytes that somebody uploaded, as records of cells: encoding, separator, "sep=" line, heading. Knows nothing of cards.

A record is one line of the file, or several where a quoted cell holds line breaks. A quote that never closes takes no other
line with it: its own line is told as broken, and reading goes on at the next one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from apps.core.errors import InvalidInput, UnsupportedType
from apps.inventory.exchange.formats import is_heading

_CHUNK = 1 << 20
_SEPARATORS = ",;\t|"
_MOST_LINES_IN_A_CELL = 120
_MOST_COLUMNS = 200
_NO_TEXT = "This is not a text file. Send the CSV file that your app exports."
_NO_TABLES = (
    (b"PK\x03\x04", "This is a spreadsheet or a packed file. Save it as CSV, and send that."),
    (b"\xd0\xcf\x11\xe0", "This is an old spreadsheet. Save it as CSV, and send that."),
    (b"\x1f\x8b", "This is a packed file. Unpack it, and send the CSV inside."),
    (b"%PDF", "This is a PDF. Send the CSV file that your app exports."),
    (b"\x89PNG", "This is a picture. To add cards by photo, use the scan page."),
    (b"\xff\xd8\xff", "This is a picture. To add cards by photo, use the scan page."),
    (b"GIF8", "This is a picture. To add cards by photo, use the scan page."),
    (b"SQLite format 3", "This is a database. Send the CSV file that your app exports."),
)


@dataclass(frozen=True)
class Layout:
    """How a file is to be read. heading_line: 0 where no line names the columns; first_line: where the rows begin."""

    encoding: str
    delimiter: str
    heading_line: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Cells of a line, blanks around them cut; `broken` says why they cannot be trusted."""

    line: int
    cells: list[str]
    broken: str = ""


def encoding_of(stream: BinaryIO) -> str:
    """The encoding of a text: a byte order mark's, UTF-16 by its zero bytes, UTF-8 where all of it decodes, else cp1252.

    Raises UnsupportedType for what is no text, saying what to send instead; InvalidInput for an empty file.
    """
    stream.seek(0)
    beginning = stream.read(4096)
    if not beginning.strip():
        raise InvalidInput("The file is empty.")
    for magic, said in _NO_TABLES:
        if beginning.startswith(magic):
            raise UnsupportedType(said)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = beginning[::2].count(0), beginning[1::2].count(0)
    if even + odd:
        if odd > len(beginning) // 4 and even * 10 < odd:
            return "utf-16-le"
        if even > len(beginning) // 4 and odd * 10 < even:
            return "utf-16-be"
        raise UnsupportedType(_NO_TEXT)
    if sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in beginning) > len(beginning) // 50:
        raise UnsupportedType(_NO_TEXT)
    return "utf-8-sig" if _is_utf8(stream) else "cp1252"


def _is_utf8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    try:
        while chunk := stream.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def layout_of(stream: BinaryIO, *, heading: bool | None = None) -> Layout:
    """How the file is to be read. `heading` says whether the first line names the columns, where somebody knows.

    Raises UnsupportedType and InvalidInput like `encoding_of`.
    """
    encoding = encoding_of(stream)
    text = _text(stream, encoding)
    lines = list(islice((line for line in text), 20))
    text.detach()
    skipped = next((n for n, line in enumerate(lines) if line.strip().strip("\ufeff")), 0)
    separator = ""
    if _says_separator(lines[skipped]):
        separator, skipped = lines[skipped].strip().strip('"')[4:5], skipped + 1
    sample = lines[skipped:] or [""]
    # The separator that cuts the first line into most cells; quoted cells do not count.
    delimiter = separator or max(_SEPARATORS, key=lambda each: len(next(csv.reader([sample[0]], delimiter=each), [])))
    first = [cell.strip() for cell in next(csv.reader(sample, delimiter=delimiter), [])]
    if len(first) > _MOST_COLUMNS:
        raise InvalidInput(f"The first line has {len(first)} columns; at most {_MOST_COLUMNS} can be read.")
    rows = list(csv.reader(sample, delimiter=delimiter))
    if heading is None:
        heading = is_heading(first) or _differs(first, rows[1:])
    if heading:
        return Layout(encoding, delimiter, skipped + 1, tuple(first))
    width = max(map(len, rows), default=1)
    return Layout(encoding, delimiter, 0, tuple(f"Column {n + 1}" for n in range(min(width, _MOST_COLUMNS))))


def _differs(first: list[str], rows: list[list[str]]) -> bool:
    """Whether the first line is of another kind than the others: words over figures."""
    if any(re.search(r"\d", cell) for cell in first) or not all(first):
        return False
    return any(len(row) > n and row[n].strip().isdigit() for row in rows for n in range(len(first)))


def records_of(stream: BinaryIO, layout: Layout) -> Iterator[Record]:
    """The rows below the heading; empty lines are passed by, and so is a line of separators alone."""
    text = _text(stream, layout.encoding)
    try:
        for record in _records(text, layout.delimiter):
            if record.line <= layout.heading_line or not any(record.cells):
                continue
            if _says_separator(record.cells[0]) and record.line < 5:
                continue
            yield record
    finally:
        text.detach()


def _text(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    stream.seek(0)
    return io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")


def _says_separator(line: str) -> bool:
    return line.strip().strip("\ufeff").strip('"').lower().startswith("sep=")


class _Lines:
    """Lines of a text that can be given back, and what the present record has taken of them."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text, self._back, self.taken, self.number = text, deque[str](), list[str](), 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._text)
        self.taken.append(line)
        if len(self.taken) > _MOST_LINES_IN_A_CELL:
            raise _Unclosed
        return line

    def record(self) -> int:
        """The line on which the record begins; what it took is done with."""
        first = self.number + 1
        self.number += len(self.taken)
        self.taken.clear()
        return first

    def give_back(self) -> str:
        """All but the first line of the record."""
        first, *rest = self.taken
        self._back.extendleft(reversed(rest))
        del self.taken[1:]
        return first


class _Unclosed(Exception):
    """A quoted cell goes on for too many lines."""


def _check_quotes(taken: list[str], delimiter: str) -> None:
    """Raises _Unclosed or csv.Error where a record of several lines only is one because a quote is missing."""
    if '"' not in taken[-1]:  # the file ended inside the quotes
        raise _Unclosed
    next(csv.reader(taken, delimiter=delimiter, strict=True))


def _records(text: io.TextIOBase, delimiter: str) -> Iterator[Record]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        broken = ""
        try:
            raw = next(reader, None)
            if raw is None:
                return
            if len(lines.taken) > 1:
                _check_quotes(lines.taken, delimiter)
        except (_Unclosed, csv.Error):
            first = lines.give_back()
            raw, broken = first.rstrip("\r\n").split(delimiter), "a quote on this line is never closed"
            reader = csv.reader(lines, delimiter=delimiter)
        cells = [cell.replace("\0", "").strip() for cell in raw[: _MOST_COLUMNS + 1]]
        yield Record(lines.record(), cells, broken)
