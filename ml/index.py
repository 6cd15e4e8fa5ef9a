"""A reference index held in memory: packed Hamming distances and cosines over all references at once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.types import Descriptors, Match, Picture

STRANGERS = 0.43
"""The cosine that two different cards have on average."""

PictureSource = Callable[[Sequence[str]], Mapping[str, Picture]]


def nearness(distance: Any, similarity: Any) -> Any:
    """One order out of both measures: 0 for strangers, about 1 for the same picture. Numbers or arrays, shape kept.

    Strangers lie near 128 bits and a cosine near 0.43, whatever the game; the same card below 60 and above 0.7.
    """
    return 0.5 * (128.0 - distance) / 128.0 + 0.5 * (similarity - STRANGERS) / (1.0 - STRANGERS)


class MemoryIndex:
    """References as arrays. Good to some hundred thousand pictures; `load` and `save` keep it in one npz file."""

    def __init__(
        self, keys: Sequence[str], descriptors: Descriptors, games: Sequence[str], pictures: PictureSource | None = None
    ) -> None:
        """keys: one per row, may repeat (several pictures of one card). pictures: answers reference pictures by key."""
        if not len(keys) == len(descriptors) == len(games):
            raise ValueError("One key and one game per descriptor.")
        self.keys = list(keys)
        self.descriptors = descriptors
        self.games = np.array(games, dtype=object)
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self.keys)

    def nearest(self, queries: Descriptors, *, k: int, game: str | None = None) -> list[list[Match]]:
        """See `ml.interfaces.ReferenceIndex`."""
        if not len(queries):
            return []
        rows = np.arange(len(self.keys)) if game is None else np.flatnonzero(self.games == game)
        if not len(rows):
            return [[] for _ in range(len(queries))]
        hashes, vectors = self.descriptors.hashes[rows], self.descriptors.vectors[rows]
        # uint64 words make the exclusive-or and the bit count four passes instead of thirty-two.
        words, query_words = (
            np.ascontiguousarray(hashes).view(np.uint64),
            np.ascontiguousarray(queries.hashes).view(np.uint64),
        )
        distances = np.zeros((len(queries), len(rows)), np.float32)
        for word in range(words.shape[1]):
            distances += np.bitwise_count(query_words[:, word, None] ^ words[None, :, word])
        similarities = queries.vectors @ vectors.T
        near = nearness(distances, similarities)
        wanted = min(3 * k, len(rows))
        best = np.argpartition(-near, wanted - 1, axis=1)[:, :wanted]
        found: list[list[Match]] = []
        for q in range(len(queries)):
            matches: dict[str, Match] = {}
            for r in best[q][np.argsort(-near[q, best[q]])]:
                key = self.keys[rows[r]]
                if key not in matches:
                    matches[key] = Match(key, int(distances[q, r]), float(similarities[q, r]))
                if len(matches) == k:
                    break
            found.append(list(matches.values()))
        return found

    def pictures(self, keys: Sequence[str]) -> Mapping[str, Picture]:
        """See `ml.interfaces.ReferenceIndex`."""
        return self._pictures(keys) if self._pictures else {}

    def save(self, path: Path) -> None:
        """Write everything but the pictures."""
        np.savez_compressed(
            path,
            keys=np.array(self.keys),
            games=np.array(self.games.tolist()),
            hashes=self.descriptors.hashes,
            vectors=self.descriptors.vectors.astype(np.float16),
        )

    @classmethod
    def load(cls, path: Path, pictures: PictureSource | None = None) -> "MemoryIndex":
        """What `save` wrote. Raises OSError or ValueError on a file that is not one."""
        with np.load(path, allow_pickle=False) as stored:
            vectors = stored["vectors"].astype(np.float32)
            return cls(
                stored["keys"].tolist(),
                Descriptors(stored["hashes"], vectors),
                stored["games"].tolist(),
                pictures,
            )
