"""A number that nobody could read chooses among the printings of the name, and never decides alone."""

from ml.evidence import weighed
from ml.fuse import LogOddsFuser
from ml.matched import AGAINST, FOR, agreements, parts, printed, wanted
from ml.types import CardEntry, Line, Reading

NEW = CardEntry("new", "pokemon", "Squirtle", "015", "PGO", "78", hp="70")
OLD = CardEntry("old", "pokemon", "Squirtle", "63", "BS", "102", hp="40")
OTHER = CardEntry("other", "pokemon", "Pikachu", "58", "BS", "102")
ENTRIES = {e.key: e for e in (NEW, OLD, OTHER)}


def read(number="", **more):
    lines = (Line("Squirtle", 0.99, (0.1, 0.03, 0.6, 0.08)),)
    return Reading(number=number, lines=lines, game="pokemon", number_confidence=0.9, **more)


def test_numbers_are_written_as_cards_print_them():
    assert printed(NEW) == "015/078"
    assert printed(OLD) == "63/102"
    assert printed(CardEntry("promo", "pokemon", "Squirtle", "SVP048")) == "SVP048"


def test_only_printings_of_the_name_are_looked_for_and_only_where_no_number_was_read():
    assert wanted(read(), ENTRIES) == {"new": "015/078", "old": "63/102"}
    assert wanted(read("15"), ENTRIES) == {}
    assert wanted(read(language="ja"), ENTRIES) == {}
    assert wanted(read(), {"new": NEW}) == {}


def test_short_numbers_are_not_looked_for():
    magic = {key: CardEntry(key, "mtg", "Forest", key) for key in ("274", "281")}
    reading = Reading(lines=(Line("Forest", 0.99, (0.1, 0.03, 0.6, 0.08)),), game="mtg")
    assert wanted(reading, magic) == {}
    onepiece = {key: CardEntry(key, "onepiece", "Nami", key) for key in ("OP01-016", "ST01-007")}
    reading = Reading(lines=(Line("Nami", 0.99, (0.1, 0.88, 0.6, 0.93)),), game="onepiece")
    assert wanted(reading, onepiece) == {key: key for key in onepiece}


def test_what_fits_far_better_gains_and_the_rest_loses():
    assert agreements({"new": "015/078", "old": "63/102"}, {"015/078": -2.0, "63/102": -30.0}) == {
        "new": FOR,
        "old": AGAINST,
    }


def test_a_total_alone_chooses_where_the_rest_is_hidden():
    texts = {"new": "131/185", "old": "037/126"}
    assert parts(texts.values()) == ["037/126", "126", "131/185", "185"]
    found = agreements(texts, {"131/185": -20.0, "185": -0.5, "037/126": -22.0, "126": -15.0})
    assert found == {"new": FOR, "old": AGAINST}


def test_nearly_equal_fits_say_nearly_nothing():
    found = agreements({"new": "015/078", "old": "013/078"}, {"015/078": -2.0, "013/078": -2.1})
    assert all(abs(value) < 0.02 for value in found.values())


def test_where_nothing_fits_nothing_is_said():
    assert agreements({"new": "015/078", "old": "63/102"}, {"015/078": -20.0, "63/102": -30.0}) == {}
    assert agreements({}, {}) == {}


def test_a_matched_number_orders_the_printings_and_is_not_sure():
    reading = read(hp="70")
    same = CardEntry("same", "pokemon", "Squirtle", "23", "TEU", "181", hp="70")
    entries = {"same": same, "new": NEW}
    evidence = weighed(
        list(entries), entries, reading, matches={}, inliers={}, details={}, pictured=set(),
        numbers={"new": FOR, "same": AGAINST},
    )  # fmt: skip
    candidates, sure = LogOddsFuser().fuse(evidence)
    assert candidates[0].key == "new"
    assert not sure
