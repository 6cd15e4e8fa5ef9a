"""Events: signed as Stripe signs, at least once, in bad weather, and through a restart."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from apps.escrow.sandbox.company import Sandbox
from apps.escrow.sandbox.delivery import Courier
from tests.waiting import eventually

SECRET = "whsec_sandbox"


class Listener:
    """A platform's webhook endpoint; answers with the statuses it was given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.events: list[dict] = []
        self.refused = 0
        waiting = list(statuses)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET)
                status = waiting.pop(0) if waiting else 200
                if status == 200:
                    outer.events.append(json.loads(body))
                else:
                    outer.refused += 1
                self.send_response(status)
                self.end_headers()

            def log_message(self, *ignored):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/stripe/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait(self, count: int) -> list[str]:
        eventually(lambda: len(self.events) >= count)
        return [event["type"] for event in self.events]


@pytest.fixture
def listen():
    made = []

    def make(*statuses):
        made.append(Listener(*statuses))
        return made[-1]

    yield make
    for listener in made:
        listener.server.shutdown()
        listener.server.server_close()


@pytest.fixture
def deliver():
    """Start the background delivery of a sandbox for the length of a test."""
    couriers = []

    def start(sandbox):
        couriers.append(Courier(sandbox))
        couriers[-1].start()
        return couriers[-1]

    yield start
    for courier in couriers:
        courier.stop()
        courier.join()


PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_events_come_signed_in_order_and_with_the_librarys_version(shop):
    shop.pay()
    taken = []
    count = shop.sandbox.deliver(
        lambda body, signature: taken.append(stripe.Webhook.construct_event(body, signature, SECRET))
    )
    assert count == 3
    assert [event.type for event in taken] == PAID
    assert {event.api_version for event in taken} == {stripe.api_version}
    assert [event.pending_webhooks for event in taken] == [1, 1, 1]
    assert shop.sandbox.deliver(lambda *ignored: None) == 0
    assert shop.v1.events.retrieve(taken[0].id).pending_webhooks == 0


def test_an_event_names_the_request_that_caused_it(shop):
    payment = shop.client.v1.payment_intents.create({"amount": 500, "currency": "usd"}, {"idempotency_key": "hold-7"})
    event = shop.v1.events.list().data[0]
    assert (event.request.idempotency_key, event.request.id) == ("hold-7", payment.last_response.request_id)


def test_an_event_that_was_not_taken_waits(shop):
    shop.pay()
    assert shop.sandbox.deliver(lambda *ignored: 500) == 0
    with pytest.raises(ZeroDivisionError):
        shop.sandbox.deliver(lambda *ignored: 1 / 0)
    assert shop.sandbox.deliver(lambda *ignored: 200) == 3


def test_bad_weather_repeats_reorders_and_drops(shop):
    shop.sandbox.switches.duplicate_webhooks = True
    shop.sandbox.switches.reorder_webhooks = True
    shop.sandbox.switches.drop_first_delivery = True
    shop.pay()
    seen = []

    def take(body, signature):
        seen.append(json.loads(body)["id"])

    assert shop.sandbox.deliver(take) == 0
    assert shop.sandbox.deliver(take) == 6
    in_order = [event["id"] for event in shop.sandbox.events()]
    assert sorted(seen) == sorted(in_order * 2)
    assert seen != sorted(seen, key=in_order.index)


def test_events_of_connected_accounts_name_the_account(shop):
    seller = shop.seller()
    event = shop.sandbox.events("account.updated")[0]
    assert (event["account"], event["data"]["object"]["capabilities"]["transfers"]) == (seller, "active")
    assert event["data"]["previous_attributes"]["capabilities"] == {"transfers": "inactive"}


def test_endpoints_hear_what_they_asked_for(make_shop):
    shop = make_shop(webhook_url=None)
    url = "https://example.com/hook"
    made = shop.v1.webhook_endpoints.create({"url": url, "enabled_events": ["payment_intent.succeeded"]})
    connected = shop.v1.webhook_endpoints.create({"url": url, "enabled_events": ["*"], "connect": True})
    assert made.secret.startswith("whsec_")
    assert not hasattr(shop.v1.webhook_endpoints.retrieve(made.id), "secret")
    shop.pay()
    shop.seller()
    heard = []
    shop.sandbox.deliver(lambda body, signature: heard.append((json.loads(body)["type"], signature)))
    assert [kind for kind, _ in heard] == ["payment_intent.succeeded", "account.updated"]
    shop.v1.webhook_endpoints.update(made.id, {"disabled": True})
    shop.v1.webhook_endpoints.delete(connected.id)
    shop.pay()
    assert shop.sandbox.deliver(lambda *ignored: None) == 0


def test_an_endpoint_that_fails_is_tried_again_with_growing_pauses(make_shop, listen, deliver):
    listener = listen(500, 503)
    shop = make_shop(webhook_url=listener.url)
    shop.sandbox.switches.retry_base = 0.05
    deliver(shop.sandbox)
    shop.pay()
    assert sorted(listener.wait(3)) == sorted(PAID)
    assert listener.refused == 2


def test_an_event_can_be_sent_again_by_hand(make_shop, listen, deliver):
    listener = listen()
    shop = make_shop(webhook_url=listener.url)
    deliver(shop.sandbox)
    shop.v1.customers.create({})
    listener.wait(1)
    shop.sandbox.control("resend", {"event": listener.events[0]["id"]})
    assert listener.wait(2) == ["customer.created", "customer.created"]


def test_nothing_is_lost_when_the_sandbox_restarts(make_shop, listen, deliver, tmp_path):
    data = tmp_path / "sandbox.sqlite3"
    first = make_shop(data=data, webhook_url="http://127.0.0.1:9/", seed=None)
    payment = first.pay(metadata={"hold_id": "7"})
    session = first.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "Card"}}}],
            "success_url": "https://example.com/ok",
        },
        {"idempotency_key": "session"},
    )
    first.sandbox.advance(3600)
    now = first.sandbox.now()
    first.sandbox.close()

    listener = listen()
    again = make_shop(data=data, webhook_url=listener.url, seed=None)
    assert again.sandbox.now() == now
    assert again.v1.payment_intents.retrieve(payment.id).metadata.to_dict() == {"hold_id": "7"}
    assert again.balance() == (0, 4825)
    deliver(again.sandbox)
    assert listener.wait(3) == PAID
    again.sandbox.advance(86_400)
    assert again.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_message_signed_long_ago_is_refused_by_the_library():
    sandbox = Sandbox()
    with sandbox.work() as desk:
        desk.emit("customer.created", {"id": "cus_1", "object": "customer"})
    taken = []
    sandbox.deliver(lambda body, signature: taken.append((body, signature)))
    body, signature = taken[0]
    stale = signature.replace(signature.split(",")[0], f"t={int(time.time()) - 301}")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, stale, SECRET, tolerance=300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, SECRET)
    sandbox.close()
