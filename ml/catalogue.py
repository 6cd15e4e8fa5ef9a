"""A text catalogue held in memory: numbers by dictionary, names by edit distance."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from ml.numbers import number_key
from ml.types import CardEntry, TextQuery


def plain(text: str) -> str:
    """Lower case without accents or punctuation, one space between words: how names are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c) and c not in "'’`")
    return " ".join(kept.split())


def name_similarity(read: str, name: str) -> float:
    """How well a text read from a card fits a name, 0 to 1. Both as `plain` gives them."""
    if not read or not name:
        return 0.0
    whole = fuzz.ratio(read, name) / 100
    joined = fuzz.ratio(read.replace(" ", ""), name.replace(" ", "")) / 100
    # A line often carries more than the name; the more of it is something else, the less it says.
    inside = fuzz.partial_ratio(name, read) / 100 if len(name) >= 5 and len(read) > len(name) else 0.0
    return max(whole, joined, inside * 0.95 * (len(name) / len(read)) ** 0.5 if inside else 0.0)


class MemoryCatalogue:
    """Entries in lists and dictionaries; good to some hundred thousand printings."""

    def __init__(self, entries: Iterable[CardEntry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._by_number: dict[str, list[CardEntry]] = defaultdict(list)
        self._by_name: dict[str | None, dict[str, list[CardEntry]]] = defaultdict(lambda: defaultdict(list))
        for entry in self._entries.values():
            if entry.number:
                self._by_number[number_key(entry.number)].append(entry)
            for name in {plain(n) for n in (entry.name, *entry.aliases)}:
                if name:
                    self._by_name[entry.game][name].append(entry)
                    self._by_name[None][name].append(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, keys: Sequence[str]) -> Mapping[str, CardEntry]:
        """See `ml.interfaces.Catalogue`."""
        return {key: self._entries[key] for key in keys if key in self._entries}

    def find(self, queries: Sequence[TextQuery], *, limit: int = 30) -> list[list[CardEntry]]:
        """See `ml.interfaces.Catalogue`."""
        return [self._found(query, limit) for query in queries]

    def _found(self, query: TextQuery, limit: int) -> list[CardEntry]:
        scores: dict[str, float] = defaultdict(float)
        for entry in self._by_number.get(number_key(query.number), ()) if query.number else ():
            if query.game in (None, entry.game):
                total = bool(query.total) and number_key(entry.total) == number_key(query.total)
                code = bool(query.set_code) and entry.set_code.upper() == query.set_code.upper()
                scores[entry.key] = 0.4 + 0.8 * total + 0.8 * code
        for key, score in self._name_scores(query).items():
            scores[key] += score + self._near_number(query, self._entries[key])
        ranked = sorted(scores, key=lambda key: -scores[key])
        return [self._entries[key] for key in ranked[:limit]]

    @staticmethod
    def _near_number(query: TextQuery, entry: CardEntry) -> float:
        """What lifts one printing of a name over the others: the total, or a number that differs by one character."""
        total = bool(query.total) and number_key(entry.total) == number_key(query.total)
        near = bool(query.number) and Levenshtein.distance(number_key(query.number), number_key(entry.number)) <= 1
        return 0.1 * total + 0.1 * near

    def _name_scores(self, query: TextQuery) -> dict[str, float]:
        names = self._by_name.get(query.game, {})
        near: dict[str, float] = defaultdict(float)
        for text in query.names:
            for name, score in _like(plain(text), names).items():
                near[name] = max(near[name], score)
        for text in query.mentions:
            for name, score, _ in process.extract(
                plain(text), names.keys(), limit=3, score_cutoff=80, scorer=fuzz.ratio
            ):
                near[name] = max(near[name], 0.9 * score / 100)
        scores: dict[str, float] = defaultdict(float)
        for name, score in near.items():
            for entry in names[name]:
                scores[entry.key] = max(scores[entry.key], score)
        return scores


def _like(read: str, names: Mapping[str, object]) -> dict[str, float]:
    """The names that a text is like, or that stand in it, with 0 to 1."""
    if len(read) < 3:
        return {}
    found = process.extract(read, names.keys(), scorer=fuzz.ratio, limit=8, score_cutoff=60)
    near = {name: score / 100 for name, score, _ in found}
    # The name may be one part of a longer line.
    words = read.split()
    for size in range(1, min(len(words), 5) + 1):
        for start in range(len(words) - size + 1):
            part = " ".join(words[start : start + size])
            if len(part) >= 4 and part in names:
                near[part] = max(near.get(part, 0.0), 0.9)
    return near
