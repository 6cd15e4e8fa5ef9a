"""Flags: who has something new, the same on every device; operators change them in the admin, which is written down."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from waffle import flag_is_active

from apps.accounts.models import Role
from apps.core.models import AuditEntry, Flag, place_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def has(name: str, user: object) -> bool:
    request = RequestFactory().get("/")
    request.user = user
    return bool(flag_is_active(request, name))


@given(name=st.text(max_size=20), members=st.lists(st.uuids(), min_size=1, max_size=5), share=st.floats(0, 100))
def test_a_larger_share_only_adds_members(name, members, share):
    places = [place_of(name, member) for member in members]
    assert all(0 <= place < 100 for place in places)
    flag = Flag(name=name, percent=Decimal(share).quantize(Decimal("0.1")))
    assert place_of(flag.name, members[0]) == places[0]


def test_a_share_is_about_that_many_and_not_the_same_for_each_flag():
    from apps.core.ids import uuid7

    members = [uuid7() for _ in range(4000)]
    first = {member for member in members if place_of("one", member) < 25}
    second = {member for member in members if place_of("two", member) < 25}
    assert 850 < len(first) < 1150
    assert 150 < len(first & second) < 350


def test_who_has_it():
    named, moderator, other = make_user(), make_user(role=Role.MODERATOR), make_user()
    Flag.objects.create(name="new", members=[named.pk], staff=True)
    assert has("new", named) and has("new", moderator)
    assert not has("new", other) and not has("new", AnonymousUser()) and not has("never-heard-of", named)


def test_off_for_everyone_means_everyone_and_is_seen_at_once(django_capture_on_commit_callbacks):
    named = make_user()
    flag = Flag.objects.create(name="new", members=[named.pk])
    assert has("new", named)
    with django_capture_on_commit_callbacks(execute=True):
        flag.everyone = False
        flag.save()
    assert not has("new", named)
    with django_capture_on_commit_callbacks(execute=True):
        flag.everyone = True
        flag.save()
    assert has("new", AnonymousUser())


def test_an_admin_changes_a_flag_and_it_is_written_down():
    admin, named = make_user(role=Role.ADMIN), make_user()
    client = Client()
    client.force_login(admin, backend="allauth.account.auth_backends.AuthenticationBackend")
    given = {"name": "new", "note": "", "everyone": "unknown", "percent": "10", "members": f"{named.email}\n"}
    assert client.post("/admin/core/flag/add/", given).status_code == 302
    flag = Flag.objects.get()
    assert flag.members == [named.pk]
    page = client.get(f"/admin/core/flag/{flag.pk}/change/")
    assert named.email in page.content.decode()
    client.post(f"/admin/core/flag/{flag.pk}/change/", given | {"percent": "50"})
    changed = AuditEntry.objects.filter(action="flag.changed").latest("at")
    assert (changed.before["percent"], changed.after["percent"], changed.actor_id) == ("10.0", "50", admin.pk)
    client.post(f"/admin/core/flag/{flag.pk}/delete/", {"post": "yes"})
    assert AuditEntry.objects.filter(action="flag.removed").exists() and not Flag.objects.exists()


def test_strangers_cannot_be_named_and_moderators_only_look():
    client = Client()
    client.force_login(make_user(role=Role.ADMIN), backend="allauth.account.auth_backends.AuthenticationBackend")
    given = {"name": "new", "everyone": "unknown", "members": "nobody@example.com"}
    assert "Nobody has the address" in client.post("/admin/core/flag/add/", given).content.decode()
    client.force_login(make_user(role=Role.MODERATOR), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/admin/core/flag/").status_code == 200
    assert client.post("/admin/core/flag/add/", given).status_code == 403
