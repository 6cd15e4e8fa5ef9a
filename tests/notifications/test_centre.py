"""The centre: what a member finds there, reads and leaves unread, on pages and over REST."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.notifications import actions, queries
from apps.notifications.models import Notification
from apps.notifications.telling import Told, tell
from apps.privacy.retention import forget
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_same_cause_is_told_once(member, told):
    told(member, cause="message:1")
    assert tell([Told("trade.message", member.pk, "message:1", "trade:1", "/trades/", {"author": "Ada"})]) == 0
    assert Notification.objects.filter(owner=member).count() == 1


def test_alike_ones_stand_as_one_with_the_newest_first(client, member, told):
    for number in range(7):
        told(member, message=f"Message {number}", author=f"Ada {number}")
    told(member, "case.answered", group="trade:1")
    client.force_login(member)
    page = client.get(reverse("notifications"))
    assert [(group.count, len(group.earlier), group.more) for group in page.context["page"].rows] == [
        (1, 0, 0),
        (7, 4, 2),
    ]
    assert "6 earlier alike" in page.content.decode()
    assert "Ada 6 wrote to you" in page.content.decode()


def test_the_header_counts_what_is_unread_until_it_is_read(client, member, told, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        one = told(member)
        told(member, group="trade:2")
    client.force_login(member)
    assert "data-unread-count>2<" in client.get("/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.get(reverse("notification", args=[one.pk]))
    assert answer["Location"] == "/trades/"
    assert "data-unread-count>1<" in client.get("/").content.decode()


def test_reading_one_reads_those_alike_and_it_can_be_put_back(client, member, told):
    told(member)
    newest = told(member)
    other = told(member, group="trade:2")
    client.force_login(member)
    client.post(reverse("notification-read", args=[newest.pk]))
    assert list(queries.of_member(owner=member, unread=True)) == [other]
    client.post(reverse("notification-read", args=[newest.pk]), {"unread": "1"})
    assert set(queries.of_member(owner=member, unread=True)) == {other, newest}


def test_all_of_an_area_are_read_at_once_and_the_others_stay(client, member, told):
    told(member)
    left = told(member, "alert.price")
    client.force_login(member)
    answer = client.post(reverse("notifications-read"), {"about": "Trades"}, follow=True)
    assert "1 marked as read." in answer.content.decode()
    assert list(queries.of_member(owner=member, unread=True)) == [left]


def test_filters_leave_what_was_asked_for(client, member, told):
    read = told(member, "alert.price")
    actions.mark_read(by=member, only=[read.pk])
    told(member)
    client.force_login(member)
    for query, count in (("", 2), ("?show=unread", 1), ("?about=Prices and searches", 1), ("?about=nonsense", 2)):
        assert client.get(reverse("notifications") + query).context["page"].total == count
    assert "Show everything" in client.get(reverse("notifications") + "?about=Selling").content.decode()


def test_what_people_wrote_cannot_break_out_of_its_line(member, told):
    notification = told(member, author="Ada\r\nBcc: all@example.com\n\n> Click here", message="\u202eevil\x00")
    assert "\n" not in notification.title
    assert notification.title.startswith("Ada Bcc: all@example.com")
    assert notification.action == "Answer"
    assert "\u202e" not in notification.body


def test_nobody_reads_or_marks_what_is_anothers(client, member, told):
    theirs = told(make_user())
    client.force_login(member)
    assert client.get(reverse("notification", args=[theirs.pk])).status_code == 404
    assert client.post(reverse("notification-read", args=[theirs.pk])).status_code == 404
    assert actions.mark_read(by=member, only=[theirs.pk]) == 0


def test_rest_lists_by_cursor_and_marks_as_read(api, member, told):
    for number in range(5):
        told(member, message=f"Message {number}")
    api.force_authenticate(member)
    first = api.get("/api/v1/notifications?limit=2").json()
    assert first["unread"] == 5
    assert [row["facts"]["message"] for row in first["notifications"]] == ["Message 4", "Message 3"]
    second = api.get("/api/v1/notifications", {"limit": 2, "cursor": first["pagination"]["next_cursor"]}).json()
    assert [row["facts"]["message"] for row in second["notifications"]] == ["Message 2", "Message 1"]
    answer = api.post("/api/v1/notifications/read", {"ids": [row["id"] for row in first["notifications"]]}).json()
    assert answer == {"marked": 2, "unread": 3}
    assert len(api.get("/api/v1/notifications?unread=true").json()["notifications"]) == 3
    assert api.post("/api/v1/notifications/read", {}).json() == {"marked": 3, "unread": 0}


def test_what_is_old_is_forgotten_and_what_is_unread_stays_longer(member, told):
    read, unread, ancient = told(member), told(member), told(member)
    now = timezone.now()
    Notification.objects.filter(pk=read.pk).update(read_at=now - dt.timedelta(days=91))
    Notification.objects.filter(pk=unread.pk).update(created_at=now - dt.timedelta(days=200))
    Notification.objects.filter(pk=ancient.pk).update(created_at=now - dt.timedelta(days=366))
    forget(now=now, tables=("notifications.Notification",))
    assert list(Notification.objects.filter(owner=member)) == [unread]


def test_telling_many_takes_as_many_statements_as_telling_few(django_assert_num_queries):
    few, many = [make_user() for _ in range(2)], [make_user() for _ in range(20)]

    def news(members, cause):
        return [Told("trade.message", each.pk, cause, "g", "/trades/", {"author": "Ada"}) for each in members]

    with django_assert_num_queries(8):
        tell(news(few, "one"))
    with django_assert_num_queries(8):
        tell(news(many, "two"))
