"""What a portfolio adds up to: sums, days that are taken and estimated, holdings, movers, allocation; currencies apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.core.errors import InvalidInput
from apps.core.ids import uuid7
from apps.inventory import actions as inventory
from apps.inventory.models import Movement, PortfolioDay
from apps.inventory.portfolio import actions
from apps.inventory.portfolio.allocation import allocation
from apps.inventory.portfolio.history import history
from apps.inventory.portfolio.holdings import holdings
from apps.inventory.portfolio.movers import movers
from apps.inventory.portfolio.sums import at_rates_of, summaries
from apps.inventory.queries import items_page
from apps.inventory.tasks import take_portfolio_days
from apps.valuations.actions import make_partitions, refresh_prices
from apps.valuations.models import Quote, Source
from apps.valuations.rates import keep_rates
from tests.factories import make_category, make_item, make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db
D = Decimal
NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def owner():
    return make_user()


def priced(value="10.00", *, name="Ember Drake", **fields):
    variant = make_variant(make_product(name))
    make_price(variant, value, **fields)
    return variant


def sell(item, copies, price_minor, currency="USD", to=None):
    cause = f"test:{uuid7()}"
    inventory.reserve(item_id=item.pk, quantity=copies, cause=cause, by=None)
    inventory.hand_over(
        item_id=item.pk, quantity=copies, to=to or make_user(), unit_price_minor=price_minor, currency=currency,
        cause=cause, by=None,
    )  # fmt: skip


def moved_on(item, day):
    at = dt.datetime.combine(day, dt.time(9), dt.UTC)
    Movement.objects.filter(item=item).update(created_at=at)


def quote(variant, day, market, *, condition="NM", source="tcgplayer"):
    make_partitions(from_on=day, to_on=day)
    at = dt.datetime.combine(day, dt.time(8), dt.UTC)
    chosen = Source.objects.get(slug=source)
    Quote.objects.create(variant=variant, source=chosen, condition=condition, observed_at=at, market=D(market))


def only(owner):
    (told,) = summaries(owner=owner)
    return told


class TestSums:
    def test_somebody_without_copies_has_none(self, owner):
        assert summaries(owner=owner) == []
        assert holdings(owner=owner).rows == []

    def test_realised_and_unrealised_are_value_and_proceeds_less_what_was_paid(self, owner):
        item = make_item(owner, priced("10.00"), quantity=5, unit_cost_minor=700)
        sell(item, 2, 1150)
        told = only(owner)
        assert (told.value, told.cost, told.copies) == (D("30.00"), D("21.00"), 3)
        assert (told.realised, told.unrealised, told.gain) == (D("9.00"), D("9.00"), D("18.00"))
        assert told.gain == told.value + told.proceeds - D("35.00")
        assert told.as_of is not None

    def test_copies_without_price_or_cost_are_counted_and_have_no_gain(self, owner):
        make_item(owner, make_variant(make_product("Unheard")), quantity=2, unit_cost_minor=500)
        gift = make_item(owner, priced("4.00"), quantity=3)
        sell(gift, 1, 600)
        told = only(owner)
        assert (told.copies, told.unpriced, told.gaining) == (4, 2, 0)
        assert (told.value, told.cost, told.unrealised, told.realised) == (D(8), D(10), 0, 0)
        assert (told.sold, told.sold_uncosted, told.proceeds) == (1, 1, D(6))

    def test_currencies_are_never_added(self, owner):
        make_item(owner, priced("10.00"), unit_cost_minor=700)
        make_item(owner, priced("20.00", name="Euro Drake", currency="EUR"), unit_cost_minor=900, currency="USD")
        dollars, euros = sorted(summaries(owner=owner), key=lambda each: each.currency, reverse=True)
        assert (dollars.currency, dollars.value, dollars.cost, dollars.unrealised) == ("USD", D(10), D(16), D(3))
        assert (euros.currency, euros.value, euros.cost, euros.unrealised) == ("EUR", D(20), 0, 0)

    def test_a_sale_in_another_currency_than_the_cost_has_proceeds_and_no_gain(self, owner):
        item = make_item(owner, priced("10.00"), quantity=2, unit_cost_minor=700)
        sell(item, 1, 900, currency="EUR")
        told = {each.currency: each for each in summaries(owner=owner)}
        assert (told["EUR"].proceeds, told["EUR"].realised, told["EUR"].sold_uncosted) == (D(9), 0, 1)
        assert told["USD"].realised == 0

    def test_yen_have_no_hundredths(self, owner):
        make_item(owner, priced("1200", currency="JPY"), unit_cost_minor=1000, currency="JPY")
        assert only(owner).unrealised == D(200)

    def test_splitting_a_lot_changes_nothing(self, owner):
        variant = priced("10.00")
        make_item(owner, variant, quantity=4, unit_cost_minor=700)
        other = make_user()
        make_item(other, variant, quantity=1, unit_cost_minor=700, notes="one")
        make_item(other, variant, quantity=3, unit_cost_minor=700, notes="three")
        assert only(owner) == only(other)
        (whole,), (split,) = (holdings(owner=each).rows for each in (owner, other))
        assert (whole.by_lot, whole.at_average) == (split.by_lot, split.at_average)
        assert (len(whole.lots), len(split.lots)) == (1, 2)


class TestHoldings:
    def test_lots_of_one_printing_are_one_holding_with_both_costs(self, owner):
        variant = priced("25.00")
        make_item(owner, variant, unit_cost_minor=1000)
        dear = make_item(owner, variant, unit_cost_minor=3000, quantity=2)
        sell(dear, 1, 3500)
        (held,) = holdings(owner=owner).rows
        assert (held.copies, held.value, held.sold) == (2, D(50), 1)
        assert (held.by_lot.cost, held.by_lot.realised, held.by_lot.unrealised) == (D(40), D(5), D(10))
        assert held.at_average.average_cost == D("23.33")
        assert held.at_average.realised + held.at_average.unrealised == D(15)
        assert sorted(lot.cost for lot in held.lots) == [D(10), D(30)]

    def test_sums_of_the_holdings_are_those_of_the_portfolio(self, owner):
        for number, value in enumerate(("3.10", "7.77", "120.00")):
            variant = priced(value, name=f"Drake {number}")
            item = make_item(owner, variant, quantity=3, unit_cost_minor=333 * (number + 1))
            sell(item, 1, 999)
        rows, told = holdings(owner=owner).rows, only(owner)
        assert sum(row.value for row in rows) == told.value
        assert sum(row.by_lot.realised for row in rows) == told.realised
        assert sum(row.by_lot.unrealised for row in rows) == told.unrealised
        assert sum(row.share for row in rows) == pytest.approx(1)

    def test_a_lot_paid_in_another_currency_has_no_gain_and_is_named(self, owner):
        variant = priced("10.00")
        make_item(owner, variant, unit_cost_minor=400)
        make_item(owner, variant, unit_cost_minor=300, currency="EUR")
        (held,) = holdings(owner=owner).rows
        assert (held.copies, held.costed, held.elsewhere) == (2, 1, 1)
        assert (held.by_lot.cost, held.by_lot.unrealised) == (D(4), D(6))

    def test_a_graded_copy_has_no_price_of_an_ungraded_one(self, owner):
        variant = priced("10.00", market_price=D(10), change_30d=D(1))
        make_item(owner, variant, condition="", grade_company="PSA", grade=D("9.5"), unit_cost_minor=5000)
        (held,) = holdings(owner=owner).rows
        assert (held.value, held.by_lot.cost, held.by_lot.unrealised, held.suggestion) == (None, D(50), None, None)
        assert held.percent_30d is None

    def test_a_graded_copy_has_the_price_of_its_grade_and_grader(self, owner):
        variant = priced("10.00", market_price=D(10), change_30d=D(1))
        make_price(variant, "90.00", condition="PSA 9.5")
        make_price(variant, "70.00", condition="CGC 9.5")
        make_item(owner, variant, condition="", grade_company="PSA", grade=D("9.5"), unit_cost_minor=5000)
        make_item(owner, variant, quantity=2)
        graded, plain = holdings(owner=owner).rows
        assert (graded.value, graded.by_lot.unrealised, plain.value) == (D(90), D(40), D(20))
        assert graded.percent_30d is None, "Near Mint's movement says nothing of it"
        assert only(owner).value == D(110)
        assert {part.name for part in allocation(owner=owner, currency="USD").condition} == {
            "PSA 9.5", "Near Mint",
        }  # fmt: skip
        assert (actions.take_days(at=NOON).days, only(owner).unpriced) == (1, 0)

    def test_a_grade_that_nobody_traded_has_a_price_once_somebody_owns_it(self, owner):
        variant = make_variant(make_product("Ember Drake"))
        quote(variant, timezone.now().date() - dt.timedelta(1), "10.00")
        make_item(owner, variant, condition="", grade_company="BGS", grade=D("9.0"))
        refresh_prices([variant.pk])
        (held,) = holdings(owner=owner).rows
        assert held.value > D(20)

    def test_pages_and_orders(self, owner):
        for name, value in (("Ant", "1.00"), ("Bee", "9.00"), ("Cat", "5.00")):
            make_item(owner, priced(value, name=name))
        first = holdings(owner=owner, limit=2)
        assert ([row.name for row in first.rows], first.total) == (["Bee", "Cat"], 3)
        assert [row.name for row in holdings(owner=owner, sort="name").rows] == ["Ant", "Bee", "Cat"]
        with pytest.raises(InvalidInput):
            holdings(owner=owner, sort="beauty")

    def test_each_priced_holding_has_a_suggestion_with_reasons(self, owner):
        variant = priced("40.00", market_price=D(40), change_30d=D("-10"), all_time_low=D(5), all_time_high=D(44))
        make_item(owner, variant, unit_cost_minor=1000)
        (held,) = holdings(owner=owner).rows
        assert held.percent_30d == D("-20.0")
        assert held.suggestion.action == "sell"
        assert "The price fell 20 % in 30 days." in [reason.text for reason in held.suggestion.reasons]


def rates(day, **per_euro):
    keep_rates(
        f"""<Cube><Cube time='{day}'>{"".join(f"<Cube currency='{c}' rate='{r}'/>" for c, r in per_euro.items())}</Cube></Cube>"""
        .encode()
    )  # fmt: skip


class TestTogether:
    """Copies whose prices and costs are in several currencies, told in the member's own."""

    @pytest.fixture
    def mixed(self, owner):
        today = timezone.now().date()
        rates(today, USD="1.25", JPY="150")
        rates(today - dt.timedelta(30), USD="1.10", JPY="140")
        bought = today - dt.timedelta(30)
        make_item(owner, priced("10.00"), unit_cost_minor=700)
        make_item(
            owner, priced("20.00", name="Euro Drake", currency="EUR", market_price=D(20), change_7d=D(4)), quantity=2,
            unit_cost_minor=900, currency="EUR", acquired_on=bought,
        )  # fmt: skip
        return owner

    def test_prices_by_todays_rate_and_costs_by_that_of_their_day(self, mixed):
        (told,) = summaries(owner=mixed, unit="USD")
        assert (told.currency, told.value) == ("USD", D("60.00"))
        assert told.cost == D("7.00") + 2 * D("9.90")
        assert told.unrealised == told.value - told.cost
        assert len(summaries(owner=mixed)) == 2

    def test_sums_of_the_holdings_are_those_of_the_portfolio(self, mixed):
        (told,) = summaries(owner=mixed, unit="USD")
        rows = holdings(owner=mixed, unit="USD", currency="USD").rows
        assert sum(row.value for row in rows) == told.value
        assert sum(row.by_lot.unrealised for row in rows) == told.unrealised
        euro = next(row for row in rows if row.own_currency == "EUR")
        assert (euro.unit_value, euro.own_value, euro.lots[0].cost, euro.lots[0].currency) == (
            D("25.00"), D("20.00"), D(9), "EUR",
        )  # fmt: skip
        assert sum(row.share for row in rows) == pytest.approx(1)

    def test_movers_and_parts_too(self, mixed):
        week = movers(owner=mixed, currency="USD", unit="USD")[1]
        assert (week.rows[0].effect, week.rows[0].percent) == (D("10.00"), D("25.0"))
        (part,) = allocation(owner=mixed, currency="USD", unit="USD").category
        assert part.value == D(60)

    def test_a_sale_counts_by_the_rate_of_its_day(self, mixed):
        item = mixed.items.get(currency="EUR")
        sell(item, 1, 1800, currency="EUR")
        (told,) = summaries(owner=mixed, unit="USD")
        assert told.proceeds == D("22.50")
        assert told.realised == D("22.50") - D("9.90")
        held = next(row for row in holdings(owner=mixed, unit="USD").rows if row.sold)
        assert held.by_lot.realised == told.realised

    def test_yen_become_dollars_and_dollars_yen(self, owner):
        rates(timezone.now().date(), USD="1.25", JPY="150")
        make_item(owner, priced("1500", currency="JPY"), unit_cost_minor=300, currency="JPY")
        (told,) = summaries(owner=owner, unit="USD")
        assert (told.value, told.cost) == (D("12.50"), D("2.50"))
        (held,) = holdings(owner=owner, unit="USD").rows
        assert (held.by_lot.cost, held.by_lot.unrealised) == (D("2.50"), D("10.00"))
        other = make_user()
        make_item(other, priced("12.50", name="Dollar Drake"), unit_cost_minor=250)
        (back,) = summaries(owner=other, unit="JPY")
        assert (back.value, back.cost) == (D(1500), D(300))
        (held,) = holdings(owner=other, unit="JPY").rows
        assert held.by_lot.unrealised == D(1200)

    def test_what_has_no_rate_stays_apart(self, mixed):
        make_item(mixed, priced("5.00", name="Crown Drake", currency="SEK"))
        told = {each.currency: each.value for each in summaries(owner=mixed, unit="USD")}
        assert told == {"USD": D(60), "SEK": D(5)}

    def test_a_cost_of_a_day_without_a_rate_gives_no_gain(self, owner):
        rates(timezone.now().date(), USD="1.25")
        long_ago = timezone.now().date() - dt.timedelta(90)
        make_item(
            owner, priced("20.00", currency="EUR"), unit_cost_minor=900, currency="EUR", acquired_on=long_ago
        )  # fmt: skip
        told = {each.currency: each for each in summaries(owner=owner, unit="USD")}
        assert (told["USD"].value, told["USD"].cost, told["USD"].unrealised) == (D(25), 0, 0)
        assert told["EUR"].cost == D(9)

    def test_each_day_is_told_by_its_own_rates(self, mixed):
        day = timezone.now() - dt.timedelta(days=30)
        actions.take_day(owners=[mixed.pk], at=day)
        sums = summaries(owner=mixed)
        now = at_rates_of(sums, unit="USD", on=timezone.now().date())
        told = history(owner=mixed, now=now, period="1y", unit="USD")
        assert [each.value for each in told.days] == [D("54.00"), D("60.00")]
        assert told.days[0].cost == D("7.00") + D("19.80")


class TestMoversAndParts:
    def test_movers_say_what_they_did_to_the_portfolio(self, owner):
        rising = priced("12.00", name="Riser", market_price=D(12), change_7d=D(2), change_1d=D(0))
        falling = priced("40.00", name="Faller", market_price=D(50), change_7d=D(-50))
        make_item(owner, rising, quantity=3)
        make_item(owner, falling)
        day, week, month = movers(owner=owner, currency="USD")
        assert [(row.name, row.effect, row.percent) for row in week.rows] == [
            ("Faller", D("-40.00"), D("-50.0")), ("Riser", D("6.00"), D("20.0")),
        ]  # fmt: skip
        assert (week.total, week.percent) == (D("-34.00"), D("-30.9"))
        assert (day.total, day.rows) == (D(0), ())
        assert month.total is None

    def test_a_condition_without_quotes_moves_with_near_mint(self, owner):
        variant = priced("10.00", market_price=D(10), change_30d=D(2))
        make_price(variant, "5.00", condition="MP")
        make_item(owner, variant, condition="MP", quantity=2)
        (mover,) = movers(owner=owner, currency="USD")[2].rows
        assert (mover.effect, mover.percent) == (D("2.00"), D("25.0"))

    def test_allocation_adds_up(self, owner):
        toys = make_category("toys/lego", "lego")
        make_item(owner, priced("75.00"))
        brick = make_variant(make_product("Brick", category=toys, code="b1"))
        make_price(brick, "25.00", condition="LP")
        make_item(owner, brick, condition="LP")
        told = allocation(owner=owner, currency="USD")
        assert [(part.name, part.value, part.share) for part in told.category] == [
            ("Pokémon", D(75), D("0.75")), ("LEGO", D(25), D("0.25")),
        ]  # fmt: skip
        assert [part.name for part in told.set] == ["Set emb1", "Set b1"]
        assert [part.name for part in told.condition] == ["Near Mint", "Lightly Played"]
        assert sum(part.share for part in told.set) == 1


class TestDays:
    def test_the_last_round_of_a_day_stays(self, owner):
        variant = priced("10.00")
        make_item(owner, variant, quantity=2, unit_cost_minor=700)
        actions.take_days(at=NOON)
        variant.prices.update(value=D(11), high=D(12))
        actions.take_days(at=NOON + dt.timedelta(hours=6))
        taken = PortfolioDay.objects.get(owner=owner, day=NOON.date())
        assert (taken.value, taken.cost, taken.unrealised, taken.is_estimate) == (D(22), D(14), D(8), False)

    def test_the_task_takes_everybody(self, owner):
        make_item(owner, priced("10.00"))
        make_item(make_user(), priced("20.00", name="Other"))
        take_portfolio_days()
        assert PortfolioDay.objects.filter(is_estimate=False).count() == 2

    def test_the_past_follows_movements_and_quotes(self, owner):
        variant = priced("12.00")
        day = NOON.date()
        for back, market in ((40, "4.00"), (10, "6.00"), (0, "8.00")):
            quote(variant, day - dt.timedelta(back), market)
        item = make_item(owner, variant, quantity=2, unit_cost_minor=300, acquired_on=day - dt.timedelta(30))
        moved_on(item, day - dt.timedelta(5))
        sell(item, 1, 500)
        Movement.objects.filter(item=item, kind="sold").update(created_at=NOON - dt.timedelta(days=2))
        actions.take_days(at=NOON)
        past = {row.day: row for row in PortfolioDay.objects.filter(owner=owner, is_estimate=True)}
        assert min(past) == day - dt.timedelta(30)
        assert len(past) == 30
        # 12.00 today at a quote of 8.00: a quote of 4.00 stood for 6.00 each.
        assert (past[day - dt.timedelta(30)].value, past[day - dt.timedelta(30)].cost) == (D("12.00"), D("6.00"))
        assert past[day - dt.timedelta(10)].value == D("18.00")
        assert past[day - dt.timedelta(3)].copies == 2
        last = past[day - dt.timedelta(1)]
        assert (last.copies, last.value, last.realised, last.unrealised) == (1, D("9.00"), D("2.00"), D("6.00"))

    def test_a_printing_without_history_stands_at_its_value_of_today(self, owner):
        item = make_item(owner, priced("10.00"), acquired_on=NOON.date() - dt.timedelta(3))
        moved_on(item, NOON.date())
        actions.take_days(at=NOON)
        assert {row.value for row in PortfolioDay.objects.filter(is_estimate=True)} == {D("10.00")}

    def test_a_condition_without_quotes_follows_near_mint(self, owner):
        variant, day = priced("10.00"), NOON.date()
        make_price(variant, "5.00", condition="MP")
        quote(variant, day - dt.timedelta(8), "20.00")
        quote(variant, day, "10.00")
        item = make_item(owner, variant, condition="MP", acquired_on=day - dt.timedelta(4))
        moved_on(item, day)
        actions.take_days(at=NOON)
        assert PortfolioDay.objects.get(day=day - dt.timedelta(2)).value == D("10.00")

    def test_days_that_were_taken_are_never_estimated_over(self, owner):
        item = make_item(owner, priced("10.00"), acquired_on=NOON.date() - dt.timedelta(9))
        moved_on(item, NOON.date() - dt.timedelta(9))
        actions.take_days(at=NOON - dt.timedelta(days=2))
        item.variant.prices.update(value=D(20), high=D(22))
        done = actions.work_out(by=owner, at=NOON)
        days = {row.day: row for row in PortfolioDay.objects.filter(owner=owner)}
        assert (done.days, done.estimated) == (1, 8)
        assert (days[NOON.date() - dt.timedelta(2)].value, days[NOON.date() - dt.timedelta(1)].value) == (D(10), D(20))
        assert len(days) == 10

    def test_history_ends_with_now_and_is_in_one_currency(self, owner):
        make_item(owner, priced("10.00"))
        actions.take_days(at=timezone.now() - dt.timedelta(days=1))
        told = history(owner=owner, now=only(owner), period="30d")
        assert [day.value for day in told.days] == [D(10), D(10)]
        assert told.days[-1].day == timezone.now().date()
        with pytest.raises(InvalidInput):
            history(owner=owner, now=only(owner), period="9y")

    def test_what_somebody_sold_out_of_is_still_told(self, owner):
        item = make_item(owner, priced("10.00"), unit_cost_minor=400)
        sell(item, 1, 900)
        actions.take_days(at=NOON)
        taken = PortfolioDay.objects.get(owner=owner, day=NOON.date())
        assert (taken.copies, taken.value, taken.realised) == (0, 0, D(5))


def test_the_inventory_tells_what_a_graded_copy_is_worth(owner):
    variant = priced("10.00")
    make_price(variant, "90.00", condition="PSA 9")
    make_item(owner, variant, condition="", grade_company="PSA", grade=D("9.0"), quantity=2)
    (item,) = items_page(owner=owner).rows
    assert (item.unit_value, item.line_value) == (D(90), D(180))
