"""Selling as people meet it: offering a card, its page, changing, pausing, withdrawing, shipping prices."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.inventory.models import ItemPhoto
from apps.listings import seen
from apps.listings.models import Listing
from apps.listings.shipping import default_shipping
from tests.factories import make_item, make_listing, make_price, make_product, make_trade, make_user, make_variant

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def seller(client):
    user = make_user()
    client.force_login(user)
    return user


def texts(answer):
    return [str(message) for message in answer.context["messages"]]


def offer(user, **typed):
    return {"price_minor": "12.99", "quantity": "1", "shipping": default_shipping(seller=user).pk} | typed


def test_without_listings_the_page_says_how_to_begin(client, seller):
    assert "Nothing listed" in client.get(reverse("sell")).content.decode()


def test_the_page_shows_views_and_the_position_against_the_market(client, seller):
    variant = make_variant(make_product("Tide Warden"))
    mine = make_listing(seller, variant=variant, price_minor=2000)
    make_listing(variant=variant, price_minor=1500)
    make_listing(variant=variant, price_minor=2500)
    make_item(seller, make_variant(make_product("Not Listed Yet")))
    Listing.objects.filter(pk=mine.pk).update(views=7)
    page = client.get(reverse("sell")).content.decode()
    for shown in ("Tide Warden", "$20.00", "2nd cheapest of 3", "Not Listed Yet"):
        assert shown in page
    make_listing(seller, price_minor=900)
    assert "the only one" in client.get(reverse("sell")).content.decode()


def test_more_listings_than_a_page_holds_are_all_reachable(client, seller):
    variant = make_variant()
    for number in range(51):
        make_listing(item=make_item(seller, variant, notes=str(number)))
    assert "?page=2" in client.get(reverse("sell")).content.decode()
    assert len(client.get(reverse("sell"), {"page": "2"}).context["page"].rows) == 1
    for odd in ("0", "-1", "x", "999999999", "²"):
        assert client.get(reverse("sell"), {"page": odd}).status_code == 200


def test_the_price_is_suggested_and_the_fees_are_shown_before_listing(client, seller):
    item = make_item(seller, quantity=3)
    make_price(item.variant, "12.50")
    answer = client.get(reverse("list-item", args=[item.pk]))
    page = answer.content.decode()
    assert 'value="12.50"' in page
    assert 'value="3"' in page
    assert reverse("fees") in page
    assert "No photo of your copy" in page
    example = client.get(reverse("fees"), {"price_minor": "12.50"}, headers=HTMX).content.decode()
    assert "<html" not in example
    assert "$12.50" in example


def test_an_offer_is_made_once_however_often_one_clicks(client, seller):
    item = make_item(seller)
    first = client.post(reverse("list-item", args=[item.pk]), offer(seller, description=" Clean. "))
    listing = Listing.objects.get()
    assert first["Location"] == listing.get_absolute_url()
    assert (listing.price_minor, listing.quantity, listing.description) == (1299, 1, "Clean.")
    again = client.post(reverse("list-item", args=[item.pk]), offer(seller))
    assert again.status_code == 422
    assert "listed already" in again.content.decode()
    assert Listing.objects.count() == 1


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"price_minor": ""}, "required"),
        ({"price_minor": "0.05"}, "between 0.10 and 500,000.00"),
        ({"price_minor": "500000.01"}, "between 0.10 and 500,000.00"),
        ({"price_minor": "1.999"}, "no more than 2 decimal places"),
        ({"price_minor": "twelve"}, "number"),
        ({"quantity": "0"}, "greater than or equal to 1"),
        ({"quantity": "5"}, "2 free copies"),
        ({"description": "x" * 501}, "at most 500"),
    ],
)
def test_slips_are_said_at_their_field_and_what_was_typed_stays(client, seller, slip, said):
    item = make_item(seller, quantity=2)
    typed = offer(seller, price_minor="9.50", quantity="2", description="Clean.") | slip
    answer = client.post(reverse("list-item", args=[item.pk]), typed)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert said in str(form.errors)
    assert [form[name].value() for name in slip] == list(slip.values())
    assert form["description"].value() == typed["description"]
    if "500,000" in said:
        assert list(form.errors) == ["price_minor"]
    assert not Listing.objects.exists()


def test_anothers_shipping_prices_cannot_be_taken(client, seller):
    item, foreign = make_item(seller), default_shipping(seller=make_user())
    answer = client.post(reverse("list-item", args=[item.pk]), offer(seller, shipping=foreign.pk))
    assert answer.status_code == 422
    assert "shipping" in answer.context["form"].errors


def test_a_visitor_sees_the_whole_offer_and_is_counted(client):
    listing = make_listing(make_user("Ada Sells"), price_minor=1250, variant=make_variant(make_product("Tide Warden")))
    make_price(listing.item.variant, "14.00")
    page = client.get(listing.get_absolute_url()).content.decode()
    for shown in (
        "Tide Warden",
        "$12.50",
        "Ada Sells",
        "$14.00",
        reverse("checkout", args=[listing.pk]),
        "not photographed",
    ):
        assert shown in page
    seen.write_views()
    listing.refresh_from_db()
    assert listing.views == 1


def test_the_sellers_own_visits_do_not_count_and_offer_changes_instead_of_buying(client, seller):
    listing = make_listing(seller)
    ItemPhoto.objects.create(item=listing.item, file="items/a.jpg", width=10, height=10)
    page = client.get(listing.get_absolute_url()).content.decode()
    assert reverse("listing-change", args=[listing.pk]) in page
    assert reverse("checkout", args=[listing.pk]) not in page
    assert "Photo of this copy" in page
    listing.refresh_from_db()
    assert listing.views == 0


def test_no_shipping_to_the_readers_country_is_said_before_anybody_pays(client):
    listing = make_listing(make_user(country="DE"))
    listing.shipping.rates.filter(destination="WORLD").delete()
    page = client.get(listing.get_absolute_url()).content.decode()
    assert "No shipping to your country" in page
    assert reverse("checkout", args=[listing.pk]) not in page


def test_the_price_is_changed(client, seller):
    listing = make_listing(seller, quantity=2)
    url = reverse("listing-change", args=[listing.pk])
    assert 'value="12.50"' in client.get(url).content.decode()
    answer = client.post(url, offer(seller, price_minor="11.00", quantity="2"), follow=True)
    listing.refresh_from_db()
    assert listing.price_minor == 1100
    assert texts(answer) == ["The listing is changed."]
    answer = client.post(url, offer(seller, price_minor="0.01"))
    assert (answer.status_code, answer.context["form"]["price_minor"].value()) == (422, "0.01")


def test_a_paused_listing_is_gone_for_others_until_it_is_resumed(client, seller):
    listing = make_listing(seller)
    url = reverse("listing-pause", args=[listing.pk])
    for _ in range(2):
        client.post(url, {"paused": "yes"})
    listing.refresh_from_db()
    assert listing.state == "paused"
    assert client.get(listing.get_absolute_url()).status_code == 200
    client.logout()
    assert "This listing is gone" in client.get(listing.get_absolute_url()).content.decode()
    client.force_login(seller)
    client.post(url, {"paused": "no"})
    client.logout()
    assert client.get(listing.get_absolute_url()).status_code == 200


def test_withdrawing_twice_withdraws_once_and_says_so(client, seller):
    listing = make_listing(seller)
    url = reverse("listing-withdraw", args=[listing.pk])
    assert "stay in your inventory" in texts(client.post(url, follow=True))[0]
    assert "not for sale any more" in texts(client.post(url, follow=True))[0]
    assert (
        "not for sale any more"
        in texts(client.post(reverse("listing-pause", args=[listing.pk]), {"paused": "no"}, follow=True))[0]
    )
    answer = client.get(reverse("listing-change", args=[listing.pk]), follow=True)
    assert "has ended" in texts(answer)[0]
    assert "Withdrawn" in client.get(reverse("sell"), {"show": "ended"}).content.decode()


def test_a_sold_out_listing_stays_readable_and_cannot_be_bought(client):
    listing = make_listing(quantity=1)
    make_trade(listing)
    page = client.get(listing.get_absolute_url()).content.decode()
    assert "Sold out" in page
    assert "Other offers" in page


@pytest.mark.parametrize("name", ["listing-change", "listing-pause", "listing-withdraw"])
def test_anothers_listing_is_not_there_to_change(client, seller, name):
    listing = make_listing(price_minor=1250)
    for method in (client.get, client.post) if name == "listing-change" else (client.post,):
        for headers in ({}, HTMX):
            answer = method(reverse(name, args=[listing.pk]), offer(seller), headers=headers)
            assert answer.status_code == 404
            assert "not one of your listings" in answer.content.decode()
    listing.refresh_from_db()
    assert (listing.state, listing.price_minor) == ("active", 1250)
