"""Bargaining as people meet it: the form on the listing, the lists, the negotiation's page with and without script, REST."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.listings.offers import actions
from apps.listings.offers.models import Offer
from apps.trades.models import Trade
from tests.factories import ADDRESS, make_item, make_listing, make_price, make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def listing():
    found = make_listing(price_minor=2000, quantity=2)
    make_price(found.item.variant, "17.50")
    return found


@pytest.fixture
def buyer():
    return make_user()


def as_(person):
    client = Client()
    client.force_login(person)
    return client


def speaks_for(person):
    api = APIClient()
    api.force_authenticate(person)
    return api


def offered(listing, buyer, price_minor=1500, **more):
    return actions.make_offer(listing=listing, by=buyer, price_minor=price_minor, **more)


def page_of(person, offer):
    return as_(person).get(offer.get_absolute_url()).content.decode()


def test_the_listing_has_the_form_with_the_fair_value_beside_it(listing, buyer):
    page = as_(buyer).get(listing.get_absolute_url()).content.decode()
    assert "Make an offer" in page
    assert "Fair value: $17.50" in page
    answer = as_(buyer).post(reverse("offer-make", args=[listing.pk]), {"price_minor": "15.00", "quantity": "2"})
    offer = Offer.objects.get()
    assert answer["Location"] == offer.get_absolute_url()
    assert (offer.price_minor, offer.quantity) == (1500, 2)
    assert "See where it stands" in as_(buyer).get(listing.get_absolute_url()).content.decode()


def test_beside_a_graded_copy_stands_the_value_of_its_grade(buyer):
    seller = make_user()
    item = make_item(seller, condition="", grade_company="PSA", grade=Decimal(9))
    make_price(item.variant, "17.50")
    make_price(item.variant, "90.00", condition="PSA 9")
    page = as_(buyer).get(make_listing(item=item, price_minor=9500).get_absolute_url()).content.decode()
    assert "Fair value: $90.00" in page
    assert "$17.50" not in page


def test_a_visitor_is_led_to_sign_in_and_the_seller_sees_the_terms(client, listing):
    assert "Sign in and make one" in client.get(listing.get_absolute_url()).content.decode()
    assert client.get(reverse("offer-make", args=[listing.pk])).status_code == 302
    assert "Take offers for this listing" in as_(listing.seller).get(listing.get_absolute_url()).content.decode()


def test_a_refused_offer_is_said_at_its_field_and_what_was_typed_stays(listing, buyer):
    answer = as_(buyer).post(
        reverse("offer-make", args=[listing.pk]), {"price_minor": "25.00", "quantity": "1", "message": "Hello"}
    )
    assert answer.status_code == 422
    assert "Buy it instead" in answer.content.decode()
    assert "Hello" in answer.content.decode()


def test_terms_are_set_on_the_listings_page(listing, buyer):
    address = reverse("offer-terms", args=[listing.pk])
    as_(listing.seller).post(address, {"is_open": "on", "least_percent": "90"})
    answer = as_(buyer).post(
        reverse("offer-make", args=[listing.pk]), {"price_minor": "17.99", "quantity": "1"}, follow=True
    )
    assert "declined at once" in answer.content.decode()
    as_(listing.seller).post(address, {"least_percent": ""})
    assert "Make an offer" not in as_(buyer).get(listing.get_absolute_url()).content.decode()
    assert as_(buyer).post(address, {}).status_code == 404


def test_the_two_bargain_without_script(listing, buyer):
    offer = offered(listing, buyer, 1000)
    seller = as_(listing.seller)
    assert "Your turn: accept, counter or decline" in page_of(listing.seller, offer)
    answer = seller.post(reverse("offer-counter", args=[offer.pk]), {"price_minor": "18.00", "quantity": "1"})
    counter = Offer.objects.get(state="open")
    assert answer["Location"] == counter.get_absolute_url()
    assert "Accept $18.00" in page_of(buyer, offer)  # the page of any offer shows where the two stand
    as_(buyer).post(reverse("offer-accept", args=[counter.pk]))
    assert "Check out at $18.00" in page_of(buyer, counter)
    assert "The buyer’s turn" in page_of(listing.seller, counter)


def test_with_script_the_part_is_swapped_and_says_what_happened(listing, buyer):
    offer = offered(listing, buyer)
    part = as_(listing.seller).post(reverse("offer-accept", args=[offer.pk]), headers=HTMX).content.decode()
    assert part.lstrip().startswith('<div class="stack')
    assert "<html" not in part
    assert "Agreed. The copies are reserved" in part


def test_a_step_that_came_too_late_says_so_and_shows_what_is(listing, buyer):
    offer = offered(listing, buyer)
    actions.withdraw(offer=offer, by=buyer)
    answer = as_(listing.seller).post(reverse("offer-accept", args=[offer.pk]), follow=True)
    assert answer.status_code == 200
    assert "This offer has ended" in answer.content.decode()


def test_a_counter_that_makes_no_sense_is_said_in_the_part(listing, buyer):
    offer = offered(listing, buyer)
    typed = {"price_minor": "99.00", "quantity": "1"}
    part = as_(listing.seller).post(reverse("offer-counter", args=[offer.pk]), typed, headers=HTMX)
    assert "Buy it instead" in part.content.decode()
    assert as_(listing.seller).post(reverse("offer-counter", args=[offer.pk]), typed).status_code == 422


def test_the_lists_say_whose_turn_it_is_and_until_when(listing, buyer):
    offered(listing, buyer)
    received = as_(listing.seller).get(reverse("offers")).content.decode()
    assert "You accept, counter or decline" in received
    made = as_(buyer).get(reverse("offers") + "?side=made").content.decode()
    assert "The seller: accept, counter or decline" in made
    assert "No offers here" in as_(make_user()).get(reverse("offers")).content.decode()
    actions.decline(offer=Offer.objects.get(), by=listing.seller)
    assert "Declined" in as_(buyer).get(reverse("offers") + "?side=made&show=ended").content.decode()


def test_checkout_is_at_the_agreed_price_and_leads_to_the_trade(listing, buyer):
    offer = actions.accept(offer=offered(listing, buyer), by=listing.seller)
    address = reverse("offer-checkout", args=[offer.pk])
    page = as_(buyer).get(address).content.decode()
    assert "Agreed for one" in page
    assert "$15.00" in page
    assert as_(listing.seller).get(address)["Location"] == offer.get_absolute_url()
    assert as_(make_user()).get(address).status_code == 404
    as_(buyer).post(address, ADDRESS)
    trade = Trade.objects.get()
    assert trade.items_minor == 1500
    for side in (buyer, listing.seller):
        assert as_(side).get(address)["Location"] == trade.get_absolute_url()
    as_(buyer).post(address, ADDRESS)
    assert Trade.objects.count() == 1


def test_programs_bargain_too(listing, buyer):
    mine, theirs = speaks_for(buyer), speaks_for(listing.seller)
    made = mine.post("/api/v1/offers", {"listing_id": str(listing.pk), "price_minor": 1000}).json()
    assert made["next_step"]["who"] == "seller"
    assert theirs.get("/api/v1/offers?side=received").json()["offers"][0]["id"] == made["id"]
    counter = theirs.post(f"/api/v1/offers/{made['id']}/counter", {"price_minor": 1800}).json()
    assert counter["state"] == "open"
    agreed = mine.post(f"/api/v1/offers/{counter['id']}/accept").json()
    assert (agreed["state"], agreed["next_step"]["may"]) == ("agreed", ["buy", "withdraw"])
    for _ in range(2):
        trade = mine.post(f"/api/v1/offers/{counter['id']}/checkout", {"ship_to": ADDRESS})
        assert trade.status_code == 201
        assert trade.json()["items_minor"] == 1800
    assert mine.get("/api/v1/offers?state=ended").json()["pagination"]["total"] == 2
    refused = theirs.post(f"/api/v1/offers/{counter['id']}/decline")
    assert refused.json()["error"]["code"] == "OFFER_ENDED"


def test_programs_are_told_what_is_wrong(listing, buyer):
    post = speaks_for(buyer).post
    assert post("/api/v1/offers", {"listing_id": str(listing.pk), "price_minor": -1}).status_code == 400
    assert post("/api/v1/offers", {"listing_id": str(listing.pk), "price_minor": 2500}).status_code == 400
    speaks_for(listing.seller).put(f"/api/v1/listings/{listing.pk}/offer-terms", {"is_open": False})
    answer = post("/api/v1/offers", {"listing_id": str(listing.pk), "price_minor": 1000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "NO_OFFERS")


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_a_page_and_its_steps_are_the_two_sides_own(listing, buyer, side):
    offer = offered(listing, buyer)
    stranger = as_(make_user())
    assert stranger.get(offer.get_absolute_url()).status_code == 404
    for step in ("accept", "decline", "withdraw", "counter"):
        assert stranger.post(reverse(f"offer-{step}", args=[offer.pk])).status_code == 404
    assert as_(getattr(offer, side)).get(offer.get_absolute_url()).status_code == 200
