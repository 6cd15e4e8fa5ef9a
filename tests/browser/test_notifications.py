"""Notifications in a real browser: every page of them, reading without script, and a push message that is shown and opened."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.notifications.models import Notification, Suppression
from apps.notifications.push import vapid
from apps.notifications.telling import Told, tell
from apps.notifications.webhooks.models import Attempt, Endpoint
from apps.notifications.webhooks.secrets import new_secret, sealed
from tests.browser.accessibility import assert_accessible
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def reader(site, settings):
    """A member with a bit of everything."""
    settings.PUSH_PRIVATE_KEY = vapid.new_private_key()
    owner = make_user("Ada")
    facts = {
        "author": "Bob",
        "goods": "Clefairy, Jungle 5/64",
        "message": "Is it centred?",
        "total": "$42.00",
        "buyer": "Bob",
    }
    news = [Told("trade.message", owner.pk, f"m{number}", "trade:1", "/trades/", facts) for number in range(4)]
    news.append(Told("sale.paid", owner.pk, "s", "trade:1", "/trades/", facts))
    news.append(
        Told("payment.failed", owner.pk, "p", "trade:2", "/trades/", facts | {"why": "Your card was declined."})
    )
    words = {"words": "Clefairy NM fell by 10 %, from $15.00 to $13.50."}
    news.append(Told("alert.price", owner.pk, "a", "alerts", "/alerts/", words))
    tell(news)
    endpoint = Endpoint.objects.create(owner=owner, url="https://hooks.example/cardvault", secret=sealed(new_secret()))
    failed = endpoint.messages.create(kind="sale.paid", payload={"type": "sale.paid"}, state="parked", attempts=10)
    Attempt.objects.create(
        message=failed, status=500, milliseconds=31, request="POST /", response="no", error="answered 500"
    )
    endpoint.messages.create(kind="ping", payload={})
    owner.devices.create(
        endpoint="https://push.example/1", digest="d" * 64, p256dh="k", auth="a", name="Firefox on Linux"
    )
    Suppression.objects.create(address=owner.email, reason="bounced", detail="550 no such mailbox")
    return owner


def test_every_page_is_fit_for_everybody(new_page, reader):
    endpoint = Endpoint.objects.get(owner=reader)
    failed = endpoint.messages.get(kind="sale.paid")
    pages = [
        reverse("notifications"), reverse("notification-settings"), reverse("webhooks"),
        reverse("webhook-endpoint", args=[endpoint.pk]), reverse("webhook-message", args=[failed.pk]),
    ]  # fmt: skip
    for viewport, theme in (("desktop", "light"), ("phone", "dark")):
        page = new_page(reader, viewport=viewport, theme=theme)
        for address in pages:
            page.goto(address)
            assert_accessible(page)


def test_reading_works_without_script(new_page, reader):
    page = new_page(reader, javascript=False)
    page.goto(reverse("notifications"))
    message = page.locator(".told__item", has_text="Bob wrote to you")
    message.get_by_role("button", name="Mark as read").click()
    expect(message.get_by_role("button", name="Mark as unread")).to_be_visible()
    page.get_by_role("link", name="Paid: ship Clefairy, Jungle 5/64 to Bob").click()
    assert page.url.endswith("/trades/")
    assert Notification.objects.filter(owner=reader, read_at=None).count() == 2


def test_a_push_message_is_shown_by_the_worker_of_the_site(new_page, reader, site):
    page = new_page(reader, worker=True)
    page.context.grant_permissions(["notifications"], origin=site)
    page.goto(reverse("notification-settings"))
    expect(page.get_by_role("button", name="Add this browser")).to_be_visible()
    debugger = page.context.new_cdp_session(page)
    registrations: list[str] = []
    debugger.on("ServiceWorker.workerRegistrationUpdated", lambda told: registrations.extend(
        each["registrationId"] for each in told["registrations"]
    ))  # fmt: skip
    debugger.send("ServiceWorker.enable")
    page.evaluate(
        "async () => { await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; }"
    )
    page.wait_for_function(
        "async () => (await navigator.serviceWorker.getRegistration('/')).active?.state === 'activated'"
    )
    content = json.dumps({"id": "1", "title": "Bob offers $10.00 for Clefairy", "body": "Answer", "url": "/offers/"})
    told = {"origin": site, "registrationId": registrations[-1], "data": content}
    debugger.send("ServiceWorker.deliverPushMessage", told)
    # The worker shows it once it has woken up; what a page waits for in vain is a failure after ten seconds.
    page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration('/');
          while (!(await registration.getNotifications()).length) await new Promise((go) => setTimeout(go, 50));
        }"""
    )
    shown = page.evaluate(
        """async () => {
          const [first] = await (await navigator.serviceWorker.getRegistration('/')).getNotifications();
          return {title: first.title, url: first.data.url, tag: first.tag};
        }"""
    )
    assert shown == {"title": "Bob offers $10.00 for Clefairy", "url": "/offers/", "tag": "1"}


def test_on_a_phone_the_strip_of_settings_begins_where_its_reader_is(new_page, reader):
    page = new_page(viewport="phone", user=reader)
    page.goto(reverse("webhooks"))
    here = page.get_by_role("navigation", name="Settings").get_by_role("link", name="Webhooks")
    expect(here).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0
