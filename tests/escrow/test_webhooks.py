"""Messages of the processor: only genuine ones, each once, in any order, and none is lost with the worker."""

from __future__ import annotations

import datetime as dt
import json
import random
import time

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.escrow import actions, ledger
from apps.escrow.gateway import InvalidSignature
from apps.escrow.models import Payment, WebhookEvent
from apps.escrow.sandbox.delivery import sign
from tests.escrow.conftest import receive

pytestmark = pytest.mark.django_db
SECRET = "whsec_sandbox"


def later(**time_):
    return timezone.now() + dt.timedelta(**time_)


def waiting(company):
    """The messages that the company would deliver, with their signatures."""
    found = []
    company.sandbox.deliver(lambda payload, signature: found.append((payload, signature)))
    return found


def message(identifier="evt_1", kind="payment_intent.succeeded", obj=None):
    obj = obj or {"id": "pi_unknown", "object": "payment_intent", "metadata": {}}
    event = {"id": identifier, "object": "event", "type": kind, "created": int(time.time()), "data": {"object": obj}}
    return json.dumps(event | {"api_version": "x", "livemode": False}).encode()


def signed(payload, *, secret=SECRET, age=0):
    return sign(payload, secret, int(time.time()) - age)


def test_a_genuine_message_is_stored_and_answered_at_once(client, sale, company):
    payment = sale.start()
    company.pay_on_page(payment)
    for payload, signature in waiting(company):
        answer = client.post(
            reverse("webhook"), payload, content_type="application/json", headers={"Stripe-Signature": signature}
        )
        assert (answer.status_code, answer.content) == (200, b"ok")
    assert sale.state == "created"  # nothing is done while the company waits for our answer
    assert actions.handle_webhooks() == WebhookEvent.objects.count() > 0
    assert (sale.state, sale.held) == ("funded", 10_000)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=1,v1=00",
        signed(message(), secret="whsec_other"),
        signed(message("evt_2")),
        signed(message(), age=301),
    ],
    ids=["none", "nonsense", "wrong", "another secret", "another message", "too old"],
)
def test_a_message_that_is_not_genuine_is_refused(client, signature):
    answer = client.post(
        reverse("webhook"), message(), content_type="application/json", headers={"Stripe-Signature": signature}
    )
    assert (answer.status_code, WebhookEvent.objects.count()) == (400, 0)
    with pytest.raises(InvalidSignature):
        actions.receive_webhook(payload=message(), signature=signature)


def test_a_signed_message_that_is_not_an_event_is_refused():
    with pytest.raises(InvalidSignature):
        actions.receive_webhook(payload=b"[1, 2]", signature=signed(b"[1, 2]"))


def test_a_message_that_comes_twice_is_kept_once(company, sale):
    payload = message()
    assert actions.receive_webhook(payload=payload, signature=signed(payload)) is True
    assert actions.receive_webhook(payload=payload, signature=signed(payload)) is False
    assert actions.handle_webhooks() == 1
    assert actions.receive_webhook(payload=payload, signature=signed(payload)) is False
    assert actions.handle_webhooks() == 0


@pytest.mark.parametrize("order", range(4))
def test_messages_in_any_order_and_any_number_lead_to_the_same_books(sale, company, order):
    sale.onboarded()
    payment = sale.start()
    company.pay_on_page(payment)
    messages = waiting(company) * 2
    random.Random(order).shuffle(messages)
    for payload, signature in messages:
        receive(payload, signature)
        if order % 2:
            actions.handle_webhooks()
    actions.handle_webhooks()
    assert (sale.state, sale.held, ledger.check()) == ("funded", 10_000, [])
    assert Payment.objects.get().state == Payment.State.SUCCEEDED


def test_old_news_does_not_undo_newer(sale, company):
    """The message of the decline arrives after the one of the success."""
    payment = sale.start("pm_card_authenticationRequired")
    early = waiting(company)
    company.answer_challenge(payment.intent_id, passed=True)
    for payload, signature in [*waiting(company), *early]:
        receive(payload, signature)
        actions.handle_webhooks()
    assert (sale.state, Payment.objects.get().state) == ("funded", "succeeded")


def test_a_message_about_somebody_elses_object_is_put_aside():
    for number, obj in enumerate(
        [
            {"id": "pi_1", "object": "payment_intent", "metadata": {"hold_id": "not-an-id"}},
            {"id": "cs_1", "object": "checkout.session", "metadata": None},
            {"id": "ch_1", "object": "charge", "payment_intent": None},
            {"id": "re_1", "object": "refund"},
            {"id": "acct_1", "object": "account"},
            {"id": "prod_1", "object": "product"},
        ]
    ):
        payload = message(f"evt_{number}", obj=obj)
        actions.receive_webhook(payload=payload, signature=signed(payload))
    assert actions.handle_webhooks() == 6
    assert not WebhookEvent.objects.exclude(last_error="").exists()


def test_a_message_that_cannot_be_handled_is_retried_and_finally_parked(sale, company, moderator):
    payment = sale.start()
    company.pay_on_page(payment)
    found = next(each for each in waiting(company) if b'"type": "payment_intent.succeeded"' in each[0])
    receive(*found)
    company.sandbox.switches.fail_next = 10_000
    now = timezone.now()
    for _ in range(20):
        now += dt.timedelta(hours=2)
        assert actions.handle_webhooks(now=now) == 0
    parked = WebhookEvent.objects.get()
    assert (parked.attempts, bool(parked.parked_at)) == (10, True)
    assert "GatewayError" in parked.last_error
    company.sandbox.switches.fail_next = 0
    assert actions.handle_webhooks(now=later(days=9)) == 0
    actions.release_webhook(message=parked, by=moderator)
    assert actions.handle_webhooks(now=later(seconds=1)) == 1
    assert sale.state == "funded"


def test_a_message_whose_worker_died_comes_up_again(sale, company):
    from apps.escrow.actions import webhooks

    payment = sale.start()
    company.pay_on_page(payment)
    company.sandbox.deliver(receive)
    while webhooks._claim(timezone.now()) is not None:
        pass  # every message was claimed by a worker that is dead now
    assert actions.handle_webhooks() == 0
    assert actions.handle_webhooks(now=later(seconds=121)) > 0
    assert sale.state == "funded"


def test_get_is_no_message(client):
    assert client.get(reverse("webhook")).status_code == 405
