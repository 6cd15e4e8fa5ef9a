"""Scores: PSA's table, monotone in wear, and a grading that survives its JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.grade.grading import Centering, Defect, Grading
from ml.grade.quality import Quality, doubt_of
from ml.grade.scores import centering_score, overall, to_half, wear_scores
from ml.grade.wear import Region

parts = st.sampled_from(["corners", "edges", "surface"])
kinds = st.sampled_from(["whitening", "bend", "scratch", "print_line", "stain"])
sizes = st.floats(0.1, 300, allow_nan=False)


@st.composite
def wear(draw) -> Region:
    part = draw(parts)
    kind = "whitening" if part != "surface" else draw(kinds)
    place = draw(st.sampled_from(["top left", "bottom right"])) if part == "corners" else "left"
    return Region(kind, part, place, (0, 0, 1, 1), draw(sizes), draw(sizes), 0.8)


@pytest.mark.parametrize(
    ("share", "front", "back"),
    [
        (50, 10, 10),
        (55, 10, 10),
        (60, 9, 10),
        (65, 8, 10),
        (70, 7, 10),
        (75, 6.5, 10),
        (80, 6, 9.5),
        (85, 5, 9),
        (90, 3, 9),
    ],
)
def test_centering_gets_the_best_grade_whose_published_limit_it_keeps(share, front, back) -> None:
    assert centering_score(share, "front") == front
    assert centering_score(share, "back") == back


@given(st.floats(50, 100), st.floats(50, 100))
def test_a_card_further_off_centre_never_scores_better(a, b) -> None:
    better, worse = min(a, b), max(a, b)
    assert centering_score(better) >= centering_score(worse)


@given(st.lists(wear(), max_size=6), wear())
def test_one_fault_more_never_raises_a_subgrade(found, extra) -> None:
    before, after = wear_scores(found), wear_scores([*found, extra])
    assert all(after[part] <= before[part] + 1e-9 for part in before)


@given(wear(), st.floats(1, 5))
def test_a_larger_fault_never_scores_better(fault, times) -> None:
    larger = Region(
        fault.kind, fault.part, fault.place, fault.box, fault.length * times, fault.area * times, fault.sureness
    )
    before, after = wear_scores([fault]), wear_scores([larger])
    assert all(after[part] <= before[part] + 1e-9 for part in before)


def test_a_card_without_a_fault_has_tens() -> None:
    assert wear_scores([]) == {"corners": 10, "edges": 10, "surface": 10}


@given(st.lists(st.floats(1, 10), min_size=4, max_size=4))
def test_the_overall_grade_is_a_half_and_at_most_the_lowest_plus_one(values) -> None:
    scores = dict(zip(("centering", "corners", "edges", "surface"), values, strict=True))
    grade = overall(scores)
    assert 1 <= grade <= min(10, min(values) + 1.01)
    assert grade == to_half(grade)
    raised = overall({part: min(10, value + 0.5) for part, value in scores.items()})
    assert raised >= grade


def test_a_creased_card_is_no_eight_whatever_its_corners() -> None:
    assert overall({"centering": 10, "corners": 10, "edges": 10, "surface": 4}) == 5


def test_the_back_counts_for_a_third_and_can_only_be_known_when_photographed() -> None:
    perfect = dict.fromkeys(("centering", "corners", "edges", "surface"), 10.0)
    assert overall(perfect, perfect) == 10
    assert overall(perfect, perfect | {"surface": 5.0}) == 6


def test_without_any_part_there_is_no_grade() -> None:
    with pytest.raises(ValueError, match="No part"):
        overall({})


good = Quality(px_per_mm=24, softness=0.03, glare=0.0, is_covered=False, edges_seen=4)


def test_a_sharp_close_photo_of_both_sides_leaves_half_a_point_each_way() -> None:
    doubt = doubt_of(good, is_centered=True, has_back=True)
    assert (doubt.below, doubt.above, doubt.limits) == (0.5, 0.5, ())


@given(
    st.builds(
        Quality,
        px_per_mm=st.floats(6, 40),
        softness=st.floats(0.01, 1),
        glare=st.floats(0, 1),
        is_covered=st.booleans(),
        edges_seen=st.integers(0, 4),
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_poorer_photo_never_narrows_the_range_and_says_why(quality, is_centered, has_back) -> None:
    doubt = doubt_of(quality, is_centered=is_centered, has_back=has_back)
    assert doubt.below >= 0.5
    assert doubt.above >= 0.5
    assert bool(doubt.limits) == (doubt.below > 0.5)


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (Quality(8, 0.05, 0, False, 4), "8 pixels per millimetre"),
        (Quality(24, 0.4, 0, False, 4), "not sharp"),
        (Quality(24, 0.03, 0.1, False, 4), "10 %"),
        (Quality(24, 0.03, 0, True, 4), "sleeve"),
        (Quality(24, 0.03, 0, False, 3), "does not stand out"),
    ],
)
def test_each_shortcoming_is_named(quality, words) -> None:
    doubt = doubt_of(quality, is_centered=True, has_back=True)
    assert len(doubt.limits) == len(doubt.advice) == 1
    assert words in doubt.limits[0]


widths = st.floats(0.1, 9)


@given(widths, widths, widths, widths)
def test_the_larger_share_of_an_axis_is_between_half_and_all(left, right, top, bottom) -> None:
    c = Centering.of(left, right, top, bottom)
    assert 50 - 1e-9 <= c.horizontal <= 100
    assert c.worst == max(c.horizontal, c.vertical)


def test_a_card_without_any_border_on_an_axis_has_no_centering() -> None:
    with pytest.raises(ValueError, match="needs a border"):
        Centering.of(0, 0, 1, 1)


def test_a_grading_comes_back_from_its_json_as_it_was() -> None:
    told = Grading(
        overall=7.5,
        lowest=6.0,
        highest=8.5,
        centering=Centering.of(2.5, 2.0, 3.0, 3.0, error=0.25),
        subgrades={"centering": 9.0, "corners": 8.5, "edges": 7.0, "surface": 8.0},
        defects=(Defect("whitening", "edges", "left", (0.0, 0.25, 0.02, 0.5), 12.5, 1.5),),
        limits=("The back is not on the photo; it counts for about a third.",),
        advice=("Photograph the back as well.",),
        back_centering=None,
        version="grade-1",
    )
    back = Grading.from_dict(json.loads(json.dumps(told.to_dict())))
    assert back.to_dict() == told.to_dict()
    assert back.defects == told.defects
