"""Search over listings: what words find, orders, places, what follows a change, and counts against a naive count."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.catalog.actions import refresh_vocabulary
from apps.inventory import actions as inventory
from apps.listings import actions
from apps.listings.models import Listing, SearchRow
from apps.listings.search import facets, results
from apps.listings.search.asking import wanted_from
from apps.listings.search.results import search_listings
from apps.listings.search.values import follow_values
from apps.listings.shipping import Rate, save_profile
from tests.factories import make_item, make_listing, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def ask(text="", *, country="US", limit=None, **asked):
    query = urlencode(
        [("q", text), *((k, v) for k, vs in asked.items() for v in (vs if isinstance(vs, list) else [vs]))]
    )
    wanted = wanted_from(QueryDict(query), country=country)
    if limit:
        wanted = replace(wanted, limit=limit)
    return search_listings(wanted)


def names(found):
    return [row.name for row in found.rows]


def offer(name="Ember Drake", price=1000, seller=None, **fields):
    product = fields.pop("product", None) or make_product(name, code=fields.pop("code", "emb1"))
    variant = make_variant(product, finish=fields.pop("finish", "normal"), language=fields.pop("language", "en"))
    item = make_item(seller, variant, **fields)
    return make_listing(item=item, price_minor=price)


# -- words ------------------------------------------------------------------------------------------------------------
def test_a_misspelt_half_name_finds_the_card():
    wanted = offer("Gloomtide Leviathan")
    offer("Ember Drake")
    refresh_vocabulary()
    for typed in ("gloomtide", "gloomt", "glomtide", "gloomtdie levi", "leviatan", "GLOOMTIDE  leviathan"):
        assert [row.listing_id for row in ask(typed).rows] == [wanted.pk], typed


def test_set_and_number_find_the_card():
    wanted = offer(product=make_product("Ember Drake", number="4", code="zed9"))
    offer("Ember Drake", code="emb1")
    refresh_vocabulary()
    assert [row.listing_id for row in ask("drake zed9").rows] == [wanted.pk]
    assert ask("4 drake").rows[0].listing_id == wanted.pk


@pytest.mark.parametrize("name", ["דרקון האש", "تنين النار", "火の竜", "Żar 🔥 Smok", "Dr. O'Drake & Söhne"])
def test_names_of_any_script_are_found_and_shown_as_they_are(name):
    offer(name)
    refresh_vocabulary()
    assert names(ask(name)) == [name]


@pytest.mark.parametrize("odd", ["🔥", "'", "\\", "%%%", "a:*&|!", "<script>", "(((", "x" * 500, "\x00", "--;"])
def test_odd_text_finds_nothing_and_breaks_nothing(odd):
    offer()
    refresh_vocabulary()
    ask(odd)


def test_a_sellers_name_finds_what_they_sell_alone_and_beside_a_card():
    mira, tom = make_user("Mirabelle Quince"), make_user("Tom Bell")
    hers = [offer("Ember Drake", seller=mira), offer("Tide Warden", seller=mira)]
    offer("Ember Drake", seller=tom)
    refresh_vocabulary()
    assert {row.listing_id for row in ask("mirabelle quince").rows} == {each.pk for each in hers}
    assert [row.listing_id for row in ask("ember mirabele").rows] == [hers[0].pk]
    mira.display_name = "Somebody New"
    mira.save()
    assert not ask("ember mirabelle").rows or names(ask("ember mirabelle")) == ["Ember Drake"] * 2


def test_the_card_itself_comes_before_cards_that_merely_mention_it():
    product = make_product("Drake")
    offer("Ember Drake Rider", price=10)
    best = offer(product=product, price=5000)
    refresh_vocabulary()
    assert ask("drake").rows[0].listing_id == best.pk


# -- orders and places --------------------------------------------------------------------------------------------------
def test_every_order_is_kept_over_all_pages_few_or_many(monkeypatch):
    seller, abroad = make_user(country="US"), make_user(country="DE")
    for number in range(9):
        made = offer(f"Drake {number}", price=1000 - 70 * (number % 4), seller=abroad if number % 3 else seller)
        make_price(made.item.variant, "9.00" if number % 2 else "12.00")
    assert follow_values(minutes=60) == 9
    assert follow_values(minutes=60) == 0
    expected = {
        "newest": lambda row: (-row.listed_at.timestamp(),),
        "delivered": lambda row: (row.delivered_minor,),
        "price": lambda row: (row.price_minor,),
        "price-desc": lambda row: (-row.price_minor,),
        "deal": lambda row: (row.price_minor * 10000 // row.fair_minor,),
    }
    for few in (10_000, 0):
        monkeypatch.setattr(results, "FEW", few)
        for sort, key in expected.items():
            rows, cursor = [], ""
            for _ in range(6):
                page = ask(sort=sort, limit=2, **({"cursor": cursor} if cursor else {}))
                rows += page.rows
                cursor = page.next_cursor
                if not cursor:
                    break
            assert len({row.listing_id for row in rows}) == 9, (few, sort)
            assert [key(row) for row in rows] == sorted(key(row) for row in rows), (few, sort)


def test_pages_stay_what_they_are_while_others_list_and_sell():
    made = [offer(f"Drake {number}", price=1000 + number) for number in range(6)]
    first = ask(sort="price", limit=3)
    offer("Late and cheap", price=10)
    actions.withdraw(listing=made[1], by=made[1].seller)
    second = ask(sort="price", limit=3, cursor=first.next_cursor)
    assert names(second) == ["Drake 3", "Drake 4", "Drake 5"]
    assert not second.has_more


def test_totals_are_delivered_to_the_readers_country_and_what_is_not_sent_there_is_left_out_of_their_order():
    german = make_user(country="DE")
    union = save_profile(by=german, name="EU", rates=[Rate("HOME", 100), Rate("EU", 400)])
    here, there = offer("Here", 1000), offer("There", 900, seller=german)
    actions.change_listing(listing=there, by=german, shipping=union)
    assert names(ask(sort="delivered", country="US")) == ["Here"]
    row = ask(sort="delivered", country="DE").rows[0]
    assert (row.name, row.delivered_minor) == ("There", 1000)
    assert ask(sort="delivered", country="FR").rows[0].delivered_minor == 1300
    assert {row.delivered_minor for row in ask(country="US").rows} == {None, 1000 + 150}
    save_profile(by=german, profile=union, name="EU", rates=[Rate("WORLD", 50)])
    assert ask(sort="delivered", country="US").rows[0].delivered_minor == 950
    assert here.pk in {row.listing_id for row in ask().rows}


def test_a_place_of_nonsense_is_the_beginning():
    offer()
    for odd in ("x", "W10", "WyJwcmljZSIsMV0", "====", "é" * 50):
        assert len(ask(cursor=odd).rows) == 1


# -- what follows a change ------------------------------------------------------------------------------------------------
def test_the_rows_follow_every_change_in_its_own_transaction():
    listing = offer(price=1000)
    row = SearchRow.objects.get()
    assert {"c:NM", "l:en", "f:normal", "x:no", "w:US", "p:2", "t:yes"} <= set(row.tags)
    actions.change_listing(listing=listing, by=listing.seller, price_minor=90)
    assert "p:0" in SearchRow.objects.get().tags
    inventory.adjust_item(item=listing.item, by=listing.seller, condition="LP")
    assert "c:LP" in SearchRow.objects.get().tags
    listing.seller.country = "DE"
    listing.seller.save()
    assert "w:DE" in SearchRow.objects.get().tags
    actions.set_paused(listing=listing, paused=True, by=listing.seller)
    assert not SearchRow.objects.exists()
    actions.set_paused(listing=listing, paused=False, by=listing.seller)
    actions.take(listing_id=listing.pk, quantity=1)
    assert not SearchRow.objects.exists()
    actions.put_back(listing_id=listing.pk, quantity=1)
    assert SearchRow.objects.count() == 1
    Listing.objects.all().delete()
    assert not SearchRow.objects.exists()


def test_a_price_is_told_against_fair_value_with_its_interval():
    product = make_product()
    variant = make_variant(product)
    make_price(variant, "10.00", low="8.50", high="11.50")
    told = {}
    for price in (700, 930, 1000, 1100, 1500):
        make_listing(variant=variant, price_minor=price)
    for row in ask().rows:
        told[row.price_minor] = row.deal
    assert told == {
        700: "30 % under fair value, below the usual range",
        930: "7 % under fair value",
        1000: "at fair value",
        1100: "10 % above fair value, within the usual range",
        1500: "50 % above fair value, beyond the usual range",
    }
    assert [row.price_minor for row in ask(deal=["great", "good"], sort="deal").rows] == [700, 930]


# -- counts ---------------------------------------------------------------------------------------------------------------
CONDITIONS, LANGUAGES, FINISHES = ("NM", "LP", "MP"), ("en", "ja"), ("normal", "foil")
copies = st.tuples(
    st.sampled_from(CONDITIONS), st.sampled_from(LANGUAGES), st.sampled_from(FINISHES), st.sampled_from((50, 300, 3000))
)
chosen = st.fixed_dictionaries(
    {},
    optional={
        "condition": st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=2, unique=True),
        "language": st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=2, unique=True),
        "finish": st.lists(st.sampled_from(FINISHES), min_size=1, max_size=1),
        "price": st.lists(st.sampled_from(("0", "1", "3")), min_size=1, max_size=2, unique=True),
    },
)
BAND = {50: "0", 300: "1", 3000: "3"}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(copies, max_size=10), wanted=chosen)
def test_the_counts_beside_facets_equal_a_naive_count(rows, wanted):
    Listing.objects.all().delete()
    seller, product = make_user(), make_product()
    known = {}
    for condition, language, finish, price in rows:
        variant = known.get((language, finish)) or make_variant(product, language=language, finish=finish)
        known[language, finish] = variant
        item = make_item(seller, variant, condition=condition, notes=str(len(known)) + str(price))
        if not item.listings.exists():
            make_listing(item=item, price_minor=price)
    kept = [
        (row.item.condition, row.item.variant.language, row.item.variant.finish, BAND[row.price_minor])
        for row in Listing.objects.select_related("item__variant")
    ]
    names_of = ("condition", "language", "finish", "price")

    def naive(facet):
        found = {}
        for values in kept:
            if all(values[n] in wanted[name] for n, name in enumerate(names_of) if name in wanted and name != facet):
                value = values[names_of.index(facet)]
                found[value] = found.get(value, 0) + 1
        return found

    answer = ask(**wanted)
    assert answer.counts.total == sum(
        all(values[n] in wanted[name] for n, name in enumerate(names_of) if name in wanted) for values in kept
    )
    if not answer.counts.total and not wanted:
        return
    told = {
        facet.name: {choice.value: choice.count for choice in facet.choices if choice.count}
        for facet in answer.counts.facets
    }
    for facet in names_of:
        assert told[facet] == naive(facet), facet


def test_counts_of_many_are_about_right_and_say_so(monkeypatch):
    monkeypatch.setattr(results, "FEW", 3)
    for number in range(8):
        offer(f"Drake {number}", condition="NM" if number % 2 else "LP")
    counts = ask().counts
    assert (counts.total, counts.is_exact, counts.in_words) == (8, False, "about 8")
    conditions = next(facet for facet in counts.facets if facet.name == "condition")
    assert {choice.value: choice.count for choice in conditions.choices} == {"NM": 4, "LP": 4}
    assert facets.about(123_456) == 120_000


@pytest.mark.parametrize(
    "asked",
    [{}, {"condition": "NM"}, {"condition": ["NM", "LP"], "price": "2"}, {"condition": "LP", "price": ["2", "1"]}],
)
def test_a_sample_of_everything_tells_what_counting_one_by_one_tells(monkeypatch, asked):
    for number, condition in enumerate(("NM", "NM", "LP", "MP", "NM", "LP")):
        offer(f"Drake {number}", condition=condition, price=300 if number % 2 else 1000)
    exact = ask(**asked).counts
    monkeypatch.setattr(results, "FEW", 0)
    sampled = ask(**asked).counts
    assert (exact.is_exact, sampled.is_exact) == (True, False)
    assert sampled.total == exact.total
    assert sampled.facets == exact.facets


def test_the_total_stays_exact_where_facets_are_told_from_a_part(monkeypatch):
    monkeypatch.setattr(facets, "_MOST_COUNTED", 10)
    for number in range(30):
        offer(f"Drake {number}")
    counts = ask().counts
    assert (counts.total, counts.is_exact) == (30, True)
    conditions = next(facet for facet in counts.facets if facet.name == "condition")
    assert sum(choice.count for choice in conditions.choices) < 90


def test_counts_that_took_long_are_kept_for_a_minute(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(facets, "_KEPT_FROM", 1)
    offer("Ember Drake")
    offer("Tide Drake")
    first = ask()
    with django_assert_num_queries(2):
        again = ask()
    assert again.counts == first.counts
    assert again.rows == first.rows


def test_words_and_a_set_together(monkeypatch):
    inside = offer("Ember Drake", code="emb1")
    offer("Ember Drake", code="tid1")
    offer("Tide Warden", code="emb1")
    refresh_vocabulary()
    answer = ask("ember", set="emb1")
    assert [row.listing_id for row in answer.rows] == [inside.pk]
    sets = next(facet for facet in answer.counts.facets if facet.name == "set")
    assert sorted(choice.count for choice in sets.choices) == [1, 1]


def test_graded_copies_are_a_facet_of_their_own():
    variant = make_variant()
    make_listing(variant=variant)
    slab = make_listing(item=make_item(variant=variant, condition="", grade_company="PSA", grade=Decimal("9.0")))
    make_price(variant, "50.00", condition="PSA 9")
    follow_values(minutes=60)
    row = ask(graded="PSA").rows[0]
    assert (row.listing_id, row.fair_minor) == (slab.pk, 5000)


def test_a_search_makes_as_many_queries_for_many_listings_as_for_few(django_assert_num_queries):
    for number in range(3):
        offer(f"Drake {number}")
    refresh_vocabulary()
    with django_assert_num_queries(4):
        ask()
    with django_assert_num_queries(8):
        ask("drake")
    for number in range(20):
        offer(f"Drake again {number}")
    with django_assert_num_queries(4):
        ask()
    with django_assert_num_queries(8):
        ask("drake")
