"""What people confirmed or corrected, as `manage.py export_corrections` writes it: pictures of single cards with their truth."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml.generate.sources import Scan, is_held_out
from ml.types import Floats, Picture

LISTING = "corrections.jsonl"


@dataclass(frozen=True, slots=True)
class Printing:
    """A printing as a catalogue names it. `set_code`: the catalogue's code of its set."""

    game: str
    set_code: str
    number: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Correction:
    """One card. proposed: what the engines put first; chosen: what a person said it is; None: nothing, none of these.

    path: the card straightened, as photographed. quad: (4, 2) float32, where it lay in its photo, in the photo's pixels.
    decided: whether the engines were sure. versions: of the engines, by stage.
    """

    path: Path
    quad: Floats
    proposed: Printing | None
    chosen: Printing | None
    decided: bool
    versions: Mapping[str, str]

    @property
    def is_disputed(self) -> bool:
        """Whether the first candidate was wrong."""
        return self.chosen != self.proposed

    def picture(self) -> Picture:
        """RGB. Raises ValueError where the file is gone or no picture."""
        loaded = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if loaded is None:
            raise ValueError(f"{self.path} is not a picture.")
        return np.ascontiguousarray(loaded[..., ::-1])

    def scan(self) -> Scan:
        """As a picture of a known card, like the reference scans that training takes. Raises ValueError without truth."""
        if self.chosen is None:
            raise ValueError(f"Nobody knows what {self.path.name} is.")
        c = self.chosen
        return Scan(self.path, c.game, c.set_code, c.number, c.name, c.language)


def corrections(folder: Path) -> Iterator[Correction]:
    """Every card of an export, in its order; nothing where there is none. Raises ValueError with the line that is broken."""
    listing = folder / LISTING
    if not listing.exists():
        return
    with listing.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _correction(json.loads(line), folder)
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{listing}, line {number}, is not a correction: {error}") from error


def to_train_on(folder: Path, *, held_out_names: frozenset[str] = frozenset()) -> list[Correction]:
    """The cards of an export that are known and not held out for measuring (see ml.generate.sources)."""
    known = [each for each in corrections(folder) if each.chosen is not None]
    return [each for each in known if not is_held_out(each.scan(), held_out_names)]


def _correction(told: Mapping[str, Any], folder: Path) -> Correction:
    path = (folder / told["file"]).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{told['file']} lies outside of the export")
    quad = np.asarray(told["quad"], np.float32)
    if quad.shape != (4, 2):
        raise ValueError(f"a quad has four corners, not {quad.shape}")
    return Correction(
        path, quad, _printing(told["proposed"]), _printing(told["chosen"]), bool(told["decided"]),
        dict(told["engine_versions"]),
    )  # fmt: skip


def _printing(told: Mapping[str, str] | None) -> Printing | None:
    if told is None:
        return None
    return Printing(told["game"], told["set"], told["number"], told["name"], told["language"])
