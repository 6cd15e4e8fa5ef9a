"""Queues of the desk: several things decided at once with one reason, each in its trail; figures of those who decide."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.core import outbox
from apps.core.models import AuditEntry, Delivery, OutboxEvent
from apps.moderation.figures import decided
from apps.risk.models import Assessment
from apps.trades.reports import actions as reports
from apps.trades.reports.models import Report
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator():
    return make_user(role=Role.MODERATOR)


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


def report(by=None, about=None) -> Report:
    about = about or make_user()
    return reports.report(kind="member", target_id=about.pk, reason="other", statement="Rude.", by=by or make_user())


def test_ticked_reports_are_decided_with_one_reason_and_what_cannot_be_is_said(desk, moderator):
    two, own, left = [report(), report()], report(about=moderator), report()
    told = {"chosen": [one.pk for one in (*two, own)], "decision": "no", "reason": "Only a misunderstanding."}
    page = desk.post(reverse("admin:reports"), told, follow=True)
    assert set(Report.objects.filter(state="dismissed")) == set(two)
    assert set(Report.objects.filter(state="open")) == {own, left}
    trail = AuditEntry.objects.filter(action="report.decided")
    assert {(one.before["state"], one.after["state"], one.reason) for one in trail} == {
        ("open", "dismissed", "Only a misunderstanding.")
    }
    messages = [str(one) for one in page.context["messages"]]
    assert any("none of the two decides" in one for one in messages)
    assert "Decided: 2." in messages


def test_nothing_is_decided_without_a_reason_or_without_a_tick(desk):
    one = report()
    for told in ({"chosen": [one.pk], "decision": "no"}, {"decision": "no", "reason": "Because."}):
        assert desk.post(reverse("admin:reports"), told).status_code == 422
    assert b"Tick at least one line" in desk.post(reverse("admin:reports"), {"decision": "no"}).content
    assert Report.objects.get().state == "open"


def test_ticked_checks_are_released_or_refused(desk):
    checks = [
        Assessment.objects.create(
            about="listing", subject_id=make_user().pk, title=f"Check {number}", member=make_user(), score=60,
            verdict="review", state="waiting",
        )
        for number in range(2)
    ]  # fmt: skip
    told = {"chosen": [one.pk for one in checks], "decision": "no", "reason": "The same photo twice."}
    desk.post(reverse("admin:checks"), told)
    assert set(Assessment.objects.values_list("state", "note")) == {("refused", "The same photo twice.")}


def test_members_decide_nothing(client):
    one = report()
    client.force_login(make_user())
    told = {"chosen": [one.pk], "decision": "no", "reason": "I am nice."}
    assert client.post(reverse("admin:reports"), told).status_code in (302, 403)
    assert Report.objects.get().state == "open"


def test_parked_events_are_set_aside_with_a_reason_that_stands_in_the_trail(desk):
    event = OutboxEvent.objects.create(topic="a.b", aggregate="a:1", payload={})
    parked = Delivery.objects.create(event=event, handler="a.b", aggregate="a:1", parked_at=timezone.now(), attempts=9)
    address = reverse("admin:core_delivery_changelist")
    chosen = {"action": "set_aside", "_selected_action": [parked.pk]}
    assert b"give a reason" in desk.post(address, chosen, follow=True).content
    parked.refresh_from_db()
    assert parked.parked_at
    desk.post(address, chosen | {"reason": "Its card is gone."})
    entry = AuditEntry.objects.get(action="outbox.set_aside")
    assert (entry.reason, entry.before["attempts"], entry.after["parked_at"]) == ("Its card is gone.", 9, None)
    assert outbox.relay() == 0


def test_figures_tell_how_much_how_soon_and_what_was_overturned(desk, moderator):
    second, about = make_user(role=Role.MODERATOR), make_user()
    for uphold in (True, False, True):
        reports.decide(report=report(about=about), uphold=uphold, decision="So.", by=moderator)
    Report.objects.filter(decided_by=moderator).update(created_at=timezone.now() - dt.timedelta(hours=3))
    appealed = Report.objects.filter(state="upheld").first()
    appealed = reports.appeal(report=appealed, statement="It was not I.", by=about)
    reports.decide(report=appealed, uphold=False, decision="True.", by=second)
    (row,) = decided(since=timezone.now() - dt.timedelta(days=1))
    assert (row.moderator, row.kind, row.number, round(row.hours), row.appealed) == (moderator, "Reports", 3, 3, 1)
    assert round(row.overturned_share) == 33
    page = desk.get(reverse("admin:figures"), {"days": "90"})
    assert "1 (33 %)" in page.content.decode()
    assert desk.get(reverse("admin:figures"), {"days": "x" * 50}).status_code == 200


def test_the_front_page_counts_reports_and_appeals(desk):
    report()
    page = desk.get(reverse("admin:index"))
    assert (page.context["waiting"].reports, page.context["waiting"].appeals) == (1, 0)
    assert "report to decide" in page.content.decode()
