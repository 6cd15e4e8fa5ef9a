"""What the fuser is fitted on: the evidence for composed and for real photographed cards, and which candidate is right.

Nothing is fitted here: see ml/train/fuse.py.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ml import engines, sample
from ml.generate import layouts, scene, sources
from ml.generate.backgrounds import Backgrounds
from ml.generate.designs import Design, designed, render, reprint
from ml.index import MemoryIndex
from ml.interfaces import Embedder
from ml.measure import Judge
from ml.pipeline import Pipeline
from ml.types import Candidate, CardEntry, Descriptors, Evidence, Picture, Quad

Rng = np.random.Generator
DRAWN_SIZE = (480, 672)
PARTS = ("composed", "covered", "photos")
"""The kinds of examples, each kept in a file of its own."""
OFF = 0.005
"""How far corners that are given lie from the true ones, in each direction, in card widths."""
SEEN = 0.25
"""Visible share from which a card among others counts."""
OF_ONE_PHOTO = 4
"""Covered cards that are taken from one photograph at most."""


@dataclass(frozen=True, slots=True)
class Example:
    """One card's evidence and the keys that name it rightly; none where no candidate is the card. group: its photo."""

    evidence: tuple[Evidence, ...]
    right: frozenset[str]
    group: str


class Recorder:
    """A fuser that decides nothing and keeps what it was given."""

    version = "recorder"

    def __init__(self) -> None:
        self.seen: list[tuple[Evidence, ...]] = []

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[list[Candidate], bool]:
        """See `ml.interfaces.Fuser`."""
        self.seen.append(tuple(evidence))
        return [], False


@dataclass(frozen=True, slots=True)
class World:
    """What there is to recognise: pictures and entries by key, and which keys the index and the catalogue have."""

    pictures: dict[str, Callable[[], Picture]]
    entries: dict[str, CardEntry]
    indexed: frozenset[str]
    catalogued: frozenset[str]
    shown: tuple[str, ...]


def world(data: Path, rng: Rng, *, families: int = 20) -> World:
    """Held-out scans and drawn cards to show, everything else to confuse them with."""
    entries = {e.key: e for e in sample.catalogue_entries(data)}
    pictures: dict[str, Callable[[], Picture]] = {}
    names = sources.photographed_names(data)
    held = []
    for scan, row in zip(sources.scans(data), sample.rows(data / "cards" / "refs.csv"), strict=True):
        key = sample.reference_key(row)
        if key not in pictures and sources.is_held_out(scan, names):
            held.append(key)
        pictures.setdefault(key, scan.picture)
    drawn = []
    for i in range(families):
        first = designed(rng)
        for j, design in enumerate([first, *(reprint(first, rng) for _ in range(int(rng.integers(0, 3))))]):
            key = f"drawn:{i}:{j}"
            pictures[key] = _drawer(design)
            entries[key] = CardEntry(key, "drawn", design.name, design.number, design.set_code, design.total)
            drawn.append(key)
    shown = tuple(held + drawn)
    # A young catalogue lacks pictures, and now and then the card.
    missing = {key for key in shown if rng.random() < 0.3}
    unknown = {key for key in missing if rng.random() < 0.5}
    return World(pictures, entries, frozenset(set(pictures) - missing), frozenset(set(entries) - unknown), tuple(shown))


def _drawer(design: Design) -> Callable[[], Picture]:
    return cache(lambda: render(design, DRAWN_SIZE))


def composed(there: World, pipeline: Pipeline, backgrounds: Backgrounds, seed: int, count: int) -> Iterator[Example]:
    """The evidence of `count` photographed cards. Outlines are the true ones, a little off, now and then upside down."""
    recorder = _recorder(pipeline)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        key = str(rng.choice(there.shown))
        side = int(rng.integers(320, 900))
        made = scene.compose(
            rng,
            _showing(scene.Card(there.pictures[key](), key)),
            backgrounds,
            size=(side, side * 4 // 5),
            layout=layouts.single,
        )
        card = next((c for c in made.cards if c.visible > 0.8), None)
        if card is None:
            continue
        recorder.seen.clear()
        pipeline.identify(made.picture, quads=[_outlined(card, rng)])
        yield _example(key, recorder.seen[0], f"composed:{number}")


def covered(there: World, pipeline: Pipeline, backgrounds: Backgrounds, seed: int, count: int) -> Iterator[Example]:
    """The evidence of `count` cards that lie among others, most of them partly under one."""
    recorder, number, made = _recorder(pipeline), 0, 0
    while made < count:
        rng = np.random.default_rng([seed, 1, number])
        side = int(rng.integers(900, 1500))
        layout = (layouts.fan, layouts.row, layouts.scattered)[number % 3]
        photo = scene.compose(rng, _any_of(there), backgrounds, size=(side, side * 4 // 5), layout=layout)
        visible = [card for card in photo.cards if card.visible > SEEN]
        picked = [visible[i] for i in rng.permutation(len(visible))[:OF_ONE_PHOTO]]
        recorder.seen.clear()
        if picked:
            pipeline.identify(photo.picture, quads=[_outlined(card, rng) for card in picked])
        for card, evidence in zip(picked, recorder.seen, strict=True):
            yield _example(card.key, evidence, f"covered:{number}")
        number, made = number + 1, made + len(picked)


def _recorder(pipeline: Pipeline) -> Recorder:
    assert isinstance(pipeline.fuser, Recorder)
    return pipeline.fuser


def _outlined(card: scene.Placed, rng: Rng) -> Quad:
    """A card's corners as a detector may give them: a little off, now and then upside down."""
    off = rng.normal(0, OFF * np.linalg.norm(card.corners[1] - card.corners[0]), (4, 2))
    return Quad(np.roll(card.corners + off, int(rng.choice([0, 0, 0, 2])), axis=0).astype(np.float32))


def _example(key: str, evidence: tuple[Evidence, ...], group: str) -> Example:
    return Example(evidence, frozenset({key} & {e.key for e in evidence}), group)


def _any_of(there: World) -> scene.CardSource:
    def source(rng: Rng) -> scene.Card:
        key = str(rng.choice(there.shown))
        return scene.Card(there.pictures[key](), key)

    return source


def _showing(card: scene.Card) -> scene.CardSource:
    return lambda _: card


def photographed(data: Path, pipeline: Pipeline) -> Iterator[Example]:
    """The evidence of the labelled photographs. Right is every printing of a labelled name, or the very one where labelled."""
    recorder = _recorder(pipeline)
    judge = Judge({e.key: e for e in sample.catalogue_entries(data)})
    for labelled in sorted(sample.labelled_photos(data), key=lambda photo: photo.cards):
        named = [label for label in labelled.labels if label.names]
        if labelled.estimated or len(named) < len(labelled.labels):
            continue
        recorder.seen.clear()
        pipeline.identify(sample.photo(labelled))
        for evidence in recorder.seen:
            keys = [e.key for e in evidence]
            right = [
                key
                for key in keys
                for label in named
                if judge.same_name(key, label)
                and (not (label.number and label.set_code) or judge.same_printing(key, label))
            ]
            yield Example(evidence, frozenset(right), labelled.path.name)


def _engines(options: argparse.Namespace) -> dict[str, Any]:
    setup = engines.Setup(options.threads)
    stages = {stage: version for stage, version in engines.DEFAULTS.items() if stage in ("detect", "read", "verify")}
    made = {stage: engines.make(stage, version, setup) for stage, version in stages.items()}
    return made | {"embed": engines.make("embed", options.embedder, setup), "fuse": Recorder()}


def _index(there: World, scans: MemoryIndex, embedder: Embedder) -> MemoryIndex:
    """What the index of this world has: the scans that are not missing, and the drawn cards."""
    kept = [i for i, key in enumerate(scans.keys) if key in there.indexed]
    drawn = [key for key in sorted(there.indexed) if key.startswith("drawn:")]
    added = embedder.embed([there.pictures[key]() for key in drawn])
    both = Descriptors(
        np.concatenate([scans.descriptors.hashes[kept], added.hashes]),
        np.concatenate([scans.descriptors.vectors[kept], added.vectors]),
    )

    def pictures(wanted: Sequence[str]) -> dict[str, Picture]:
        return {key: there.pictures[key]() for key in wanted if key in there.indexed}

    keys, games = [*(scans.keys[i] for i in kept), *drawn], [*scans.games[kept].tolist(), *["drawn"] * len(drawn)]
    return MemoryIndex(keys, both, games, pictures, order=embedder.nearness)


def measure_composed(options: argparse.Namespace, made: dict[str, Any], scans: MemoryIndex) -> Iterator[Example]:
    """Cards alone, photographed by our generator, every one from its own seed."""
    return composed(*_staged(options, made, scans), options.seed, options.count)


def measure_covered(options: argparse.Namespace, made: dict[str, Any], scans: MemoryIndex) -> Iterator[Example]:
    """Cards among others: half as many as alone."""
    return covered(*_staged(options, made, scans), options.seed, options.count // 2)


def _staged(
    options: argparse.Namespace, made: dict[str, Any], scans: MemoryIndex
) -> tuple[World, Pipeline, Backgrounds]:
    there = world(options.data, np.random.default_rng(options.seed))
    catalogue = sample.MemoryCatalogue([e for key, e in there.entries.items() if key in there.catalogued])
    pipeline = engines.joined(made, _index(there, scans, made["embed"]), catalogue)
    return there, pipeline, Backgrounds(options.backgrounds)


def measure_photos(options: argparse.Namespace, made: dict[str, Any], scans: MemoryIndex) -> Iterator[Example]:
    """The labelled photographs."""
    catalogue = sample.MemoryCatalogue(sample.catalogue_entries(options.data))
    return photographed(options.data, engines.joined(made, scans, catalogue))


def measure(options: argparse.Namespace, part: str) -> list[Example]:
    """The examples of one part, written down as they are made."""
    made = _engines(options)
    scans = sample.reference_index(options.data, cache=options.cache, embedder=made["embed"])
    kept = options.out / f"{part}-{options.embedder}.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    start, found = time.monotonic(), []
    with kept.open("w", encoding="utf-8") as file:
        measured = dict(zip(PARTS, (measure_composed, measure_covered, measure_photos), strict=True))[part]
        for example in measured(options, made, scans):
            found.append(example)
            file.write(json.dumps(_written(example)) + "\n")
            file.flush()
            if len(found) % 10 == 0:
                print(f"{part}: {len(found)} cards in {time.monotonic() - start:.0f} s", flush=True)
    return found


def _written(example: Example) -> dict[str, object]:
    return {"group": example.group, "right": sorted(example.right), "evidence": [asdict(e) for e in example.evidence]}


def stored(path: Path) -> list[Example]:
    """What `measure` wrote down."""
    with path.open(encoding="utf-8") as lines:
        raw = [json.loads(line) for line in lines]
    return [Example(tuple(Evidence(**e) for e in x["evidence"]), frozenset(x["right"]), x["group"]) for x in raw]
