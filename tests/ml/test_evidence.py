"""What print says about printings: a misread digit, another form of the same creature, a name in the rules."""

from ml.evidence import name_agreement, number_agreements, weighed, with_equal_art, with_namesakes
from ml.types import CardEntry, Evidence, Line, Reading

TITLE = (0.1, 0.03, 0.6, 0.08)
OLD = CardEntry("old", "pokemon", "Wartortle", "24", "TEU", "181", hp="90")
NEW = CardEntry("new", "pokemon", "Wartortle", "42", "BS", "102", hp="70")


def read(number="", total="", name="Wartortle", **more):
    lines = (Line(name, 0.99, TITLE),) if name else ()
    return Reading(number=number, total=total, lines=lines, game="pokemon", number_confidence=0.9, **more)


def agreements(reading, *entries):
    by_key = {e.key: e for e in entries}
    return number_agreements(reading, by_key, {k: name_agreement(reading, e) for k, e in by_key.items()})


def test_a_misread_digit_is_put_right_where_one_printing_fits():
    found = agreements(read("29", "181"), OLD, NEW)
    assert found["old"] > 0
    assert found["new"] < 0


def test_a_misread_digit_that_two_printings_explain_is_left_alone():
    other = CardEntry("other", "pokemon", "Wartortle", "27", "XX", "181")
    assert all(value < 0 for value in agreements(read("29", "181"), OLD, other).values())


def test_a_number_that_some_printing_has_is_not_put_right():
    other = CardEntry("other", "pokemon", "Wartortle", "29", "XX", "181")
    assert agreements(read("29", "181"), OLD, other)["old"] < 0


def test_a_shared_number_of_another_set_is_a_conflict_where_one_printing_explains_all():
    other = CardEntry("other", "pokemon", "Wartortle", "24", "XX", "130")
    assert agreements(read("24", "181"), OLD, other) == {"old": 1.0, "other": -0.4}
    assert agreements(read("24", "181"), other)["other"] > 0


def test_hit_points_tell_forms_of_one_name_apart():
    evidence = weighed(
        ["old", "new"],
        {"old": OLD, "new": NEW},
        read(hp="90"),
        matches={},
        inliers={},
        details={},
        pictured=set(),
    )
    assert [e.hp for e in evidence] == [1.0, -1.0]


def test_a_card_that_speaks_of_itself_is_named_by_its_rules():
    bolt = CardEntry("bolt", "mtg", "Lightning Bolt")
    reading = Reading(game="mtg", body=("Lightning Bolt does 3", "damage to one target."))
    assert name_agreement(reading, bolt) > 0.85
    assert name_agreement(reading, CardEntry("ring", "mtg", "Sol Ring")) < 0.5


def test_japanese_print_says_nothing_about_a_name_known_only_in_english():
    reading = Reading(lines=(Line("ナミのわざ", 0.99, TITLE),), game="pokemon", language="ja")
    assert name_agreement(reading, CardEntry("skill", "pokemon", "Nami's Skill")) is None
    assert name_agreement(reading, CardEntry("waza", "pokemon", "Nami's Skill", aliases=("ナミのわざ",))) == 1.0


def test_references_of_one_art_share_what_their_pictures_say():
    seen = [Evidence("old", 30, 0.95, 150, has_picture=True), Evidence("new", 44, 0.9, 130, has_picture=True)]
    old, new = with_equal_art(seen, {"old": OLD, "new": NEW})
    assert (old.distance, old.similarity, old.inliers) == (new.distance, new.similarity, new.inliers) == (30, 0.95, 150)


def test_a_printing_of_the_same_name_without_a_picture_may_have_the_same_art():
    _, new = with_equal_art(
        [Evidence("old", 30, 0.95, 150, has_picture=True), Evidence("new")], {"old": OLD, "new": NEW}
    )
    assert (new.kin, new.inliers, new.has_picture) == (1, 150, False)


def test_parallels_of_one_number_are_each_as_likely_to_have_the_art():
    named = {
        key: CardEntry(key, "onepiece", "Smoothie", number)
        for key, number in (("a", "1"), ("b", "1"), ("c", "1"), ("d", "7"), ("e", "9"))
    }
    seen = [Evidence("a", 30, 0.95, 150, has_picture=True), *(Evidence(key) for key in "bcde")]
    assert [e.kin for e in with_equal_art(seen, named)] == [0, 1, 1, 2, 2]


def test_a_layout_that_cards_share_is_no_art():
    seen = [Evidence("old", 80, 0.8, 50, has_picture=True), Evidence("new")]
    assert with_equal_art(seen, {"old": OLD, "new": NEW}) == seen


def namesakes(*found, entries):
    told = with_namesakes(found, {entry.key: entry for entry in entries})
    return {e.key: e.namesakes for e in told}


def pictured(key, inliers, **more):
    return Evidence(key, 30, 0.9, inliers, has_picture=True, **more)


ENGLISH = CardEntry("en", "onepiece", "Trafalgar Law", "EB01-046", "EB01", language="en")
JAPANESE = CardEntry("ja", "onepiece", "トラファルガー・ロー", "EB01-046", "EB01", language="ja")


def test_the_same_card_in_another_script_is_a_namesake_until_the_print_rules_it_out():
    both = {"entries": (ENGLISH, JAPANESE)}
    assert namesakes(pictured("ja", 150), Evidence("en"), **both) == {"ja": 1, "en": 1}
    told = namesakes(pictured("ja", 150, language=1.0), Evidence("en", language=-1.0), **both)
    assert told["ja"] == 0


def test_a_namesake_whose_own_picture_is_another_is_ruled_out():
    both = {"entries": (OLD, NEW)}
    assert namesakes(pictured("old", 120), pictured("new", 20), **both)["old"] == 0
    assert namesakes(pictured("old", 120), pictured("new", 80), **both)["old"] == 1
    assert namesakes(pictured("old", 30), pictured("new", 10), **both)["old"] == 1, "too few details to rule one out"
