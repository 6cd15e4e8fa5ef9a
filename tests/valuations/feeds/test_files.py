"""Sources that are files, over real HTTP: Cardmarket's and PriceCharting's guides, and our own CSV at any address."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.core.models import RejectedInput
from apps.valuations.feeds import cardmarket, table
from apps.valuations.feeds.errors import FeedOff
from apps.valuations.models import CurrentPrice, Feed, Quote
from tests.valuations.feeds.conftest import quoted, sold
from tests.valuations.feeds.playing import Asked, Reply, no

pytestmark = pytest.mark.django_db


def file(content: object, etag: str = '"one"'):
    """A file that is sent only to who has not got it."""

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == etag:
            return Reply(b"", 304)
        return Reply(content, headers={"ETag": etag, "Last-Modified": "Tue, 07 Jul 2026 01:00:00 GMT"})

    return answer


def guide(product: object, **prices: object) -> dict[str, object]:
    known = {"avg": 2.5, "low": 0.5, "trend": 2.1, "avg1": 2.2, "avg7": 2.3, "avg30": 2.4}
    return {"idProduct": product, "idCategory": 51, **known, **prices}


def guides(*rows: object) -> dict[str, object]:
    return {"version": 1, "createdAt": "2026-07-07T02:48:43+0200", "priceGuides": list(rows)}


POKEMON = "/cardmarket/priceGuide/price_guide_6.json"


@pytest.fixture
def market(source, cards):
    """Cardmarket's guide of Pokémon."""
    Feed.objects.filter(slug="cardmarket").update(options={"games": [6]})
    holo = {"avg-holo": 4, "low-holo": 1, "trend-holo": 3.3}
    source.says(
        POKEMON, file(guides(guide(201, **holo), guide(202, **{"avg-holo": 0, "trend-holo": None}), guide(999)))
    )
    return source


def test_price_guides(market, run):
    done = run("cardmarket")
    assert (done.state, done.error, done.created, done.rejected) == ("done", "", 3, 1)
    assert quoted() == [
        ("001", "normal", "2026-07-07", Decimal("0.50"), Decimal("2.10")),
        ("001", "reverse-holofoil", "2026-07-07", Decimal("1.00"), Decimal("3.30")),
        ("002", "normal", "2026-07-07", Decimal("0.50"), Decimal("2.10")),
    ]
    assert {(row.currency, row.source.slug) for row in Quote.objects.all()} == {("EUR", "cardmarket")}


def test_a_file_that_has_not_changed_is_not_sent_again(market, run):
    run("cardmarket")
    again = run("cardmarket")
    assert (again.state, again.rows, again.requests) == ("done", 0, 1)
    assert market.asked[-1].headers["if-modified-since"] == "Tue, 07 Jul 2026 01:00:00 GMT"
    market.says(POKEMON, file(guides(guide(201, trend=9)), etag='"two"'))
    assert run("cardmarket").updated == 1


def test_a_file_is_noted_as_read_only_once_all_of_it_is_stored(market, run, monkeypatch):
    monkeypatch.setattr(cardmarket, "ROWS", 2)
    paused = run("cardmarket", seconds=0)
    assert (paused.state, paused.cursor["row"]) == ("paused", 2)
    assert Feed.objects.get(slug="cardmarket").validators == {}
    done = run("cardmarket")
    assert (done.state, done.rows, done.created) == ("done", 4, 3)
    assert list(Feed.objects.get(slug="cardmarket").validators.values()) == [['"one"', "Tue, 07 Jul 2026 01:00:00 GMT"]]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"createdAt": "today"}, "Its createdAt is 'today', which is no time."),
        ({"priceGuides": None}, "no list of priceGuides"),
    ],
)
def test_a_guide_that_is_none_is_told(market, run, wrong, told):
    market.says(POKEMON, guides() | wrong)
    assert told in run("cardmarket").error


def test_rows_of_a_guide_that_cannot_be_are_refused(market, run):
    rows = [guide(201, trend="a lot"), guide("201"), guide(202, low=-1), None, guide(203)]
    market.says(POKEMON, guides(*rows))
    done = run("cardmarket")
    assert (done.created, done.rejected) == (1, 4)


CHARTS = "/pricecharting/price-guide/download-custom"
HEADING = "id,console-name,product-name,loose-price,cib-price,new-price,graded-price,sales-volume,tcg-id"


@pytest.fixture
def charts(source, cards, settings):
    """PriceCharting's guide of Pokémon cards."""
    settings.PRICECHARTING_TOKEN = "c0b53bce27c1bdab90b1605249e600dc43dfd1d5"
    Feed.objects.filter(slug="pricecharting").update(options={"categories": ["pokemon-cards"]})
    lines = [
        '71,Pokemon Ember Peaks,Ember Drake #1,"$1,204.50",,,,12,101',
        "72,Pokemon Ember Peaks,Tide Otter [Reverse Holo] #2,3.10,,,,,102",
        "73,Pokemon Ember Peaks,Moss Golem [Error] #3,3.10,,,,,103",
        "74,Pokemon Ember Peaks,Moss Golem #3,,,,,,103",
        "75,Pokemon Ember Peaks,Moss Golem #3,-1,,,,,103",
        "76,Pokemon Ember Peaks,Nobody #9,1,,,,,",
    ]
    source.says(CHARTS, Reply("\n".join([HEADING, *lines, ""]), headers={"Content-Type": "text/csv"}))
    return source


def test_ungraded_prices_by_tcgplayers_id_or_its_own(charts, run):
    done = run("pricecharting")
    assert (done.state, done.error, done.created, done.unpriced, done.rejected) == ("done", "", 2, 1, 3)
    assert [(row[0], row[1], row[4]) for row in quoted()] == [
        ("001", "normal", Decimal("1204.50")), ("002", "reverse-holofoil", Decimal("3.10")),
    ]  # fmt: skip
    assert charts.asked[0].query["category"] == "pokemon-cards"
    reasons = set(RejectedInput.objects.values_list("reason", flat=True))
    assert "'Error' is not a finish" in reasons
    assert "the catalogue knows no pricecharting id 76" in reasons


def test_graded_prices_come_with_the_ungraded(charts, run):
    columns = "bgs-10-price,condition-17-price,condition-18-price,box-only-price,manual-only-price"
    line = "71,Pokemon Ember Peaks,Ember Drake #1,$1.50,$4.00,6.00,$9.00,12,101,300.00,$80,70,-5,$100.00"
    charts.says(CHARTS, Reply("\n".join([f"{HEADING},{columns}", line, ""]), headers={"Content-Type": "text/csv"}))
    done = run("pricecharting")
    assert (done.state, done.created, done.rejected) == ("done", 8, 1)
    assert dict(Quote.objects.values_list("condition", "market")) == {
        "NM": Decimal("1.50"), "Grade 7": Decimal(4), "Grade 8": Decimal(6), "Grade 9": Decimal(9),
        "PSA 10": Decimal(100), "BGS 10": Decimal(300), "CGC 10": Decimal(80), "SGC 10": Decimal(70),
    }  # fmt: skip
    assert CurrentPrice.objects.get(condition="PSA 10").method == "quotes"


def test_the_columns_mean_grades_of_cards_alone(charts, run):
    Feed.objects.filter(slug="pricecharting").update(options={"categories": ["video-games"]})
    line = "71,Nintendo,Ember Drake,5.00,20.00,30.00,90.00,3,101"
    charts.says(CHARTS, Reply("\n".join([HEADING, line, ""]), headers={"Content-Type": "text/csv"}))
    assert run("pricecharting").created == 1


def test_the_token_stands_in_no_message(charts, run, settings):
    for answer in (no(403), b'{"status": "error"}', b"", no(500)):
        charts.says(CHARTS, answer)
        failed = run("pricecharting")
        assert failed.state == "failed"
        assert settings.PRICECHARTING_TOKEN not in failed.error


def test_without_its_token_it_is_off(cards, run):
    with pytest.raises(FeedOff, match="PRICECHARTING_TOKEN is not set"):
        run("pricecharting")


def own(server, name: str, content: object, **options: object) -> Feed:
    server.says(f"/{name}", content)
    url = f"{server.address}/{name}"
    return Feed.objects.create(slug=name.split(".")[0], kind="csv", pace_minutes=60, options={"url": url, **options})


def test_our_own_csv_of_prices_and_of_sales(source, cards, run):
    own(
        source,
        "prices.csv",
        file("release_code,number,date,market,low\nemb1,1,2026-07-01,2.00,-1\nemb1,2,2026-07-01,3,\n"),
        source="ebay",
    )
    own(
        source,
        "sales.csv",
        file("release_code,number,price,sold_at,reference\nemb1,1,2.50,2026-07-01,a\n"),
        writes="sales",
    )
    done = run("prices")
    assert (done.created, done.rejected) == (1, 1)
    assert Quote.objects.get().source.slug == "ebay"
    assert (run("sales").created, sold()) == (1, [("a", None, Decimal("2.50"), 1)])
    assert run("sales").rows == 0


def test_a_long_file_is_stored_part_by_part(source, cards, run, monkeypatch):
    monkeypatch.setattr(table, "ROWS", 2)
    lines = [f"emb1,{n % 3 + 1},2026-07-{n + 1:02},{n + 1}" for n in range(7)]
    own(source, "prices.csv", file("\n".join(["release_code,number,date,market", *lines, ""])))
    paused = run("prices", seconds=0)
    assert (paused.rows, paused.cursor["row"]) == (2, 2)
    done = run("prices")
    assert (done.state, done.rows, done.created) == ("done", 7, 7)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (Reply("<html>", headers={"Content-Type": "text/html"}), "There is a page instead of a file."),
        (b"name,colour\na,b\n", "It is not our CSV: "),
        (b"", "It is not our CSV: "),
        (no(404), "answered 404"),
    ],
)
def test_a_file_that_is_none_is_told(source, cards, run, content, told):
    own(source, "prices.csv", content)
    assert told in run("prices").error


def test_files_of_the_own_network_need_the_operators_word(source, cards, run, settings):
    settings.FEEDS_ALLOW_PRIVATE = False
    own(source, "prices.csv", file("release_code,number,date,market\nemb1,1,2026-07-01,2\n"))
    assert "is not on the public internet" in run("prices").error
    assert source.asked == []


def test_without_an_address_it_is_off(db, run):
    Feed.objects.create(slug="mine", kind="csv", pace_minutes=60, options={"url": "file:///etc/passwd"})
    with pytest.raises(FeedOff, match="names no address"):
        run("mine")
