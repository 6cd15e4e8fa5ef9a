"""What collectors' apps really export, and what people really upload: every line is told, and known cards are found.

The files are not part of the repository: name their folder in CARDVAULT_SAMPLE_DATA. The same paths are covered by small
files of our own in the tests beside this one.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from apps.catalog.models import ExternalId, Release, Variant
from apps.inventory.exchange import files
from apps.inventory.exchange.formats import detect
from tests.factories import make_category, make_product
from tests.inventory.exchange.conftest import BOLT

SAMPLE = Path(os.environ.get("CARDVAULT_SAMPLE_DATA", "/nowhere"))
FOLDER = SAMPLE / "inventories"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="set CARDVAULT_SAMPLE_DATA to the folder with inventories/"),
]

KNOWN = {
    "archidekt-real-export.csv": "archidekt", "cardmarket-real-export.csv": "cardmarket",
    "deckbox-real-export.csv": "deckbox", "dragonshield-real-export.csv": "dragonshield",
    "dragonshield-tokens-real-export.csv": "dragonshield", "manabox-real-export.csv": "manabox",
    "moxfield-conditions-real-export.csv": "moxfield", "moxfield-real-export.csv": "moxfield",
    "mtggoldfish-real-export.csv": "mtggoldfish", "tcgplayer-real-export.csv": "tcgplayer",
    "topdecked-real-export.csv": "topdecked", "delver/Delver_Test_Export_no_changes.csv": "delver",
    "delver/Importtestv1_-_Importtestv1.csv": "delver-counts", "delver/delver_lens_echo_preset.csv": "delver-counts",
    "delver/delver_preset_with_comma.csv": "delver-counts", "malformed/bad_set_names.csv": "tcgplayer",
}  # fmt: skip
OTHERS = [
    "malformed/Importtest2_-_Importtest2.csv", "malformed/bad_csv.csv", "malformed/basic_csv_many_no_header.csv",
    "malformed/basic_csv_with_header.csv", "malformed/basic_csv_with_many_cards.csv",
    "malformed/cards_with_commas_and_quotes.csv", "malformed/planeswalkers_scryfall.csv",
]  # fmt: skip


@pytest.fixture
def printings(db):
    """The printings of the collection that all these apps exported, as one of them tells it, in every finish and language."""
    category, made = make_category("trading-cards/magic", "magic"), {}
    for name, columns in (
        ("topdecked", ("SETCODE", "SETNAME", "COLLECTOR NUMBER", "NAME", "ID")),
        ("archidekt", ("Edition Code", "Edition Name", "Collector Number", "Name", "Scryfall ID")),
    ):
        with (FOLDER / f"{name}-real-export.csv").open(encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                code, set_name, number, card, scryfall = (row[column] for column in columns)
                if (code, number) in made:
                    continue
                made[code, number] = product = make_product(card, code=code, number=number, category=category)
                Release.objects.filter(pk=product.release_id).update(name=set_name, abbreviation=code.upper())
                ExternalId.objects.create(source="scryfall", value=scryfall, product=product)
                Variant.objects.bulk_create(
                    Variant(product=product, finish=finish, language=language)
                    for finish in ("normal", "foil", "etched")
                    for language in ("en", "fr", "de", "es", "it", "zh", "ja", "pt", "ru", "ko", "zh-tw")
                )


def rows_in(path: Path) -> int:
    """Lines below the heading that say anything, counted without our reader."""
    text = path.read_text(encoding="utf-8-sig")
    table = [row for row in csv.reader(text.splitlines()) if any(cell.strip(" ;") for cell in row)]
    return len(table) - 1 - text.startswith(('"sep=', "sep="))


@pytest.mark.parametrize("name", KNOWN)
def test_a_real_export_is_known_by_its_columns(name):
    with (FOLDER / name).open("rb") as stream:
        assert detect(list(files.layout_of(stream).columns)).slug == KNOWN[name]


@pytest.mark.parametrize("name", [*KNOWN, *OTHERS])
def test_every_line_of_a_real_file_is_told(name, owner, send):
    origin = send((FOLDER / name).read_bytes(), name=name, **mapping_of(name))
    assert origin.state == "review"
    assert origin.lines.values("line").distinct().count() == rows_in(FOLDER / name)


def mapping_of(name: str) -> dict[str, object]:
    """What a member would say of a file that says nothing of itself."""
    return {"mapping": ["name", "set"]} if name == "malformed/bad_csv.csv" else {}


def test_known_printings_are_found_in_every_format(printings, owner, send):
    for name, slug in KNOWN.items():
        if "-real-" in name and not {"tokens", "conditions"} & set(name.split("-")) and slug != "cardmarket":
            states = Counter(send((FOLDER / name).read_bytes(), name=name).lines.values_list("state", flat=True))
            assert states["bad"] == 0, (name, states)
            assert states["matched"] >= 0.9 * states.total(), (name, states)


def test_the_languages_and_conditions_of_one_real_card_are_all_understood(printings, owner, send):
    lines = send((FOLDER / "archidekt-real-export.csv").read_bytes()).lines.filter(said__scryfall=BOLT)
    assert {line.said["language"] for line in lines} >= {"JP", "KR", "CS", "CT"}
    assert not lines.filter(state="bad").exists()
