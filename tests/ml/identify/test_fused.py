"""Fusing: agreement raises, conflict lowers and leaves it undecided, and probabilities leave room for none of these."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.identify.fused import fused, prior
from ml.identify.types import Answer, Clue

START = prior(20_000)


def answer(identifier, odds, *, key="a", otherwise=0.0):
    return Answer(identifier, (Clue(key, odds - START, reasons=(f"{identifier} agrees",)),), otherwise, "not this one")


def test_two_that_agree_are_surer_than_either():
    (one,), _ = fused([answer("text", 2.0)], START)
    (both,), decided = fused([answer("text", 2.0), answer("vision", 2.0)], START)
    assert both.probability > one.probability
    assert decided
    assert both.reasons == ("text agrees", "vision agrees")


def test_two_that_contradict_each_other_leave_it_undecided():
    barcode = answer("barcode", 8.0, key="a", otherwise=-6.0)
    text = answer("text", 6.0, key="b", otherwise=-6.0)
    (first, second), decided = fused([barcode, text], START)
    alone, _ = fused([barcode], START)
    assert not decided
    assert (first.key, second.key) == ("a", "b")
    assert first.probability < alone[0].probability
    assert "not this one" in second.reasons


def test_a_weak_doubt_does_not_stop_a_barcode():
    _, decided = fused([answer("barcode", 8.0, otherwise=-6.0), answer("text", -3.0, key="b", otherwise=-0.7)], START)
    assert decided


def test_a_lone_weak_candidate_is_not_certain():
    (only,), decided = fused([answer("text", -1.0)], START)
    assert only.probability < 0.5
    assert not decided


def test_nobody_knows_anything():
    assert fused([Answer("barcode"), Answer("text")], START) == ([], False)


@pytest.mark.parametrize(("size", "more"), [(10, 100), (100, 20_000)])
def test_in_a_larger_catalogue_chance_finds_more(size, more):
    assert prior(size) > prior(more)


clues = st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(-20, 30)), max_size=6, unique_by=lambda pair: pair[0])


@given(st.lists(st.tuples(clues, st.floats(-8, 0)), max_size=3))
def test_probabilities_are_shares_in_order(told):
    answers = [Answer(f"i{n}", tuple(Clue(k, o) for k, o in found), off) for n, (found, off) in enumerate(told)]
    candidates, decided = fused(answers, START)
    shares = [candidate.probability for candidate in candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1 + 1e-9
    assert not decided or shares[0] >= 0.9
