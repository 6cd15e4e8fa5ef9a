"""Checking out a cart: one trade and one payment for each seller, what fails is said there, and nobody buys twice."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.core import outbox
from apps.inventory.models import InventoryItem
from apps.listings import actions as listings
from apps.listings.cart import actions as carts
from apps.listings.cart.models import CartLine
from apps.listings.cart.queries import contents
from apps.listings.models import Listing
from apps.trades import actions as trades
from apps.trades.checkout import actions
from apps.trades.checkout.models import Order, OrderParcel
from apps.trades.models import Trade
from tests.factories import ADDRESS, make_listing, make_product, make_trade, make_user, make_variant
from tests.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    user = make_user()
    client.force_login(user)
    return user


def fill(buyer, *offers):
    for offer in offers:
        carts.add(listing_id=offer.pk, quantity=1, by=buyer)


def agreed_of(buyer):
    shown = contents(carts.cart_of(owner=buyer), country="US")
    return {(parcel.seller.pk, parcel.currency): parcel.total_minor for parcel in shown.parcels}


def order(buyer, key="one", agreed=None):
    agreed = agreed_of(buyer) if agreed is None else agreed
    return actions.place_order(by=buyer, ship_to=ADDRESS, agreed=agreed, request_key=key)


def typed(page):
    return ADDRESS | {
        "line2": "", "region": "", "request_key": page.context["form"]["request_key"].value(),
        "agreed": page.context["agreed"], "country_shown": page.context["country"],
    }  # fmt: skip


def test_one_confirmation_makes_a_trade_for_each_seller(buyer):
    seller = make_user()
    first, second, other = make_listing(seller), make_listing(seller, price_minor=500), make_listing()
    fill(buyer, first, second, other)
    made = order(buyer)
    parcels = {parcel.seller: parcel.trade for parcel in made.parcels.all()}
    assert (parcels[seller].items_minor, parcels[seller].shipping_minor, parcels[seller].lines.count()) == (
        1750,
        150,
        2,
    )
    assert parcels[seller].hold.description.endswith("and 1 more")
    assert parcels[other.seller].total_minor == 1400
    assert InventoryItem.objects.filter(reserved=1).count() == 3
    assert not CartLine.objects.exists()


def test_what_fails_is_said_for_its_seller_and_the_rest_stands(buyer):
    gone, sold, dearer, fine = make_listing(), make_listing(), make_listing(), make_listing()
    fill(buyer, gone, sold, dearer, fine)
    agreed = agreed_of(buyer)
    listings.withdraw(listing=gone, by=gone.seller)
    make_trade(sold)
    listings.change_listing(listing=dearer, by=dearer.seller, price_minor=1300)
    made = order(buyer, agreed=agreed)
    said = {parcel.seller: (parcel.refusal_code, parcel.refusal) for parcel in made.parcels.all()}
    assert said[gone.seller][0] == "NOT_FOR_SALE"
    assert said[sold.seller][0] == "OUT_OF_STOCK"
    assert "now costs $13.00 and not $12.50" in said[dearer.seller][1]
    assert said[fine.seller] == ("", "")
    assert Trade.objects.filter(buyer=buyer).count() == 1
    assert set(CartLine.objects.values_list("listing", flat=True)) == {gone.pk, sold.pk, dearer.pk}
    assert Listing.objects.get(pk=dearer.pk).quantity == 1
    assert not InventoryItem.objects.get(pk=gone.item_id).reserved


def test_one_bad_card_leaves_no_reservation_of_the_others_in_its_parcel(buyer):
    seller = make_user()
    fine, gone = make_listing(seller), make_listing(seller)
    fill(buyer, fine, gone)
    agreed = agreed_of(buyer)
    listings.withdraw(listing=gone, by=seller)
    order(buyer, agreed=agreed)
    assert not Trade.objects.exists()
    assert not InventoryItem.objects.filter(reserved__gt=0).exists()
    assert Listing.objects.get(pk=fine.pk).state == "active"


def test_dearer_shipping_is_never_charged_silently_and_a_lower_price_is_the_buyers(buyer):
    dearer, cheaper = make_listing(), make_listing()
    fill(buyer, dearer, cheaper)
    agreed = agreed_of(buyer)
    dearer.shipping.rates.update(price_minor=200)
    listings.change_listing(listing=cheaper, by=cheaper.seller, price_minor=1000)
    made = order(buyer, agreed=agreed)
    outcomes = {parcel.seller: parcel for parcel in made.parcels.all()}
    assert outcomes[dearer.seller].refusal_code == "COSTS_MORE"
    assert outcomes[cheaper.seller].trade.total_minor == 1150


def test_the_same_key_is_the_same_order_even_when_the_cart_was_filled_again(buyer):
    listing = make_listing(quantity=3)
    fill(buyer, listing)
    agreed = agreed_of(buyer)
    first = order(buyer, agreed=agreed)
    fill(buyer, listing)
    assert order(buyer, agreed=agreed) == first
    assert Trade.objects.count() == 1
    assert order(buyer, "two") != first


def test_an_interrupted_order_goes_on_where_it_was(buyer, monkeypatch):
    fill(buyer, make_listing(), make_listing())
    agreed = agreed_of(buyer)
    settle, seen = actions._settle, []

    def dies_after_one(pk):
        if seen:
            raise KeyboardInterrupt
        seen.append(pk)
        settle(pk)

    monkeypatch.setattr(actions, "_settle", dies_after_one)
    with pytest.raises(KeyboardInterrupt):
        order(buyer, agreed=agreed)
    monkeypatch.setattr(actions, "_settle", settle)
    order(buyer, agreed=agreed)
    assert Trade.objects.count() == 2


def test_nothing_to_buy_makes_no_order(buyer):
    with pytest.raises(actions.NothingToBuy):
        order(buyer, agreed={(make_user().pk, "USD"): 100})
    assert not Order.objects.exists()


def test_the_page_leads_from_payment_to_payment_and_ends_at_the_order(client, buyer, company):
    fill(buyer, make_listing(variant=make_variant(make_product("Tide Warden"))), make_listing())
    page = client.get(reverse("cart-checkout"))
    assert "Tide Warden" in page.content.decode()
    assert "$28.00" in page.content.decode()
    answer = client.post(reverse("cart-checkout"), typed(page))
    made = Order.objects.get()
    first, second = (parcel.trade.hold.payments.get() for parcel in made.parcels.order_by("created_at", "pk"))
    assert answer["Location"] == first.checkout_url
    assert client.post(reverse("cart-checkout"), typed(page))["Location"] == first.checkout_url
    assert Trade.objects.count() == 2
    company.pay_on_page(first)
    onward = client.get(reverse("pay-return", args=[first.pk]))["Location"]
    assert client.get(onward)["Location"] == second.checkout_url
    company.pay_on_page(second)
    client.get(reverse("pay-return", args=[second.pk]))
    assert client.get(onward)["Location"] == made.get_absolute_url()
    page = client.get(made.get_absolute_url()).content.decode()
    assert page.count("Paid, waiting for the parcel") == 2
    assert "Go on to payment" not in page


def test_a_refusal_is_shown_before_paying_the_rest(client, buyer, company):
    gone, fine = make_listing(), make_listing()
    fill(buyer, gone, fine)
    page = client.get(reverse("cart-checkout"))
    listings.withdraw(listing=gone, by=gone.seller)
    answer = client.post(reverse("cart-checkout"), typed(page), follow=True)
    text = answer.content.decode()
    assert "Not bought" in text
    assert "Nothing was charged for it" in text
    onward = client.post(reverse("order-pay", args=[Order.objects.get().pk]), {"pay": "yes"})
    assert onward["Location"] == Trade.objects.get().hold.payments.get().checkout_url


def test_another_country_is_confirmed_with_its_own_totals(client, buyer):
    fill(buyer, make_listing())
    page = client.get(reverse("cart-checkout"))
    answer = client.post(reverse("cart-checkout"), typed(page) | {"country": "DE"})
    assert answer.status_code == 422
    assert "$24.50" in answer.content.decode()
    assert not Order.objects.exists()


def test_a_cart_that_changed_is_looked_through_first(client, buyer):
    listing = make_listing()
    fill(buyer, listing)
    listings.change_listing(listing=listing, by=listing.seller, price_minor=1300)
    assert client.get(reverse("cart-checkout"))["Location"] == reverse("cart")


def test_an_order_is_its_buyers_alone(client, buyer):
    other = make_user()
    fill(other, make_listing())
    made = order(other)
    assert client.get(made.get_absolute_url()).status_code == 404
    assert client.post(reverse("order-pay", args=[made.pk])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_buyers_of_one_copy_exactly_one_wins_a_hundred_times(settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9
    seller, buyers, variant = make_user(), (make_user(), make_user()), make_variant()
    for number in range(100):
        listing = make_listing(seller, variant=variant)
        for each in buyers:
            fill(each, listing)
        agreed = {(seller.pk, "USD"): 1400}
        made = together([lambda who=who, key=f"{number}", agreed=agreed: order(who, key, agreed) for who in buyers])
        parcels = [OrderParcel.objects.get(order=each) for each in made]
        assert sorted(bool(parcel.trade_id) for parcel in parcels) == [False, True]
        assert sorted(parcel.refusal_code for parcel in parcels) == ["", "OUT_OF_STOCK"]
        item = InventoryItem.objects.get(pk=listing.item_id)
        assert (item.quantity, item.reserved) == (1, 1)
        CartLine.objects.all().delete()
    for trade in Trade.objects.select_related("buyer"):
        trades.cancel(trade=trade, by=trade.buyer)
    outbox.relay(limit=10_000)
    assert not InventoryItem.objects.filter(reserved__gt=0).exists()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_in_two_threads_orders_once():
    buyer, listing = make_user(), make_listing(quantity=1)
    fill(buyer, listing)
    agreed = agreed_of(buyer)
    first, second = together([lambda: order(buyer, "same", agreed)] * 2)
    assert first == second
    assert Trade.objects.count() == 1
    assert OrderParcel.objects.get().trade_id
