"""The builder with its balance, the list, the room from proposal to the end, and the same over REST."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import outbox
from apps.trades.swaps.models import Swap
from tests.factories import ADDRESS, make_item, make_user
from tests.trades.swaps.conftest import copies_of

pytestmark = pytest.mark.django_db


def filled(at, **more):
    return {f"give-{at.hers.pk}": "1", f"take-{at.his.pk}": "1", "cash_minor": "10", "cash_by": "me", **ADDRESS, **more}


def post(client, person, route, swap, /, **given):
    client.force_login(person)
    return client.post(reverse(route, args=[swap.pk]), given, follow=True)


def test_the_builder_weighs_without_script_and_with_it(table, client):
    at = table()
    client.force_login(at.ada)
    address = reverse("swap-new", args=[at.bob.pk])
    assert "Set emb1" in client.get(address).content.decode()
    whole = client.post(address, filled(at, weigh="1"))
    part = client.post(address, filled(at, weigh="1"), headers={"HX-Request": "true"})
    assert whole.status_code == part.status_code == 200
    assert "An even swap." in whole.content.decode()
    assert "An even swap." in part.content.decode()
    assert "<html" not in part.content.decode()
    assert not Swap.objects.exists()


def test_what_is_not_marked_for_trade_is_not_shown_to_others(table, client):
    at = table()
    client.force_login(make_user())
    shown = client.get(reverse("swap-new", args=[at.bob.pk])).content.decode()
    assert str(at.his.pk) in shown
    assert str(at.hers.pk) not in shown
    private = make_item(at.bob)
    asked = client.get(reverse("swap-new", args=[at.bob.pk]), {f"take-{private.pk}": "1"}).content.decode()
    assert f"take-{at.his.pk}" in asked
    assert f'name="take-{private.pk}' not in asked


def test_a_match_opens_the_builder_filled_in(table, client):
    at = table()
    client.force_login(at.ada)
    shown = client.get(reverse("swap-new", args=[at.bob.pk]), {f"take-{at.his.pk}": "1", "give-nonsense": "1"})
    assert shown.context["weighed"]["gets"].value == 3000


def test_from_the_builder_to_new_cards_by_the_pages_alone(table, client):
    at = table()
    client.force_login(at.ada)
    answer = client.post(reverse("swap-new", args=[at.bob.pk]), filled(at), follow=True)
    swap = Swap.objects.get()
    assert "has your proposal" in answer.content.decode()
    assert "Agree to the swap" in post(client, at.bob, "swap-say", swap, body="Nice cards.").content.decode()
    assert "Your turn: pay" in post(client, at.bob, "swap-agree", swap, **ADDRESS).content.decode()
    at.swap = swap
    at.pay(at.ada)
    at.pay(at.bob)
    for person in (at.ada, at.bob):
        post(client, person, "swap-ship", swap, carrier="Post", tracking_number="T1")
    for person in (at.ada, at.bob):
        shown = post(client, person, "swap-received", swap).content.decode()
        assert "All fine" in shown
        post(client, person, "swap-content", swap)
    assert at.fresh().swap.state == "completed"
    assert copies_of(at.ada, at.his.variant_id) == 1
    assert "Completed" in client.get(reverse("swaps")).content.decode()
    room = client.get(swap.get_absolute_url()).content.decode()
    assert "gone back" in room
    assert "released to the seller" not in room, "a deposit is nobody's price"


def test_a_counter_starts_from_what_was_proposed(table, client):
    at = table(cash=1000).propose()
    client.force_login(at.bob)
    shown = client.get(reverse("swap-counter", args=[at.swap.pk]))
    assert shown.context["weighed"]["balance"].difference == 0
    given = {f"give-{at.his.pk}": "1", f"take-{at.hers.pk}": "1", "cash_minor": "15", "cash_by": "them", **ADDRESS}
    client.post(reverse("swap-counter", args=[at.swap.pk]), given)
    assert Swap.objects.get(answers=at.swap).cash_from(at.ada.pk) == 1500


def test_addresses_are_shown_once_the_money_is_held(table, client):
    at = table().agree()
    client.force_login(at.bob)
    assert str(client.get(at.swap.get_absolute_url()).content.decode()).count("Card Lane") == 1, "his own"
    at.pay(at.ada)
    at.pay(at.bob)
    assert client.get(at.swap.get_absolute_url()).content.decode().count("Card Lane") == 2


def test_a_case_in_the_room(table, client):
    at = table().exchanged()
    post(client, at.ada, "swap-object", at.swap, reason="damaged", statement="The corner is bent.")
    outbox.relay(limit=10_000)
    assert (
        "The corner is bent." in post(client, at.bob, "swap-answer", at.swap, statement="It was fine.").content.decode()
    )
    assert (
        "Seen under a lamp."
        in post(client, at.bob, "swap-evidence", at.swap, note="Seen under a lamp.").content.decode()
    )
    assert client.post(reverse("swap-evidence", args=[at.swap.pk])).status_code == 422
    post(client, at.ada, "swap-withdraw-case", at.swap)
    outbox.relay(limit=10_000)
    assert at.fresh().swap.state == "under-way"


def test_the_same_over_rest(table, api):
    at = table()
    api.force_authenticate(at.ada)
    said = {
        "member_id": str(at.bob.pk),
        "gives": [{"item_id": str(at.hers.pk)}],
        "takes": [{"item_id": str(at.his.pk)}],
        "cash_minor": 1000,
        "ship_to": ADDRESS,
    }
    made = api.post(reverse("api-swaps"), said, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["balance"]["words"] == "An even swap."
    pk = made.json()["id"]
    api.force_authenticate(at.bob)
    agreed = api.post(reverse("api-swap-agree", args=[pk]), {"ship_to": ADDRESS}, format="json").json()
    assert (agreed["state"], agreed["may"], agreed["send_to"]) == ("agreed", ["cancel", "pay", "say"], None)
    paid = api.post(reverse("api-swap-pay", args=[pk]), {"payment_method": "pm_card_visa"}, format="json")
    assert paid.json()["state"] == "succeeded"
    assert [each["state"] for each in api.get(reverse("api-swaps")).json()["swaps"]] == ["agreed"]
    assert api.post(reverse("api-swap-cancel", args=[pk]), format="json").json()["state"] == "cancelled"
    refused = api.post(reverse("api-swap-cancel", args=[pk]), format="json")
    assert refused.json()["state"] == "cancelled", "safe to repeat"


@pytest.mark.parametrize("address", ["/swaps/", "/api/v1/swaps"])
def test_the_list_asks_the_same_for_one_swap_and_for_many(table, client, address):
    at = table().exchanged()
    client.force_login(at.ada)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    asked()
    few = asked()
    for _ in range(3):
        table(ada=at.ada).agree()
    assert asked() == few
