"""E-mail over a real mail server: at once, as digests, refused, tried again, stopped by its link."""

from __future__ import annotations

import datetime as dt
import email
import re
from email.policy import default

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.notifications import actions, queries
from apps.notifications.deciding import Choice
from apps.notifications.kinds import KINDS, Cadence
from apps.notifications.mail import sending
from apps.notifications.mail.bounces import take_report
from apps.notifications.models import Dispatch, Mail, Manner, State, Suppression
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW_KIND = "sale.made"


def sent(mail_server):
    """Everything that is due, sent."""
    sending.gather()
    count = sending.send(sending.claim())
    return count, mail_server.taken


def test_what_matters_comes_at_once_as_text_and_html_with_ways_to_stop_it(member, told, mail_server):
    told(member, NOW_KIND, buyer="Ada & Co <x>", total="$12.00")
    count, (mail,) = sent(mail_server)
    assert (count, mail_server.recipients) == (1, [member.email])
    assert mail["Subject"] == "Ada & Co <x> buys Ember Drake"
    assert mail["Message-ID"] == f"<{Mail.objects.get().pk}@127.0.0.1>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Reply-To"] == "help@cardvault.example"
    text, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "Open the trade: http" in text
    assert "Ada &amp; Co &lt;x&gt; buys" in html
    assert "<x>" not in html
    assert sent(mail_server)[0] == 0


def test_the_link_in_the_header_stops_that_kind_with_one_click_and_looking_does_not(client, member, told, mail_server):
    told(member, NOW_KIND)
    (mail,) = sent(mail_server)[1]
    path = re.search(r"<http://[^/]+(/.*)>", mail["List-Unsubscribe"].replace("\n", "").replace(" ", ""))[1]
    assert "Stop it" in client.get(path).content.decode()
    told(member, NOW_KIND)
    assert Dispatch.objects.filter(mail=None).count() == 1
    answer = client.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert "No more e-mail" in answer.content.decode()
    told(member, NOW_KIND)
    told(member, "sale.paid")
    assert Dispatch.objects.filter(mail=None, notification__kind=NOW_KIND).count() == 1
    assert Dispatch.objects.filter(mail=None, notification__kind="sale.paid").count() == 1
    assert client.get(reverse("notification-unsubscribe", args=["tampered:x"])).status_code == 404


def test_stopping_all_leaves_what_is_about_money_and_account(member):
    kept = actions.stop_mail(owner=member)
    assert KINDS["sale.paid"].label in kept
    for each in queries.choices_of(member):
        assert (each.choice.email is Cadence.OFF) is not each.kind.required


def test_money_is_told_by_mail_that_cannot_be_stopped_and_says_so(member, told, mail_server):
    told(member, "sale.paid")
    (mail,) = sent(mail_server)[1]
    assert mail["List-Unsubscribe"] is None
    assert "always comes by e-mail" in mail.get_body(["plain"]).get_content()


def test_an_hour_comes_as_one_mail_in_the_readers_zone(member, told, mail_server):
    Manner.objects.create(owner=member, time_zone="Asia/Tokyo")
    at = timezone.now()
    for number in range(3):
        told(member, author=f"Ada {number}")
    told(member, "swap.shipped", partner="Bob")
    assert sending.gather(now=at) == 0
    assert sending.gather(now=at + dt.timedelta(hours=1)) == 4
    assert sending.send(sending.claim(now=at + dt.timedelta(hours=1))) == 1
    (mail,) = mail_server.taken
    assert mail["Subject"].startswith("4 notifications: ")
    text = mail.get_body(["plain"]).get_content()
    assert text.index("TRADES") < text.index("OFFERS AND SWAPS")
    assert "Times are of Asia/Tokyo" in mail.get_body(["html"]).get_content()
    assert set(Dispatch.objects.values_list("state", flat=True)) == {State.SENT}


def test_an_address_that_is_refused_for_good_is_written_to_no_more(client, member, told, mail_server):
    mail_server.refuses[member.email] = "550 5.1.1 no such mailbox"
    told(member, NOW_KIND)
    assert sent(mail_server)[0] == 0
    mail = Mail.objects.get()
    assert (mail.state, mail.last_error) == (State.DROPPED, "550 5.1.1 no such mailbox")
    told(member, NOW_KIND)
    assert Dispatch.objects.filter(mail=None).count() == 0
    client.force_login(member)
    assert "No e-mail goes to" in client.get(reverse("notification-settings")).content.decode()
    assert "try again tomorrow" in client.post(reverse("notification-address"), follow=True).content.decode()
    Suppression.objects.update(at=timezone.now() - dt.timedelta(days=2))
    client.post(reverse("notification-address"))
    assert not Suppression.objects.exists()


def test_a_busy_mail_server_is_tried_again_then_parked_and_can_be_released(member, told, mail_server):
    mail_server.busy = sending.LAST_TRY
    told(member, NOW_KIND)
    sending.gather()
    later = timezone.now()
    for _ in range(sending.LAST_TRY):
        assert sending.send(sending.claim(now=later)) == 0
        later += dt.timedelta(days=1)
    mail = Mail.objects.get()
    assert mail.state == State.PARKED
    assert "451" in mail.last_error
    assert sending.claim(now=later) == []
    sending.release(mail)
    assert sending.send(sending.claim(now=later)) == 1


def test_a_worker_that_died_leaves_its_mails_to_the_next_under_the_same_id(member, told, mail_server):
    told(member, NOW_KIND)
    sending.gather()
    claimed = sending.claim()
    assert sending.claim() == []
    later = timezone.now() + sending.LEASE * 1.1
    assert sending.claim(now=later) == claimed
    assert sending.send(claimed) == 1
    assert sending.send(claimed) == 0
    assert mail_server.taken[0]["Message-ID"] == f"<{claimed[0]}@127.0.0.1>"


def test_no_fact_reaches_a_header_beyond_its_line(member, told, mail_server):
    told(member, NOW_KIND, buyer="Ada\r\nBcc: everybody@example.com")
    (mail,) = sent(mail_server)[1]
    assert mail["Bcc"] is None
    assert mail_server.recipients == [member.email]


def test_who_closed_the_account_meanwhile_gets_nothing(member, told, mail_server):
    told(member, NOW_KIND)
    member.is_active = False
    member.save()
    assert sent(mail_server) == (0, [])
    assert Mail.objects.get().state == State.DROPPED


REPORT = """\
From: mailer-daemon@mx.example
To: bounces@cardvault.example
Content-Type: multipart/report; report-type=delivery-status; boundary=B

--B
Content-Type: text/plain

It failed.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user
--B--
"""


@pytest.mark.parametrize(("action", "status", "silenced"), [("failed", "5.1.1", True), ("delayed", "4.4.1", False)])
def test_a_report_silences_an_address_when_it_failed_for_good(member, action, status, silenced):
    report = email.message_from_string(
        REPORT.format(address=member.email, action=action, status=status), policy=default
    )
    assert take_report(report) == ([member.email] if silenced else [])
    assert Suppression.objects.filter(address=member.email).exists() is silenced


def test_a_report_about_somebody_unknown_and_one_that_is_none_change_nothing(member, monkeypatch, capsys):
    import io
    import sys

    text = REPORT.format(address="nobody@example.com", action="failed", status="5.1.1")
    for content in (text.encode(), b"", b"\xff\xfe nonsense"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        call_command("take_bounce")
    assert not Suppression.objects.exists()


def test_choosing_a_cadence_holds_for_what_comes_after(member, told):
    actions.choose(by=member, choices={NOW_KIND: Choice(True, Cadence.DAILY, False)})
    told(member, NOW_KIND)
    assert Dispatch.objects.get().cadence == "daily"
    other = make_user()
    told(other, NOW_KIND)
    assert Dispatch.objects.get(owner=other).cadence == "now"
