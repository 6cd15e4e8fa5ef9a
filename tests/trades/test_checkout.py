"""Checkout and paying as people meet them: the total before paying, double clicks, declined cards, the last copy."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.actions import save_address
from apps.inventory.models import InventoryItem
from apps.trades import actions
from apps.trades.models import Trade
from tests.escrow.conftest import DECLINED
from tests.factories import ADDRESS, make_listing, make_product, make_trade, make_user, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    user = make_user()
    client.force_login(user)
    return user


def texts(answer):
    return [str(message) for message in answer.context["messages"]]


def order(**typed):
    return ADDRESS | {"line2": "", "region": "", "quantity": "1", "request_key": "click-1"} | typed


def url_of(listing):
    return reverse("checkout", args=[listing.pk])


def test_card_shipping_fee_and_total_are_told_before_paying(client, buyer):
    listing = make_listing(price_minor=1250, variant=make_variant(make_product("Tide Warden")))
    page = client.get(url_of(listing)).content.decode()
    for shown in ("Tide Warden", "$12.50", "$1.50", "$14.00", "none", "24 hours"):
        assert shown in page


def test_a_saved_address_is_filled_in(client, buyer):
    save_address(user=buyer, by=buyer, **ADDRESS | {"city": "Shelbyville"})
    assert "Shelbyville" in client.get(url_of(make_listing())).content.decode()


def test_sending_it_reserves_the_copies_keeps_the_address_and_leads_to_the_payment(client, buyer, company):
    listing = make_listing(quantity=2)
    answer = client.post(url_of(listing), order(quantity="2"))
    trade = Trade.objects.get()
    payment = trade.hold.payments.get()
    assert answer["Location"] == payment.checkout_url
    assert (trade.buyer, trade.total_minor, trade.ship_to["city"]) == (buyer, 2650, "Springfield")
    assert InventoryItem.objects.get(pk=listing.item_id).reserved == 2
    assert buyer.addresses.get().line1 == "1 Card Lane"


def test_a_double_click_buys_once_and_both_lead_to_the_same_payment(client, buyer, company):
    listing = make_listing(quantity=1)
    first, second = (client.post(url_of(listing), order())["Location"] for _ in range(2))
    assert first == second
    assert Trade.objects.count() == 1


@pytest.mark.parametrize(
    ("slip", "field", "said"),
    [
        ({"name": " "}, "name", "required"),
        ({"line1": ""}, "line1", "required"),
        ({"postal_code": ""}, "postal_code", "required"),
        ({"country": "XX"}, "country", "XX"),
        ({"quantity": "0"}, "quantity", "greater than or equal to 1"),
        ({"quantity": "9"}, "__all__", "Only 2 are left"),
    ],
)
def test_slips_are_said_and_what_was_typed_stays(client, buyer, slip, field, said):
    answer = client.post(url_of(make_listing(quantity=2)), order(city="Ogdenville") | slip)
    form = answer.context["form"]
    assert answer.status_code == 422
    assert said in str(form.errors[field])
    assert said in answer.content.decode() or field == "country"
    assert form["city"].value() == "Ogdenville"
    assert not Trade.objects.exists()


def test_shipping_is_worked_out_for_the_country_that_was_typed(client, buyer):
    listing = make_listing()
    listing.shipping.rates.filter(destination="WORLD").delete()
    answer = client.post(url_of(listing), order(country="DE"))
    assert answer.status_code == 422
    assert "does not ship to this country" in answer.content.decode()


def test_who_comes_too_late_is_told_so(client, buyer):
    listing = make_listing(quantity=1)
    make_trade(listing)
    answer = client.post(url_of(listing), order())
    assert answer.status_code == 422
    assert "Somebody else was quicker" in answer.content.decode()
    answer = client.get(url_of(listing), follow=True)
    assert "Sold out" in answer.content.decode()


def test_a_withdrawn_listing_is_gone_and_ones_own_is_not_bought(client, buyer):
    listing = make_listing(buyer)
    assert client.get(url_of(listing))["Location"] == listing.get_absolute_url()
    assert "your own listing" in client.post(url_of(listing), order()).content.decode()
    other = make_listing()
    from apps.listings.actions import withdraw

    withdraw(listing=other, by=other.seller)
    assert "This listing is gone" in client.post(url_of(other), order()).content.decode()


def test_a_silent_payment_company_loses_nothing(client, buyer, company):
    company.sandbox.switches.fail_next = 50
    answer = client.post(url_of(make_listing()), order(), follow=True)
    trade = Trade.objects.get()
    assert answer.redirect_chain[-1][0] == trade.get_absolute_url()
    assert "stay reserved for you" in texts(answer)[0]
    company.sandbox.switches.fail_next = 0
    again = client.post(reverse("trade-pay", args=[trade.pk]))
    assert again["Location"] == trade.hold.payments.get(state="pending").checkout_url


def test_coming_back_paid_the_room_says_that_the_money_is_held(client, buyer, company):
    client.post(url_of(make_listing()), order())
    payment = Trade.objects.get().hold.payments.get()
    company.pay_on_page(payment)
    answer = client.get(reverse("pay-return", args=[payment.pk]))
    assert answer["Location"].endswith(Trade.objects.get().get_absolute_url())
    page = client.get(Trade.objects.get().get_absolute_url()).content.decode()
    assert "Paid. The money is held" in page
    assert "Paid, waiting for the parcel" in page


def test_a_declined_card_is_told_with_its_reason_and_can_be_tried_again(client, buyer, company):
    client.post(url_of(make_listing()), order())
    trade = Trade.objects.get()
    payment = trade.hold.payments.get()
    with pytest.raises(Exception, match="declined"):
        company.pay_on_page(payment, DECLINED)
    client.get(reverse("pay-return", args=[payment.pk]))
    page = client.get(trade.get_absolute_url()).content.decode()
    assert "declined" in page
    assert reverse("trade-pay", args=[trade.pk]) in page


def test_paying_what_is_no_longer_open_says_so_and_promises_nothing(client, buyer, company):
    trade = make_trade(buyer=buyer)
    actions.cancel(trade=trade, by=buyer)
    answer = client.post(reverse("trade-pay", args=[trade.pk]), follow=True)
    assert len(texts(answer)) == 1
    assert "reserved" not in texts(answer)[0]
    client.force_login(trade.seller)
    answer = client.post(reverse("trade-pay", args=[trade.pk]), follow=True)
    assert "reserved" not in texts(answer)[0]
