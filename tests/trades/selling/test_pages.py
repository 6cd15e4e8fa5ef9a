"""The seller's desk on the web."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from apps.escrow.models import Hold
from apps.trades.models import Shipment
from apps.trades.selling.orders import number_of
from tests.factories import make_item, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client, seller):
    client.force_login(seller)
    return client


def test_orders_are_shown_with_what_is_late(desk, paid):
    order = paid(name="Bea")
    Hold.objects.filter(pk=order.hold_id).update(funded_at=timezone.now() - dt.timedelta(days=8, hours=1))
    page = desk.get("/orders/").content.decode()
    for said in (number_of(order.pk), "1 day late", "1 paid order waits", "Ember Drake", "Ada Byron"):
        assert said in page


def test_an_empty_desk_says_what_happens_next(desk):
    assert "Nothing to ship" in desk.get("/orders/").content.decode()
    assert "No order is like that" in desk.get("/orders/?due=late").content.decode()
    assert desk.get("/orders/pick-list/").status_code == 200
    assert desk.get("/orders/?binder=x&due=y&to=z").status_code == 200


def test_papers_are_pdf_of_ones_own_orders(desk, paid, client):
    order, other = paid(), paid()
    for name in ("orders-slips", "orders-labels"):
        answer = desk.get(reverse(name), {"order": [order.pk, other.pk], "sheet": "a4-14", "skip": "3"})
        assert answer["Content-Type"] == "application/pdf"
        assert answer.streaming
        assert b"".join(answer.streaming_content).startswith(b"%PDF-")
        assert desk.get(reverse(name), {"order": "x"}).status_code == 400
        assert desk.get(reverse(name), {"sheet": "napkin", "paper": "napkin"}).status_code == 400
    client.force_login(make_user())
    assert client.get(reverse("orders-slips"), {"order": order.pk}).status_code == 404


def test_the_pick_list_names_orders_and_copies(desk, paid):
    order = paid(quantity=2)
    page = desk.get("/orders/pick-list/", {"order": order.pk}).content.decode()
    assert "2 cards for 1 order" in page
    assert number_of(order.pk) in page


def test_tracking_is_pasted_checked_and_sent(desk, paid):
    order = paid()
    page = desk.get("/orders/tracking/", {"order": order.pk}).content.decode()
    assert f"{number_of(order.pk)},," in page
    text = f"{number_of(order.pk)},,RR123456785JP"
    assert "1 would be marked" in desk.post("/orders/tracking/", {"text": text, "do": "look"}).content.decode()
    assert not Shipment.objects.exists()
    page = desk.post("/orders/tracking/", {"text": text, "do": "ship"}).content.decode()
    assert "1 marked as shipped" in page
    assert "Japan Post" in page
    assert Shipment.objects.get().carrier == "Japan Post"


def test_tracking_comes_as_a_file_and_the_form_to_fill_in_is_one(desk, paid):
    order = paid()
    form = desk.get("/orders/tracking.csv").content.decode()
    filled = form.replace(f"{number_of(order.pk)},,", f"{number_of(order.pk)},Post,77")
    upload = SimpleUploadedFile("t.csv", filled.encode("utf-16"))
    assert "1 marked as shipped" in desk.post("/orders/tracking/", {"upload": upload}).content.decode()
    assert Shipment.objects.get().tracking_number == "77"


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 50, b"%PDF-1.4"])
def test_a_file_that_is_none_is_refused_in_words(content, desk):
    answer = desk.post("/orders/tracking/", {"upload": SimpleUploadedFile("t.csv", content or b" ")})
    assert answer.status_code == 422
    assert "field__error" in answer.content.decode()


def test_statements_are_pages_and_files(desk, paid):
    paid("released", price_minor=2000)
    now = timezone.now()
    assert desk.get("/statements/").url == f"/statements/{now.year}/{now.month}/"
    month = desk.get(f"/statements/{now.year}/{now.month}/").content.decode()
    assert "Ember Drake" in month
    year = desk.get(f"/statements/{now.year}/").content.decode()
    assert "1099-K" in year
    assert "below the threshold" in year
    for kind, start in (("csv", b"\xef\xbb\xbfDate"), ("pdf", b"%PDF-")):
        answer = desk.get(f"/statements/{now.year}/", {"as": kind})
        assert b"".join(answer.streaming_content).startswith(start)
    assert desk.get("/statements/1900/").status_code == 400
    assert desk.get("/statements/2026/13/").status_code == 400


def test_the_fee_is_worked_out_before_listing_without_script(desk, seller):
    item = make_item(seller)
    page = desk.get(f"/sell/{item.pk}/").content.decode()
    assert 'action="/fees/"' in page
    assert 'name="price_minor"' in page
    assert "$18.70" in desk.get("/fees/", {"price_minor": "20.00"}).content.decode()
