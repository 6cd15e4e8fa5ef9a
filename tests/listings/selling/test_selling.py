"""Selling many: listed at once, repriced with preview and undo, off the market on vacation."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.listings import actions
from apps.listings.models import Listing, SearchRow
from apps.listings.selling import bulk, repricing, rules
from apps.listings.selling.bulk import Offered
from apps.listings.selling.models import Repricing
from apps.listings.selling.pricing import FAIR, UNDERCUT, PriceRule
from apps.listings.selling.vacation import set_away
from tests.factories import make_item, make_listing, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def prices(seller):
    return sorted(Listing.objects.filter(seller=seller).values_list("price_minor", flat=True))


# -- listing ----------------------------------------------------------------------------------------------------------
def test_what_can_be_listed_is_and_the_rest_is_told_why():
    seller = make_user()
    good, taken, few = make_item(seller), make_listing(seller).item, make_item(seller, quantity=1)
    foreign = make_item()
    listed = bulk.list_many(
        by=seller,
        offers=[
            Offered(good.pk, 1, 500), Offered(taken.pk, 1, 500), Offered(few.pk, 2, 500), Offered(foreign.pk, 1, 500),
        ],
    )  # fmt: skip
    assert [each.item_id for each in listed.made] == [good.pk]
    assert [listed.refused[item.pk] for item in (taken, few, foreign)] == [
        "This is listed already.",
        "You have 1 free copies of this.",
        "This is not one of your items.",
    ]
    assert SearchRow.objects.filter(listing_id=listed.made[0].pk).exists()


@pytest.mark.parametrize("price", [0, -1, 9, 50_000_001, 10**15])
def test_prices_out_of_bounds_are_refused_one_by_one(price):
    seller = make_user()
    item, other = make_item(seller), make_item(seller)
    listed = bulk.list_many(by=seller, offers=[Offered(item.pk, 1, price), Offered(other.pk, 1, 100)])
    assert listed.refused == {item.pk: "The price is between 0.10 and 500,000.00."}
    assert len(listed.made) == 1


@pytest.mark.parametrize("copies", [1, 40])
def test_listing_many_takes_as_many_queries_as_listing_one(django_assert_num_queries, copies):
    seller = make_user()
    make_listing(seller)
    offers = [Offered(make_item(seller).pk, 1, 500) for _ in range(copies)]
    with django_assert_num_queries(13):
        bulk.list_many(by=seller, offers=offers)
    assert SearchRow.objects.count() == copies + 1


def test_nothing_or_too_much_is_refused():
    with pytest.raises(InvalidInput):
        bulk.list_many(by=make_user(), offers=[])


def test_the_page_lists_the_chosen_ones_and_keeps_what_was_typed_of_the_rest(client):
    seller = make_user()
    client.force_login(seller)
    items = [make_item(seller, make_variant(make_product(f"Drake {n}")), quantity=2) for n in range(3)]
    make_price(items[0].variant, "12.50")
    url = reverse("sell-many")
    assert 'value="12.50"' in client.get(url).content.decode()
    typed = {"item": [item.pk for item in items[:2]]}
    typed |= {f"price-{items[0].pk}": "12.50", f"quantity-{items[0].pk}": "2", f"price-{items[1].pk}": "cheap"}
    answer = client.post(url, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter a price" in page
    assert 'value="cheap"' in page
    assert prices(seller) == [1250]
    client.post(url, {"item": [items[1].pk], f"price-{items[1].pk}": "3", f"quantity-{items[1].pk}": "1"})
    assert prices(seller) == [300, 1250]
    assert "Choose at least one" in client.post(url, {}, follow=True).content.decode()


# -- repricing ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def shop():
    seller, variant = make_user(), make_variant()
    make_price(variant, "10.00")
    mine = make_listing(seller, variant=variant, price_minor=2000)
    item = make_item(seller, variant, notes="second")
    second = make_listing(item=item, price_minor=100)
    make_listing(variant=variant, price_minor=1200)
    return seller, mine, second


def test_prices_are_proposed_applied_and_taken_back(shop):
    seller, _mine, second = shop
    proposed = repricing.propose(by=seller, rule=PriceRule(FAIR, percent=90))
    assert prices(seller) == [100, 2000]
    assert repricing.apply(repricing=proposed, by=seller) == 2
    assert prices(seller) == [900, 900]
    assert set(SearchRow.objects.filter(seller_id=seller.pk).values_list("price_minor", flat=True)) == {900}
    actions.change_listing(listing=second, by=seller, price_minor=850)
    assert repricing.undo(repricing=proposed, by=seller) == 1
    assert prices(seller) == [850, 2000]
    for again in (repricing.apply, repricing.undo):
        with pytest.raises(Conflict):
            again(repricing=proposed, by=seller)


def test_one_undercuts_others_and_never_oneself(shop):
    seller, _mine, _second = shop
    proposed = repricing.propose(by=seller, rule=PriceRule(UNDERCUT, by_minor=10, floor_percent=50))
    repricing.apply(repricing=proposed, by=seller)
    assert prices(seller) == [1190, 1190]


def test_a_price_changed_after_the_preview_stays(shop):
    seller, mine, _second = shop
    proposed = repricing.propose(by=seller, rule=PriceRule(FAIR), listing_ids=[mine.pk])
    actions.change_listing(listing=mine, by=seller, price_minor=1500)
    assert repricing.apply(repricing=proposed, by=seller) == 0
    assert prices(seller) == [100, 1500]


def test_anothers_repricing_is_not_touched_and_a_rule_without_effect_is_said(shop):
    seller, *_ = shop
    proposed = repricing.propose(by=seller, rule=PriceRule(FAIR))
    for refused in (repricing.apply, repricing.undo):
        with pytest.raises(NotYours):
            refused(repricing=proposed, by=make_user())
    with pytest.raises(Conflict, match="No price would change"):
        repricing.propose(by=make_user(), rule=PriceRule(FAIR))
    with pytest.raises(InvalidInput, match="floor"):
        repricing.propose(by=seller, rule=PriceRule(UNDERCUT))


def test_repricing_many_takes_the_same_number_of_queries(django_assert_max_num_queries):
    seller = make_user()
    for _ in range(30):
        listing = make_listing(seller, price_minor=5000)
        make_price(listing.item.variant, "20.00")
    with django_assert_max_num_queries(6):
        proposed = repricing.propose(by=seller, rule=PriceRule(FAIR))
    with django_assert_max_num_queries(10):
        repricing.apply(repricing=proposed, by=seller)
    assert prices(seller) == [2000] * 30


def test_the_pages_lead_from_rule_to_preview_to_undo(client, shop):
    seller, *_ = shop
    client.force_login(seller)
    url = reverse("reprice")
    assert client.post(url, {"kind": "undercut", "percent": 100, "by_minor": "0.01"}).status_code == 422
    page = client.post(url, {"kind": "fair", "percent": 90, "by_minor": "0.01"}, follow=True).content.decode()
    for shown in ("2 prices would change", "$20.00", "$9.00", "Apply"):
        assert shown in page
    made = Repricing.objects.get()
    page = client.post(reverse("repricing-apply", args=[made.pk]), follow=True).content.decode()
    assert "2 prices changed" in page
    page = client.post(reverse("repricing-undo", args=[made.pk]), follow=True).content.decode()
    assert "2 prices put back" in page
    assert prices(seller) == [100, 2000]


# -- vacation -----------------------------------------------------------------------------------------------------------
def test_one_switch_takes_everything_off_the_market_and_back(client):
    seller = make_user()
    shown, paused = make_listing(seller), make_listing(seller)
    actions.set_paused(listing=paused, paused=True, by=seller)
    assert set_away(away=True, by=seller) == 1
    assert not SearchRow.objects.exists()
    with pytest.raises(actions.NotForSale):
        actions.take(listing_id=shown.pk, quantity=1)
    assert make_listing(seller).state == Listing.State.AWAY
    assert actions.set_paused(listing=paused, paused=False, by=seller).state == Listing.State.AWAY
    assert client.get(shown.get_absolute_url()).status_code == 404
    client.force_login(seller)
    assert "You are on vacation" in client.get(reverse("sell")).content.decode()
    client.post(reverse("sell-away"), {"away": "no"})
    assert set(Listing.objects.values_list("state", flat=True)) == {"active"}
    assert SearchRow.objects.count() == 3
    client.post(reverse("sell-away"), {"away": "yes"})
    assert not SearchRow.objects.exists()


def test_copies_of_a_cancelled_trade_wait_for_the_seller_as_well():
    listing = make_listing()
    actions.take(listing_id=listing.pk, quantity=1)
    set_away(away=True, by=listing.seller)
    actions.put_back(listing_id=listing.pk, quantity=1)
    listing.refresh_from_db()
    assert listing.state == Listing.State.AWAY


# -- kept rules and chosen listings -----------------------------------------------------------------------------------
RULE = {"kind": FAIR, "percent": "95", "by_minor": "0.01", "floor_percent": "", "floor_minor": "", "ceiling_minor": ""}


def test_a_rule_is_kept_replaced_used_and_forgotten(client):
    seller = make_user()
    client.force_login(seller)
    assert "No rule is kept" in client.get(reverse("repricing-rules")).content.decode()
    client.post(reverse("reprice"), RULE | {"name": " Slow  movers ", "do": "keep"})
    client.post(reverse("reprice"), RULE | {"name": "Slow movers", "do": "keep", "percent": "90"})
    (kept,) = rules.rules_of(seller=seller)
    assert rules.rule_of(kept) == PriceRule(kind=FAIR, percent=90)
    page = client.get(reverse("repricing-rules")).content.decode()
    assert "Slow movers" in page
    assert "90 % of fair value" in page
    assert client.get(reverse("reprice"), {"rule": str(kept.pk)}).context["form"]["percent"].value() == 90
    assert not Repricing.objects.exists()
    client.post(reverse("repricing-rule-forget", args=[kept.pk]))
    assert rules.rules_of(seller=seller) == []


def test_a_rule_without_a_name_or_against_reason_is_not_kept(client, monkeypatch):
    seller, stranger = make_user(), make_user()
    client.force_login(seller)
    assert client.post(reverse("reprice"), RULE | {"name": " ", "do": "keep"}).status_code == 422
    with pytest.raises(InvalidInput, match="floor"):
        rules.keep_rule(by=seller, name="race", rule=PriceRule(kind=UNDERCUT))
    kept = rules.keep_rule(by=seller, name="one", rule=PriceRule(kind=FAIR))
    with pytest.raises(NotYours):
        rules.forget_rule(rule=kept, by=stranger)
    monkeypatch.setattr(rules, "MOST_RULES", 1)
    with pytest.raises(Conflict):
        rules.keep_rule(by=seller, name="two", rule=PriceRule(kind=FAIR))
    rules.keep_rule(by=seller, name="one", rule=PriceRule(kind=FAIR, percent=80))


def test_only_the_chosen_listings_are_repriced(client):
    seller = make_user()
    chosen, other = make_listing(seller, price_minor=2000), make_listing(seller, price_minor=2000)
    for each in (chosen, other):
        make_price(each.item.variant, "10.00")
    client.force_login(seller)
    page = client.get(reverse("reprice"), {"listing": [str(chosen.pk), "nonsense"]}).content.decode()
    assert "the 1 listing that you chose" in page
    client.post(reverse("reprice"), RULE | {"listing": [str(chosen.pk)]})
    made = Repricing.objects.get()
    assert [line.listing_id for line in made.lines.all()] == [chosen.pk]
    assert client.post(reverse("reprice"), RULE | {"listing": ["nonsense"]}).status_code == 422


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (PriceRule(kind=FAIR, percent=95), "95 % of fair value"),
        (
            PriceRule(kind=UNDERCUT, by_minor=5, floor_percent=80, floor_minor=100, ceiling_minor=200_000),
            "0.05 under the lowest other offer, never under 80 % of fair value, never under 1.00, never above 2,000.00",
        ),
    ],
)
def test_a_rule_in_words(rule, words):
    assert rule.in_words() == words
