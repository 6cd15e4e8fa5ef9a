"""The seams of recognition: what each engine promises, so that a trained one can take the place of a measured one.

All of them work on batches where a batch is cheaper than its parts. Engines keep no state between calls that changes an
answer, and carry a `version` that is stored with every result.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from ml.grade.grading import Grading
from ml.index import Nearness
from ml.types import (
    Candidate,
    CardEntry,
    Crop,
    Descriptors,
    Detection,
    Evidence,
    Line,
    Match,
    Picture,
    Quad,
    Reading,
    TextQuery,
)


class Detector(Protocol):
    """Finds every card of a photo."""

    version: str

    def detect(self, photo: Picture) -> list[Detection]:
        """Outlines in photo pixels, portrait, best first, none covering the same card twice. Empty where no card is seen."""
        ...


@runtime_checkable
class BatchDetector(Protocol):
    """A detector that several photos at once cost less than one by one."""

    def detect_many(self, photos: Sequence[Picture]) -> list[list[Detection]]:
        """For each photo what `Detector.detect` finds in it alone. The photos may differ in size."""
        ...


class Rectifier(Protocol):
    """Straightens a card from the photo's own pixels."""

    version: str

    def rectify(self, photo: Picture, quad: Quad) -> Crop:
        """The card upright as `quad` says, always the same size. Corners may lie outside of the photo."""
        ...


class Embedder(Protocol):
    """Turns upright card pictures into what they are compared by. `nearness`: how two of its descriptors compare."""

    version: str
    nearness: Nearness

    def embed(self, pictures: Sequence[Picture]) -> Descriptors:
        """One row per picture; pictures may have any size, and each is taken to be filled by one upright card."""
        ...


class Reader(Protocol):
    """Reads what is printed on a card."""

    version: str

    def read(
        self, crops: Sequence[Crop], *, game: str | None = None, may_be_turned: Sequence[bool] = ()
    ) -> list[Reading]:
        """One reading per crop. `game` chooses the grammar; without it each grammar is tried.

        may_be_turned: which crops may stand on their heads; the reader then finds out, and says so in `Reading.turned`.
        """
        ...


@runtime_checkable
class NumberMatcher(Protocol):
    """A reader that also says how well known numbers fit a card where it could not read one."""

    def numbers(self, crop: Crop, texts: Sequence[str], lines: Sequence[Line] = ()) -> dict[str, float]:
        """At most 0 per text as printed ("015/078"): the log likelihood that it stands in a number's place, against what the
        reader would read there. Empty where the card is too small. lines: what was read of it, some of which may hold a number.
        """
        ...


class ReferenceIndex(Protocol):
    """The reference pictures of a catalogue, by what they look like."""

    def nearest(self, queries: Descriptors, *, k: int, game: str | None = None) -> list[list[Match]]:
        """For each query at most `k` references, nearest first. A key appears once per query."""
        ...

    def pictures(self, keys: Sequence[str]) -> Mapping[str, Picture]:
        """The reference pictures at hand among `keys` (an upright card filling the picture); others are left out."""
        ...


class Catalogue(Protocol):
    """The printings that exist, by what is printed on them."""

    def find(self, queries: Sequence[TextQuery], *, limit: int = 30) -> list[list[CardEntry]]:
        """For each query the printings that its number, set or names suggest, best first.

        Loose on purpose: a row that shares the number, or has a similar name, belongs in the answer; the fuser weighs it.
        Numbers are compared with `ml.numbers.number_key`, names without case and accents.
        """
        ...

    def entries(self, keys: Sequence[str]) -> Mapping[str, CardEntry]:
        """The entries of these keys; unknown ones are left out."""
        ...


class Verifier(Protocol):
    """Compares a card with single references, closely."""

    version: str

    def inliers(self, crop: Crop, references: Mapping[str, Picture]) -> dict[str, int]:
        """Keypoints that agree on one placement of the reference over the card, per key."""
        ...


@runtime_checkable
class Comparer(Protocol):
    """A verifier that also looks at what look-alike references have different."""

    def details(self, crop: Crop, references: Mapping[str, Picture]) -> dict[str, float]:
        """-1 to 1 per key: whether the places where a reference differs from each of the others look like it on the card.

        Keys about which nothing can be said (no difference, or no alignment) are left out.
        """
        ...


class Fuser(Protocol):
    """Weighs all evidence into one probability per candidate."""

    version: str

    def fuse(self, evidence: Sequence[Evidence]) -> tuple[list[Candidate], bool]:
        """Candidates, most probable first, and whether the first is sure enough to be taken without asking.

        The probabilities add up to less than one: the rest is the chance that the card is none of them.
        """
        ...


class Grader(Protocol):
    """Estimates a card's grade from photographs of it."""

    version: str

    def grade(
        self,
        crop: Crop,
        photo: Picture | None = None,
        *,
        reference: Picture | None = None,
        back: Crop | None = None,
        back_photo: Picture | None = None,
    ) -> Grading | None:
        """Never sure beyond what the pixels show: the range widens and `limits` says why. None: too few pixels for any.

        photo: where the crop was cut from; with it the card's own edges are found anew. reference: the same printing, well
        centred, for cards without a border. back: the other side of the same card, and the photo that it was cut from.
        """
        ...
