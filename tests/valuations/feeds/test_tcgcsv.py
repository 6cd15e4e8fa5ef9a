"""TCGCSV over real HTTP: the day's prices as JSON and as tables, and the packed days of its archive."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal

import py7zr
import pytest
from django.utils import timezone

from apps.core.models import RejectedInput
from apps.valuations.models import CurrentPrice, Feed, Quote
from tests.valuations.feeds.conftest import price, quoted, results
from tests.valuations.feeds.playing import no

pytestmark = pytest.mark.django_db
UPDATED = "2026-07-07T20:05:27+0000"


@pytest.fixture
def day(source, cards):
    """Two groups of Pokémon with three prices."""
    Feed.objects.filter(slug="tcgcsv").update(options={"categories": [3]})
    source.says("/tcgcsv/last-updated.txt", UPDATED)
    source.says("/tcgcsv/tcgplayer/3/groups", results({"groupId": 22}, {"groupId": 21}))
    source.says("/tcgcsv/tcgplayer/3/21/prices", results(price(101), price(101, "Holofoil", marketPrice=9.5)))
    source.says("/tcgcsv/tcgplayer/3/22/prices", results(price(102, marketPrice=4)))
    return source


EXPECTED = [
    ("001", "holofoil", "2026-07-07", Decimal(1), Decimal("9.50")),
    ("001", "normal", "2026-07-07", Decimal(1), Decimal("2.05")),
    ("002", "normal", "2026-07-07", Decimal(1), Decimal(4)),
]


def test_the_prices_of_the_day(day, run):
    done = run("tcgcsv")
    assert (done.state, done.error) == ("done", "")
    assert quoted() == EXPECTED
    assert (done.rows, done.created, done.rejected, done.requests) == (3, 3, 0, 4)
    assert done.newest_at == dt.datetime(2026, 7, 7, tzinfo=dt.UTC)
    assert CurrentPrice.objects.get(variant__product__number="002", condition="NM").value == Decimal(4)
    assert day.asked[0].headers["user-agent"].startswith("CardVault (+http")


def test_a_day_that_was_read_is_asked_about_in_one_request(day, run):
    run("tcgcsv")
    again = run("tcgcsv")
    assert (again.state, again.rows, again.requests) == ("done", 0, 1)
    day.says("/tcgcsv/last-updated.txt", "2026-07-08T20:05:27+0000")
    assert run("tcgcsv").created == 3


def test_the_same_day_read_again_changes_nothing(day, run):
    run("tcgcsv")
    Feed.objects.get(slug="tcgcsv").runs.all().delete()
    again = run("tcgcsv")
    assert (again.rows, again.created, again.updated, again.unchanged) == (3, 0, 0, 3)
    assert quoted() == EXPECTED


def test_as_tables(day, run):
    Feed.objects.filter(slug="tcgcsv").update(options={"categories": [3], "format": "csv"})
    heading = "productId,name,extNumber,lowPrice,midPrice,highPrice,marketPrice,directLowPrice,subTypeName"
    day.says("/tcgcsv/tcgplayer/3/21/ProductsAndPrices.csv", f'{heading}\n101,"Drake, Ember",1,1,,,2.05,,Normal\n')
    done = run("tcgcsv")  # the other group has no table
    assert (done.state, done.created) == ("done", 1)
    assert quoted() == [EXPECTED[1]]


def test_an_empty_group_is_no_failure(day, run):
    day.says("/tcgcsv/tcgplayer/3/21/prices", no(404))
    assert (run("tcgcsv").state, quoted()) == ("done", EXPECTED[2:])


def packed(day: str, **groups: object) -> bytes:
    """A day of the archive; groups by "category_group"."""
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", filters=[{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 24}]) as archive:
        for place, content in groups.items():
            category, group = place.strip("g").split("_")
            archive.writestr(json.dumps(content), f"{day}/{category}/{group}/prices")
    return buffer.getvalue()


@pytest.fixture
def archive(source, cards):
    """Two days before today."""
    days = [timezone.now().date() - dt.timedelta(days=back) for back in (3, 2, 1)]
    Feed.objects.filter(slug="tcgcsv-archive").update(options={"categories": [3], "from": days[0].isoformat()})
    for nth, day in enumerate(days):
        content = packed(
            day.isoformat(),
            g3_21=results(price(101, marketPrice=2 + nth), price(102)),
            g3_22=results(price(103)),
            g1_7=results(price(999999)),
        )
        source.says(f"/tcgcsv/archive/tcgplayer/prices-{day}.ppmd.7z", content)
    return days


def test_days_gone_by_out_of_the_archive(archive, source, run):
    done = run("tcgcsv-archive")
    assert (done.state, done.error, done.created, done.rejected) == ("done", "", 9, 0)
    first = Quote.objects.filter(variant__product__number="001").order_by("observed_at")
    assert [(row.observed_at.date(), row.market) for row in first] == [(day, 2 + n) for n, day in enumerate(archive)]
    assert run("tcgcsv-archive").requests == 0, "yesterday was the last day there is"
    Feed.objects.filter(slug="tcgcsv-archive").update(options={"categories": [3], "from": f"{archive[1]}"})
    assert run("tcgcsv-archive").unchanged == 6, "another first day was asked for"


def test_a_day_that_the_archive_lacks_is_told_and_passed_over(archive, source, run):
    source.says(f"/tcgcsv/archive/tcgplayer/prices-{archive[1]}.ppmd.7z", no(404))
    done = run("tcgcsv-archive")
    assert (done.state, done.created, done.rejected) == ("done", 6, 1)
    assert RejectedInput.objects.get(batch_id=done.pk).reason == "the archive has no such day"


def test_an_archive_that_is_none_ends_the_run_with_the_days_before_it(archive, source, run):
    source.says(f"/tcgcsv/archive/tcgplayer/prices-{archive[1]}.ppmd.7z", b"<html>too many requests</html>")
    failed = run("tcgcsv-archive")
    assert (failed.state, failed.error, failed.created) == ("failed", "Its archive is not a 7z file.", 3)
    source.says(
        f"/tcgcsv/archive/tcgplayer/prices-{archive[1]}.ppmd.7z",
        packed(archive[1].isoformat(), g3_22=results(price(103)))[:-20],
    )
    assert run("tcgcsv-archive").error.startswith("Its archive cannot be unpacked")


def test_an_archive_that_is_refused_says_so(archive, source, run):
    source.says(f"/tcgcsv/archive/tcgplayer/prices-{archive[0]}.ppmd.7z", no(403))
    assert run("tcgcsv-archive").error == "tcgcsv.com: answered 403."
