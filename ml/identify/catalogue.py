"""A catalogue of boxes held in memory, for measuring and for tests; the product asks its database instead."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import fuzz, process

from ml.catalogue import plain
from ml.identify.types import BoxEntry

NEAR = 74
MOST_NEAR = 8


class MemoryBoxes:
    """See `ml.identify.types.BoxCatalogue`."""

    def __init__(self, entries: Iterable[BoxEntry]) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._numbers: dict[str, list[BoxEntry]] = defaultdict(list)
        self._names: dict[str, list[BoxEntry]] = defaultdict(list)
        self._barcodes: dict[str, BoxEntry] = {}
        for entry in self._entries.values():
            self._numbers[number_base(entry.number)].append(entry)
            for name in {plain(each) for each in (entry.name, *entry.aliases)} - {""}:
                self._names[name].append(entry)
            self._barcodes.update(dict.fromkeys(entry.barcodes, entry))

    def size(self, game: str | None) -> int:
        """See `ml.identify.types.BoxCatalogue`."""
        return len(self._entries) if game is None else sum(e.game == game for e in self._entries.values())

    def by_barcode(self, codes: Sequence[str]) -> Mapping[str, BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        return {code: self._barcodes[code] for code in codes if code in self._barcodes}

    def by_number(self, numbers: Sequence[str], game: str | None) -> list[BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        found = [entry for number in numbers for entry in self._numbers.get(number_base(number), ())]
        return [entry for entry in found if game in (None, entry.game)]

    def by_name(self, texts: Sequence[str], game: str | None) -> list[BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        near = names_near(texts, self._names)
        return [entry for name in near for entry in self._names[name] if game in (None, entry.game)]

    def entries(self, keys: Sequence[str]) -> Mapping[str, BoxEntry]:
        """See `ml.identify.types.BoxCatalogue`."""
        return {key: self._entries[key] for key in keys if key in self._entries}


def number_base(number: str) -> str:
    """A number without what tells those of one number apart and without leading zeros: 75192-2 is 75192."""
    return number.partition("-")[0].lower().lstrip("0")


def names_near(texts: Sequence[str], names: Iterable[str]) -> list[str]:
    """Plain names like one of the texts, or standing whole inside of one, best first."""
    choices = list(names)
    known = set(choices)
    found: dict[str, float] = {}
    for text in map(plain, texts):
        if len(text) < 3:
            continue
        near = process.extract(text, choices, scorer=fuzz.ratio, limit=MOST_NEAR, score_cutoff=NEAR)
        for name, score, _ in near:
            found[name] = max(found.get(name, 0.0), score)
        words = text.split()
        for size in range(1, len(words)):
            for start in range(len(words) - size + 1):
                part = " ".join(words[start : start + size])
                if len(part) >= 6 and part in known:
                    found[part] = max(found.get(part, 0.0), 90.0)
    return sorted(found, key=lambda name: -found[name])[: 4 * MOST_NEAR]
