"""Reference sets for benchmarks: real scans first, then cards drawn by our own code up to the number asked for.

Descriptors are kept under build/ by embedder and by what was described, so that a set is described once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from ml import engines
from ml.generate.designs import designed, render
from ml.index import MemoryIndex
from ml.interfaces import Embedder
from ml.types import Descriptors, Picture
from tests.benchmarks.composed import DRAWN, KEPT, Known

DISTRACTOR = (192, 268)
"""Width and height in pixels at which distractors are drawn: no embedder here looks at much more."""
AT_ONCE = 500
FIRST = 1_000_000
"""Distractors are numbered from here on, so that none shares its key with a card that is photographed."""

_Rows = tuple[np.ndarray, np.ndarray]


def distractor(number: int, size: tuple[int, int] = DISTRACTOR) -> Picture:
    """A drawn card that is never photographed, by its number from 0 on."""
    return render(designed(np.random.default_rng([5, number])), size)


def distractors(names: Sequence[str], count: int, *, processes: int = 2) -> dict[str, Descriptors]:
    """Descriptors of the first `count` distractors by embedder; what is not kept yet is drawn, once for all embedders."""
    starts = range(0, count, AT_ONCE)
    missing = [start for start in starts if _lacking(names, start)]
    if missing:
        began = time.monotonic()
        # a fork of a process whose engines run threads waits for ever on one of their locks
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for start, found in zip(missing, pool.map(partial(_described, names), missing), strict=True):
                for name, rows in found.items():
                    _save(_part(name, start), rows)
        spent = time.monotonic() - began
        print(f"  {len(missing) * AT_ONCE:,} distractors drawn and described by {', '.join(names)} in {spent:.0f} s")
    return {name: _joined([_read(_part(name, start)) for start in starts], count) for name in names}


def _described(names: Sequence[str], start: int) -> dict[str, _Rows]:
    """In a process of its own, on one core."""
    cv2.setNumThreads(1)
    pictures = [distractor(number) for number in range(start, start + AT_ONCE)]
    told = {}
    for name in _lacking(names, start):
        found = [_embedder(name).embed(pictures[i : i + 50]) for i in range(0, len(pictures), 50)]
        told[name] = np.concatenate([f.hashes for f in found]), np.concatenate([f.vectors for f in found])
    return told


def _lacking(names: Sequence[str], start: int) -> list[str]:
    return [name for name in names if not _part(name, start).exists()]


_loaded: dict[str, Embedder] = {}


def _embedder(name: str) -> Embedder:
    if name not in _loaded:
        _loaded[name] = engines.make("embed", name, engines.Setup(threads=1))
    return _loaded[name]


def described(name: str, cards: Sequence[Known]) -> Descriptors:
    """Descriptors of cards' own pictures, kept by their keys."""
    digest = hashlib.sha256("\n".join(card.key for card in cards).encode()).hexdigest()[:16]
    path = _folder(name) / f"cards-{digest}.npz"
    if not path.exists():
        embedder = engines.make("embed", name)
        parts = [embedder.embed([card.picture() for card in cards[i : i + 50]]) for i in range(0, len(cards), 50)]
        _save(path, (np.concatenate([p.hashes for p in parts]), np.concatenate([p.vectors for p in parts])))
    return _joined([_read(path)], len(cards))


def index_of(name: str, cards: Sequence[Known], more: Descriptors | None = None) -> MemoryIndex:
    """Cards' own pictures, then distractors, for one embedder; pictures of both can be had by key."""
    rows = described(name, cards)
    keys, games = [card.key for card in cards], [card.entry.game for card in cards]
    if more is not None:
        rows = _joined([(rows.hashes, rows.vectors), (more.hashes, more.vectors)], len(rows) + len(more))
        keys += [f"{DRAWN}:{FIRST + number}" for number in range(len(more))]
        games += [DRAWN] * len(more)
    known = {card.key: card.picture for card in cards}
    known |= {key: partial(distractor, n, (320, 448)) for n, key in enumerate(keys[len(cards) :])}

    def pictures(wanted: Sequence[str]) -> Mapping[str, Picture]:
        return {key: known[key]() for key in wanted if key in known}

    return MemoryIndex(keys, rows, games, pictures, order=engines.make("embed", name).nearness)


def on_disk(card: Known) -> Known:
    """The same card with its picture in a file, as references are kept: drawing one takes longer than reading one."""
    path = KEPT / "pictures" / f"{card.key.replace(':', '-')}.jpg"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), card.picture()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])

    def picture() -> Picture:
        loaded = cv2.imread(str(path), cv2.IMREAD_COLOR)
        assert loaded is not None, f"{path} was removed"
        return np.ascontiguousarray(loaded[..., ::-1])

    return Known(card.entry, picture)


def _folder(name: str) -> Path:
    return folder(name, str(engines.record_of("embed", name).get("sha256", "")))


def folder(name: str, weights: str) -> Path:
    """Where an embedder's descriptors are kept: by its weights and by how cards are drawn, for either may change."""
    return KEPT / "descriptors" / "-".join(filter(None, (name, weights[:12], _drawing())))


@cache
def _drawing() -> str:
    return hashlib.sha256(b"".join(distractor(number).tobytes() for number in range(3))).hexdigest()[:8]


def _part(name: str, start: int) -> Path:
    return _folder(name) / f"drawn-{start}.npz"


def _save(path: Path, rows: _Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partly = path.with_suffix(".part.npz")
    np.savez(partly, hashes=rows[0], vectors=rows[1].astype(np.float16))
    partly.rename(path)


def _read(path: Path) -> _Rows:
    with np.load(path, allow_pickle=False) as stored:
        return stored["hashes"], stored["vectors"].astype(np.float32)


def _joined(parts: Sequence[_Rows], count: int) -> Descriptors:
    hashes = np.concatenate([part[0] for part in parts] or [np.zeros((0, 32), np.uint8)])
    vectors = np.concatenate([part[1] for part in parts] or [np.zeros((0, 256), np.float32)])
    return Descriptors(hashes[:count], vectors[:count])
