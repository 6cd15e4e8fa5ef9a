"""API keys: scoped, hashed, ended at once, and unable to make more of themselves."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from apps.accounts import actions
from apps.accounts.models import APIKey, Scope, SignIn
from apps.core.errors import Conflict, InvalidInput, NotFound, NotYours
from apps.core.models import AuditEntry
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def make(user, **fields):
    return actions.create_api_key(**{"user": user, "by": user, "name": "Sync", "scopes": ["read"]} | fields)


def status(secret: str) -> int:
    return APIClient(headers={"X-API-Key": secret}).get("/api/v1/me").status_code


def test_a_key_reads_in_its_owners_name(member, with_key):
    assert with_key(member).get("/api/v1/me").json()["id"] == str(member.pk)


def revoke(key):
    actions.revoke_api_key(key=key, by=key.user)


def expire(key):
    APIKey.objects.update(expires_at=timezone.now())


def close_account(key):
    type(key.user).objects.update(is_active=False)


def lose_verification(key):
    key.user.emailaddress_set.update(verified=False)


@pytest.mark.parametrize("happening", [revoke, expire, close_account, lose_verification])
def test_a_key_that_is_no_longer_good_is_like_an_unknown_one(member, happening):
    key, secret = make(member)
    assert status(secret) == 200
    happening(key)
    answer = APIClient(headers={"X-API-Key": secret}).get("/api/v1/me")
    unknown = APIClient(headers={"X-API-Key": APIKey.new_secret()}).get("/api/v1/me")
    assert answer.status_code == unknown.status_code == 401
    assert answer.json()["error"]["message"] == unknown.json()["error"]["message"]


@pytest.mark.parametrize("secret", ["", "tk_", "x" * 5000, "tk_é"])
def test_odd_keys_are_just_wrong(secret):
    assert status(secret) == 401


def test_last_use_is_noted_once_a_minute(member, django_assert_num_queries):
    key, secret = make(member)
    with django_assert_num_queries(2):
        status(secret)
    key.refresh_from_db()
    first = key.last_used_at
    assert timezone.now() - first < dt.timedelta(seconds=10)
    with django_assert_num_queries(1):
        status(secret)
    key.refresh_from_db()
    assert key.last_used_at == first
    APIKey.objects.update(last_used_at=timezone.now() - dt.timedelta(seconds=61))
    status(secret)
    key.refresh_from_db()
    assert key.last_used_at > first


class Guarded(APIView):
    required_scopes = {"POST": Scope.LISTINGS}

    def get(self, request):
        return Response()

    post = delete = get


class Open(Guarded):
    permission_classes = [AllowAny]


def call(view, method, secret):
    request = getattr(APIRequestFactory(), method)("/", headers={"X-API-Key": secret})
    return view.as_view()(request).status_code


@pytest.mark.parametrize(
    ("scopes", "method", "expected"),
    [
        (["read"], "get", 200),
        (["read"], "post", 403),
        (["listings:write"], "post", 200),
        (["listings:write"], "get", 403),
        (["trades:write", "inventory:write", "read"], "post", 403),
        (list(Scope.values), "delete", 403),  # the view names no scope for it
    ],
)
def test_a_key_does_what_its_scopes_say(member, scopes, method, expected):
    assert call(Guarded, method, make(member, scopes=scopes)[1]) == expected


def test_a_wrong_key_does_not_pass_where_everybody_may(member):
    assert call(Open, "get", make(member)[1]) == 200
    assert call(Open, "get", "tk_wrong") == 401


def test_people_need_no_scopes(member, signed_in, client):
    answer = signed_in(member).patch("/api/v1/me", {"first_name": "Ada"})
    assert answer.json()["first_name"] == "Ada"
    client.force_login(member)
    assert client.get("/api/v1/me").status_code == 200


def test_a_session_needs_its_csrf_token_to_change_something(member):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(member)
    assert browser.patch("/api/v1/me", {"first_name": "Eve"}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "/api/v1/api-keys", None),
        ("post", "/api/v1/api-keys", {"name": "x", "scopes": ["read"]}),
        ("patch", "/api/v1/me", {"first_name": "Eve"}),
        ("post", "/api/v1/auth/logout", None),
    ],
)
def test_a_key_can_neither_make_keys_nor_change_its_owner(member, with_key, method, path, body):
    assert getattr(with_key(member, *Scope.values), method)(path, body).status_code == 403


def test_keys_are_made_listed_and_revoked(member, signed_in):
    program = signed_in(member)
    made = program.post("/api/v1/api-keys", {"name": "Shop", "scopes": ["listings:write", "read"]})
    assert made.status_code == 201
    secret = made.json()["api_key"]
    assert status(secret) == 200
    listed = program.get("/api/v1/api-keys").json()["api_keys"]
    assert [(key["name"], key["scopes"], key["state"]) for key in listed] == [
        ("Shop", ["read", "listings:write"], "active")
    ]
    assert secret not in str(listed)
    assert program.delete(f"/api/v1/api-keys/{made.json()['id']}").status_code == 204
    assert status(secret) == 401
    assert program.get("/api/v1/api-keys").json()["api_keys"][0]["state"] == "revoked"


def test_somebody_elses_key_is_not_there(member, signed_in):
    key, secret = make(make_user())
    assert signed_in(member).delete(f"/api/v1/api-keys/{key.pk}").status_code == 404
    assert status(secret) == 200


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_keys_that_make_no_sense_are_refused(member, signed_in, body):
    assert signed_in(member).post("/api/v1/api-keys", body).status_code == 400


def test_only_the_owner_makes_keys_and_only_owner_or_admin_revoke_them(member, moderator, admin):
    key, _secret = make(member)
    with pytest.raises(NotYours):
        make(member, by=moderator)
    with pytest.raises(NotYours):
        actions.revoke_api_key(key=key, by=moderator)
    actions.revoke_api_key(key=key, by=admin)
    assert list(AuditEntry.objects.order_by("at").values_list("action", "actor_id")) == [
        ("api_key.created", member.pk),
        ("api_key.revoked", admin.pk),
    ]


def test_there_is_an_end_to_how_many_keys_work(member):
    for _ in range(actions.MOST_ACTIVE_KEYS):
        key, _secret = make(member)
    with pytest.raises(Conflict):
        make(member)
    revoke(key)
    make(member)


def test_the_database_refuses_unknown_and_no_scopes(member):
    key, _secret = make(member)
    for scopes in ([], ["everything"]):
        with pytest.raises(IntegrityError), transaction.atomic():
            APIKey.objects.filter(pk=key.pk).update(scopes=scopes)


def test_wrong_input_to_the_action_is_named(member):
    with pytest.raises(InvalidInput):
        make(member, scopes=["read", "nonsense"])


def test_many_wrong_keys_from_one_address_are_slowed_down():
    answers = [status(f"tk_{number}") for number in range(61)]
    assert answers == [401] * 60 + [429]


def test_not_found_is_raised_for_others_keys(member):
    from apps.accounts import queries

    with pytest.raises(NotFound):
        queries.api_key_for(user=member, pk=make(make_user())[0].pk)


def test_a_program_replaces_a_key_while_its_sign_in_is_fresh(member, signed_in, with_key):
    program = signed_in(member)
    made = program.post("/api/v1/api-keys", {"name": "Shop", "scopes": ["read"]}).json()
    fresh = program.post(f"/api/v1/api-keys/{made['id']}/rotate")
    assert fresh.status_code == 201
    assert fresh.json()["api_key"] != made["api_key"]
    assert with_key(member).post(f"/api/v1/api-keys/{made['id']}/rotate").status_code == 403


def test_an_old_sign_in_makes_no_keys(member, signed_in):
    program = signed_in(member)
    SignIn.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))
    assert program.post("/api/v1/api-keys", {"name": "Shop", "scopes": ["read"]}).status_code == 403
    assert program.get("/api/v1/api-keys").status_code == 200
