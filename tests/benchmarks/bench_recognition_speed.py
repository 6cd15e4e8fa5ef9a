"""What recognition costs: seconds a photo and a card by stage, memory, references described a second, cards on a GPU.

    python -m tests.benchmarks recognition_speed [--large]

Each row is a process of its own, held to its number of threads from the start. Photographs are composed: single cards and
a page of nine at 1,600 pixels; references are a thousand drawn cards, their descriptors in memory and their
pictures in files. How
fast rows get into the database's index is `bench_index`'s; nets alone, by backend and batch, are `bench_serving`'s.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ml import engines, runtime
from ml.catalogue import MemoryCatalogue
from ml.generate.backgrounds import Backgrounds
from ml.generate.layouts import CARD_WIDTH, Place
from ml.generate.scene import Card, compose
from ml.hashing import HashEmbedder
from ml.look import STAGES
from ml.pipeline import Pipeline
from ml.types import Picture
from tests.benchmarks import references
from tests.benchmarks.composed import Known, drawn_card
from tests.benchmarks.figures import print_table
from tests.benchmarks.sizes import Size, of

ROOT = Path(__file__).resolve().parents[2]
SIZES = {Size.TINY: (2, 1, 1), Size.USUAL: (1_000, 4, 48), Size.LARGE: (1_000, 12, 48)}
"""References, photographs of single cards, references described against the clock."""
ROWS = {Size.TINY: ((False, 2),), Size.USUAL: ((False, 1), (False, 2), (True, 1), (True, 2))}
"""With reading or without, on so many threads."""
ONE, NINE = "one card", "page of nine"
PAGES = {Size.TINY: {ONE: (1, 1)}, Size.USUAL: {ONE: (1, 1), NINE: (3, 3)}}
"""Rows and columns of a photograph."""
LARGE_CARDS = 60
LIMITS = {False: 0.150, True: 0.600}
"""Seconds a card on two threads that are aimed at, without and with reading."""


def laid(shown: Sequence[Known], rows: int, columns: int, *, long: int, seed: int) -> Picture:
    """Cards in rows, sharp, on a plain ground."""
    order = iter(shown)

    def source(_: np.random.Generator) -> Card:
        card = next(order)
        return Card(card.picture(), card.key)

    def layout(_: np.random.Generator) -> list[Place]:
        return [Place(c * CARD_WIDTH * 1.08, r * 1.06, 0) for r in range(rows) for c in range(columns)]

    size = (long, round(long * 0.75))
    rng = np.random.default_rng([seed, 3])
    return compose(rng, source, Backgrounds(), size=size, layout=layout, strength=0.3).picture


def known_cards(count: int) -> list[Known]:
    """The drawn cards that are references; the first are large enough to be read when they are photographed."""
    return [
        references.on_disk(drawn_card(number, size=(744, 1040) if number < LARGE_CARDS else (320, 448)))
        for number in range(count)
    ]


def pipeline_of(threads: int, references_wanted: int, *, reads: bool) -> Pipeline:
    """The default engines over the drawn references."""
    shown = known_cards(references_wanted)
    index = references.index_of(engines.DEFAULTS["embed"], shown)
    texts = MemoryCatalogue([card.entry for card in shown])
    pipeline = engines.default_pipeline(index, texts, threads=threads)
    return pipeline if reads else replace(pipeline, reader=None)


def timed(threads: int, reads: bool, size: Size) -> dict[str, object]:
    """In a process of its own, unless tiny: seconds by stage of single cards and of a page of nine."""
    cv2.setNumThreads(threads)
    count, photos, _ = of(SIZES, size)
    pipeline, shown = pipeline_of(threads, count, reads=reads), known_cards(count)
    figures: dict[str, object] = {}
    for kind, (rows, columns) in of(PAGES, size).items():
        cards, most = rows * columns, max(1, min(50, count - rows * columns))
        pictures = [
            laid(shown[i * cards % most :], rows, columns, long=1600, seed=i)
            for i in range(photos if cards == 1 else min(2, photos))
        ]
        if size is not Size.TINY:
            pipeline.identify(pictures[0])
        results = [pipeline.identify(picture) for picture in pictures]
        stages = {stage: statistics.median(r.seconds[stage] for r in results) for stage in STAGES}
        whole = statistics.median(sum(r.seconds.values()) for r in results)
        outlined = statistics.median(len(r.cards) for r in results)
        figures[kind] = {
            "cards_outlined": outlined,
            "seconds a photo": whole,
            "seconds a card": whole / max(1, outlined),
            "stages": stages,
        }
    return figures


def remembered() -> dict[str, float]:
    """In a process of its own: MB at the peak after loading, after one card, after forty on one photo."""
    pipeline, shown = pipeline_of(0, of(SIZES, Size.USUAL)[0], reads=True), known_cards(LARGE_CARDS)
    one = laid(shown, 1, 1, long=1600, seed=1)
    forty = laid(shown, 8, 5, long=3000, seed=2)
    told = {"before the first photo": peak_mb()}
    pipeline.identify(one)
    told["after one card"] = peak_mb()
    found = pipeline.identify(forty)
    told[f"after a photo of forty ({len(found.cards)} outlined)"] = peak_mb()
    return told


def peak_mb() -> float:
    """Of this process."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def apart(*arguments: object, threads: int = 1) -> dict[str, object]:
    """A row in its own process: this module with arguments, its figures read from the last line."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "tests.benchmarks.bench_recognition_speed", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def described(count: int) -> dict[str, float]:
    """References a second that become descriptors, on one thread, decoding left out; ours to the first engines'."""
    cv2.setNumThreads(1)
    pictures = [references.distractor(number, (320, 448)) for number in range(count)]
    told = {}
    for name in dict.fromkeys([engines.DEFAULTS["embed"], HashEmbedder.version]):
        embedder = engines.make("embed", name, engines.Setup(threads=1))
        embedder.embed(pictures[:2])
        began = time.perf_counter()
        for start in range(0, len(pictures), 16):
            embedder.embed(pictures[start : start + 16])
        told[name] = len(pictures) / (time.perf_counter() - began)
    rates = list(told.values())
    return told | {"ratio to the first engines": rates[0] / rates[-1]}


def on_gpu() -> dict[str, object]:
    """Cards a second of the nets that ship, and the share of the device's arithmetic that they use."""
    from tests.benchmarks import bench_serving

    if not bench_serving.has_gpu():
        return {"absent": "no GPU here"}
    arithmetic = bench_serving.arithmetic_of_gpu()
    return {
        stage: bench_serving.on_gpu(runtime.weights(stage), arithmetic)
        for stage in ("detect", "embed", "grade")
        if runtime.versions(stage)
    }


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Measure, print, answer the figures."""
    count, _, pictures = of(SIZES, size)
    pipeline_of(1, count, reads=False)  # what is kept between runs is made before the clocks run
    figures: dict[str, object] = {"engines": engines.versions()}
    for kind in of(PAGES, size):
        figures[kind] = {}
    for reads, threads in of(ROWS, size):
        name = f"{threads} thread{'s' * (threads > 1)}, {'with' if reads else 'without'} reading"
        tiny = size is Size.TINY
        told = timed(threads, reads, size) if tiny else apart("--timed", threads, int(reads), size, threads=threads)
        for kind, row in told.items():
            figures[kind][name] = row  # type: ignore[index]
    for kind in of(PAGES, size):
        by_name: dict[str, dict[str, object]] = figures[kind]  # type: ignore[assignment]
        print_speeds(kind, by_name)
        for reads, limit in LIMITS.items():
            if row := by_name.get(f"2 threads, {'with' if reads else 'without'} reading"):
                row["ratio of the aim to a card's time"] = limit / float(row["seconds a card"])  # type: ignore[arg-type]
    figures["references described a second"] = described(pictures)
    if size is not Size.TINY:
        figures |= {"memory MB": apart("--memory", threads=2), "GPU": on_gpu()}
    for name in ("memory MB", "references described a second", "GPU"):
        print(f"{name}: {figures.get(name, 'not measured')}")
    return figures


def print_speeds(kind: str, by_name: dict[str, dict[str, object]]) -> None:
    """Milliseconds."""
    rows = {}
    for name, row in by_name.items():
        stages: dict[str, float] = row["stages"]  # type: ignore[assignment]
        spent = [row["seconds a photo"], row["seconds a card"], *stages.values()]
        rows[name] = [*(round(1000 * float(seconds)) for seconds in spent), row["cards_outlined"]]  # type: ignore[arg-type]
    print_table(f"{kind}: milliseconds", ("a photo", "a card", *STAGES, "outlined"), rows, wide=30)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--timed"]:
        print(json.dumps(timed(int(sys.argv[2]), bool(int(sys.argv[3])), Size(sys.argv[4]))))
    elif sys.argv[1:2] == ["--memory"]:
        print(json.dumps(remembered()))
    else:
        run()
