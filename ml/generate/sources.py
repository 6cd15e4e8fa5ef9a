"""Where training takes card pictures from: scans of a folder, where there are any, and which of them are never trained on."""

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ml.types import Picture

HELD_OUT_SETS = frozenset({"OP05", "EB01"})
"""Whole sets that no model sees, so that what it does with new cards can be measured."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A reference scan of one card."""

    path: Path
    game: str
    set_code: str
    number: str
    name: str
    language: str

    def picture(self) -> Picture:
        """RGB."""
        loaded = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if loaded is None:
            raise ValueError(f"{self.path} is not a picture.")
        return np.ascontiguousarray(loaded[..., ::-1])


def scans(data: Path) -> list[Scan]:
    """Every scan of `data`/cards/refs.csv; empty where there is none."""
    listing = data / "cards" / "refs.csv"
    if not listing.exists():
        return []
    with listing.open(encoding="utf-8", newline="") as rows:
        return [
            Scan(
                data / "cards" / "refs" / Path(row["file"]).name,
                row["game"],
                row["set"],
                row["number"],
                row["name"],
                row["language"],
            )
            for row in csv.DictReader(rows)
        ]


def photographed_names(data: Path) -> frozenset[str]:
    """Names on the labelled photographs, in small letters."""
    listing = data / "cards" / "photos.csv"
    if not listing.exists():
        return frozenset()
    with listing.open(encoding="utf-8", newline="") as rows:
        return frozenset(row["card_name"].strip().lower() for row in csv.DictReader(rows) if row["card_name"].strip())


def split(data: Path) -> tuple[list[Scan], list[Scan]]:
    """Scans to train on, and scans held out: whole sets, and every card whose name is on a labelled photograph."""
    names = photographed_names(data)
    kept: list[Scan] = []
    held: list[Scan] = []
    for scan in scans(data):
        (held if is_held_out(scan, names) else kept).append(scan)
    return kept, held


def is_held_out(scan: Scan, names: frozenset[str]) -> bool:
    """Whether a scan is for measuring only."""
    return scan.set_code.upper().replace("-", "") in HELD_OUT_SETS or scan.name.strip().lower() in names
