"""Months of quotes: detached by age, with what follows from them kept."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from apps.valuations.actions import import_quotes, refresh_stale
from apps.valuations.history import history
from apps.valuations.models import DailyPrice, MarketPrice, Quote
from apps.valuations.partitions import kept_from

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("months", "first"), [(0, None), (1, "2024-10-01"), (25, "2024-10-01"), (26, "2024-09-01"), (36, "2023-11-01")]
)
def test_how_long_quotes_stay(settings, months, first):
    settings.QUOTES_KEPT_MONTHS = months
    assert kept_from(dt.date(2026, 11, 21)) == (first and dt.date.fromisoformat(first))


def rows_in(table):
    with connection.cursor() as cursor:
        cursor.execute(f"select market from {table} order by observed_at")
        return [market for (market,) in cursor.fetchall()]


@pytest.fixture
def old_and_new(product, prices_csv):
    today = timezone.now().date()
    import_quotes(kind="generic", path=prices_csv(*(f"emb1,004,,,{on},,,,{n}," for n, on in enumerate(
        ("2015-02-03", "2015-02-04", "2015-03-01", today), 5
    ))))  # fmt: skip


def test_old_months_are_let_go_and_their_closes_stay(old_and_new, variant, settings):
    settings.QUOTES_KEPT_MONTHS = 25
    told = history(variant.pk, "all")
    refresh_stale()
    assert [quote.market for quote in Quote.objects.all()] == [Decimal(8)]
    assert rows_in("valuations_quote_2015_02") == [5, 6], "what was let go is still there for the operator"
    assert DailyPrice.objects.count() == 4
    assert MarketPrice.objects.get().all_time_low == 5
    again = history(variant.pk, "all")
    assert [(point.at, point.market) for point in again.points] == [(point.at, point.market) for point in told.points]


def test_the_command_says_what_it_let_go(old_and_new, capsys):
    call_command("make_partitions", "--detach-before", "2015-03-15")
    assert "valuations_quote_2015_02 detached" in capsys.readouterr().out
    assert rows_in("valuations_quote") == [7, 8]
    call_command("make_partitions", "--detach-before", "2015-03-15")
    assert "detached" not in capsys.readouterr().out


def test_a_quote_that_comes_late_for_a_month_that_was_let_go_is_kept(old_and_new, prices_csv):
    call_command("make_partitions", "--detach-before", "2015-04-01")
    report = import_quotes(kind="generic", path=prices_csv("emb1,004,,,2015-02-20,,,,3,"))
    assert report.created == 1
    assert rows_in("valuations_quote_default") == [3]
    assert MarketPrice.objects.get().all_time_low == 3


def test_a_day_without_a_close_gets_one_before_its_quotes_go(quoted):
    quote = quoted("2.00", days=4000)
    call_command("make_partitions", "--from", f"{quote.observed_at:%Y-%m-%d}", "--to", f"{quote.observed_at:%Y-%m-%d}")
    call_command("make_partitions", "--detach-before", "2020-01-01")
    assert not Quote.objects.exists()
    assert DailyPrice.objects.get().market == 2
