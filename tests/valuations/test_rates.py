"""Exchange rates: the bank's files as they are, conversion by day, and a history in one currency."""

import datetime as dt
import io
import zipfile
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from structlog.testing import capture_logs

from apps.core.errors import InvalidInput
from apps.core.http import FetchRefused
from apps.valuations.history import history
from apps.valuations.models import ExchangeRate, Quote
from apps.valuations.rates import NoRate, convert, fetch_rates, keep_rates, read_rates, refresh_rates
from apps.valuations.tasks import import_rates
from tests.valuations.feeds.playing import Source

DAILY = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
\t\t<Cube time='2026-11-20'>
\t\t\t<Cube currency='USD' rate='1.0525'/>
\t\t\t<Cube currency='JPY' rate='162.11'/>
\t\t</Cube>
\t</Cube>
</gesmes:Envelope>"""
CSV = b"Date, USD, JPY, \n20 November 2026, 1.0525, 162.11, \n"
WHOLE = b"Date,USD,JPY,CYP,\n2026-11-20,1.0525,162.11,N/A,\n2026-11-19,1.05,161,N/A,\n"
FRIDAY = dt.date(2026, 11, 20)
OF_THE_DAY = [(FRIDAY, "USD", Decimal("1.0525")), (FRIDAY, "JPY", Decimal("162.11"))]


def packed(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("eurofxref-hist.csv", content)
    return stream.getvalue()


def test_each_form_of_the_banks_files():
    assert list(read_rates(DAILY)) == list(read_rates(CSV)) == OF_THE_DAY
    assert list(read_rates(packed(WHOLE))) == list(read_rates(WHOLE))
    assert list(read_rates(WHOLE))[2:] == [
        (FRIDAY - dt.timedelta(1), "USD", Decimal("1.05")),
        (FRIDAY - dt.timedelta(1), "JPY", 161),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no rates"), (b"<html>gone</html>", "holds no rates"), (b"Date,USD\n", "holds no rates"),
        (DAILY.replace(b"1.0525", b"-1"), "'-1' is not an exchange rate"),
        (DAILY.replace(b"1.0525", b"NaN"), "'NaN' is not an exchange rate"),
        (DAILY.replace(b"2026-11-20", b"Friday"), "'Friday' is not a day"),
        (WHOLE.replace(b"JPY", b"yen"), "'yen' is not a currency"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_rates_is_refused(content, said):
    with pytest.raises(InvalidInput, match=said):
        list(read_rates(content))


@pytest.mark.django_db
def test_a_repeat_changes_nothing_and_a_correction_does():
    assert [keep_rates(WHOLE), keep_rates(WHOLE), keep_rates(DAILY)] == [4, 0, 0]
    assert keep_rates(DAILY.replace(b"1.0525", b"1.06")) == 1
    assert ExchangeRate.objects.get(currency="USD", day=FRIDAY).per_euro == Decimal("1.06")


@pytest.mark.django_db
def test_amounts_are_converted_by_the_rate_of_their_day():
    keep_rates(WHOLE)
    assert convert(Decimal(100), source="EUR", target="USD", on=FRIDAY) == Decimal("105.25")
    assert convert(Decimal(100), source="EUR", target="USD", on=FRIDAY - dt.timedelta(1)) == 105
    assert convert(Decimal("105.25"), source="USD", target="JPY", on=FRIDAY) == 16211
    assert convert(Decimal("1.00"), source="GBP", target="GBP", on=FRIDAY) == 1
    assert convert(Decimal(100), source="EUR", target="USD", on=FRIDAY + dt.timedelta(6)) == Decimal("105.25"), (
        "a weekend"
    )
    for unit, day in (("GBP", FRIDAY), ("USD", FRIDAY + dt.timedelta(7)), ("USD", FRIDAY - dt.timedelta(2))):
        with pytest.raises(NoRate):
            convert(Decimal(100), source="EUR", target=unit, on=day)


@pytest.mark.django_db
def test_a_history_is_in_the_currency_that_was_asked_for_and_what_is_stored_stays(quoted, variant):
    dollars = quoted("10.00", days=1)
    euros = quoted("8.00", days=2, source="cardmarket", currency="EUR")
    quoted("7.00", days=3, source="cardmarket", currency="CYP")
    assert [point.market for point in history(variant.pk).points] == [10], "without a rate it is left out"
    for quote, rate in ((dollars, "1.25"), (euros, "1.10")):
        ExchangeRate.objects.create(currency="USD", day=quote.observed_at.date(), per_euro=Decimal(rate))
    known = [(point.source, point.market, point.currency) for point in history(variant.pk).points]
    assert known == [("cardmarket", Decimal("8.80"), "USD"), ("tcgplayer", Decimal("10.00"), "USD")]
    known = [(point.source, point.market, point.currency) for point in history(variant.pk, currency="EUR").points]
    assert known == [("cardmarket", Decimal("8.00"), "EUR"), ("tcgplayer", Decimal("8.00"), "EUR")]
    assert set(Quote.objects.values_list("currency", "market")) == {("USD", 10), ("EUR", 8), ("CYP", 7)}


@pytest.mark.django_db
def test_the_command(tmp_path, capsys):
    (tmp_path / "rates.csv").write_bytes(WHOLE)
    call_command("import_rates", str(tmp_path / "rates.csv"))
    assert capsys.readouterr().out == "4 rates new or corrected\n"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_rates", str(tmp_path / "nowhere"))


@pytest.fixture
def bank(settings):
    bank = Source()
    settings.FEEDS_ALLOW_PRIVATE = True
    settings.RATES_ADDRESS = bank.address
    bank.says("/eurofxref-daily.xml", DAILY)
    bank.says("/eurofxref-hist.zip", packed(WHOLE))
    yield bank
    bank.close()


@pytest.mark.django_db
def test_the_bank_is_asked(bank):
    assert (fetch_rates(), fetch_rates(whole=True)) == (2, 2)


@pytest.mark.django_db
def test_the_schedule_asks_for_all_days_first_and_then_for_the_last(bank):
    import_rates()
    assert ExchangeRate.objects.count() == 4
    bank.says("/eurofxref-daily.xml", DAILY.replace(b"2026-11-20", b"2026-11-23"))
    assert refresh_rates(today=FRIDAY + dt.timedelta(3)) == 2
    assert refresh_rates(today=FRIDAY + dt.timedelta(3)) == 0
    assert bank.paths().count("/eurofxref-hist.zip") == 1


@pytest.mark.django_db
def test_without_an_address_the_schedule_asks_nobody_and_says_so(bank, settings):
    settings.RATES_ADDRESS = ""
    with capture_logs() as told:
        import_rates()
    assert [(each["event"], each["why"]) for each in told] == [
        ("rates.off", "RATES_ADDRESS is empty: exchange rates are not asked for")
    ]
    assert not ExchangeRate.objects.exists()


@pytest.mark.django_db
def test_an_address_within_our_own_network_is_not_asked(bank, settings):
    settings.FEEDS_ALLOW_PRIVATE = False
    with pytest.raises(FetchRefused):
        import_rates()
    assert not ExchangeRate.objects.exists()
