"""Alerts about many cards at once: each line has its own outcome, none is lost, none stops another."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from apps.alerts import actions, many
from apps.alerts.models import Alert, Rule, SeenPrice, Watch
from apps.catalog.actions import refresh_vocabulary
from tests.accounts.conftest import signed_in, with_key  # noqa: F401 - fixtures
from tests.factories import make_item, make_price, make_product, make_variant

pytestmark = pytest.mark.django_db
URL = "/api/v1/alerts/bulk"


@pytest.fixture
def mine(member, signed_in):  # noqa: F811
    return signed_in(member)


@pytest.fixture
def browser(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def cards(variant):
    """Charizard ex at 100.00, and in another set Moon Drake at 20.00, Tide Otter at 5.00 and Quartz Golem without a price."""
    made = [variant]
    for number, (name, price) in enumerate((("Moon Drake", "20"), ("Tide Otter", "5"), ("Quartz Golem", None)), 1):
        made.append(make_variant(make_product(name, number=str(number), code="emb1")))
        if price:
            make_price(made[-1], price)
    refresh_vocabulary()
    return made


def amounts() -> dict[str, Decimal]:
    return {rule.product.name: rule.amount for rule in Rule.objects.select_related("product")}


# -- over REST ------------------------------------------------------------------------------------------------------------
def test_each_line_is_set_or_told_why_not(mine, cards, product):
    drop = {"alert_type": "price_drop", "price_threshold": 40}
    sent = [
        drop | {"card_id": str(product.pk)},
        drop | {"card_id": str(uuid.uuid4())},
        drop | {"card_id": "x"},
        drop | {"card_id": str(product.pk)},
        drop | {"card_id": str(product.pk), "variant_id": str(cards[1].pk)},
        "nonsense",
        {"alert_type": "price_change", "card_id": str(product.pk)},
        {"alert_type": "portfolio_drop", "price_threshold": 500},
        {"alert_type": "availability", "card_id": str(cards[1].product_id), "is_active": False},
    ]
    answer = mine.post(URL, {"alerts": sent})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["set"], told["refused"]) == (3, 6)
    assert [row["line"] for row in told["results"]] == list(range(1, 10))
    codes = [row["error"] and row["error"]["code"] for row in told["results"]]
    assert codes == [
        None, "NOT_FOUND", "INVALID_INPUT", "CONFLICT", "INVALID_INPUT", "INVALID_INPUT", "INVALID_INPUT", None, None,
    ]  # fmt: skip
    assert "card_id" in told["results"][2]["error"]["details"]
    assert told["results"][6]["error"]["details"]["field"] == "percent"
    first, last = told["results"][0]["alert"], told["results"][8]["alert"]
    assert first["words"] == "Tell me when any printing of Charizard ex 199/165 NM falls to $40.00 or less"
    assert last["is_active"] is False
    assert Rule.objects.count() == 3


def test_a_set_is_watched_from_the_prices_of_now(mine, cards):
    wanted = {
        "cards": {"set_id": str(cards[1].product.release_id)},
        "alert": {"alert_type": "price_drop", "percent_from_now": 10},
    }
    told = mine.post(URL, wanted).json()
    assert (told["set"], told["refused"]) == (2, 1)
    assert amounts() == {"Moon Drake": Decimal(18), "Tide Otter": Decimal("4.50")}
    (refused,) = [row for row in told["results"] if row["error"]]
    assert (refused["name"], refused["alert"]) == ("Quartz Golem 3", None)
    assert "No price of it is known yet" in refused["error"]["message"]


def test_what_one_lacks_of_a_set_and_what_one_has(mine, member, cards):
    make_item(member, cards[1])
    lacking = {"set_id": str(cards[1].product.release_id), "missing_only": True}
    told = mine.post(URL, {"cards": lacking, "alert": {"alert_type": "availability", "price_threshold": 4}}).json()
    assert [row["name"] for row in told["results"]] == ["Tide Otter 2", "Quartz Golem 3"]
    told = mine.post(URL, {"cards": {"inventory": True}, "alert": {"alert_type": "price_change", "percent": 10}}).json()
    assert [row["name"] for row in told["results"]] == ["Moon Drake 1"]


def test_cards_are_named_by_their_ids(mine, cards):
    ids = [str(cards[2].product_id), str(uuid.uuid4()), str(cards[0].product_id)]
    told = mine.post(
        URL, {"cards": {"card_ids": ids}, "alert": {"alert_type": "price_increase", "percent_from_now": 25}}
    ).json()
    assert [bool(row["alert"]) for row in told["results"]] == [True, False, True]
    assert amounts() == {"Tide Otter": Decimal("6.25"), "Charizard ex": Decimal(125)}


@pytest.mark.parametrize(
    "wrong",
    [
        {}, [], {"alerts": []}, {"alerts": {}}, {"alerts": [{}] * 301}, {"alerts": [], "cards": {}}, {"cards": {}},
        {"cards": {"inventory": True}}, {"cards": {"inventory": True}, "alert": {"alert_type": "nonsense"}},
        {"cards": {"inventory": True, "set_id": str(uuid.uuid4())}, "alert": {"alert_type": "availability"}},
        {"cards": {"inventory": True}, "alert": {"alert_type": "availability"}},
        {"cards": {"inventory": True}, "alert": {"alert_type": "availability", "percent_from_now": 5}},
    ],
)  # fmt: skip
def test_what_can_not_be_read_as_lines_is_refused_as_a_whole(mine, wrong):
    answer = mine.post(URL, wrong, format="json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_INPUT")


def test_a_key_needs_the_scope(member, cards, with_key):  # noqa: F811
    assert with_key(member, "read").post(URL, {"alerts": []}).status_code == 403


def test_a_member_keeps_so_many_and_the_rest_is_told(mine, cards, monkeypatch):
    monkeypatch.setattr(actions, "MOST_RULES", 2)
    wanted = {"cards": {"card_ids": [str(each.product_id) for each in cards]}, "alert": {"alert_type": "availability"}}
    told = mine.post(URL, wanted).json()
    assert [row["error"] and row["error"]["code"] for row in told["results"]] == [None, None, "CONFLICT", "CONFLICT"]
    assert "2 alerts already" in told["results"][3]["error"]["message"]


def test_many_are_set_with_as_many_queries_as_few(member, cards, django_assert_max_num_queries):
    more = [make_variant(make_product(f"Card {number}")) for number in range(30)]
    for each in more:
        make_price(each, "10")
    lines = many.of_cards([each.product_id for each in [*cards, *more]])
    with django_assert_max_num_queries(12):
        done = many.set_for_all(by=member, lines=lines, terms=many.Terms(kind="price_drop", away=Decimal(10)))
    assert sum(line.rule is not None for line in done) == 33
    assert Watch.objects.filter(is_armed=True).count() == 33
    assert SeenPrice.objects.count() == 33


def test_alerts_that_were_set_together_fire_each_by_itself(mine, member, cards, priced, told):
    wanted = {
        "cards": {"card_ids": [str(cards[0].product_id), str(cards[1].product_id)]},
        "alert": {"alert_type": "price_drop", "percent_from_now": 10},
    }
    mine.post(URL, wanted)
    priced("89")
    priced("85")
    assert told() == ["Charizard ex 199/165 NM fell to $89.00, under your $90.00. It was $100.00 before."]
    assert Alert.objects.count() == 1


# -- on the page ------------------------------------------------------------------------------------------------------------
def page(source="list", kind="price_drop", **more):
    return f"{reverse('alert-new-many')}?from={source}&kind={kind}" + "".join(f"&{k}={v}" for k, v in more.items())


GIVEN = {"condition": "NM", "away": "10", "cool_down_hours": "24"}


def test_a_pasted_list_is_set_and_what_is_refused_stays_to_be_mended(browser, cards):
    text = "Charizard ex 199/165 @ 80\n\nmoon drake\nNobody knows me\nQuartz Golem\nquartz golem; 7.50"
    answer = browser.post(page(), GIVEN | {"text": text})
    assert answer.status_code == 422
    assert amounts() == {"Charizard ex": Decimal(80), "Moon Drake": Decimal(18), "Quartz Golem": Decimal("7.50")}
    shown = answer.content.decode()
    assert "3 alerts are set." in shown
    assert "No card of the catalogue fits these words." in shown
    assert "No price of it is known yet" in shown
    assert answer.context["form"]["text"].value() == "Nobody knows me\nQuartz Golem"


def test_a_line_that_fits_several_cards_names_them(browser, cards):
    make_price(make_variant(make_product("Moon Drake", number="77", code="other")), "9")
    refresh_vocabulary()
    answer = browser.post(page(), GIVEN | {"text": "moon drake\nmoon drake 77"})
    shown = answer.content.decode()
    assert "Several cards fit" in shown
    assert "Add the number or the set." in shown
    assert [rule.product.number for rule in Rule.objects.select_related("product")] == ["77"]


def test_a_whole_set_is_watched_from_its_page(browser, member, cards):
    release = cards[1].product.release
    address = f"{reverse('alert-new-many')}?from=set&amp;set={release.pk}"
    assert address in browser.get(reverse("release", args=[release.pk])).content.decode()
    make_item(member, cards[1])
    address = f"{reverse('alert-new-many')}?from=missing&amp;set={release.pk}"
    assert address in browser.get(reverse("release", args=[release.pk])).content.decode()
    form = browser.get(address.replace("&amp;", "&"))
    assert form.context["form"]["release"].value() == str(release.pk)
    answer = browser.post(page("missing", "availability"), {"release": "emb1", "cool_down_hours": "1"}, follow=True)
    assert "2 alerts are set." in answer.content.decode()


def test_what_one_has_is_watched(browser, member, cards):
    make_item(member, cards[1])
    given = {"condition": "NM", "percent": "15", "period": "7d", "direction": "up", "cool_down_hours": "24"}
    answer = browser.post(page("inventory", "price_change"), given, follow=True)
    assert "Tell me when Moon Drake 1 NM rises by 15 % or more in 7 days" in answer.content.decode()


@pytest.mark.parametrize(
    ("source", "given", "field"),
    [
        ("list", {"text": ""}, "text"),
        ("list", {"text": "a\n" * 101}, "text"),
        ("list", {"text": "moon drake", "away": "100"}, "away"),
        ("set", {"release": "no such set"}, "release"),
        ("inventory", {}, None),
    ],
)
def test_what_cannot_be_used_is_said_at_its_field(browser, cards, source, given, field):
    answer = browser.post(page(source), GIVEN | given)
    assert answer.status_code == 422
    assert not Rule.objects.exists()
    assert field is None or field in answer.context["form"].errors
    part = browser.get(page(source), headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="many-alerts"')


def test_visitors_are_asked_to_sign_in(client):
    assert client.get(reverse("alert-new-many")).status_code == 302
