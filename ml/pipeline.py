"""The way from a photo to named cards: detect, rectify, describe, look up, read, verify, fuse, with the time of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ml import matched
from ml.evidence import text_query, weighed
from ml.index import Nearness
from ml.interfaces import (
    BatchDetector,
    Catalogue,
    Comparer,
    Detector,
    Embedder,
    Fuser,
    Grader,
    NumberMatcher,
    Reader,
    Rectifier,
    ReferenceIndex,
    Verifier,
)
from ml.look import Clock, Look, by_game, common_game, in_reading_order, together, warnings_for
from ml.rectify import turned
from ml.types import (
    CardEntry,
    CardResult,
    Crop,
    Detection,
    Match,
    PhotoResult,
    Picture,
    Quad,
    Reading,
)

WORTH_A_LOOK = 0.22
"""References less alike than this are not compared by keypoints: at a sound outline the right one never is."""

RIVALS, SETTLED, ALIKE = 0.25, 100, 40
"""How much less alike a reference may be to be compared among the first; inliers from which those compared first are enough;
inliers from which a reference is looked at for what it has different from the others."""

UPRIGHT = 0.97
"""The detector's chance that a card stands as its outline says from which the text is not looked for on its head."""

LOOKS_LIKE = 0.5
"""Likeness from which the other printings of a reference's name are looked up as well."""

EMBEDDED_SIZE = (384, 536)
"""Width and height at which cards are given to the embedder, which shrinks them further itself."""

MOST_GRADED = 12
"""Cards of one photo whose grade is estimated, the largest first: a page of a binder, not a wall."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Engines joined into one. Any of reader, index, catalogue, verifier and grader may be missing: the rest then decides."""

    detector: Detector
    rectifier: Rectifier
    embedder: Embedder
    fuser: Fuser
    index: ReferenceIndex | None = None
    catalogue: Catalogue | None = None
    reader: Reader | None = None
    verifier: Verifier | None = None
    grader: Grader | None = None
    shortlist: int = 20
    verified: int = 10

    @property
    def versions(self) -> dict[str, str]:
        """The version of each engine, by stage."""
        engines: dict[str, Detector | Rectifier | Embedder | Reader | Verifier | Fuser | Grader | None] = {
            "detect": self.detector,
            "rectify": self.rectifier,
            "embed": self.embedder,
            "read": self.reader,
            "verify": self.verifier,
            "fuse": self.fuser,
            "grade": self.grader,
        }
        return {stage: engine.version for stage, engine in engines.items() if engine is not None}

    def identify(self, photo: Picture, game: str | None = None, quads: Sequence[Quad] | None = None) -> PhotoResult:
        """Name every card of a photo.

        photo: (height, width, 3) uint8 RGB. game: where the person said which; it narrows every search. quads: outlines
        that a person drew or corrected; detection is then skipped, and each is answered in the given order.
        """
        return self.identify_many([photo], [game], [quads])[0]

    def identify_many(
        self,
        photos: Sequence[Picture],
        games: Sequence[str | None] | None = None,
        quads: Sequence[Sequence[Quad] | None] | None = None,
    ) -> list[PhotoResult]:
        """`identify` for several photos at once; each is answered as if it were alone.

        What is cheaper in a batch (finding, describing, reading) is done for all photos together, and its time is shared
        out among them. Raises whatever an engine raises for any of them; which one it was is found by asking one by one.
        """
        looks = [Look(photo, game) for photo, game in zip(photos, games or [None] * len(photos), strict=True)]
        drawn = quads or [None] * len(photos)
        for look, outlines in zip(looks, drawn, strict=True):
            look.detections = [Detection(quad, 1.0) for quad in outlines or ()]
        self._detect([look for look, outlines in zip(looks, drawn, strict=True) if outlines is None])
        for look in looks:
            with look.clock.stage("rectify"):
                look.crops = [self.rectifier.rectify(look.photo, d.quad) for d in look.detections]
        self._look_up(looks)
        self._read(looks)
        return [self._named(look) for look in looks]

    def _detect(self, looks: Sequence[Look]) -> None:
        """Every card of each photo, in reading order."""
        if isinstance(self.detector, BatchDetector) and len(looks) > 1:
            with together(looks, "detect"):
                found = self.detector.detect_many([look.photo for look in looks])
                for look, detections in zip(looks, found, strict=True):
                    look.detections = in_reading_order(detections)
            return
        for look in looks:
            with look.clock.stage("detect"):
                look.detections = in_reading_order(self.detector.detect(look.photo))

    def _look_up(self, looks: Sequence[Look]) -> None:
        """The nearest references of each crop as it is and on its head, and which way they say that it stands."""
        for look in looks:
            look.both_ways = [([], []) for _ in look.crops]
        if self.index is not None:
            for game, group in by_game(looks):
                self._nearest(group, game)
        for look in looks:
            judged = [
                _turn(detection, upright, inverted, self.embedder.nearness)
                for detection, (upright, inverted) in zip(look.detections, look.both_ways, strict=True)
            ]
            look.turns, look.sure = [turn for turn, _ in judged], [sure for _, sure in judged]
            look.crops = [turned(crop, turn) for crop, turn in zip(look.crops, look.turns, strict=True)]

    def _nearest(self, looks: Sequence[Look], game: str | None) -> None:
        assert self.index is not None
        crops = [crop for look in looks for crop in look.crops]
        with together(looks, "embed"):
            small = [_small(crop) for crop in crops]
            queries = self.embedder.embed(small + [np.ascontiguousarray(p[::-1, ::-1]) for p in small])
        with together(looks, "search"):
            answers = self.index.nearest(queries, k=self.shortlist, game=game)
        ways = iter(zip(answers[: len(crops)], answers[len(crops) :], strict=True))
        for look in looks:
            look.both_ways = [next(ways) for _ in look.crops]

    def _read(self, looks: Sequence[Look]) -> None:
        """What is printed on each crop, which is turned where the text stood on its head."""
        for look in looks:
            look.readings = [Reading() for _ in look.crops]
        if self.reader is None:
            return
        for game, group in by_game(looks):
            with together(group, "read"):
                readings = iter(
                    self.reader.read(
                        [crop for look in group for crop in look.crops],
                        game=game,
                        may_be_turned=[not sure for look in group for sure in look.sure],
                    )
                )
            for look in group:
                look.readings = [next(readings) for _ in look.crops]
                look.crops = [turned(c, r.turned) for c, r in zip(look.crops, look.readings, strict=True)]
            self._look_again(group, game)

    def _look_again(self, looks: Sequence[Look], game: str | None) -> None:
        """The nearest references of the crops that the text turned by a quarter: they were looked up lying on their sides."""
        places = [(look, i) for look in looks for i, reading in enumerate(look.readings) if reading.turned % 2]
        if self.index is None or not places:
            return
        with together(looks, "search"):
            small = [_small(look.crops[i]) for look, i in places]
            answers = self.index.nearest(self.embedder.embed(small), k=self.shortlist, game=game)
        for (look, i), found in zip(places, answers, strict=True):
            look.both_ways[i] = (found, found)

    def _named(self, look: Look) -> PhotoResult:
        """All evidence of one photo weighed."""
        matches = [
            ways[((turn + reading.turned) % 4) // 2]
            for ways, turn, reading in zip(look.both_ways, look.turns, look.readings, strict=True)
        ]
        # What one card does not tell, its neighbours do: people photograph one game at a time.
        shared = look.game or common_game(look.readings)
        entries = self._by_text(look.readings, matches, shared, look.clock)
        cards = [
            self._card(d, crop, found, reading, texts, look.clock)
            for d, crop, found, reading, texts in zip(
                look.detections, look.crops, matches, look.readings, entries, strict=True
            )
        ]
        height, width = look.photo.shape[:2]
        return PhotoResult(tuple(self._graded(look, cards)), look.clock.seconds, width, height, self.versions)

    def _graded(self, look: Look, cards: list[CardResult]) -> list[CardResult]:
        """The cards with an estimated grade, as far as they are large enough on the photo."""
        if self.grader is None:
            return cards
        graded = list(cards)
        with look.clock.stage("grade"):
            for i in sorted(range(len(cards)), key=lambda i: -cards[i].px_per_mm)[:MOST_GRADED]:
                key = cards[i].candidates[0].key if cards[i].decided else None
                pictures = self.index.pictures([key]) if self.index is not None and key is not None else {}
                reference = pictures.get(key) if key is not None else None
                grading = self.grader.grade(look.crops[i], look.photo, reference=reference)
                graded[i] = replace(cards[i], grading=grading)
        return graded

    def _by_text(
        self, readings: Sequence[Reading], matches: Sequence[Sequence[Match]], game: str | None, clock: Clock
    ) -> list[list[CardEntry]]:
        if self.catalogue is None or not readings:
            return [[] for _ in readings]
        with clock.stage("search"):
            near = [
                found[0].key if found and _likeness(found[0], self.embedder.nearness) > LOOKS_LIKE else ""
                for found in matches
            ]
            named = self.catalogue.entries([key for key in near if key])
            names = [named[key].name if key in named else "" for key in near]
            return self.catalogue.find(
                [text_query(r, game, name) for r, name in zip(readings, names, strict=True)], limit=40
            )

    def _card(
        self,
        detection: Detection,
        crop: Crop,
        matches: Sequence[Match],
        reading: Reading,
        texts: Sequence[CardEntry],
        clock: Clock,
    ) -> CardResult:
        keys = list(dict.fromkeys([m.key for m in matches] + [e.key for e in texts]))
        with clock.stage("search"):
            entries = dict(self.catalogue.entries(keys)) if self.catalogue else {}
        by_key = {m.key: m for m in matches}
        with clock.stage("verify"):
            inliers, details, pictured = self._verified(crop, matches, texts)
        numbers = self._matched_numbers(crop, reading, entries, clock)
        with clock.stage("fuse"):
            evidence = weighed(
                keys,
                entries,
                reading,
                matches=by_key,
                inliers=inliers,
                details=details,
                pictured=pictured,
                numbers=numbers,
            )
            candidates, decided = self.fuser.fuse(evidence)
        return CardResult(
            quad=crop.quad,
            score=detection.score,
            candidates=tuple(candidates),
            reading=reading,
            decided=decided,
            rotation=crop.quad.rotation,
            px_per_mm=crop.px_per_mm,
            warnings=warnings_for(crop, reading, detection),
            back=detection.back,
        )

    def _matched_numbers(
        self, crop: Crop, reading: Reading, entries: Mapping[str, CardEntry], clock: Clock
    ) -> dict[str, float]:
        """By key how the number of a printing agrees with a strip that could not be read."""
        if not isinstance(self.reader, NumberMatcher):
            return {}
        with clock.stage("read"):
            texts = matched.wanted(reading, entries)
            return matched.agreements(texts, self.reader.numbers(crop, matched.parts(texts.values()), reading.lines))

    def _verified(
        self, crop: Crop, matches: Sequence[Match], texts: Sequence[CardEntry]
    ) -> tuple[dict[str, int], dict[str, float], set[str]]:
        """Inliers per verified key, which of the look-alikes the differing places speak for, and the keys with a picture.

        The nearest references and those about as near are compared first; the others only where none of these is the card.
        """
        if self.index is None:
            return {}, {}, set()
        likeness = {m.key: _likeness(m, self.embedder.nearness) for m in matches[: self.verified]}
        near = [key for key, value in likeness.items() if value >= WORTH_A_LOOK]
        wanted = list(dict.fromkeys([*near, *[e.key for e in texts[: self.verified // 2]]]))
        pictures = self.index.pictures(wanted)
        pictured = {m.key for m in matches} | set(pictures)
        if self.verifier is None:
            return {}, {}, pictured
        best = max(likeness.values(), default=0.0)
        first = [key for key in near if key in pictures and likeness[key] >= best - RIVALS]
        inliers = self.verifier.inliers(crop, {key: pictures[key] for key in first})
        if max(inliers.values(), default=0) < SETTLED:
            inliers |= self.verifier.inliers(crop, {k: pictures[k] for k in wanted if k in pictures and k not in first})
        most = max(inliers.values(), default=0)
        tied = [key for key, count in inliers.items() if count >= max(ALIKE, 0.5 * most)]
        details: dict[str, float] = {}
        if len(tied) > 1 and isinstance(self.verifier, Comparer):
            details = self.verifier.details(crop, {key: pictures[key] for key in tied})
        return inliers, details, pictured


def _small(crop: Crop) -> Picture:
    return np.asarray(cv2.resize(crop.picture, EMBEDDED_SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def _turn(
    detection: Detection, upright: Sequence[Match], inverted: Sequence[Match], nearness: Nearness
) -> tuple[int, bool]:
    """Quarter turns (0 or 2) that references and detector suggest, and whether they leave no doubt.

    A reference that is the same picture knows better than the detector; where none is, the detector does.
    """
    worth = [_likeness(way[0], nearness) if way else 0.0 for way in (upright, inverted)]
    if max(worth) > 0.6 and abs(worth[0] - worth[1]) > 0.15:
        return (2 if worth[1] > worth[0] else 0), True
    if detection.upright >= UPRIGHT:
        return 0, True
    return (2 if worth[1] > worth[0] else 0), False


def _likeness(match: Match, nearness: Nearness) -> float:
    """0 for a stranger, about 1 for the same picture."""
    return float(nearness(np.float32(match.distance), np.float32(match.similarity)))
