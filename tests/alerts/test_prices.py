"""Rules about a card's price: once per crossing, not again before the price came back, quiet after a firing."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from apps.alerts import actions, evaluation
from apps.alerts.models import Alert, SeenPrice, Watch
from apps.core.models import OutboxEvent
from apps.core.outbox import emit
from apps.valuations.events import PriceChanged
from apps.valuations.models import CurrentPrice
from tests.alerts.conftest import START
from tests.factories import make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db


def test_a_price_that_falls_under_the_line_is_told_with_its_figures(rule, priced, told):
    rule()
    assert priced("79.50") == 1
    assert told() == ["Charizard ex 199/165 NM fell to $79.50, under your $80.00. It was $100.00 before."]
    event = OutboxEvent.objects.get(topic="alert.triggered")
    assert event.payload["alert_id"] == str(Alert.objects.get().pk)


def test_it_is_told_once_while_the_price_stays_there(rule, priced, told):
    rule()
    assert [priced(value) for value in ("79", "70", "60", "79.99")] == [1, 0, 0, 0]


def test_a_price_that_trembles_at_its_line_is_told_once(rule, priced):
    rule(cool_down_hours=1)
    assert priced("79", "80.50", "79", "81", "79", hours=48) == 1


def test_it_is_told_again_after_the_price_came_back_past_the_band(rule, priced):
    rule(cool_down_hours=1)
    assert [priced(value, hours=48) for value in ("79", "83", "79")] == [1, 0, 1]


def test_a_crossing_in_the_pause_is_told_after_it_if_the_price_still_stands_there(rule, priced):
    rule(cool_down_hours=24)
    assert [priced(value, hours=6) for value in ("79", "90", "78", "77", "76", "75")] == [1, 0, 0, 0, 1, 0]


def test_under_and_at_most_differ_by_the_line_itself(rule, priced):
    rule(comparison="<")
    rule(comparison="<=")
    assert priced("80") == 1
    assert Alert.objects.get().words.endswith("fell to $80.00, your line. It was $100.00 before.")
    assert priced("79.99") == 1


def test_a_price_that_rises_above_the_line_is_told(rule, priced, told):
    rule("price_increase", amount=Decimal(120))
    assert [priced(value, hours=48) for value in ("120", "120.01", "130", "110", "125")] == [0, 1, 0, 0, 1]
    assert told()[0] == "Charizard ex 199/165 NM rose to $120.01, above your $120.00. It was $120.00 before."


def test_what_holds_already_when_the_rule_is_set_is_told_the_next_time(rule, priced):
    rule(amount=Decimal(150))
    assert [priced(value, hours=48) for value in ("99", "160", "149")] == [0, 0, 1]


def test_a_card_without_a_price_is_told_at_its_first_one_past_the_line(member):
    unpriced = make_variant(make_product("New"))
    actions.set_rule(by=member, kind="price_drop", product=unpriced.product, variant=unpriced, amount=Decimal(10))
    assert Watch.objects.get().is_armed


def test_each_printing_crosses_by_itself_where_any_counts(rule, variant, priced, told):
    foil = make_variant(variant.product, finish="holofoil")
    make_price(foil, "200", computed_at=START)
    rule(variant=None)
    assert priced("79") == 1
    assert priced("78", of=foil) == 1
    assert [words.split(" fell")[0] for words in told()] == [
        "Charizard ex 199/165 NM",
        "Charizard ex 199/165 Holofoil NM",
    ]


def test_a_printing_that_the_catalogue_learns_of_later_counts_too(rule, variant, priced):
    rule(variant=None)
    late = make_variant(variant.product, finish="holofoil")
    make_price(late, "90", computed_at=START)
    assert Watch.objects.count() == 1
    priced("85", of=late)
    assert Watch.objects.count() == 2
    assert priced("70", of=late) == 1


def test_a_condition_whose_price_is_worked_out_from_near_mint_is_watched_too(rule, variant, priced):
    make_price(variant, "85", condition="LP", computed_at=START)
    rule(condition="LP", amount=Decimal(60))
    CurrentPrice.objects.filter(condition="LP").update(value=51, low=50, high=52, computed_at="2030-01-01T00:00Z")
    assert priced("60") == 1, "the event is about Near Mint"
    assert Alert.objects.get().condition == "LP"


def test_other_cards_conditions_and_currencies_do_not_matter(rule, variant, priced):
    rule(condition="LP")
    rule(currency="EUR")
    other = make_variant(make_product("Other"))
    make_price(other, "90")
    assert priced("10") == 0
    assert priced("10", of=other) == 0


def test_a_movement_is_told_over_its_period(rule, priced, told):
    rule("price_change", percent=Decimal(10), period="7d")
    assert priced("101", market_price=Decimal(105), change_7d=Decimal(5)) == 0
    assert priced("102", market_price=Decimal(88), change_7d=Decimal(-12)) == 1
    assert told() == ["Charizard ex 199/165 NM fell by 12 % in 7 days, from $100.00 to $88.00."]
    assert priced("103", market_price=Decimal(87), change_7d=Decimal(-13)) == 0


def test_a_movement_is_told_again_when_it_had_calmed_down_or_its_period_has_gone_by(rule, priced):
    rule("price_change", percent=Decimal(10), period="24h", cool_down_hours=1)
    moved = {"market_price": Decimal(120), "change_1d": Decimal(20)}
    still = {"market_price": Decimal(120), "change_1d": Decimal(10)}
    calm = {"market_price": Decimal(120), "change_1d": Decimal(1)}
    assert [priced(f"{101 + n}", hours=2, **figures) for n, figures in enumerate((moved, still, moved))] == [1, 0, 0]
    assert [priced(f"{111 + n}", hours=2, **figures) for n, figures in enumerate((calm, moved))] == [0, 1]
    assert priced("120", hours=25, **moved) == 1


@pytest.mark.parametrize(("direction", "fires"), [("up", 0), ("down", 1), ("either", 1)])
def test_a_movement_has_a_direction(rule, priced, direction, fires):
    rule("price_change", percent=Decimal(10), period="30d", direction=direction)
    assert priced("101", market_price=Decimal(80), change_30d=Decimal(-20)) == fires


def test_a_paused_rule_tells_nothing_and_goes_on_from_the_price_of_then(rule, priced, member):
    made = rule()
    actions.set_on(rule=made, on=False, by=member)
    assert priced("79") == 0
    actions.set_on(rule=made, on=True, by=member)
    assert [priced(value) for value in ("78", "90", "77")] == [0, 0, 1]


def test_a_changed_rule_begins_anew_and_keeps_its_pause(rule, priced, member):
    made = rule()
    assert priced("79") == 1
    actions.change_rule(rule=made, by=member, amount=Decimal(70))
    assert [priced(value) for value in ("69", "68")] == [0, 0], "it is quiet for a day"
    assert priced("67", hours=24) == 1


def test_the_same_change_again_tells_nothing(rule, priced):
    rule(cool_down_hours=1)
    priced("79", hours=48)
    first = priced.last
    priced("90", hours=48)
    assert Watch.objects.get().is_armed
    assert evaluation.prices_changed(first) == 0, "an old event does not reach a rule that waits again"
    assert Watch.objects.get().is_armed
    assert Alert.objects.count() == 1


def test_the_database_refuses_a_second_alert_of_one_cause(rule, priced):
    rule()
    priced("79")
    Watch.objects.update(is_armed=True, quiet_until=None)
    again = [dataclasses.replace(priced.last[0])]
    SeenPrice.objects.all().delete()
    assert evaluation.prices_changed(again) == 0
    assert Alert.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_rules(rule, priced, variant, django_assert_max_num_queries):
    for number in range(12):
        actions.set_rule(
            by=make_user(), kind="price_drop", product=variant.product, variant=variant, amount=Decimal(80 + number)
        )
    with django_assert_max_num_queries(25):
        assert priced("70", hours=2) == 12


def test_a_feed_that_changes_a_price_fires_through_the_outbox(rule, variant, relay, told):
    rule()
    with transaction.atomic():
        emit(
            PriceChanged(
                variant_id=variant.pk,
                condition="NM",
                old=Decimal(100),
                new=Decimal(75),
                currency="USD",
                at=timezone.now(),
            )
        )
    relay()
    assert len(told()) == 1
