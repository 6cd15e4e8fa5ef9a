"""What a source can do wrong, over real HTTP: the run says plainly what happened, and nothing is lost or counted twice."""

from __future__ import annotations

import datetime as dt
import math
import os
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from limits import parse

from apps.core.models import RejectedInput
from apps.valuations.actions import refresh_stale
from apps.valuations.feeds import pace, queries, runs
from apps.valuations.feeds.errors import FeedBusy, FeedError
from apps.valuations.models import CurrentPrice, Feed, FeedRun, Quote
from tests.valuations.feeds.conftest import price, quoted, results
from tests.valuations.feeds.playing import Reply, no
from tests.waiting import eventually, is_connected

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]
UPDATED = "2026-07-07T20:05:27+0000"
GROUPS = [21, 22, 23]
PRICES = "/tcgcsv/tcgplayer/3/{}/prices".format


@pytest.fixture
def day(source, cards):
    """Three groups of one price each."""
    Feed.objects.filter(slug="tcgcsv").update(options={"categories": [3]})
    source.says("/tcgcsv/last-updated.txt", UPDATED)
    source.says("/tcgcsv/tcgplayer/3/groups", results(*({"groupId": group} for group in GROUPS)))
    for product, group in enumerate(GROUPS, 101):
        source.says(PRICES(group), results(price(product)))
    return source


def accounted_for(run: FeedRun) -> bool:
    return run.rows == run.stored + run.unchanged + run.repeated + run.unpriced + run.rejected


def reasons(run: FeedRun) -> list[str]:
    return sorted(RejectedInput.objects.filter(batch_id=run.pk).values_list("reason", flat=True))


def standing(slug: str) -> str:
    return next(each.state for each in queries.statuses() if each.feed.slug == slug)


def test_a_source_that_is_down_fails_its_own_feed_alone(day, run, settings, waits):
    addresses = settings.FEED_ADDRESSES
    settings.FEED_ADDRESSES = addresses | {"tcgcsv": "http://127.0.0.1:1"}
    failed = run("tcgcsv")
    assert failed.state == "failed"
    assert failed.error.startswith("tcgcsv.com: ConnectError")
    assert (failed.requests, len(waits)) == (5, 4)
    assert all(0 <= wait <= 33 for wait in waits), "growing, with jitter"
    assert Feed.objects.get(slug="tcgcsv").next_run_at > timezone.now() + dt.timedelta(minutes=13)
    day.says("/cardmarket/priceGuide/price_guide_6.json", {"createdAt": UPDATED, "priceGuides": []})
    day.says("/cardmarket/priceGuide/price_guide_1.json", {"createdAt": UPDATED, "priceGuides": []})
    assert run("cardmarket").state == "done"
    settings.FEED_ADDRESSES = addresses
    assert (run("tcgcsv").state, len(quoted())) == ("done", 3)


def test_a_source_that_is_too_slow(day, run, settings):
    settings.FEED_TIMEOUT_SECONDS, settings.FEED_ATTEMPTS = 0.3, 2
    day.says(PRICES(22), Reply(hold=True))
    failed = run("tcgcsv")
    assert failed.error == "tcgcsv.com: the other side was too slow."
    assert [row[0] for row in quoted()] == ["001"], "what came before is stored"


def test_a_source_that_asks_for_patience_gets_it(day, run, waits):
    day.says(PRICES(22), no(429, Retry_After="7"), no(503, Retry_After="11"), results(price(102)))
    done = run("tcgcsv")
    assert (done.state, done.created, waits) == ("done", 3, [7.0, 11.0])


@pytest.mark.parametrize("written", ["seconds", "date"])
def test_one_that_asks_for_long_patience_is_asked_then_and_not_before(day, run, waits, written):
    at = timezone.now() + dt.timedelta(hours=2)
    told = "7200" if written == "seconds" else format_datetime(at.replace(microsecond=0), usegmt=True)
    day.says(PRICES(22), no(429, Retry_After=told))
    failed = run("tcgcsv")
    assert (failed.state, failed.error, waits) == ("failed", "tcgcsv.com: answered 429.", [])
    assert abs(Feed.objects.get(slug="tcgcsv").next_run_at - at) < dt.timedelta(minutes=1)


def test_an_error_that_passes_costs_a_try(day, run, waits):
    day.says(PRICES(22), no(500), no(502), results(price(102)))
    done = run("tcgcsv")
    assert (done.state, done.created, done.requests, len(waits)) == ("done", 3, 7, 2)


WHOLE = b'{"success": true, "errors": [], "results": [{"productId": 102, "subTypeName": "Normal", "marketPrice": 2}]}'


@pytest.mark.parametrize("torn", [Reply(WHOLE, cut=30), Reply(WHOLE[:-30])], ids=["connection", "file"])
def test_an_answer_that_breaks_off_is_asked_for_again(day, run, torn):
    day.says(PRICES(22), torn, WHOLE)
    done = run("tcgcsv")
    assert (done.state, done.created) == ("done", 3)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (WHOLE[:-30], "Its answer breaks off after 77 bytes."),
        (b"<html>Bad gateway</html>", "Its answer of 24 bytes is not JSON."),
        (b"", "Its answer is empty."),
        (b'{"results": [NaN]}', "Its answer of 18 bytes is not JSON."),
        (b'{"results": ["\\ud800"]}', "Its answer of 23 bytes is not JSON."),
        (b"[" * 100_000, "Its answer of 100000 bytes is not JSON."),
        ({"success": True}, "Its answer has no list of results."),
        ({"results": {"productId": 1}}, "Its answer has no list of results."),
        ([1, 2], "Its answer has no list of results."),
    ],
)
def test_an_answer_that_is_none_ends_the_run_and_says_why(day, run, answer, told):
    day.says(PRICES(22), Reply(answer))
    failed = run("tcgcsv")
    assert failed.state == "failed"
    assert failed.error == told
    assert [row[0] for row in quoted()] == ["001"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"marketPrice": -3}, "it is not a price of this format: -3 is below zero: no price"),
        ({"lowPrice": "cheap"}, "it is not a price of this format: 'cheap' is not a price"),
        ({"marketPrice": [1]}, "it is not a price of this format: [1] is not a price"),
        ({"marketPrice": {"a": 1}}, "it is not a price of this format: {'a': 1} is not a price"),
        ({"marketPrice": True}, "it is not a price of this format: True is not a price"),
        ({"marketPrice": 20_000_000}, "20000000.00 is above ten million: no price"),
        ({"lowPrice": 10_000_000.01}, "10000000.01 is above ten million: no price"),
        ({"marketPrice": 10**400}, "is not a price"),
        ({"productId": None}, "it is not a price of this format: None is not an id"),
        ({"productId": True}, "it is not a price of this format: True is not an id"),
        ({"productId": "1; drop table"}, "it is not a price of this format: '1; drop table' is not an id"),
        ({"productId": 999}, "the catalogue knows no tcgplayer id 999"),
        ({"subTypeName": 7}, "it is not a price of this format: 'int' object has no attribute 'lower'"),
        ({"subTypeName": "Glow"}, "it is not a price of this format: 'Glow' is not a finish"),
        ({"subTypeName": "1st Edition"}, "the catalogue has no such printing of this card: first-edition"),
        ({"directLowPrice": "a\x00b"}, "it holds a NUL character: the file is damaged"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_price_that_cannot_be_is_refused_and_the_others_stay(day, run, wrong, reason):
    day.says(PRICES(22), results(price(102), price(102) | {"subTypeName": "Holofoil"} | wrong))
    done = run("tcgcsv")
    assert (done.state, done.created, done.rejected) == ("done", 3, 1)
    assert reason in reasons(done)[0]
    assert accounted_for(done)


@pytest.mark.parametrize("row", [None, 7, "text", [], True])
def test_a_row_that_is_no_row_is_refused(day, run, row):
    day.says(PRICES(22), results(row, price(102)))
    done = run("tcgcsv")
    assert (done.state, done.created, done.rejected) == ("done", 3, 1)


def test_zero_and_nothing_mean_that_nothing_was_sold(day, run):
    nothing = {"lowPrice": 0, "midPrice": None, "highPrice": 0.0, "marketPrice": 0}
    day.says(PRICES(22), results(price(102, **nothing)))
    done = run("tcgcsv")
    assert (done.created, done.unpriced, done.rejected) == (2, 1, 0)


def test_what_somebody_asks_in_jest_does_not_take_the_price_along(day, run):
    day.says(PRICES(22), results(price(102, highPrice=99_999_999.99)))
    run("tcgcsv")
    quote = Quote.objects.get(variant__product__number="002")
    assert (quote.market, quote.high) == (Decimal("2.05"), None)


def test_a_card_that_the_catalogue_lacks_is_kept_once_however_often_it_is_priced(day, run):
    for n, market in enumerate((1, 2, 3)):
        day.says("/tcgcsv/last-updated.txt", f"2026-07-1{n}T20:05:27+0000")
        day.says(PRICES(22), results(price(999, marketPrice=market)))
        assert run("tcgcsv").rejected == 1
    kept = RejectedInput.objects.get()
    assert kept.content == {"source": "tcgplayer", "id_source": "tcgplayer", "id": "999", "finish": "normal"}


def test_what_is_said_twice_counts_once_and_the_last_word_holds(day, run):
    day.says(PRICES(22), results(price(102), price(102), price(102, marketPrice=7)))
    done = run("tcgcsv")
    assert (done.rows, done.created, done.repeated) == (5, 3, 2)
    assert Quote.objects.get(variant__product__number="002").market == 7
    assert accounted_for(done)


def tables(source, *lines: str) -> Feed:
    """A feed of our own CSV with these lines."""
    heading = "tcgplayer_id,finish,date,market"
    source.says("/prices.csv", "\n".join([heading, *lines, ""]))
    return Feed.objects.create(
        slug="mine", kind="csv", is_on=True, pace_minutes=60, options={"url": f"{source.address}/prices.csv"}
    )


def test_days_out_of_order_end_at_the_newest(source, cards, run):
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    days = [f"{today - dt.timedelta(days=back):%Y-%m-%d}" for back in (5, 1, 3, 40)]
    tables(source, *(f"101,normal,{day},{price}" for day, price in zip(days, (5, 1, 3, 40), strict=True)))
    done = run("mine")
    assert (done.created, done.newest_at) == (4, today - dt.timedelta(days=1))
    assert CurrentPrice.objects.get(variant=cards.first, condition="NM").market_price == 1


def test_a_clock_ahead_of_ours_is_forgiven_a_little_and_no_more(source, cards, run):
    now = timezone.now().replace(microsecond=0)
    ahead = [(now + dt.timedelta(minutes=minutes)).isoformat() for minutes in (10, 60)]
    tables(source, f"101,normal,{ahead[0]},1", f"101,normal,{ahead[1]},2", "101,normal,1970-01-01,3")
    done = run("mine", clock=lambda: now)
    assert (done.created, done.rejected) == (1, 2)
    assert reasons(done)[0].startswith("it is dated 1970-01-01, before")
    assert "which has not come yet" in reasons(done)[1]


def test_a_failed_run_is_taken_up_where_it_failed(day, run):
    day.says(PRICES(22), no(500))
    failed = run("tcgcsv")
    assert (failed.state, failed.created) == ("failed", 1)
    day.says(PRICES(22), results(price(102)))
    day.asked.clear()
    done = run("tcgcsv")
    assert (done.state, done.created, done.continues) == ("done", 2, failed)
    assert PRICES(21) not in day.paths()
    assert len(quoted()) == 3


def test_a_day_that_changed_meanwhile_is_read_anew(day, run):
    day.says(PRICES(22), no(500))
    run("tcgcsv")
    day.says(PRICES(22), results(price(102)))
    day.says("/tcgcsv/last-updated.txt", "2026-07-08T20:05:27+0000")
    assert run("tcgcsv").created == 3


def test_a_run_gives_way_and_goes_on(day, run, monkeypatch):
    monkeypatch.setattr(runs, "PAGES_AT_ONCE", 1)
    paused = run("tcgcsv", seconds=0)
    assert (paused.state, paused.created, paused.ended_at) == ("paused", 1, None)
    paused = run("tcgcsv", seconds=0)
    assert (paused.state, paused.created, paused.resumed) == ("paused", 2, 1)
    done = run("tcgcsv")
    assert (done.pk, done.state, done.created, done.rows, done.resumed) == (paused.pk, "done", 3, 3, 2)
    assert accounted_for(done)


def test_one_run_at_a_time(day, run):
    feed = Feed.objects.get(slug="tcgcsv")
    other = psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None, "context": None})
    other.execute("select pg_advisory_lock(hashtext('valuations.feed'), %s)", [feed.pk])
    feed.runs.create(trigger="schedule", cursor={"read": ""})
    with pytest.raises(FeedBusy):
        run("tcgcsv")
    assert standing("tcgcsv") == "running"
    with connection.cursor() as cursor:  # its process dies; a minute at most until the server has seen it
        cursor.execute("select pg_terminate_backend(%s, 60000)", [other.info.backend_pid])
        assert cursor.fetchone()[0]
    other.close()
    assert standing("tcgcsv") == "stopped", "its process is gone"
    assert run("tcgcsv").state == "done"


def test_a_source_that_fails_again_and_again_is_left_alone_for_a_while(day, run, settings):
    settings.FEED_ATTEMPTS = 1
    day.says("/tcgcsv/last-updated.txt", no(500))
    assert [run("tcgcsv").error for _ in range(3)] == ["tcgcsv.com: answered 500."] * 3
    asked = len(day.asked)
    failed = run("tcgcsv")
    assert failed.error.startswith("tcgcsv.com failed several times in a row and is left alone until ")
    assert (len(day.asked), failed.requests) == (asked, 0)
    Feed.objects.filter(slug="tcgcsv").update(is_on=True)
    found = {each.feed.slug: each for each in queries.statuses()}
    assert (found["tcgcsv"].state, found["cardmarket"].resting_until) == ("resting", None)
    # A quarter of an hour later it is asked again, and answers.
    day.says("/tcgcsv/last-updated.txt", UPDATED)
    store = redis.Redis.from_url(django_settings.CACHES["default"]["LOCATION"])
    store.set("feed:tcgcsv.com:pybreaker:opened_at", int(store.get("feed:tcgcsv.com:pybreaker:opened_at")) - 901)
    assert run("tcgcsv").state == "done"
    assert pace.rests_until("tcgcsv.com") is None


def test_a_source_that_says_no_has_not_failed(day, run, settings):
    day.says("/tcgcsv/last-updated.txt", no(403))
    assert {run("tcgcsv").error for _ in range(5)} == {"tcgcsv.com: answered 403."}
    assert pace.rests_until("tcgcsv.com") is None


def test_all_workers_keep_one_pace(db):
    waited = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)

    rates = ["20/second", "3000/minute"]
    first, second, other = (pace.Pace(host, rates, sleep=wait) for host in ("a.example", "a.example", "b.example"))
    began = time.monotonic()
    first.wait()
    second.wait()
    other.wait()
    assert waited == [], "two may go at once"
    for each in (first, second, first, second):
        each.wait()
    assert len(waited) >= 4
    assert time.monotonic() - began >= 4 / 19 - 0.01, "nineteen a second from then on, whoever asks"


@given(st.integers(1, 500), st.sampled_from(["second", "minute", "hour"]))
def test_no_stretch_of_an_allowance_sees_more_than_it(amount, unit):
    bucket = pace.bucket_of(parse(f"{amount}/{unit}"))
    length = {"second": 1, "minute": 60, "hour": 3600}[unit]
    assert bucket.capacity + math.ceil(bucket.rate * length - 1e-9) - 1 <= amount
    assert bucket.rate * length >= 0.9 * amount


def test_a_bucket_takes_from_all_allowances_of_a_host_or_from_none(db):
    waited = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        raise StopIteration

    both = pace.Pace("c.example", ["100/second", "10/minute"], sleep=wait)
    both.wait()
    for _ in range(30):
        with pytest.raises(StopIteration):
            both.wait()
    assert all(5 < each <= 6 for each in waited), "the quick bucket lost nothing by the slow one"


def test_an_allowance_that_is_used_up_is_told_with_its_end(db):
    daily = pace.Pace("a.example", ["1/day"])
    daily.wait()
    with pytest.raises(FeedError, match=r"The 1 requests that a.example allows are used; more from ") as told:
        daily.wait()
    assert told.value.until > timezone.now() + dt.timedelta(hours=23)


def test_an_error_of_our_own_is_said_and_leaves_the_place(day, run, monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(runs, "_count", broken)
        failed = run("tcgcsv")
    assert failed.error == "An error of our own, ZeroDivisionError; it is in the log."
    assert (failed.rows, quoted()) == (0, []), "prices and their counts come together or not at all"
    assert run("tcgcsv").created == 3


def test_values_that_a_run_did_not_come_to_are_found_by_the_schedule(day, run, monkeypatch):
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(runs, "refresh_prices", broken)
        assert run("tcgcsv").rows == 3
    assert not CurrentPrice.objects.exists()
    refresh_stale()
    assert CurrentPrice.objects.filter(condition="NM").count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_killed_run_goes_on_and_counts_nothing_twice(day, run):
    """The process is killed while it waits for the 27th group of thirty: one batch is stored, one is not."""
    groups = range(100, 130)
    reached = threading.Event()
    day.says("/tcgcsv/tcgplayer/3/groups", results(*({"groupId": group} for group in groups)))
    for group in groups:
        day.says(PRICES(group), results(price(101 + group % 3, marketPrice=group)))

    def hang(_: object) -> Reply:
        reached.set()
        return Reply(hold=True)

    day.says(PRICES(126), hang)
    address = urlsplit(os.environ["DATABASE_URL"])._replace(path="/" + connection.settings_dict["NAME"])
    script = (
        f"import config.settings.test as s; s.FEED_ADDRESSES['tcgcsv'] = {day.address + '/tcgcsv'!r};"
        "s.FEEDS_ALLOW_PRIVATE = True; from django.core.management import execute_from_command_line as go;"
        "go(['manage.py', 'feed', 'run', 'tcgcsv'])"
    )
    environment = os.environ | {"DATABASE_URL": address.geturl(), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    environment["PGAPPNAME"] = "dies"
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    assert reached.wait(120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    eventually(lambda: not is_connected("dies"))
    killed = FeedRun.objects.get()
    assert (killed.state, killed.rows, killed.cursor["group"]) == ("running", 25, 124)
    day.asked.clear()
    day.says(PRICES(126), results(price(101, marketPrice=126)))
    done = run("tcgcsv")
    assert (done.pk, done.state, done.resumed) == (killed.pk, "done", 1)
    assert [path.split("/")[4] for path in day.paths() if path.endswith("/prices")] == [f"{n}" for n in range(125, 130)]
    assert (done.rows, done.pages, FeedRun.objects.count()) == (30, 31, 1)
    assert accounted_for(done)
    assert {row[0]: row[4] for row in quoted()} == {"001": 129, "002": 127, "003": 128}
