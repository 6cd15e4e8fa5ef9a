"""The inventory's pages as people meet them: without script, with HTMX, with slips of the hand and double clicks."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.urls import reverse

from apps.inventory.models import Binder, InventoryItem, ItemPhoto
from tests.factories import (
    make_item,
    make_listing,
    make_price,
    make_product,
    make_trade,
    make_user,
    make_variant,
    picture_bytes,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def owner(client):
    user = make_user()
    client.force_login(user)
    return user


def texts(answer):
    return [str(message) for message in answer.context["messages"]]


def upload(content=None, name="copy.jpg"):
    file = BytesIO(picture_bytes() if content is None else content)
    file.name = name
    return file


def form_of(item, **changes):
    known = {"quantity": item.quantity, "condition": item.condition, "grade_company": "", "grade": ""}
    return {**known, **changes}


def test_an_empty_inventory_says_what_to_do_next(client, owner):
    page = client.get(reverse("inventory")).content.decode()
    assert "Your inventory is empty" in page
    assert reverse("scan-new") in page


def test_the_list_shows_cost_value_and_what_is_for_sale(client, owner):
    variant = make_variant(make_product("Tide Warden"))
    make_price(variant, "20.00")
    item = make_item(owner, variant, quantity=2, unit_cost_minor=1500)
    make_listing(item=item, price_minor=2345)
    answer = client.get(reverse("inventory"))
    page = answer.content.decode()
    for shown in ("Tide Warden", "$15.00", "$20.00", "$23.45"):
        assert shown in page
    totals = answer.context["totals"]
    assert (totals.copies, totals.cost, totals.value, totals.gain) == (2, 30, 40, 10)


def test_nobody_sees_anothers_items(client, owner):
    make_item(variant=make_variant(make_product("Not Mine")))
    assert "Not Mine" not in client.get(reverse("inventory")).content.decode()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"q": "drake"}, {"Ember Drake", "Graded Drake"}),
        ({"q": "drake near"}, set()),
        ({"q": "Set emb1 warden"}, {"Tide Warden"}),
        ({"condition": "LP"}, {"Tide Warden"}),
        ({"condition": "graded"}, {"Graded Drake"}),
        ({"q": "drake", "page": "0"}, {"Ember Drake", "Graded Drake"}),
        ({"q": "drake", "condition": "worn"}, {"Ember Drake", "Graded Drake"}),
        ({"sort": "nonsense"}, {"Ember Drake", "Tide Warden", "Graded Drake"}),
        ({"binder": "not-a-binder"}, {"Ember Drake", "Tide Warden", "Graded Drake"}),
    ],
)
def test_filters_narrow_the_list_and_unusable_ones_are_left_out(client, owner, asked, expected):
    make_item(owner, make_variant(make_product("Ember Drake")))
    make_item(owner, make_variant(make_product("Tide Warden")), condition="LP")
    make_item(owner, make_variant(make_product("Graded Drake")), condition="", grade_company="PSA", grade=9)
    page = client.get(reverse("inventory"), asked).content.decode()
    assert {name for name in ("Ember Drake", "Tide Warden", "Graded Drake") if name in page} == expected


def test_a_binder_of_somebody_else_filters_nothing(client, owner):
    make_item(owner)
    foreign = Binder.objects.create(owner=make_user(), name="Theirs")
    assert client.get(reverse("inventory"), {"binder": foreign.pk}).context["page"].total == 1


def test_with_htmx_the_list_alone_comes_back(client, owner):
    make_item(owner)
    page = client.get(reverse("inventory"), {"sort": "value"}, headers=HTMX).content.decode()
    assert "<html" not in page
    assert "Ember Drake" in page


def test_long_inventories_have_pages(client, owner):
    variant = make_variant()
    for number in range(51):
        make_item(owner, variant, notes=f"note {number}")
    first = client.get(reverse("inventory"))
    second = client.get(reverse("inventory"), {"page": 2})
    assert (len(first.context["page"].rows), len(second.context["page"].rows)) == (30, 21)
    assert "?page=2" in first.content.decode()


def test_a_card_is_added_by_hand_once_however_often_one_clicks(client, owner):
    url = reverse("inventory-add", args=[make_variant().pk])
    key = client.get(url).context["form"].initial["request_key"]
    for _ in range(2):
        answer = client.post(url, {"quantity": 2, "condition": "NM", "unit_cost_minor": "3.50", "request_key": key})
    item = InventoryItem.objects.get(owner=owner)
    assert answer["Location"] == reverse("item", args=[item.pk])
    assert (item.quantity, item.unit_cost_minor, item.provenance) == (2, 350, {"from": "hand"})


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"quantity": "0"}, "greater than or equal to 1"),
        ({"quantity": "many"}, "whole number"),
        ({"condition": ""}, "Choose a condition"),
        ({"grade": "9.5"}, "both the grading company and the grade"),
        ({"condition": "", "grade_company": "PSA"}, "both the grading company and the grade"),
        ({"unit_cost_minor": "-1"}, "greater than or equal to 0"),
        ({"unit_cost_minor": "1e999"}, "Cost of one copy"),
        ({"notes": "x" * 501}, "at most 500"),
    ],
)
def test_slips_are_said_and_what_was_typed_stays(client, owner, slip, said):
    url = reverse("inventory-add", args=[make_variant().pk])
    typed = {"quantity": "3", "condition": "LP", "unit_cost_minor": "4.25", "notes": "from the fair"}
    answer = client.post(url, typed | slip)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    for name, value in (typed | slip).items():
        if name != "grade":
            assert answer.context["form"][name].value() == value
    assert not InventoryItem.objects.exists()


def test_a_printing_that_is_not_there_is_a_404(client, owner):
    assert client.get(reverse("inventory-add", args=[owner.pk])).status_code == 404


def test_an_item_is_changed_and_its_history_says_so(client, owner):
    item = make_item(owner, quantity=1)
    answer = client.post(reverse("item", args=[item.pk]), form_of(item, quantity=4, condition="MP"), follow=True)
    item.refresh_from_db()
    assert (item.quantity, item.condition) == (4, "MP")
    assert "Saved." in texts(answer)
    assert "+3" in answer.content.decode()


def test_a_raw_copy_comes_back_graded(client, owner):
    item = make_item(owner)
    client.post(reverse("item", args=[item.pk]), form_of(item, grade_company="PSA", grade="9.5"))
    item.refresh_from_db()
    assert (item.condition, item.condition_label) == ("", "PSA 9.5")


def test_promised_copies_cannot_be_given_away_meanwhile(client, owner):
    item = make_item(owner, quantity=2)
    make_trade(make_listing(item=item, quantity=2), quantity=2)
    answer = client.post(reverse("item", args=[item.pk]), form_of(item, quantity=1))
    assert answer.status_code == 422
    assert "promised to buyers" in answer.content.decode()
    answer = client.post(reverse("item-remove", args=[item.pk]), follow=True)
    assert "promised to a buyer" in texts(answer)[0]
    assert InventoryItem.objects.get(pk=item.pk).quantity == 2


def test_removing_twice_says_that_it_is_gone(client, owner):
    item = make_item(owner)
    url = reverse("item-remove", args=[item.pk])
    assert client.post(url)["Location"] == reverse("inventory")
    assert client.post(url).status_code == 404
    assert client.get(reverse("item", args=[item.pk])).status_code == 404


def test_a_photo_is_attached_once_and_removed_again(client, owner):
    item, url = make_item(owner), None
    url = reverse("item-photo", args=[item.pk])
    for _ in range(2):
        answer = client.post(url, {"photo": upload()}, follow=True)
    photo = ItemPhoto.objects.get(item=item)
    assert "attached" in texts(answer)[0]
    assert "/media/" in answer.content.decode()
    gone = reverse("item-photo-remove", args=[item.pk, photo.pk])
    for _ in range(2):
        assert client.post(gone).status_code == 302
    assert not ItemPhoto.objects.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg onload=alert(1)>", "drawing made of lines (SVG)"),
        (b"these are my cards", "not a picture that we can read"),
        (b"", "Choose a picture first"),
        (picture_bytes()[:200], "damaged or cut off"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(client, owner, content, said):
    item = make_item(owner)
    answer = client.post(reverse("item-photo", args=[item.pk]), {"photo": upload(content)}, follow=True)
    assert said in texts(answer)[0]
    assert not ItemPhoto.objects.exists()


def test_a_thirteenth_photo_is_too_many(client, owner):
    item = make_item(owner)
    for number in range(12):
        ItemPhoto.objects.create(item=item, file=f"x/{number}.jpg", width=1, height=1, position=number)
    answer = client.post(reverse("item-photo", args=[item.pk]), {"photo": upload()}, follow=True)
    assert "at most 12 photos" in texts(answer)[0]


def test_binders_are_made_once_and_need_a_name(client, owner):
    for _ in range(2):
        answer = client.post(reverse("binder-new"), {"name": "  Base   set "}, follow=True)
    assert "Base set" in answer.content.decode()
    assert Binder.objects.get().name == "Base set"
    answer = client.post(reverse("binder-new"), {"name": " "}, follow=True)
    assert "needs a name" in texts(answer)[0]


@pytest.mark.parametrize("name", ["item", "item-photo", "item-remove"])
def test_anothers_item_is_not_there(client, owner, name):
    item = make_item()
    for headers in ({}, HTMX):
        answer = client.post(reverse(name, args=[item.pk]), form_of(item), headers=headers)
        assert answer.status_code == 404
        assert "not in your inventory" in answer.content.decode()
        assert ("<html" in answer.content.decode()) is not bool(headers)
