"""What people type that nobody meant: prices of nothing, less than nothing or too much, names in any script."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.listings.models import Listing
from apps.listings.offers.models import Offer
from apps.listings.selling.models import Repricing
from apps.listings.shipping import default_shipping
from apps.listings.wants.actions import make_list
from apps.trades.models import Trade
from tests.factories import make_item, make_listing, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db
PRICES = ["0", "-1", "0.001", "500000.01", "9" * 40, "1e400", "NaN", "🐉"]
NAMES = ["🐉🔥 Drake 👩‍🚀", "דרקון הזהב", "Dra\u202eekard", "ﷺ" * 40]


@pytest.fixture
def member(client):
    user = make_user()
    client.force_login(user)
    return user


@pytest.mark.parametrize("price", PRICES)
def test_no_form_takes_such_a_price(client, member, price):
    item, listing = make_item(member), make_listing(price_minor=2000)
    own = make_listing(member, price_minor=2000)
    forms = {
        reverse("list-item", args=[item.pk]): {
            "price_minor": price, "quantity": "1", "shipping": default_shipping(seller=member).pk,
        },
        reverse("listing-change", args=[own.pk]): {
            "price_minor": price, "quantity": "1", "shipping": own.shipping_id,
        },
        reverse("offer-make", args=[listing.pk]): {"price_minor": price, "quantity": "1"},
    }  # fmt: skip
    for address, typed in forms.items():
        assert client.post(address, typed).status_code == 422, address
    many = client.post(reverse("sell-many"), {"item": item.pk, f"price-{item.pk}": price, f"quantity-{item.pk}": "1"})
    assert many.status_code in (200, 422)
    assert list(Listing.objects.exclude(pk__in=[listing.pk, own.pk])) == []
    assert Listing.objects.get(pk=own.pk).price_minor == 2000
    assert not Offer.objects.exists()


@pytest.mark.parametrize("price", PRICES)
def test_no_rule_and_no_rate_takes_such_an_amount(client, member, price):
    make_listing(member, price_minor=2000)
    rule = {"kind": "fair", "percent": "90", "by_minor": "0.01", "floor_minor": price}
    assert client.post(reverse("reprice"), rule).status_code == 422
    assert not Repricing.objects.exists()
    if price.strip("0."):
        rates = {"rates-TOTAL_FORMS": "1", "rates-INITIAL_FORMS": "0", "rates-0-destination": "HOME"}
        given = {"name": "Odd", "rates-0-price_minor": price, **rates}
        assert client.post(reverse("shipping-new"), given).status_code == 422
        assert not member.shipping_profiles.filter(name="Odd").exists()


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_script_stand_on_every_page(client, member, name):
    seller = make_user(name[:60])
    listing = make_listing(seller, variant=make_variant(make_product(name)), price_minor=2000)
    wanted = make_list(by=member, name=name[:60])
    pages = [
        reverse("listing", args=[listing.pk]),
        reverse("card", args=[listing.item.variant.product_id]),
        reverse("member", args=[seller.pk]),
        reverse("want-list", args=[wanted.pk]),
        f"{reverse('market')}?q={name}",
        reverse("checkout", args=[listing.pk]),
    ]
    for page in pages:
        assert client.get(page).status_code == 200, page
    added = client.post(reverse("want-list", args=[wanted.pk]), {"text": f"1 {name}\n2 {name} x"}, follow=True)
    assert added.status_code == 200
    client.post(reverse("offer-make", args=[listing.pk]), {"price_minor": "15", "quantity": "1", "message": name})
    assert Offer.objects.get().message == name
    assert client.get(Offer.objects.get().get_absolute_url()).status_code == 200
    assert not Trade.objects.exists()
