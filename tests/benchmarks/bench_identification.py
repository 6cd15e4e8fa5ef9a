"""Which cards of photographs are named, and how surely, against the perceptual hash and ORB keypoints of the same run.

    python -m tests.benchmarks identification [--large]

Four parts, each a table, all over cards that no net was trained on (drawn ones where no scans are at hand):

* search: pictures only, outlines given, exact and as far off as a detector's; the nearest references among 1,000 and
  2,500; large, among 1,000, 20,000 and 100,000.
* photographs: end to end, every third name absent from references and catalogue; names, printings, coverage, rejection,
  and how far stated probabilities hold. The baselines get the product's outlines, and the edge detector's.
* same art: printings of equal art that differ in number and set; the very printing, outlines given.
* real photographs, where there are any: see `real_photographs`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ml import engines
from ml.catalogue import MemoryCatalogue, plain
from ml.detect.contours import ContourDetector
from ml.hashing import HashEmbedder
from ml.pipeline import Pipeline
from ml.types import CardResult, Quad
from tests.benchmarks import naming, real_photographs, references
from tests.benchmarks.baselines import HASH, ORB, ORB_REFERENCES, HashBaseline, OrbBaseline, Ranked
from tests.benchmarks.composed import CLUTTER, Cards, Photo, cards, drawn_cards, photographs, same_art
from tests.benchmarks.figures import better, matched, print_table, shared_part
from tests.benchmarks.naming import OURS, Answer, Names
from tests.benchmarks.searching import search, straightened
from tests.benchmarks.sizes import Size, of

SAME_CARD, SEEN = 0.5, 0.3
"""Shared part from which an outline is a card's; visible share of a card that counts."""
COUNTS = {
    Size.TINY: {"single": 1},
    Size.USUAL: {"single": 10, "grid": 1, "scattered": 3, "row": 2, "fan": 2},
    Size.LARGE: {"single": 80, "grid": 6, "scattered": 16, "row": 8, "fan": 8},
}
"""Photographs by layout."""
REFERENCES = {Size.TINY: (4,), Size.USUAL: (1_000, 2_500), Size.LARGE: (1_000, 20_000, 100_000)}
"""References that are searched."""
END_TO_END = {Size.TINY: 4, Size.USUAL: ORB_REFERENCES, Size.LARGE: 20_000}
REPRINTS = {Size.TINY: (1, 1), Size.USUAL: (5, 4), Size.LARGE: (12, 8)}
"""Arts, and printings of each."""
TINY_POOL = 12
"""Cards of which a third is absent: few to draw and to describe."""


def named_by(pipeline: Pipeline, *, reads: bool) -> Pipeline:
    """The product's engines with the one that reads, or without."""
    return pipeline if reads else replace(pipeline, reader=None)


@dataclass(frozen=True, slots=True)
class Ways:
    """All that names photographs end to end, over the same references."""

    pipeline: Pipeline
    hashes: HashBaseline
    orb: OrbBaseline

    @classmethod
    def over(cls, pool: Cards, size: int, *, reads: bool = True) -> Ways:
        """size: references, of which ORB gets the first thousand, an easier task."""
        known = pool.references()
        ways = [engines.DEFAULTS["embed"], HashEmbedder.version]
        drawn = references.distractors(list(dict.fromkeys(ways)), max(0, size - len(known)))
        ours, first = (
            references.index_of(way, known[:size], drawn[way] if size > len(known) else None) for way in ways
        )
        orb = OrbBaseline({card.key: card.picture() for card in known[:ORB_REFERENCES]})
        pipeline = engines.default_pipeline(ours, MemoryCatalogue(pool.catalogue()))
        return cls(named_by(pipeline, reads=reads), HashBaseline(first.keys, first.descriptors.hashes), orb)


def of_cards(photo: Photo, pool: Cards, outlines: Sequence[Quad], said: Sequence[tuple[Ranked, bool]]) -> list[Answer]:
    """What was said of one photograph, by card; said: candidates with scores and whether it was decided, by outline."""
    known, truths = {card.key: card for card in pool.shown}, photo.scene.cards
    shares = np.array(
        [[shared_part(q.corners, t.corners, photo.scene.picture.shape[:2]) for t in truths] for q in outlines]
    ).reshape(len(outlines), len(truths))
    owner = {place: row for row, place in matched(shares, SAME_CARD).items()}
    told = []
    for place, truth in enumerate(truths):
        absent, row = known[truth.key].is_absent, owner.get(place)
        if row is not None:
            best, decided = said[row]
            keys, score = tuple(key for key, _ in best), best[0][1] if best else 0.0
            told.append(Answer(photo.layout, truth.key, absent, keys=keys, score=score, decided=decided))
        elif truth.visible >= SEEN:
            told.append(Answer(photo.layout, truth.key, absent, outlined=False))
    for row in set(range(len(outlines))) - set(owner.values()):
        best, decided = said[row]
        told.append(
            Answer(photo.layout, "", keys=tuple(k for k, _ in best), score=best[0][1] if best else 0, decided=decided)
        )
    return told


def ranked(card: CardResult) -> tuple[Ranked, bool]:
    """The product's answer about one card."""
    return [(c.key, c.probability) for c in card.candidates], card.decided


def end_to_end(photos: Sequence[Photo], pool: Cards, ways: Ways, names: Names, *, large: bool) -> dict[str, object]:
    """Whole photographs by the product and by the baselines. large: ORB with the edge detector's outlines too."""
    own = ContourDetector()
    found: dict[str, list[Answer]] = {}

    def note(way: str, photo: Photo, outlines: Sequence[Quad], said: Sequence[tuple[Ranked, bool]]) -> None:
        found.setdefault(way, []).extend(of_cards(photo, pool, outlines, said))

    for photo in photos:
        result = ways.pipeline.identify(photo.scene.picture)
        ours = [card.quad for card in result.cards]
        note(OURS, photo, ours, [ranked(card) for card in result.cards])
        theirs = [d.quad for d in own.detect(photo.scene.picture)]
        for outlines, whose in ((theirs, ""), (ours, ", our outlines")):
            pictures = straightened(photo.scene.picture, outlines)
            note(HASH + whose, photo, outlines, [(ways.hashes.best(p, both_ways=True), False) for p in pictures])
            if whose or large:
                note(ORB + whose, photo, outlines, [(ways.orb.best(p), False) for p in pictures])
    return told_of_photographs(found, names)


def told_of_photographs(found: dict[str, list[Answer]], names: Names) -> dict[str, object]:
    """Print and answer: names by way, then what the product took without asking."""
    rows: dict[str, list[object]] = {}
    figures: dict[str, object] = {}
    first = {way: naming.within(answers, names, first=1) for way, answers in found.items()}
    share = naming.taken_share(found[OURS])
    for way, answers in found.items():
        clutter = naming.within([a for a in answers if a.layout in CLUTTER], names, first=1)
        five, prints = naming.within(answers, names, first=5), naming.printings(answers)
        wrong = naming.at_coverage(answers, names, share)
        rows[way] = [naming.outlined(answers), first[way], five, prints, clutter, wrong]
        figures[way] = naming.told(answers, names, decides=way == OURS) | {
            "name_top1_in_clutter": clutter.to_dict(),
            "wrong_names_at_our_coverage": wrong.to_dict(),
        }
        if way != OURS:
            figures[f"to {way}".replace(" (baseline)", "")] = {
                "errors_ratio": better(first[OURS], first[way], errors=True)
            }
    columns = ("outlined", "name first", "name in 5", "printing", "in clutter", "wrong/taken")
    print_table("photographs, end to end", columns, rows)
    print_decisions(found[OURS], names)
    return figures


def print_decisions(ours: Sequence[Answer], names: Names) -> None:
    """What was taken without asking, and how far the probabilities hold."""
    print(f"coverage, cards that can be known and were taken    {naming.coverage(ours)}")
    print(f"wrong names among what was taken                    {naming.wrongly_accepted(ours, names)}")
    print(f"wrong printings among what was taken                {naming.wrongly_accepted(ours)}")
    print(f"absent cards that were not taken for another        {naming.rejection(ours)}")
    for row in naming.reliability(naming.stated(ours)):
        print("  stated {from:.1f} to {to:.1f}: {answers} answers, {right:.3f} right".format(**row))


def reprints(arts: int, printings: int, pool: Cards, *, reads: bool) -> dict[str, object]:
    """The very printing among printings of one art; each is photographed once, alone, with its outline given."""
    clusters = same_art(arts, printings)
    prints = [card for cluster in clusters for card in cluster]
    known = pool.references()[:ORB_REFERENCES]
    index = references.index_of(engines.DEFAULTS["embed"], [*prints, *known])
    texts = [card.entry for card in prints] + pool.catalogue()
    pipeline = named_by(engines.default_pipeline(index, MemoryCatalogue(texts)), reads=reads)
    first = references.described(HashEmbedder.version, [*prints, *known])
    hashes = HashBaseline([card.key for card in (*prints, *known)], first.hashes)
    found: dict[str, list[Answer]] = {OURS: [], HASH: [], ORB: []}
    for cluster in clusters:
        orb = OrbBaseline({card.key: card.picture() for card in cluster})
        for number, card in enumerate(cluster):
            seed = 1000 * clusters.index(cluster) + number
            (photo,) = photographs([card], {"single": 1}, seed=seed, long=1600)
            (placed,) = photo.scene.cards
            quad = Quad(placed.corners)
            (said,) = pipeline.identify(photo.scene.picture, quads=[quad]).cards
            (crop,) = straightened(photo.scene.picture, [quad])
            for way, (best, decided) in (
                (OURS, ranked(said)),
                (HASH, (hashes.best(crop), False)),
                (ORB, (orb.best(crop), False)),
            ):
                keys = tuple(key for key, _ in best)
                found[way].append(
                    Answer("single", card.key, keys=keys, score=best[0][1] if best else 0, decided=decided)
                )
    figures: dict[str, object] = {way: naming.printings(answers).to_dict() for way, answers in found.items()}
    print_table(
        f"same art: {arts} arts of {printings} printings, outlines given",
        ("printing", "cards"),
        {way: [naming.printings(answers), len(answers)] for way, answers in found.items()},
    )
    ours = found[OURS]
    print(f"taken without asking {naming.coverage(ours)}, of them wrong {naming.wrongly_accepted(ours)}")
    figures |= {"coverage": naming.coverage(ours).to_dict(), "wrong": naming.wrongly_accepted(ours).to_dict()}
    for way in (HASH, ORB):
        ratio = better(naming.printings(ours), naming.printings(found[way]), errors=True)
        figures[f"to {way.split()[0]}"] = {"errors_ratio": ratio}
    return figures


def run(size: Size = Size.USUAL) -> dict[str, object]:
    """Measure, print, answer the figures."""
    large = size is Size.LARGE
    pool, counts = drawn_cards(TINY_POOL) if size is Size.TINY else cards(), of(COUNTS, size)
    photos = list(photographs(pool.shown, counts, seed=23))
    kind = "scans held out of training" if pool.real else "drawn cards (no scans at hand: set CARDVAULT_SAMPLE_DATA)"
    print(f"{len(photos)} composed photographs of {kind}; engines {engines.versions()}")
    reads = size is not Size.TINY  # which would be most of its seconds
    ways = Ways.over(pool, of(END_TO_END, size), reads=reads)
    figures: dict[str, object] = {
        "cards_are_real": pool.real,
        "engines": engines.versions(),
        "search": search(photos, pool, names_of(pool), of(REFERENCES, size)),
        "photographs": end_to_end(photos, pool, ways, names_of(pool), large=large),
        "same art": reprints(*of(REPRINTS, size), pool, reads=reads),
        "real photographs": {} if size is Size.TINY else real_photographs.measured(large=large),
    }
    if large and pool.real:
        drawn = drawn_cards()
        print("\nthe same with drawn cards, whose numbers can be read and which no engine was fitted on")
        photos = list(photographs(drawn.shown, counts, seed=29))
        figures["photographs of drawn cards"] = end_to_end(
            photos, drawn, Ways.over(drawn, 20_000), names_of(drawn), large=False
        )
    print_summary(figures)
    return figures


def print_summary(figures: dict[str, Any]) -> None:
    """The six questions apart: what one of them answers says nothing of the others."""

    def share(*path: str) -> float:
        told: Any = figures
        for name in path:
            told = told.get(name, {})
        return float("nan") if told.get("share") is None else float(told["share"])

    columns = ("detection", "name", "printing", "same art", "rejection", "coverage")
    composed = [share("photographs", OURS, name) for name in ("detection", "name_top1", "printing")]
    composed += [share("same art", OURS), *(share("photographs", OURS, name) for name in ("rejection", "coverage"))]
    real = [share("real photographs", OURS, n) for n in ("outlined_by_count", "name_top1_known", "printing")]
    accepted = figures["real photographs"].get("accepted", {"known": 0})
    covered = accepted["wrong"]["of"] / accepted["known"] if accepted["known"] else float("nan")
    real += [float("nan"), share("real photographs", "absent names", "rejection"), covered]
    print_table("ours, apart (-: not measured)", columns, {"composed photographs": composed, "real photographs": real})


def names_of(pool: Cards) -> dict[str, tuple[str, str]]:
    """Game and name of every key."""
    names = {card.key: card.name for card in (*pool.shown, *pool.others)}
    return names | {entry.key: (entry.game, plain(entry.name)) for entry in pool.texts}


if __name__ == "__main__":
    run()
