"""More evidence never lowers a candidate; too little never decides."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ml.fuse import LogOddsFuser, log_odds
from ml.types import Evidence

SURE = Evidence("right", 25, 0.95, 130, 1.0, 1.0, 1.0, has_picture=True)
PICTURED = st.builds(
    Evidence,
    st.just("k"),
    distance=st.integers(0, 256),
    similarity=st.floats(-1, 1),
    inliers=st.integers(0, 400),
    number=st.none() | st.floats(-1, 1),
    set_code=st.none() | st.floats(-1, 1),
    name=st.none() | st.floats(0, 1),
    has_picture=st.just(True),
)


@given(PICTURED, st.integers(0, 100))
def test_more_inliers_never_lower_the_odds(evidence, more):
    assert log_odds(replace(evidence, inliers=evidence.inliers + more)) >= log_odds(evidence)


@given(PICTURED, st.integers(0, 100))
def test_a_nearer_hash_never_lowers_the_odds(evidence, bits):
    assert log_odds(replace(evidence, distance=max(0, evidence.distance - bits))) >= log_odds(evidence)


@given(PICTURED, st.floats(-1, 1), st.floats(-1, 1))
def test_better_number_agreement_never_lowers_the_odds(evidence, a, b):
    low, high = sorted((a, b))
    assert log_odds(replace(evidence, number=high)) >= log_odds(replace(evidence, number=low))


@given(PICTURED, st.floats(0, 1), st.floats(0, 1))
def test_a_nearer_name_never_lowers_the_odds(evidence, a, b):
    low, high = sorted((a, b))
    assert log_odds(replace(evidence, name=high)) >= log_odds(replace(evidence, name=low))


@given(st.lists(PICTURED, max_size=12))
def test_probabilities_leave_room_for_none_of_them(evidence):
    named = [replace(e, key=str(i)) for i, e in enumerate(evidence)]
    candidates, decided = LogOddsFuser(kept=20).fuse(named)
    assert len(candidates) <= len(named)
    assert sum(c.probability for c in candidates) < 1.0 + 1e-9
    assert [c.probability for c in candidates] == sorted((c.probability for c in candidates), reverse=True)
    assert not decided or candidates[0].probability >= 0.85


def test_all_evidence_together_decides():
    candidates, decided = LogOddsFuser().fuse([SURE, Evidence("other", 100, 0.6, 10, has_picture=True)])
    assert decided
    assert candidates[0].key == "right"
    assert any("number matches" in reason for reason in candidates[0].reasons)


def test_lone_candidate_without_evidence_is_not_certain():
    candidates, decided = LogOddsFuser().fuse([Evidence("only", 80, 0.8, 45, has_picture=True)])
    assert not decided
    assert candidates[0].probability < 0.3


def test_two_printings_that_nothing_tells_apart_stay_undecided():
    _, decided = LogOddsFuser().fuse([replace(SURE, key="a", number=None), replace(SURE, key="b", number=None)])
    assert not decided


def test_number_tells_equal_pictures_apart():
    candidates, decided = LogOddsFuser().fuse([replace(SURE, key="a", number=-0.6), replace(SURE, key="b", number=1.0)])
    assert decided
    assert candidates[0].key == "b"


def test_card_named_from_text_alone_says_so():
    candidates, _ = LogOddsFuser().fuse([Evidence("text", number=1.0, name=1.0)])
    assert any("no reference picture" in reason for reason in candidates[0].reasons)


def test_no_candidates_is_no_decision():
    assert LogOddsFuser().fuse([]) == ([], False)


def test_chance_neighbours_are_not_named():
    assert LogOddsFuser().fuse([Evidence("stranger", 104, 0.55, 12, has_picture=True)]) == ([], False)
