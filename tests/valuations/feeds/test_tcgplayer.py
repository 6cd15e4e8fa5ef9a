"""TCGplayer's API over real HTTP: tokens that are shared and renewed, prices of the products that the catalogue knows."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from apps.catalog.models import ExternalId
from apps.core.models import RejectedInput
from apps.valuations.feeds import tcgplayer
from apps.valuations.feeds.errors import FeedOff
from apps.valuations.models import FeedRun
from tests.valuations.feeds.conftest import price, quoted, results
from tests.valuations.feeds.playing import Asked, Reply, no

pytestmark = pytest.mark.django_db
TOKEN = {"access_token": "first", "token_type": "bearer", "expires_in": 1209599, "userName": "shop"}
ALL = "/tcgplayer/v1.39.0/pricing/product/101,102,103"


@pytest.fixture
def shop(source, cards, settings):
    """TCGplayer with prices of two of three products."""
    settings.TCGPLAYER_CLIENT_ID, settings.TCGPLAYER_CLIENT_SECRET = "public", "private"
    source.says("/tcgplayer/token", TOKEN)
    source.says(ALL, results(price(101), price(101, "Holofoil"), price(103, marketPrice=None, lowPrice=None)))
    return source


def test_without_keys_it_is_off_and_says_so(cards, run):
    with pytest.raises(FeedOff, match="TCGPLAYER_CLIENT_ID and TCGPLAYER_CLIENT_SECRET are not set"):
        run("tcgplayer")
    assert not FeedRun.objects.exists()


def test_prices_of_what_the_catalogue_knows(shop, run):
    done = run("tcgplayer")
    assert (done.state, done.error, done.created) == ("done", "", 3)
    assert [(number, finish) for number, finish, *_ in quoted()] == [
        ("001", "holofoil"), ("001", "normal"), ("003", "normal"),
    ]  # fmt: skip
    token, asked = shop.asked
    assert parse_qs(token.body) == {
        "grant_type": ["client_credentials"], "client_id": ["public"], "client_secret": ["private"],
    }  # fmt: skip
    assert asked.headers["authorization"] == "Bearer first"


def test_a_token_is_kept_for_the_next_run(shop, run):
    run("tcgplayer")
    run("tcgplayer")
    assert shop.paths().count("/tcgplayer/token") == 1


def test_a_token_that_ends_soon_is_not_kept(shop, run):
    shop.says("/tcgplayer/token", TOKEN | {"expires_in": 60})
    run("tcgplayer")
    run("tcgplayer")
    assert shop.paths().count("/tcgplayer/token") == 2


def test_a_token_that_is_no_longer_believed_is_renewed_once(shop, run):
    def asked(request: Asked) -> Reply:
        good = request.headers["authorization"] == "Bearer second"
        return Reply(results(price(101))) if good else no(401)

    shop.says("/tcgplayer/token", TOKEN, TOKEN | {"access_token": "second"})
    shop.says(ALL, asked)
    done = run("tcgplayer")
    assert (done.state, done.created, done.requests) == ("done", 1, 4)


def test_keys_that_are_refused_end_the_run(shop, run):
    shop.says(ALL, no(401))
    failed = run("tcgplayer")
    assert failed.error == "api.tcgplayer.com: refused our keys (401)."
    assert shop.paths() == ["/tcgplayer/token", ALL, "/tcgplayer/token", ALL]
    shop.says("/tcgplayer/token", no(401))
    assert run("tcgplayer").error == "api.tcgplayer.com: refused our keys (401)."


@pytest.mark.parametrize(
    "answer", [{}, [], {"access_token": ""}, {"access_token": 7}, {"access_token": "x", "expires_in": "soon"}]
)
def test_a_token_that_is_none_is_told(shop, run, answer):
    shop.says("/tcgplayer/token", answer)
    assert run("tcgplayer").error in {
        "Its answer holds no token.", "Its answer does not say how long its token holds.",
    }  # fmt: skip


def test_many_ids_go_in_few_requests_and_a_stop_keeps_the_place(shop, run, monkeypatch):
    monkeypatch.setattr(tcgplayer, "IDS", 2)
    shop.says("/tcgplayer/v1.39.0/pricing/product/101,102", results(price(101), price(102)))
    shop.says("/tcgplayer/v1.39.0/pricing/product/103", no(500))
    failed = run("tcgplayer")
    assert (failed.state, failed.created) == ("failed", 2)
    shop.says("/tcgplayer/v1.39.0/pricing/product/103", results(price(103)))
    shop.asked.clear()
    done = run("tcgplayer")
    assert (done.created, shop.paths()) == (1, ["/tcgplayer/v1.39.0/pricing/product/103"])
    assert len({row[2] for row in quoted()}) == 1, "a run is of one time, also after a stop"


def test_products_that_tcgplayer_does_not_know_are_no_failure(shop, run):
    shop.says(ALL, no(404))
    done = run("tcgplayer")
    assert (done.state, done.rows) == ("done", 0)


def test_what_tcgplayer_says_went_wrong_is_told(shop, run):
    shop.says(ALL, {"success": False, "errors": ["Rate limit exceeded."], "results": []})
    assert run("tcgplayer").error == "TCGplayer says: Rate limit exceeded."


def test_an_id_that_is_none_is_told_and_not_sent(shop, run, cards):
    ExternalId.objects.create(source="tcgplayer", value="102/../../token", product=cards.products[0])
    done = run("tcgplayer")
    assert (done.state, done.rejected) == ("done", 1)
    assert "is no id of TCGplayer" in RejectedInput.objects.get(batch_id=done.pk).reason
