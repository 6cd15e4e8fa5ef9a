"""What was measured about a printing, in the fuser's terms: agreement is positive, conflict negative. No weights here."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from rapidfuzz.distance import Levenshtein

from ml.catalogue import name_similarity, plain
from ml.lines import name_texts, subjects
from ml.numbers import POKEMON, number_key
from ml.species import in_english
from ml.types import CardEntry, Evidence, Match, Reading, TextQuery

FITS = 0.85
"""Name agreement from which a printing may explain a misread number."""
SAME_ART = 70
"""Agreeing details from which a reference shows the card's art, and not only its layout."""
MENTIONED = 0.9
"""What a name in the rules text counts against one in the title: cards speak of themselves, and now and then of others."""


def text_query(reading: Reading, game: str | None, looks_like: str = "") -> TextQuery:
    """What a reading asks the catalogue. looks_like: the name of the nearest reference, whose other printings matter, too."""
    game = reading.game or game
    names = name_texts(reading.lines, game)
    if game in (None, POKEMON):
        names += tuple(said.name for text in names if (said := in_english(text)))
    names += (looks_like,) if looks_like else ()
    return TextQuery(game, reading.number, reading.total, reading.set_code, names, subjects(reading.body))


def weighed(
    keys: Sequence[str],
    entries: Mapping[str, CardEntry],
    reading: Reading,
    *,
    matches: Mapping[str, Match],
    inliers: Mapping[str, int],
    details: Mapping[str, float],
    pictured: set[str],
    numbers: Mapping[str, float] | None = None,
) -> list[Evidence]:
    """The evidence for each key.

    details: agreement where look-alike references differ; pictured: keys with a reference; numbers: agreement of numbers that
    were matched where none was read.
    """
    known = {key: entries[key] for key in keys if key in entries}
    names = {key: name_agreement(reading, entry) for key, entry in known.items()}
    numbers = numbers or number_agreements(reading, known, names)
    found = [
        Evidence(
            key=key,
            distance=matches[key].distance if key in matches else None,
            similarity=matches[key].similarity if key in matches else None,
            inliers=inliers.get(key),
            number=numbers.get(key),
            set_code=set_agreement(reading, entries.get(key)),
            name=names.get(key),
            language=language_agreement(reading, entries.get(key)),
            has_picture=key in pictured,
            hp=hp_agreement(reading, entries.get(key)),
            details=details.get(key),
        )
        for key in keys
    ]
    return with_namesakes(with_equal_art(found, entries), entries)


def _called(entry: CardEntry) -> tuple[str, str]:
    return entry.game, plain(entry.name)


def _placed(entry: CardEntry) -> tuple[str, str, str]:
    """Where a card stands in its set: the same in every language and for every parallel of it."""
    return entry.game, plain(entry.set_code), number_key(entry.number)


def with_namesakes(found: Sequence[Evidence], entries: Mapping[str, CardEntry]) -> list[Evidence]:
    """The same evidence, each with the number of others that the picture and the language leave possible beside it.

    A name in another script is known by its place in the set. A printing whose own picture agrees in less than half as many
    details as a sound one's is another card.
    """
    known = [(e, entries[e.key]) for e in found if e.key in entries]
    told = [(e, _called(entry), _placed(entry) if entry.number else None) for e, entry in known]

    def is_rival(mine: Evidence, other: Evidence) -> bool:
        sound = mine.inliers if mine.has_picture and (mine.inliers or 0) >= SAME_ART else 0
        looks_other = other.has_picture and (other.inliers or 0) < 0.5 * (sound or 0)
        return other is not mine and not looks_other and (other.language or 0) >= (mine.language or 0)

    namesakes = {
        e.key: sum(
            (name == called or (place is not None and place == placed)) and is_rival(e, other)
            for other, name, place in told
        )
        for e, called, placed in told
    }
    return [replace(e, namesakes=namesakes.get(e.key, 0)) for e in found]


def with_equal_art(found: Sequence[Evidence], entries: Mapping[str, CardEntry]) -> list[Evidence]:
    """The same evidence where printings of one art share what their pictures say.

    References of which nearly as many details agree show the same art: that one of them lies a few bits nearer is chance, and
    only print and `details` may tell them apart. A printing of the same name that has no picture may have that art, too.
    """
    most = max((e.inliers or 0 for e in found), default=0)
    if most < SAME_ART:
        return list(found)
    art = [e for e in found if (e.inliers or 0) >= max(SAME_ART, 0.6 * most)]
    best = replace(
        art[0],
        distance=min((e.distance for e in art if e.distance is not None), default=None),
        similarity=max((e.similarity for e in art if e.similarity is not None), default=None),
        inliers=most,
    )
    keys = {e.key for e in art}
    shown = [entries[key] for key in keys if key in entries]
    names = {_called(entry) for entry in shown}
    unseen = [entries[e.key] for e in found if not e.has_picture and e.key in entries]
    # Of all earlier and later printings of a name one may have the art; a parallel of the same number often has.
    numbers = {number_key(entry.number) for entry in shown}
    kin = {e.key for e in unseen if _called(e) in names}
    parallels = {e.key for e in unseen if e.key in kin and number_key(e.number) in numbers}
    return [
        replace(
            e,
            distance=best.distance,
            similarity=best.similarity,
            inliers=best.inliers,
            kin=1 if e.key in parallels else len(kin - parallels) if e.key in kin else 0,
        )
        if e.key in keys | kin
        else e
        for e in found
    ]


def name_agreement(reading: Reading, entry: CardEntry) -> float | None:
    """0 to 1: how well the printed name fits; None where no name was legible in a language that the entry has.

    The species of a Pokemon card may be named in any language that ml/species.py knows.
    """
    if reading.language == "ja" and entry.language not in ("", "ja"):
        return None
    known = [plain(n) for n in (entry.name, *entry.aliases)]
    titles = name_texts(reading.lines, reading.game or entry.game)
    texts = [(plain(text), 1.0) for text in titles]
    texts += [(plain(text), MENTIONED) for text in subjects(reading.body)]
    if reading.language == "ja" and not any(_is_kana(name) for name in known):
        # A Japanese name says nothing about a printing whose Japanese name is not known.
        texts = []
    if entry.game == POKEMON:
        texts += [(plain(said.name), said.trust) for text in titles if (said := in_english(text))]
    return max((trust * name_similarity(text, name) for text, trust in texts for name in known), default=None)


def _is_kana(text: str) -> bool:
    return any("\u3040" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" for c in text)


def number_agreements(
    reading: Reading, entries: Mapping[str, CardEntry], names: Mapping[str, float | None]
) -> dict[str, float]:
    """The number's agreement per key. A number with one wrong character is put right where exactly one printing fits.

    It fits where its name does and no total speaks against it, and then only if no such printing has the number as read.
    """
    found = {key: value for key, entry in entries.items() if (value := number_agreement(reading, entry)) is not None}
    named = [
        key for key in found if (names.get(key) or 0.0) >= FITS and totals_agree(reading, entries[key]) is not False
    ]
    whole = [key for key in named if found[key] > 0 and totals_agree(reading, entries[key])]
    if whole:
        # Where a printing explains number, total and name, one that shares the number alone does not.
        for key in found:
            if found[key] > 0 and totals_agree(reading, entries[key]) is False:
                found[key] = -0.4 * _trust(reading)
    if any(found[key] > 0 for key in named):
        return found
    read = number_key(reading.number)
    near = [key for key in named if Levenshtein.distance(read, number_key(entries[key].number), score_cutoff=1) == 1]
    if len(read) > 1 and len({(entries[key].number, entries[key].set_code) for key in near}) == 1:
        for key in near:
            found[key] = (0.6 if totals_agree(reading, entries[key]) else 0.3) * _trust(reading)
    return found


def number_agreement(reading: Reading, entry: CardEntry) -> float | None:
    """1 where number and total agree, less where only the number does or it was hard to read, negative on conflict."""
    if not reading.number or not entry.number:
        return None
    if number_key(reading.number) != number_key(entry.number):
        return -0.6 * _trust(reading)
    same = totals_agree(reading, entry)
    return (0.85 if same is None else 1.0 if same else 0.25) * _trust(reading)


def totals_agree(reading: Reading, entry: CardEntry) -> bool | None:
    """Whether the printed size of the set is this entry's; None where either is not known."""
    if not reading.total or not entry.total:
        return None
    return number_key(reading.total) == number_key(entry.total)


def _trust(reading: Reading) -> float:
    return float(np.clip(reading.number_confidence / 0.8, 0.2, 1.0))


def set_agreement(reading: Reading, entry: CardEntry | None) -> float | None:
    """1 or a little below 0: a misread letter is common in a set code, so that only a match says much."""
    if entry is None or not reading.set_code or not entry.set_code or reading.number_confidence <= 0.4:
        return None
    return 1.0 if reading.set_code.upper() == entry.set_code.upper() else -0.3


def language_agreement(reading: Reading, entry: CardEntry | None) -> float | None:
    """1 or -1; None where either is not known. Japanese Pokemon sets are sets of their own, with their own numbers."""
    if entry is None or not reading.language:
        return None
    if not entry.language:
        own = entry.game != POKEMON or any(_is_kana(name) for name in (entry.name, *entry.aliases))
        return -1.0 if reading.language == "ja" and not own else None
    return 1.0 if reading.language == entry.language else -1.0


def hp_agreement(reading: Reading, entry: CardEntry | None) -> float | None:
    """1 or -1: hit points stand large in a corner, and tell the forms of one creature apart; None where not known."""
    if entry is None or not reading.hp or not entry.hp:
        return None
    return 1.0 if reading.hp == entry.hp else -1.0
