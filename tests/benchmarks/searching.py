"""Searching alone: cards with their outlines given, no text, among growing numbers of references."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ml import engines
from ml.hashing import HashEmbedder
from ml.index import MemoryIndex
from ml.pipeline import EMBEDDED_SIZE
from ml.rectify import PerspectiveRectifier
from ml.types import Picture, Quad
from tests.benchmarks import naming, references
from tests.benchmarks.baselines import HASH, ORB, ORB_REFERENCES, HashBaseline, OrbBaseline, Ranked
from tests.benchmarks.composed import CLUTTER, Cards, Known, Photo
from tests.benchmarks.figures import better, print_table
from tests.benchmarks.naming import FIRST, OURS, Answer, Names

HALF = 0.5
"""Visible share of a card that is looked up alone."""
MOST_FOR_ALL = 20_000
"""Among more references only the default embedder is asked, beside the hash: describing them takes long."""
OFF = {0.0: "exact outlines", 0.03: "outlines 3 % off"}
"""How far given corners are from the true ones, in the mean, in card widths."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A card of a photograph, straightened by its true outline."""

    layout: str
    card: Known
    crop: Picture


def crops(photos: Sequence[Photo], pool: Cards, off: float) -> list[Shown]:
    """Every card of which half is seen and that the references hold. off: see OFF."""
    known, rectifier = {card.key: card for card in pool.shown}, PerspectiveRectifier()
    rng = np.random.default_rng(31)
    found = []
    for photo in photos:
        for placed in photo.scene.cards:
            if placed.visible >= HALF and not known[placed.key].is_absent:
                # the mean distance of a two-dimensional normal is 1.25 of its deviation
                quad = Quad(placed.corners)
                moved = Quad(quad.corners + rng.normal(0, off / 1.25, (4, 2)).astype(np.float32) * quad.width)
                picture = rectifier.rectify(photo.scene.picture, moved).picture
                small = np.asarray(cv2.resize(picture, EMBEDDED_SIZE, interpolation=cv2.INTER_AREA), np.uint8)
                found.append(Shown(photo.layout, known[placed.key], small))
    return found


def answers_of(shown: Sequence[Shown], ranked: Sequence[Ranked]) -> list[Answer]:
    """What was found for cards whose outline was given."""
    return [
        Answer(one.layout, one.card.key, keys=tuple(key for key, _ in best), score=best[0][1] if best else 0.0)
        for one, best in zip(shown, ranked, strict=True)
    ]


def nearest(index: MemoryIndex, engine: str, shown: Sequence[Shown]) -> list[Ranked]:
    """The five nearest references by an embedder."""
    found: list[Ranked] = []
    embedder = engines.make("embed", engine)
    for start in range(0, len(shown), 40):
        queries = embedder.embed([one.crop for one in shown[start : start + 40]])
        found += [[(m.key, m.similarity) for m in matches] for matches in index.nearest(queries, k=5)]
    return found


def search(photos: Sequence[Photo], pool: Cards, names: Names, sizes: Sequence[int]) -> dict[str, object]:
    """Outlines given, no text: every embedder against hashing, and against ORB among the first thousand."""
    known = pool.references()
    every = list(dict.fromkeys([engines.DEFAULTS["embed"], HashEmbedder.version, *engines.versions_of("embed")]))
    called = dict(zip(every, every, strict=True)) | {HashEmbedder.version: FIRST, every[0]: OURS}
    figures: dict[str, object] = {}
    for size in sizes:
        ways = every if size <= MOST_FOR_ALL else every[:1]
        drawn = references.distractors(ways, max(0, size - len(known)))
        indexes = {
            way: references.index_of(way, known[:size], drawn[way] if size > len(known) else None) for way in ways
        }
        # every embedder keeps the same hash beside its vector
        first = indexes.get(HashEmbedder.version, indexes[ways[0]])
        hashes = HashBaseline(first.keys, first.descriptors.hashes)
        orb = OrbBaseline({card.key: card.picture() for card in known[:size]}) if size <= ORB_REFERENCES else None
        for off, outlines in OFF.items():
            shown = crops(photos, pool, off)
            found = {called[way]: answers_of(shown, nearest(indexes[way], way, shown)) for way in ways}
            found[HASH] = answers_of(shown, [hashes.best(one.crop) for one in shown])
            if orb is not None:
                found[ORB] = answers_of(shown, [orb.best(one.crop) for one in shown])
            label = f"{size:,} references, {outlines}"
            figures[label] = compared(f"search among {label}", found, names)
    print(f"ORB with more than {ORB_REFERENCES:,} references: not run, a card takes a millisecond for each")
    return figures


def compared(title: str, found: dict[str, list[Answer]], names: Names) -> dict[str, object]:
    """Print one search; figures by way, with ratios of errors to the baselines (above 1: ours errs less)."""
    columns = ("name first", "name in 5", "printing", "in clutter", "cards")
    rows: dict[str, list[object]] = {}
    figures: dict[str, object] = {}
    shares = {way: naming.within(answers, names, first=1) for way, answers in found.items()}
    for way, answers in found.items():
        clutter = naming.within([a for a in answers if a.layout in CLUTTER], names, first=1)
        five, prints = naming.within(answers, names, first=5), naming.printings(answers)
        rows[way] = [shares[way], five, prints, clutter, shares[way].of]
        figures[way] = naming.told(answers, names, decides=False) | {"name_top1_in_clutter": clutter.to_dict()}
        if way != OURS:
            figures[f"to {way.split()[0]}"] = {"errors_ratio": better(shares[OURS], shares[way], errors=True)}
    print_table(title, columns, rows)
    return figures


def straightened(photo: Picture, outlines: Sequence[Quad]) -> list[Picture]:
    """Cards as the embedder sees them."""
    rectifier = PerspectiveRectifier()
    return [
        np.asarray(cv2.resize(rectifier.rectify(photo, q).picture, EMBEDDED_SIZE, interpolation=cv2.INTER_AREA))
        for q in outlines
    ]
