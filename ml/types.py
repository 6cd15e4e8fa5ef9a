"""What the recognition stages hand to each other: frozen values, no behaviour beyond turning themselves into JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.grade.grading import Grading

Picture = NDArray[np.uint8]
"""(height, width, 3) RGB."""
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

HASH_BYTES = 32
VECTOR_SIZE = 256
CARD, BOX = "card", "box"


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners in photo pixels, clockwise from the top left of the card when it stands upright. corners: (4, 2) float32."""

    corners: Floats

    def __post_init__(self) -> None:
        corners = np.asarray(self.corners, np.float32)
        if corners.shape != (4, 2):
            raise ValueError(f"A quad has four corners of two numbers, not {corners.shape}.")
        object.__setattr__(self, "corners", corners)

    def turned(self, quarter_turns: int) -> "Quad":
        """The same outline read as if the card's top were `quarter_turns` corners further clockwise."""
        return Quad(np.roll(self.corners, -quarter_turns, axis=0))

    @property
    def area(self) -> float:
        """Square pixels, never negative."""
        x, y = self.corners.T.astype(np.float64)
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)

    @property
    def width(self) -> float:
        """Mean length of the card's top and bottom edge in pixels."""
        c = self.corners
        return float((np.linalg.norm(c[1] - c[0]) + np.linalg.norm(c[2] - c[3])) / 2)

    @property
    def height(self) -> float:
        """Mean length of the card's left and right edge in pixels."""
        c = self.corners
        return float((np.linalg.norm(c[3] - c[0]) + np.linalg.norm(c[2] - c[1])) / 2)

    @property
    def rotation(self) -> float:
        """Degrees in [0, 360) by which the upright card is turned clockwise in the photo."""
        top = self.corners[1] - self.corners[0] + self.corners[2] - self.corners[3]
        return float(np.degrees(np.arctan2(top[1], top[0])) % 360)

    def to_list(self) -> list[list[float]]:
        """For JSON: four pairs of numbers."""
        return [[round(float(x), 2), round(float(y), 2)] for x, y in self.corners]


@dataclass(frozen=True, slots=True)
class Detection:
    """One card outline and how sure the detector is of it, in [0, 1]. `inferred` outlines come from a grid, not from edges.

    back: the chance that the card lies on its face, in [0, 1]; 0 where the detector does not tell.
    upright: the chance that the quad begins at the card's own top left; 0.5 where the detector does not tell.
    """

    quad: Quad
    score: float
    inferred: bool = False
    back: float = 0.0
    upright: float = 0.5


@dataclass(frozen=True, slots=True)
class Crop:
    """A card straightened to a fixed portrait size. `quad` is where it lay; `px_per_mm` what the photo itself offered."""

    picture: Picture
    quad: Quad
    px_per_mm: float


@dataclass(frozen=True, slots=True)
class Descriptors:
    """What pictures are compared by. hashes: (n, 32) uint8, 256 packed bits; vectors: (n, 256) float32 of unit length."""

    hashes: Bytes
    vectors: Floats

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True, slots=True)
class Match:
    """One reference near a query. `distance`: differing hash bits, 0..256; `similarity`: cosine of the vectors, -1..1."""

    key: str
    distance: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. `box`: left, top, right, bottom as shares of the card's width and height."""

    text: str
    confidence: float
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is printed on a card or a box, as far as it could be read; every part may be empty. `barcode` as under the bars.

    `turned`: quarter turns (0 to 3) after which the text of the crop that was read stood upright; boxes are given so.
    `hp`: a creature's hit points. `body`: rules text, read only where the title was not clear.
    """

    number: str = ""
    total: str = ""
    set_code: str = ""
    name_text: str = ""
    lines: tuple[Line, ...] = ()
    game: str | None = None
    language: str | None = None
    number_confidence: float = 0.0
    turned: int = 0
    barcode: str = ""
    hp: str = ""
    body: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "number": self.number,
            "total": self.total,
            "set_code": self.set_code,
            "name_text": self.name_text,
            "game": self.game,
            "language": self.language,
            "number_confidence": round(self.number_confidence, 3),
            "barcode": self.barcode,
            "hp": self.hp,
            "body": list(self.body),
            "lines": [[line.text, round(line.confidence, 3), [round(v, 4) for v in line.box]] for line in self.lines],
        }


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A printing as the catalogue knows it. `key` is opaque; `total` is the printed size of the set where it is printed."""

    key: str
    game: str
    name: str
    number: str = ""
    set_code: str = ""
    total: str = ""
    set_name: str = ""
    language: str = ""
    aliases: tuple[str, ...] = ()
    hp: str = ""


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What a catalogue is asked: any of these may be empty. `names`: texts that may hold the card's name, best first.

    mentions: rules text, in which a card may speak of itself by name.
    """

    game: str | None
    number: str
    total: str
    set_code: str
    names: tuple[str, ...]
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for or against one printing. None means: not measured; it then says nothing either way."""

    key: str
    distance: int | None = None
    similarity: float | None = None
    inliers: int | None = None
    number: float | None = None
    set_code: float | None = None
    name: float | None = None
    language: float | None = None
    has_picture: bool = False
    hp: float | None = None
    details: float | None = None
    kin: int = 0
    namesakes: int = 0
    """details: -1 to 1, whether the places where this reference differs from its look-alikes look like this one. kin: where
    this printing has no picture, and the picture measured is that of another printing of the same name, which may have the same
    art: how many printings that is so of; else 0. namesakes: how many of the other candidates have the same name, in
    whatever language, and may have this picture."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A printing that the card may be. `scores` are the raw measurements, `reasons` their meaning in words."""

    key: str
    probability: float
    scores: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "key": self.key,
            "probability": round(self.probability, 4),
            "scores": {name: round(float(value), 4) for name, value in self.scores.items()},
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class CardResult:
    """One card of a photo. `decided` is False where the best candidate is not sure enough: show the candidates instead.

    kind: CARD, or BOX for anything else that is sold in one; px_per_mm is 0 there. back: as in `Detection`.
    """

    quad: Quad
    score: float
    candidates: tuple[Candidate, ...]
    reading: Reading
    decided: bool
    rotation: float
    px_per_mm: float
    warnings: tuple[str, ...] = ()
    kind: str = CARD
    grading: Grading | None = None
    back: float = 0.0

    @property
    def best(self) -> Candidate | None:
        """The most probable candidate; None where there is none."""
        return self.candidates[0] if self.candidates else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "quad": self.quad.to_list(),
            "score": round(self.score, 4),
            "candidates": [candidate.to_dict() for candidate in self.candidates],
            "reading": self.reading.to_dict(),
            "decided": self.decided,
            "rotation": round(self.rotation, 1),
            "px_per_mm": round(self.px_per_mm, 2),
            "kind": self.kind,
            "warnings": list(self.warnings),
            "grading": self.grading.to_dict() if self.grading else None,
        }


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """Everything found in one photo, in reading order, with the seconds spent in each stage and the engines' versions."""

    cards: tuple[CardResult, ...]
    seconds: Mapping[str, float]
    width: int
    height: int
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "cards": [card.to_dict() for card in self.cards],
            "seconds": {stage: round(value, 4) for stage, value in self.seconds.items()},
            "width": self.width,
            "height": self.height,
            "versions": dict(self.versions),
        }
