"""Buying and the trade room over REST."""

from __future__ import annotations

import uuid
from io import BytesIO

import pytest

from apps.core import outbox
from apps.inventory.models import InventoryItem
from apps.trades.models import Trade
from tests.accounts.conftest import signed_in, with_key  # noqa: F401 - fixtures
from tests.factories import ADDRESS, make_listing, make_trade, make_user, picture_bytes

pytestmark = pytest.mark.django_db
URL = "/api/v1/trades"


@pytest.fixture
def program(signed_in):  # noqa: F811
    return signed_in


def problem(answer, status):
    assert answer.status_code == status, answer.content
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "details", "timestamp"}
    return body


def order(listing, **more):
    return {"listing_id": str(listing.pk), "ship_to": ADDRESS} | more


def step(client, trade_id, name, **body):
    return client.post(f"{URL}/{trade_id}/{name}", body, format="json")


def test_the_whole_purchase(program, company):
    buyer, listing = make_user(), make_listing(quantity=2)
    buys, sells = program(buyer), program(listing.seller)
    made = buys.post(URL, order(listing, quantity=2), format="json")
    assert made.status_code == 201
    trade = made.json()
    assert (trade["state"], trade["stage"], trade["total_minor"]) == ("open", "created", 2650)
    assert (trade["next_step"]["who"], trade["ship_to"]["line1"]) == ("buyer", "1 Card Lane")
    assert trade["lines"][0]["quantity"] == 2
    key = trade["id"]
    assert sells.get(f"{URL}/{key}").json()["ship_to"] is None
    paid = step(buys, key, "pay", payment_method="pm_card_visa")
    assert (paid.status_code, paid.json()["state"]) == (200, "succeeded")
    assert sells.get(f"{URL}/{key}").json()["ship_to"]["line1"] == "1 Card Lane"
    sent = step(sells, key, "ship", carrier="Post", tracking_number="LX1").json()
    assert (sent["stage"], sent["parcels"][0]["tracking_number"]) == ("shipped", "LX1")
    assert step(buys, key, "receive").json()["stage"] == "delivered"
    assert step(buys, key, "release").json()["stage"] == "released"
    outbox.relay()
    assert buys.get(f"{URL}/{key}").json()["state"] == "completed"
    assert step(buys, key, "review", rating=5, body="Quick.").status_code == 200
    assert problem(step(buys, key, "review", rating=5), 409)["code"] == "CONFLICT"
    assert InventoryItem.objects.get(owner=buyer).quantity == 2


def test_without_a_method_the_answer_carries_a_page_to_pay_on(program, company):
    trade = make_trade()
    answer = step(program(trade.buyer), trade.pk, "pay", return_url="https://shop.example/thanks")
    assert answer.json()["checkout_url"].startswith("http")
    assert answer.json()["state"] == "pending"


def test_a_decline_answers_402_with_the_reason(program, company):
    trade = make_trade()
    answer = step(program(trade.buyer), trade.pk, "pay", payment_method="pm_card_chargeDeclined")
    assert answer.status_code == 402
    assert answer.json()["failure_message"]
    assert step(program(trade.buyer), trade.pk, "pay", payment_method="pm_card_visa").status_code == 200


def test_the_same_request_key_buys_once(program):
    buyer, listing = make_user(), make_listing(quantity=2)
    wanted = order(listing, request_key="order-1")
    first, second = (program(buyer).post(URL, wanted, format="json").json()["id"] for _ in range(2))
    assert first == second
    assert program(make_user()).post(URL, wanted, format="json").json()["id"] != first
    assert Trade.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"listing_id": "x"}, 400, "INVALID_INPUT"),
        ({"listing_id": str(uuid.uuid4())}, 404, "NOT_FOUND"),
        ({"quantity": 0}, 400, "INVALID_INPUT"),
        ({"quantity": 10**30}, 409, "OUT_OF_STOCK"),
        ({"ship_to": {}}, 400, "INVALID_INPUT"),
        ({"ship_to": "home"}, 400, "INVALID_INPUT"),
        ({"ship_to": ADDRESS | {"country": "usa"}}, 400, "INVALID_INPUT"),
        ({"ship_to": ADDRESS | {"city": "a\0b"}}, 400, "INVALID_INPUT"),
        ({"request_key": "x" * 81}, 400, "INVALID_INPUT"),
    ],
)
def test_wrong_orders_are_refused_in_words(program, wrong, status, code):
    answer = program(make_user()).post(URL, order(make_listing(quantity=2)) | wrong, format="json")
    assert problem(answer, status)["code"] == code
    assert not Trade.objects.exists()


def test_ones_own_listing_and_a_sold_one_are_not_bought(program):
    listing = make_listing()
    assert problem(program(listing.seller).post(URL, order(listing), format="json"), 400)["code"] == "INVALID_INPUT"
    make_trade(listing)
    assert problem(program(make_user()).post(URL, order(listing), format="json"), 409)["code"] == "OUT_OF_STOCK"


def test_a_case_from_both_sides(program, trade_at):
    trade = trade_at("delivered")
    buys, sells = program(trade.buyer), program(trade.seller)
    said = step(buys, trade.pk, "dispute", reason="wrong-item", statement="Another printing.").json()
    assert (said["stage"], said["dispute"]["state"], said["next_step"]["who"]) == ("disputed", "open", "seller")
    picture = BytesIO(picture_bytes())
    picture.name = "a.jpg"
    answer = buys.post(f"{URL}/{trade.pk}/evidence", {"note": "look", "upload": picture}, format="multipart")
    assert answer.status_code == 200
    assert problem(step(buys, trade.pk, "evidence"), 400)["details"]["field"] == "note"
    assert step(sells, trade.pk, "answer", statement="It is the right one.").json()["dispute"]["state"] == "answered"
    assert problem(step(sells, trade.pk, "answer", statement="Again."), 409)["code"] == "CONFLICT"
    assert step(buys, trade.pk, "withdraw").json()["stage"] == "delivered"
    assert step(sells, trade.pk, "refund", reason="never mind").json()["stage"] == "refunded"


def test_messages_are_written_and_read(program):
    trade = make_trade()
    step(program(trade.buyer), trade.pk, "messages", body="Hello")
    said = program(trade.seller).get(f"{URL}/{trade.pk}/messages").json()["messages"]
    assert [(row["body"], row["author_id"]) for row in said] == [("Hello", str(trade.buyer_id))]
    assert problem(step(program(trade.buyer), trade.pk, "messages", body=" "), 400)["details"]["body"]


@pytest.mark.parametrize(
    ("stage", "side", "name", "body"),
    [
        ("created", "seller", "pay", {}),
        ("funded", "buyer", "ship", {"tracking_number": "T"}),
        ("shipped", "seller", "receive", {}),
        ("delivered", "seller", "release", {}),
        ("delivered", "seller", "dispute", {"reason": "other", "statement": "x"}),
        ("delivered", "buyer", "refund", {}),
        ("disputed", "buyer", "answer", {"statement": "x"}),
        ("disputed", "seller", "withdraw", {}),
    ],
)
def test_what_is_the_others_to_do_is_refused(program, trade_at, stage, side, name, body):
    trade = trade_at(stage)
    assert problem(step(program(getattr(trade, side)), trade.pk, name, **body), 403)["code"] == "NOT_YOURS"
    assert problem(step(program(make_user()), trade.pk, name, **body), 404)["code"] == "NOT_FOUND"


def test_what_comes_too_late_is_a_conflict(program, trade_at):
    trade = trade_at("released")
    for name, who in (("release", trade.buyer), ("receive", trade.buyer), ("cancel", trade.seller)):
        assert problem(step(program(who), trade.pk, name), 409)["code"] == "WRONG_STATE"


def test_the_list_has_pages_and_sides(program, settings):
    settings.NEW_SELLER_OPEN_LIMIT_MINOR = 10**9
    buyer, listing = make_user(), make_listing(quantity=3)
    for _ in range(3):
        make_trade(listing, buyer)
    make_trade()
    buys = program(buyer)
    body = buys.get(URL, {"limit": 2}).json()
    assert len(body["trades"]) == 2
    assert body["pagination"] | {"next_cursor": None} == {
        "total": 3,
        "limit": 2,
        "offset": 0,
        "has_more": True,
        "next_cursor": None,
    }
    assert buys.get(URL, {"side": "selling"}).json()["pagination"]["total"] == 0
    assert program(listing.seller).get(URL, {"side": "selling"}).json()["pagination"]["total"] == 3
    problem(buys.get(URL, {"offset": "x"}), 400)


def test_a_key_does_what_its_scopes_say(with_key, api):  # noqa: F811
    listing, buyer = make_listing(), make_user()
    assert problem(api.post(URL, order(listing), format="json"), 401)["code"] == "NOT_AUTHENTICATED"
    assert problem(with_key(buyer, "read").post(URL, order(listing), format="json"), 403)["code"] == "FORBIDDEN"
    made = with_key(buyer, "trades:write").post(URL, order(listing), format="json")
    assert made.status_code == 201
    problem(with_key(buyer, "read").post(f"{URL}/{made.json()['id']}/cancel", {}, format="json"), 403)
    problem(with_key(buyer, "trades:write").get(URL), 403)
    assert with_key(buyer, "read").get(URL).status_code == 200
