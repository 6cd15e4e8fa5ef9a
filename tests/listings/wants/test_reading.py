"""How people write what they look for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.listings.wants.reading import lines_in, said_in


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("4 Lightning Bolt (M10) 146", {"quantity": "4", "name": "Lightning Bolt", "set": "M10", "number": "146"}),
        ("2x Charizard ex", {"quantity": "2", "name": "Charizard ex"}),
        ("Charizard ex x3", {"quantity": "3", "name": "Charizard ex"}),
        ("3 × Pikachu", {"quantity": "3", "name": "Pikachu"}),
        ("Pikachu", {"quantity": "1", "name": "Pikachu"}),
        ("SB: 1 Duress", {"quantity": "1", "name": "Duress"}),
        ("4 Charizard ex OBF 125", {"quantity": "4", "name": "Charizard ex", "set": "OBF", "number": "125"}),
        ("1 Bolt (M10) 146 *F*", {"quantity": "1", "name": "Bolt", "set": "M10", "number": "146", "finish": "foil"}),
        ("1 Sol Ring [C21]", {"quantity": "1", "name": "Sol Ring", "set": "C21"}),
        ("1996 World Champion", {"quantity": "1996", "name": "World Champion"}),
    ],
)  # fmt: skip
def test_a_line_says_how_many_of_what(line, said):
    assert said_in(line) == said


def test_sections_and_comments_of_decks_are_passed_by():
    deck = "Deck\n4 Island\n\nSideboard\n// removal\n# more\n2 Duress\nPokémon: 12\n1 Pikachu\nTotal Cards: 60\nTrainer (3)\n"
    assert [(line.line, line.said["name"]) for line in lines_in(deck)] == [(2, "Island"), (7, "Duress"), (9, "Pikachu")]


def test_exports_are_read_by_their_columns():
    text = (
        "Count,Name,Edition,Condition,Language,Foil,Collector Number\n2,Lightning Bolt,m10,Near Mint,English,foil,146\n"
    )
    [line] = lines_in(text)
    assert (line.said["quantity"], line.said["name"], line.said["number"]) == ("2", "Lightning Bolt", "146")


@given(st.text(max_size=200))
def test_any_text_is_read(text):
    for line in lines_in(text):
        assert line.text is not None
