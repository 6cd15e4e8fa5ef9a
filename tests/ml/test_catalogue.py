"""The text catalogue finds printings by number, set and misspelt name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.catalogue import MemoryCatalogue, name_similarity, plain
from ml.types import CardEntry, TextQuery

ENTRIES = [
    CardEntry("pkm:jtg-26", "pokemon", "N's Darumaka", "26", "JTG", "159"),
    CardEntry("pkm:obf-26", "pokemon", "Charmander", "26", "OBF", "197"),
    CardEntry("pkm:pgo-15", "pokemon", "Squirtle", "15", "PGO", "78"),
    CardEntry(
        "op:065",
        "onepiece",
        "シャーロット・スムージー",
        "OP03-110",
        "OP03",
        language="ja",
        aliases=("Charlotte Smoothie",),
    ),
    CardEntry("mtg:1", "mtg", "Dragon", "10", "TDMU"),
]


@pytest.fixture(scope="module")
def catalogue():
    return MemoryCatalogue(ENTRIES)


def asked(catalogue, game=None, number="", total="", set_code="", names=()):
    return [e.key for e in catalogue.find([TextQuery(game, number, total, set_code, tuple(names))])[0]]


def test_number_and_total_come_first(catalogue):
    assert asked(catalogue, "pokemon", "026", "159")[0] == "pkm:jtg-26"


def test_set_code_chooses_among_equal_numbers(catalogue):
    assert asked(catalogue, "pokemon", "26", set_code="obf")[0] == "pkm:obf-26"


def test_misread_name_is_found(catalogue):
    assert asked(catalogue, "pokemon", names=["N'sDarumaka"])[0] == "pkm:jtg-26"
    assert asked(catalogue, "pokemon", names=["Squirfle"])[0] == "pkm:pgo-15"


def test_alias_in_another_script_is_found(catalogue):
    assert asked(catalogue, names=["Charlotte Smoothie"])[0] == "op:065"
    assert asked(catalogue, names=["シャーロット・スムージー"])[0] == "op:065"


def test_other_games_are_left_out(catalogue):
    assert "pkm:jtg-26" not in asked(catalogue, "mtg", "26", names=["N's Darumaka"])


def test_empty_query_finds_nothing(catalogue):
    assert asked(catalogue) == []


def test_short_name_inside_a_long_line_is_no_match():
    assert name_similarity(plain("Dragon Throne of Tarkir"), plain("Dragon")) < 0.6
    assert name_similarity(plain("N's Darumaka 80"), plain("N's Darumaka")) > 0.85


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_stays_between_nothing_and_all(a, b):
    assert 0 <= name_similarity(plain(a), plain(b)) <= 1


@given(st.text(min_size=1, max_size=30))
def test_a_name_is_like_itself(name):
    assert not plain(name) or name_similarity(plain(name), plain(name)) == 1
