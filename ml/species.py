"""Names of Pokemon species in other languages, said in English: "Dracaufeu ex" is "Charizard ex". Pure; trainers' names stay.

The names are facts, kept in ml/data/species.tsv: a row for each species, a column for each language; where they come from
is in docs/dependencies.md. Nothing is fetched.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ml.catalogue import plain

SPECIES = Path(__file__).parent / "data" / "species.tsv"
WIDE = frozenset(("ja", "ko", "zh-hans", "zh-hant"))
"""Languages that are written without spaces, and whose names are a few signs long."""
MOST_WORDS = 5
ONE_WRONG, TWO_WRONG, ONE_SIGN_WRONG = 6, 10, 5
"""Letters from which a name may have one, and two, that were misread; signs from which it may have one."""
CLEARLY = 0.9
"""Trust from which no letter was misread and nothing else stands in the title."""
SHORTEST = 4
"""Letters, and one more than signs, from which a name is no word of another game by chance."""
GLUED = 6
"""Letters from which a name is believed inside of a longer word, where the space before it was not seen."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a title in another language says.

    name: in English; language: empty where several share the name. trust: 0 to 1, less where letters were misread or where
    more stands in the title than the name and what belongs to one.
    """

    name: str
    language: str
    trust: float


@dataclass(frozen=True, slots=True)
class _Names:
    """By names without spaces and accents: the English ones, and with their language those of words and those of signs."""

    english: Mapping[str, str]
    words: Mapping[str, tuple[str, str]]
    signs: Mapping[str, tuple[str, str]]


@lru_cache(maxsize=1)
def _known() -> _Names:
    with SPECIES.open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines, delimiter="\t"))
    english = {_joined(row["en"]): row["en"] for row in listed}
    words: dict[str, tuple[str, str]] = {}
    signs: dict[str, tuple[str, str]] = {}
    spoken: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        for language, name in row.items():
            if (key := _joined(name)) not in english:
                spoken[key].add(language)
                (signs if language in WIDE else words)[key] = row["en"], min(spoken[key], key=list(row).index)
    shared = {key for key, languages in spoken.items() if len(languages) > 1}
    for names in (words, signs):
        names.update({key: (names[key][0], "") for key in names.keys() & shared})
    return _Names(english, words, signs)


@lru_cache(maxsize=4096)
def in_english(text: str) -> Said | None:
    """A title whose species is named in another language, with that name in English; None where there is no such name.

    What stands round it (ex, VMAX, a region, whose it is) is put where English cards have it. A title that has a species'
    English name and nothing foreign round it is left alone.
    """
    return _of_signs(_joined(text)) if any(_is_sign(c) for c in text) else _of_words(text)


def is_species(text: str) -> bool:
    """Whether a title is a species' name letter by letter, in English or another language, with what belongs to one."""
    if len(_joined(text)) < SHORTEST - any(_is_sign(c) for c in text):
        return False
    said = in_english(text)
    if said is not None:
        return said.trust >= CLEARLY
    words = [word for word in plain(_APART.sub(" ", text)).split() if word not in (_IN_FRONT.keys() | _BEHIND.keys())]
    return "".join(words) in _known().english


def _of_words(text: str) -> Said | None:
    known = _known()
    words = [part for word in plain(_APART.sub(" ", text)).split() for part in _unglued(word, known.words)]
    parts = [
        (start, start + size, "".join(words[start : start + size]))
        for size in range(min(len(words), MOST_WORDS), 0, -1)
        for start in range(len(words) - size + 1)
    ]
    for start, end, part in parts:
        if part in known.english:
            around = [word for word in words[:start] + words[end:] if word in _FOREIGN]
            return _said(words[:start], part, words[end:], (known.english[part], "")) if around else None
    found = [(near[1], start, end, near[0]) for start, end, part in parts if (near := _nearest(part, known.words))]
    if not found:
        return _glued("".join(words))
    wrong, start, end, key = min(found, key=lambda item: (item[0], -len(item[3])))
    if wrong and _nearest("".join(words[start:end]), known.english, most=wrong):
        # As near to an English name: then that one was misread.
        return None
    return _said(words[:start], key, words[end:], known.words[key], wrong)


def _unglued(word: str, names: Mapping[str, object]) -> list[str]:
    """An ending apart from its name: "dracaufeuex" is two words."""
    end = next((end for end in _BEHIND if len(end) > 1 and word.endswith(end) and word[: -len(end)] in names), "")
    return [word[: -len(end)], end] if end else [word]


def _glued(word: str) -> Said | None:
    """A name that stands in one word with what is printed before or behind it."""
    known = _known()
    if _longest_in(word, known.english):
        return None
    key = _longest_in(word, known.words)
    if not key:
        return None
    before, _, after = word.partition(key)
    return _said(_runs(before), key, _runs(after), known.words[key])


def _longest_in(word: str, names: Iterable[str], least: int = GLUED) -> str:
    return max((name for name in names if len(name) >= least and name in word), key=len, default="")


def _of_signs(signs: str) -> Said | None:
    names = _known().signs
    # "Mewtwo" holds "Mew", in Japanese, too.
    part = key = _longest_in(signs, names, least=2)
    wrong = 0
    if not key:
        windows = {signs[at : at + size] for size in range(4, 9) for at in range(len(signs) - size + 1)}
        found = [(near[0], part) for part in windows if (near := _nearest(part, names, least=ONE_SIGN_WRONG, most=1))]
        if not found:
            return None
        key, part = max(found, key=lambda item: (len(item[0]), item))
        wrong = 1
    before, _, after = signs.partition(part)
    return _said(_around(before), key, _around(after), names[key], wrong)


def _nearest(
    part: str, names: Mapping[str, object], *, least: int = ONE_WRONG, most: int = 2
) -> tuple[str, int] | None:
    """The name that a text is, or was before a letter or two were misread, and how many were."""
    if part in names:
        return part, 0
    allowed = min((len(part) >= least) + (len(part) >= TWO_WRONG), most)
    if not allowed:
        return None
    found = process.extractOne(part, names.keys(), scorer=Levenshtein.distance, score_cutoff=allowed)
    # A short name that needs a letter more than it has is another one.
    return (str(found[0]), int(found[1])) if found and len(found[0]) >= least else None


_IN_FRONT = {
    "mega": "Mega", "メカ": "Mega", "alola": "Alolan", "アローラ": "Alolan", "galar": "Galarian", "カラル": "Galarian",
    "hisui": "Hisuian", "ヒスイ": "Hisuian", "paldea": "Paldean", "ハルテア": "Paldean", "わるい": "Dark", "obscur": "Dark",
    "dunkles": "Dark", "ひかる": "Shining", "brillant": "Shining", "かかやく": "Radiant", "radieux": "Radiant", "m": "M",
}  # fmt: skip
"""What stands before or behind a species' name, as `plain` gives it, and what English cards have in front."""
_FOREIGN = frozenset(("alola", "galar", "hisui", "paldea", "obscur", "dunkles", "brillant", "radieux"))
_BEHIND = {word: word for word in ("ex", "gx", "v", "vmax", "vstar", "break", "x", "y", "star")} | {"niv": "lv"}
_OF = frozenset(("d", "de", "du", "von", "di"))
_APART = re.compile(r"(?<=\b[dD])['’`]")


def _said(before: list[str], key: str, after: list[str], named: tuple[str, str], wrong: int = 0) -> Said:
    """The title as English cards have it; words that are in no table are left out."""
    name, language = named
    owners = [after[i + 1] for i, word in enumerate(after[:-1]) if word in _OF and after[i + 1] not in _IN_FRONT]
    owners += [before[i - 1] for i, word in enumerate(before) if i and word == "の"]
    # "Ns Flampion": the only owner of one letter; longer ones may be any word that ends with s.
    owners += ["n"] * ("ns" in before)
    front = [f"{owner.title()}'s" for owner in owners]
    front += [_IN_FRONT[word] for word in (*before, *after) if word in _IN_FRONT]
    behind = [_BEHIND[word] for word in after if word in _BEHIND]
    understood = {*_IN_FRONT, *_BEHIND, *_OF, *owners, "ns", "の"}
    rest = sum(len(word) for word in (*before, *after) if word not in understood)
    trust = 0.95 * (len(key) / (len(key) + rest)) ** 0.5 * (1 - wrong / (2 * len(key)))
    return Said(" ".join((*front, name, *behind)), language, trust)


_LATIN = re.compile(r"[a-z0-9]+")


def _around(signs: str) -> list[str]:
    """The signs beside a Japanese name as words: those of the table, Latin letters, and whatever else there is."""
    latin = [word for run in _LATIN.findall(signs) for word in _runs(run)]
    rest = _LATIN.sub("", signs)
    found = [word for word in _IN_FRONT if not word.isascii() and word in rest]
    for word in found:
        rest = rest.replace(word, "")
    return [*latin, *([rest] if rest else []), *found]


def _runs(run: str) -> list[str]:
    """Words that stand close together: the last three letters of "Charizard Xex" are two."""
    return [run[:1], run[1:]] if run[:1] in ("x", "y") and run[1:] in _BEHIND else [run]


def _is_sign(letter: str) -> bool:
    return unicodedata.category(letter) == "Lo"


def _joined(text: str) -> str:
    return plain(text).replace(" ", "")
