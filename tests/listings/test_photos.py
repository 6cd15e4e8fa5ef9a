"""Photos of the real copy: which listings need them, and that what stands already is left alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from apps.inventory import actions as inventory
from apps.listings import actions
from apps.listings.models import Listing
from apps.listings.photos import PhotoNeeded
from apps.listings.selling import bulk, repricing
from apps.listings.selling.bulk import Offered
from apps.listings.selling.pricing import FAIR, PriceRule
from apps.listings.shipping import default_shipping
from tests.factories import make_item, make_listing, make_price, make_user

pytestmark = pytest.mark.django_db


def slab(owner=None):
    return make_item(owner, condition="", grade_company="PSA", grade=Decimal(9))


def photograph(item):
    inventory.attach_stored_photo(item=item, name="items/a.jpg", width=252, height=352)


def offer(item, price_minor):
    return actions.list_item(item=item, quantity=1, price_minor=price_minor, by=item.owner)


def test_what_is_dear_needs_a_photo_and_the_bound_itself_does_not():
    item = make_item()
    with pytest.raises(PhotoNeeded, match="more than") as refused:
        offer(item, 10_001)
    assert refused.value.details["where"] == reverse("item", args=[item.pk])
    photograph(item)
    assert offer(item, 10_001).state == "active"
    assert offer(make_item(), 10_000).state == "active"


def test_graded_copies_need_one_at_any_price(settings):
    item = slab()
    with pytest.raises(PhotoNeeded, match="slab"):
        offer(item, 500)
    settings.LISTING_PHOTOS_OF_GRADED = False
    assert offer(item, 500).state == "active"


def test_the_bound_is_a_setting_and_can_be_off(settings):
    settings.LISTING_PHOTOS_ABOVE = Decimal(5)
    with pytest.raises(PhotoNeeded):
        offer(make_item(), 501)
    settings.LISTING_PHOTOS_ABOVE = Decimal(0)
    assert offer(make_item(), 40_000_000).state == "active"


def test_a_listing_from_before_may_change_and_one_that_becomes_dear_needs_a_photo(settings):
    settings.LISTING_PHOTOS_ABOVE = Decimal(0)
    old, cheap = make_listing(price_minor=20_000), make_listing(price_minor=5_000)
    settings.LISTING_PHOTOS_ABOVE = Decimal(100)
    actions.change_listing(listing=old, by=old.seller, price_minor=30_000)
    with pytest.raises(PhotoNeeded):
        actions.change_listing(listing=cheap, by=cheap.seller, price_minor=20_000)
    actions.change_listing(listing=cheap, by=cheap.seller, quantity=1)


def test_repricing_leaves_out_what_would_need_a_photo():
    seller = make_user()
    bare, pictured = make_listing(seller, price_minor=5_000), make_listing(seller, price_minor=5_000)
    for each in (bare, pictured):
        make_price(each.item.variant, "150.00")
    photograph(pictured.item)
    made = repricing.propose(by=seller, rule=PriceRule(kind=FAIR))
    assert [line.listing_id for line in made.lines.all()] == [pictured.pk]


def test_of_many_those_without_are_told_and_the_rest_is_listed():
    seller = make_user()
    cheap, dear, graded = make_item(seller), make_item(seller), slab(seller)
    offers = [Offered(cheap.pk, 1, 500), Offered(dear.pk, 1, 20_000), Offered(graded.pk, 1, 500)]
    listed = bulk.list_many(by=seller, offers=offers)
    assert [each.item_id for each in listed.made] == [cheap.pk]
    assert set(listed.refused) == {dear.pk, graded.pk}
    photograph(dear)
    assert len(bulk.list_many(by=seller, offers=[Offered(dear.pk, 1, 20_000)]).made) == 1


def test_the_pages_say_it_with_the_way_to_add_one(client):
    item = slab()
    client.force_login(item.owner)
    page = client.get(reverse("list-item", args=[item.pk])).content.decode()
    assert "A photo is needed" in page
    typed = {"price_minor": "9.00", "quantity": "1", "shipping": default_shipping(seller=item.owner).pk}
    refused = client.post(reverse("list-item", args=[item.pk]), typed)
    assert refused.status_code == 422
    assert "photo of the real slab" in refused.content.decode()
    assert "Add a photo" in client.get(reverse("sell-many")).content.decode()
    assert not Listing.objects.exists()


def test_over_rest_the_answer_names_it(api):
    item = slab()
    api.force_authenticate(item.owner)
    answer = api.post(reverse("api-listings"), {"item_id": str(item.pk), "price_minor": 900}, format="json")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "PHOTO_NEEDED"
