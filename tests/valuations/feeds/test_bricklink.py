"""BrickLink over real HTTP: each request signed (OAuth 1.0a), set by set, new and used."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from decimal import Decimal
from urllib.parse import quote, unquote

import pytest

from apps.core.models import RejectedInput
from apps.valuations.feeds.errors import FeedOff
from apps.valuations.models import Quote
from tests.factories import make_category, make_product, make_variant
from tests.valuations.feeds.playing import Asked, Reply, no

pytestmark = pytest.mark.django_db
PRICE = "/bricklink/items/SET/375-1/price"
DATA = {
    "item": {"no": "375-1", "type": "SET"}, "new_or_used": "N", "currency_code": "USD", "min_price": "90.0000",
    "max_price": "210.5000", "avg_price": "150.1234", "qty_avg_price": "148.9999", "unit_quantity": 4, "total_quantity": 6,
    "price_detail": [],
}  # fmt: skip
OK = {"code": 200, "message": "OK", "description": "OK"}


def signed_rightly(asked: Asked, address: str) -> bool:
    """Worked out from RFC 5849 section 3.4, without the library that signs."""
    told = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', asked.headers["authorization"])}
    signature = told.pop("oauth_signature")
    pairs = sorted((quote(name, safe="~"), quote(value, safe="~")) for name, value in (told | asked.query).items())
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(quote(part, safe="~") for part in ("GET", f"{address}{asked.path}", joined))
    key = b"consumer%20secret&token-secret"
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode() == signature


@pytest.fixture
def bricks(source, db, settings):
    """BrickLink, and one set in the catalogue."""
    for name, value in (
        ("CONSUMER_KEY", "ck"), ("CONSUMER_SECRET", "consumer secret"), ("TOKEN", "tk"), ("TOKEN_SECRET", "token-secret"),
    ):  # fmt: skip
        setattr(settings, f"BRICKLINK_{name}", value)
    castle = make_product("Yellow Castle", number="375", code="castle", category=make_category("toys/lego", ""))
    make_variant(castle, finish="sealed")
    make_variant(castle, finish="normal")

    def answer(asked: Asked) -> Reply:
        if not signed_rightly(asked, source.address):
            return Reply({"meta": {"code": 401, "message": "BAD_OAUTH_REQUEST", "description": "SIGNATURE_INVALID"}})
        used = asked.query["new_or_used"] == "U"
        return Reply({"meta": OK, "data": DATA | ({"qty_avg_price": "60.0000"} if used else {})})

    source.says(PRICE, answer)
    return source


def test_new_is_sealed_and_used_is_open(bricks, run):
    done = run("bricklink")
    assert (done.state, done.error, done.created, done.requests) == ("done", "", 2, 2)
    found = {row.variant.finish: row for row in Quote.objects.all()}
    assert (found["sealed"].market, found["normal"].market) == (Decimal("149.00"), Decimal("60.00"))
    assert (found["sealed"].low, found["sealed"].high, found["sealed"].sample_size) == (
        Decimal(90),
        Decimal("210.50"),
        6,
    )
    assert {asked.query["guide_type"] for asked in bricks.asked} == {"sold"}


def test_wrong_keys_are_told_in_its_words(bricks, run, settings):
    settings.BRICKLINK_TOKEN_SECRET = "another"
    assert run("bricklink").error == "BrickLink refused our keys: BAD_OAUTH_REQUEST SIGNATURE_INVALID."


def test_without_keys_it_is_off(db, run):
    with pytest.raises(FeedOff, match="BRICKLINK_CONSUMER_KEY, BRICKLINK_CONSUMER_SECRET, BRICKLINK_TOKEN and"):
        run("bricklink")


def test_zeros_are_no_prices(bricks, run):
    zero = {name: "0.0000" for name in ("min_price", "max_price", "avg_price", "qty_avg_price")}
    bricks.says(PRICE, {"meta": OK, "data": DATA | zero})
    done = run("bricklink")
    assert (done.unpriced, done.created, done.rejected) == (2, 0, 0)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"meta": {"code": 404, "message": "RESOURCE_NOT_FOUND"}}, "BrickLink knows no such set"),
        ({"meta": OK, "data": DATA | {"qty_avg_price": "-4"}}, "below zero"),
        ({"meta": OK, "data": DATA | {"qty_avg_price": ["1"]}}, "is not a price"),
        ({"meta": OK, "data": DATA | {"total_quantity": -2}}, "below zero"),
        ({"meta": OK, "data": DATA | {"total_quantity": "many"}}, "it is not a price of this format"),
        ({"meta": OK, "data": DATA | {"min_price": "20000000"}}, "above ten million"),
    ],
)
def test_what_cannot_be_is_refused(bricks, run, answer, reason):
    bricks.says(PRICE, answer)
    done = run("bricklink")
    assert (done.state, done.created, done.rejected) == ("done", 0, 2)
    assert reason in RejectedInput.objects.filter(batch_id=done.pk).first().reason


@pytest.mark.parametrize("answer", [{}, [], {"meta": OK}, {"meta": OK, "data": []}, b"<html>"])
def test_an_answer_that_is_none_ends_the_run(bricks, run, answer):
    bricks.says(PRICE, answer)
    assert run("bricklink").state == "failed"


def test_a_failure_that_passes_costs_a_try_with_a_signature_of_its_own(bricks, run):
    rest = bricks.answers[PRICE][0]
    bricks.says(PRICE, no(500), rest)
    assert run("bricklink").state == "done"
    nonces = [re.search(r'oauth_nonce="(\w+)"', asked.headers["authorization"])[1] for asked in bricks.asked]
    assert len(set(nonces)) == 3
