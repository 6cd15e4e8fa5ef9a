"""Identifying by what is printed on a box: set number, name, line and count of pieces, matched against the catalogue.

Each match is worth its log likelihood ratio: how much oftener it happens on the right product's box than by chance. What
chance brings is counted, not guessed: a number of five digits that means nothing hits a given product one time in ninety
thousand, one of three digits one time in nine hundred, and three digits stand on every box.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from rapidfuzz import fuzz

from ml.catalogue import plain
from ml.identify.fused import MOST, prior
from ml.identify.types import TEXT, Answer, BoxCatalogue, BoxEntry, Clue, Look, PageReader
from ml.types import Line, Reading

LEGIBLE_NUMBER = 0.8
"""How often the number of a box in sight is read right, measured on drawn boxes."""

STRAY = {3: 0.9, 4: 0.5, 5: 0.06, 6: 0.03, 7: 0.1}
"""How often a box has a number of so many digits that is not its own: ages and pieces, years, item codes."""

MOST_NUMBERS, MOST_TEXTS, MOST_CLUES = 12, 14, 12

_NUMBER = re.compile(r"(?<![\w.,/])(\d{3,7})(?:\s?[-–]\s?(\d{1,2}))?(?![\w/]|[.,]\d)")
_PIECES = re.compile(
    r"(?<!\d)(\d{1,5})\s*(?:pcs|pieces|pi[eè]ces|pzs|piezas|teile|pezzi|pe[cç]as|stk|elements?|el\.)", re.IGNORECASE
)
_AGES = re.compile(r"(?<!\d)\d{1,2}\s*(?:\+|[-–]\s?\d{1,2})(?!\d)")
_CONFUSED = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "S": "5", "B": "8", "Z": "2"})
_LETTERED = re.compile(r"(?<![\w.,/])(?=[\dOoIl|SBZ]*\d[\dOoIl|SBZ]*\d)[\dOoIl|SBZ]{4,7}(?![\w/])")


@dataclass(frozen=True, slots=True)
class BoxText:
    """What the lines of a box say: numbers that may be its own with how surely they were read, pieces, texts that may name it."""

    numbers: tuple[tuple[str, float], ...] = ()
    pieces: int | None = None
    texts: tuple[str, ...] = ()
    all_text: str = ""


class TextIdentifier:
    """Reads the box and looks up what it says."""

    name = TEXT
    version = "box-text-1"
    confidence_factors = ("lines legible", "number read", "number rare", "name read")

    def __init__(self, catalogue: BoxCatalogue, reader: PageReader) -> None:
        self.catalogue = catalogue
        self.reader = reader

    def identify(self, look: Look) -> Answer:
        """See `ml.identify.types.Identifier`."""
        lines = self.reader.page(look.photo)
        if not lines:
            return Answer(self.name, warnings=("Nothing on it could be read: take a closer, sharper photo.",))
        text = said(lines)
        game = look.plan.game
        entries = {e.key: e for e in self.catalogue.by_number([number for number, _ in text.numbers], game)}
        entries |= {e.key: e for e in self.catalogue.by_name(text.texts, game)}
        start = prior(self.catalogue.size(game))
        clues = sorted((clue_of(entry, text, start) for entry in entries.values()), key=lambda clue: -clue.odds)
        best = clues[0].scores if clues else {}
        number, trust = text.numbers[0] if text.numbers else ("", 0.0)
        reading = Reading(
            number=number,
            name_text=text.texts[0] if text.texts else "",
            lines=tuple(lines),
            number_confidence=trust,
        )
        factors = {
            "lines legible": float(np.mean([line.confidence for line in lines])),
            "number read": float(best.get("number", 0.0)),
            "number rare": float(np.clip((max((len(n) for n, _ in text.numbers), default=0) - 2) / 3, 0.0, 1.0)),
            "name read": float(best.get("name", 0.0)),
        }
        # What the text is sure of speaks against everything else as much as for it.
        against = -float(np.clip(start + clues[0].odds, 0.7, MOST)) if clues else 0.0
        conflict = "the text on the box is another product's" if against < -2.0 else ""
        return Answer(self.name, tuple(clues[:MOST_CLUES]), against, conflict, factors, reading)


def said(lines: Sequence[Line]) -> BoxText:
    """The lines of a box sorted by what they may mean."""
    numbers: dict[str, float] = {}
    pieces = None
    texts: list[tuple[float, str]] = []
    for line in lines:
        rest = line.text
        if match := _PIECES.search(rest):
            pieces = pieces or int(match[1])
            rest = rest[: match.start()] + " " + rest[match.end() :]
        rest = _AGES.sub(" ", rest) if not _NUMBER.search(rest) else rest
        for number, trust in _numbers(rest, line.confidence):
            numbers[number] = max(numbers.get(number, 0.0), trust)
        words = " ".join(re.sub(r"[^\w'’&!.:\- ]", " ", rest).split())
        if sum(c.isalpha() for c in words) >= max(3, 0.5 * len(words)):
            texts.append((line.box[3] - line.box[1], words))
    ranked = sorted(numbers.items(), key=lambda item: -(item[1] + 0.2 * min(len(item[0].partition("-")[0]), 5)))
    named = _joined(texts)
    return BoxText(tuple(ranked[:MOST_NUMBERS]), pieces, named, " ".join(plain(line.text) for line in lines))


def _numbers(text: str, confidence: float) -> Iterable[tuple[str, float]]:
    for match in _NUMBER.finditer(text):
        yield (f"{match[1]}-{match[2]}" if match[2] and match[2] != "1" else match[1]), confidence
    for match in _LETTERED.finditer(text):
        if not match[0].isdigit():
            yield match[0].translate(_CONFUSED), 0.6 * confidence


def _joined(texts: Sequence[tuple[float, str]]) -> tuple[str, ...]:
    """Texts by size of their letters, and each with the one below it: a long name takes two lines."""
    pairs = [
        (0.9 * min(a[0], b[0]), f"{a[1]} {b[1]}") for a, b in pairwise(texts) if 0.6 < a[0] / max(b[0], 1e-6) < 1.6
    ]
    return tuple(dict.fromkeys(text for _, text in sorted([*texts, *pairs], reverse=True)))[:MOST_TEXTS]


def clue_of(entry: BoxEntry, text: BoxText, start: float) -> Clue:
    """Everything that a box's text says of one product. `start`: its log odds before; beyond MOST nothing is believed."""
    odds, scores, reasons = 0.0, {}, []
    number = number_odds(entry.number, text.numbers)
    if number is not None:
        odds, scores["number"] = odds + number, 1.0 if number > 0 else -1.0
        reasons.append("the number on the box matches" if number > 0 else "another number was read")
    name = name_likeness(entry, text.texts)
    odds, scores["name"] = odds + name_odds(name, entry), name
    if name >= 0.85:
        reasons.append("the name on the box matches")
    if text.pieces is not None and entry.pieces:
        agrees = text.pieces == entry.pieces
        odds, scores["pieces"] = odds + (4.5 if agrees else -3.0), 1.0 if agrees else -1.0
        reasons.append("the count of pieces matches" if agrees else "another count of pieces was read")
    if any(len(line) >= 3 and plain(line) in text.all_text for line in entry.lines):
        odds, scores["line"] = odds + 1.5, 1.0
        reasons.append(f"{entry.lines[0]} stands on the box")
    return Clue(entry.key, min(odds, MOST - start), scores, tuple(reasons))


def number_odds(own: str, numbers: Sequence[tuple[str, float]]) -> float | None:
    """Log likelihood ratio of the numbers read, for a product of this number; None where none was read that could be one.

    P(its number is read | it) against P(a stray number of so many digits is this very one), see STRAY.
    """
    base, _, suffix = own.partition("-")
    candidates = [(number, trust) for number, trust in numbers if len(number.partition("-")[0]) >= 3]
    if not base.isdigit() or not candidates:
        return None
    for number, trust in candidates:
        read, _, read_suffix = number.partition("-")
        if read.lstrip("0") == base.lstrip("0"):
            digits = max(1, len(base))
            chance = STRAY.get(digits, 1.0) / (9 * 10 ** (digits - 1))
            odds = math.log(LEGIBLE_NUMBER * max(trust, 0.05) / chance)
            if read_suffix:
                return odds + (1.0 if read_suffix == suffix else -4.0)
            # The box itself tells those of one number apart by nothing: the first of them is the one that is sold most.
            return odds - (1.0 if suffix else 0.0)
    # Of five digits and more a number is rarely anything but the box's own.
    surest = max((trust for number, trust in candidates if 5 <= len(number.partition("-")[0]) <= 6), default=0.0)
    return -2.0 * surest if surest else None


def name_likeness(entry: BoxEntry, texts: Sequence[str]) -> float:
    """How well the best of the texts fits one of its names, 0 to 1."""
    best = 0.0
    for name in map(plain, (entry.name, *entry.aliases)):
        for text in map(plain, texts):
            whole = fuzz.ratio(text, name) / 100
            best = max(best, whole, _within(name, text))
    return best


def _within(name: str, text: str) -> float:
    """A name inside of a longer line, as whole words."""
    if len(name) < 6 or len(text) <= len(name):
        return 0.0
    return 0.95 * fuzz.partial_ratio(name, text) / 100 if f" {name.split()[0][:3]}" in f" {text}" else 0.0


def name_odds(likeness: float, entry: BoxEntry) -> float:
    """Log likelihood ratio of a likeness: a long name that fits is worth more than a short one that any line may hold.

    Many boxes name nothing but line and number, so that a name that is not seen says little.
    """
    letters = len(plain(entry.name))
    full = float(np.clip(0.55 * letters, 1.5, 9.0))
    if likeness >= 0.78:
        return full * (likeness - 0.7) / 0.3
    return -0.7
