"""The cards and photographs that recognition is measured on: real scans that nothing was trained on, or cards drawn here.

Everything follows from seeds. Photographs come from `ml.generate.scene`, so every corner, name and hidden part is known.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ml import sample
from ml.catalogue import plain
from ml.generate import layouts
from ml.generate.backgrounds import Backgrounds
from ml.generate.designs import Design, designed, draw_back, render, reprint
from ml.generate.layouts import Place
from ml.generate.scene import Card, Scene, compose
from ml.generate.sources import Scan, split
from ml.types import CardEntry, Picture

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(os.environ.get("CARDVAULT_SAMPLE_DATA") or ROOT.parent / "shared" / "data")
KEPT = ROOT / "build" / "bench"
"""Where figures and descriptors are kept between runs; git does not see it."""
LONG = 1280
"""Longer side of a photograph in pixels."""
ABSENT = 3
"""Every third name is left out of references and catalogue, to see whether its cards are rejected."""
DRAWN = "drawn"
FROM_KNOWN_GAMES = 300
"""So many drawn cards look like those of games whose numbers can be parsed; the rest are of games that never were."""

Rng = np.random.Generator
Layout = Callable[[Rng], list[Place]]
LAYOUTS: dict[str, Layout] = {
    "single": layouts.single,
    "grid": layouts.grid,
    "scattered": layouts.scattered,
    "row": layouts.row,
    "fan": layouts.fan,
}
CLUTTER = ("scattered", "row", "fan")
_GAMES = ("pokemon", "mtg", "onepiece")


@dataclass(frozen=True, slots=True)
class Known:
    """A card whose picture can be had."""

    entry: CardEntry
    picture: Callable[[], Picture]

    @property
    def key(self) -> str:
        """As in the catalogue."""
        return self.entry.key

    @property
    def name(self) -> tuple[str, str]:
        """Game and name, as they are compared."""
        return self.entry.game, plain(self.entry.name)

    @property
    def is_absent(self) -> bool:
        """Whether the name is one of those left out, with all its printings and languages."""
        return zlib.crc32("|".join(self.name).encode()) % ABSENT == 0


@dataclass(frozen=True, slots=True)
class Cards:
    """shown: photographed, and seen by no net in training. others: scans that are references only. texts: the catalogue."""

    shown: tuple[Known, ...]
    others: tuple[Known, ...]
    texts: tuple[CardEntry, ...]
    real: bool

    def _left_out(self) -> set[tuple[str, str]]:
        return {card.name for card in self.shown if card.is_absent}

    def references(self) -> list[Known]:
        """Every card with a reference picture, those that are photographed first, without the names left out."""
        left_out = self._left_out()
        return [card for card in (*self.shown, *self.others) if card.name not in left_out]

    def catalogue(self) -> list[CardEntry]:
        """Every printing by text, without the names left out."""
        left_out = self._left_out()
        return [entry for entry in self.texts if (entry.game, plain(entry.name)) not in left_out]


def cards() -> Cards:
    """Scans held out of every training where the sample is at hand, else drawn cards."""
    kept, held = split(SAMPLE)
    if not held:
        return drawn_cards()
    entries = {entry.key: entry for entry in sample.catalogue_entries(SAMPLE)}
    shown = {card.key: card for card in map(_scanned(entries), held)}
    others = {card.key: card for card in map(_scanned(entries), kept) if card.key not in shown}
    return Cards(tuple(shown.values()), tuple(others.values()), tuple(entries.values()), real=True)


def drawn_cards(count: int = FROM_KNOWN_GAMES) -> Cards:
    """Cards of our own drawing, their numbers fine enough to be read."""
    shown = tuple(drawn_card(number, size=(480, 672)) for number in range(count))
    return Cards(shown, (), tuple(card.entry for card in shown), real=False)


def _scanned(entries: dict[str, CardEntry]) -> Callable[[Scan], Known]:
    def known(scan: Scan) -> Known:
        row = {"game": scan.game, "set": scan.set_code, "number": scan.number, "name": scan.name}
        return Known(entries[sample.reference_key(row | {"language": scan.language})], scan.picture)

    return known


def drawn_card(number: int, *, size: tuple[int, int] = (360, 504)) -> Known:
    """A card of our own drawing by its number, the same on every machine."""
    rng = np.random.default_rng([2026, number])
    family = int(rng.integers(len(_GAMES))) if number < FROM_KNOWN_GAMES else None
    design = _numbered_as_printed(designed(rng, family=family), rng)
    return drawn(design, f"{DRAWN}:{number}", size=size)


def drawn(design: Design, key: str, *, size: tuple[int, int] = (360, 504)) -> Known:
    """A design as a card of the catalogue, printed when it is asked for."""
    game = _GAMES[design.family] if design.family < len(_GAMES) else DRAWN
    entry = CardEntry(key, game, design.name, design.number, design.set_code, design.total)
    return Known(entry, lambda: _printed(design, size))


_printed = lru_cache(maxsize=400)(render)


def _numbered_as_printed(design: Design, rng: Rng) -> Design:
    """With number, total and set code in one line, as current Pokemon cards have them."""
    total = design.total or f"{int(rng.integers(60, 320)):03d}"
    code = design.set_code or "".join(rng.choice(list("ABCDEFGHKLMNOPRSTVX"), 3))
    return replace(design, total=total, set_code=code, symbol=design.symbol | 1)


def same_art(arts: int, printings: int, *, size: tuple[int, int] = (744, 1040)) -> list[list[Known]]:
    """For each art several printings that differ in number and set, some in border, frame or language."""
    rng = np.random.default_rng(777)
    clusters = []
    for art in range(arts):
        first = designed(rng, family=0)
        prints = [first, *(reprint(first, rng) for _ in range(printings - 1))]
        clusters.append([drawn(_numbered_as_printed(d, rng), f"art{art}:{i}", size=size) for i, d in enumerate(prints)])
    return clusters


@dataclass(frozen=True, slots=True)
class Photo:
    """A composed photograph. layout: one of LAYOUTS, or `no card`."""

    layout: str
    scene: Scene


def photographs(
    shown: Sequence[Known], counts: dict[str, int], *, seed: int, long: int = LONG, backs: float = 0.0
) -> Iterator[Photo]:
    """Photographs by layout, made one by one: `counts` of each. No card is twice on one photograph.

    backs: share of the cards that lie on their face; their key is empty. A layout that is called `no card` shows none.
    """
    ground = Backgrounds()
    pictures = lru_cache(maxsize=64)(lambda number: shown[number].picture())
    for place, (name, count) in enumerate(counts.items()):
        for number in range(count):
            rng = np.random.default_rng([seed, place, number])
            upright = name == "single" or rng.random() < 0.5
            short = round(long * 0.75)
            size = (long, short) if upright else (short, long)
            order = iter(rng.permutation(len(shown)).tolist() * 2)

            def source(rng: Rng, order: Iterator[int] = order) -> Card:
                if rng.random() < backs:
                    return Card(draw_back(int(rng.integers(50))), is_back=True)
                chosen = next(order)
                return Card(pictures(chosen), shown[chosen].key)

            layout = LAYOUTS.get(name, lambda _: [])
            yield Photo(name, compose(rng, source, ground, size=size, layout=layout))
