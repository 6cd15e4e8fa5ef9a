"""What the loader keeps up beside quotes: closes by day, market prices with changes, extremes, volatility and trend."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from apps.valuations import rollups
from apps.valuations.actions import import_quotes
from apps.valuations.importers import staging
from apps.valuations.models import DailyPrice, MarketPrice, Quote, Source

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 7, 31)
HEADING = "tcgplayer_id,finish,condition,date,market,low,currency,source"


@pytest.fixture
def said(product, prices_csv):
    """Imports lines "days before DAY, market[, source[, currency]]" of the ordinary printing; the report."""

    def load(*lines, source="tcgplayer"):
        rows = []
        for line in lines:
            before, market, *rest = line.split(",")
            where, unit = (*rest, "", "")[:2]
            rows.append(f"90001,normal,NM,{DAY - dt.timedelta(days=int(before))},{market},1,{unit},{where}")
        return import_quotes(kind="generic", path=prices_csv(*rows, heading=HEADING), source=source, refresh=False)

    return load


def closes():
    found = DailyPrice.objects.order_by("currency", "day").values_list("day", "source__slug", "market")
    return [((DAY - day).days, slug, market) for day, slug, market in found]


def test_a_market_price_has_its_changes_and_extremes(said):
    said("31,8", "30,10", "8,15", "7,16", "2,19", "0,20")
    price = MarketPrice.objects.get()
    assert (price.market, price.change_1d, price.change_7d, price.change_30d) == (20, 1, 4, 10)
    assert (price.all_time_low, price.all_time_high, price.day) == (8, 20, DAY)
    assert price.source.slug == "tcgplayer"


def test_volatility_and_trend_are_of_thirty_days(said):
    said("40,900", *(f"{n},{100 - n}" for n in range(30)))
    price = MarketPrice.objects.get()
    assert price.volatility_30d == round(Decimal((sum(n * n for n in range(30)) / 30 - 14.5**2) ** 0.5 / 85.5), 4)
    assert price.trend_30d == round(Decimal(30 / 85.5 * 100), 2)


def test_with_one_price_nothing_is_told_of_movement(said):
    said("0,20")
    price = MarketPrice.objects.get()
    assert (price.change_1d, price.change_7d, price.volatility_30d, price.trend_30d) == (None, None, None, None)


def test_the_more_reliable_source_closes_the_day_whoever_comes_last(said):
    said("1,10,tcgplayer", "0,12,tcgplayer", "0,99,ebay")
    assert closes() == [(1, "tcgplayer", 10), (0, "tcgplayer", 12)]
    said("1,50,ebay", "2,7,ebay")
    assert closes() == [(2, "ebay", 7), (1, "tcgplayer", 10), (0, "tcgplayer", 12)]
    said("2,8,tcgplayer")
    assert closes()[0] == (2, "tcgplayer", 8)


def test_a_correction_is_followed_everywhere(said):
    said("2,10", "1,500", "0,12")
    assert MarketPrice.objects.get().all_time_high == 500
    said("1,11")
    price = MarketPrice.objects.get()
    assert (price.all_time_high, price.change_1d) == (12, 1)
    assert [market for _, _, market in closes()] == [10, 11, 12]


def test_a_correction_of_the_currency_leaves_nothing_behind(said):
    said("0,12")
    said("0,12,,EUR")
    assert list(MarketPrice.objects.values_list("currency", "market")) == [("EUR", 12)]
    assert list(DailyPrice.objects.values_list("currency", flat=True)) == ["EUR"]


def test_currencies_are_kept_apart(said):
    said("0,12", "0,9,cardmarket,EUR")
    found = MarketPrice.objects.order_by("currency").values_list("currency", "market")
    assert list(found) == [("EUR", 9), ("USD", 12)]


def test_older_days_that_come_later_change_what_they_should(said):
    said("0,20")
    said("7,16")
    said("8,3")
    price = MarketPrice.objects.get()
    assert (price.market, price.change_7d, price.all_time_low) == (20, 4, 3)


def test_an_ask_alone_closes_a_day_and_makes_no_market_price(said):
    said("0,0")
    assert closes() == [(0, "tcgplayer", None)]
    assert not MarketPrice.objects.exists()


def rolled_up():
    days = list(DailyPrice.objects.order_by("pk").values_list())
    return days, [row[:-1] for row in MarketPrice.objects.order_by("pk").values_list()]


@pytest.mark.parametrize("batch", [1, 3, 50_000])
def test_in_any_batches_and_rebuilt_it_is_the_same(said, variant, monkeypatch, batch):
    lines = [f"{n % 9},{10 + n % 7},{('tcgplayer', 'ebay')[n % 2]}" for n in range(30)]
    said(*lines)
    whole = rolled_up()
    Quote.objects.all().delete()
    rollups.rebuild([variant.pk])
    monkeypatch.setattr(staging, "BATCH", batch)
    DailyPrice.objects.all().delete(), MarketPrice.objects.all().delete()
    said(*lines)
    assert rolled_up() == whole
    rollups.rebuild([variant.pk])
    assert rolled_up() == whole


def test_a_repeat_leaves_even_the_time_of_change_alone(said):
    said("1,10", "0,12")
    before = MarketPrice.objects.values_list().get()
    said("1,10", "0,12")
    assert MarketPrice.objects.values_list().get() == before


def test_quotes_are_of_variants_and_sources_that_exist(variant):
    at, source = dt.datetime(2026, 7, 1, tzinfo=dt.UTC), Source.objects.get(slug="ebay")
    known = {"condition": "NM", "observed_at": at, "market": 1}
    with pytest.raises(IntegrityError, match="a variant that does not exist"), transaction.atomic():
        Quote.objects.create(variant_id="00000000-0000-7000-8000-000000000000", source=source, **known)
    with pytest.raises(IntegrityError, match="a source that does not exist"), transaction.atomic():
        Quote.objects.create(variant=variant, source_id=999_999, **known)
    Quote.objects.create(variant=variant, source=source, **known)
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="quotes rest on this source"), transaction.atomic():
            cursor.execute("delete from valuations_source where id = %s", [source.pk])
        cursor.execute("delete from catalog_variant where id = %s", [variant.pk])
    assert not Quote.objects.exists(), "a variant takes its quotes along"
