"""The inventory over REST."""

from __future__ import annotations

import uuid

import pytest

from apps.inventory.models import InventoryItem
from tests.accounts.conftest import signed_in, with_key  # noqa: F401 - fixtures
from tests.factories import make_item, make_listing, make_price, make_trade, make_user, make_variant

pytestmark = pytest.mark.django_db
URL = "/api/v1/inventory"


@pytest.fixture
def mine(member, signed_in):  # noqa: F811
    return signed_in(member)


def problem(answer, status):
    assert answer.status_code == status, answer.content
    body = answer.json()["error"]
    assert set(body) == {"code", "message", "details", "timestamp"}
    return body


def test_an_item_is_made_read_changed_and_removed(mine, member):
    variant = make_variant()
    make_price(variant, "12.50")
    made = mine.post(URL, {"variant_id": variant.pk, "quantity": 2, "unit_cost_minor": 900}, format="json")
    assert made.status_code == 201
    item = made.json()
    assert (item["quantity"], item["condition"], item["unit_value"], item["provenance"]) == (
        2, "NM", 12.5, {"from": "api"},
    )  # fmt: skip
    one = f"{URL}/{item['id']}"
    assert mine.get(one).json() == item
    changed = mine.patch(one, {"condition": "LP", "notes": "a crease"}, format="json").json()
    assert (changed["condition"], changed["notes"], changed["quantity"]) == ("LP", "a crease", 2)
    assert mine.delete(one).status_code == 204
    assert problem(mine.get(one), 404)["code"] == "NOT_FOUND"
    assert mine.get(URL).json()["pagination"]["total"] == 0


def test_the_same_request_key_adds_once(mine, member):
    wanted = {"variant_id": make_variant().pk, "quantity": 3, "request_key": "import-7"}
    first, second = (mine.post(URL, wanted, format="json").json() for _ in range(2))
    assert first["id"] == second["id"]
    assert InventoryItem.objects.get().quantity == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"variant_id": "x"}, "variant_id"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 10**9}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"condition": "MINT"}, "condition"),
        ({"grade": 9.3, "grade_company": "PSA"}, "grade"),
        ({"unit_cost_minor": -1}, "unit_cost_minor"),
        ({"unit_cost_minor": 10**30}, "unit_cost_minor"),
        ({"notes": "x" * 501}, "notes"),
        ({"notes": "a\0b"}, "notes"),
    ],
)
def test_wrong_input_is_named(mine, wrong, field):
    body = problem(mine.post(URL, {"variant_id": str(make_variant().pk)} | wrong, format="json"), 400)
    assert body["code"] == "INVALID_INPUT"
    assert field in body["details"]
    assert not InventoryItem.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [{"grade": 9}, {"grade_company": "PSA"}, {"grade": 9, "grade_company": "PSA", "condition": "NM"}],
)
def test_a_grade_and_its_company_belong_together_and_replace_the_condition(mine, wrong):
    wanted = {"variant_id": str(make_variant().pk)} | wrong
    assert problem(mine.post(URL, wanted, format="json"), 400)["details"]["field"] in {"grade", "condition"}


def test_a_graded_copy_takes_no_condition_unless_it_leaves_its_slab(mine, member):
    item = make_item(member, condition="", grade_company="PSA", grade=9)
    one = f"{URL}/{item.pk}"
    assert problem(mine.patch(one, {"condition": "LP"}, format="json"), 400)["details"]["field"] == "condition"
    cracked = mine.patch(one, {"condition": "LP", "grade": None, "grade_company": ""}, format="json").json()
    assert (cracked["condition"], cracked["grade"]) == ("LP", None)


def test_an_unknown_printing_is_not_found(mine):
    assert problem(mine.post(URL, {"variant_id": uuid.uuid4()}, format="json"), 404)["code"] == "NOT_FOUND"


def test_pages_are_bounded_and_searchable(mine, member):
    for place in ("attic", "cellar", "drawer", "garage", "shelf"):
        make_item(member, notes=f"box {place}")
    body = mine.get(URL, {"limit": 2, "offset": 4}).json()
    assert len(body["items"]) == 1
    assert body["pagination"] == {"total": 5, "limit": 2, "offset": 4, "has_more": False, "next_cursor": None}
    assert mine.get(URL, {"q": "box drawer"}).json()["pagination"]["total"] == 1
    assert mine.get(f"{URL}?q=%00").status_code == 200
    for wrong in ({"limit": 0}, {"limit": 101}, {"limit": "ten"}, {"offset": -1}):
        assert problem(mine.get(URL, wrong), 400)["details"]["field"] in wrong


def test_anothers_item_is_not_found(mine):
    one = f"{URL}/{make_item().pk}"
    for call in (mine.get, mine.delete):
        problem(call(one), 404)
    problem(mine.patch(one, {"quantity": 5}, format="json"), 404)


def test_promised_and_listed_copies_stay(mine, member):
    item = make_item(member, quantity=2)
    listing = make_listing(item=item, quantity=2)
    assert problem(mine.delete(f"{URL}/{item.pk}"), 409)["code"] == "CONFLICT"
    make_trade(listing, quantity=1)
    problem(mine.patch(f"{URL}/{item.pk}", {"condition": "DMG"}, format="json"), 409)
    problem(mine.delete(f"{URL}/{item.pk}"), 409)


def test_without_credentials_nothing_is_told(api):
    for call in (api.get, api.post):
        assert problem(call(URL), 401)["code"] == "NOT_AUTHENTICATED"


def test_a_key_does_what_its_scopes_say(with_key, member):  # noqa: F811
    wanted = {"variant_id": make_variant().pk}
    reader, writer = with_key(member, "read"), with_key(member, "inventory:write")
    assert reader.get(URL).status_code == 200
    assert problem(reader.post(URL, wanted, format="json"), 403)["code"] == "FORBIDDEN"
    assert writer.post(URL, wanted, format="json").status_code == 201
    problem(writer.get(URL), 403)
    problem(with_key(make_user(), "listings:write", "trades:write").post(URL, wanted, format="json"), 403)
