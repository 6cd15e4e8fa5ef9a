"""Staff see the site as a member does: with a reason, for a quarter of an hour, and without changing anything."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Address, Role, User
from apps.core.models import AuditEntry
from apps.moderation import seeing
from tests.factories import ADDRESS, make_item, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def looking(client):
    moderator, member = make_user("Mo Derator", role=Role.MODERATOR), make_user("Ada")
    client.force_login(moderator)
    answer = client.post(reverse("admin:see-as", args=[member.pk]), {"reason": "question 4711"}, follow=True)
    assert "You see the site as Ada does" in answer.content.decode()
    client.member, client.moderator = member, moderator
    return client


def test_the_page_listens_to_nothing_of_the_member(looking):
    page = looking.get("/").content
    assert b"You see the site as" in page
    assert b"data-member" not in page


def test_the_members_own_pages_are_seen_under_a_banner(looking):
    make_item(looking.member)
    answer = looking.get(reverse("inventory"))
    assert answer.status_code == 200 and "You see the site as Ada does" in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


def test_it_stands_in_the_audit_trail_with_its_reason(looking):
    entry = AuditEntry.objects.get(action="member.seen_as")
    assert (entry.actor_id, entry.target_id, entry.reason) == (
        looking.moderator.pk,
        str(looking.member.pk),
        "question 4711",
    )


@pytest.mark.parametrize("name", ["profile", "addresses", "inventory"])
def test_nothing_is_changed_in_the_members_name(looking, name):
    answer = looking.post(reverse(name), ADDRESS | {"display_name": "Somebody Else"})
    assert answer.status_code == 403 and "nothing can be changed" in answer.content.decode()
    assert User.objects.get(pk=looking.member.pk).display_name == "Ada"
    assert not Address.objects.exists()


def test_a_page_that_writes_when_it_is_read_is_kept_from_it_by_the_database(looking, monkeypatch):
    from apps.accounts import views

    monkeypatch.setattr(views.queries, "addresses", lambda user: user.addresses.create(**ADDRESS))
    assert looking.get(reverse("addresses")).status_code == 403
    assert not Address.objects.exists()


@pytest.mark.parametrize("name", ["api-keys", "account_change_password", "my-data", "admin:index", "api-me"])
def test_secrets_ways_in_and_the_admin_stay_closed(looking, name):
    assert looking.get(reverse(name)).status_code == 403


def test_it_ends_by_a_button_and_by_itself(looking, monkeypatch):
    later = timezone.now() + seeing.LASTS + dt.timedelta(seconds=1)
    monkeypatch.setattr(seeing.timezone, "now", lambda: later)
    assert "Mo Derator" in looking.get(reverse("profile")).content.decode()
    monkeypatch.undo()
    looking.post(reverse("admin:see-as", args=[looking.member.pk]), {"reason": "once more"})
    looking.post(reverse("seeing-end"))
    assert "Mo Derator" in looking.get(reverse("profile")).content.decode()


def test_who_loses_the_role_meanwhile_is_themselves_at_once(looking):
    User.objects.filter(pk=looking.moderator.pk).update(role=Role.MEMBER)
    assert "Mo Derator" in looking.get(reverse("profile")).content.decode()


def test_members_cannot_and_staff_are_not_looked_at(client):
    member, moderator, chief = make_user(), make_user(role=Role.MODERATOR), make_user(role=Role.ADMIN)
    client.force_login(member)
    assert client.get(reverse("admin:see-as", args=[make_user().pk])).status_code in {302, 403}
    client.force_login(moderator)
    assert client.post(reverse("admin:see-as", args=[chief.pk]), {"reason": "curiosity"}).status_code == 403
    assert seeing.SESSION_KEY not in client.session


def test_without_a_reason_nothing_begins(client):
    client.force_login(make_user(role=Role.MODERATOR))
    answer = client.post(reverse("admin:see-as", args=[make_user().pk]), {"reason": ""})
    assert answer.status_code == 422 and seeing.SESSION_KEY not in client.session
