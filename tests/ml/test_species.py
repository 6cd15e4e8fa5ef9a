"""A species that is named in another language is named in English, with what belongs to its name; all else is left alone."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.catalogue import plain
from ml.evidence import language_agreement, name_agreement, text_query
from ml.lines import interpreted
from ml.species import SPECIES, in_english
from ml.types import CardEntry, Line, Reading

with SPECIES.open(encoding="utf-8", newline="") as lines:
    LISTED = list(csv.DictReader(lines, delimiter="\t"))
CHARIZARD = CardEntry("charizard", "pokemon", "Charizard ex", "125", "OBF", "197")


def titled(text):
    return (Line(text, 0.99, (0.1, 0.03, 0.6, 0.08)),)


@pytest.mark.parametrize(
    ("printed", "english", "language"),
    [
        ("Dracaufeu ex", "Charizard ex", "fr"),
        ("Dracaufeuex", "Charizard ex", "fr"),
        ("Méga-Dracaufeu X-ex", "Mega Charizard x ex", "fr"),
        ("Glurak VMAX", "Charizard vmax", "de"),
        ("メガリザードンXex", "Mega Charizard x ex", "ja"),
        ("メタモン", "Ditto", "ja"),
        ("サンダース", "Jolteon", "ja"),
        ("わるいリザードン", "Dark Charizard", "ja"),
        ("アローラ ライチュウ", "Alolan Raichu", "ja"),
        ("Raichu d'Alola", "Alolan Raichu", ""),
        ("Darumarond de N", "N's Darumaka", "fr"),
        ("Nのダルマッカ", "N's Darumaka", "ja"),
        ("MitedeFer", "Iron Moth", "fr"),
        ("喷火龙", "Charizard", "zh-hans"),
    ],
)
def test_a_title_in_another_language_is_said_in_english(printed, english, language):
    said = in_english(printed)
    assert (said.name, said.language) == (english, language)


@pytest.mark.parametrize(
    "printed", ["Charizard ex", "Squirfle", "Persian", "Potion", "Iris", "Professor's Research", "", "ex"]
)
def test_english_titles_and_trainers_are_left_alone(printed):
    assert in_english(printed) is None


def test_a_misread_letter_is_forgiven_and_believed_less():
    exact, misread = in_english("Dracaufeu ex"), in_english("Dracauleu ex")
    assert misread.name == exact.name
    assert misread.trust < exact.trust


def test_words_that_belong_to_no_name_are_believed_less():
    assert in_english("Dracaufeu und sonst noch etwas").trust < in_english("Dracaufeu").trust


@given(st.sampled_from(LISTED), st.sampled_from([name for name in LISTED[0] if name != "en"]))
def test_every_listed_name_is_understood(row, language):
    said = in_english(row[language])
    english = {plain(other["en"]) for other in LISTED}
    if plain(row[language]) in english:
        assert said is None
    else:
        # Some languages write two species alike, but for a sign that no reader sees.
        assert plain(said.name) in {
            plain(other["en"]) for other in LISTED if plain(other[language]) == plain(row[language])
        }


@given(st.text(max_size=30))
def test_any_text_is_answered(text):
    said = in_english(text)
    assert said is None or (said.name and 0 < said.trust <= 1)


def test_a_french_card_fits_the_printing_that_is_known_in_english():
    reading = Reading(lines=titled("Dracaufeu ex"), game="pokemon")
    assert name_agreement(reading, CHARIZARD) > 0.9
    assert name_agreement(reading, CardEntry("venusaur", "pokemon", "Venusaur ex")) < 0.6
    assert "Charizard ex" in text_query(reading, None).names


def test_species_are_no_names_of_other_games():
    assert text_query(Reading(lines=titled("Dracaufeu"), game="mtg"), None).names == ("Dracaufeu",)


def test_the_title_tells_the_language_of_a_pokemon_card():
    assert interpreted(titled("Dracaufeu ex"), game="pokemon").language == "fr"
    assert interpreted(titled("Charizard ex"), game="pokemon").language is None
    assert interpreted(titled("Dracaufeu ex"), game="mtg").language is None


def test_a_title_that_is_a_species_tells_the_game():
    assert interpreted(titled("Mr. Mime")).game == "pokemon"
    assert interpreted(titled("Cradopaud")).game == "pokemon"
    assert interpreted(titled("Lightning Bolt")).game is None


def test_a_japanese_card_is_named_but_is_no_printing_of_an_english_set():
    reading = Reading(lines=titled("リザードンex"), game="pokemon", language="ja")
    assert name_agreement(reading, CHARIZARD) > 0.9
    assert language_agreement(reading, CHARIZARD) == -1.0
    assert language_agreement(reading, CardEntry("mtg", "mtg", "Forest")) is None
