"""How members want to be told: the page and REST, what may not be switched off, and input that cannot be used."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from apps.notifications.models import Dispatch, Manner, Preference
from apps.notifications.queries import choices_of

pytestmark = pytest.mark.django_db
PLAIN = {
    "time_zone": "Europe/Berlin",
    "language": "en",
    "digest_at": "7",
    "quiet_from": "22:00",
    "quiet_until": "07:00",
}


def choice_of(member, key):
    return next(each.choice for each in choices_of(member) if each.kind.key == key)


def test_the_page_keeps_what_was_chosen_and_only_what_differs_from_the_defaults(client, member):
    client.force_login(member)
    posted = PLAIN | {"kinds": ["alert.price", "offer.made"], "in_app:alert.price": "on", "email:alert.price": "daily",
                      "in_app:offer.made": "on", "email:offer.made": "now", "push:offer.made": "on"}  # fmt: skip
    assert client.post(reverse("notification-settings"), posted).status_code == 302
    manner = Manner.objects.get(owner=member)
    assert (manner.time_zone, manner.quiet_from, manner.digest_at) == ("Europe/Berlin", dt.time(22), 7)
    assert [row.kind for row in Preference.objects.filter(owner=member)] == ["alert.price"]
    assert choice_of(member, "alert.price").email.value == "daily"
    assert 'value="daily" selected' in client.get(reverse("notification-settings")).content.decode()


def test_what_is_required_cannot_be_switched_off_by_page_nor_by_rest(client, api, member, told):
    client.force_login(member)
    client.post(reverse("notification-settings"), PLAIN | {"kinds": ["sale.paid"], "email:sale.paid": "daily"})
    assert (choice_of(member, "sale.paid").in_app, choice_of(member, "sale.paid").email.value) == (True, "daily")
    answer = client.post(reverse("notification-settings"), PLAIN | {"kinds": ["sale.paid"], "email:sale.paid": "off"})
    assert answer.status_code == 422
    api.force_authenticate(member)
    answer = api.patch("/api/v1/notifications/preferences", {"kinds": [{"kind": "sale.paid", "email": "off"}]})
    assert answer.status_code == 400
    assert "about your money or your account" in answer.json()["error"]["message"]


def test_a_pause_holds_back_all_but_what_is_critical(api, member, told):
    api.force_authenticate(member)
    assert api.patch("/api/v1/notifications/preferences", {"is_paused": True}).json()["is_paused"] is True
    assert told(member, "alert.price").is_shown
    assert not Dispatch.objects.exists()
    told(member, "payment.failed")
    assert Dispatch.objects.get().cadence == "now"


def test_what_is_not_wanted_in_the_list_is_not_there(api, member, told):
    api.force_authenticate(member)
    api.patch(
        "/api/v1/notifications/preferences", {"kinds": [{"kind": "alert.price", "in_app": False, "email": "off"}]}
    )
    assert not told(member, "alert.price").is_shown
    assert api.get("/api/v1/notifications").json()["notifications"] == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"language": "xx"}, "language"),
    ],
)
def test_what_cannot_be_used_names_its_field_and_changes_nothing(api, member, given, field):
    api.force_authenticate(member)
    answer = api.patch("/api/v1/notifications/preferences", given)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == field
    assert not Manner.objects.exists()


def test_only_what_is_named_changes(api, member):
    api.force_authenticate(member)
    api.patch(
        "/api/v1/notifications/preferences", {"time_zone": "Asia/Tokyo", "quiet_from": "23:00", "quiet_until": "06:30"}
    )
    told = api.patch("/api/v1/notifications/preferences", {"digest_at": 20}).json()
    assert (told["time_zone"], told["quiet_from"], told["digest_at"]) == ("Asia/Tokyo", "23:00:00", 20)
