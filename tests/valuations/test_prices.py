"""Current prices and what pages make of them: evidence, currencies, changes, history, chart, movers, stated values."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.core.conditions import Condition
from apps.core.errors import InvalidInput
from apps.core.models import AuditEntry, OutboxEvent
from apps.valuations import actions, charts, freshness, queries
from apps.valuations.models import CurrentPrice, Sale, Valuation
from tests.factories import make_price, make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def price(variant):
    """The current price of the ordinary printing, worked out anew."""

    def look(condition="NM"):
        actions.refresh_prices([variant.pk])
        return CurrentPrice.objects.filter(variant=variant, condition=condition).first()

    return look


def test_sales_make_a_price_in_every_condition(sold, price):
    for amount in ("10", "12", "11"):
        sold(amount)
    near_mint = price()
    assert (near_mint.value, near_mint.method, near_mint.sample_size) == (Decimal("11"), "sales", 3)
    assert price("LP").value == Decimal("9.35"), "85 % of Near Mint"
    assert CurrentPrice.objects.count() == len(Condition)


def test_what_a_price_rests_on_is_told_in_words(sold, quoted, price):
    for amount in ("10", "12"):
        sold(amount)
    quoted("11")
    assert queries.price_block(price().variant_id).evidence == "2 sales, 1 quote"


def test_currencies_are_never_mixed(sold, price):
    for amount in ("10", "12", "11"):
        sold(amount)
    for _ in range(20):
        sold("99", currency="EUR")
    found = price()
    assert (found.value, found.currency, found.sample_size) == (Decimal("11"), "USD", 3)
    assert found.basis["left_out"] == 20
    reasons = queries.price_block(found.variant_id).reasons
    assert "20 prices in another currency left out: currencies are not mixed." in reasons


def test_what_is_only_sold_in_euros_is_worth_euros(sold, price):
    sold("50", currency="EUR")
    assert (price().value, price().currency) == (Decimal("50"), "EUR")


def test_graded_copies_say_nothing_of_ungraded_ones(sold, price):
    sold("10")
    sold("500", condition="", grade_company="PSA", grade=Decimal("10"))
    assert price().value == Decimal("10")


def test_evidence_that_is_gone_takes_its_price_along(sold, price):
    sale = sold("10")
    assert price()
    sale.delete()
    assert price() is None


def test_quotes_count_once_a_week_for_five_weeks_and_once_a_month_before(quoted, price):
    for day in range(120):
        quoted("10", days=day)
    assert price().basis["quotes"] == 5 + 2


def test_an_ask_without_a_sale_is_an_estimate(quoted, price):
    quoted(None, low=Decimal("7"))
    found = price()
    assert (found.value, found.method, found.market_price) == (Decimal("7"), "asks", None)
    assert queries.price_block(found.variant_id).estimate


def test_changes_and_extremes_of_the_market_price(quoted, price):
    for amount, days in (("40", 300), ("8", 31), ("9", 8), ("11", 1), ("12", 0)):
        quoted(amount, days=days)
    found = price()
    assert found.market_price == Decimal("12")
    assert (found.change_1d, found.change_7d, found.change_30d) == (Decimal("1"), Decimal("3"), Decimal("4"))
    assert (found.all_time_low, found.all_time_high) == (Decimal("8"), Decimal("40"))


def test_a_change_is_told_and_a_first_price_is_not(sold, price):
    sold("10")
    price()
    assert not OutboxEvent.objects.filter(topic="price.changed").exists()
    sold("20", quantity=25)
    price()
    event = OutboxEvent.objects.get(topic="price.changed")
    assert (event.payload["old"], event.payload["new"], event.payload["condition"]) == ("10.00", "20.00", "NM")


def test_a_refresh_without_news_changes_nothing(sold, variant):
    sold("10")
    at = timezone.now()
    actions.refresh_prices([variant.pk], as_of=at)
    before = list(CurrentPrice.objects.order_by("condition").values())
    assert actions.refresh_prices([variant.pk], as_of=at).changed == 0
    assert list(CurrentPrice.objects.order_by("condition").values()) == before


def test_however_many_are_priced_at_once_the_answers_are_the_same(sold, quoted, monkeypatch):
    for n in range(9):
        one = make_variant(make_product(f"Card {n}"))
        for day in range(n):
            sold(str(10 + n + day), variant=one, days=day, reference=f"{n}-{day}", currency="EUR" if n == 4 else "USD")
            quoted(str(9 + n), variant=one, days=day)
        sold("80", variant=one, condition="", grade_company="PSA", grade=Decimal(9), reference=f"graded-{n}")
    at, wanted = timezone.now(), actions.variants_with_evidence()
    assert len(wanted) == 9

    def priced(at_once, sales=1000):
        CurrentPrice.objects.all().delete()
        monkeypatch.setattr(actions, "AT_ONCE", at_once)
        monkeypatch.setattr(actions, "SALES_AT_ONCE", sales)
        done = actions.refresh_prices(wanted, as_of=at)
        return done, list(CurrentPrice.objects.order_by("variant", "condition").values_list(*fields))

    fields = [field.attname for field in CurrentPrice._meta.concrete_fields if not field.primary_key]
    whole = priced(500)
    assert (whole[0].variants, whole[0].prices) == (9, len(whole[1]))
    assert priced(2) == priced(1) == priced(500, sales=12) == whole


def test_prices_are_refreshed_in_a_fixed_number_of_queries(sold, django_assert_max_num_queries):
    variants = [make_variant(make_product(f"Card {n}")) for n in range(30)]
    for n, variant in enumerate(variants):
        sold("10", variant=variant, reference=f"r{n}")
    with django_assert_max_num_queries(16):
        assert actions.refresh_prices([variant.pk for variant in variants]).variants == 30


def test_prices_that_are_behind_are_found(sold, variant):
    sold("10")
    assert actions.refresh_stale().variants == 1
    assert actions.refresh_stale().variants == 0
    assert actions.refresh_stale(as_of=timezone.now() + dt.timedelta(days=2)).variants == 1


def test_a_stated_value_keeps_what_it_rests_on(sold, variant):
    for amount in ("10", "12", "11"):
        sold(amount)
    stated = actions.value(variant=variant)
    assert (stated.value, stated.sample_size, stated.method) == (Decimal("11"), 3, "sales")
    assert len(stated.inputs_hash) == 64
    assert stated.reasons[0] == "It is the middle of 3 sales; recent and reliable ones count for more."
    assert OutboxEvent.objects.get(topic="valuation.completed").payload["valuation_id"] == str(stated.pk)


def test_a_slab_is_compared_with_its_own_grade(sold, variant):
    sold("10")
    sold("500", condition="", grade_company="PSA", grade=Decimal("10"))
    sold("200", condition="", grade_company="PSA", grade=Decimal("9"))
    stated = actions.value(variant=variant, grade_company="PSA", grade=Decimal("10"))
    assert (stated.value, stated.condition, stated.grade) == (Decimal("500"), "", Decimal("10"))


def test_a_value_without_anything_to_go_by_is_refused(variant):
    with pytest.raises(actions.NoComparables):
        actions.value(variant=variant)
    assert not Valuation.objects.exists()


def test_a_sale_that_was_none_is_taken_out_with_a_trail(sold, price, admin):
    sold("10")
    wrong = sold("90", quantity=25)
    assert price().value == Decimal("90")
    actions.remove_sales(sales=[wrong], by=admin)
    assert CurrentPrice.objects.get(condition="NM").value == Decimal("10")
    entry = AuditEntry.objects.get(action="sale.removed")
    assert (entry.target_id, entry.before["price"]) == (str(wrong.pk), "90")
    assert Sale.objects.count() == 1


# -- history and chart ----------------------------------------------------------------------------------------------
def test_history_has_quotes_and_the_days_of_sales(sold, quoted, variant):
    quoted("10", days=3)
    noon = timezone.now().replace(hour=12, minute=0) - dt.timedelta(days=2)
    for amount in ("8", "9", "30"):
        sold(amount, sold_at=noon)
    told = queries.history(variant.pk, "30d")
    assert [(point.market, point.low, point.high, point.is_sale, point.sample_size) for point in told.points] == [
        (Decimal("10"), None, None, False, None),
        (Decimal("9"), Decimal("8"), Decimal("30"), True, 3),
    ]
    assert [sale.price for sale in told.sales].count(Decimal("30")) == 1


@pytest.mark.parametrize(("period", "count"), [("7d", 1), ("30d", 2), ("3m", 3), ("1y", 4), ("all", 5)])
def test_a_period_holds_what_fell_into_it(quoted, variant, period, count):
    for days in (1, 20, 80, 300, 800):
        quoted("10", days=days)
    assert len(queries.history(variant.pk, period).points) == count


def test_history_of_one_source_and_one_condition(quoted, variant):
    quoted("10", days=1)
    quoted("11", days=2, source="ebay")
    quoted("5", days=1, condition="LP")
    assert [point.market for point in queries.history(variant.pk, "7d", "ebay").points] == [Decimal("11")]
    assert [point.market for point in queries.history(variant.pk, "7d", condition="LP").points] == [Decimal("5")]


def test_history_is_in_one_currency(quoted, variant):
    quoted("10", days=2)
    quoted("8", days=1, source="cardmarket", currency="EUR")
    assert queries.history(variant.pk, "7d").currency == "EUR", "that of the newest"
    told = queries.history(variant.pk, "7d", currency="USD")
    assert ([point.currency for point in told.points], told.currency) == (["USD"], "USD")


@pytest.mark.parametrize(
    ("prices", "trend", "percent"),
    [
        (("10", "12"), "increasing", 20.0),
        (("10", "9"), "decreasing", -10.0),
        (("10", "10.1"), "stable", 1.0),
        (("10",), "unknown", None),
    ],
)
def test_the_summary_tells_the_trend(quoted, variant, prices, trend, percent):
    for place, amount in enumerate(prices):
        quoted(amount, days=5 - place)
    told = queries.history(variant.pk, "7d")
    assert (told.trend, told.change_percent) == (trend, percent)
    assert (told.volatility is None) == (percent is None)


def test_an_unknown_period_is_refused(variant):
    with pytest.raises(InvalidInput, match="period is one of"):
        queries.history(variant.pk, "2d")


def test_history_takes_one_query(quoted, variant, django_assert_num_queries):
    for days in range(60):
        quoted("10", days=days)
    with django_assert_num_queries(1):
        queries.history(variant.pk, "1y")


def test_the_chart_says_in_words_what_it_shows(quoted, variant):
    for amount, days in (("10", 20), ("30", 10), ("15", 1)):
        quoted(amount, days=days)
    chart = charts.price_chart(queries.history(variant.pk, "all"), period="30d")
    assert chart.takeaway.startswith(
        "TCGplayer rose 50 % over the last 30 days, from $10.00 to $15.00; highest $30.00 on "
    )
    assert [len(chart.chart["x"]), chart.chart["series"][0]["values"]] == [3, [10.0, 30.0, 15.0]]
    assert chart.chart["days"] == 30, "the range of which the sentence speaks is shown"
    assert [row[1] for row in chart.rows] == ["$15.00", "$30.00", "$10.00"], "newest first"


def test_sales_are_a_series_of_their_own(quoted, sold, variant):
    quoted("10", days=9)
    quoted("11", days=2)
    sold("12", days=1)
    chart = charts.price_chart(queries.history(variant.pk, "all"))
    assert [series["label"] for series in chart.chart["series"]] == ["TCGplayer", "Sales on CardVault"]
    assert chart.chart["series"][1]["values"] == [None, None, 12.0]


def test_one_day_makes_no_chart(quoted, variant):
    quoted("10")
    assert charts.price_chart(queries.history(variant.pk, "all")) is None


def test_the_price_part_of_a_card_takes_two_queries(quoted, sold, price, variant, django_assert_num_queries):
    quoted("10", days=9)
    sold("12", days=1)
    price()
    freshness.freshness()  # remembered for a minute
    with django_assert_num_queries(2):
        context = queries.card_context(variant, "LP", period="30d")
    assert context["price"].condition == "LP"
    assert len(context["prices"]) == len(Condition)
    assert context["chart"] is None, "nothing of this condition was told"


def test_an_old_price_says_so(variant):
    make_price(variant, "10", observed_at=timezone.now() - dt.timedelta(days=60))
    assert queries.price_block(variant.pk).stale


def test_a_variant_that_nobody_prices_has_no_amount(variant):
    found = queries.price_block(variant.pk)
    assert (found.amount, found.reasons, found.stale) == (None, (), False)


# -- movers ---------------------------------------------------------------------------------------------------------
def mover(name, change, *, market="10", **fields):
    variant = make_variant(make_product(name))
    return make_price(variant, market, market_price=Decimal(market), change_7d=Decimal(change), **fields)


def names(**asked):
    return [row.name for row in queries.movers(**asked)]


def test_movers_by_how_far_they_went():
    mover("Up", "2"), mover("Down", "-5"), mover("Still", "0")
    assert names() == ["Down", "Up"]
    assert names(side="gainers") == ["Up"]
    assert names(side="losers") == ["Down"]
    assert names(limit=1) == ["Down"]
    (row,) = queries.movers(side="gainers")
    assert (row.previous, row.value, row.percent) == (Decimal("8"), Decimal("10"), Decimal("25.0"))


def test_what_is_no_news_is_left_out():
    mover("Pennies", "0.2", market="0.9")
    mover("Guess", "5", confidence=Decimal("0.05"))
    mover("Long ago", "5", observed_at=timezone.now() - dt.timedelta(days=90))
    assert names() == []


def test_the_most_active_first():
    mover("Quiet", "5", sample_size=2)
    mover("Busy", "1", sample_size=90)
    assert names(side="active") == ["Busy", "Quiet"]


def test_a_card_with_several_printings_moves_once():
    product = make_product("Ember Drake")
    for finish, change in (("normal", "1"), ("holofoil", "6")):
        make_price(make_variant(product, finish=finish), "10", market_price=Decimal(10), change_7d=Decimal(change))
    (row,) = queries.movers()
    assert row.change == Decimal("6")


def test_cards_of_many_printings_hide_no_other_mover():
    many = make_product("Many")
    for n in range(20):
        price = {"market_price": Decimal(10), "change_7d": Decimal("5") - Decimal(n) / 100}
        make_price(make_variant(many, finish="normal", treatment=f"printing {n}"), "10", **price)
    mover("Other", "1")
    assert names(limit=2) == names(limit=2, side="gainers") == ["Many", "Other"]


def test_a_card_whose_best_known_printing_fell_is_no_gainer():
    product = make_product("Ember Drake")
    for finish, change in (("normal", "1"), ("holofoil", "-6")):
        make_price(make_variant(product, finish=finish), "10", market_price=Decimal(10), change_7d=Decimal(change))
    assert (names(side="gainers"), names(side="losers")) == ([], ["Ember Drake"])


def test_movers_of_a_game_are_its_own():
    mover("Up", "2")
    game = make_product("Other").category
    assert names(game=game.path) == names(game=game.game or game.path) == ["Up"]
    assert names(game="toys/none") == []


def test_movers_take_one_query(django_assert_num_queries):
    for n in range(12):
        mover(f"Card {n}", "2")
    with django_assert_num_queries(1):
        assert len(names(limit=50)) == 12
