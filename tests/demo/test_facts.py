"""The facts that the demo's catalogue is made of: each file can be read whole, and says nothing twice or unheard of."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.catalog.categories import CATEGORIES
from apps.catalog.importers import generic
from apps.catalog.importers.rows import Printing
from apps.catalog.models import Finish
from apps.demo.catalogue import FACTS, PICTURES

FILES = sorted(FACTS.glob("*.csv"))
RARITIES = {
    "pokemon": {
        "Common", "Uncommon", "Rare", "Rare Holo", "Double rare", "Ultra Rare", "Illustration rare",
        "Special illustration rare", "Hyper rare",
    },
    "magic": {"Common", "Uncommon", "Rare", "Mythic"},
    "onepiece": {"Common", "Uncommon", "Rare", "SuperRare", "SecretRare", "Leader"},
    "lego": {""},
}  # fmt: skip
LANGUAGES = {"en", "ja"}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request) -> Path:
    return request.param


@pytest.fixture
def printings(file) -> list[Printing]:
    rows = list(generic.read(file))
    assert [row for row in rows if not isinstance(row, Printing)] == []
    return rows


def test_several_games_have_several_sets():
    assert {path.stem for path in FILES} == set(RARITIES)
    releases = {(path.stem, row.release.code) for path in FILES for row in generic.read(path)}
    assert len(releases) >= 8


def test_a_number_is_in_its_set_once(printings):
    numbers = [(row.release.code, row.number) for row in printings]
    assert len(set(numbers)) == len(numbers)


def test_every_row_names_its_card(printings):
    assert all(row.name and row.number and row.release.code and row.release.name for row in printings)


def test_rarities_are_those_of_the_game(file, printings):
    known = RARITIES[file.stem]
    strange = {row.rarity.removeprefix("Alternate Art ") for row in printings} - known
    assert strange == set()


def test_finishes_and_languages_are_known(printings):
    variants = [variant for row in printings for variant in row.variants]
    assert {variant.finish for variant in variants} <= set(Finish.values)
    assert {variant.language for variant in variants} <= LANGUAGES


def test_categories_are_of_the_tree_and_get_pictures(printings):
    paths = {row.category for row in printings}
    assert len(paths) == 1
    assert paths <= set(CATEGORIES)
    assert paths <= set(PICTURES)


def test_numbers_with_a_total_stay_within_plausible_bounds(printings):
    """Secret cards stand above the printed total, never by more than the half of it."""
    counted = [(int(row.number), row.release.total_cards) for row in printings if row.number.isdigit()]
    assert all(1 <= number <= total * 1.5 for number, total in counted if total)


def test_what_is_told_in_figures_is_positive(printings):
    for row in printings:
        for word in ("retail_price", "pieces", "hp", "cost", "power"):
            if word in row.attributes:
                assert row.attributes[word] > 0 or word in {"cost", "power"}, (row.number, word)
