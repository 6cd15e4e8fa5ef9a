"""Labelled photographs by people, where a folder of them is at hand: names by the product and by the baselines.

Corners are not labelled, so an answer belongs to whichever label it fits; no answer stands for two cards. Names are told
apart by whether a reference picture of that name exists: without one only the print can tell, which the baselines do not
read. `python -m ml.measure` tells more about the product on the same photographs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ml import engines, sample
from ml.catalogue import MemoryCatalogue
from ml.detect.contours import ContourDetector
from ml.hashing import HashEmbedder
from ml.measure import Judge, paired, spellings
from ml.pipeline import Pipeline
from ml.sample import Label, LabelledPhoto
from ml.types import CardEntry, Picture, Quad
from tests.benchmarks import references
from tests.benchmarks.baselines import HASH, ORB, HashBaseline, OrbBaseline
from tests.benchmarks.composed import SAMPLE, Known, cards
from tests.benchmarks.figures import Share, better, print_table
from tests.benchmarks.naming import OURS
from tests.benchmarks.searching import straightened

FEW = 9
"""Photographs of more cards are left to the large run."""


@dataclass(frozen=True, slots=True)
class Said:
    """An outline's candidates, best first."""

    keys: tuple[str, ...]
    decided: bool = False


@dataclass(slots=True)
class Counted:
    """What one way made of all photographs. Each list has one entry for each label, or for each decided answer."""

    found: int = 0
    cards: int = 0
    pictured: list[bool] = field(default_factory=list)
    pictured_in_five: list[bool] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)
    printings: list[bool] = field(default_factory=list)
    decided: list[bool] = field(default_factory=list)
    """Of the answers taken without asking, on photographs whose every card is labelled: whether it is wrong."""


def add(tally: Counted, photo: LabelledPhoto, said: Sequence[Said], judge: Judge) -> None:
    """One photograph by one way."""
    named = [label for label in photo.labels if label.names]
    tally.cards += photo.cards
    tally.found += min(len(said), photo.cards)
    first = _fitting(named, said, lambda key, label: judge.same_name(key, label), 1)
    five = _fitting(named, said, lambda key, label: judge.same_name(key, label), 5)
    for place, label in enumerate(named):
        if judge.is_known(label):
            tally.known.append(place in first)
        if judge.is_pictured(label):
            tally.pictured.append(place in first)
            tally.pictured_in_five.append(place in five)
    printed = [label for label in named if label.number and label.set_code and judge.is_known(label)]
    right = _fitting(printed, said, lambda key, label: judge.same_printing(key, label), 1)
    tally.printings += [place in right for place in range(len(printed))]
    if len(named) == len(photo.labels):
        tally.decided += [
            not any(judge.same_name(card.keys[0], label) for label in named) for card in said if card.decided
        ]


def _fitting(
    labels: Sequence[Label], said: Sequence[Said], fits: Callable[[str, Label], bool], first: int
) -> dict[int, int]:
    return paired(labels, said, lambda card, label: any(fits(key, label) for key in card.keys[:first]))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Scans:
    """Every reference scan, indexed for the product and for the baselines."""

    known: list[Known]
    entries: list[CardEntry]

    @classmethod
    def at_hand(cls) -> Scans:
        pool = cards()
        return cls([*pool.shown, *pool.others], list(pool.texts))

    def pipeline(self) -> Pipeline:
        """The default engines over everything."""
        index = references.index_of(engines.DEFAULTS["embed"], self.known)
        return engines.default_pipeline(index, MemoryCatalogue(self.entries))

    def without(self, names: set[tuple[str, str]]) -> Scans:
        """As if these games and names did not exist."""
        return Scans(
            [card for card in self.known if not spellings(card.entry) & names],
            [entry for entry in self.entries if not spellings(entry) & names],
        )


def by_product(pipeline: Pipeline, picture: Picture) -> tuple[list[Quad], list[Said]]:
    """Outlines and answers of the product."""
    found = pipeline.identify(picture).cards
    said = [Said(tuple(c.key for c in card.candidates), card.decided) for card in found]
    return [card.quad for card in found], said


def measured(*, large: bool = False) -> dict[str, object]:
    """Measure, print, answer the figures by way. large: every photograph, and absent names too."""
    if not (SAMPLE / "cards" / "photos.csv").exists():
        print(f"\nno real photographs under {SAMPLE}: set CARDVAULT_SAMPLE_DATA")
        return {"absent": "no real photographs at hand"}
    scans = Scans.at_hand()
    judge = Judge({entry.key: entry for entry in scans.entries}, [card.key for card in scans.known])
    photos = [
        photo
        for photo in sample.labelled_photos(SAMPLE)
        if not photo.estimated and (large or photo.cards == 1 or _few_and_pictured(photo, judge))
    ]
    pipeline, edges = scans.pipeline(), ContourDetector()
    described = references.described(HashEmbedder.version, scans.known)
    hashes = HashBaseline([card.key for card in scans.known], described.hashes)
    orb = OrbBaseline({card.key: card.picture() for card in scans.known})
    found: dict[str, Counted] = {}
    for photo in photos:
        picture = sample.photo(photo)
        ours, said = by_product(pipeline, picture)
        add(found.setdefault(OURS, Counted()), photo, said, judge)
        theirs = [d.quad for d in edges.detect(picture)]
        for outlines, whose in ((theirs, ""), (ours, ", our outlines")):
            crops = straightened(picture, outlines)
            by_hash = [Said(tuple(key for key, _ in hashes.best(crop, both_ways=True))) for crop in crops]
            add(found.setdefault(HASH + whose, Counted()), photo, by_hash, judge)
            if not whose and not large:
                continue
            by_orb = [Said(tuple(key for key, _ in orb.best(crop))) for crop in crops]
            add(found.setdefault(ORB + whose, Counted()), photo, by_orb, judge)
    figures = told(found, len(photos), len(scans.known))
    if large:
        figures["absent names"] = absent(photos, scans)
    return figures


def _few_and_pictured(photo: LabelledPhoto, judge: Judge) -> bool:
    return photo.cards <= FEW and any(judge.is_pictured(label) for label in photo.labels)


def told(found: dict[str, Counted], photos: int, scans: int) -> dict[str, object]:
    """Print and answer."""
    columns = ("by count", "pictured", "in 5", "known", "printing")
    rows, figures = {}, {}
    first = {way: Share.count(tally.pictured) for way, tally in found.items()}
    for way, tally in found.items():
        shares = {
            "outlined_by_count": Share(tally.found, tally.cards),
            "name_top1_pictured": first[way],
            "name_top5_pictured": Share.count(tally.pictured_in_five),
            "name_top1_known": Share.count(tally.known),
            "printing": Share.count(tally.printings),
        }
        rows[way] = list(shares.values())
        figures[way] = {name: share.to_dict() for name, share in shares.items()}
        if way != OURS:
            label = f"to {way}".replace(" (baseline)", "")
            figures[label] = {"errors_ratio": better(first[OURS], first[way], errors=True)}
    print_table(f"{photos} real photographs, {scans:,} reference scans", columns, rows)
    ours = found[OURS]
    print(f"names that a reference shows, first: {first[OURS]}; all known names: {Share.count(ours.known)}")
    wrong = Share.count(ours.decided)
    print(f"taken without asking, wrong among them: {wrong}; coverage of the known names {wrong.of}/{len(ours.known)}")
    figures["accepted"] = {"wrong": wrong.to_dict(), "known": len(ours.known)}
    return figures


def absent(photos: Sequence[LabelledPhoto], scans: Scans) -> dict[str, object]:
    """The same photographs when none of their names is in references or catalogue: whatever is taken is wrong."""
    names = {(label.game, name) for photo in photos for label in photo.labels for name in label.names}
    pipeline = scans.without(names).pipeline()
    whole = [photo for photo in photos if all(label.names for label in photo.labels)]
    rejected = [not card.decided for photo in whole for card in by_product(pipeline, sample.photo(photo))[1]]
    share = Share.count(rejected)
    print(f"their names left out everywhere: outlines not taken for another card {share}")
    return {"rejection": share.to_dict(), "photographs": len(whole)}
