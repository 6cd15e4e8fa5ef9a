"""What a search finds: half-typed words, typos, numbers as printed, facets, order, pages."""

import pytest

from apps.catalog import queries
from apps.catalog.actions import refresh_vocabulary
from apps.catalog.models import Release
from apps.catalog.search import results
from apps.catalog.search.sorting import SORTS
from tests.factories import make_price

pytestmark = pytest.mark.django_db


def found(text="", **more):
    """What was found, as "set code number"."""
    return [f"{row.release_code} {row.number}" for row in results.search_products(text=text, **more).page.rows]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("emberizard", "tid2 004"),  # of two of one name the newer set comes first
        ("EMBERIZARD EX", "emb1 005"),
        ("emberiz", "tid2 004"),  # half-typed
        ("emb", "emb1 004"),  # the set's code, and the beginning of a name
        ("otter", "emb1 010"),
        ("emberisard", "tid2 004"),  # mistyped
        ("ebmerizard", "tid2 004"),  # letters swapped
        ("otterlng", "emb1 010"),
        ("poketrainer elan", "tid2 017"),  # without accents
        ("farfetchd", "tid2 018"),
        ("farfetch'd", "tid2 018"),
        ("4/102", "emb1 004"),  # as printed
        ("004/102", "emb1 004"),
        ("emberizard 4/86", "tid2 004"),
        ("TG04", "emb1 TG04"),
        ("tg4", "emb1 TG04"),
        ("OP77-016", "OP77 OP77-016"),
        ("op77 16", "OP77 OP77-016"),
        ("op77-016_p1", "OP77 OP77-016_p1"),
        ("emberizard ember peaks", "emb1 004"),  # name and set
        ("emberizard emb", "emb1 004"),
        ("tid 4", "tid2 004"),
        ("captain reef p1", "OP77 OP77-016_p1"),
        ("otterling reverse", "emb1 010"),  # a finish
        ("ana quill common", "emb1 010"),  # artist and rarity
    ],
)
def test_what_is_typed_finds_what_is_meant(catalogue, text, first):
    assert next(iter(found(text)), None) == first


def test_a_mistyped_word_is_told(catalogue):
    result = results.search_products(text="emberisard ex")
    assert result.suggestion == "emberizard ex"


def test_a_right_word_is_never_replaced(catalogue):
    assert results.search_products(text="emberizard").suggestion == ""


def test_a_word_that_means_nothing_is_named(catalogue):
    result = results.search_products(text="emberizard qqqqqq")
    assert result.understood.unknown == ["qqqqqq"]
    assert result.page.total == 3, "the rest is searched"


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("emberizard otterling ex", ["emb1 005"]),  # two of three words
        (
            "captain quill",
            ["OP77 OP77-016", "OP77 OP77-016_p1", "tid2 017", "tid2 018", "emb1 005", "emb1 010", "emb1 TG04"],
        ),
        ("harbour 17 emb", ["OP77 OP77-017"]),
    ],
)
def test_where_no_card_has_all_words_those_with_most_are_found(catalogue, text, cards):
    result = results.search_products(text=text)
    assert result.understood.is_loose
    assert sorted(found(text)) == sorted(cards)
    assert found(text)[0] == cards[0]


def test_nothing_but_unknown_words_finds_nothing(catalogue):
    assert found("qqqqqq") == []


@pytest.mark.parametrize(
    "text", ["'", "\\", "a & b | !c", "<->", "()", "%", "' or 1=1 --", "x" * 5000, "🃏", ":*", "4/", "/"]
)
def test_no_text_breaks_it(catalogue, text):
    results.search_products(text=text)
    results.suggest(text)


def test_a_total_that_no_set_has_falls_back_to_the_number(catalogue):
    assert set(found("4/999")) == {"emb1 004", "tid2 004"}


def test_blank_text_shows_all_newest_first(catalogue):
    assert found()[0] == "OP77 OP77-016"
    assert len(found()) == len(catalogue)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"category": "pokemon"}, 7),
        ({"category": "trading-cards/onepiece"}, 3),
        ({"release": "emb1"}, 4),
        ({"release": "TID"}, 3),
        ({"release": ["emb1", "tid2"]}, 7),
        ({"rarity": "Common"}, 2),
        ({"rarity": ["Common", "Uncommon"]}, 4),
        ({"finish": "reverse-holofoil"}, 2),
        ({"language": "ja"}, 2),
        ({"finish": "reverse-holofoil", "language": "ja"}, 1),
        ({"finish": "foil", "language": "ja"}, 1),
        ({"category": "onepiece", "release": "emb1"}, 0),
        ({"release": "no such set"}, 0),
    ],
)
def test_filters_leave_what_fits(catalogue, filters, count):
    assert len(found(**filters)) == count


def test_a_filter_by_finish_shows_that_printing(catalogue):
    (row,) = results.search_products(text="otterling", finish="reverse-holofoil", language="ja").page.rows
    printing = catalogue["emb1 010"].variants.get(finish="reverse-holofoil", language="ja")
    assert row.variant_id == printing.pk


def facet(result, name):
    return {value.value: value.count for each in result.facets if each.name == name for value in each.values}


def test_facets_count_what_each_choice_leaves(catalogue):
    result = results.search_products(text="emberizard")
    assert facet(result, "rarity") == {"Rare Holo": 1, "Ultra Rare": 1, "Rare": 1}
    assert facet(result, "finish") == {"holofoil": 2, "normal": 1, "reverse-holofoil": 1}
    assert facet(result, "game") == {"trading-cards/pokemon": 3}


def test_a_chosen_value_narrows_the_other_facets_but_not_its_own(catalogue):
    result = results.search_products(rarity="Common")
    assert facet(result, "rarity")["Rare"] == 2
    assert facet(result, "game") == {"trading-cards/pokemon": 1, "trading-cards/onepiece": 1}
    assert facet(result, "language") == {"en": 2, "ja": 1}


@pytest.mark.parametrize("text", ["", "emberizard"])
def test_each_facets_counts_are_what_choosing_it_finds(catalogue, text):
    names = {"game": "category", "set": "release", "rarity": "rarity", "finish": "finish", "language": "language"}
    for each in results.search_products(text=text).facets:
        for value in each.values:
            assert len(found(text, **{names[each.name]: value.value})) == value.count, (each.name, value)


def test_order_by_name_and_by_number(catalogue):
    assert found(release="tid2", sort="name") == ["tid2 004", "tid2 018", "tid2 017"]
    assert found(release="tid2", sort="number") == ["tid2 004", "tid2 017", "tid2 018"]


def test_within_a_set_nothing_else_is_found_or_counted(catalogue):
    of_set = Release.objects.get(code="tid2").pk
    assert found(within=of_set, sort="number") == found(release="tid2", sort="number")
    assert found("ember", within=of_set) == [card for card in found("ember") if card.startswith("tid2")]
    assert [each.count for each in results.search_products(within=of_set).facets[1].values] == [3]


def test_order_by_price_has_the_unpriced_last(catalogue):
    for key, value in (("tid2 004", "3.00"), ("tid2 018", "40.00")):
        make_price(catalogue[key].variants.get(is_default=True), value)
    assert found(release="tid2", sort="price") == ["tid2 018", "tid2 004", "tid2 017"]
    assert found(release="tid2", sort="price-low") == ["tid2 004", "tid2 018", "tid2 017"]


def test_an_unknown_order_is_by_relevance(catalogue):
    assert found("otter", sort="nonsense") == found("otter")


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", ["", "ember"])
def test_pages_show_every_card_once(catalogue, sort, text):
    whole = found(text, sort=sort)
    paged = [card for offset in range(0, len(whole), 3) for card in found(text, sort=sort, limit=3, offset=offset)]
    assert paged == whole
    assert len(set(whole)) == len(whole)


def test_past_the_end_the_count_is_still_told(catalogue):
    page = results.search_products(text="emberizard", offset=100).page
    assert (list(page.rows), page.total) == ([], 3)


def test_results_carry_their_price(catalogue):
    make_price(catalogue["emb1 004"].variants.get(), "12.50")
    rows = results.search_products(text="emberizard", release="emb1").page.rows
    assert [row.extras["price"] and str(row.extras["price"].amount) for row in rows] == ["12.50", None]


def test_suggestions_need_two_letters(catalogue):
    assert results.suggest("e") == []
    assert [row.name for row in results.suggest("ott")] == ["Otterling", "Otterling Gallery"]


@pytest.mark.parametrize(
    ("known", "found_"),
    [
        ({"game": "pokemon", "number": "4", "total": 102}, ["emb1 004"]),
        ({"game": "pokemon", "number": "004", "release": "TID"}, ["tid2 004"]),
        ({"number": "op77-16"}, ["OP77 OP77-016"]),
        ({"name": "Emberlzard", "number": "4", "release": "emb1"}, ["emb1 004"]),
        ({"game": "onepiece", "number": "4"}, []),
        ({"game": "pokemon"}, []),
    ],
)
def test_a_printing_is_found_by_what_is_known_of_it(catalogue, known, found_):
    products = queries.find_printing(**known)
    assert [f"{product.release.code} {product.number}" for product in products] == found_


def test_a_misread_name_is_enough(catalogue):
    assert queries.find_printing(name="Harbuor Mastor")[0].number == "OP77-017"


def test_a_renamed_set_is_found_by_its_new_name(catalogue):
    release = catalogue["tid2 004"].release
    release.name = "Abyss"
    release.save()
    refresh_vocabulary()
    assert found("emberizard abyss") == ["tid2 004"]
