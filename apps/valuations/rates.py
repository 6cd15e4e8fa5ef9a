"""Reference rates of currencies by day, from the European Central Bank's files, and conversion by the rate of a day.

Prices are stored in the currency they were told in; whoever reads them converts, by the rate of the day they are of.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from io import BytesIO

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from apps.core.errors import InvalidInput, NotFound
from apps.core.http import Fetcher
from apps.valuations.models import ExchangeRate

log = structlog.get_logger()

MOST_BYTES = 64 * 1024**2
OLDEST_DAYS = 7
"""A bank rests at weekends and on holidays: so much older a rate may be than the day that it is used for."""

Rate = tuple[dt.date, str, Decimal]

_CUBE = re.compile(
    r"""<Cube\s+(?:time=['"](?P<day>[^'"]*)['"]|currency=['"](?P<currency>[^'"]*)['"]\s+rate=['"](?P<rate>[^'"]*)['"])"""
)


class NoRate(NotFound):
    """There is no rate of that currency and time."""

    code, message = "NO_RATE", "There is no exchange rate for this day."


def read_rates(content: bytes) -> Iterator[Rate]:
    """Day, currency, and how much of it a euro is, out of eurofxref-daily.xml, -hist.xml, .csv, -hist.csv or their zip.

    Raises InvalidInput when it is none of these.
    """
    if content[:2] == b"PK":
        with zipfile.ZipFile(BytesIO(content)) as packed:
            first = packed.infolist()[0]
            if first.file_size > MOST_BYTES:
                raise InvalidInput("The file of rates is larger than it can be.")
            content = packed.read(first)
    text = content.decode("utf-8-sig", errors="replace")
    found = list(_of_xml(text) if text.lstrip().startswith("<") else _of_table(text))
    if not found:
        raise InvalidInput("The file holds no rates of the European Central Bank.")
    yield from found


def _of_xml(text: str) -> Iterator[Rate]:
    day: dt.date | None = None
    for cube in _CUBE.finditer(text):
        if cube["day"]:
            day = _day(cube["day"])
        elif day is not None:
            yield day, _currency(cube["currency"]), _rate(cube["rate"])


def _of_table(text: str) -> Iterator[Rate]:
    lines = csv.reader(text.splitlines())
    heading = [cell.strip() for cell in next(lines, [])]
    if heading[:1] != ["Date"]:
        raise InvalidInput("The file holds no rates of the European Central Bank.")
    for cells in lines:
        if not cells or not cells[0].strip():
            continue
        day = _day(cells[0].strip())
        for currency, cell in zip(heading[1:], cells[1:], strict=False):
            if currency and cell.strip() not in ("", "N/A"):
                yield day, _currency(currency), _rate(cell.strip())


def _day(text: str) -> dt.date:
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
    raise InvalidInput(f"{text[:40]!r} is not a day of exchange rates.")


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise InvalidInput(f"{text[:40]!r} is not a currency code.")
    return text


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not 0 < rate < 10**9:
        raise InvalidInput(f"{text[:40]!r} is not an exchange rate.")
    return rate


@transaction.atomic
def keep_rates(content: bytes) -> int:
    """Keep the rates of a file, all or none; how many are new or corrected. A repeat changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table stage_rate (day date, currency varchar(3), per_euro numeric(18, 8)) on commit drop"
        )
        with cursor.copy("copy stage_rate from stdin") as copy:
            for row in read_rates(content):
                copy.write_row(row)
        cursor.execute(
            """insert into valuations_exchangerate as r (day, currency, per_euro)
            select distinct on (day, currency) * from stage_rate on conflict (currency, day) do update
            set per_euro = excluded.per_euro where r.per_euro <> excluded.per_euro"""
        )
        kept = cursor.rowcount
        cursor.execute("drop table stage_rate")
    return kept


def fetch_rates(*, whole: bool = False) -> int:
    """Ask the bank for the rates of the day, or for all since 1999; how many are new.

    Raises FetchFailed, FetchRefused (such as an address of our own network), InvalidInput.
    """
    name = "eurofxref-hist.zip" if whole else "eurofxref-daily.xml"
    with Fetcher(allow_private=settings.FEEDS_ALLOW_PRIVATE, timeout_seconds=settings.FEED_TIMEOUT_SECONDS) as fetcher:
        address = settings.RATES_ADDRESS or settings.FEED_ADDRESSES["ecb"]
        found = fetcher.fetch(f"{address}/{name}", most_bytes=MOST_BYTES)
    if found is None:
        raise InvalidInput("The bank sent nothing.")
    return keep_rates(found.content)


def refresh_rates(*, today: dt.date | None = None) -> int | None:
    """Run by the scheduler: the day's rates, or all where the last known are too old to go on from; how many are new.

    None, and a line in the log, where RATES_ADDRESS is not set. Raises as `fetch_rates`.
    """
    if not settings.RATES_ADDRESS:
        log.info("rates.off", why="RATES_ADDRESS is empty: exchange rates are not asked for")
        return None
    today = today or timezone.now().date()
    newest = ExchangeRate.objects.aggregate(day=Max("day"))["day"]
    kept = fetch_rates(whole=newest is None or today - newest > dt.timedelta(days=OLDEST_DAYS))
    log.info("rates.kept", new=kept)
    return kept


def convert(amount: Decimal, *, source: str, target: str, on: dt.date) -> Decimal:
    """An amount in another currency by the rate of a day, or the last one up to seven days before. Halves to even.

    Raises NoRate.
    """
    if source == target:
        return amount
    return (amount * _per_euro(target, on) / _per_euro(source, on)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def _per_euro(currency: str, on: dt.date) -> Decimal:
    if currency == "EUR":
        return Decimal(1)
    known = ExchangeRate.objects.filter(currency=currency, day__lte=on, day__gt=on - dt.timedelta(days=OLDEST_DAYS))
    rate = known.order_by("-day").values_list("per_euro", flat=True).first()
    if rate is None:
        raise NoRate(currency=currency, day=f"{on}")
    return rate
