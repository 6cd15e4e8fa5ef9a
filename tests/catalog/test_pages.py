"""Search, sets and the card page as a reader gets them, with the number of queries that each takes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.catalog.models import Finish, ProductImage, Release
from apps.core.conditions import Condition
from apps.valuations.models import Quote, Sale, Source
from tests.factories import make_listing, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def queries_of(client):
    """How many queries a page takes, once what is asked once a process has been asked."""

    def count(url, **query):
        client.get(url, query)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url, query)
        assert answer.status_code == 200
        return len(captured)

    return count


def shown(client, url, **query):
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def busy_card():
    """A card with printings in two languages, prices, a year of history, sales, pictures and offers of many sellers."""
    product = make_product("Ember Drake", attributes={"hp": 120}, names={"ja": "エンバー"}, artist="A. Brush")
    make_product("Neighbour"), make_product("Other neighbour")
    ProductImage.objects.create(product=product, file="catalog/none.jpg", is_primary=True)
    finishes = [Finish.NORMAL, Finish.HOLOFOIL, Finish.REVERSE_HOLOFOIL]
    variants = [
        make_variant(product, finish=finish, language=language, treatment=treatment)
        for finish in finishes for language in ("en", "ja") for treatment in ("", "Staff Stamp")
    ]  # fmt: skip
    source = Source.objects.get(slug="tcgplayer")
    now = timezone.now()
    for variant in variants:
        for condition in Condition:
            make_price(variant, "12.50", condition=condition, market_price=Decimal(12), change_30d=Decimal(1))
    Quote.objects.bulk_create(
        Quote(
            variant=variants[0], source=source, observed_at=now - dt.timedelta(days=7 * week), market=Decimal(10 + week)
        )
        for week in range(30)
    )
    Sale.objects.bulk_create(
        Sale(variant=variants[0], source=source, reference=f"s{n}", condition="NM", price=Decimal(9 + n),
             sold_at=now - dt.timedelta(days=n))
        for n in range(12)
    )  # fmt: skip
    for variant in variants[:6]:
        make_listing(make_user(country="US"), variant=variant, price_minor=1300)
    return product


def test_a_card_page_takes_at_most_twelve_queries(queries_of, busy_card):
    assert queries_of(busy_card.get_absolute_url()) <= 12


def test_a_members_card_page_takes_at_most_twelve_queries(client, queries_of, busy_card, member):
    client.force_login(member)
    assert queries_of(busy_card.get_absolute_url()) <= 12


def test_more_offers_take_no_more_queries(queries_of, busy_card):
    before = queries_of(busy_card.get_absolute_url())
    for _ in range(5):
        make_listing(variant=busy_card.variants.first())
    assert queries_of(busy_card.get_absolute_url()) == before


def test_a_card_page_tells_what_there_is_to_know(client, busy_card):
    page = shown(client, busy_card.get_absolute_url())
    for words in (
        "Ember Drake",
        "A. Brush",
        "エンバー",
        "12.50",
        "Price history",
        "Recent sales",
        "Staff Stamp",
        "TCGplayer",
    ):
        assert words in page, words
    assert page.count('href="/listings/') >= 6


def test_a_card_without_anything_still_has_a_page(client):
    product = make_product("Bare Card")
    assert "Bare Card" in shown(client, product.get_absolute_url())
    make_variant(product)
    assert "Bare Card" in shown(client, product.get_absolute_url())


def test_the_printing_and_the_condition_can_be_chosen(client, busy_card):
    other = busy_card.variants.get(finish="holofoil", language="ja", treatment="")
    make_listing(variant=other)
    answer = client.get(busy_card.get_absolute_url(), {"variant": str(other.pk), "condition": "LP"})
    assert (answer.context["variant"].pk, answer.context["condition"]) == (other.pk, "LP")


@pytest.mark.parametrize(
    "query", [{"variant": "nonsense"}, {"condition": "??"}, {"period": "century"}, {"variant": "\x00"}]
)
def test_nonsense_in_the_address_falls_back_to_the_ordinary(client, busy_card, query):
    answer = client.get(busy_card.get_absolute_url(), query)
    assert (answer.status_code, answer.context["variant"].is_default, answer.context["condition"]) in [
        (200, True, "NM"),
    ]


def test_only_the_prices_are_swapped(client, busy_card):
    page = client.get(busy_card.get_absolute_url(), headers={"HX-Request": "true", "HX-Target": "prices"})
    assert b"<html" not in page.content
    assert b"Fair value" in page.content


def test_an_unknown_card_is_a_problem_page(client):
    answer = client.get(reverse("card", args=["00000000-0000-7000-8000-000000000000"]))
    assert answer.status_code == 404
    assert b"could not be found" in answer.content


def test_search_shows_results_with_their_set_number_and_price(client, catalogue):
    make_price(catalogue["emb1 004"].variants.get(), "12.50")
    page = shown(client, reverse("search"), q="emberizard 4/102")
    for words in ("Emberizard", "Ember Peaks", "004", "12.50", "1 card"):
        assert words in page, words


def test_search_says_what_it_searched_instead(client, catalogue):
    assert "shown for <strong>emberizard</strong>" in shown(client, reverse("search"), q="emberisard")


def test_search_says_which_word_no_card_has(client, catalogue):
    assert "no card has “qqqq”" in shown(client, reverse("search"), q="otterling qqqq")


def test_a_search_without_results_offers_a_way_on(client, catalogue):
    page = shown(client, reverse("search"), q="qqqq")
    assert "No card fits" in page
    assert reverse("scan-new") in page


def test_what_was_typed_is_shown_as_text(client, catalogue):
    page = shown(client, reverse("search"), q="<script>alert(1)</script>")
    assert "<script>alert" not in page


def test_a_chosen_facet_is_kept_when_sorting_and_can_be_cleared(client, catalogue):
    answer = client.get(reverse("search"), {"q": "emberizard", "rarity": "Rare Holo"})
    assert answer.context["page"].total == 1
    assert answer.context["clear_url"] == "/search/?q=emberizard"
    assert b'name="rarity" value="Rare Holo"' in answer.content


@pytest.mark.parametrize(
    "query",
    [{"page": "0"}, {"page": "-1"}, {"page": "9" * 30}, {"page": "two"}, {"sort": "x"}, {"game": "\x00"}, {"set": "x"}],
)
def test_nonsense_in_a_search_is_not_an_error(client, catalogue, query):
    assert client.get(reverse("search"), {"q": "ember", **query}).status_code == 200


def test_search_takes_the_same_queries_for_one_result_and_for_many(queries_of, catalogue):
    few = queries_of(reverse("search"), q="emberizard ex")
    many = queries_of(reverse("search"), q="ana quill")
    for n in range(40):
        make_price(make_variant(make_product(f"Ana Quill {n}", artist="Ana Quill")), "2.00")
    crowd = queries_of(reverse("search"), q="ana quill")
    assert few == many == crowd
    assert crowd <= 8


def test_suggestions_under_the_search_box(client, catalogue):
    page = shown(client, reverse("search-suggest"), q="otterl")
    assert "Otterling Gallery" in page
    assert "<html" not in page


def test_sets_are_listed_newest_first_with_their_cards(client, catalogue):
    answer = client.get(reverse("sets"))
    assert [(row.code, row.product_count) for row in answer.context["page"].rows] == [
        ("OP77", 3),
        ("tid2", 3),
        ("emb1", 4),
    ]


def test_sets_of_one_game_and_by_code(client, catalogue):
    def codes(**query):
        return [row.code for row in client.get(reverse("sets"), query).context["page"].rows]

    assert codes(game="trading-cards/pokemon") == ["tid2", "emb1"]
    assert codes(q="emb") == ["emb1"]
    assert codes(q="depths") == ["tid2"]


def test_sets_take_the_same_queries_however_many(queries_of, catalogue):
    before = queries_of(reverse("sets"))
    for n in range(20):
        make_product(code=f"more{n}")
    assert queries_of(reverse("sets")) == before


def test_a_set_shows_its_cards_in_order_of_their_numbers(client, catalogue):
    release = Release.objects.get(code="emb1")
    answer = client.get(reverse("release", args=[release.pk]))
    assert [row.number for row in answer.context["page"].rows] == ["004", "TG04", "005", "010"]
    assert client.get(reverse("release", args=[release.pk]), {"q": "otter"}).context["page"].total == 2


def test_an_unknown_set_is_a_problem_page(client):
    assert client.get(reverse("release", args=["00000000-0000-7000-8000-000000000000"])).status_code == 404


def test_search_says_when_no_card_has_all_words(client, catalogue):
    assert "none has all of these words" in shown(client, reverse("search"), q="emberizard otterling ex")
