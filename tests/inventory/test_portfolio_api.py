"""The portfolio over REST: the same figures as the page, each with its currency and date; wrong questions are named."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from apps.inventory.portfolio import actions
from tests.accounts.conftest import signed_in  # noqa: F401 - a fixture
from tests.factories import make_item, make_price, make_product, make_user, make_variant
from tests.inventory.test_portfolio import sell

pytestmark = pytest.mark.django_db
URL = "/api/v1/portfolio"


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def mine(owner, signed_in):  # noqa: F811
    return signed_in(owner)


@pytest.fixture
def held(owner):
    variant = make_variant(make_product("Ember Drake"))
    make_price(variant, "10.00", market_price=Decimal(10), change_7d=Decimal(2), basis={"sales": 7})
    item = make_item(owner, variant, quantity=3, unit_cost_minor=700)
    sell(item, 1, 1150)
    make_item(make_user(), variant, quantity=9)
    return item


def read(mine, path="", query=""):
    answer = mine.get(URL + path + query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_sums_have_their_currency_and_date(mine, held):
    (told,) = read(mine)["sums"]
    assert told["as_of"] is not None
    assert {name: told[name] for name in ("currency", "value", "cost", "unrealised_gain", "realised_gain")} == {
        "currency": "USD", "value": 20.0, "cost": 14.0, "unrealised_gain": 6.0, "realised_gain": 4.5,
    }  # fmt: skip
    assert (told["total_gain"], told["copies"], told["copies_sold"]) == (10.5, 2, 1)


def test_history_ends_with_now(mine, held):
    actions.take_days(at=timezone.now() - dt.timedelta(days=1))
    told = read(mine, "/history", "?period=30d")
    assert (told["currency"], told["period"]) == ("USD", "30d")
    assert [day["value"] for day in told["days"]] == [20.0, 20.0]
    assert told["days"][-1]["date"] == timezone.now().date().isoformat()


def test_holdings_tell_gain_both_ways_lots_and_reasons(mine, held):
    told = read(mine, "/holdings")
    assert told["pagination"]["total"] == 1
    (one,) = told["holdings"]
    assert one["by_lot"] == {"cost": 14.0, "average_cost": 7.0, "realised_gain": 4.5, "unrealised_gain": 6.0}
    assert one["at_average_cost"] == one["by_lot"]
    assert [lot["item_id"] for lot in one["lots"]] == [str(held.pk)]
    assert one["suggestion"]["action"] in {"hold", "sell", "trade"}
    assert {reason["factor"] for reason in one["suggestion"]["reasons"]} >= {"demand", "gain"}


def test_allocation_and_movers(mine, held):
    parts = read(mine, "/allocation")
    assert [(part["name"], part["value"], part["share"]) for part in parts["condition"]] == [("Near Mint", 20.0, 1.0)]
    _, week, month = read(mine, "/movers")["periods"]
    assert (week["change"], week["change_percent"], week["movers"][0]["change"]) == (4.0, 25.0, 4.0)
    assert (month["change"], month["movers"]) == (None, [])


def test_somebody_without_copies_is_told_so(mine):
    assert read(mine) == {"sums": []}
    assert len(read(mine, "/history")["days"]) == 1
    assert read(mine, "/holdings")["holdings"] == []
    assert read(mine, "/allocation")["set"] == []


def test_a_page_past_the_end_still_tells_how_many_there_are(mine, held):
    assert read(mine, "/holdings", "?offset=50")["pagination"]["total"] == 1


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/history", "?period=9y", "period"),
        ("/history", "?currency=dollars", "currency"),
        ("/holdings", "?sort=beauty", "sort"),
        ("/holdings", "?limit=0", "limit"),
        ("/movers", "?currency=%00%00%00", "currency"),
    ],
)
def test_what_cannot_be_used_is_named(mine, path, query, field):
    answer = mine.get(URL + path + query)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == field


def test_the_schema_describes_every_answer():
    found = SchemaGenerator().get_schema(request=None, public=True)
    for path in ("", "/history", "/holdings", "/allocation", "/movers"):
        operation = found["paths"][URL + path]["get"]
        assert operation["description"]
        assert "application/json" in operation["responses"]["200"]["content"]
