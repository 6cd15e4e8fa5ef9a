"""Measures recognition on labelled photographs: `python -m ml.measure --data DIR`. Prints figures, changes nothing."""

import argparse
import json
import statistics
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ml import engines, sample
from ml.catalogue import plain
from ml.look import STAGES
from ml.numbers import number_key
from ml.sample import Label, LabelledPhoto
from ml.types import CardEntry, CardResult, PhotoResult

LEGIBLE = 2.6
"""Pixels per millimetre below which nobody can read a card's name."""

Fits = Callable[[CardResult, Label], bool]


@dataclass(slots=True)
class Tally:
    """Counts over labelled cards of one kind."""

    cards: int = 0
    found: int = 0
    labelled: int = 0
    known: int = 0
    first: int = 0
    first_known: int = 0
    pictured: int = 0
    first_pictured: int = 0
    in_five: int = 0
    printings: int = 0
    printing_first: int = 0
    printing_in_five: int = 0
    decided: int = 0
    decided_wrong: int = 0
    decided_unlabelled: int = 0
    absent: int = 0
    absent_decided: int = 0

    @property
    def figures(self) -> dict[str, float | None]:
        """Shares, None where there is nothing to share."""

        def share(part: int, whole: int) -> float | None:
            return round(part / whole, 4) if whole else None

        return {
            "detection_by_count": share(self.found, self.cards),
            "name": share(self.first_known, self.known),
            "name_with_reference": share(self.first_pictured, self.pictured),
            "name_in_five": share(self.in_five, self.known),
            "printing": share(self.printing_first, self.printings),
            "printing_in_five": share(self.printing_in_five, self.printings),
            "coverage": share(self.decided, self.labelled),
            "wrong_among_decided": share(self.decided_wrong, self.decided),
            "absent_left_open": share(self.absent - self.absent_decided, self.absent),
        }


def paired(labels: Sequence[Label], cards: Sequence[CardResult], fits: Fits) -> dict[int, int]:
    """Label index -> card index, as many pairs as possible when each card stands for one label (augmenting paths)."""
    owner: dict[int, int] = {}

    def seated(label: int, tried: set[int]) -> bool:
        for card in range(len(cards)):
            if card not in tried and fits(cards[card], labels[label]):
                tried.add(card)
                if card not in owner or seated(owner[card], tried):
                    owner[card] = label
                    return True
        return False

    for label in range(len(labels)):
        seated(label, set())
    return {label: card for card, label in owner.items()}


class Judge:
    """Says whether a result names a label, by the catalogue behind the keys."""

    def __init__(self, entries: dict[str, CardEntry], referenced: Collection[str] = ()) -> None:
        """referenced: keys of the cards whose picture the index has."""
        self.entries = entries
        self.known = {spelling for entry in entries.values() for spelling in spellings(entry)}
        self.pictured = {spelling for key in referenced if key in entries for spelling in spellings(entries[key])}

    def same_name(self, key: str, label: Label) -> bool:
        """Whether the card behind a key has the label's name, in any of its spellings."""
        entry = self.entries.get(key)
        return (
            entry is not None
            and entry.game == label.game
            and any((entry.game, name) in spellings(entry) for name in label.names)
        )

    def same_printing(self, key: str, label: Label) -> bool:
        """Whether a key is the very printing: number, set, and for One Piece the language and the variant."""
        entry = self.entries.get(key)
        if entry is None or entry.game != label.game:
            return False
        if label.game == "onepiece":
            return key.endswith(":" + label.number) and entry.language == label.language
        if number_key(label.number.split("/")[0]) != number_key(entry.number):
            return False
        wanted = label.set_code.upper()
        return wanted in (entry.set_code.upper(), key.split(":")[1].upper())

    def is_known(self, label: Label) -> bool:
        """Whether the catalogue has any card of this name."""
        return any((label.game, name) in self.known for name in label.names)

    def is_pictured(self, label: Label) -> bool:
        """Whether the index has a picture of any card of this name."""
        return any((label.game, name) in self.pictured for name in label.names)


def spellings(entry: CardEntry) -> set[tuple[str, str]]:
    """A card's game with each of its names, in plain letters."""
    return {(entry.game, plain(name)) for name in (entry.name, *entry.aliases)}


def tallied(tally: Tally, labelled: LabelledPhoto, result: PhotoResult, judge: Judge) -> None:
    """Add one photo's outcome."""
    tally.cards += labelled.cards
    tally.found += min(len(result.cards), labelled.cards)
    if labelled.estimated:
        return
    named = [label for label in labelled.labels if label.names]
    first = paired(named, result.cards, lambda c, x: c.best is not None and judge.same_name(c.best.key, x))
    five = paired(named, result.cards, lambda c, x: any(judge.same_name(k.key, x) for k in c.candidates[:5]))
    tally.labelled += len(named)
    tally.known += sum(judge.is_known(x) for x in named)
    tally.first += len(first)
    tally.first_known += sum(judge.is_known(named[i]) for i in first)
    tally.pictured += sum(judge.is_pictured(x) for x in named)
    tally.first_pictured += sum(judge.is_pictured(named[i]) for i in first)
    tally.in_five += len(five)
    printed = [x for x in named if x.number and x.set_code]
    tally.printings += len(printed)
    tally.printing_first += len(
        paired(printed, result.cards, lambda c, x: c.best is not None and judge.same_printing(c.best.key, x))
    )
    tally.printing_in_five += len(
        paired(printed, result.cards, lambda c, x: any(judge.same_printing(k.key, x) for k in c.candidates[:5]))
    )
    whole = len(named) == len(labelled.labels)
    if whole and not any(judge.is_known(x) for x in named):
        tally.absent += len(named)
        tally.absent_decided += sum(card.decided for card in result.cards)
    for card in result.cards:
        if card.decided and card.best is not None:
            tally.decided += 1
            if not any(judge.same_name(card.best.key, x) for x in named):
                if whole:
                    tally.decided_wrong += 1
                else:
                    tally.decided_unlabelled += 1


def report(name: str, t: Tally) -> str:
    """One block of figures."""

    def share(part: int, whole: int) -> str:
        return f"{part}/{whole} ({part / whole:.1%})" if whole else "none"

    return "\n".join(
        (
            f"{name}:",
            f"  cards outlined (by count)      {share(t.found, t.cards)}",
            f"  name first, all labelled       {share(t.first, t.labelled)}",
            f"  name first, in the catalogue   {share(t.first_known, t.known)}",
            f"  ... with a reference picture   {share(t.first_pictured, t.pictured)}",
            f"  name in the first five         {share(t.in_five, t.labelled)}",
            f"  printing first                 {share(t.printing_first, t.printings)}",
            f"  printing in the first five     {share(t.printing_in_five, t.printings)}",
            f"  decided {t.decided}, of them wrong {share(t.decided_wrong, t.decided)}, not to be judged {t.decided_unlabelled}",
            f"  absent cards left open         {share(t.absent - t.absent_decided, t.absent)}",
        )
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with cards/ and catalog/")
    parser.add_argument("--cache", type=Path, help="npz file that keeps the references' descriptors between runs")
    parser.add_argument("--only", default="", help="part of a file name")
    parser.add_argument("--tell-game", action="store_true", help="tell the pipeline each photo's game")
    for stage in ("detect", "embed", "read", "verify", "fuse"):
        parser.add_argument(f"--{stage}", default=engines.DEFAULTS[stage], help=f"one of {engines.versions_of(stage)}")
    parser.add_argument("--models", type=Path, help="folder with further weights")
    parser.add_argument("--json", type=Path, help="write the figures and every result here")
    parser.add_argument("--threads", type=int, default=0, help="for each engine; 0 leaves it to the runtime")
    parser.add_argument("--quiet", action="store_true", help="only the totals")
    return parser.parse_args()


def main() -> None:
    """Run over the photographs that the arguments name."""
    options = arguments()
    made = {
        stage: engines.make(
            stage, getattr(options, stage), engines.Setup(threads=options.threads, folder=options.models)
        )
        for stage in ("detect", "embed", "read", "verify", "fuse")
    }
    loaded = sample.load(options.data, cache=options.cache, embedder=made["embed"])
    judge = Judge({e.key: e for e in sample.catalogue_entries(options.data)}, loaded.index.keys)
    pipeline = engines.joined(made, loaded.index, loaded.catalogue)
    tallies = {
        "one card": Tally(),
        "several cards": Tally(),
        f"several cards, fewer than {LEGIBLE} px per mm": Tally(),
        "walls of cards (count estimated)": Tally(),
    }
    seconds: dict[str, list[float]] = {stage: [] for stage in (*STAGES, "all")}
    written = {}
    for labelled in loaded.photos:
        if options.only not in labelled.path.name:
            continue
        result = pipeline.identify(sample.photo(labelled), game=labelled.game if options.tell_game else None)
        fine = statistics.median([c.px_per_mm for c in result.cards] or [0.0]) >= LEGIBLE
        kind = list(tallies)[3 if labelled.estimated else 0 if labelled.cards == 1 else 1 if fine else 2]
        tallied(tallies[kind], labelled, result, judge)
        if not labelled.estimated:
            for stage in STAGES:
                seconds[stage].append(result.seconds[stage])
            seconds["all"].append(sum(result.seconds.values()))
        written[labelled.path.name] = result.to_dict()
        if not options.quiet:
            _tell(labelled, result, judge)
    for name, tally in tallies.items():
        if tally.cards:
            print(report(name, tally))
    if seconds["all"]:
        print("median seconds a photo: " + ", ".join(f"{s} {statistics.median(v):.2f}" for s, v in seconds.items()))
    if options.json:
        medians = {stage: round(statistics.median(v), 3) for stage, v in seconds.items() if v}
        figures = {name: asdict(tally) | tally.figures for name, tally in tallies.items() if tally.cards}
        told = {"versions": pipeline.versions, "figures": figures, "median_seconds": medians, "photos": written}
        options.json.write_text(json.dumps(told, indent=1))


def _tell(labelled: LabelledPhoto, result: PhotoResult, judge: Judge) -> None:
    print(f"{labelled.path.name}: {len(result.cards)} of {labelled.cards}, {sum(result.seconds.values()):.1f} s")
    if labelled.estimated:
        return
    for card in result.cards:
        best = card.best
        right = best is not None and any(judge.same_name(best.key, x) for x in labelled.labels)
        entry = judge.entries.get(best.key) if best else None
        mark = "right" if right else "WRONG" if card.decided else "     "
        r = card.reading
        print(
            f"  {mark} {best.probability if best else 0:.2f} {'sure' if card.decided else '    '} "
            f"{best.key if best else '-'} {entry.name if entry else ''} | read {r.name_text!r} {r.number}/{r.total} {r.set_code}"
            f" | {dict(best.scores) if best else ''}"
        )


if __name__ == "__main__":
    main()
