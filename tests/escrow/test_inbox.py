"""The inbox of the processor's messages: in order for each object, asked for when they never came, its age shown."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.escrow import actions, queries
from apps.escrow.actions import webhooks
from apps.escrow.models import Payment, WebhookEvent
from tests.escrow.conftest import person, receive
from tests.escrow.test_webhooks import message, signed, waiting

pytestmark = pytest.mark.django_db


def told(identifier, about, *, at=0, **given):
    """A message in the inbox, `at` seconds after noon."""
    return WebhookEvent.objects.create(
        event_id=identifier,
        type="x",
        object_id=about,
        payload={"data": {"object": {}}},
        occurred_at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=at),
        **given,
    )


def claimed(now=None):
    found = webhooks._claim(now or timezone.now())
    return found and found.pk


def test_messages_about_one_object_are_handled_one_after_the_other():
    told("evt_later", "pi_1", at=2)
    told("evt_first", "pi_1", at=1)
    told("evt_other", "pi_2", at=3)
    told("evt_none", "", at=9)
    told("evt_none_before", "", at=8)
    taken = {claimed() for _ in range(4)}
    assert taken == {"evt_first", "evt_other", "evt_none", "evt_none_before"}
    assert claimed() is None
    WebhookEvent.objects.filter(pk="evt_first").update(handled_at=timezone.now())
    assert claimed() == "evt_later"


def test_a_parked_message_does_not_hold_up_later_ones():
    told("evt_first", "pi_1", at=1, parked_at=timezone.now())
    told("evt_later", "pi_1", at=2)
    assert claimed() == "evt_later"


def test_a_message_that_waits_for_its_next_try_holds_up_later_ones():
    told("evt_first", "pi_1", at=1, next_attempt_at=timezone.now() + dt.timedelta(seconds=60))
    told("evt_later", "pi_1", at=2)
    assert claimed() is None
    assert claimed(timezone.now() + dt.timedelta(seconds=61)) == "evt_first"


def test_either_of_two_secrets_signs_while_one_replaces_the_other(settings):
    settings.STRIPE_WEBHOOK_SECRET = "whsec_old, whsec_new"
    for number, secret in enumerate(("whsec_old", "whsec_new")):
        payload = message(f"evt_{number}")
        assert actions.receive_webhook(payload=payload, signature=signed(payload, secret=secret))
    settings.STRIPE_WEBHOOK_SECRET = "whsec_new"
    payload = message("evt_3")
    with pytest.raises(webhooks.gateway.InvalidSignature):
        actions.receive_webhook(payload=payload, signature=signed(payload, secret="whsec_old"))


def test_what_never_came_is_asked_for(sale, company):
    payment = sale.start()
    company.pay_on_page(payment)
    lost = waiting(company)
    assert lost
    assert sale.state == "created"
    since = timezone.now() - dt.timedelta(hours=2)
    assert actions.fetch_missed(since=since) == len({json.loads(payload)["id"] for payload, _ in lost})
    assert actions.handle_webhooks() > 0
    assert (sale.state, Payment.objects.get().state) == ("funded", "succeeded")
    assert actions.fetch_missed(since=since) == 0


def test_a_sellers_news_that_never_came_are_asked_for(sale, company):
    company.onboard(sale.seller, outcome="review")
    waiting(company)
    company.sandbox.advance(600)
    waiting(company)
    actions.fetch_missed(since=timezone.now() + dt.timedelta(hours=1))
    sale.seller.seller_account.refresh_from_db()
    assert sale.seller.seller_account.transfers_active


def test_a_moderator_sees_how_old_the_inbox_is(client):
    payload = message()
    receive(payload, signed(payload))
    WebhookEvent.objects.update(received_at=timezone.now() - dt.timedelta(minutes=7))
    told("evt_parked", "x", parked_at=timezone.now())
    inbox = queries.inbox()
    assert (inbox.waiting, inbox.parked, queries.duration(inbox.age)) == (1, 1, "7 min")
    client.force_login(person(Role.MODERATOR))
    page = client.get(reverse("admin:escrow_webhookevent_changelist")).content.decode()
    assert "1 wait, the oldest for 7 min." in page
    assert "1 parked" in page
