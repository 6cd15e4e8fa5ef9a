"""Rules about what somebody offers: once for each listing, never one's own, not more often than the pause allows."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from apps.alerts import evaluation
from apps.alerts.models import Alert
from apps.core.ids import uuid7
from apps.listings import actions as listings
from tests.factories import make_item, make_listing, make_price, make_product, make_variant

pytestmark = pytest.mark.django_db


def test_a_copy_for_sale_is_told_with_its_price(rule, offered, told):
    rule("availability")
    offer = offered("95")
    assert told() == ["Charizard ex 199/165 NM is for sale at $95.00."]
    assert Alert.objects.get().listing_id == offer.listing_id


def test_only_copies_at_the_price_or_less_are_told(rule, offered):
    rule("availability", amount=Decimal(90))
    offered("90.01")
    assert offered.fired == 0
    offered("90")
    assert offered.fired == 1


def test_a_condition_may_be_asked_for(rule, offered):
    rule("availability", condition="LP")
    offered("90")
    assert offered.fired == 0
    offered("70", condition="LP")
    assert offered.fired == 1


def test_a_graded_copy_is_one_in_any_condition(rule, offered, told):
    rule("availability")
    offered("500", condition="")
    assert told() == ["Charizard ex 199/165 (graded) is for sale at $500.00."]


def test_several_at_once_are_told_by_the_cheapest(rule, offered, member, told):
    rule("availability")
    sellers = {"seller_id": member.pk}
    offers = [dataclasses.replace(offered(price, **sellers), seller_id=uuid7()) for price in ("95", "90", "93")]
    assert evaluation.offers_appeared(offers) == 1
    assert told() == ["Charizard ex 199/165 NM is for sale at $90.00."]


def test_the_same_listing_is_told_once_and_others_after_the_pause(rule, offered):
    rule("availability", cool_down_hours=1)
    first = offered("95")
    offered("94")
    assert offered.fired == 0, "within the hour"
    assert evaluation.offers_appeared([first]) == 0
    offered("93", hours=2)
    assert offered.fired == 1


def test_ones_own_offers_are_no_news(rule, offered, member):
    rule("availability")
    offered("95", seller_id=member.pk)
    assert offered.fired == 0


def test_an_offer_under_fair_value_is_told_with_both_figures(rule, offered, told):
    rule("under_fair_value", percent=Decimal(20))
    offered("80.01")
    assert offered.fired == 0
    offered("75")
    assert told() == ["Charizard ex 199/165 NM is offered at $75.00, 25 % under its fair value of $100.00."]


def test_a_graded_copy_is_not_held_against_the_value_of_an_ungraded_one(rule, offered):
    rule("under_fair_value", percent=Decimal(20))
    offered("1", condition="")
    assert offered.fired == 0


def test_a_listing_reaches_the_rules_when_it_is_made_changed_and_revalued(rule, variant, relay, told, member):
    rule("availability", amount=Decimal(60), cool_down_hours=1)
    rule("under_fair_value", percent=Decimal(50), cool_down_hours=1)
    listing = make_listing(variant=variant, price_minor=9000)
    relay()
    assert told() == []
    listings.change_listing(listing=listing, by=listing.seller, price_minor=5500)
    relay()
    assert told() == ["Charizard ex 199/165 NM is for sale at $55.00."]
    variant.prices.update(value=200, low=180, high=220)
    listings.set_paused(listing=listing, paused=True, by=listing.seller)
    relay()
    assert len(told()) == 1, "what is paused is not for sale"
    listings.set_paused(listing=listing, paused=False, by=listing.seller)
    relay()
    assert told()[1] == "Charizard ex 199/165 NM is offered at $55.00, 72.5 % under its fair value of $200.00."


def test_any_printing_includes_one_that_had_no_watch(rule, offered, variant, product):
    rule("availability", variant=None)
    late = make_variant(product, finish="holofoil")
    offered("9", variant_id=late.pk)
    assert offered.fired == 1


@pytest.fixture
def owned(member, variant):
    """Two copies of the printing in the member's inventory: $200.00."""
    return make_item(member, variant, quantity=2)


def test_an_inventory_that_falls_or_rises_past_an_amount_is_told(owned, rule, priced, told):
    rule("portfolio_drop", amount=Decimal(180))
    rule("portfolio_increase", amount=Decimal(300))
    assert priced("95") == 0
    assert priced("89") == 1
    assert priced("160", hours=48) == 1
    assert told() == [
        "Your inventory fell to $178.00, under your $180.00.",
        "Your inventory rose to $320.00, above your $300.00.",
    ]


def test_an_inventory_that_moves_is_told_over_its_period(owned, rule, priced, told):
    rule("portfolio_change", percent=Decimal(10), period="30d")
    assert priced("101", market_price=Decimal(105), change_30d=Decimal(5)) == 0
    assert priced("120", market_price=Decimal(120), change_30d=Decimal(20)) == 1
    assert told() == ["Your inventory rose by 20 % in 30 days, to $240.00."]
    assert priced("121", market_price=Decimal(121), change_30d=Decimal(21)) == 0


def test_only_inventories_that_hold_the_card_are_looked_at(rule, variant, priced, member):
    rule("portfolio_drop", amount=Decimal(50))
    assert priced("10") == 0, "an empty inventory is worth nothing already"


def test_ones_own_worth_alone_counts(owned, rule, priced, stranger, variant):
    make_item(stranger, variant, quantity=1)
    rule("portfolio_increase", amount=Decimal(350), by=stranger)
    rule("portfolio_increase", amount=Decimal(350))
    assert priced("180") == 1
    assert Alert.objects.get().value == Decimal(360)


def test_worth_in_another_currency_is_not_added(owned, member, rule, priced):
    other = make_variant(make_product("Euro card"))
    make_price(other, "1000", currency="EUR")
    make_item(member, other)
    rule("portfolio_increase", amount=Decimal(500))
    assert priced("120") == 0
