"""Alerts over REST, in the shapes that clients of price trackers know."""

from __future__ import annotations

import uuid

import pytest

from apps.alerts.models import Rule
from tests.accounts.conftest import signed_in, with_key  # noqa: F401 - fixtures
from tests.factories import make_item, make_product, make_variant

pytestmark = pytest.mark.django_db
URL = "/api/v1/alerts"


@pytest.fixture
def mine(member, signed_in):  # noqa: F811
    return signed_in(member)


def problem(answer, status):
    assert answer.status_code == status, answer.content
    return answer.json()["error"]


def test_an_alert_is_set_as_price_trackers_do(mine, variant):
    wanted = {
        "card_id": str(variant.product_id),
        "price_threshold": 40.00,
        "alert_type": "price_drop",
        "comparison_operator": "<=",
    }
    answer = mine.post(URL, wanted)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert {name: body[name] for name in wanted} == wanted
    assert body["is_active"] is True
    assert body["alert_id"] == body["id"]
    assert body["created_at"].endswith("Z")
    assert body["words"] == "Tell me when any printing of Charizard ex 199/165 NM falls to $40.00 or less"
    (listed,) = mine.get(URL).json()["alerts"]
    assert listed == body
    assert listed["card"] == {
        "id": str(variant.product_id), "card_name": "Charizard ex", "card_number": "199", "set_identifier": "mew",
        "current_price": 100.0,
    }  # fmt: skip
    assert listed["last_triggered"] is None


def test_an_operator_may_be_left_out(mine, variant):
    for kind, operator in (("price_drop", "<="), ("price_increase", ">=")):
        wanted = {"card_id": variant.product_id, "price_threshold": 40, "alert_type": kind}
        assert mine.post(URL, wanted).json()["comparison_operator"] == operator


@pytest.mark.parametrize(
    "wanted",
    [
        {"alert_type": "price_change", "percent": 10, "period": "24h", "direction": "up"},
        {"alert_type": "availability"},
        {"alert_type": "availability", "price_threshold": 30, "condition": "LP"},
        {"alert_type": "under_fair_value", "percent": 15},
        {"alert_type": "portfolio_drop", "price_threshold": 500},
        {"alert_type": "portfolio_change", "percent": 5, "period": "30d"},
    ],
)
def test_every_kind_can_be_set(mine, member, variant, wanted):
    make_item(member, variant)
    if not wanted["alert_type"].startswith("portfolio"):
        wanted = wanted | {"card_id": str(variant.product_id)}
    answer = mine.post(URL, wanted)
    assert answer.status_code == 201, answer.content
    assert {name: answer.json()[name] for name in wanted} == wanted
    assert (answer.json()["card"] is None) == wanted["alert_type"].startswith("portfolio")


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"alert_type": "nonsense"}, 400, "alert_type"),
        ({"comparison_operator": "="}, 400, "comparison_operator"),
        ({"comparison_operator": ">="}, 400, "field"),
        ({"price_threshold": None}, 400, "field"),
        ({"price_threshold": "x"}, 400, "price_threshold"),
        ({"price_threshold": 1e30}, 400, "price_threshold"),
        ({"card_id": None}, 400, "field"),
        ({"card_id": str(uuid.uuid4())}, 404, None),
        ({"variant_id": str(uuid.uuid4())}, 400, "field"),
        ({"cool_down_hours": 5}, 400, "cool_down_hours"),
        ({"condition": "XX"}, 400, "condition"),
    ],
)
def test_wrong_input_is_named(mine, variant, wrong, status, field):
    wanted = {"card_id": str(variant.product_id), "price_threshold": 40, "alert_type": "price_drop"} | wrong
    error = problem(mine.post(URL, wanted), status)
    assert field is None or field in error["details"]
    assert not Rule.objects.exists()


def test_an_alert_is_read_changed_paused_and_deleted(mine, rule, variant, product):
    one = f"{URL}/{rule().pk}"
    assert mine.get(one).json()["price_threshold"] == 80.0
    assert mine.patch(one, {"price_threshold": 70, "is_active": False}).json()["is_active"] is False
    changed = mine.patch(one, {"is_active": True, "variant_id": None}).json()
    assert (changed["is_active"], changed["variant_id"], changed["price_threshold"]) == (True, None, 70.0)
    assert mine.patch(one, {"variant_id": str(variant.pk)}).json()["variant_id"] == str(variant.pk)
    other = make_variant(make_product("Other"))
    problem(mine.patch(one, {"variant_id": str(other.pk)}), 400)
    problem(mine.patch(one, {"price_threshold": None}), 400)
    assert mine.delete(one).status_code == 204
    problem(mine.get(one), 404)


def test_the_history_tells_the_price_then_and_now(mine, rule, priced, variant):
    made = rule()
    priced("70")
    priced("75.25")
    (row,) = mine.get(f"{URL}/history").json()["history"]
    assert (row["alert_id"], row["card_id"]) == (str(made.pk), str(variant.product_id))
    assert (row["before"], row["price"], row["price_now"]) == (100.0, 70.0, 75.25)
    assert mine.get(f"{URL}/history", {"alert_id": made.pk}).json()["pagination"]["total"] == 1
    assert mine.get(f"{URL}/history", {"alert_id": uuid.uuid4()}).json()["history"] == []
    assert mine.get(f"{URL}/{made.pk}").json()["last_triggered"] is not None


def test_alerts_are_listed_by_card_and_in_pages(mine, rule, variant):
    for amount in (10, 20, 30):
        rule(amount=amount)
    body = mine.get(URL, {"card_id": variant.product_id, "limit": 2}).json()
    assert (len(body["alerts"]), body["pagination"]["total"], body["pagination"]["has_more"]) == (2, 3, True)
    assert mine.get(URL, {"card_id": uuid.uuid4()}).json()["alerts"] == []
    assert problem(mine.get(URL, {"card_id": "x"}), 400)["details"]["field"] == "card_id"


def test_others_alerts_are_not_there(rule, priced, stranger, signed_in):  # noqa: F811
    made, theirs = rule(), signed_in(stranger)
    priced("70")
    assert theirs.get(URL).json()["alerts"] == theirs.get(f"{URL}/history").json()["history"] == []
    for call in (theirs.get, theirs.patch, theirs.delete):
        problem(call(f"{URL}/{made.pk}"), 404)


def test_keys_need_the_scope(member, variant, rule, with_key):  # noqa: F811
    made = rule()
    reader, writer = with_key(member, "read"), with_key(member, "alerts:write")
    wanted = {"card_id": variant.product_id, "price_threshold": 40, "alert_type": "price_drop"}
    problem(reader.post(URL, wanted), 403)
    problem(reader.delete(f"{URL}/{made.pk}"), 403)
    assert reader.get(URL).status_code == 200
    assert writer.post(URL, wanted).status_code == 201
    problem(writer.get(URL), 403)
    assert writer.delete(f"{URL}/{made.pk}").status_code == 204
