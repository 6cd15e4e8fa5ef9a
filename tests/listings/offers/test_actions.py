"""Bargaining: offers, counters, agreements, what ends them, and what they are refused for."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F
from django.utils import timezone

from apps.accounts.blocks import actions as blocks
from apps.accounts.blocks.queries import Blocked
from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.core.models import OutboxEvent
from apps.inventory.actions import OutOfStock
from apps.listings import actions as listings
from apps.listings.models import Listing
from apps.listings.offers import actions, closing, queries
from apps.listings.offers.models import Offer
from apps.listings.shipping import Rate, save_profile
from apps.trades import actions as trades
from tests.factories import ADDRESS, make_listing, make_trade, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def listing():
    return make_listing(price_minor=2000, quantity=2)


@pytest.fixture
def buyer():
    return make_user()


def offered(listing, buyer, price_minor=1500, **more):
    return actions.make_offer(listing=listing, by=buyer, price_minor=price_minor, **more)


def state(offer):
    return Offer.objects.get(pk=offer.pk).state


def hours_pass(hours):
    """Everything about offers is this much older."""
    ago = dt.timedelta(hours=hours)
    Offer.objects.update(due_at=F("due_at") - ago, created_at=F("created_at") - ago)


def left(listing):
    listing.refresh_from_db()
    listing.item.refresh_from_db()
    return listing.state, listing.quantity, listing.item.reserved


def test_an_offer_waits_two_days_for_the_sellers_answer(listing, buyer):
    offer = offered(listing, buyer, message=" Please! ")
    assert offer.state == "open"
    assert offer.message == "Please!"
    assert dt.timedelta(hours=47) < offer.due_at - timezone.now() <= dt.timedelta(hours=48)
    assert queries.next_step(offer, listing.seller).may == ("accept", "counter", "decline")
    assert queries.next_step(offer, buyer).may == ("withdraw",)


def test_the_same_offer_twice_is_one(listing, buyer):
    assert offered(listing, buyer) == offered(listing, buyer)
    with pytest.raises(Conflict):
        offered(listing, buyer, 1600)
    assert Offer.objects.count() == 1


def test_accepting_reserves_the_copies_for_the_buyer_alone(listing, buyer):
    offer = offered(listing, buyer, quantity=2)
    agreed = actions.accept(offer=offer, by=listing.seller)
    assert agreed.state == "agreed"
    assert left(listing) == (Listing.State.SOLD_OUT, 0, 2)
    with pytest.raises(OutOfStock):
        make_trade(listing, make_user())
    assert actions.accept(offer=offer, by=listing.seller).due_at == agreed.due_at


def test_the_buyer_checks_out_at_the_agreed_price(listing, buyer):
    offer = actions.accept(offer=offered(listing, buyer, 1500, quantity=2), by=listing.seller)
    listings_price = listing.price_minor
    trade = trades.buy_agreed(offer=offer, ship_to=ADDRESS, by=buyer)
    assert (trade.items_minor, trade.lines.get().price_minor, listings_price) == (3000, 1500, 2000)
    assert trades.buy_agreed(offer=offer, ship_to=ADDRESS, by=buyer) == trade
    assert state(offer) == "bought"
    assert left(listing) == (Listing.State.SOLD_OUT, 0, 2)


def test_what_is_not_paid_after_checkout_goes_back_on_sale(listing, buyer, relay):
    offer = actions.accept(offer=offered(listing, buyer), by=listing.seller)
    trade = trades.buy_agreed(offer=offer, ship_to=ADDRESS, by=buyer)
    trades.cancel(trade=trade, by=buyer)
    relay()
    assert left(listing) == (Listing.State.ACTIVE, 2, 0)


def test_an_address_that_cannot_be_sent_to_leaves_the_agreement(listing, buyer):
    offer = actions.accept(offer=offered(listing, buyer), by=listing.seller)
    with pytest.raises(InvalidInput):
        trades.buy_agreed(offer=offer, ship_to=ADDRESS | {"city": ""}, by=buyer)
    assert state(offer) == "agreed"
    assert left(listing) == (Listing.State.ACTIVE, 1, 1)


def test_nobody_else_checks_out_at_the_agreed_price(listing, buyer):
    offer = actions.accept(offer=offered(listing, buyer), by=listing.seller)
    for other in (listing.seller, make_user()):
        with pytest.raises(NotYours):
            trades.buy_agreed(offer=offer, ship_to=ADDRESS, by=other)


def test_a_counter_ends_the_former_offer(listing, buyer):
    first = offered(listing, buyer, 1000)
    second = actions.counter(offer=first, by=listing.seller, price_minor=1800)
    assert state(first) == "countered"
    assert (second.state, second.author) == ("open", listing.seller)
    assert actions.counter(offer=first, by=listing.seller, price_minor=1800) == second
    with pytest.raises(actions.OfferEnded):
        actions.accept(offer=first, by=listing.seller)
    third = actions.counter(offer=second, by=buyer, price_minor=1500)
    assert actions.accept(offer=third, by=listing.seller).price_minor == 1500
    assert [each.state for each in queries.negotiation(third)] == ["countered", "countered", "agreed"]


def test_the_buyer_accepts_a_counter(listing, buyer):
    counter = actions.counter(offer=offered(listing, buyer, 1000), by=listing.seller, price_minor=1800)
    assert actions.accept(offer=counter, by=buyer).state == "agreed"


@pytest.mark.parametrize("step", [actions.accept, actions.decline])
def test_nobody_answers_their_own_offer_or_that_of_others(step, listing, buyer):
    offer = offered(listing, buyer)
    for person in (buyer, make_user()):
        with pytest.raises(NotYours):
            step(offer=offer, by=person)
    assert state(offer) == "open"


def test_only_who_made_an_offer_withdraws_it(listing, buyer):
    offer = offered(listing, buyer)
    with pytest.raises(NotYours):
        actions.withdraw(offer=offer, by=listing.seller)
    assert actions.withdraw(offer=offer, by=buyer).state == "withdrawn"
    assert actions.withdraw(offer=offer, by=buyer).state == "withdrawn"
    assert offered(listing, buyer, 1600).state == "open"


def test_the_buyer_may_give_an_agreement_up_but_the_seller_may_not(listing, buyer):
    offer = actions.accept(offer=offered(listing, buyer, quantity=2), by=listing.seller)
    with pytest.raises(NotYours):
        actions.withdraw(offer=offer, by=listing.seller)
    actions.withdraw(offer=offer, by=buyer)
    assert left(listing) == (Listing.State.ACTIVE, 2, 0)


def test_declining_twice_is_declining(listing, buyer):
    offer = offered(listing, buyer)
    actions.decline(offer=offer, by=listing.seller)
    assert actions.decline(offer=offer, by=listing.seller).state == "declined"


def test_what_is_below_the_least_share_is_declined_by_itself(listing, buyer):
    actions.set_terms(listing=listing, by=listing.seller, is_open=True, least_percent=75)
    low = offered(listing, buyer, 1499)
    assert (low.state, low.why) == ("declined", "too-low")
    assert offered(listing, buyer, 1500).state == "open"


def test_the_least_share_cannot_be_felt_out(listing, buyer, settings):
    settings.OFFERS = settings.OFFERS | {"tries_a_day": 3}
    actions.set_terms(listing=listing, by=listing.seller, is_open=True, least_percent=75)
    for price in (100, 200, 300):
        offered(listing, buyer, price)
    with pytest.raises(actions.TooManyOffers):
        offered(listing, buyer, 1600)
    hours_pass(25)
    assert offered(listing, buyer, 1600).state == "open"


def test_a_seller_may_take_no_offers(listing, buyer):
    actions.set_terms(listing=listing, by=listing.seller, is_open=False)
    with pytest.raises(actions.NoOffersTaken):
        offered(listing, buyer)
    with pytest.raises(NotYours):
        actions.set_terms(listing=listing, by=buyer, is_open=True)


def test_open_offers_of_a_member_and_of_a_listing_are_limited(listing, buyer, settings):
    settings.OFFERS = settings.OFFERS | {"most_open": 1}
    offered(listing, buyer)
    with pytest.raises(actions.TooManyOffers, match="Withdraw"):
        offered(make_listing(), buyer, 1000)
    settings.OFFERS = settings.OFFERS | {"most_open": 5, "most_per_listing": 1}
    with pytest.raises(actions.TooManyOffers, match="listing"):
        offered(listing, make_user())


@pytest.mark.parametrize(
    ("price_minor", "quantity", "field"),
    [(0, 1, "price"), (-5, 1, "price"), (9, 1, "price"), (2000, 1, "price"), (10**12, 1, "price"),
     (1500, 0, "quantity"), (1500, 3, "quantity")],
)  # fmt: skip
def test_amounts_that_make_no_sense_are_refused(listing, buyer, price_minor, quantity, field):
    with pytest.raises(InvalidInput) as refused:
        offered(listing, buyer, price_minor, quantity=quantity)
    assert refused.value.details["field"] == field


def test_nobody_offers_on_their_own_listing(listing):
    with pytest.raises(InvalidInput):
        offered(listing, listing.seller)


def test_a_sale_to_somebody_else_ends_the_open_offers_and_says_why(listing, buyer, relay):
    offer = offered(listing, buyer)
    make_trade(listing, make_user(), quantity=1)
    relay()
    assert state(offer) == "open"
    make_trade(listing, make_user(), quantity=1)
    with pytest.raises(OutOfStock):
        actions.accept(offer=offer, by=listing.seller)
    relay()
    offer.refresh_from_db()
    assert (offer.state, offer.why) == ("void", "sold")
    assert "somebody else" in queries.next_step(offer, buyer).what


def test_one_agreement_for_the_last_copy_ends_the_other_offers(buyer, relay):
    listing = make_listing(price_minor=2000)
    one, other = offered(listing, buyer), offered(listing, make_user())
    actions.accept(offer=one, by=listing.seller)
    with pytest.raises(OutOfStock):
        actions.accept(offer=other, by=listing.seller)
    relay()
    assert (state(one), state(other)) == ("agreed", "void")


def test_a_listing_that_is_taken_back_ends_offers_but_not_what_was_agreed(listing, buyer, relay):
    agreed = actions.accept(offer=offered(listing, buyer), by=listing.seller)
    open_one = offered(listing, make_user())
    listings.withdraw(listing=listing, by=listing.seller)
    relay()
    open_one.refresh_from_db()
    assert (open_one.state, open_one.why, state(agreed)) == ("void", "taken-back", "agreed")
    trade = trades.buy_agreed(offer=agreed, ship_to=ADDRESS, by=buyer)
    assert trade.items_minor == 1500


def test_a_price_that_falls_to_the_offer_ends_it(listing, buyer, relay):
    offer, lower = offered(listing, buyer, 1500), offered(listing, make_user(), 1000)
    listings.change_listing(listing=listing, by=listing.seller, price_minor=1500)
    relay()
    offer.refresh_from_db()
    assert (offer.state, offer.why, state(lower)) == ("void", "cheaper", "open")


def test_offers_end_when_nobody_answers(listing, buyer):
    offer = offered(listing, buyer)
    hours_pass(49)
    with pytest.raises(actions.OfferEnded):
        actions.accept(offer=offer, by=listing.seller)
    assert closing.sweep() == (1, 0)
    assert closing.sweep() == (0, 0)
    assert state(offer) == "expired"


def test_agreements_lapse_when_nobody_checks_out(listing, buyer, relay):
    offer = actions.accept(offer=offered(listing, buyer, quantity=2), by=listing.seller)
    hours_pass(25)
    with pytest.raises(actions.OfferEnded):
        trades.buy_agreed(offer=offer, ship_to=ADDRESS, by=buyer)
    assert closing.sweep() == (0, 1)
    assert state(offer) == "lapsed"
    assert left(listing) == (Listing.State.ACTIVE, 2, 0)


def test_many_offers_expire_in_few_statements(listing, django_assert_num_queries):
    for _ in range(12):
        offered(listing, make_user())
    hours_pass(49)
    with django_assert_num_queries(10):
        assert closing.sweep() == (12, 0)


def test_blocked_members_neither_offer_nor_buy_nor_write(listing, buyer):
    trade = make_trade(listing, buyer)
    blocks.block(other=buyer, by=listing.seller)
    for act in (
        lambda: offered(listing, buyer),
        lambda: make_trade(listing, buyer),
        lambda: trades.say(trade=trade, by=buyer, body="Why?"),
        lambda: trades.say(trade=trade, by=listing.seller, body="Because."),
        lambda: offered(make_listing(buyer, price_minor=2000), listing.seller),
    ):
        with pytest.raises(Blocked):
            act()


def test_a_block_ends_open_offers_and_agreements_between_the_two(listing, buyer, relay):
    agreed = actions.accept(offer=offered(listing, buyer), by=listing.seller)
    open_one = offered(make_listing(listing.seller, price_minor=2000), buyer)
    others = offered(listing, make_user())
    blocks.block(other=listing.seller, by=buyer)
    with pytest.raises(Blocked):
        trades.buy_agreed(offer=agreed, ship_to=ADDRESS, by=buyer)
    relay()
    assert (state(agreed), state(open_one), state(others)) == ("void", "void", "open")
    assert left(listing) == (Listing.State.ACTIVE, 2, 0)


def test_a_paused_listing_is_not_agreed_on(listing, buyer):
    offer = offered(listing, buyer)
    listings.set_paused(listing=listing, paused=True, by=listing.seller)
    with pytest.raises(listings.NotForSale):
        actions.accept(offer=offer, by=listing.seller)
    assert "accept" not in queries.next_step(queries.offer_for(pk=offer.pk, reader=buyer), listing.seller).may


def test_nothing_is_bargained_about_that_is_not_sent_to_the_buyer(listing, buyer):
    save_profile(by=listing.seller, profile=listing.shipping, name="Home", rates=[Rate("HOME", 150)])
    abroad = make_user(country="DE")
    with pytest.raises(InvalidInput, match="does not ship"):
        offered(listing, abroad)
    offer = offered(listing, buyer)
    buyer.country = "DE"
    buyer.save()
    with pytest.raises(InvalidInput, match="does not ship"):
        actions.accept(offer=offer, by=listing.seller)
    assert state(offer) == "open"


def test_a_new_seller_agrees_to_no_more_than_may_be_under_way(listing, buyer, settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 3400
    with pytest.raises(trades.SellerLimit):
        offered(listing, buyer, quantity=2, price_minor=1900)
    first, second = offered(listing, buyer), offered(listing, make_user(), price_minor=1800)
    actions.accept(offer=first, by=listing.seller)
    with pytest.raises(trades.SellerLimit):
        actions.accept(offer=second, by=listing.seller)
    actions.withdraw(offer=first, by=buyer)
    assert actions.accept(offer=second, by=listing.seller).state == "agreed"


def test_facts_of_offers_tell_who_did_what_for_how_much(listing, buyer):
    first = offered(listing, buyer)
    second = actions.counter(offer=first, by=listing.seller, price_minor=1800)
    actions.accept(offer=second, by=buyer)
    actions.withdraw(offer=second, by=buyer)
    told = {
        event.topic: event.payload for event in OutboxEvent.objects.filter(topic__startswith="offer.").order_by("pk")
    }
    assert (told["offer.made"]["price_minor"], told["offer.made"]["author_id"]) == (1800, str(listing.seller_id))
    assert (told["offer.agreed"]["by_id"], told["offer.agreed"]["quantity"]) == (str(buyer.pk), 1)
    assert told["offer.agreed"]["due_at"]
    assert (told["offer.closed"]["state"], told["offer.closed"]["by_id"]) == ("withdrawn", str(buyer.pk))
