"""The seller's desk over REST."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.trades.models import Shipment
from apps.trades.selling.orders import number_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db
V1 = "/api/v1"


@pytest.fixture
def desk(api, seller):
    api.force_authenticate(seller)
    return api


def test_orders_with_their_lines_and_due_times(desk, paid):
    order = paid(price_minor=2000)
    answer = desk.get(f"{V1}/orders").json()
    assert answer["pagination"]["total"] == 1
    [shown] = answer["orders"]
    assert shown["id"] == str(order.pk)
    assert shown["number"] == number_of(order.pk)
    assert shown["lines"][0]["price_minor"] == 2000
    assert shown["needs_tracking"] is True
    assert desk.get(f"{V1}/orders?due=late").json()["orders"] == []
    assert desk.get(f"{V1}/orders?due=never").status_code == 400


def test_orders_are_gone_through_by_cursor_even_as_some_are_shipped(desk, paid):
    first, second, third = paid(), paid(), paid()
    answer = desk.get(f"{V1}/orders?limit=2")
    assert [each["id"] for each in answer.json()["orders"]] == [str(first.pk), str(second.pk)]
    assert 'rel="next"' in answer["Link"]
    desk.post(f"{V1}/orders/tracking", {"parcels": [{"order": str(first.pk), "tracking_number": "X1"}]}, format="json")
    cursor = answer.json()["pagination"]["next_cursor"]
    rest = desk.get(f"{V1}/orders?limit=2&cursor={cursor}").json()
    assert [each["id"] for each in rest["orders"]] == [str(third.pk)]
    assert (rest["pagination"]["has_more"], rest["pagination"]["next_cursor"]) == (False, None)
    assert desk.get(f"{V1}/orders?due=late&cursor={cursor}").status_code == 400


def test_the_pick_list_and_the_papers(desk, paid, api):
    order = paid()
    [pick] = desk.get(f"{V1}/orders/pick-list").json()["picks"]
    assert pick["orders"] == [{"number": number_of(order.pk), "quantity": 1}]
    for name in ("slips", "labels"):
        for accept in ("application/pdf", "*/*"):
            answer = desk.get(f"{V1}/orders/{name}.pdf?order={order.pk}", HTTP_ACCEPT=accept)
            assert b"".join(answer.streaming_content).startswith(b"%PDF-")
        assert desk.get(f"{V1}/orders/{name}.pdf?order=x").json()["error"]["code"] == "INVALID_INPUT"
    assert desk.get(f"{V1}/orders/labels.pdf?skip=-1").status_code == 400
    assert desk.get(f"{V1}/orders/labels.pdf?sheet=x").status_code == 400
    api.force_authenticate(make_user())
    assert api.get(f"{V1}/orders/slips.pdf?order={order.pk}").status_code == 404


def test_tracking_in_bulk_as_list_or_text(desk, paid):
    first, second = paid(), paid()
    parcels = [{"order": str(first.pk), "tracking_number": "RR123456785JP"}, {"order": "FFFF-0000"}]
    results = desk.post(f"{V1}/orders/tracking", {"parcels": parcels}, format="json").json()["results"]
    assert [each["outcome"] for each in results] == ["shipped", "refused"]
    assert results[0]["carrier"] == "Japan Post"
    assert results[1]["trade_id"] is None
    text = f"{number_of(second.pk)},Post,77"
    looked = desk.post(f"{V1}/orders/tracking", {"text": text, "only_look": True}, format="json").json()["results"]
    assert looked[0]["outcome"] == "ready"
    assert (
        desk.post(f"{V1}/orders/tracking", {"text": text}, format="json").json()["results"][0]["outcome"] == "shipped"
    )
    assert Shipment.objects.count() == 2
    for wrong in ({}, {"parcels": [], "text": ""}, {"parcels": parcels, "text": text}, {"parcels": "x"}):
        assert desk.post(f"{V1}/orders/tracking", wrong, format="json").status_code == 400


def test_statements_as_json_csv_and_pdf(desk, paid):
    paid("released", price_minor=2000)
    now = timezone.now()
    year = desk.get(f"{V1}/statements/{now.year}").json()
    assert year["sums"]["cards_minor"] == 2000
    assert year["taxes"][0]["is_reached"] is False
    month = desk.get(f"{V1}/statements/{now.year}/{now.month}").json()
    assert [each["kind"] for each in month["movements"]] == ["sale"]
    assert month["sums"] == year["sums"]
    for kind, start in (("csv", b"\xef\xbb\xbfDate"), ("pdf", b"%PDF-")):
        answer = desk.get(f"{V1}/statements/{now.year}?format={kind}")
        assert b"".join(answer.streaming_content).startswith(start)
    assert desk.get(f"{V1}/statements/1900").status_code == 400
    assert desk.get(f"{V1}/statements/{now.year}?currency=XXX").status_code == 400


def test_the_fee_before_listing(api):
    example = api.get(f"{V1}/fees/example?price_minor=2000&shipping_minor=500").json()
    assert example["buyer_pays_minor"] == 2500
    assert example["seller_gets_minor"] == 2500 - example["fee_minor"]
    for wrong in ("", "?price_minor=-1", "?price_minor=1e3", "?price_minor=99999999999"):
        assert api.get(f"{V1}/fees/example{wrong}").status_code == 400
