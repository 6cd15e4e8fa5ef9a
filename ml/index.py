"""A reference index held in memory: packed Hamming distances and cosines over all references at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml.types import Descriptors, Match, Picture

PictureSource = Callable[[Sequence[str]], Mapping[str, Picture]]


@dataclass(frozen=True, slots=True)
class Nearness:
    """How one embedder's two measures make one order: 0 for strangers, about 1 for the same picture.

    strangers: the cosine that two different cards have on average. by_vector: the vector's weight, the hash has the rest.
    The numbers are HashEmbedder's: strangers lie near 128 bits and a cosine near 0.43, whatever the game; the same card
    below 60 and above 0.7.
    """

    strangers: float = 0.43
    by_vector: float = 0.5

    def __call__(self, distance: Any, similarity: Any) -> Any:
        """distance: differing hash bits, similarity: cosine; numbers or arrays, shape kept."""
        by_hash = (128.0 - distance) / 128.0
        return (1.0 - self.by_vector) * by_hash + self.by_vector * (similarity - self.strangers) / (
            1.0 - self.strangers
        )


nearness = Nearness()


class MemoryIndex:
    """References as arrays. Good to some hundred thousand pictures; `load` and `save` keep it in one npz file."""

    def __init__(
        self,
        keys: Sequence[str],
        descriptors: Descriptors,
        games: Sequence[str],
        pictures: PictureSource | None = None,
        *,
        order: Nearness = nearness,
    ) -> None:
        """keys: one per row, may repeat (several pictures of one card). pictures: answers reference pictures by key.

        order: the embedder's `nearness`.
        """
        if not len(keys) == len(descriptors) == len(games):
            raise ValueError("One key and one game per descriptor.")
        self.keys = list(keys)
        self.descriptors = descriptors
        self.games = np.array(games, dtype=object)
        self._pictures = pictures
        self._order = order

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
        near = self._order(distances, similarities)
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
    def load(cls, path: Path, pictures: PictureSource | None = None, *, order: Nearness = nearness) -> "MemoryIndex":
        """What `save` wrote. order: the embedder's `nearness`. Raises OSError or ValueError on a file that is not one."""
        with np.load(path, allow_pickle=False) as stored:
            vectors = stored["vectors"].astype(np.float32)
            return cls(
                stored["keys"].tolist(),
                Descriptors(stored["hashes"], vectors),
                stored["games"].tolist(),
                pictures,
                order=order,
            )
