"""Records that cannot be used: told with line and reason, kept whole, and no hindrance for the others."""

import json

import pytest
from django.core.management import CommandError, call_command

from apps.catalog.actions import import_catalog
from apps.catalog.models import Product
from apps.core.models import RejectedInput
from tests.catalog import files

pytestmark = pytest.mark.django_db

HEADING = "category,release_code,number,name,finishes,language,released_on,attributes\n"
GOOD = "trading-cards/pokemon,emb1,1,Ember Drake,holofoil,en,2021-03-05,\n"
BROKEN = {
    "toys/unheard-of,emb1,2,Ember Drake,,,,": "there is no category 'toys/unheard-of'",
    "trading-cards/pokemon,,2,Ember Drake,,,,": "it has no release code",
    "trading-cards/pokemon,emb1,,Ember Drake,,,,": "it has no number",
    "trading-cards/pokemon,emb1,2,,,,,": "it has no name",
    f"trading-cards/pokemon,emb1,2,{'x' * 201},,,,": "its name is longer than 200 characters",
    "trading-cards/pokemon,emb1,2,Ember Drake,glitter,,,": "'glitter' is not a finish",
    "trading-cards/pokemon,emb1,2,Ember Drake,,english,,": "'english' is not a language code",
    "trading-cards/pokemon,emb1,2,Ember Drake,,,5th of March,": "Invalid isoformat string",
    "trading-cards/pokemon,emb1,2,Ember Drake,,,,{hp: 1}": "Expecting property name",
    'trading-cards/pokemon,emb1,2,Ember Drake,,,,"{""hp"": ""many""}"': "attribute hp: 'many' is not of type 'integer'",
    "trading-cards/pokemon,emb1,2,Ember Drake,,,,[1]": "attributes and names are JSON objects",
    "trading-cards/pokemon,emb1,1,Another Name,,,,": "number 1 of emb1 is already 'Ember Drake' on line 2",
}


def load(tmp_path, *lines):
    return import_catalog(kind="generic", path=files.generic(tmp_path, HEADING + GOOD + "\n".join([*lines, ""])))


@pytest.mark.parametrize(("line", "reason"), BROKEN.items(), ids=list(BROKEN.values()))
def test_a_line_that_cannot_be_used_is_told_with_its_reason(line, reason, tmp_path):
    report = load(tmp_path, line)
    assert (report.rejected, report.rejects[0].line) == (1, 3)
    assert reason in report.rejects[0].reason
    assert Product.objects.count() == 1, "the good line is in"


def test_a_half_broken_file_brings_in_its_good_half(tmp_path):
    good = [f"trading-cards/pokemon,emb1,{n},Card {n},,,," for n in range(10, 30)]
    mixed = [line for pair in zip(good, list(BROKEN) * 2, strict=False) for line in pair]
    report = load(tmp_path, *mixed)
    assert report.counts["products"].created == 21
    assert report.rejected == 20
    assert Product.objects.count() == 21


def test_rejects_are_kept_whole_and_once(tmp_path):
    line = "trading-cards/pokemon,emb1,2,Ember Drake,glitter,,,"
    first, again = load(tmp_path, line), load(tmp_path, line)
    assert (first.rejected, again.rejected) == (1, 1)
    kept = RejectedInput.objects.get()
    assert (kept.origin, kept.line, kept.content["finishes"]) == ("catalog.generic", 3, "glitter")


def test_lines_are_those_an_editor_shows(tmp_path):
    report = load(
        tmp_path, 'trading-cards/pokemon,emb1,2,"Two', 'lines",,,,', "trading-cards/pokemon,emb1,3,,,,,"
    )  # a cell may hold a line break
    assert [reject.line for reject in report.rejects] == [5]


def test_damage_that_the_database_cannot_hold_is_rejected_too(tmp_path):
    report = load(tmp_path, "trading-cards/pokemon,emb1,2,Em\x00ber,,,,", "trading-cards/pokemon,emb1,3,Good,,,,")
    assert [(reject.line, reject.reason) for reject in report.rejects] == [
        (3, "it holds a NUL character: the file is damaged")
    ]
    assert RejectedInput.objects.get().content["name"] == "Ember"
    assert Product.objects.count() == 2


@pytest.mark.parametrize(
    ("kind", "make", "spoil"),
    [
        ("pokemon-tcg-data", files.pokemon_tcg_data, "cards/en/emb1.json"),
        ("punk-records", files.punk_records, "english/cards/999001.json"),
        ("scryfall", files.scryfall, "default-cards.json"),
    ],
)
def test_one_broken_record_of_a_json_file_is_rejected_alone(kind, make, spoil, tmp_path):
    path = make(tmp_path)
    before = import_catalog(kind=kind, path=path).counts["products"]
    records = json.loads((tmp_path / spoil).read_text())
    (tmp_path / spoil).write_text(json.dumps([*records, {"name": "no id"}, "not even an object", None]))
    report = import_catalog(kind=kind, path=path)
    assert report.rejected == 3, report.rejects
    assert [reject.line for reject in report.rejects] == [len(records) + n for n in (1, 2, 3)]
    assert report.counts["products"].unchanged == before.created


def test_broken_products_of_tcgcsv_are_rejected_alone(tmp_path):
    files.tcgcsv(tmp_path)
    products = tmp_path / "tcgplayer/3/501/products"
    answer = json.loads(products.read_text())
    answer["results"] += [{"productId": 1}, {**answer["results"][0], "productId": 90009, "categoryId": 999}]
    products.write_text(json.dumps(answer))
    report = import_catalog(kind="tcgcsv", path=tmp_path)
    assert [(reject.line, "no counterpart" in reject.reason) for reject in report.rejects] == [(3, False), (4, True)]
    assert report.counts["products"].created == 2


def test_a_card_of_an_unknown_set_is_rejected(tmp_path):
    files.tcgdex(tmp_path)
    with (tmp_path / "tcgdex_cards.csv").open("a") as table:
        table.write("zzz-1,zzz,1,Stray,Rare,Pokemon,,,,\n")
    report = import_catalog(kind="tcgdex-csv", path=tmp_path)
    assert [(reject.line, reject.reason) for reject in report.rejects] == [
        (5, "there is no set 'zzz' in tcgdex_sets.csv")
    ]


def test_the_command_tells_what_it_did(tmp_path, capsys):
    files.generic(tmp_path, HEADING + GOOD + "trading-cards/pokemon,emb1,2,,,,,\n")
    call_command("import_catalog", "generic", str(tmp_path / "cards.csv"))
    told = capsys.readouterr().out
    assert "products           1 created       0 updated       0 unchanged" in told
    assert "rejected           1\n  line 3: it has no name" in told


def test_the_command_fails_in_one_line(tmp_path):
    with pytest.raises(CommandError, match=r"There is no .*nowhere\.csv"):
        call_command("import_catalog", "generic", str(tmp_path / "nowhere.csv"))
