"""Several workers at once, and members who change their rules meanwhile: each crossing is told once, nothing stands still."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest

from apps.alerts import actions, evaluation
from apps.alerts.models import Alert, Rule
from apps.core.models import OutboxEvent
from tests.alerts.conftest import START
from tests.escrow.test_concurrency import at_once
from tests.factories import make_price, make_product, make_user, make_variant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market():
    """Six cards at $100.00, each watched by eight members under $80.00; one member watches any printing of each."""
    variants = [make_variant(make_product(f"Card {number}")) for number in range(6)]
    for variant in variants:
        make_price(variant, "100", computed_at=START)
    for _ in range(8):
        member = make_user()
        for variant in variants:
            actions.set_rule(by=member, kind="price_drop", product=variant.product, variant=variant, amount=Decimal(80))
    return variants


def changes_of(variants, value, hours):
    at = START + dt.timedelta(hours=hours)
    return [evaluation.PriceChange(each.pk, "NM", Decimal(100), Decimal(value), "USD", at) for each in variants]


def test_of_workers_with_the_same_changes_together_tell_each_rule_once(market):
    there, back = changes_of(market, 70, 1), changes_of(list(reversed(market)), 70, 1)
    told = at_once([lambda some=some: evaluation.prices_changed(some) for some in (there, back, there, back)])
    assert Counter(str(each) for each in told) == {"48": 1, "done": 3}
    assert Alert.objects.count() == OutboxEvent.objects.filter(topic="alert.triggered").count() == 48


def test_rules_are_changed_paused_and_deleted_while_prices_fall_and_rise(market):
    rules = list(Rule.objects.select_related("owner", "product", "variant").order_by("?"))
    third = len(rules) // 3

    def fall_and_rise():
        for hours in range(1, 9):
            evaluation.prices_changed(changes_of(market, 70 if hours % 2 else 100, hours * 25))

    def change():
        for rule in rules[:third]:
            actions.change_rule(rule=rule, by=rule.owner, amount=Decimal(75))

    def pause():
        for rule in rules[third : 2 * third]:
            actions.set_on(rule=rule, on=False, by=rule.owner)

    def delete():
        for rule in rules[2 * third :]:
            actions.delete_rule(rule=rule, by=rule.owner)

    assert at_once([fall_and_rise, fall_and_rise, change, pause, delete]) == ["done"] * 5
    assert Rule.objects.count() == 2 * third
    causes = Counter(Alert.objects.filter(rule__isnull=False).values_list("rule", "cause"))
    assert set(causes.values()) <= {1}
