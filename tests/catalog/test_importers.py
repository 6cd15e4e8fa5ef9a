"""Every format that the catalogue is imported from: what arrives, and that a repeat changes nothing."""

import gzip
import json

import pytest

from apps.catalog.actions import import_catalog
from apps.catalog.importers import IMPORTERS
from apps.catalog.models import ExternalId, Product, ProductImage, Release, Variant, Word
from apps.core.errors import InvalidInput
from tests.catalog import files

pytestmark = pytest.mark.django_db


def load(kind, path):
    return import_catalog(kind=kind, path=path)


def printings(**which):
    """(number, finish, treatment, language) of every variant."""
    found = Variant.objects.filter(**which).order_by("product__number", "language", "finish", "treatment")
    return list(found.values_list("product__number", "finish", "treatment", "language"))


def everything():
    """All that an import writes, to compare before and after."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Release, Product, Variant, ExternalId, ProductImage, Word)
    }


def test_each_format_has_a_file_here():
    assert set(files.FORMATS) == set(IMPORTERS)


@pytest.mark.parametrize("kind", files.FORMATS)
def test_a_repeat_changes_nothing(kind, tmp_path):
    path = files.FORMATS[kind](tmp_path)
    first = load(kind, path)
    assert (first.rejected, first.counts["products"].created > 0) == (0, True), first.rejects
    before = everything()
    again = load(kind, path)
    assert again.changed == 0
    assert again.counts["products"].unchanged == first.counts["products"].created
    assert everything() == before


def test_our_own_format(tmp_path):
    load("generic", files.generic(tmp_path))
    assert printings(product__category__game="pokemon") == [
        ("001", "holofoil", "", "en"),
        ("001", "reverse-holofoil", "", "en"),
        ("002", "normal", "", "en"),
        ("002", "normal", "", "ja"),
    ]
    drake = Product.objects.select_related("release").get(number="001")
    assert (drake.name, drake.rarity, drake.attributes, drake.number_key) == ("Ember Drake", "Rare", {"hp": 120}, "1")
    assert (drake.release.name, drake.release.abbreviation, drake.release.total_cards) == ("Ember Peaks", "EMB", 60)
    assert drake.variants.get(is_default=True).finish == "holofoil"
    assert Product.objects.get(number="002").name == "Tide Otter, the Swift"
    assert Product.objects.get(category__path="toys/lego").variants.count() == 2


def test_columns_may_be_in_any_order_with_semicolons_a_mark_and_gzip(tmp_path):
    text = "\ufeffname;number;release_code;category\nEmber Drake;1;emb1;trading-cards/pokemon\n"
    path = tmp_path / "cards.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert load("generic", path).counts["products"].created == 1
    assert Product.objects.get().name == "Ember Drake"


def test_pokemon_tcg_data(tmp_path):
    load("pokemon-tcg-data", files.pokemon_tcg_data(tmp_path))
    assert printings() == [
        ("1", "holofoil", "", "en"),
        ("1", "reverse-holofoil", "", "en"),
        ("2", "normal", "", "en"),
    ]
    drake = Product.objects.get(number="1")
    assert drake.attributes == {"supertype": "Pokémon", "subtypes": ["Stage 2"], "types": ["Fire"], "hp": 120}
    assert drake.images.get().source_url == "https://pictures.example/emb1/1.png"
    assert str(drake.release.released_on) == "2021-03-05"


@pytest.mark.parametrize("kind", ["punk-records", "punk-records-csv"])
def test_one_piece_cards_of_several_languages_are_one_product(kind, tmp_path):
    load(kind, files.FORMATS[kind](tmp_path))
    card = Product.objects.get(number="OP77-001")
    assert (card.name, card.names, card.rarity) == ("Captain Reef & Crew", {"ja": "リーフ船長"}, "Super Rare")
    assert set(card.variants.values_list("language", flat=True)) == {"en", "ja"}
    assert (card.release.code, card.release.name) == ("OP77", "DAWN TIDE")


def test_a_parallel_is_a_product_of_its_own_with_the_cards_name(tmp_path):
    load("punk-records", files.punk_records(tmp_path))
    parallel = Product.objects.get(number="OP77-001_p1")
    assert (parallel.name, parallel.number_key, parallel.attributes["parallel"]) == (
        "Captain Reef & Crew",
        "op77-1-p1",
        "p1",
    )
    assert {variant.finish for variant in parallel.variants.all()} == {"foil"}


@pytest.mark.parametrize("make", [files.tcgcsv, files.tcgcsv_table])
def test_tcgcsv_products(make, tmp_path):
    load("tcgcsv", make(tmp_path))
    drake, box = Product.objects.order_by("number")
    assert (drake.number, drake.name, drake.release.total_cards) == ("001", "Ember Drake", 60)
    assert set(drake.variants.values_list("finish", flat=True)) == {"holofoil", "reverse-holofoil"}
    assert (box.number, box.rarity, box.variants.get().finish) == ("sealed-90003", "Sealed", "sealed")
    assert ExternalId.objects.filter(source="tcgplayer", value="90001", variant__isnull=False).count() == 2


def test_tcgcsv_fills_blanks_of_a_product_that_is_known_by_its_id(tmp_path):
    load("generic", files.generic(tmp_path))
    load("tcgcsv", files.tcgcsv(tmp_path))
    drake = Product.objects.get(name="Ember Drake")
    assert (drake.release.code, drake.number) == ("emb1", "001")
    assert drake.images.get().source_url == "https://pictures.example/90001.jpg"


def test_scryfall(tmp_path):
    load("scryfall", files.scryfall(tmp_path))
    assert printings() == [
        ("7", "foil", "", "en"),
        ("7", "normal", "", "en"),
        ("7", "normal", "", "ja"),
        ("7e", "etched", "", "en"),
    ]
    assert Product.objects.get(number="7").names == {"ja": "苔の教師"}
    assert ExternalId.objects.get(source="tcgplayer", value="80002").variant.finish == "etched"


def test_scryfall_is_read_element_by_element_even_on_one_line(tmp_path):
    cards = [files.scryfall_card(id=f"{n:032}", collector_number=str(n)) for n in range(3000)]
    path = files.write(tmp_path / "bulk.json", json.dumps(cards, separators=(",", ":")))
    assert load("scryfall", path).counts["products"].created == 3000


def test_tcgdex(tmp_path):
    report = load("tcgdex-csv", files.tcgdex(tmp_path))
    assert report.counts["releases"].created == 1, "digital sets stay out"
    assert printings(product__number="001") == [
        ("001", "first-edition-holofoil", "", "en"),
        ("001", "holofoil", "", "en"),
        ("001", "reverse-holofoil", "Masterball Foil", "en"),
    ]
    assert Product.objects.get(number="002").name == "Ember Peaks 002", "a card without a name can still be found"


def test_blanks_never_erase_what_is_known(tmp_path):
    load("generic", files.generic(tmp_path))
    files.generic(tmp_path, "category,release_code,number,name\ntrading-cards/pokemon,emb1,001,Ember Drake\n")
    assert load("generic", tmp_path / "cards.csv").counts["products"].updated == 0
    drake = Product.objects.select_related("release").get(number="001")
    assert (drake.rarity, drake.attributes, drake.release.name) == ("Rare", {"hp": 120}, "Ember Peaks")


def test_a_corrected_file_updates_what_changed_alone(tmp_path):
    load("generic", files.generic(tmp_path))
    files.generic(tmp_path, files.GENERIC.replace("Ember Drake,Rare", "Ember Dragon,Rare"))
    report = load("generic", tmp_path / "cards.csv")
    assert (report.counts["products"].updated, report.counts["products"].unchanged) == (1, 2)
    assert Word.objects.filter(word="dragon").exists()
    assert not Word.objects.filter(word="drake").exists()


@pytest.mark.parametrize(
    ("kind", "name", "content", "complaint"),
    [
        ("generic", "cards.csv", "", "is empty"),
        ("generic", "cards.csv", "name,number\nEmber,1\n", "lacks the columns category, release_code"),
        ("scryfall", "bulk.json", '{"not": "a list"}', "is not a JSON array"),
        ("scryfall", "bulk.json", '[{"id": "1"', "is cut off"),
        ("tcgcsv", "products", '{"errors": []}', "has no list of results"),
        ("tcgcsv", "products", "<html>403</html>", "is not JSON"),
        ("pokemon-tcg-data", "cards/en/emb1.json", '{"data": []}', "is not a list of cards"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_as_a_whole(kind, name, content, complaint, tmp_path):
    files.write(tmp_path / name, content)
    with pytest.raises(InvalidInput, match=complaint):
        load(kind, tmp_path / name)
    assert not Product.objects.exists()


@pytest.mark.parametrize("kind", ["pokemon-tcg-data", "punk-records", "tcgcsv", "tcgdex-csv"])
def test_an_empty_folder_is_told_what_it_lacks(kind, tmp_path):
    with pytest.raises(InvalidInput):
        load(kind, tmp_path)


def test_a_file_that_breaks_off_leaves_nothing_behind(tmp_path):
    cards = json.dumps([files.scryfall_card(id=f"{n:032}", collector_number=str(n)) for n in range(5000)])
    with pytest.raises(InvalidInput, match="cut off"):
        load("scryfall", files.write(tmp_path / "bulk.json", cards[:-200]))
    assert not Product.objects.exists()
    assert not Release.objects.exists()
