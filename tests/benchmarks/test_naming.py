"""Names, printings, rejection and coverage are told apart."""

from pathlib import Path

from ml.measure import Judge
from ml.sample import Label, LabelledPhoto
from ml.types import CardEntry
from tests.benchmarks.figures import Share
from tests.benchmarks.naming import (
    Answer,
    at_coverage,
    coverage,
    outlined,
    printings,
    printings_of_named,
    rejection,
    stated,
    within,
    wrongly_accepted,
)
from tests.benchmarks.real_photographs import Counted, Said, add

NAMES = {"a1": ("g", "ash"), "a2": ("g", "ash"), "b": ("g", "birch"), "x": ("g", "yew")}
RIGHT = Answer("single", "a1", keys=("a1", "b"), score=0.95, decided=True)
OTHER_PRINTING = Answer("single", "a1", keys=("a2", "a1"), score=0.9, decided=True)
SECOND = Answer("single", "b", keys=("a1", "b"), score=0.4)
MISSED = Answer("single", "b", outlined=False)
REJECTED = Answer("single", "x", absent=True, keys=("b",), score=0.2)
TAKEN = Answer("single", "x", absent=True, keys=("b",), score=0.9, decided=True)
ON_NOTHING = Answer("single", "", keys=("b",), score=0.9, decided=True)
ALL = [RIGHT, OTHER_PRINTING, SECOND, MISSED, REJECTED, TAKEN, ON_NOTHING]


def test_a_missed_card_counts_against_names_and_detection():
    assert within(ALL, NAMES, first=1) == Share(2, 4)
    assert within(ALL, NAMES, first=5) == Share(3, 4)
    assert outlined(ALL) == Share(5, 6)


def test_another_printing_has_the_name_but_is_not_the_printing():
    assert printings(ALL) == Share(1, 4)
    assert printings_of_named(ALL, NAMES) == Share(1, 2)


def test_absent_cards_are_rejected_or_wrong_and_never_covered():
    assert rejection(ALL) == Share(1, 2)
    assert coverage(ALL) == Share(2, 4)
    assert wrongly_accepted([TAKEN], NAMES) == Share(1, 1)


def test_an_accepted_outline_of_nothing_is_wrong():
    assert wrongly_accepted(ALL, NAMES) == Share(2, 4)
    assert wrongly_accepted(ALL) == Share(3, 4)


def test_only_outlines_with_a_candidate_state_anything():
    assert len(stated(ALL)) == 6
    assert sum(right for _, right in stated(ALL)) == 1


def test_a_way_without_a_threshold_is_judged_at_the_same_share():
    assert at_coverage([RIGHT, SECOND, REJECTED], NAMES, 1 / 3) == Share(0, 1)
    assert at_coverage([RIGHT, SECOND, REJECTED], NAMES, 1.0) == Share(2, 3)


def labelled(*names: str) -> LabelledPhoto:
    labels = tuple(Label("pokemon", (name,), "", "", "en") for name in names)
    return LabelledPhoto(Path("photo.jpg"), "pokemon", len(names), labels, "", False)


def judge(*, pictured: str = "ab", **names: str) -> Judge:
    return Judge({key: CardEntry(key, "pokemon", name) for key, name in names.items()}, pictured)


def test_one_answer_does_not_stand_for_two_cards_of_a_real_photograph():
    tally, every = Counted(), judge(a="pikachu", b="mew")
    add(tally, labelled("pikachu", "pikachu", "mew"), [Said(("a",)), Said(("b", "a"))], every)
    assert sorted(tally.known) == [False, True, True]
    assert (tally.found, tally.cards) == (2, 3)


def test_names_without_a_reference_picture_are_counted_apart():
    tally = Counted()
    add(tally, labelled("pikachu", "mew"), [Said(("a",))], judge(a="pikachu", b="mew", pictured="a"))
    assert (tally.known, tally.pictured) == ([True, False], [True])


def test_what_is_taken_without_asking_is_wrong_where_no_label_has_its_name():
    tally, every = Counted(), judge(a="pikachu", b="mew")
    add(tally, labelled("pikachu"), [Said(("a",), decided=True), Said(("b",), decided=True)], every)
    assert tally.decided == [False, True]
