"""A long file is stored batch by batch: what comes of it does not depend on where a batch ends."""

import datetime as dt
import gc
from decimal import Decimal

import pytest

from apps.core.errors import InvalidInput
from apps.core.models import RejectedInput
from apps.valuations.actions import import_quotes, import_sales
from apps.valuations.importers import staging
from apps.valuations.importers.loader import load
from apps.valuations.importers.rows import Lookup, QuoteRow
from apps.valuations.models import DailyPrice, MarketPrice, Quote, Sale

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1, 2, 3, 50_000])
def batch(request, monkeypatch):
    monkeypatch.setattr(staging, "BATCH", request.param)
    return request.param


def test_quotes(product, batch, prices_csv):
    path = prices_csv(
        "emb1,004,,,2026-07-01,,,,1,", "emb1,004,,,2026-07-02,,,,2,", "emb1,9,,,2026-07-02,,,,2,",
        "emb1,004,holo,,2026-08-02,,,,5,", "emb1,004,,,2026-07-03,,,,0,", "emb1,9,,,2026-07-03,,,,2,",
        "emb1,004,,,2026-07-01,,,,3,",
    )  # fmt: skip
    report = import_quotes(kind="generic", path=path)
    assert [reject.line for reject in report.rejects] == [4, 7]
    assert (report.created, report.unpriced, report.rejected) == (3, 1, 2)
    assert report.updated + report.repeated == 1, "the last line holds, in one batch or in two"
    assert RejectedInput.objects.count() == 2
    found = Quote.objects.order_by("observed_at").values_list("market", flat=True)
    assert list(found) == [Decimal(3), Decimal(2), Decimal(5)]
    again = import_quotes(kind="generic", path=prices_csv("emb1,004,,,2026-07-02,,,,2,", "emb1,004,,,2026-07-01,,,,3,"))
    assert (again.created, again.updated, again.unchanged, again.touched) == (0, 0, 2, set())


def test_a_finish_that_is_priced_is_added_once(product, batch, prices_csv):
    path = prices_csv(
        "emb1,004,etched,,2026-07-01,,,,1,", "emb1,004,etched,,2026-07-02,,,,2,", "emb1,4,etched,,2026-07-03,,,,2,"
    )
    report = import_quotes(kind="generic", path=path, add_finishes=True)
    assert (report.added_finishes, report.created, report.rejected) == (1, 3, 0)
    assert product.variants.filter(finish="etched").count() == 1


def test_sales(product, batch, sales_csv):
    path = sales_csv(
        "a1,emb1,004,NM,,12.50,,,,,2026-07-01", "a2\\n,emb1,004,LP,,10,,,,,2026-07-02", "a3,emb1,004,NM,,8,,,,,2026-07-03",
        "a1,emb1,004,NM,,13,,,,,2026-07-01",
    )  # fmt: skip
    report = import_sales(path=path)
    assert (report.created, report.updated + report.repeated, report.rejected) == (3, 1, 0)
    assert Sale.objects.get(reference="a1").price == Decimal(13)
    assert Sale.objects.filter(reference="a2\\n").exists(), "what COPY escapes comes back as it was"


@pytest.mark.parametrize("batch", [1, 2], indirect=True)
def test_of_a_file_that_breaks_off_in_a_later_batch_nothing_stays(product, variant, batch):
    def broken():
        for day in (1, 2, 3):
            at = dt.datetime(2026, 7, day, tzinfo=dt.UTC)
            lookup = Lookup(variant_id=str(variant.pk))
            yield QuoteRow(day, {}, lookup, "file", "NM", at, None, None, None, Decimal(day), "USD")
        raise InvalidInput("It ends in the middle of a line.")

    with pytest.raises(InvalidInput, match="in the middle"):
        load(broken(), kind="quotes", origin="prices.generic")
    assert not Quote.objects.exists()
    assert not MarketPrice.objects.exists()
    assert gc.isenabled()


def test_a_day_of_two_sources_is_closed_once_wherever_batches_end(product, batch, prices_csv):
    heading = "tcgplayer_id,finish,date,market,source"
    path = prices_csv(
        "90001,normal,2026-07-01,1,cardmarket", "90001,normal,2026-07-01,2,tcgplayer", "90001,normal,2026-07-02,3,cardmarket",
        "90001,normal,2026-07-02T09:00:00Z,4,cardmarket", heading=heading,
    )  # fmt: skip
    assert import_quotes(kind="generic", path=path).created == 4
    closes = DailyPrice.objects.order_by("day").values_list("market", "source__slug")
    assert list(closes) == [(2, "tcgplayer"), (4, "cardmarket")]
