"""Signing in of programs: tokens that end when they should, and guessing that gets nowhere."""

from __future__ import annotations

import datetime as dt

import jwt
import pytest
from django.conf import settings
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts import tokens
from apps.accounts.models import SignIn
from tests.accounts.conftest import PASSWORD
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def login(api, user, password=PASSWORD):
    return api.post("/api/v1/auth/login", {"email": user.email, "password": password})


def bearer(token: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {token}"})


def status(token: str) -> int:
    return bearer(token).get("/api/v1/me").status_code


def test_signing_in_gives_tokens_and_says_who_one_is(api, member):
    answer = login(api, member)
    body = answer.json()
    assert answer.status_code == 200
    assert body["expires_in"] == 3600
    assert body["user"] == {"id": str(member.pk), "email": member.email, "first_name": "", "api_key": None}
    assert status(body["access_token"]) == 200


def test_the_address_may_be_typed_in_any_case(api, member):
    answer = api.post("/api/v1/auth/login", {"email": member.email.upper(), "password": PASSWORD})
    assert answer.status_code == 200


def test_tokens_are_signed_with_rs256_for_this_audience(api, member):
    token = login(api, member).json()["access_token"]
    assert jwt.get_unverified_header(token)["alg"] == "RS256"
    claims = jwt.decode(
        token, settings.SIMPLE_JWT["VERIFYING_KEY"], algorithms=["RS256"], audience="cardvault-api", issuer="cardvault"
    )
    assert claims["sub"] == str(member.pk)
    assert not {"email", "password", "role"} & set(claims)


def test_a_sign_in_ends_with_logging_out(api, member):
    body = login(api, member).json()
    other = login(api, member).json()
    assert bearer(body["access_token"]).post("/api/v1/auth/logout").status_code == 204
    assert status(body["access_token"]) == 401
    assert api.post("/api/v1/auth/refresh", {"refresh_token": body["refresh_token"]}).status_code == 401
    assert status(other["access_token"]) == 200


def test_refreshing_replaces_both_tokens(api, member):
    body = login(api, member).json()
    fresh = api.post("/api/v1/auth/refresh", {"refresh_token": body["refresh_token"]})
    assert fresh.status_code == 200
    assert fresh.json().keys() == {"access_token", "refresh_token", "expires_in"}
    assert status(fresh.json()["access_token"]) == 200
    assert status(body["access_token"]) == 200  # until its hour is over: requests under way do not break
    again = api.post("/api/v1/auth/refresh", {"refresh_token": fresh.json()["refresh_token"]})
    assert again.status_code == 200


def test_a_refresh_token_used_twice_ends_the_sign_in_for_whoever_holds_it(api, member):
    stolen = login(api, member).json()["refresh_token"]
    fresh = api.post("/api/v1/auth/refresh", {"refresh_token": stolen}).json()
    assert api.post("/api/v1/auth/refresh", {"refresh_token": stolen}).status_code == 401
    assert status(fresh["access_token"]) == 401
    assert SignIn.objects.get().ended_because == "reused"


def change_password(user):
    user.set_password("another-2026")
    user.save()


def deactivate(user):
    user.is_active = False
    user.save()


@pytest.mark.parametrize("happening", [change_password, deactivate, lambda user: tokens.end_all(user, because="test")])
def test_tokens_end_with_the_password_the_account_or_all_sign_ins(api, member, happening):
    body = login(api, member).json()
    happening(member)
    assert status(body["access_token"]) == 401
    assert api.post("/api/v1/auth/refresh", {"refresh_token": body["refresh_token"]}).status_code == 401


def forged(member, **changes) -> str:
    sign_in = SignIn.objects.get()
    claims = {
        "token_type": "access", "exp": timezone.now() + dt.timedelta(hours=1), "iat": timezone.now(), "jti": "x",
        "sub": str(member.pk), "sid": str(sign_in.pk), "iss": "cardvault", "aud": "cardvault-api",
    } | changes  # fmt: skip
    return jwt.encode(claims, settings.SIMPLE_JWT["SIGNING_KEY"], algorithm="RS256")


def test_the_forger_of_these_tests_could_make_a_good_token(member):
    tokens.open_sign_in(member)
    assert status(forged(member)) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"aud": "somebody-else"},
        {"iss": "somebody-else"},
        {"token_type": "refresh"},
        {"sid": "01900000-0000-7000-8000-000000000000"},
        {"sid": "nonsense"},
        {"sub": "01900000-0000-7000-8000-000000000000"},
    ],
)
def test_a_token_with_one_wrong_claim_is_refused(member, changes):
    tokens.open_sign_in(member)
    assert status(forged(member, **changes)) == 401


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(member):
    good = jwt.decode(tokens.open_sign_in(member).access, options={"verify_signature": False})
    import base64
    import hashlib
    import hmac
    import json

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(good)}"
    mark = hmac.new(settings.SIMPLE_JWT["VERIFYING_KEY"].encode(), signed.encode(), hashlib.sha256).digest()
    assert status(f"{signed}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}") == 401
    assert status(f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(good)}.") == 401


def test_a_token_of_our_own_without_a_sign_in_is_refused(member):
    token = AccessToken()
    token["sub"] = str(member.pk)
    assert status(str(token)) == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer a b", "Bearer nonsense", "bearer x.y.z"])
def test_a_broken_header_is_a_401_that_says_how_to_authenticate(header):
    answer = APIClient(headers={"Authorization": header}).get("/api/v1/me")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"]["code"] == "NOT_AUTHENTICATED"


def test_without_credentials_one_is_asked_for_them(api):
    answer = api.get("/api/v1/me")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_unknown_wrong_unverified_and_closed_look_the_same(api, member):
    closed, unverified = make_user(), make_user()
    deactivate(closed)
    unverified.emailaddress_set.update(verified=False)
    unknown = api.post("/api/v1/auth/login", {"email": "nobody@example.com", "password": PASSWORD})
    answers = [unknown, login(api, member, "wrong"), login(api, closed), login(api, unverified)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["error"]["message"] for answer in answers}) == 1


def test_guessing_one_password_is_stopped_also_when_the_right_one_comes(api, member):
    for _ in range(10):
        assert login(api, member, "wrong").status_code == 401
    stopped = login(api, member)
    assert stopped.status_code == 429
    assert int(stopped["Retry-After"]) > 0
    assert stopped["X-RateLimit-Remaining"] == "0"
    assert stopped.json()["error"]["code"] == "RATE_LIMITED"
    assert login(api, make_user()).status_code == 200


def test_a_good_sign_in_forgives_the_slips_before_it(api, member):
    for _ in range(3):
        for _ in range(9):
            login(APIClient(REMOTE_ADDR="10.0.0.1"), member, "wrong")
        assert login(APIClient(REMOTE_ADDR="10.0.0.2"), member).status_code == 200


def test_one_address_cannot_try_many_accounts(api):
    people = [make_user() for _ in range(31)]
    answers = [login(api, person, "wrong").status_code for person in people]
    assert answers == [401] * 30 + [429]
    assert login(APIClient(REMOTE_ADDR="10.9.9.9"), people[0]).status_code == 200


def test_passwords_are_not_written_into_answers(api, member):
    assert b"wrong-secret" not in login(api, member, "wrong-secret").content
