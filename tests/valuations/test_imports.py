"""Prices and sales from files: what arrives, what is refused and why, and that a repeat changes nothing."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.catalog.models import ExternalId
from apps.core.errors import InvalidInput
from apps.core.models import OutboxEvent, RejectedInput
from apps.valuations.actions import import_quotes, import_sales, make_partitions
from apps.valuations.models import CurrentPrice, MarketPrice, Quote, Sale
from tests.catalog import files
from tests.factories import make_product, make_variant

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 7, 7)


def quotes():
    found = Quote.objects.order_by("observed_at", "variant__finish", "condition")
    return [(row.variant.finish, row.condition, f"{row.observed_at:%Y-%m-%d}", row.market) for row in found]


def tcgcsv(folder, *prices):
    return files.write(folder / "2026-07-07/3/501/prices", {"results": list(prices)})


def test_a_days_prices_of_tcgcsv(product, tmp_path):
    tcgcsv(tmp_path, files.tcgplayer_price(90001, "Normal"), files.tcgplayer_price(90001, "Holofoil", marketPrice=9.5))
    report = import_quotes(kind="tcgcsv", path=tmp_path)
    assert (report.created, report.rejected) == (2, 0)
    assert quotes() == [
        ("holofoil", "NM", "2026-07-07", Decimal("9.5")),
        ("normal", "NM", "2026-07-07", Decimal("4.25")),
    ]
    price = CurrentPrice.objects.get(variant__finish="holofoil", condition="NM")
    assert (price.value, price.method, price.low_price) == (Decimal("9.5"), "quotes", Decimal("3.5"))


def test_prices_beside_products_in_one_table(product, tmp_path):
    report = import_quotes(kind="tcgcsv", path=files.tcgcsv_table(tmp_path), on=DAY, add_finishes=True)
    assert (report.created, report.rejected, report.added_finishes) == (2, 1, 1)
    assert product.variants.filter(finish="reverse-holofoil").count() == 1


def test_without_leave_no_finish_is_added(product, tmp_path):
    tcgcsv(tmp_path, files.tcgplayer_price(90001, "Reverse Holofoil"))
    report = import_quotes(kind="tcgcsv", path=tmp_path)
    assert report.rejects[0].reason == "the catalogue has no such printing of this card: reverse-holofoil"
    assert product.variants.count() == 2


def test_of_which_day_prices_are_has_to_be_known(product, tmp_path):
    path = files.write(tmp_path / "prices", {"results": []})
    with pytest.raises(InvalidInput, match="Say it with --date"):
        import_quotes(kind="tcgcsv", path=path)
    files.write(tmp_path / "last-updated.txt", "2026-07-06T20:05:00+0000")
    import_quotes(kind="tcgcsv", path=path)


def test_quotes_of_graded_copies_stand_beside_those_of_conditions(product, prices_csv):
    heading = "release_code,number,finish,condition,grade,date,market"
    path = prices_csv(
        "emb1,4,normal,NM,,2026-07-07,10",
        "emb1,4,normal,,PSA 10.0 GEM - MT,2026-07-07,80",
        "emb1,4,normal,,BGS 9.5,2026-07-07,45",
        "emb1,4,normal,,9,2026-07-07,30",
        "emb1,4,normal,,ABC 11,2026-07-07,30",
        heading=heading,
    )
    report = import_quotes(kind="generic", path=path, refresh=False)
    assert [reject.reason for reject in report.rejects] == ["'ABC 11' is not a grade such as PSA 10"]
    assert {(condition, market) for _, condition, _, market in quotes()} == {
        ("NM", Decimal(10)), ("PSA 10", Decimal(80)), ("BGS 9.5", Decimal(45)), ("Grade 9", Decimal(30)),
    }  # fmt: skip
    assert MarketPrice.objects.get(condition="PSA 10").market == Decimal(80)
    again = import_quotes(kind="generic", path=path, refresh=False)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 4)


def test_zero_means_that_nothing_was_sold(product, tmp_path):
    nothing = {"lowPrice": 0, "midPrice": None, "highPrice": 0.0, "marketPrice": 0}
    tcgcsv(
        tmp_path,
        files.tcgplayer_price(90001, "Normal", **nothing),
        files.tcgplayer_price(90001, "Holofoil", marketPrice=0),
    )
    report = import_quotes(kind="tcgcsv", path=tmp_path)
    assert (report.created, report.unpriced, report.rejected) == (1, 1, 0)
    assert quotes() == [("holofoil", "NM", "2026-07-07", None)]


def test_an_id_that_leads_to_several_cards_names_none(product, tmp_path):
    other = make_product("Ember Drake", number="104", code="emb1")
    make_variant(other)
    ExternalId.objects.create(source="tcgplayer", value="90001", product=other)
    tcgcsv(tmp_path, files.tcgplayer_price(90001, "Normal"))
    report = import_quotes(kind="tcgcsv", path=tmp_path)
    assert report.rejects[0].reason == "it may be any of 2 cards"


def test_prices_ahead_of_the_catalogue_are_kept_as_rejects(product, tmp_path):
    tcgcsv(
        tmp_path,
        files.tcgplayer_price(99999, "Normal"),
        {"subTypeName": "Normal"},
        files.tcgplayer_price(90001, "Glow"),
    )
    report = import_quotes(kind="tcgcsv", path=tmp_path)
    assert [(reject.line, reject.reason) for reject in report.rejects] == [
        (2, "it is not a price of this format: 'productId'"),
        (3, "it is not a price of this format: 'Glow' is not a finish"),
        (1, "the catalogue knows no tcgplayer id 99999"),
    ]
    assert RejectedInput.objects.filter(origin="prices.tcgcsv").count() == 3


def everything():
    tables = (Quote, Sale, CurrentPrice, OutboxEvent)
    return {model.__name__: sorted(map(repr, model.objects.values_list())) for model in tables}


def test_a_repeat_of_prices_changes_nothing(product, tmp_path):
    tcgcsv(tmp_path, files.tcgplayer_price(90001, "Normal"), files.tcgplayer_price(90001, "Holofoil"))
    import_quotes(kind="tcgcsv", path=tmp_path)
    before = everything()
    again = import_quotes(kind="tcgcsv", path=tmp_path)
    assert (again.created, again.updated, again.unchanged, again.touched) == (0, 0, 2, set())
    assert everything() == before


def test_a_corrected_price_of_the_same_day_replaces_it(product, tmp_path):
    tcgcsv(tmp_path, files.tcgplayer_price(90001, "Normal"))
    import_quotes(kind="tcgcsv", path=tmp_path)
    tcgcsv(tmp_path, files.tcgplayer_price(90001, "Normal", marketPrice=5.25))
    report = import_quotes(kind="tcgcsv", path=tmp_path)
    assert (report.created, report.updated) == (0, 1)
    assert quotes()[0][3] == Decimal("5.25")
    assert CurrentPrice.objects.get(variant__finish="normal", condition="NM").value == Decimal("5.25")


def test_our_own_csv_of_prices(product, prices_csv):
    path = prices_csv(
        "emb1,004,,,2026-07-01,1.00,,,2.00,", 'EMB1,4,holo,Lightly Played,2026/07/02,,,,"$1,299.00",usd',
        "emb1,4,normal,nm,2026-07-03T12:00:00Z,,,,3,EUR",
    )  # fmt: skip
    report = import_quotes(kind="generic", path=path)
    assert (report.created, report.rejected) == (3, 0), report.rejects
    assert quotes() == [
        ("normal", "NM", "2026-07-01", Decimal("2.00")),
        ("holofoil", "LP", "2026-07-02", Decimal("1299.00")),
        ("normal", "NM", "2026-07-03", Decimal("3.00")),
    ]


def test_a_card_is_named_by_our_id_or_by_another_sites(product, variant, prices_csv):
    heading = "variant_id,external_source,external_id,tcgplayer_id,finish,date,market,source"
    path = prices_csv(
        f"{variant.pk},,,,,2026-07-01,1,cardmarket", ",tcgplayer,90001,,normal,2026-07-02,2,", ",,,90001,holofoil,2026-07-03,3,",
        heading=heading,
    )  # fmt: skip
    assert import_quotes(kind="generic", path=path, source="ebay").created == 3
    assert [row.source.slug for row in Quote.objects.order_by("observed_at")] == ["cardmarket", "ebay", "ebay"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("emb1,004,,,,,,,2.00,", "it has no date"),
        ("emb1,004,,,yesterday,,,,2.00,", "'yesterday' is not a date"),
        ("emb1,004,,,2026-07-01,,,,cheap,", "'cheap' is not a price"),
        ("emb1,004,,,2026-07-01,,,,99999999999,", "'99999999999' is too large to be a price"),
        ("emb1,004,glow,,2026-07-01,,,,2,", "'glow' is not a finish"),
        ("emb1,004,,shabby,2026-07-01,,,,2,", "'shabby' is not a condition"),
        ("emb1,004,,,2026-07-01,,,,2,dollars", "'dollars' is not a currency code"),
        (",,,,2026-07-01,,,,2,", "it names no card: an id, or release_code and number, are needed"),
        ("emb1,999,,,2026-07-01,,,,2,", "the catalogue has no number 999 in emb1"),
        ("emb1,004,etched,,2026-07-01,,,,2,", "the catalogue has no such printing of this card: etched"),
        ("emb1,004,,,2026-07-01,,,,2,U\x00D", "'U\\x00D' is not a currency code"),
        ("emb1,0\x0004,,,2026-07-01,,,,2,", "it holds a NUL character: the file is damaged"),
    ],
)
def test_a_price_that_cannot_be_used_is_told_with_its_reason(product, prices_csv, line, reason):
    report = import_quotes(kind="generic", path=prices_csv("emb1,004,,,2026-06-01,,,,1,", line))
    assert [(reject.line, reject.reason) for reject in report.rejects] == [(3, reason)]
    assert report.created == 1


def test_an_unknown_source_is_told(product, prices_csv):
    report = import_quotes(kind="generic", path=prices_csv("emb1,004,,,2026-06-01,,,,1,"), source="grapevine")
    assert report.rejects[0].reason == "there is no source grapevine"


def test_sales(product, variant, sales_csv):
    path = sales_csv(
        "a1,emb1,004,NM,,12.50,USD,1,shop@x,ann,2026-07-01", "a2,emb1,004,LP,,10,,2,,,2026-07-02",
        "a3,emb1,004,,PSA 10,120,,,,,2026-07-03T10:00:00Z",
    )  # fmt: skip
    report = import_sales(path=path)
    assert (report.created, report.rejected) == (3, 0), report.rejects
    first, second, slab = Sale.objects.order_by("sold_at")
    assert (first.variant, first.price, first.source.slug) == (variant, Decimal("12.50"), "file")
    assert len(first.seller_ref) == 64
    assert "shop" not in first.seller_ref, "who it was is kept as a hash alone"
    assert (second.condition, second.quantity, second.seller_ref) == ("LP", 2, "")
    assert (slab.condition, slab.grade_company, slab.grade) == ("", "PSA", Decimal("10.0"))
    assert CurrentPrice.objects.get(condition="NM").method == "sales"


def test_a_repeat_of_sales_changes_nothing(product, sales_csv):
    path = sales_csv("a1,emb1,004,NM,,12.50,,,,,2026-07-01", "a2,emb1,004,LP,,10,,,,,2026-07-02")
    import_sales(path=path)
    before = everything()
    again = import_sales(path=path)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert everything() == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("b,emb1,004,NM,,0,,,,,2026-07-01", "a sale has a price above zero"),
        ("b,emb1,004,NM,,-3,,,,,2026-07-01", "'-3' is below zero: no price"),
        (",emb1,004,NM,,3,,,,,2026-07-01", "it needs a reference of at most 80 characters"),
        ("b,emb1,004,NM,,3,,0,,,2026-07-01", "a sale is of at least one copy"),
        ("b,emb1,004,NM,,3,,-1,,,2026-07-01", "'-1' is below zero"),
        ("b,emb1,004,,PSA eleven,3,,,,,2026-07-01", "'PSA eleven' is not a grade such as PSA 10"),
        ("b,emb1,004,NM,,3,,,,,", "it has no date"),
    ],
)
def test_a_sale_that_cannot_be_used_is_told_with_its_reason(product, sales_csv, line, reason):
    report = import_sales(path=sales_csv("a,emb1,004,NM,,1,,,,,2026-06-01", line))
    assert [(reject.line, reject.reason) for reject in report.rejects] == [(3, reason)]
    assert report.created == 1


def partition_of(quote):
    with connection.cursor() as cursor:
        cursor.execute(
            "select tableoid::regclass::text from valuations_quote where variant_id = %s", [quote.variant_id]
        )
        return cursor.fetchone()[0]


def test_a_quote_of_long_ago_gets_its_month(product, prices_csv):
    import_quotes(kind="generic", path=prices_csv("emb1,004,,,2019-02-03,,,,2.00,"))
    assert partition_of(Quote.objects.get()) == "valuations_quote_2019_02"


def test_a_month_takes_over_what_waited_for_it(quoted):
    quote = quoted("2.00", days=3000)
    assert partition_of(quote) == "valuations_quote_default"
    day = quote.observed_at.date()
    assert make_partitions(from_on=day, to_on=day) == 1
    assert make_partitions(from_on=day, to_on=day) == 0
    assert partition_of(quote) == f"valuations_quote_{day:%Y_%m}"
    assert Quote.objects.get().market == Decimal("2.00")


def test_the_commands_tell_what_they_did(product, prices_csv, sales_csv, capsys):
    call_command(
        "import_prices", "generic", str(prices_csv("emb1,004,,,2026-07-01,,,,2.00,", "emb1,9,,,2026-07-01,,,,2,"))
    )
    told = capsys.readouterr().out
    assert "quotes            1 created        0 updated        0 unchanged        0 without a price" in told
    assert "  line 3: the catalogue has no number 9 in emb1" in told
    call_command("import_sales", "generic", str(sales_csv("a1,emb1,004,NM,,12.50,,,,,2026-07-01")))
    assert "sales             1 created" in capsys.readouterr().out
    call_command("make_partitions", "--from", "2018-01-01", "--to", "2018-03-31")
    assert capsys.readouterr().out == "3 partitions made\n"
    call_command("refresh_prices")
    assert capsys.readouterr().out.startswith("1 variants, 5 prices, ")


def test_left_to_the_scheduler_prices_are_not_refreshed_at_once(product, sales_csv, capsys):
    call_command("import_sales", "generic", str(sales_csv("a1,emb1,004,NM,,12.50,,,,,2026-07-01")), "--no-refresh")
    assert not CurrentPrice.objects.exists()
    call_command("refresh_prices", "--stale")
    assert CurrentPrice.objects.get(condition="NM").value == Decimal("12.50")


@pytest.mark.parametrize(
    "command", [("import_prices", "generic"), ("import_prices", "tcgcsv"), ("import_sales", "generic")]
)
def test_a_command_fails_in_one_line(db, tmp_path, command):
    with pytest.raises(CommandError, match="There is no"):
        call_command(*command, str(tmp_path / "nowhere"))


def test_a_file_of_another_kind_is_refused(db, tmp_path):
    with pytest.raises(InvalidInput, match="lacks the columns"):
        import_sales(path=files.write(tmp_path / "sales.csv", "name,set\nx,y\n"))
    with pytest.raises(InvalidInput, match="has no list of results"):
        import_quotes(kind="tcgcsv", path=files.write(tmp_path / "prices", json.dumps([1])), on=DAY)
