"""Lists of the API by cursor: each row once whatever comes and goes, the way on in a header, a bad cursor told plainly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import count

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import actions as alerts
from apps.alerts.models import Alert, Rule
from apps.catalog.actions import refresh_vocabulary
from apps.catalog.models import Release
from apps.valuations.api.parts import mover_position, movers_after, point_position, points_after
from apps.valuations.models import Quote, Source
from tests.accounts.conftest import signed_in  # noqa: F401 - a fixture
from tests.factories import make_item, make_listing, make_price, make_product, make_trade, make_variant

pytestmark = pytest.mark.django_db
API = "/api/v1/"


def walk(client, path, name, *, limit=2, between=lambda: None, **query):
    """All rows of a list, page by page by its links; `between` happens after each page."""
    answer = client.get(API + path, {"limit": limit} | query)
    rows = []
    for _ in range(50):
        assert answer.status_code == 200, answer.content
        body = answer.json()
        rows += body[name]
        stands = body["pagination"]
        assert len(body[name]) <= limit
        assert stands["has_more"] == bool(stands["next_cursor"]) == ("Link" in answer)
        if not stands["has_more"]:
            return rows
        between()
        link, _, rel = answer["Link"].partition("; ")
        assert rel == 'rel="next"'
        answer = client.get(link.strip("<>").removeprefix("http://testserver"))
    raise AssertionError("the list has no end")


@pytest.fixture
def mine(member, signed_in):  # noqa: F811
    return signed_in(member)


@pytest.fixture
def cards(db):
    """Seven cards, two without a price, two with the same; two of a set whose date is not known."""
    made = []
    for number, price in enumerate(["9", "5", None, "5", "30", None, "1.20"]):
        variant = make_variant(
            make_product(f"Drake {number}", number=str(number), code="old" if number > 4 else "emb1")
        )
        if price:
            make_price(variant, price, market_price=Decimal(price), change_7d=Decimal(number + 1) / 10)
        made.append(variant)
    Release.objects.filter(code="old").update(released_on=None)
    refresh_vocabulary()
    return made


# -- every list, each row once ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sort", ["relevance", "name", "number", "newest", "price", "price-low"])
@pytest.mark.parametrize("text", ["", "drake"])
def test_cards_are_walked_through_in_every_order(api, cards, sort, text):
    query = {"sort": sort, "q": text, "fields": "id"}
    whole = api.get(API + "cards/search", query | {"limit": 50}).json()["cards"]
    assert len(whole) == 7
    assert walk(api, "cards/search", "cards", **query) == whole


def test_a_card_that_is_added_meanwhile_moves_no_other(api, cards):
    added = count(1)

    def another_first():
        make_variant(make_product("A first Drake", number=f"first {next(added)}"))

    seen = walk(api, "cards/search", "cards", q="drake", sort="name", between=another_first)
    assert [row["card_name"] for row in seen] == [f"Drake {number}" for number in range(7)]


def test_words_of_which_no_card_has_all_are_walked_through(api, cards):
    query = {"q": "drake nosuchcardanywhere", "fields": "id"}
    whole = api.get(API + "cards/search", query | {"limit": 50}).json()["cards"]
    assert walk(api, "cards/search", "cards", **query) == whole
    assert len(whole) in (0, 7)


def test_alerts_and_what_they_told_are_walked_through(mine, member, cards):
    for amount in range(1, 6):
        rule = alerts.set_rule(by=member, kind="price_drop", product=cards[0].product, amount=Decimal(amount))
        Alert.objects.create(
            owner=member, rule=rule, kind=rule.kind, variant=cards[0], condition="NM", value=amount, currency="USD",
            words="It fell.", cause=f"price:{amount}", at=timezone.now(),
        )  # fmt: skip
    Rule.objects.update(created_at=timezone.now())  # the same moment: their keys decide

    def one_more():
        alerts.set_rule(
            by=member, kind="price_increase", product=cards[0].product, amount=Decimal(Rule.objects.count())
        )

    seen = walk(mine, "alerts", "alerts", between=one_more)
    assert [row["price_threshold"] for row in seen] == [5, 4, 3, 2, 1]
    told = walk(mine, "alerts/history", "history")
    assert [row["price"] for row in told] == [5, 4, 3, 2, 1]


def test_listings_items_and_trades_are_walked_through(api, mine, member, cards):
    for variant in cards[:5]:
        make_item(member, variant)
        make_trade(make_listing(variant=variant, quantity=2), member)
    for client, path, name in ((api, "listings", "listings"), (mine, "inventory", "items"), (mine, "trades", "trades")):
        whole = client.get(API + path, {"limit": 50}).json()[name]
        assert walk(client, path, name) == whole
        assert len(whole) == 5


def test_a_listing_that_is_withdrawn_meanwhile_hides_no_other(api, member, cards):
    made = [make_listing(member, variant=variant) for variant in cards[:5]]
    told = [str(each.pk) for each in reversed(made)]
    first = api.get(API + "listings", {"limit": 2}).json()
    made[-1].delete()
    made[-2].delete()
    rest = api.get(API + "listings", {"limit": 50, "cursor": first["pagination"]["next_cursor"]}).json()["listings"]
    assert [row["id"] for row in first["listings"] + rest] == told


def test_a_history_is_walked_through_and_its_summary_is_of_all(api, cards):
    now = timezone.now().replace(microsecond=0)
    for days in range(6):
        for slug in ("tcgplayer", "cardmarket"):
            Quote.objects.create(
                variant=cards[0], source=Source.objects.get(slug=slug), condition="NM", market=Decimal(10 + days),
                observed_at=now - dt.timedelta(days=days, microseconds=days % 2),
            )  # fmt: skip
    path = f"cards/{cards[0].product_id}/prices/history"
    whole = api.get(API + path).json()
    assert "pagination" not in whole
    assert len(whole["data_points"]) == 12
    assert walk(api, path, "data_points", limit=5) == whole["data_points"]
    assert api.get(API + path, {"limit": 3}).json()["summary"] == whole["summary"]


@pytest.mark.parametrize("trend", ["gainers", "most_watched"])
def test_what_moved_is_walked_through(api, cards, trend):
    whole = api.get(API + "prices/trending", {"trend_type": trend, "limit": 50}).json()["trending_cards"]
    assert len(whole) == 5
    assert walk(api, "prices/trending", "trending_cards", trend_type=trend) == whole


# -- cursors that are none ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cursor", ["x", "WyJhIl0:1abc:def", "ñ", "a" * 9000, "\x00"])
@pytest.mark.parametrize("path", ["cards/search", "listings", "listings/search", "prices/trending"])
def test_a_made_up_cursor_is_refused(api, path, cursor):
    answer = api.get(API + path, {"cursor": cursor})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["details"]["field"]) == (400, "INVALID_INPUT", "cursor")
    assert "Begin without one" in error["message"]


def test_a_cursor_is_good_for_its_own_question_alone(api, cards):
    first = api.get(API + "cards/search", {"limit": 2, "q": "drake"}).json()["pagination"]["next_cursor"]
    assert api.get(API + "cards/search", {"limit": 5, "q": "drake", "cursor": first}).status_code == 200
    for other in ({"q": "dragon"}, {"q": "drake", "sort": "price"}, {"q": "drake", "rarity": "Rare"}):
        assert api.get(API + "cards/search", other | {"cursor": first}).status_code == 400
    assert api.get(API + "listings", {"cursor": first}).status_code == 400
    both = api.get(API + "cards/search", {"q": "drake", "cursor": first, "offset": 2})
    assert "not by both" in both.json()["error"]["message"]


# -- pure -------------------------------------------------------------------------------------------------------------------
moved = st.decimals("-50", "50", places=2).filter(bool)
movers = st.lists(
    st.builds(
        lambda card, change, before, volume: {
            "card": {"id": str(card)},
            "price_change": {"change_amount": float(change), "previous_price": float(before)},
            "volume": volume,
        },
        st.uuids(), moved, st.decimals("1", "900", places=2), st.integers(0, 50),
    ),
    max_size=12,
    unique_by=lambda row: row["card"]["id"],
)  # fmt: skip


@given(movers, st.sampled_from(["gainers", "losers", "most_watched"]), st.integers(1, 4))
def test_every_mover_is_told_once_in_one_order(rows, trend, size):
    first = {"card": {"id": ""}, "price_change": {"change_amount": 10**9, "previous_price": "0.01"}, "volume": 10**9}
    if trend == "losers":
        first["price_change"]["change_amount"] = -(10**9)
    whole = movers_after(rows, mover_position(first), trend)
    assert len(whole) == len(rows)
    for row in rows:
        behind = movers_after(rows, mover_position(row), trend)
        assert row not in behind
        before = [each for each in rows if each not in behind and each is not row]
        assert all(row in movers_after(rows, mover_position(each), trend) for each in before)


@given(st.lists(st.tuples(st.datetimes(), st.sampled_from("ab"), st.booleans()), unique=True, max_size=12))
def test_every_point_is_told_once(drawn):
    points = [
        {"timestamp": at.replace(tzinfo=dt.UTC).isoformat().replace("+00:00", "Z"), "source": source, "is_sale": sale}
        for at, source, sale in sorted(drawn)
    ]
    for number, point in enumerate(points):
        assert points_after(points, point_position(point)) == points[number + 1 :]
