"""Every site's word for a condition finds its place on our scale, in the exports that people really have."""

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.conditions import GRADES, Condition, GradeCompany, condition_from, grade_from

NM, LP, MP, HP, DMG = Condition
WORDS = {
    "tcgplayer": {
        "Near Mint": NM,
        "Lightly Played": LP,
        "Moderately Played": MP,
        "Heavily Played": HP,
        "Damaged": DMG,
        "Near Mint Foil": NM,
        "Lightly Played Holofoil": LP,
        "Moderately Played Reverse Holofoil": MP,
        "Near Mint 1st Edition Holofoil": NM,
        "Heavily Played Unlimited": HP,
        "Damaged 1st Edition": DMG,
        "Near Mint Cold Foil": NM,
    },
    "cardmarket": {
        "1": NM, "2": NM, "3": LP, "4": MP, "5": HP, "6": HP, "7": DMG,
        "MT": NM, "NM": NM, "EX": LP, "GD": MP, "LP": HP, "PL": HP, "PO": DMG,
        "Mint": NM, "Near Mint": NM, "Excellent": LP, "Good": MP, "Light Played": HP, "Played": HP, "Poor": DMG,
    },
    "manabox": {
        "mint": NM, "near_mint": NM, "excellent": LP, "good": MP, "light_played": HP, "played": HP, "poor": DMG,
    },
    "dragonshield": {
        "Mint": NM, "NearMint": NM, "Excellent": LP, "Good": MP, "LightPlayed": HP, "Played": HP, "Poor": DMG,
    },
    "moxfield": {
        "Mint": NM, "Near Mint": NM, "NM": NM, "Lightly Played": LP, "Good (Lightly Played)": LP,
        "Played": MP, "Moderately Played": MP, "Heavily Played": HP, "Damaged": DMG,
    },
    "deckbox": {
        "Mint": NM, "Near Mint": NM, "Good (Lightly Played)": LP, "Played": MP, "Heavily Played": HP, "Poor": DMG,
    },
    "archidekt": {"NM": NM, "LP": LP, "MP": MP, "HP": HP, "D": DMG},
    "topdecked": {"near mint": NM, "lightly played": LP, "moderately played": MP, "heavily played": HP, "damaged": DMG},
    "collectr": {"Near Mint": NM, "Lightly Played": LP, "Moderately Played": MP, "Heavily Played": HP, "Damaged": DMG},
    "delver": {"Near Mint": NM, "Slightly Played": LP, "Moderately Played": MP, "Heavily Played": HP, "Damaged": DMG},
    "cardkingdom": {"NM": NM, "EX": LP, "VG": MP, "G": HP},
    "": {"SP": LP, "Excellent": LP, "Very Good": MP, "Light Played": LP, "Gem Mint": NM, "nm/m": NM},
}  # fmt: skip


@pytest.mark.parametrize(
    ("site", "word", "condition"),
    [(site, word, found) for site, words in WORDS.items() for word, found in words.items()],
)
def test_every_sites_word_has_its_place(site, word, condition):
    assert condition_from(word, site) == condition


@pytest.mark.parametrize("word", ["", "Unopened", "sealed", "foil", "n/a", "8", "PSA 10", "holofoil"])
def test_unknown_words_are_not_guessed(word):
    assert condition_from(word) is None
    assert condition_from(word, "cardmarket") is None


@given(st.text(max_size=60), st.sampled_from(["", "cardmarket", "manabox"]))
def test_any_text_gives_a_condition_or_nothing(word, site):
    assert condition_from(word, site) in {*Condition, None}


@given(st.sampled_from(Condition), st.sampled_from(["", " Foil", " Holofoil", " 1st Edition", " Reverse Holofoil"]))
def test_our_own_names_come_back_with_any_printing_behind_them(condition, printing):
    assert condition_from(f"{condition.label}{printing}") == condition
    assert condition_from(condition.value) == condition


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("PSA 10.0 GEM - MT", (GradeCompany.PSA, Decimal("10.0"))),
        ("BGS 9.5", (GradeCompany.BGS, Decimal("9.5"))),
        ("cgc 8.5 NM/Mint+", (GradeCompany.CGC, Decimal("8.5"))),
        ("  SGC10", (GradeCompany.SGC, Decimal("10.0"))),
        ("TAG 1", (GradeCompany.TAG, Decimal("1.0"))),
    ],
)
def test_grades_are_read_from_their_labels(text, grade):
    assert grade_from(text) == grade


@pytest.mark.parametrize(
    "text", ["", "Ungraded", "Near Mint", "PSA", "PSA 11", "PSA 10.5", "BGS 9.3", "PSA 100", "XYZ 9"]
)
def test_what_is_no_grade_is_none(text):
    assert grade_from(text) is None


@given(st.sampled_from(GradeCompany), st.sampled_from(GRADES))
def test_every_grade_comes_back_from_its_own_label(company, grade):
    assert grade_from(f"{company} {grade}") == (company, grade)


SAMPLES = Path(os.environ.get("CARDVAULT_SAMPLE_DATA", Path(__file__).parents[3] / "shared" / "data")) / "inventories"
EXPORTS = {
    "archidekt-real-export.csv": "archidekt",
    "cardmarket-real-export.csv": "cardmarket",
    "deckbox-real-export.csv": "deckbox",
    "dragonshield-real-export.csv": "dragonshield",
    "dragonshield-tokens-real-export.csv": "dragonshield",
    "manabox-real-export.csv": "manabox",
    "moxfield-conditions-real-export.csv": "moxfield",
    "moxfield-real-export.csv": "moxfield",
    "tcgplayer-real-export.csv": "tcgplayer",
    "topdecked-real-export.csv": "topdecked",
}


@pytest.mark.parametrize(("name", "site"), EXPORTS.items())
def test_every_condition_in_a_real_export_is_known(name, site):
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"sample data: {path} is not there (CARDVAULT_SAMPLE_DATA names the folder)")
    lines = path.read_text("utf-8-sig").splitlines()
    if lines[0].startswith('"sep='):
        lines = lines[1:]
    rows = csv.DictReader(lines, delimiter=";" if ";" in lines[0] else ",")
    column = next(column for column in rows.fieldnames if column.lower() == "condition")
    words = {row[column] for row in rows if row[column]}
    assert words
    assert {word for word in words if condition_from(word, site) is None} == set()
