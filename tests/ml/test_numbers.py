"""The number grammar: what is printed, how it is misread, and what only looks like a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.numbers import guessed_game, is_pokedex_line, language_of, number_key, parse_line, printed_numbers
from ml.types import Line

BOTTOM = (0.05, 0.94, 0.4, 0.97)
TOP = (0.1, 0.03, 0.6, 0.08)


def read(text, box=BOTTOM, confidence=0.95):
    return Line(text, confidence, box)


@pytest.mark.parametrize(
    ("text", "game", "number", "total"),
    [
        ("026/159", "pokemon", "026", "159"),
        ("JTG EN 026/159 ●", "pokemon", "026", "159"),
        ("TG05/TG30", "pokemon", "TG05", "TG30"),
        ("125/094", "pokemon", "125", "094"),
        ("SWSH001", "pokemon", "SWSH001", ""),
        ("OP09-065", "onepiece", "OP09-065", ""),
        ("ST01-001", "onepiece", "ST01-001", ""),
        ("EB01-001", "onepiece", "EB01-001", ""),
        ("P-001", "onepiece", "P-001", ""),
        ("135/279 R", "mtg", "135", "279"),
        ("R 0168", "mtg", "0168", ""),
    ],
)
def test_each_games_printed_form_is_read(text, game, number, total):
    best = max((n for n in parse_line(text, game=game)), key=lambda n: n.trust)
    assert (best.game, best.number, best.total) == (game, number, total)


@pytest.mark.parametrize("text", ["0P09-065", "OPO9-065", "OP09-O65", "OP09 065", "OP09065", "0P09-O6S"])
def test_letters_and_digits_that_readers_mix_up_are_put_right(text):
    assert [n.number for n in parse_line(text, game="onepiece")] == ["OP09-065"]


def test_set_code_and_language_come_from_the_number_strip():
    (number,) = printed_numbers([read("SFA FR 059/064")], game="pokemon")
    assert (number.set_code, number.language, number.number) == ("SFA", "fr", "059")


def test_set_code_may_stand_on_a_line_of_its_own():
    numbers = printed_numbers([read("135/279 R"), read("XLN • EN", (0.05, 0.965, 0.2, 0.985))], game="mtg")
    assert (numbers[0].number, numbers[0].set_code, numbers[0].language) == ("135", "XLN", "en")


def test_pokedex_number_is_not_a_collector_number():
    assert is_pokedex_line("No. 156")
    assert is_pokedex_line("NO.0156 Fire Mouse Pokémon")
    assert not is_pokedex_line("No. 26/159")
    assert printed_numbers([read("No. 156  HT 2'11\"  WT 41.9 lbs")], game="pokemon") == []


def test_power_and_toughness_are_not_a_collector_number():
    assert [n for n in parse_line("6/6", game="mtg")] == []
    assert [n for n in parse_line("13/13", game="mtg")] == []


def test_number_at_the_bottom_beats_one_in_the_text():
    numbers = printed_numbers([read("12/102", TOP), read("26/159")], game="pokemon")
    assert numbers[0].number == "26"


@given(st.integers(1, 999), st.integers(10, 999))
def test_every_pokemon_number_survives(number, total):
    (found,) = printed_numbers([read(f"{number:03d}/{total:03d}")], game="pokemon")
    assert (int(found.number), int(found.total)) == (number, total)


@given(st.sampled_from(["OP", "ST", "EB"]), st.integers(1, 99), st.integers(1, 999))
def test_every_one_piece_number_survives_its_worst_misreading(series, release, number):
    printed = f"{series}{release:02d}-{number:03d}"
    for text in (printed, printed.replace("0", "O"), printed.replace("-", "")):
        assert printed in [n.number for n in parse_line(text, game="onepiece")]


@given(st.text(max_size=40))
def test_no_text_breaks_the_grammar(text):
    for number in parse_line(text):
        assert 0 < number.trust <= 1
        assert number_key(number.number)


@given(st.text(alphabet="0123456789ABCxyz-/ ", max_size=12))
def test_number_key_is_stable(text):
    assert number_key(number_key(text)) == number_key(text)


def test_leading_zeros_do_not_matter_but_letters_do():
    assert number_key("026") == number_key("26")
    assert number_key("op09-065") == number_key("OP9-65")
    assert number_key("TG05") != number_key("5")
    assert number_key("000") == "0"


def test_game_is_guessed_from_its_words():
    assert guessed_game([read("Weakness x2  Retreat"), read("©2025 Pokémon / Nintendo")], []) == "pokemon"
    assert guessed_game([read("Legendary Creature"), read("Wizards of the Coast")], []) == "mtg"
    assert guessed_game([read("hello")], []) is None


def test_kana_mean_japanese():
    assert language_of([read("シャーロット・スムージー")]) == "ja"
    assert language_of([read("Charlotte Smoothie")]) is None
