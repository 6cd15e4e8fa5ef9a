"""How many cards of a photograph are named, and in what time, as ratios to three simpler ways in the same run.

    python -m tests.benchmarks recognition [--large]

Photographs are composed by our own code from cards that it draws, so that every corner and every name is known. The
baselines see the same references and the same photographs:

* whole-photo hash: the 64-bit DCT hash of picture libraries over the photo; it can name one card.
* contour + hash: large four-cornered contours of one threshold, straightened, the same hash on each, in four rotations.
* keypoints: ORB features of the photo matched with those of every reference, RANSAC, 20 inliers or more.

Where real photographs are at hand (folder CARDVAULT_SAMPLE_DATA) the ones that show a single card follow, with all
reference scans, without the keypoints, which would take minutes a photo.
"""

from __future__ import annotations

import csv
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from apps.demo.art import draw
from apps.demo.photographs import Photograph, compose_all, one_card
from ml import sample
from ml.engines import default_pipeline
from ml.geometry import overlap, portrait, warp
from ml.hashing import HashEmbedder
from ml.index import MemoryIndex
from ml.measure import Judge
from ml.pipeline import Pipeline
from ml.types import CardEntry, Picture
from tests.benchmarks.sizes import Size, of

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(os.environ.get("CARDVAULT_SAMPLE_DATA") or ROOT.parent / "shared" / "data")
CARDS, IN_A_ROUND = 72, 18
ROUNDS = {Size.USUAL: 2, Size.LARGE: 4}
"""Of six photographs each; tiny, there is one photograph, and nothing is read."""
FARTHEST = 12
"""Differing bits of 64 from which on a hash names nothing: the usual threshold of that kind of hash."""

Way = Callable[[Picture], list[str]]


@dataclass(slots=True)
class Outcome:
    """What one way made of all photographs."""

    cards: int = 0
    named: int = 0
    wrong: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of the cards that were named rightly."""
        return self.named / self.cards if self.cards else 0.0


def hash64(picture: Picture) -> int:
    """The 64-bit perceptual hash as picture libraries make it: 32 x 32 grey, DCT, 8 x 8, bits above the median."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    low = cv2.dct(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32))[:8, :8].ravel()
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


class Hashes:
    """The references' 64-bit hashes."""

    def __init__(self, references: dict[str, Picture]) -> None:
        self.keys = list(references)
        self.values = [hash64(picture) for picture in references.values()]

    def nearest(self, pictures: Sequence[Picture]) -> tuple[int, str]:
        """Bits apart and key of the reference nearest to any of the pictures."""
        return min(
            ((hash64(p) ^ value).bit_count(), key)
            for p in pictures
            for key, value in zip(self.keys, self.values, strict=True)
        )


def whole_photo_hash(hashes: Hashes) -> Way:
    """The first baseline."""
    return lambda photo: [key for bits, key in [hashes.nearest([photo])] if bits <= FARTHEST]


def contour_hash(hashes: Hashes) -> Way:
    """The second baseline."""

    def named(photo: Picture) -> list[str]:
        scale = 1000 / max(photo.shape[:2])
        small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (5, 5), 0)
        binary = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 51, 5)
        contours, _ = cv2.findContours(binary, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
        answers: dict[str, int] = {}
        for contour in contours:
            corners = cv2.approxPolyDP(contour, 0.03 * cv2.arcLength(contour, True), True)
            if len(corners) != 4 or not 0.01 < cv2.contourArea(corners) / grey.size < 0.95:
                continue
            upright = warp(photo, portrait(corners.reshape(4, 2)) / scale, 252, 352).astype(np.uint8)
            bits, key = hashes.nearest([np.ascontiguousarray(np.rot90(upright, turn)) for turn in range(4)])
            if bits <= FARTHEST:
                answers[key] = min(bits, answers.get(key, 64))
        return list(answers)

    return named


def keypoints(references: dict[str, Picture]) -> Way:
    """The third baseline."""
    orb = cv2.ORB_create(nfeatures=3000)
    own = cv2.ORB_create(nfeatures=500)
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)

    def features(detector: cv2.ORB, picture: Picture, side: int) -> tuple[Sequence[cv2.KeyPoint], np.ndarray | None]:
        scale = min(1.0, side / max(picture.shape[:2]))
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found: tuple[Sequence[cv2.KeyPoint], np.ndarray | None] = detector.detectAndCompute(small, None)
        return found

    known = {key: features(own, picture, 448) for key, picture in references.items()}

    def named(photo: Picture) -> list[str]:
        points, described = features(orb, photo, 1600)
        answers = []
        for key, (theirs, descriptors) in known.items():
            if described is None or descriptors is None:
                continue
            pairs = matcher.knnMatch(descriptors, described, k=2)
            good = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance]
            if len(good) < 20:
                continue
            source = np.array([theirs[m.queryIdx].pt for m in good], np.float32)
            target = np.array([points[m.trainIdx].pt for m in good], np.float32)
            _, mask = cv2.findHomography(source, target, cv2.RANSAC, 5.0)
            if mask is not None and int(mask.sum()) >= 20:
                answers.append(key)
        return answers

    return named


def ours(pipeline: Pipeline, *, sure: bool) -> Way:
    """The product's engines; sure: only what they would take without asking."""

    def named(photo: Picture) -> list[str]:
        cards = pipeline.identify(photo).cards
        return [card.best.key for card in cards if card.best and (card.decided or not sure)]

    return named


def drawn_cards(count: int) -> tuple[dict[str, Image.Image], list[CardEntry]]:
    """Cards of the demo's catalogue, drawn."""
    pictures, entries = {}, []
    for name in ("pokemon", "magic", "onepiece"):
        with (ROOT / "apps" / "demo" / "facts" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[: count // 3]
        for row in rows:
            game, code = row["category"].rsplit("/", 1)[1], row["abbreviation"] or row["release_code"]
            key = f"{row['release_code']}:{row['number']}"
            pictures[key] = draw(
                name=row["name"],
                number=row["number"],
                total=int(row["total_cards"] or 0) or None,
                set_code=code,
                set_name=row["release_name"],
                rarity=row["rarity"],
                game=game,
            )
            game = {"magic": "mtg"}.get(game, game)
            entries.append(CardEntry(key, game, row["name"], row["number"], code, row["total_cards"]))
    return pictures, entries


def measured(ways: dict[str, Way], photos: Sequence[tuple[Picture, Sequence[Sequence[str]]]]) -> dict[str, Outcome]:
    """Every way over every photo. photos: pixels, and for each card the keys that name it rightly."""
    found = {name: Outcome() for name in ways}
    for name, way in ways.items():
        if len(photos) > 1:
            way(photos[0][0])  # models load and caches fill before the clock runs
        outcome = found[name]
        for picture, truth in photos:
            start = time.perf_counter()
            answers = way(picture)
            outcome.seconds.append(time.perf_counter() - start)
            left = list(answers)
            for keys in truth:
                hit = next((key for key in left if key in keys), None)
                if hit is not None:
                    left.remove(hit)
                    outcome.named += 1
            outcome.cards += len(truth)
            outcome.wrong += len(left)
    return found


def outlined(pipeline: Pipeline, photos: Sequence[Photograph]) -> tuple[int, int, int]:
    """Cards whose outline was found (four fifths of both areas shared), cards there are, and outlines of nothing."""
    hits = total = extra = 0
    for photo in photos:
        quads = [d.quad.corners.astype(float) for d in pipeline.detector.detect(np.asarray(photo.picture))]
        truths = [np.asarray(card["quad"], float) for card in photo.truth]
        good = [[_agreement(quad, truth) > 0.8 for truth in truths] for quad in quads]
        hits += sum(any(row[i] for row in good) for i in range(len(truths)))
        extra += sum(not any(row) for row in good)
        total += len(truths)
    return hits, total, extra


def _agreement(a: np.ndarray, b: np.ndarray) -> float:
    shared = overlap(a, b)
    both = cv2.contourArea(a.astype(np.float32)) + cv2.contourArea(b.astype(np.float32)) - shared
    return shared / both if both else 0.0


def table(title: str, found: dict[str, Outcome]) -> dict[str, dict[str, float]]:
    """Print one block and answer its figures; ratios are ours to the baseline's, above 1 where ours is better."""
    print(f"\n{title}")
    print(f"{'way':<34}{'named':>12}{'wrong':>7}{'s a photo':>11}{'named ratio':>13}{'time ratio':>12}")
    mine = found["ours"]
    figures = {}
    for name, outcome in found.items():
        middle = statistics.median(outcome.seconds)
        ratio = mine.recall / outcome.recall if outcome.recall else float("inf")
        quicker = middle / statistics.median(mine.seconds)
        figures[name] = {
            "recall": outcome.recall,
            "wrong": float(outcome.wrong),
            "seconds": middle,
            "named_ratio": ratio,
            "time_ratio": quicker,
        }
        share = f"{outcome.named}/{outcome.cards}"
        print(f"{name:<34}{share:>12}{outcome.wrong:>7}{middle:>11.2f}{ratio:>13.2f}{quicker:>12.2f}")
    return figures


def run_composed(size: Size) -> dict[str, dict[str, float]]:
    """Photographs from our own code."""
    pictures, entries = drawn_cards(3 if size is Size.TINY else CARDS)
    arrays = {key: np.asarray(picture, np.uint8) for key, picture in pictures.items()}
    index = MemoryIndex(
        list(arrays),
        HashEmbedder().embed(list(arrays.values())),
        [entry.game for entry in entries],
        lambda keys: {key: arrays[key] for key in keys if key in arrays},
    )
    pipeline = default_pipeline(index, sample.MemoryCatalogue(entries))
    cards = list(pictures.items())
    if size is Size.TINY:
        photos, pipeline = [one_card(cards[:1])], replace(pipeline, reader=None)
    else:
        spread = [cards[i::4] for i in range(4)]
        photos = [photo for part in spread[: of(ROUNDS, size)] for photo in compose_all(part[:IN_A_ROUND])]
    hashes = Hashes(arrays)
    ways = {
        "ours": ours(pipeline, sure=False),
        "ours, only what is sure": ours(pipeline, sure=True),
        "whole-photo hash": whole_photo_hash(hashes),
        "contour + hash": contour_hash(hashes),
        "keypoints": keypoints(arrays),
    }
    shown = [(np.asarray(photo.picture), [[str(card["key"])] for card in photo.truth]) for photo in photos]
    found = measured(ways, shown)
    figures = table(f"{len(photos)} composed photographs, {len(arrays)} references", found)
    hits, total, extra = outlined(pipeline, photos)
    print(f"outlines: {hits} of {total} cards found, {extra} of nothing")
    figures["outlines"] = {"recall": hits / total, "extra": float(extra)}
    return figures


def run_real() -> dict[str, dict[str, float]]:
    """Real photographs of single cards, named by any printing of the right name."""
    loaded = sample.load(SAMPLE)
    entries = sample.catalogue_entries(SAMPLE)
    judge = Judge({entry.key: entry for entry in entries})
    photos = []
    for labelled in loaded.photos:
        named = [label for label in labelled.labels if label.names]
        if labelled.cards == 1 and named:
            right = [entry.key for entry in entries if judge.same_name(entry.key, named[0])]
            photos.append((sample.photo(labelled), [right]))
    hashes = Hashes(dict(loaded.index.pictures(loaded.index.keys)))
    pipeline = default_pipeline(loaded.index, loaded.catalogue)
    ways = {
        "ours": ours(pipeline, sure=False),
        "ours, only what is sure": ours(pipeline, sure=True),
        "whole-photo hash": whole_photo_hash(hashes),
        "contour + hash": contour_hash(hashes),
    }
    return table(f"{len(photos)} real photographs of one card, {len(hashes.keys)} references", measured(ways, photos))


def run(size: Size = Size.USUAL) -> dict[str, dict[str, dict[str, float]]]:
    """Measure, print, and answer the figures by block and way."""
    figures = {"composed": run_composed(size)}
    if size is not Size.TINY and (SAMPLE / "cards" / "photos.csv").exists():
        figures["real"] = run_real()
    else:
        print(f"\nno real photographs under {SAMPLE}: set CARDVAULT_SAMPLE_DATA")
    return figures


if __name__ == "__main__":
    run()
