"""Webhooks as an integrator meets them: signed, tried again, switched off, replayed, and never into our own network."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import socket

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Conflict, InvalidInput
from apps.core.http import Fetcher, FetchFailed, FetchRefused
from apps.notifications.models import Notification
from apps.notifications.webhooks import actions, sending
from apps.notifications.webhooks.models import Endpoint, WebhookMessage
from apps.notifications.webhooks.secrets import opened, sealed, signature
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(member, receiver):
    """An endpoint of the member's with its secret."""
    made, secret = actions.add(by=member, url=f"{receiver.url}/hook")
    made.told_secret = secret
    return made


def deliver(at=None):
    """Send what is due at an instant."""
    with Fetcher(allow_private=True, timeout_seconds=5) as fetcher:
        return sending.send(sending.claim(now=at or timezone.now()), fetcher)


def is_signed_by(secret, headers, body):
    """As a receiver would check it, by the specification alone."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split(" ")


def test_the_signature_is_that_of_the_specifications_own_example():
    found = signature(
        "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )  # fmt: skip
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_member_is_told_arrives_signed_and_once(endpoint, member, told, receiver):
    notification = told(member, message="Grüße")
    assert deliver() == 1
    assert deliver() == 0
    ((path, headers, body),) = receiver.requests
    assert path == "/hook"
    assert is_signed_by(endpoint.told_secret, headers, body)
    content = json.loads(body)
    assert content["type"] == "trade.message"
    assert content["data"]["notification_id"] == str(notification.pk)
    assert content["data"]["facts"]["message"] == "Grüße"
    message = WebhookMessage.objects.get()
    assert headers["webhook-id"] == str(message.pk)
    assert "signature" not in message.tries.get().request


def test_only_chosen_events_are_heard_and_nobody_elses(member, told, receiver):
    actions.add(by=member, url=receiver.url, events=["sale.paid"])
    told(member)
    told(make_user(), "sale.paid")
    told(member, "sale.paid")
    assert deliver() == 1
    assert json.loads(receiver.requests[0][2])["type"] == "sale.paid"


def test_what_fails_comes_again_later_under_the_same_id_until_it_arrives(endpoint, member, told, receiver):
    receiver.answers = [500, 302, 200]
    receiver.location = "http://127.0.0.1:1/elsewhere"
    told(member)
    now = timezone.now()
    assert deliver(now) == 0
    endpoint.refresh_from_db()
    assert endpoint.state() == "failing"
    assert deliver(now + dt.timedelta(seconds=1)) == 0
    assert len(receiver.requests) == 1
    assert deliver(now + dt.timedelta(minutes=10)) == 0
    assert deliver(now + dt.timedelta(hours=1)) == 1
    assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
    assert [each.status for each in WebhookMessage.objects.get().tries.all()] == [200, 302, 500]
    endpoint.refresh_from_db()
    assert endpoint.state() == "working"


def test_after_the_last_try_it_is_given_up_and_can_be_sent_again(client, endpoint, member, told, receiver):
    receiver.answers = [500]
    told(member)
    WebhookMessage.objects.update(attempts=len(sending.WAITS))
    assert deliver() == 0
    message = WebhookMessage.objects.get()
    assert message.state == "parked"
    receiver.answers = [204]
    client.force_login(member)
    client.post(reverse("webhook-message-replay", args=[message.pk]))
    assert deliver() == 1


def test_days_of_failing_switch_it_off_and_tell_its_owner(endpoint, member, told, receiver):
    receiver.answers = [500]
    told(member)
    Endpoint.objects.update(failing_since=timezone.now() - sending.OFF_AFTER)
    deliver()
    endpoint.refresh_from_db()
    assert endpoint.state() == "off"
    assert Notification.objects.filter(owner=member, kind="webhook.disabled").count() == 1
    told(member)
    assert deliver(timezone.now() + dt.timedelta(days=1)) == 0
    actions.set_paused(endpoint=endpoint, paused=False, by=member)
    receiver.answers = [200]
    assert deliver(timezone.now() + dt.timedelta(days=1)) == 1


def test_one_that_says_it_is_gone_is_believed_at_once(endpoint, member, told, receiver):
    receiver.answers = [410]
    told(member)
    deliver()
    endpoint.refresh_from_db()
    assert (endpoint.state(), endpoint.disabled_why) == ("off", "It said that it is gone (410).")


def test_while_a_secret_is_rotated_both_sign_and_one_that_leaked_ends_at_once(endpoint, member, told, receiver):
    second = actions.rotate(endpoint=endpoint, by=member)
    told(member)
    deliver()
    _, headers, body = receiver.requests[-1]
    assert is_signed_by(endpoint.told_secret, headers, body)
    assert is_signed_by(second, headers, body)
    third = actions.rotate(endpoint=endpoint, by=member, at_once=True)
    told(member)
    deliver()
    _, headers, body = receiver.requests[-1]
    assert is_signed_by(third, headers, body)
    assert not is_signed_by(second, headers, body)


def test_paused_ones_wait_and_go_on_with_what_waited(endpoint, member, told, receiver):
    actions.set_paused(endpoint=endpoint, paused=True, by=member)
    told(member)
    assert deliver() == 0
    with pytest.raises(Conflict):
        actions.ping(endpoint=endpoint, by=member)
    actions.set_paused(endpoint=endpoint, paused=False, by=member)
    assert deliver() == 1


def test_a_stretch_of_time_is_replayed_without_what_arrived(endpoint, member, told, receiver):
    told(member)
    deliver()
    told(member)
    began = timezone.now() - dt.timedelta(hours=1)
    until = timezone.now() + dt.timedelta(hours=1)
    WebhookMessage.objects.filter(state="waiting").update(state="parked")
    assert actions.replay_range(endpoint=endpoint, by=member, since=began, until=until) == 1
    assert actions.replay_range(endpoint=endpoint, by=member, since=began, until=until, failed_only=False) == 2
    with pytest.raises(InvalidInput):
        actions.replay_range(endpoint=endpoint, by=member, since=until, until=began)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fe80::1]/",
        "https://[fd00::1]/", "https://[64:ff9b::7f00:1]/", "https://100.64.0.1/", "https://0.0.0.0/", "https://2130706433/",
        "https://user:secret@8.8.8.8/", "https://8.8.8.8:25/", "ftp://8.8.8.8/", "https://224.0.0.1/", "https:///", "nonsense",
    ],
)  # fmt: skip
def test_addresses_of_our_own_network_and_odd_ones_are_refused(member, url):
    with pytest.raises(InvalidInput):
        actions.add(by=member, url=url)
    with Fetcher(timeout_seconds=2) as fetcher, pytest.raises((FetchRefused, FetchFailed)):
        fetcher.send(url, content=b"", headers={}, most_bytes=10)


def test_a_name_that_points_inward_later_is_refused_when_it_is_sent_to(member, told, monkeypatch, settings):
    addresses = iter(["93.184.216.34"])

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses, "127.0.0.1"), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    actions.add(by=member, url="https://hooks.example/")
    told(member)
    with Fetcher(timeout_seconds=2) as fetcher:
        assert sending.send(sending.claim(), fetcher) == 0
    assert WebhookMessage.objects.get().tries.get().error == "hooks.example is not on the public internet"


def test_a_former_site_key_still_opens_secrets_and_an_unknown_one_says_what_to_do(member, settings):
    stored = sealed("whsec_AAAA")
    settings.SECRET_KEY, former = "another-key-" * 5, settings.SECRET_KEY
    settings.SECRET_KEY_FALLBACKS = [former]
    assert opened(stored) == "whsec_AAAA"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Exception, match="rotate it"):
        opened(stored)


def test_the_page_shows_the_secret_once_and_rest_does_all_of_it(client, api, member, receiver, told):
    client.force_login(member)
    answer = client.post(reverse("webhooks"), {"url": f"{receiver.url}/a", "events": ["sale.paid"]})
    made = Endpoint.objects.get()
    secret = opened(made.secret)
    assert secret in answer.content.decode()
    assert secret not in client.get(reverse("webhook-endpoint", args=[made.pk])).content.decode()
    api.force_authenticate(member)
    answer = api.post("/api/v1/webhooks", {"url": f"{receiver.url}/b"})
    assert answer.status_code == 201
    pk = answer.json()["id"]
    assert answer.json()["secret"].startswith("whsec_")
    assert "secret" not in api.get(f"/api/v1/webhooks/{pk}").json()
    assert api.post("/api/v1/webhooks", {"url": receiver.url, "events": ["nonsense"]}).status_code == 400
    ping = api.post(f"/api/v1/webhooks/{pk}/ping").json()["id"]
    assert deliver() == 1
    log = api.get(f"/api/v1/webhooks/{pk}/messages").json()["messages"]
    assert [(row["id"], row["last_status"]) for row in log] == [(ping, 200)]
    assert api.get(f"/api/v1/webhooks/messages/{ping}").json()["tries"][0]["response"] == "thanks"
    assert api.patch(f"/api/v1/webhooks/{pk}", {"paused": True}).json()["state"] == "paused"
    assert "secret" in api.post(f"/api/v1/webhooks/{pk}/rotate").json()
    assert api.delete(f"/api/v1/webhooks/{pk}").status_code == 204
    stranger = make_user()
    api.force_authenticate(stranger)
    assert api.get(f"/api/v1/webhooks/{made.pk}").status_code == 404
