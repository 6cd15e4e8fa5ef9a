"""What the benchmarks count is counted rightly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks.__main__ import ratios, written
from tests.benchmarks.bench_grading import by_strongest_change, grade_figures, shares
from tests.benchmarks.figures import (
    Share,
    better,
    calibration_error,
    corner_error,
    matched,
    reliability,
    shared_part,
    wrong_at_share,
)

PHOTO = (1000, 800)
CARD = np.array([[100, 100], [163, 100], [163, 188], [100, 188]], np.float32)


def moved(x: float, y: float) -> np.ndarray:
    return CARD + np.array([x, y], np.float32)


def test_an_outline_shares_everything_with_itself_and_nothing_with_one_beside_it():
    assert shared_part(CARD, CARD, PHOTO) == pytest.approx(1.0, abs=1e-3)
    assert shared_part(CARD, moved(80, 0), PHOTO) == 0.0


def test_half_a_card_aside_is_a_third_of_the_union():
    assert shared_part(CARD, moved(31.5, 0), PHOTO) == pytest.approx(1 / 3, abs=1e-3)


def test_what_lies_outside_of_the_photo_is_not_counted():
    over_the_edge, longer = moved(-130, 0), moved(-130, 0)
    longer[[0, 3], 0] -= 300
    assert shared_part(over_the_edge, longer, PHOTO) == pytest.approx(1.0, abs=1e-3)
    assert shared_part(moved(-500, 0), moved(-500, 0), PHOTO) == 0.0


def test_each_card_is_matched_once_and_by_the_best_outline():
    shares = np.array([[0.75, 0.0], [0.9, 0.72], [0.8, 0.1]])
    assert matched(shares, 0.7) == {1: 0}
    assert matched(np.zeros((0, 3)), 0.7) == {}


@given(st.integers(0, 3))
def test_a_turned_outline_has_no_corner_error_and_tells_its_turn(turn):
    error, told = corner_error(np.roll(CARD, turn, axis=0), CARD)
    assert (error, told) == (pytest.approx(0.0), turn)


def test_corner_error_is_in_percent_of_the_width():
    error, turn = corner_error(moved(6.3, 0), CARD)
    assert (error, turn) == (pytest.approx(10.0, abs=1e-3), 0)


def test_a_share_of_nothing_is_not_a_number_and_says_so():
    assert np.isnan(Share(0, 0).value)
    assert str(Share(0, 0)) == "nothing to count"
    assert Share(0, 0).to_dict()["share"] is None


def test_ratios_are_above_one_where_ours_is_better():
    assert better(Share(9, 10), Share(6, 10)) == pytest.approx(1.5)
    assert better(Share(9, 10), Share(6, 10), errors=True) == pytest.approx(4.0)
    assert better(Share(10, 10), Share(6, 10), errors=True) == float("inf")
    assert better(Share(10, 10), Share(10, 10), errors=True) == 1.0


ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(ANSWERS)
def test_every_answer_falls_into_exactly_one_bin(stated):
    rows = reliability(stated)
    assert sum(row["answers"] for row in rows) == len(stated)
    assert sum(row["answers"] * row["right"] for row in rows) == pytest.approx(sum(r for _, r in stated), abs=0.05)


@given(ANSWERS)
def test_the_calibration_error_is_a_share(stated):
    assert 0 <= calibration_error(stated) <= 1


def test_perfectly_stated_answers_have_no_calibration_error():
    assert calibration_error([(1.0, True)] * 5 + [(0.0, False)] * 5) == 0.0
    assert calibration_error([(0.9, False)] * 4) == pytest.approx(0.9)


def test_a_way_is_judged_by_the_answers_it_is_surest_of():
    told = wrong_at_share([0.9, 0.1, 0.8, 0.5], [True, False, False, False], 0.5)
    assert (told.hits, told.of) == (1, 2)


def test_figures_are_written_as_json_has_numbers():
    assert written({"a": [1.5, float("nan")], "b": {"ratio": float("inf")}}) == {
        "a": [1.5, None],
        "b": {"ratio": "unbounded"},
    }


def test_every_ratio_is_found_with_the_way_to_it():
    figures = {"search": {"to hash": {"errors_ratio": 2.0}, "share": 0.5, "calibration_error": 0.1}, "ratio": 3}
    assert list(ratios(figures)) == [("search to hash errors_ratio", 2.0), ("", 3.0)]


def test_the_simple_way_measures_a_plain_border_where_nothing_else_changes():
    card = np.full((88 * 8, 63 * 8, 3), 200, np.uint8)
    left, right, top, bottom = 2.0, 4.0, 3.0, 3.0
    card[int(top * 8) : -int(bottom * 8), int(left * 8) : -int(right * 8)] = 30
    assert by_strongest_change(card) == pytest.approx(shares(left, right, top, bottom), abs=2.0)


def test_the_middle_grade_is_what_a_guess_is_compared_with():
    told = grade_figures([8.0, 9.0, 10.0], [8.0, 9.0, 9.5])
    assert told["mean_error"] == pytest.approx(0.167, abs=1e-3)
    assert told["mean_middle_grade"] == pytest.approx(0.667, abs=1e-3)
    assert told["errors_ratio"] == pytest.approx(4.0)
