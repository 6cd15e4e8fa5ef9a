"""Text on paper in any script: which font draws which letter, right-to-left order, and lines that fit a width.

DejaVu draws Latin, Greek, Cyrillic, Hebrew and Arabic, Droid Sans Fallback draws Chinese, Japanese and Korean. What neither
has is drawn as an empty box: nothing that somebody is called may stop a parcel's papers.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import arabic_reshaper
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD, WIDE = "DejaVu", "DejaVu-Bold", "Droid-Fallback"
_FILES = {PLAIN: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf", WIDE: "DroidSansFallback.ttf"}
_BOX = "□"
# Joiners and marks of how an emoji looks: without a colour font they draw nothing.
_SILENT = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e\ufe0e\ufe0f\ufeff"
)
_ARABIC = ("\u0600", "\u06ff")
LEADING = 1.25
"""Distance of two lines, in parts of the size of their letters."""


@cache
def _font(name: str) -> Any:
    """A font's glyphs by letter, read once for the process."""
    font = TTFont(name, str(_FONTS / _FILES[name]))
    pdfmetrics.registerFont(font)
    return font.face.charToGlyph


def plain(text: str) -> str:
    """Text as it can be drawn: composed, blanks for control characters, without signs that draw nothing."""
    composed = unicodedata.normalize("NFC", text)
    kept = (" " if unicodedata.category(each) in {"Cc", "Cs"} else each for each in composed if each not in _SILENT)
    return " ".join("".join(kept).split())


def _visual(text: str) -> str:
    """Letters in the order in which they stand on paper, Arabic ones in their joined shapes."""
    if text.isascii():
        return text
    if any(_ARABIC[0] <= each <= _ARABIC[1] for each in text):
        text = arabic_reshaper.reshape(text)
    return get_display(text)


def _drawn_by(letter: str, wanted: str) -> tuple[str, str]:
    """The font that draws a letter, and what is drawn."""
    if letter.isascii():
        return wanted, letter
    for name in (wanted, PLAIN, WIDE):
        if ord(letter) in _font(name):
            return name, letter
    return wanted, _BOX


def runs(text: str, *, bold: bool = False) -> list[tuple[str, str]]:
    """One line as pieces of one font each, in the order in which they stand on paper."""
    wanted = BOLD if bold else PLAIN
    _font(wanted)
    drawn = (_drawn_by(letter, wanted) for letter in _visual(text))
    return [
        (name, "".join(letter for _, letter in pieces)) for name, pieces in groupby(drawn, key=lambda each: each[0])
    ]


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is, in points."""
    return sum(pdfmetrics.stringWidth(piece, name, size) for name, piece in runs(text, bold=bold))


def lines_of(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Text in lines that are at most `width` points wide, broken at blanks, and within a word only where it is wider."""
    lines, line = [], ""
    for word in _words(plain(text), width, size, bold):
        longer = f"{line} {word}" if line else word
        if line and width_of(longer, size, bold=bold) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def _words(text: str, width: float, size: float, bold: bool) -> Iterator[str]:
    for word in text.split(" "):
        if width_of(word, size, bold=bold) <= width:
            yield word
            continue
        part = ""
        for letter in word:
            if part and width_of(part + letter, size, bold=bold) > width:
                yield part
                part = ""
            part += letter
        if part:
            yield part


def write(canvas: Any, x: float, y: float, text: str, size: float, *, bold: bool = False, right: bool = False) -> None:
    """Draw one line from `x` on, or (`right`) up to it; `y` is its base."""
    pieces = runs(plain(text), bold=bold)
    if right:
        x -= sum(pdfmetrics.stringWidth(piece, name, size) for name, piece in pieces)
    drawn = canvas.beginText(x, y)
    for name, piece in pieces:
        drawn.setFont(name, size)
        drawn.textOut(piece)
    canvas.drawText(drawn)


def write_lines(
    canvas: Any, x: float, y: float, texts: Sequence[str], size: float, *, width: float, bold: bool = False
) -> float:
    """Draw texts below each other, broken to `width`; `y` is the first base. Answers the base of what would follow."""
    for text in texts:
        for line in lines_of(text, width, size, bold=bold):
            write(canvas, x, y, line, size, bold=bold)
            y -= size * LEADING
    return y


def fitting(
    texts: Sequence[str], *, width: float, height: float, largest: float, smallest: float
) -> tuple[float, list[str]]:
    """The largest size at which the texts fit a box, and their lines; what does not fit at the smallest is left out."""
    size = largest
    while True:
        lines = [line for text in texts for line in lines_of(text, width, size)]
        if len(lines) * size * LEADING <= height:
            return size, lines
        if size <= smallest:
            return size, lines[: max(1, int(height // (size * LEADING)))]
        size -= 0.5
