"""Pages of alerts: set from a card, listed in words, changed, paused, deleted; what was told, then and now."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.alerts import actions
from apps.alerts.models import Alert, Rule
from apps.core.errors import Conflict, InvalidInput, NotYours
from tests.factories import make_item, make_listing, make_product, make_variant

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, member):
    client.force_login(member)
    return client


def text(answer) -> str:
    return answer.content.decode()


def test_a_card_page_leads_to_a_form_for_the_printing_shown(client, browser, variant):
    page = browser.get(reverse("card", args=[variant.product_id]) + "?condition=LP")
    address = f"{reverse('alert-new', args=[variant.product_id])}?variant={variant.pk}&condition=LP"
    assert address.replace("&", "&amp;") in text(page)
    form = browser.get(address)
    assert form.context["form"]["variant"].value() == variant.pk
    assert form.context["form"]["condition"].value() == "LP"


def test_an_alert_is_set_and_listed_in_words(browser, variant):
    address = reverse("alert-new", args=[variant.product_id]) + "?kind=price_drop"
    given = {"variant": variant.pk, "condition": "NM", "comparison": "<", "amount": "80", "cool_down_hours": "24"}
    answer = browser.post(address, given, follow=True)
    assert "The alert is set." in text(answer)
    assert "Tell me when Charizard ex 199/165 NM falls under $80.00" in text(answer)
    assert "$100.00" in text(answer), "the price of now"
    again = browser.post(address, given)
    assert again.status_code == 422
    assert "You have this very alert already." in text(again)


def test_a_line_that_is_passed_already_is_said(browser, variant):
    address = reverse("alert-new", args=[variant.product_id]) + "?kind=price_drop"
    given = {"variant": variant.pk, "condition": "NM", "comparison": "<", "amount": "180", "cool_down_hours": "24"}
    answer = browser.post(address, given, follow=True)
    assert "stands past your line already" in text(answer)
    assert "Past its line" in text(answer)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("price_drop", ["variant", "condition", "comparison", "amount", "cool_down_hours"]),
        ("price_change", ["variant", "condition", "direction", "percent", "period", "cool_down_hours"]),
        ("availability", ["variant", "condition", "amount", "cool_down_hours"]),
        ("under_fair_value", ["variant", "condition", "percent", "cool_down_hours"]),
    ],
)
def test_each_kind_asks_only_for_what_it_needs(browser, variant, kind, fields):
    address = reverse("alert-new", args=[variant.product_id]) + f"?kind={kind}"
    assert [field.name for field in browser.get(address).context["form"]] == fields
    part = browser.get(address, headers={"HX-Request": "true"})
    assert "<html" not in text(part)
    assert text(part).lstrip().startswith("<section")


def test_what_cannot_be_used_is_named_at_its_field(browser, variant):
    address = reverse("alert-new", args=[variant.product_id]) + "?kind=price_drop"
    answer = browser.post(address, {"condition": "NM", "comparison": ">", "amount": "-3", "cool_down_hours": "24"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"comparison", "amount"}
    assert browser.get(address.replace("price_drop", "nonsense")).context["kind"] == "price_drop"
    assert browser.post(address, {"amount": "9" * 40}).status_code == 422


def test_the_inventory_is_watched_from_its_own_form(browser, member, variant):
    make_item(member, variant, quantity=2)
    address = reverse("alert-new-inventory") + "?kind=portfolio_increase"
    answer = browser.post(address, {"comparison": ">", "amount": "250", "cool_down_hours": "24"}, follow=True)
    assert "Tell me when my inventory rises above $250.00" in text(answer)
    assert "$200.00" in text(answer)


def test_an_alert_is_changed(browser, rule):
    made = rule()
    page = browser.get(reverse("alert", args=[made.pk]))
    assert page.context["form"]["amount"].value() == Decimal(80)
    given = {"variant": "", "condition": "LP", "comparison": "<=", "amount": "70.50", "cool_down_hours": "6"}
    answer = browser.post(reverse("alert", args=[made.pk]), given, follow=True)
    assert "any printing of Charizard ex 199/165 LP falls to $70.50 or less" in text(answer)
    assert browser.post(reverse("alert", args=[made.pk]), given | {"amount": ""}).status_code == 422


def test_an_alert_is_paused_and_resumed_with_and_without_script(browser, rule):
    made = rule()
    address = reverse("alert-on", args=[made.pk])
    row = browser.post(address, {"on": "no"}, headers={"HX-Request": "true"})
    assert text(row).startswith(f'<tr id="alert-{made.pk}">')
    assert "Paused" in text(row)
    assert "Watching" in text(browser.post(address, {"on": "yes"}, follow=True))


def test_an_alert_is_deleted_and_what_it_told_stays(browser, rule, priced):
    made = rule()
    priced("70")
    browser.post(reverse("alert-delete", args=[made.pk]))
    assert not Rule.objects.exists()
    assert Alert.objects.get().rule is None
    page = text(browser.get(reverse("alerts-history")))
    assert "fell to $70.00" in page


def test_the_history_shows_the_price_then_and_now(browser, rule, priced, offered, member, variant):
    rule()
    rule("availability")
    make_item(member, variant)
    rule("portfolio_drop", amount=Decimal(90))
    priced("70")
    priced("75.25")
    listing = make_listing(variant=variant)
    offered("60", hours=100, listing_id=listing.pk)
    page = text(browser.get(reverse("alerts-history")))
    assert page.count("<tr>") == 4, "one row for each, and the heading"
    assert "$70.00" in page
    assert "$75.25" in page
    assert reverse("listing", args=[listing.pk]) in page
    assert "Your inventory fell to $70.00, under your $90.00." in page


def test_an_empty_list_says_what_to_do(browser):
    assert "No alerts yet" in text(browser.get(reverse("alerts")))
    assert "Nothing yet" in text(browser.get(reverse("alerts-history")))


def test_others_alerts_are_not_shown_and_not_changed(client, stranger, rule, priced):
    made = rule()
    priced("70")
    client.force_login(stranger)
    assert "Charizard" not in text(client.get(reverse("alerts"))) + text(client.get(reverse("alerts-history")))
    for name in ("alert-on", "alert-delete", "alert"):
        assert client.post(reverse(name, args=[made.pk])).status_code == 404
    for act in (
        lambda: actions.change_rule(rule=made, by=stranger, amount=Decimal(1)),
        lambda: actions.set_on(rule=made, on=False, by=stranger),
        lambda: actions.delete_rule(rule=made, by=stranger),
    ):
        with pytest.raises(NotYours):
            act()


def test_a_member_keeps_so_many_alerts_and_no_more(rule, monkeypatch):
    monkeypatch.setattr(actions, "MOST_RULES", 2)
    rule(amount=Decimal(1))
    rule(amount=Decimal(2))
    with pytest.raises(Conflict, match="2 alerts already"):
        rule(amount=Decimal(3))


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("nonsense", {}, "kind"),
        ("price_drop", {"product": None}, "product"),
        ("price_drop", {"amount": None}, "amount"),
        ("price_drop", {"amount": Decimal("0.01")}, "amount"),
        ("price_drop", {"condition": ""}, "condition"),
        ("price_drop", {"comparison": ">"}, "comparison"),
        ("price_drop", {"cool_down_hours": 5}, "cool_down_hours"),
        ("price_change", {}, "percent"),
        ("price_change", {"percent": Decimal(5), "period": "1y"}, "period"),
        ("price_change", {"percent": Decimal(5), "direction": "sideways"}, "direction"),
        ("under_fair_value", {"percent": Decimal(100)}, "percent"),
        ("availability", {"condition": "XX"}, "condition"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_field(rule, kind, fields, field):
    with pytest.raises(InvalidInput) as refused:
        rule(kind, **fields)
    assert refused.value.details["field"] == field
    assert not Rule.objects.exists()


def test_a_printing_of_another_card_is_refused(rule):
    with pytest.raises(InvalidInput):
        rule(variant=make_variant(make_product("Other")))


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": None},
        {"amount": Decimal(-1)},
        {"product": None},
        {"condition": ""},
        {"kind": "price_change"},
        {"kind": "portfolio_drop"},
    ],
)
def test_the_database_refuses_a_rule_that_makes_no_sense(rule, wrong):
    made = rule()
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.filter(pk=made.pk).update(**wrong)


def test_moderators_look_at_alerts_and_change_none(client, moderator, rule, priced):
    made = rule()
    priced("70")
    client.force_login(moderator)
    assert "fell to $70.00" in text(client.get(reverse("admin:alerts_alert_changelist")))
    assert client.get(reverse("admin:alerts_rule_changelist")).status_code == 200
    assert client.get(reverse("admin:alerts_rule_change", args=[made.pk])).status_code == 200
    assert client.post(reverse("admin:alerts_rule_delete", args=[made.pk]), {"post": "yes"}).status_code == 403
