"""Push messages against a push service on this machine, read with the browser's own keys."""

from __future__ import annotations

import base64
import datetime as dt
import json

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.core.errors import Conflict
from apps.core.http import Fetcher
from apps.notifications.models import Device, Dispatch
from apps.notifications.push import actions, sending, vapid

pytestmark = pytest.mark.django_db
BROWSER = ec.generate_private_key(ec.SECP256R1())
AUTH = b"0123456789abcdef"
POINT = BROWSER.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
KEYS = {"p256dh": vapid.base64url(POINT), "auth": vapid.base64url(AUTH)}


@pytest.fixture
def push_key(settings) -> None:
    settings.PUSH_PRIVATE_KEY = vapid.new_private_key()
    settings.PUSH_CONTACT = "mailto:ops@cardvault.example"


@pytest.fixture
def device(member, receiver, push_key) -> Device:
    return actions.subscribe(by=member, endpoint=f"{receiver.url}/push/1", **KEYS, agent="Firefox/140 Linux")


def deliver(at=None) -> int:
    with Fetcher(allow_private=True, timeout_seconds=5) as fetcher:
        return sending.send(sending.claim(now=at or timezone.now()), fetcher)


def test_the_browser_alone_reads_what_it_is_told_and_knows_who_sends(device, member, told, receiver):
    notification = told(member)
    assert deliver() == 1
    ((_, headers, body),) = receiver.requests
    content = json.loads(http_ece.decrypt(body, private_key=BROWSER, auth_secret=AUTH, version="aes128gcm"))
    assert content["title"] == notification.title
    assert content["url"] == f"/notifications/{notification.pk}/"
    token, key = (part.split("=", 1)[1] for part in headers["authorization"].removeprefix("vapid ").split(", "))
    assert key == vapid.public_key()
    known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64.urlsafe_b64decode(key + "=="))
    claims = jwt.decode(token, known, algorithms=["ES256"], audience=receiver.url)
    assert claims["sub"] == "mailto:ops@cardvault.example"
    assert (headers["content-encoding"], headers["urgency"]) == ("aes128gcm", "normal")
    assert deliver() == 0


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_ended_is_forgotten(device, member, told, receiver, status):
    told(member)
    receiver.answers = [status]
    deliver()
    assert not Device.objects.exists()
    assert not Dispatch.objects.filter(channel="push").exists()


def test_a_busy_push_service_is_tried_again_and_one_that_refuses_is_parked(device, member, told, receiver):
    receiver.answers = [503, 201]
    told(member)
    assert deliver() == 0
    assert deliver(timezone.now() + dt.timedelta(hours=1)) == 1
    receiver.answers = [400]
    told(member)
    deliver()
    parked = Dispatch.objects.get(state="parked")
    assert parked.last_error == "answered 400"
    sending.release(parked)
    receiver.answers = [201]
    assert deliver() == 1


def test_the_same_browser_is_one_device_of_whoever_signed_in_last(device, member, admin, told, receiver):
    told(member)
    again = actions.subscribe(by=admin, endpoint=device.endpoint, **KEYS)
    assert (again.pk, again.owner_id, Device.objects.count()) == (device.pk, admin.pk, 1)
    assert device.name == "Firefox on Linux"
    assert deliver() == 0


def test_rest_takes_a_subscription_and_refuses_what_is_none(api, member, receiver, push_key):
    api.force_authenticate(member)
    good = {"endpoint": f"{receiver.url}/x", "keys": KEYS}
    assert api.get("/api/v1/push/devices").json()["public_key"] == vapid.public_key()
    assert api.post("/api/v1/push/devices", good).status_code == 201
    for keys in (
        {"p256dh": "AAAA", "auth": KEYS["auth"]},
        {"p256dh": KEYS["p256dh"], "auth": "AAAA"},
        {"p256dh": "é", "auth": "!"},
    ):
        answer = api.post("/api/v1/push/devices", good | {"keys": keys})
        assert answer.status_code == 400
    assert "browser's keys" in answer.json()["error"]["message"]


def test_push_services_in_our_own_network_are_refused(api, member, push_key):
    api.force_authenticate(member)
    for endpoint in ("https://127.0.0.1/push", "http://8.8.8.8/push", "https://[::ffff:10.0.0.1]/"):
        assert api.post("/api/v1/push/devices", {"endpoint": endpoint, "keys": KEYS}).status_code == 400


def test_without_a_key_push_is_off_and_the_page_says_so(client, member, told):
    with pytest.raises(Conflict, match="not set up"):
        actions.subscribe(by=member, endpoint="https://push.example/", **KEYS)
    client.force_login(member)
    assert "not set up on this site" in client.get(reverse("notification-settings")).content.decode()
    assert sending.send_due() == 0


def test_the_command_makes_a_key_that_works(capsys, settings):
    call_command("make_push_key")
    settings.PUSH_PRIVATE_KEY = capsys.readouterr().out.strip().removeprefix("PUSH_PRIVATE_KEY=")
    assert len(vapid.from_base64url(vapid.public_key())) == 65
