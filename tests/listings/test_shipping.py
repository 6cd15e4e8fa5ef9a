"""Sending: which rate counts for which parcel, profiles as sellers edit them, the reader's country."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.core.errors import Conflict, InvalidInput, NotYours
from apps.listings import queries
from apps.listings.destinations import destinations_of
from apps.listings.shipping import Rate, default_shipping, remove_profile, save_profile, shipping_minor
from tests.factories import make_listing, make_user, make_variant

pytestmark = pytest.mark.django_db


def listing_with(*rates, country="DE", **fields):
    seller = make_user(country=country)
    return make_listing(seller, shipping=save_profile(by=seller, name="Mine", rates=rates), **fields)


def test_the_nearest_destination_counts_however_dear_it_is():
    listing = listing_with(Rate("HOME", 100), Rate("FR", 900), Rate("EU", 300), Rate("EUROPE", 400), Rate("WORLD", 200))
    costs = {country: shipping_minor(listing, country) for country in ("DE", "FR", "IT", "NO", "US")}
    assert costs == {"DE": 100, "FR": 900, "IT": 300, "NO": 400, "US": 200}


def test_of_the_rates_that_fit_a_parcel_the_cheapest_counts():
    listing = listing_with(
        Rate("HOME", 120, up_to_grams=50, is_tracked=False),
        Rate("HOME", 400, up_to_minor=5000),
        Rate("HOME", 900),
        price_minor=2000,
        quantity=9,
    )
    costs = {copies: shipping_minor(listing, "DE", quantity=copies) for copies in (1, 2, 3, 9)}
    assert costs == {1: 120, 2: 120, 3: 120, 9: 900}
    assert shipping_minor(listing, "FR") is None


def test_a_parcel_that_fits_no_rate_of_its_own_destination_is_sent_by_the_next_one():
    listing = listing_with(Rate("FR", 100, up_to_grams=1), Rate("WORLD", 700))
    assert shipping_minor(listing, "FR") == 700


def test_a_regions_country_is_reached_by_its_narrowest_region_first():
    assert destinations_of("DE") == ["DE", "EU", "EUROPE", "WORLD"]
    assert destinations_of("CH") == ["CH", "EUROPE", "WORLD"]
    assert destinations_of("BR") == ["BR", "WORLD"]


def test_offers_and_checkout_agree_about_what_is_delivered(django_assert_num_queries):
    listing = listing_with(Rate("HOME", 100), Rate("NAMERICA", 650), price_minor=1000)
    product_id = listing.item.variant.product_id
    with django_assert_num_queries(1):
        row = queries.offers_for(product_id=product_id, country="US")[0]
    assert (row.shipping_minor, row.delivered_minor) == (shipping_minor(listing, "US"), 1650)


def test_a_seller_who_said_nothing_has_a_tracked_standard_profile_once():
    seller = make_user(country="DE")
    assert default_shipping(seller=seller) == default_shipping(seller=seller)
    assert {rate.destination: rate.price_minor for rate in default_shipping(seller=seller).rates.all()} == {
        "HOME": 150,
        "WORLD": 1200,
    }


@pytest.mark.parametrize(
    "rates",
    [
        [],
        [Rate("MARS", 100)],
        [Rate("HOME", -1)],
        [Rate("HOME", 50_001)],
        [Rate("HOME", 10**20)],
        [Rate("HOME", 100, up_to_grams=0)],
        [Rate("HOME", 100), Rate("HOME", 200)],
    ],
)
def test_rates_out_of_bounds_are_refused(rates):
    with pytest.raises(InvalidInput):
        save_profile(by=make_user(), name="Mine", rates=rates)


def test_anothers_profile_is_neither_changed_nor_removed_and_one_in_use_stays():
    listing = make_listing()
    with pytest.raises(NotYours):
        save_profile(by=make_user(), profile=listing.shipping, name="x", rates=[Rate("HOME", 1)])
    with pytest.raises(NotYours):
        remove_profile(profile=listing.shipping, by=make_user())
    with pytest.raises(Conflict, match="use this profile"):
        remove_profile(profile=listing.shipping, by=listing.seller)
    with pytest.raises(Conflict, match="of this name"):
        save_profile(by=listing.seller, name="Standard", rates=[Rate("HOME", 1)])


# -- pages ------------------------------------------------------------------------------------------------------------
def typed(*rows, name="Standard"):
    fields = {"name": name, "rates-TOTAL_FORMS": len(rows), "rates-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        fields |= {f"rates-{number}-{key}": value for key, value in row.items()}
    return fields


def test_rates_are_set_on_the_page_and_slips_are_said(client):
    seller = make_user()
    client.force_login(seller)
    assert "Your own country" in client.get(reverse("shipping")).content.decode()
    url = reverse("shipping-profile", args=[seller.shipping_profiles.get().pk])
    assert client.get(url).status_code == 200
    home = {"destination": "HOME", "price_minor": "2.00", "is_tracked": "on", "days": "3"}
    answer = client.post(url, typed(home, {"destination": "EU", "price_minor": "6.50"}), follow=True)
    assert "saved" in answer.content.decode()
    profile = seller.shipping_profiles.get()
    assert list(profile.rates.order_by("pk").values_list("destination", "price_minor", "is_tracked")) == [
        ("HOME", 200, True),
        ("EU", 650, False),
    ]
    assert not profile.is_tracked
    answer = client.post(url, typed(home | {"price_minor": "-1"}))
    assert answer.status_code == 422
    assert "price_minor" in answer.context["rates"].forms[0].errors
    answer = client.post(url, typed(home, home))
    assert "same parcels" in answer.content.decode()
    client.post(reverse("shipping-new"), typed(home, name="Bulky"))
    assert seller.shipping_profiles.count() == 2
    client.post(reverse("shipping-remove", args=[seller.shipping_profiles.get(name="Bulky").pk]))
    assert seller.shipping_profiles.count() == 1


def test_a_visitor_chooses_the_country_that_prices_are_for(client):
    listing = listing_with(Rate("HOME", 100), Rate("WORLD", 1100), price_minor=1000, variant=make_variant())
    assert "$21.00" in client.get(listing.get_absolute_url()).content.decode()
    answer = client.post(reverse("country"), {"country": "DE", "next": listing.get_absolute_url()})
    assert answer["Location"] == listing.get_absolute_url()
    page = client.get(listing.get_absolute_url()).content.decode()
    assert "Germany" in page
    assert "$11.00" in page
    client.post(reverse("country"), {"country": "XX", "next": "https://elsewhere.example"})
    assert "Germany" in client.get(listing.get_absolute_url()).content.decode()
    assert client.post(reverse("country"), {"next": "//elsewhere.example"})["Location"] == "/"
