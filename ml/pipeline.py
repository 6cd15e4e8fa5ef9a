"""The way from a photo to named cards: detect, rectify, describe, look up, read, verify, fuse, with the time of each."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np

from ml.catalogue import name_similarity, plain
from ml.index import nearness
from ml.interfaces import Catalogue, Detector, Embedder, Fuser, Reader, Rectifier, ReferenceIndex, Verifier
from ml.numbers import number_key
from ml.read import name_texts
from ml.rectify import READABLE_PX_PER_MM, turned
from ml.types import (
    CardEntry,
    CardResult,
    Crop,
    Detection,
    Evidence,
    Match,
    PhotoResult,
    Picture,
    Quad,
    Reading,
    TextQuery,
)

WORTH_A_LOOK = 0.22
"""References less alike than this are not compared by keypoints: at a sound outline the right one never is."""

STAGES = ("detect", "rectify", "embed", "search", "read", "verify", "fuse")


@dataclass(slots=True)
class _Clock:
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STAGES, 0.0))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Engines joined into one. Any of reader, index, catalogue and verifier may be missing: the rest then decides."""

    detector: Detector
    rectifier: Rectifier
    embedder: Embedder
    fuser: Fuser
    index: ReferenceIndex | None = None
    catalogue: Catalogue | None = None
    reader: Reader | None = None
    verifier: Verifier | None = None
    shortlist: int = 20
    verified: int = 10

    @property
    def versions(self) -> dict[str, str]:
        """The version of each engine, by stage."""
        engines: dict[str, Detector | Rectifier | Embedder | Reader | Verifier | Fuser | None] = {
            "detect": self.detector,
            "rectify": self.rectifier,
            "embed": self.embedder,
            "read": self.reader,
            "verify": self.verifier,
            "fuse": self.fuser,
        }
        return {stage: engine.version for stage, engine in engines.items() if engine is not None}

    def identify(self, photo: Picture, game: str | None = None, quads: Sequence[Quad] | None = None) -> PhotoResult:
        """Name every card of a photo.

        photo: (height, width, 3) uint8 RGB. game: where the person said which; it narrows every search. quads: outlines
        that a person drew or corrected; detection is then skipped, and each is answered in the given order.
        """
        clock = _Clock()
        if quads is None:
            with clock.stage("detect"):
                detections = in_reading_order(self.detector.detect(photo))
        else:
            detections = [Detection(quad, 1.0) for quad in quads]
        with clock.stage("rectify"):
            crops = [self.rectifier.rectify(photo, d.quad) for d in detections]
        both_ways = self._looked_up(crops, game, clock)
        turns, sure = zip(*(_turn(up, down) for up, down in both_ways), strict=True) if crops else ((), ())
        crops = [turned(crop, turn) for crop, turn in zip(crops, turns, strict=True)]
        with clock.stage("read"):
            readings = (
                self.reader.read(crops, game=game, may_be_turned=[not s for s in sure])
                if self.reader
                else [Reading() for _ in crops]
            )
        crops = [turned(crop, reading.turned) for crop, reading in zip(crops, readings, strict=True)]
        matches = [
            ways[((turn + reading.turned) % 4) // 2]
            for ways, turn, reading in zip(both_ways, turns, readings, strict=True)
        ]
        # What one card does not tell, its neighbours do: people photograph one game at a time.
        shared = game or common_game(readings)
        entries = self._by_text(readings, shared, clock)
        cards = [
            self._card(d, crop, found, reading, texts, clock)
            for d, crop, found, reading, texts in zip(detections, crops, matches, readings, entries, strict=True)
        ]
        height, width = photo.shape[:2]
        return PhotoResult(tuple(cards), clock.seconds, width, height, self.versions)

    def _looked_up(
        self, crops: Sequence[Crop], game: str | None, clock: _Clock
    ) -> list[tuple[list[Match], list[Match]]]:
        """The nearest references of each crop as it is, and of the crop on its head."""
        if self.index is None or not crops:
            return [([], []) for _ in crops]
        with clock.stage("embed"):
            small = [
                np.asarray(cv2.resize(c.picture, (192, 256), interpolation=cv2.INTER_AREA), np.uint8) for c in crops
            ]
            queries = self.embedder.embed(small + [np.ascontiguousarray(p[::-1, ::-1]) for p in small])
        with clock.stage("search"):
            answers = self.index.nearest(queries, k=self.shortlist, game=game)
        return list(zip(answers[: len(crops)], answers[len(crops) :], strict=True))

    def _by_text(self, readings: Sequence[Reading], game: str | None, clock: _Clock) -> list[list[CardEntry]]:
        if self.catalogue is None or not readings:
            return [[] for _ in readings]
        with clock.stage("search"):
            return self.catalogue.find([text_query(r, game) for r in readings], limit=40)

    def _card(
        self,
        detection: Detection,
        crop: Crop,
        matches: Sequence[Match],
        reading: Reading,
        texts: Sequence[CardEntry],
        clock: _Clock,
    ) -> CardResult:
        keys = list(dict.fromkeys([m.key for m in matches] + [e.key for e in texts]))
        with clock.stage("search"):
            entries = dict(self.catalogue.entries(keys)) if self.catalogue else {}
        by_key = {m.key: m for m in matches}
        with clock.stage("verify"):
            inliers, pictured = self._verified(crop, matches, texts)
        with clock.stage("fuse"):
            evidence = [
                evidence_for(key, by_key.get(key), entries.get(key), reading, inliers.get(key), key in pictured)
                for key in keys
            ]
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
        )

    def _verified(
        self, crop: Crop, matches: Sequence[Match], texts: Sequence[CardEntry]
    ) -> tuple[dict[str, int], set[str]]:
        """Inliers per verified key, and the keys that have a reference picture at all."""
        if self.index is None:
            return {}, set()
        near = [m.key for m in matches[: self.verified] if _likeness(m) >= WORTH_A_LOOK]
        wanted = near + [e.key for e in texts[: self.verified // 2]]
        pictures = self.index.pictures(list(dict.fromkeys(wanted)))
        pictured = {m.key for m in matches} | set(pictures)
        return (self.verifier.inliers(crop, pictures) if self.verifier else {}), pictured


def _turn(upright: Sequence[Match], inverted: Sequence[Match]) -> tuple[int, bool]:
    """Quarter turns (0 or 2) that the references suggest, and whether they leave no doubt."""
    worth = [_likeness(way[0]) if way else 0.0 for way in (upright, inverted)]
    return (2 if worth[1] > worth[0] else 0), max(worth) > 0.6 and abs(worth[0] - worth[1]) > 0.15


def _likeness(match: Match) -> float:
    """0 for a stranger, about 1 for the same picture: `ml.index.nearness` of one match."""
    return float(nearness(np.float32(match.distance), np.float32(match.similarity)))


def common_game(readings: Sequence[Reading]) -> str | None:
    """The game that all cards of a photo show whose game is known; None where they differ or none tells."""
    games = {reading.game for reading in readings if reading.game}
    return games.pop() if len(games) == 1 else None


def text_query(reading: Reading, game: str | None) -> TextQuery:
    """What a reading asks the catalogue."""
    game = reading.game or game
    names = name_texts(reading.lines, game)
    return TextQuery(game, reading.number, reading.total, reading.set_code, names)


def evidence_for(
    key: str, match: Match | None, entry: CardEntry | None, reading: Reading, inliers: int | None, has_picture: bool
) -> Evidence:
    """What was measured about one printing, in the fuser's terms: agreement is positive, conflict negative."""
    number = set_code = name = language = None
    if entry is not None:
        number = number_agreement(reading, entry)
        if reading.set_code and entry.set_code and reading.number_confidence > 0.4:
            # A misread letter is common in a set code: only a match says much.
            set_code = 1.0 if reading.set_code.upper() == entry.set_code.upper() else -0.3
        names = name_texts(reading.lines, reading.game or entry.game)
        if names:
            known = [plain(n) for n in (entry.name, *entry.aliases)]
            name = max(name_similarity(plain(text), n) for text in names for n in known)
            if reading.language == "ja" and entry.language not in ("", "ja"):
                name = None
        if reading.language and entry.language:
            language = 1.0 if reading.language == entry.language else -1.0
    return Evidence(
        key=key,
        distance=match.distance if match else None,
        similarity=match.similarity if match else None,
        inliers=inliers,
        number=number,
        set_code=set_code,
        name=name,
        language=language,
        has_picture=has_picture,
    )


def number_agreement(reading: Reading, entry: CardEntry) -> float | None:
    """1 where number and total agree, less where only the number does or it was hard to read, negative on conflict."""
    if not reading.number or not entry.number:
        return None
    trust = float(np.clip(reading.number_confidence / 0.8, 0.2, 1.0))
    if number_key(reading.number) != number_key(entry.number):
        return -0.6 * trust
    if not reading.total or not entry.total:
        return 0.85 * trust
    return trust if number_key(reading.total) == number_key(entry.total) else 0.25 * trust


def warnings_for(crop: Crop, reading: Reading, detection: Detection) -> tuple[str, ...]:
    """What a person could do better about this card's picture."""
    said = []
    if crop.px_per_mm < READABLE_PX_PER_MM and not reading.number:
        said.append("The collector number is too small to read: take a closer photo.")
    if detection.inferred:
        said.append("This place was filled in from the grid around it: check its outline.")
    return tuple(said)


def in_reading_order(detections: Sequence[Detection]) -> list[Detection]:
    """Rows from top to bottom, each from left to right, as a person would count the cards."""
    if not detections:
        return []
    middles = [d.quad.corners.mean(axis=0) for d in detections]
    tall = float(np.median([np.ptp(d.quad.corners[:, 1]) for d in detections]))
    rows: list[list[int]] = []
    for i in sorted(range(len(detections)), key=lambda i: middles[i][1]):
        if rows and middles[i][1] - np.mean([middles[j][1] for j in rows[-1]]) < 0.5 * tall:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [detections[i] for row in rows for i in sorted(row, key=lambda i: middles[i][0])]
