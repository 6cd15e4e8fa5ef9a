"""Which identifiers look at which photo: the plan of a category declares them; without a category it is found out.

Cards go through the pipeline as before. A barcode that the catalogue knows makes a photo one of a box, and costs a few
milliseconds to look for. Where no card was named and a box may be in sight, its text is read too: only then is that worth
its second.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ml.barcode import Barcode, BarcodeReader
from ml.identify.by_barcode import unknown_barcode
from ml.identify.fused import fused, prior
from ml.identify.outline import box_outline
from ml.identify.types import BARCODE, TEXT, VISION, Answer, BoxCatalogue, Identifier, Look, Plan
from ml.oddities import Oddity, oddity_of, watched
from ml.pipeline import Pipeline
from ml.types import BOX, CardResult, PhotoResult, Picture, Quad, Reading

NAMED = 0.5
"""A card whose first candidate is at least so probable counts as named: the photo then shows cards."""

MOST_OUTLINES = 4
"""More outlines than this are cards, whatever they are called: a box is one thing."""


@dataclass(frozen=True, slots=True)
class Strategies:
    """A pipeline for cards and identifiers for boxes behind the pipeline's own interface.

    plans: by game; another game, or none, is found out. identifiers: by strategy, for boxes.
    """

    pipeline: Pipeline
    catalogue: BoxCatalogue
    identifiers: Mapping[str, Identifier]
    plans: Mapping[str, Plan] = field(default_factory=dict)
    barcodes: BarcodeReader = field(default_factory=BarcodeReader)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each engine, by stage."""
        others = {f"box {name}": each.version for name, each in self.identifiers.items() if name != BARCODE}
        return {**self.pipeline.versions, BARCODE: self.barcodes.version, **others}

    def identify(self, photo: Picture, game: str | None = None, quads: Sequence[Quad] | None = None) -> PhotoResult:
        """See `Pipeline.identify`; a box is one result whose quad is the box's outline."""
        return self.identify_many([photo], [game], [quads])[0]

    def identify_many(
        self,
        photos: Sequence[Picture],
        games: Sequence[str | None] | None = None,
        quads: Sequence[Sequence[Quad] | None] | None = None,
    ) -> list[PhotoResult]:
        """See `Pipeline.identify_many`."""
        plans = [self.plans.get(game or "", Plan(game)) for game in games or [None] * len(photos)]
        drawn = list(quads or [None] * len(photos))
        codes: list[tuple[Barcode, ...]] = []
        seconds: list[float] = []
        for photo, plan, outlines in zip(photos, plans, drawn, strict=True):
            start = time.perf_counter()
            wanted = plan.uses(BARCODE) and outlines is None
            codes.append(
                tuple(self.barcodes.read(photo, effort="quick" if plan.cards else "thorough")) if wanted else ()
            )
            seconds.append(time.perf_counter() - start)
        known = self.catalogue.by_barcode([code.value for found in codes for code in found])
        boxes = [
            not plan.cards or any(c.value in known for c in found) for plan, found in zip(plans, codes, strict=True)
        ]
        cards = [i for i, is_box in enumerate(boxes) if not is_box]
        named = self.pipeline.identify_many(
            [photos[i] for i in cards], [plans[i].game for i in cards], [drawn[i] for i in cards]
        )
        results = dict(zip(cards, named, strict=True))
        answers = []
        for i, photo in enumerate(photos):
            found = results.get(i)
            if found is None:
                result = self._box(photo, plans[i], codes[i], oddity_of(photo))
            elif drawn[i] is None:
                result = self._second_look(photo, plans[i], codes[i], found)
            else:
                result = found
            timed = {**result.seconds, BARCODE: result.seconds.get(BARCODE, 0.0) + seconds[i]}
            answers.append(replace(result, seconds=timed, versions=self.versions))
        return answers

    def _second_look(self, photo: Picture, plan: Plan, codes: tuple[Barcode, ...], found: PhotoResult) -> PhotoResult:
        """What cards were found, with what is odd about the photo; or the box that it shows where no card was named."""
        start = time.perf_counter()
        odd = oddity_of(photo)
        seconds = {**found.seconds, "oddities": time.perf_counter() - start}
        found = replace(found, seconds=seconds, cards=tuple(watched(photo, card, odd) for card in found.cards))
        is_named = any(card.best is not None and card.best.probability >= NAMED for card in found.cards)
        if is_named or odd is not None or len(found.cards) > MOST_OUTLINES:
            return found
        if plan.game is not None and (found.cards or not codes):
            return found
        if not codes and not self.catalogue.size(None):
            return found
        box = self._box(photo, plan, codes, None)
        first = box.cards[0].best
        joined = {**found.seconds, **box.seconds}
        is_known = first is not None and first.probability >= NAMED
        if is_known or (codes and not found.cards):
            return replace(box, seconds=joined)
        return _with_unknown(replace(found, seconds=joined), codes)

    def _box(self, photo: Picture, plan: Plan, codes: tuple[Barcode, ...], odd: Oddity | None) -> PhotoResult:
        """The one thing that a photo shows."""
        outline = box_outline(photo)
        look = Look(photo, outline, plan, codes)
        seconds: dict[str, float] = {}
        answers: list[Answer] = []
        for name, identifier in self.identifiers.items():
            # A reference picture of a box is looked for where its category says so; nobody's category: by what is cheap.
            if not plan.uses(name) or (name == VISION and plan.cards):
                continue
            began = time.perf_counter()
            answers.append(identifier.identify(look))
            seconds[f"box {name}"] = time.perf_counter() - began
        candidates, decided = fused(answers, prior(self.catalogue.size(plan.game)))
        card = CardResult(
            quad=outline,
            score=1.0,
            candidates=tuple(candidates),
            reading=_joined(answers),
            decided=decided and odd is None,
            rotation=outline.rotation,
            px_per_mm=0.0,
            warnings=tuple(w for answer in answers for w in answer.warnings) + ((odd.message,) if odd else ()),
            kind=BOX,
        )
        height, width = photo.shape[:2]
        return PhotoResult((card,), seconds, width, height, self.versions)


def _joined(answers: Sequence[Answer]) -> Reading:
    """What all identifiers read, in one reading."""
    readings = {answer.identifier: answer.reading for answer in answers if answer.reading}
    text = readings.get(TEXT, Reading())
    return replace(text, barcode=readings[BARCODE].barcode) if BARCODE in readings else text


def _with_unknown(found: PhotoResult, codes: Sequence[Barcode]) -> PhotoResult:
    """Outlines that nobody could name, with a note on the barcode beside them that the catalogue does not have."""
    if not codes or not found.cards:
        return found
    first = found.cards[0]
    noted = replace(first, warnings=(*first.warnings, unknown_barcode(codes[0].value)))
    return replace(found, cards=(noted, *found.cards[1:]))
