"""Registering through the API: nothing works before the address is verified, and nobody learns who has an account."""

import re
import uuid

import pytest
from allauth.account.models import EmailAddress
from rest_framework.test import APIClient

from apps.accounts.models import APIKey, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NEW = {"email": "Ada@Example.com", "password": "engine-no-1", "first_name": "Ada", "last_name": "Byron"}


def register(api, **changes):
    return api.post("/api/v1/auth/register", NEW | changes)


def mailed_key(mail) -> str:
    return re.search(r"/accounts/confirm-email/([^/\s]+)/", mail.body)[1]


def test_a_new_account_gets_an_id_a_key_and_a_mail(api, mailoutbox):
    answer = register(api)
    assert answer.status_code == 201
    user = User.objects.get(email="ada@example.com")
    assert answer.json() == {
        "user_id": str(user.pk),
        "email": "ada@example.com",
        "api_key": answer.json()["api_key"],
        "email_verification_sent": True,
    }
    assert (user.first_name, user.last_name, user.role) == ("Ada", "Byron", "member")
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]


def test_the_password_and_the_key_are_stored_hashed(api):
    secret = register(api).json()["api_key"]
    user = User.objects.get()
    assert user.check_password(NEW["password"])
    key = APIKey.objects.get()
    assert secret not in (key.digest, key.prefix)
    assert key.digest == APIKey.digest_of(secret)


def test_key_and_password_work_once_the_address_is_verified(api, mailoutbox):
    secret = register(api).json()["api_key"]
    program = APIClient(headers={"X-API-Key": secret})
    credentials = {"email": NEW["email"], "password": NEW["password"]}
    assert program.get("/api/v1/me").status_code == 401
    assert api.post("/api/v1/auth/login", credentials).status_code == 401

    verified = api.get(f"/api/v1/auth/verify/{mailed_key(mailoutbox[0])}")
    assert verified.json() == {"email": "ada@example.com", "email_verified": True}
    assert program.get("/api/v1/me").status_code == 200
    assert api.post("/api/v1/auth/login", credentials).status_code == 200


@pytest.mark.parametrize("verified", [True, False])
def test_an_address_with_an_account_is_answered_in_the_same_way(api, mailoutbox, verified):
    owner = make_user(email="ada@example.com", password="the-owners-own")
    owner.emailaddress_set.update(verified=verified)
    first, other = register(api), register(api, email="grace@example.com")
    assert (first.status_code, first.json().keys()) == (other.status_code, other.json().keys())
    assert uuid.UUID(first.json()["user_id"]) != owner.pk
    assert re.fullmatch(r"tk_[0-9a-f]{40}", first.json()["api_key"])
    assert APIClient(headers={"X-API-Key": first.json()["api_key"]}).get("/api/v1/me").status_code == 401
    owner.refresh_from_db()
    assert owner.check_password("the-owners-own")
    assert "It has one." in mailoutbox[0].body


def test_somebodys_mailbox_is_not_filled(api, mailoutbox):
    for _ in range(4):
        register(api)
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "nobody"},
        {"password": "short"},
        {"password": "1234567890123"},
        {"password": "ada@example.com"},
        {"email": ""},
    ],
)
def test_input_that_cannot_be_used_is_named(api, changes):
    answer = register(api, **changes)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_INPUT"
    assert set(answer.json()["error"]["details"]) == set(changes)
    assert not User.objects.exists()


@pytest.mark.parametrize("key", ["nonsense", "MQ:1abcde:forged-signature"])
def test_a_wrong_key_verifies_nothing(api, key):
    register(api)
    assert api.get(f"/api/v1/auth/verify/{key}").status_code == 400
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_link_works_once(api, mailoutbox):
    register(api)
    key = mailed_key(mailoutbox[0])
    assert api.get(f"/api/v1/auth/verify/{key}").status_code == 200
    assert api.get(f"/api/v1/auth/verify/{key}").status_code == 400


def test_links_in_mails_do_not_follow_the_host_header(api, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.SITE_URL = "https://cards.example.com"
    api.post("/api/v1/auth/register", NEW, headers={"Host": "evil.example.net"})
    assert "https://cards.example.com/accounts/confirm-email/" in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].body + str(mailoutbox[0].alternatives)


def test_accounts_are_not_made_by_the_thousand(api):
    answers = [register(api, email=f"a{number}@example.com").status_code for number in range(21)]
    assert answers == [201] * 20 + [429]
