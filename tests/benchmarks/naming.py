"""Answers about the cards of photographs, and what share of them is right: by name, by printing, rejected, accepted.

Pure functions over `Answer`; who answers, and on which photographs, is `bench_identification`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.benchmarks.figures import Share, calibration_error, reliability, wrong_at_share

OURS, FIRST = "ours", "first engines"
Names = Mapping[str, tuple[str, str]]
"""Game and name by key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about one card. key: the true one, empty where the outline lies on no card that counts.

    keys: candidates, best first. score: how sure, a probability or anything that rises. outlined: whether it was found at
    all. decided: taken without asking. absent: no reference, no catalogue row: right is to decide nothing.
    """

    layout: str
    key: str
    absent: bool = False
    outlined: bool = True
    keys: tuple[str, ...] = ()
    score: float = 0.0
    decided: bool = False

    def names_it(self, names: Names) -> bool:
        """Whether the first candidate has the card's name."""
        return bool(self.keys) and self.key in names and names.get(self.keys[0]) == names[self.key]

    def prints_it(self) -> bool:
        """Whether the first candidate is the very printing."""
        return bool(self.key) and self.keys[:1] == (self.key,)


def present(answers: Iterable[Answer]) -> list[Answer]:
    """Those about cards that can be known."""
    return [answer for answer in answers if answer.key and not answer.absent]


def within(answers: Iterable[Answer], names: Names, *, first: int) -> Share:
    """Cards whose name is among the first candidates."""
    return Share.count(
        any(names.get(key) == names[answer.key] for key in answer.keys[:first]) for answer in present(answers)
    )


def printings(answers: Iterable[Answer]) -> Share:
    """Cards whose very printing is the first candidate."""
    return Share.count(answer.prints_it() for answer in present(answers))


def printings_of_named(answers: Iterable[Answer], names: Names) -> Share:
    """Of the cards that are named rightly, those whose very printing is the first candidate."""
    return Share.count(answer.prints_it() for answer in present(answers) if answer.names_it(names))


def outlined(answers: Iterable[Answer]) -> Share:
    """Cards that were found at all, known or not."""
    return Share.count(answer.outlined for answer in answers if answer.key)


def coverage(answers: Iterable[Answer]) -> Share:
    """Cards that can be known and were taken without asking."""
    return Share.count(answer.decided for answer in present(answers))


def rejection(answers: Iterable[Answer]) -> Share:
    """Outlined cards that cannot be known, and were not taken for another."""
    return Share.count(not answer.decided for answer in answers if answer.absent and answer.outlined)


def wrongly_accepted(answers: Iterable[Answer], names: Names | None = None) -> Share:
    """Of all that was taken without asking, what is wrong: another printing, or with `names` another name."""
    taken = [answer for answer in answers if answer.decided]
    right: Callable[[Answer], bool] = Answer.prints_it if names is None else lambda a: a.names_it(names)
    return Share.count(answer.absent or not right(answer) for answer in taken)


def stated(answers: Iterable[Answer]) -> list[tuple[float, bool]]:
    """Probability and whether the printing is right, of every outline that got a candidate."""
    return [(a.score, not a.absent and a.prints_it()) for a in answers if a.outlined and a.keys]


def at_coverage(answers: Sequence[Answer], names: Names, share: float) -> Share:
    """Wrong names of a way that states no threshold, when it takes as large a share of its outlines as another way does."""
    asked = [a for a in answers if a.outlined and a.keys]
    return wrong_at_share([a.score for a in asked], [not a.absent and a.names_it(names) for a in asked], share)


def taken_share(answers: Iterable[Answer]) -> float:
    """Share of the outlines with a candidate that were taken without asking."""
    told = [a.decided for a in answers if a.outlined and a.keys]
    return sum(told) / len(told) if told else 0.0


def told(answers: Sequence[Answer], names: Names, *, decides: bool = True) -> dict[str, object]:
    """All of it for JSON. decides: whether this way has a threshold of its own."""
    figures: dict[str, object] = {
        "detection": outlined(answers).to_dict(),
        "name_top1": within(answers, names, first=1).to_dict(),
        "name_top5": within(answers, names, first=5).to_dict(),
        "printing": printings(answers).to_dict(),
        "printing_of_named": printings_of_named(answers, names).to_dict(),
    }
    if decides:
        figures |= {
            "coverage": coverage(answers).to_dict(),
            "rejection": rejection(answers).to_dict(),
            "wrong_name_of_accepted": wrongly_accepted(answers, names).to_dict(),
            "wrong_printing_of_accepted": wrongly_accepted(answers).to_dict(),
            "reliability": reliability(stated(answers)),
            "calibration_error": round(calibration_error(stated(answers)), 4) if stated(answers) else None,
        }
    return figures
