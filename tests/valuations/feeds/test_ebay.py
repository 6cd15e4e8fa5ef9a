"""eBay over real HTTP: asks of Browse and sales of Marketplace Insights, and only what means the printing."""

from __future__ import annotations

import base64
from decimal import Decimal
from urllib.parse import parse_qs

import pytest

from apps.core.models import RejectedInput
from apps.valuations.feeds import ebay as adapter
from apps.valuations.feeds.errors import FeedOff
from apps.valuations.models import CurrentPrice, Feed, Quote
from tests.factories import make_price
from tests.valuations.feeds.conftest import sold
from tests.valuations.feeds.playing import Asked, no

pytestmark = pytest.mark.django_db
SEARCH = "/ebay/buy/browse/v1/item_summary/search"
SOLD = "/ebay/buy/marketplace_insights/v1_beta/item_sales/search"


def listing(number: int, title: str, value: str = "10.00", currency: str = "USD", **more: object) -> dict[str, object]:
    return {
        "itemId": f"v1|{number}|0", "title": title, "price": {"value": value, "currency": currency},
        "condition": "Ungraded", "conditionId": "4000", "buyingOptions": ["FIXED_PRICE"],
        "seller": {"username": "shop", "feedbackPercentage": "99.9", "feedbackScore": 31327}, **more,
    }  # fmt: skip


def sale(number: int, title: str, value: str = "10.00", **more: object) -> dict[str, object]:
    return {
        "itemId": f"v1|{number}|0", "title": title, "lastSoldPrice": {"value": value, "currency": "USD"},
        "lastSoldDate": "2026-07-01T10:00:00.000Z", "totalSoldQuantity": 1, "conditionId": "4000",
        "seller": {"username": "shop"}, **more,
    }  # fmt: skip


@pytest.fixture
def ebay(source, cards, settings):
    """eBay for one card that is worth asking about, and one that is not."""
    settings.EBAY_CLIENT_ID, settings.EBAY_CLIENT_SECRET, settings.EBAY_SALES_ALLOWED = "app", "cert", True
    for product, worth in zip(cards.products, ("20", "1", "30"), strict=True):
        make_price(product.variants.get(is_default=True), worth)
    source.says("/ebay/identity/v1/oauth2/token", {"access_token": "good", "expires_in": 7200})
    source.says(SEARCH, lambda asked: {"total": 0} if "Drake" not in asked.query["q"] else {
        "total": 4, "limit": 200, "offset": 0,
        "itemSummaries": [
            listing(1, "Ember Drake 001/060 NM", "12.50"), listing(2, "Pokemon Ember Drake #1", "9.99"),
            listing(2, "Pokemon Ember Drake #1", "9.99"), listing(3, "Ember Drake 001 lot of 4", "1.00"),
            listing(4, "Ember Drake 001 PSA 10", "400.00"), listing(5, "Ember Drake 001", "15", "EUR"),
            listing(6, "Ember Drake 001 Holo", "20.00"),
        ],
    })  # fmt: skip
    return source


def test_asks_become_one_quote_a_printing(ebay, run, cards):
    done = run("ebay-asks")
    assert (done.state, done.error, done.created) == ("done", "", 1)
    quote = Quote.objects.get()
    assert (quote.variant, quote.source.slug, quote.currency) == (cards.first, "ebay", "USD")
    assert (quote.low, quote.mid, quote.market, quote.sample_size) == (Decimal("9.99"), Decimal("12.50"), None, 3)
    assert CurrentPrice.objects.get(variant=cards.first, condition="NM").method == "asks"
    token, *searches = ebay.asked
    assert token.headers["authorization"] == "Basic " + base64.b64encode(b"app:cert").decode()
    assert parse_qs(token.body)["scope"] == ["https://api.ebay.com/oauth/api_scope"]
    assert sorted(asked.query["q"] for asked in searches) == ["Ember Drake 001", "Moss Golem 003"]
    assert searches[0].headers["x-ebay-c-marketplace-id"] == "EBAY_US"
    assert searches[0].query["filter"] == "buyingOptions:{FIXED_PRICE},conditionIds:{4000}"
    assert searches[0].query["category_ids"] == "183454"


def test_a_search_is_leafed_through_to_its_end(ebay, run, monkeypatch):
    monkeypatch.setattr(adapter, "LIMIT", 2)
    found = [listing(n, "Ember Drake 001", f"{10 + n}.00") for n in range(5)]

    def page(asked: Asked) -> dict[str, object]:
        if "Drake" not in asked.query["q"]:
            return {"total": 0}
        first, limit = int(asked.query["offset"]), int(asked.query["limit"])
        return {"total": 5, "limit": limit, "offset": first, "itemSummaries": found[first : first + limit]}

    ebay.says(SEARCH, page)
    assert (run("ebay-asks").state, Quote.objects.get().sample_size) == ("done", 5)
    drakes = [asked.query for asked in ebay.asked if "Drake" in asked.query.get("q", "")]
    assert [(query["offset"], query["limit"]) for query in drakes] == [("0", "2"), ("2", "2"), ("4", "2")]
    ebay.asked.clear()
    Feed.objects.filter(slug="ebay-asks").update(options={"listings_per_printing": 3})
    run("ebay-asks")
    drakes = [asked.query for asked in ebay.asked if "Drake" in asked.query.get("q", "")]
    assert [(query["offset"], query["limit"]) for query in drakes] == [("0", "2"), ("2", "1")]


def test_a_search_that_ends_sooner_than_it_says_ends(ebay, run):
    ebay.says(SEARCH, lambda asked: {"total": 900, "itemSummaries": [listing(1, "Ember Drake 001")]}
              if asked.query["offset"] == "0" else {"total": 900})  # fmt: skip
    assert run("ebay-asks").state == "done"


def test_the_round_goes_on_with_the_next_run(ebay, run):
    Feed.objects.filter(slug="ebay-asks").update(options={"printings_per_run": 1})
    for _ in range(3):
        assert run("ebay-asks").state == "done"
    asked = [each.query["q"] for each in ebay.asked if each.path == SEARCH]
    assert len(asked) in {2, 3}
    assert set(asked) == {"Ember Drake 001", "Moss Golem 003"}


def test_sales_wait_for_the_operators_word(ebay, run, settings):
    settings.EBAY_SALES_ALLOWED = False
    with pytest.raises(FeedOff, match="EBAY_SALES_ALLOWED is not true: eBay's terms restrict"):
        run("ebay-sales")
    assert ebay.asked == []


def of_the_drake(*sales: object):
    return lambda asked: (
        {"itemSales": list(sales), "total": len(sales)} if "Drake" in asked.query["q"] else {"total": 0}
    )


def test_sales_ungraded_and_graded(ebay, run):
    ebay.says(SOLD, of_the_drake(
        sale(1, "Ember Drake 001/060", "11.00"), sale(2, "Ember Drake 001 BGS 9.5", "150.00", conditionId="2750"),
        sale(3, "Ember Drake 001", "8.00", totalSoldQuantity=4), sale(4, "Ember Drake 002"),
    ))  # fmt: skip
    done = run("ebay-sales")
    assert (done.state, done.error, done.created, done.rejected) == ("done", "", 3, 0)
    assert sold() == [
        ("v1|1|0", None, Decimal("11.00"), 1), ("v1|2|0", Decimal("9.5"), Decimal("150.00"), 1),
        ("v1|3|0", None, Decimal("8.00"), 4),
    ]  # fmt: skip
    assert run("ebay-sales").unchanged == 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"lastSoldPrice": {"value": "-1", "currency": "USD"}}, "below zero"),
        ({"lastSoldPrice": {"value": "0", "currency": "USD"}}, "a sale has a price above zero"),
        ({"lastSoldPrice": "12"}, "it is not a sale of this format"),
        ({"lastSoldPrice": {"value": "99999999", "currency": "USD"}}, "above ten million"),
        ({"lastSoldDate": "2999-01-01T00:00:00Z"}, "which has not come yet"),
        ({"lastSoldDate": "lately"}, "is not a date"),
        ({"totalSoldQuantity": "4"}, "at least one copy"),
        ({"totalSoldQuantity": 10**10}, "copies cannot be"),
        ({"conditionId": "2750"}, "does not say by whom"),
        ({"itemId": "x" * 90}, "at most 80"),
    ],
)
def test_a_sale_that_cannot_be_is_refused(ebay, run, wrong, reason):
    ebay.says(SOLD, of_the_drake(sale(1, "Ember Drake 001"), sale(2, "Ember Drake 001") | wrong, 7))
    done = run("ebay-sales")
    assert (done.created, done.rejected) == (1, 2)
    assert any(reason in told for told in RejectedInput.objects.values_list("reason", flat=True))
    assert not any("shop" in str(content) for content in RejectedInput.objects.values_list("content", flat=True))


def test_a_token_that_expired_on_the_way_is_renewed(ebay, run):
    tokens = iter(["good", "better", "best"])
    ebay.says("/ebay/identity/v1/oauth2/token", lambda _: {"access_token": next(tokens), "expires_in": 7200})

    def answer(asked: Asked) -> object:
        return no(401) if asked.headers["authorization"] == "Bearer good" else {"total": 0}

    ebay.says(SEARCH, answer)
    done = run("ebay-asks")
    assert (done.state, done.requests) == ("done", 5)
