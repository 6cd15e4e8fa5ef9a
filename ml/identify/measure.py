"""`python -m ml.identify.measure [--data DIR]`: how often drawn boxes are identified by barcode and by text, and how fast.

DIR holds catalog/lego_sets_brickset.csv.gz, whose sets are then drawn and matched against all of it; without it the
catalogue is invented. Nothing of it is part of the repository.
"""

import argparse
import csv
import gzip
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ml.barcode import QUICK, THOROUGH, BarcodeReader
from ml.generate.boxes import BoxFacts, draw, photograph, restricted
from ml.identify.by_barcode import BarcodeIdentifier
from ml.identify.by_text import TextIdentifier
from ml.identify.catalogue import MemoryBoxes
from ml.identify.fused import fused, prior
from ml.identify.outline import whole
from ml.identify.page import PageOcr
from ml.identify.types import BARCODE, TEXT, BoxEntry, Look, Plan
from ml.types import Picture

Rng = np.random.Generator

CONDITIONS: dict[str, Callable[[Rng], dict[str, Any]]] = {
    "plain": lambda rng: {},
    "tilted to 30 degrees": lambda rng: {"turn": rng.uniform(-30, 30), "lean": 0.2},
    "any way round": lambda rng: {"turn": rng.uniform(0, 360)},
    "leaning": lambda rng: {"lean": 0.45},
    "blurred by 1.5 px": lambda rng: {"blur": 1.5},
    "blurred by 2.5 px": lambda rng: {"blur": 2.5},
    "glare": lambda rng: {"glare": rng.uniform(0.7, 1.0)},
    "1,200 pixels wide": lambda rng: {"width": 1200},
    "900 pixels wide": lambda rng: {"width": 900},
    "saved at quality 30": lambda rng: {"quality": 30},
}
"""How a box is photographed: options of `ml.generate.boxes.photograph`, else 1,600 pixels wide, three quarters filled."""

TELLING = {"number, name, pieces": (True, True), "number, pieces": (False, True), "number alone": (False, False)}
"""What stands on a box besides line and number: its name, its count of pieces."""


@dataclass(slots=True)
class Tally:
    """Outcomes of one condition."""

    photos: int = 0
    first: int = 0
    decided: int = 0
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)
    stated: list[tuple[float, bool]] = field(default_factory=list)

    def to_dict(self) -> dict[str, float]:
        """Shares of the photos, and the median seconds."""
        return {
            "photos": self.photos,
            "first": round(self.first / max(1, self.photos), 3),
            "decided": round(self.decided / max(1, self.photos), 3),
            "decided_wrong": self.wrong,
            "seconds": round(statistics.median(self.seconds or [0.0]), 3),
        }


def sets_of(path: Path) -> list[BoxEntry]:
    """Every set of a Brickset export, with a barcode of our own that nobody uses."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        BoxEntry(
            key=row["set_num"],
            game="lego",
            number=row["number"] if row["numberVariant"] == "1" else f"{row['number']}-{row['numberVariant']}",
            name=row["name"],
            lines=tuple(filter(None, (row["theme"], row["subtheme"]))),
            pieces=int(row["pieces"]) if row["pieces"] else None,
            barcodes=(restricted(place * 4_056_187),),
        )
        for place, row in enumerate(rows)
    ]


def invented(count: int, rng: Rng) -> list[BoxEntry]:
    """Sets that nobody makes."""
    first = ("Harbour", "Castle", "Moon", "River", "Desert", "Forest", "Sky", "Ice", "Jungle", "Market")
    second = ("Fort", "Crane", "Truck", "Station", "Temple", "Bridge", "Racer", "Workshop", "Garage", "Lighthouse")
    numbers = rng.choice(np.arange(10_000, 99_999), count, replace=False)
    return [
        BoxEntry(
            key=str(number),
            game="lego",
            number=str(number),
            name=f"{first[int(rng.integers(10))]} {second[int(rng.integers(10))]}",
            lines=(("Forts", "Town", "Space")[int(rng.integers(3))],),
            pieces=int(rng.integers(40, 4000)),
            barcodes=(restricted(int(number)),),
        )
        for number in numbers
    ]


def boxed(entries: list[BoxEntry]) -> list[BoxEntry]:
    """Those that come in a box with a number on it and pieces in it: not key rings, books and magazines."""
    return [entry for entry in entries if entry.pieces and entry.number.partition("-")[0].isdigit()]


def read_rates(entries: list[BoxEntry], rng: Rng, count: int) -> dict[str, dict[str, dict[str, float]]]:
    """Barcodes: by effort and condition."""
    reader = BarcodeReader()
    rates: dict[str, dict[str, dict[str, float]]] = {}
    for condition, options in CONDITIONS.items():
        tallies = {effort: Tally() for effort in (QUICK, THOROUGH)}
        for _ in range(count):
            entry = entries[int(rng.integers(len(entries)))]
            picture = _photo(entry, rng, options(rng), barcode=True)
            for effort, tally in tallies.items():
                start = time.perf_counter()
                read = {code.value for code in reader.read(picture, effort=effort)}
                tally.seconds.append(time.perf_counter() - start)
                tally.photos += 1
                tally.first += read == set(entry.barcodes)
                tally.wrong += bool(read - set(entry.barcodes))
        rates[condition] = {effort: tally.to_dict() for effort, tally in tallies.items()}
    return rates


def identified(
    entries: list[BoxEntry], rng: Rng, count: int, *, barcode: bool = False
) -> tuple[dict[str, dict[str, float]], list[tuple[float, bool]]]:
    """Boxes by their text, or by text and barcode: by what is printed and by condition; and the probabilities stated."""
    catalogue = MemoryBoxes(entries)
    text = TextIdentifier(catalogue, PageOcr())
    bars = BarcodeIdentifier(catalogue)
    start, drawn = prior(len(entries)), boxed(entries)
    found: dict[str, dict[str, float]] = {}
    stated: list[tuple[float, bool]] = []
    cases = [(told, "plain") for told in TELLING] + [(next(iter(TELLING)), c) for c in CONDITIONS if c != "plain"]
    for told, condition in cases:
        tally = Tally()
        for _ in range(count):
            entry = drawn[int(rng.integers(len(drawn)))]
            picture = _photo(entry, rng, CONDITIONS[condition](rng), barcode=barcode, told=told)
            look = Look(picture, whole(picture), Plan("lego", (BARCODE, TEXT), cards=False))
            began = time.perf_counter()
            answers = [text.identify(look)] + ([bars.identify(look)] if barcode else [])
            candidates, decided = fused(answers, start)
            tally.seconds.append(time.perf_counter() - began)
            right = bool(candidates) and candidates[0].key == entry.key
            tally.photos += 1
            tally.first += right
            tally.decided += decided
            tally.wrong += decided and not right
            if candidates:
                tally.stated.append((candidates[0].probability, right))
        found[f"{told}; {condition}"] = tally.to_dict()
        stated += tally.stated
    return found, stated


def _photo(
    entry: BoxEntry, rng: Rng, options: dict[str, Any], *, barcode: bool, told: str = next(iter(TELLING))
) -> Picture:
    named, counted = TELLING[told]
    facts = BoxFacts(
        line=entry.lines[0] if entry.lines else "",
        number=entry.number.partition("-")[0],
        name=entry.name if named else "",
        pieces=entry.pieces if counted else None,
        barcode=entry.barcodes[0] if barcode else "",
    )
    return photograph(draw(facts, rng), rng, **options).picture


def main() -> None:
    """Draw, read, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with catalog/lego_sets_brickset.csv.gz")
    parser.add_argument("--boxes", type=int, default=20, help="photographs a condition")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("barcode", "text", "fused"))
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    entries = sets_of(options.data / "catalog/lego_sets_brickset.csv.gz") if options.data else invented(5000, rng)
    figures: dict[str, Any] = {"products": len(entries)}
    if options.only in (None, "barcode"):
        figures["barcode"] = read_rates(entries, rng, options.boxes)
    for name, barcode in (("text", False), ("fused", True)):
        if options.only in (None, name):
            figures[name], stated = identified(entries, rng, options.boxes, barcode=barcode)
            figures[f"{name} stated"] = reliability(stated)
    print(json.dumps(figures, indent=1))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def reliability(stated: list[tuple[float, bool]]) -> dict[str, list[float]]:
    """By stated probability: how many answers, and the share of them that is right."""
    edges = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.01)
    bins: dict[str, list[float]] = {}
    for low, high in pairwise(edges):
        rights = [right for probability, right in stated if low <= probability < high]
        if rights:
            bins[f"{low:.2f} to {min(high, 1.0):.2f}"] = [len(rights), round(float(np.mean(rights)), 3)]
    return bins


if __name__ == "__main__":
    main()
