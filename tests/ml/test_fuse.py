"""More evidence never lowers a candidate; too little never decides."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.fuse import BY_HAND, FITS, LogOddsFuser, log_odds
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
    hp=st.none() | st.sampled_from([-1.0, 1.0]),
    details=st.none() | st.floats(-1, 1),
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


@given(PICTURED, st.sampled_from([BY_HAND, *FITS.values()]), st.floats(-1, 1), st.floats(-1, 1))
def test_details_and_likeness_never_lower_the_odds_of_any_fit(evidence, fit, a, b):
    low, high = sorted((a, b))
    for measured in ("details", "similarity", "set_code", "language", "hp"):
        less, more = (log_odds(replace(evidence, **{measured: v}), fit) for v in (low, high))
        assert more >= less


@given(st.lists(PICTURED, max_size=12))
def test_probabilities_leave_room_for_none_of_them(evidence):
    named = [replace(e, key=str(i)) for i, e in enumerate(evidence)]
    fuser = LogOddsFuser(kept=20)
    candidates, decided = fuser.fuse(named)
    assert len(candidates) <= len(named)
    assert sum(c.probability for c in candidates) < 1.0 + 1e-9
    assert [c.probability for c in candidates] == sorted((c.probability for c in candidates), reverse=True)
    assert not decided or candidates[0].probability >= fuser.sure


def test_all_evidence_together_decides():
    candidates, decided = LogOddsFuser().fuse([SURE, Evidence("other", 100, 0.6, 10, has_picture=True)])
    assert decided
    assert candidates[0].key == "right"
    assert any("number matches" in reason for reason in candidates[0].reasons)


def test_lone_candidate_without_evidence_is_not_certain():
    candidates, decided = LogOddsFuser().fuse([Evidence("only", 80, 0.55, 20, has_picture=True)])
    assert not decided
    assert candidates[0].probability < 0.3


def test_a_lone_candidate_with_some_details_in_place_is_likely_but_not_certain():
    candidates, decided = LogOddsFuser().fuse([Evidence("only", 80, 0.8, 45, has_picture=True)])
    assert not decided
    assert 0.5 < candidates[0].probability < 0.9


def test_two_printings_that_nothing_tells_apart_stay_undecided():
    _, decided = LogOddsFuser().fuse([replace(SURE, key="a", number=None), replace(SURE, key="b", number=None)])
    assert not decided


def test_number_tells_equal_pictures_apart():
    candidates, decided = LogOddsFuser().fuse([replace(SURE, key="a", number=-0.6), replace(SURE, key="b", number=1.0)])
    assert decided
    assert candidates[0].key == "b"


def test_equal_art_is_not_told_apart_by_how_many_details_agree():
    _, decided = LogOddsFuser().fuse(
        [replace(SURE, key="a", number=None, inliers=190), replace(SURE, key="b", number=None)]
    )
    assert not decided


def test_a_picture_is_surer_where_no_other_printing_may_have_its_art():
    alone, _ = LogOddsFuser().fuse([replace(SURE, key="a", number=None)])
    beside, _ = LogOddsFuser().fuse(
        [replace(SURE, key="a", number=None), replace(SURE, key="b", number=None, has_picture=False, kin=1)]
    )
    assert beside[0].key == "a"
    assert beside[0].probability < alone[0].probability - 0.01


def test_places_where_look_alikes_differ_tell_them_apart():
    twins = [replace(SURE, key="a", number=None, details=-0.8), replace(SURE, key="b", number=None, details=0.8)]
    candidates, _ = LogOddsFuser().fuse(twins)
    assert candidates[0].key == "b"
    assert any("where its look-alikes differ" in reason for reason in candidates[0].reasons)


@pytest.mark.parametrize("embedder", sorted(FITS))
def test_every_fit_says_where_it_comes_from(embedder):
    fit = FITS[embedder]
    assert set(fit.weights) == set(fit.names)
    assert min(fit.weights.values()) >= 0
    assert fit.figures["accepted_wrong"] <= 0.01 * fit.figures["accepted"]


def test_an_embedder_without_a_fit_is_served_by_hand():
    assert LogOddsFuser().fitted_to("embed-of-tomorrow").fit == BY_HAND


def test_card_named_from_text_alone_says_so():
    candidates, _ = LogOddsFuser().fuse([Evidence("text", number=1.0, name=1.0)])
    assert any("no reference picture" in reason for reason in candidates[0].reasons)


def test_no_candidates_is_no_decision():
    assert LogOddsFuser().fuse([]) == ([], False)


def test_chance_neighbours_are_not_named():
    assert LogOddsFuser().fuse([Evidence("stranger", 112, 0.1, 12, has_picture=True)]) == ([], False)


def test_a_picture_alone_does_not_tell_which_printing_of_a_name_it_is():
    """The art of a card is printed again, also in sets that the catalogue does not have yet."""
    alone = replace(SURE, key="a", number=None, namesakes=0)
    for told, expected in (
        (alone, True),
        (replace(alone, namesakes=2), False),
        (replace(alone, namesakes=2, number=0.9), True),
        (replace(alone, namesakes=2, number=-0.3), False),
        (replace(alone, namesakes=2, details=0.8), True),
        (replace(alone, name=0.3), False),
    ):
        assert LogOddsFuser().fuse([told])[1] is expected, told
