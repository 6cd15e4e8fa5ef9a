"""A number too small to read chooses among the printings that the name leaves: what fits its strip far better than the rest.

Matching is less than reading. It never makes an answer sure by itself: the card may be a printing that nobody knows.
"""

from collections.abc import Iterable, Mapping

from ml.evidence import FITS, name_agreement
from ml.numbers import POKEMON
from ml.types import CardEntry, Reading

SHORTEST = 4
"""Signs of a number worth looking for: three digits alone fit into many a line."""
MOST = 80
"""Numbers that are looked for at most."""
PER_LETTER = 1.0
"""What each letter adds: a longer number has more in which it may disagree."""
LEAST = 0.0
"""Fit below which none of the numbers is what is printed. Right numbers of real photographs reach 0.5 to 7, wrong ones -5."""
DECISIVE = 6.0
"""Lead in log likelihood that counts in full. Right numbers of real photographs lead by 4 to 14."""
FOR, AGAINST = 0.4, -0.4
"""Agreement of what leads in full and of what is so far behind. A number that was read counts up to 1."""


def printed(entry: CardEntry) -> str:
    """A printing's number as its card shows it: "015/078"."""
    if not entry.total:
        return entry.number
    digits = len(entry.number) if entry.number.isdigit() else 0
    return f"{entry.number}/{entry.total.zfill(digits) if digits == 3 else entry.total}"


def wanted(reading: Reading, entries: Mapping[str, CardEntry]) -> dict[str, str]:
    """By key the numbers worth looking for: those of the name's printings where none was read and they would choose."""
    if reading.number:
        return {}
    texts = {
        key: printed(entry)
        for key, entry in entries.items()
        if _is_telling(entry, reading.language) and (name_agreement(reading, entry) or 0.0) >= FITS
    }
    return texts if 1 < len(set(texts.values())) <= MOST else {}


def _is_telling(entry: CardEntry, language: str | None) -> bool:
    """Whether a printing's number is long enough to be found by chance nowhere, and printed on cards of this language."""
    return len(printed(entry)) >= SHORTEST and not (entry.game == POKEMON and language == "ja")


def parts(texts: Iterable[str]) -> list[str]:
    """What to look for: the numbers, and their totals alone, for a finger or glare may hide the rest."""
    texts = set(texts)
    return sorted(texts | {_total(text) for text in texts} - {""})


def _total(text: str) -> str:
    _, stroke, total = text.partition("/")
    return total if stroke and len(total) == 3 else ""


def agreements(texts: Mapping[str, str], found: Mapping[str, float]) -> dict[str, float]:
    """AGAINST to FOR by key, from how well each text fits: what leads gains by how far it leads, the others lose by it.

    Empty where even the best fits badly. texts: as `wanted` gives them; found: at most 0 by text.
    """
    worth = {text: value + PER_LETTER * len(text) for text, value in found.items()}
    fit = {text: max(worth[text], worth.get(_total(text), worth[text])) for text in texts.values() if text in worth}
    ranked = sorted(fit.values(), reverse=True)
    if len(ranked) < 2 or ranked[0] < LEAST:
        return {}
    best, second = ranked[:2]
    lead = {text: value - (second if value == best else best) for text, value in fit.items()}
    return {key: max(AGAINST, min(FOR, FOR * lead[text] / DECISIVE)) for key, text in texts.items() if text in lead}
