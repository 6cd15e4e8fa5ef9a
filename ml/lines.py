"""What text lines of a card mean: its number, its name, its hit points, its game. Finding and recognising them: ml/read.py."""

import re
from collections.abc import Sequence

from ml.numbers import MAGIC, ONE_PIECE, POKEMON, PrintedNumber, guessed_game, language_of, printed_numbers
from ml.species import CLEARLY, in_english, is_species
from ml.types import Line, Reading

TOP_END, BOTTOM_START = 0.17, 0.76
_NOISE = re.compile(
    r"^(basic|stage ?[12]|trainer|supporter|item|hp ?\d+|\d+ ?hp|\d{1,4}|evolves from.*|put .*on the.*"
    r"|niveau ?[12]|base|dresseur|objet|character|leader|event|stage)$",
    re.IGNORECASE,
)
_AROUND_NAME = re.compile(
    r"(^(basic|stage ?[12]|base|niveau ?[12])\s+)|(\s*(hp|pv)?\s*\d{2,3}\s*(hp|pv)?\s*[^\w]*$)", re.IGNORECASE
)


_HP = re.compile(r"(?:HP|PV|KP|PS)\s?(\d{2,3})(?!\d)|(?<!\d)(\d{2,3})\s?(?:HP|PV|KP|PS)", re.IGNORECASE)
_ONLY_HP = re.compile(r"\D{0,3}(\d{2,3})\D{0,3}")
_HIT_POINTS = frozenset(str(value) for value in range(30, 400, 10))


def interpreted(lines: Sequence[Line], *, game: str | None = None, body: Sequence[Line] = ()) -> Reading:
    """What text lines of a card mean: its number by the games' grammars, its game, and the texts that may be its name.

    lines: those of the card's top and bottom; body: those between, as far as they were read.
    """
    numbers = printed_numbers(lines, game=game)
    guess = game or guessed_game([*lines, *body], numbers)
    if guess is None and any(is_species(text) for text in name_texts(lines, None)):
        guess = POKEMON
    fitting = [n for n in numbers if guess is None or n.game == guess]
    number = fitting[0] if fitting else PrintedNumber("", "")
    names = name_texts(lines, guess)
    return Reading(
        number=number.number,
        total=number.total,
        set_code=number.set_code,
        name_text=names[0] if names else "",
        lines=tuple(lines),
        game=guess,
        language=number.language or language_of(lines) or (_language_of_title(names) if guess == POKEMON else None),
        number_confidence=number.trust,
        hp=hit_points(lines) if guess == POKEMON else "",
        body=tuple(line.text for line in body),
    )


def _language_of_title(names: Sequence[str]) -> str | None:
    """The one language in which a title names a species, letter by letter."""
    said = [found.language for name in names if (found := in_english(name)) and found.trust >= CLEARLY]
    return said[0] or None if said else None


_SUBJECT = re.compile(
    r"(?P<subject>[A-Z][^.:;!\"]{2,34}?) "
    r"(?:does|deals|enters|destroys|gets|has|can't|cannot|can|comes|attacks|blocks|becomes|costs|dies|leaves|is)\b"
)
_CLAUSE = re.compile(r"\b(?:[Ww]hen(?:ever)?|[Ii]f|[Uu]ntil)\s|[.!]\s")


def subjects(body: Sequence[str]) -> tuple[str, ...]:
    """Who acts in the rules text ("Lightning Bolt does 3 damage"): often the card itself, by its name."""
    clauses = _CLAUSE.split(" ".join(body)) + list(body)
    found = [m["subject"].strip() for clause in clauses if (m := _SUBJECT.match(clause.strip()))]
    return tuple(dict.fromkeys(subject for subject in found if subject.lower() not in _NOBODY))


_NOBODY = frozenset(
    ("it", "you", "he", "she", "they", "this", "that", "target creature", "enchanted creature", "equipped creature")
)


def hit_points(lines: Sequence[Line]) -> str:
    """The number in a Pokemon card's upper right corner: a multiple of ten, with or without its "HP"."""
    top = [line for line in lines if (line.box[1] + line.box[3]) / 2 < 0.13 and line.confidence > 0.6]
    for line in top:
        if (m := _HP.search(line.text)) and (value := m[1] or m[2]) in _HIT_POINTS:
            return value
    for line in top:
        if line.box[0] > 0.6 and (m := _ONLY_HP.fullmatch(line.text.strip())) and m[1] in _HIT_POINTS:
            return m[1]
    return ""


def name_texts(lines: Sequence[Line], game: str | None) -> tuple[str, ...]:
    """Texts that may be the card's name, likeliest first: the top strip, and for One Piece the plate near the bottom."""
    scored: list[tuple[float, str]] = []
    for group in _rows(lines):
        texts = [line.text for line in group] + ([" ".join(line.text for line in group)] if len(group) > 1 else [])
        for text in texts:
            cleaned = _AROUND_NAME.sub("", text).strip(" .:|•-_")
            if len(cleaned) < 3 or _NOISE.match(cleaned) or sum(c.isalpha() for c in cleaned) < 0.55 * len(cleaned):
                continue
            middle = (group[0].box[1] + group[0].box[3]) / 2
            tall = max(line.box[3] - line.box[1] for line in group)
            confidence = min(line.confidence for line in group)
            top = 1.0 if 0.02 < middle < 0.13 else 0.6 if middle < TOP_END else 0.0
            plate = 1.0 if 0.80 < middle < 0.955 else 0.0
            place = {ONE_PIECE: plate, POKEMON: top, MAGIC: top}.get(game or "", max(top, 0.3 * plate))
            if place > 0:
                scored.append((place * (0.4 + min(tall, 0.06) / 0.06) * confidence, cleaned))
    seen: dict[str, float] = {}
    for score, text in sorted(scored, reverse=True):
        seen.setdefault(text, score)
    return tuple(seen)[:6]


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand beside each other, left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: (item.box[1] + item.box[3]) / 2):
        middle = (line.box[1] + line.box[3]) / 2
        if rows and abs(middle - (rows[-1][0].box[1] + rows[-1][0].box[3]) / 2) < 0.4 * (line.box[3] - line.box[1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda item: item.box[0]) for row in rows]
