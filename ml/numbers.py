"""The grammar of what is printed in a card's corner: collector numbers, set codes, and how readers get them wrong."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ml.types import Line

POKEMON, ONE_PIECE, MAGIC = "pokemon", "onepiece", "mtg"

_TO_DIGIT = str.maketrans(
    {"O": "0", "o": "0", "Q": "0", "D": "0", "I": "1", "l": "1", "|": "1", "!": "1", "Z": "2", "S": "5", "B": "8"}
)
_TO_LETTER = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B"})

_D = r"[0-9OoQDIl|!ZSB]"
_FRACTION = re.compile(
    r"(?<![0-9A-Za-z/])(?P<prefix>TG|GG|SV|RC|SH|SL|AR|H)?(?P<number>[0-9][0-9OoIl|]{0,2}|[OoIl|][0-9]{1,2})"
    r"\s?[/／⁄]\s?"
    r"(?P<tprefix>TG|GG|SV|RC|SH|SL|AR|H)?(?P<total>[0-9OoIl|SB]{1,3})(?![0-9/])"
)
_PROMO = re.compile(
    r"(?<![A-Z])(?P<series>SWSH|SVP|HGSS|SM|XY|BW|DP)[\s-]{0,2}(?:EN\s?)?(?P<number>[0-9O]{2,3})(?![0-9/])"
)
_ONE_PIECE = re.compile(
    rf"(?<![A-Z0-9])(?P<series>[O0Q]P|[S5]T|E[B8]|PR[B8])\s?(?P<set>{_D}{{2}})\s?[-–—_.~·]?\s?(?P<number>{_D}{{3}})(?![0-9])"
)
_ONE_PIECE_PROMO = re.compile(rf"(?<![A-Z0-9-])P\s?[-–—]\s?(?P<number>{_D}{{3}})(?![0-9/])")
_MAGIC_NEW = re.compile(r"(?<![A-Z])(?P<rarity>[CURMLTSP])\s?(?P<number>[0-9O]{4})(?![0-9/])")
_MAGIC_SET = re.compile(
    r"(?<![A-Z0-9])(?P<set>[A-Z0-9]{3,4})\s?[•·*.\-:]\s?(?P<language>EN|DE|FR|IT|ES|PT|JP|JA|RU|KO|CS|CT)(?![A-Z])"
)
_POKEMON_SET = re.compile(
    r"(?<![A-Z0-9])(?P<set>[A-Z]{2,3}|[A-Z][A-Z0-9]{2})\s?(?P<language>EN|FR|DE|IT|ES|PT)(?![A-Za-z])"
)
_POKEDEX = re.compile(r"\b(?:n[o0°º]\.?|nr\.?|№)\s?(\d{1,4})\b", re.IGNORECASE)

_WORDS = {
    POKEMON: (
        "weakness",
        "resistance",
        "retreat",
        "pokemon",
        "pokémon",
        "evolves from",
        "nintendo",
        "creatures",
        "game freak",
        "gamefreak",
        "stage 1",
        "stage 2",
        "trainer",
        "ポケモン",
        "faiblesse",
        "retraite",
    ),
    ONE_PIECE: (
        "on play",
        "don!!",
        "when attacking",
        "straw hat",
        "bandai",
        "shueisha",
        "toei",
        "activate:main",
        "ドン!!",
        "登場時",
        "起動メイン",
        "カウンター",
        "尾田栄一郎",
    ),
    MAGIC: (
        "wizards of the coast",
        "creature",
        "instant",
        "sorcery",
        "enchantment",
        "artifact",
        "planeswalker",
        "target creature",
        "battlefield",
        "mana",
        "legendary",
        "summon",
        "interrupt",
    ),
}


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """One reading of a collector number and what came with it. `trust` in [0, 1] joins text, grammar and place."""

    game: str
    number: str
    total: str = ""
    set_code: str = ""
    language: str | None = None
    trust: float = 0.0


def number_key(number: str) -> str:
    """The form in which numbers are compared: upper case, no spaces, no leading zeros of any run of digits.

    "026" and "26" are the same number, and so are "op09-065" and "OP9-65"; "TG05" and "5" are not.
    """
    compact = re.sub(r"\s+", "", unicodedata.normalize("NFKC", number)).upper()
    return re.sub(r"\d+", lambda run: run.group().lstrip("0") or "0", compact)


def _digits(text: str) -> str:
    return text.translate(_TO_DIGIT)


def parse_line(text: str, *, game: str | None = None) -> Iterator[PrintedNumber]:
    """Every collector number that a line of text may hold. `trust` is the grammar's alone: 1.0 is unmistakable."""
    line = unicodedata.normalize("NFKC", text).strip()
    for name, grammar in ((ONE_PIECE, _one_piece), (POKEMON, _pokemon), (MAGIC, _magic)):
        if game in (None, name):
            yield from grammar(line)


def _one_piece(line: str) -> Iterator[PrintedNumber]:
    upper = line.upper()
    for m in _ONE_PIECE.finditer(upper):
        code = m["series"].translate(_TO_LETTER).replace("Q", "O") + _digits(m["set"])
        clean = f"{code}-{_digits(m['number'])}"
        yield PrintedNumber(ONE_PIECE, clean, "", code, None, 1.0 if clean in upper else 0.85)
    for m in _ONE_PIECE_PROMO.finditer(upper):
        yield PrintedNumber(ONE_PIECE, f"P-{_digits(m['number'])}", "", "P", None, 0.8)


def _pokemon(line: str) -> Iterator[PrintedNumber]:
    codes = _POKEMON_SET.search(line)
    set_code, language = (codes["set"], codes["language"].lower()) if codes else ("", None)
    for m in _FRACTION.finditer(line):
        number, total = (m["prefix"] or "") + _digits(m["number"]), (m["tprefix"] or "") + _digits(m["total"])
        if any(c.isdigit() for c in m["total"]):
            yield PrintedNumber(POKEMON, number, total, set_code, language, 0.95 if len(m["total"]) >= 2 else 0.3)
    for m in _PROMO.finditer(line.upper()):
        yield PrintedNumber(POKEMON, f"{m['series']}{_digits(m['number'])}", "", m["series"], None, 0.85)


def _magic(line: str) -> Iterator[PrintedNumber]:
    upper = line.upper()
    codes = _MAGIC_SET.search(upper)
    set_code, language = (codes["set"], codes["language"].lower()) if codes else ("", None)
    for m in _FRACTION.finditer(line):
        total = _digits(m["total"])
        # "3/3" in the corner of a creature is its power and toughness.
        if not m["prefix"] and total.isdigit() and int(total) >= 30:
            yield PrintedNumber(MAGIC, _digits(m["number"]), total, set_code, language, 0.9)
    for m in _MAGIC_NEW.finditer(upper):
        yield PrintedNumber(MAGIC, _digits(m["number"]), "", set_code, language, 0.75)


def is_pokedex_line(text: str) -> bool:
    """Whether a line tells the Pokedex number ("No. 156"), which is not the collector number."""
    return bool(_POKEDEX.search(unicodedata.normalize("NFKC", text))) and "/" not in text


def printed_numbers(lines: Iterable[Line], *, game: str | None = None) -> list[PrintedNumber]:
    """All collector numbers of a card's lines, most trusted first. Numbers live in the lowest eighth of a card."""
    found: list[PrintedNumber] = []
    lines = list(lines)
    magic_code = next(
        (
            m
            for line in lines
            if line.box[1] > 0.85 and (m := _MAGIC_SET.search(unicodedata.normalize("NFKC", line.text).upper()))
        ),
        None,
    )
    pokemon_code = next(
        (
            m
            for line in lines
            if line.box[1] > 0.85 and (m := _POKEMON_SET.search(unicodedata.normalize("NFKC", line.text)))
        ),
        None,
    )
    for line in lines:
        middle = (line.box[1] + line.box[3]) / 2
        place = 1.0 if middle > 0.86 else 0.55 if middle > 0.75 else 0.3
        if is_pokedex_line(line.text):
            continue
        for parsed in parse_line(line.text, game=game):
            set_code, language = parsed.set_code, parsed.language
            code = {MAGIC: magic_code, POKEMON: pokemon_code}.get(parsed.game)
            if not set_code and code:
                set_code, language = code["set"], code["language"].lower()
            found.append(
                PrintedNumber(
                    parsed.game, parsed.number, parsed.total, set_code, language, parsed.trust * place * line.confidence
                )
            )
    return sorted(found, key=lambda n: -n.trust)


def guessed_game(lines: Iterable[Line], numbers: Iterable[PrintedNumber]) -> str | None:
    """The game whose words and number form a card shows; None where nothing tells."""
    votes = dict.fromkeys(_WORDS, 0.0)
    text = " ".join(line.text for line in lines).lower()
    for game, words in _WORDS.items():
        votes[game] += sum(1.0 for word in words if _is_said(word, text))
    if re.search(r"(?<![a-z])hp\s?\d{2,3}|\d{2,3}\s?hp(?![a-z])", text):
        votes[POKEMON] += 1.5
    for number in numbers:
        if number.game == ONE_PIECE:
            votes[ONE_PIECE] += 2.5 * number.trust
        elif number.total:
            votes[number.game] += 0.3 * number.trust
    best = max(votes, key=lambda game: votes[game])
    others = max(value for game, value in votes.items() if game != best)
    return best if votes[best] >= 1.5 and votes[best] > others + 0.5 else None


def _is_said(word: str, text: str) -> bool:
    """Whether a word stands in a text on its own: the "Creatures" of an imprint are no "creature"."""
    if not word.isascii():
        return word in text
    return bool(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text))


def language_of(lines: Iterable[Line]) -> str | None:
    """'ja' where kana are printed, 'en' and others only by their marker in the number strip; None where unknown."""
    text = "".join(line.text for line in lines)
    kana = sum(1 for c in text if "\u3040" <= c <= "\u30ff")
    return "ja" if kana >= 4 else None
