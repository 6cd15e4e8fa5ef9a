"""A known text is recognised in what the reader saw, also where the likeliest letters say another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.spelling import LETTERS, fits, seen

CHARACTERS = ["blank", *LETTERS, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "é", " ", "木"]


def looked_at(text, sure=0.9, **instead):
    """What a recogniser says of a line: every letter, then a blank; `instead`: what it takes a letter for."""
    slices = []
    for letter in text:
        likely = instead.get(letter, letter)
        row = np.full(len(CHARACTERS), (1 - sure) / len(CHARACTERS), np.float32)
        row[CHARACTERS.index(likely)] += sure - (0.3 if likely != letter else 0)
        if likely != letter:
            row[CHARACTERS.index(letter)] += 0.3
        blank = np.full(len(CHARACTERS), 1e-4, np.float32)
        blank[0] = 1.0
        slices += [row, blank]
    return seen(np.array(slices), CHARACTERS)


def test_what_is_read_fits_wholly_and_what_stands_beside_it_costs_nothing():
    assert fits(looked_at("015/078"), ["015/078"])[0] == pytest.approx(0.0, abs=0.1)
    assert fits(looked_at("F 015/078 木"), ["015/078"])[0] == pytest.approx(0.0, abs=0.1)


def test_a_letter_that_was_nearly_taken_for_another_costs_little():
    line = looked_at("015/078", **{"8": "6"})
    near, far = fits(line, ["015/078", "014/099"])
    assert -3 < near < 0
    assert far < near - 5


def test_capitals_and_accents_count_as_the_letter():
    assert fits(looked_at("Évoli".replace("É", "é")), ["EVOLI"])[0] == pytest.approx(0.0, abs=0.1)


def test_letters_twice_in_a_row_are_two():
    assert fits(looked_at("133"), ["133"])[0] > -0.1
    assert fits(looked_at("13"), ["133"])[0] < -3


def test_texts_of_no_known_letter_fit_nothing():
    values = fits(looked_at("12"), ["木", "12", ""])
    assert values[1] > -0.1
    assert values[0] == values[2] < -1e8
    assert fits(looked_at("12"), []).shape == (0,)


@given(st.text(LETTERS, min_size=1, max_size=6), st.lists(st.text(LETTERS, min_size=1, max_size=8), max_size=5))
def test_nothing_fits_better_than_what_is_read_and_company_changes_nothing(text, others):
    line = looked_at(text)
    together = fits(line, [text, *others])
    assert together.max() <= 0.0
    assert together[0] == pytest.approx(fits(line, [text])[0], abs=1e-4)
