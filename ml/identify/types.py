"""What identifiers are given and what they answer: clues with their log odds, and the catalogue of boxes that they ask."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ml.barcode import Barcode
from ml.types import Line, Picture, Quad, Reading

VISION, TEXT, BARCODE = "vision", "text", "barcode"
STRATEGIES = (VISION, TEXT, BARCODE)


@dataclass(frozen=True, slots=True)
class Plan:
    """How products of a category are identified. `game` is None where nobody has said what the photo shows.

    identifiers: some of STRATEGIES. cards: whether its products are cards, several a photo, rather than one box.
    """

    game: str | None = None
    identifiers: tuple[str, ...] = STRATEGIES
    cards: bool = True

    def uses(self, identifier: str) -> bool:
        """Whether the category declares it."""
        return identifier in self.identifiers


@dataclass(frozen=True, slots=True)
class BoxEntry:
    """A product as its box shows it. `number` as the catalogue has it, `lines` what it belongs to, `barcodes` 13 digits each."""

    key: str
    game: str
    number: str
    name: str
    aliases: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    pieces: int | None = None
    barcodes: tuple[str, ...] = ()


class BoxCatalogue(Protocol):
    """The products that come in boxes, by what is printed on them."""

    def size(self, game: str | None) -> int:
        """How many there are."""
        ...

    def by_barcode(self, codes: Sequence[str]) -> Mapping[str, BoxEntry]:
        """Each known barcode's product, whatever its category."""
        ...

    def by_number(self, numbers: Sequence[str], game: str | None) -> Sequence[BoxEntry]:
        """Products that carry one of these numbers: those that sites tell apart by a "-2" behind it are one number's."""
        ...

    def by_name(self, texts: Sequence[str], game: str | None) -> Sequence[BoxEntry]:
        """Products whose names are like one of these texts, best first; loose on purpose."""
        ...

    def entries(self, keys: Sequence[str]) -> Mapping[str, BoxEntry]:
        """The products of these keys; unknown ones are left out."""
        ...


class PageReader(Protocol):
    """Reads all of a photo, rather than the corners of a card."""

    def page(self, photo: Picture) -> list[Line]:
        """Every legible line, in reading order, upright whichever way the photo is. Boxes as shares of the photo read upright."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """A photo of one thing: its pixels, where the thing lies in it, and what was found before."""

    photo: Picture
    outline: Quad
    plan: Plan
    barcodes: tuple[Barcode, ...] = ()


@dataclass(frozen=True, slots=True)
class Clue:
    """What one identifier says of one product: a log likelihood ratio (positive speaks for it), raw scores, and words."""

    key: str
    odds: float
    scores: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """All that one identifier says. `otherwise`: the log likelihood ratio of every product that it does not name, and
    `conflict` the words for it.

    factors: what its confidence rests on here, each 0 to 1. reading: what it read. warnings: what a person could do.
    """

    identifier: str
    clues: tuple[Clue, ...] = ()
    otherwise: float = 0.0
    conflict: str = ""
    factors: Mapping[str, float] = field(default_factory=dict)
    reading: Reading | None = None
    warnings: tuple[str, ...] = ()


class Identifier(Protocol):
    """One way of telling what a photo shows."""

    name: str
    version: str
    confidence_factors: tuple[str, ...]
    """What raises and lowers its confidence; `Answer.factors` has a value for each that could be measured."""

    def identify(self, look: Look) -> Answer:
        """Candidates with their log odds. Silent, with no clue, where it sees nothing that it knows."""
        ...
