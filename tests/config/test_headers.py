"""What every answer carries to protect its reader, graded by Mozilla's rules; cookies; links that lead elsewhere."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client

from config.env import ROOT
from config.observatory import graded
from tests.config.test_production import GIVEN
from tests.factories import make_user

GOOD = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'nonce-x'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SESSION = "__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_a_site_that_does_everything_gets_the_best_grade():
    grade = graded(headers=GOOD, cookies=[SESSION], plain=(301, "https://cards.example.com/"))
    assert (grade.letter, grade.score) == ("A+", 135)


def test_a_site_that_does_nothing_fails():
    assert graded(headers={}, cookies=["session=x"], plain=(200, "")).letter == "F"


@pytest.mark.parametrize(
    ("headers", "cookies", "score"),
    [
        ({"Content-Security-Policy": ""}, [], 55),
        ({"Content-Security-Policy": "default-src *; frame-ancestors 'none'"}, [], 80),
        (
            {"Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-eval'; frame-ancestors 'self'"},
            [],
            110,
        ),
        ({"Strict-Transport-Security": "max-age=60"}, [], 120),
        ({"Strict-Transport-Security": ""}, [], 80),
        ({"X-Content-Type-Options": ""}, [], 125),
        ({"Access-Control-Allow-Origin": "*"}, [], 50),
        ({}, ["session=x; Secure; SameSite=Lax"], 70),
        ({}, ["session=x; HttpOnly"], 60),
        ({}, ["csrf=x; Secure"], 80),
    ],
)
def test_each_fault_costs_what_the_rules_say(headers, cookies, score):
    assert graded(headers=GOOD | headers, cookies=cookies).score == score


ASKED = """
import json, django
django.setup()
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory
from django.middleware.csrf import get_token
from django.utils.module_loading import import_string
def view(request):
    get_token(request)
    response = HttpResponse("x")
    response.set_cookie(settings.SESSION_COOKIE_NAME, "x", secure=settings.SESSION_COOKIE_SECURE,
                        httponly=settings.SESSION_COOKIE_HTTPONLY, samesite=settings.SESSION_COOKIE_SAMESITE)
    return response
names = ["apps.core.headers.security_headers", "django.middleware.security.SecurityMiddleware",
         "csp.middleware.CSPMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
         "django.middleware.clickjacking.XFrameOptionsMiddleware"]
assert [name for name in settings.MIDDLEWARE if name in names] == names
for name in reversed(names):
    view = import_string(name)(view)
told = {}
for secure in (True, False):
    answer = view(RequestFactory().get("/", secure=secure, headers={"host": "cards.example.com"}))
    told[str(secure)] = [answer.status_code, dict(answer.headers), [c.OutputString() for c in answer.cookies.values()]]
print(json.dumps(told))
"""


def test_production_gets_the_best_grade(tmp_path):
    environment = {"PATH": os.environ["PATH"], "CARDVAULT_DATA_DIR": str(tmp_path), **GIVEN}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings.production"
    done = subprocess.run([sys.executable, "-c", ASKED], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    _status, headers, cookies = told["True"]
    status, plain, _cookies = told["False"]
    grade = graded(headers=headers, cookies=cookies, plain=(status, plain["Location"]))
    assert grade.letter == "A+", grade
    assert all(cookie.startswith("__Host-") and "Path=/" in cookie and "Domain" not in cookie for cookie in cookies)
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=(self)" in headers["Permissions-Policy"]
    assert "geolocation=()" in headers["Permissions-Policy"]


PAGES = ["/", "/search/", "/accounts/login/", "/accounts/signup/", "/nothing/here/", "/api/v1/nothing"]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_every_answer_carries_them(client, page):
    answer = client.get(page)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "unsafe" not in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_each_answer_has_a_nonce_of_its_own(client):
    policies = {client.get("/accounts/login/")["Content-Security-Policy"] for _ in range(3)}
    assert len(policies) == 3
    answer = client.get("/accounts/login/")
    nonce = answer["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
    assert f'nonce="{nonce}"' in answer.content.decode()


AWAY = [
    "https://evil.example.net/", "//evil.example.net", "/\\evil.example.net", "javascript:alert(1)",
    "https:evil.example.net", "\thttps://evil.example.net",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("address", AWAY)
@pytest.mark.parametrize(
    "page", ["/accounts/login/", "/accounts/logout/", "/accounts/reauthenticate/", "/accounts/signup/"]
)
def test_no_page_leads_away_by_its_address(page, address):
    browser, user = Client(), make_user()
    if page in {"/accounts/logout/", "/accounts/reauthenticate/"}:
        browser.force_login(user)
    form = {"login": user.email, "password": "collect-2026", "next": address}
    answer = browser.post(page, form, query_params={"next": address})
    assert "evil" not in answer.get("Location", "")
    assert "javascript" not in answer.get("Location", "")


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["X-Request-ID", "X-Forwarded-For", "Referer", "Accept-Language"])
def test_no_header_of_a_request_writes_headers_of_the_answer(client, header):
    answer = client.get("/accounts/login/", headers={header: "x\r\nSet-Cookie: planted=1"})
    assert "planted" not in str(answer.headers)
    assert "planted" not in answer.cookies


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/me/", "/me/api-keys/", "/me/apps/"]
)
def test_every_form_needs_its_token(page):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user()) if page.startswith("/me/") else None
    assert browser.post(page, {}).status_code == 403


@pytest.mark.django_db
def test_only_what_cannot_carry_a_token_does_without_one():
    from django.urls import get_resolver

    from tests.routes.asking import routes_with_views

    exempt = {
        name for name, view in routes_with_views(get_resolver().url_patterns) if getattr(view, "csrf_exempt", False)
    }
    assert {name for name in exempt if not name.startswith("api-")} == {
        "apple_callback",  # Apple posts its answer; the state is checked
        "google_login_by_token",  # Google's own token, which is checked by the library; off unless Google is set up
        "webhook",  # the payment company's signature
        "notification-unsubscribe",  # a mailbox's own button (RFC 8058); the signed link says whose it is
        "idp:oidc:authorization",  # checks the token itself when the form is sent
        "idp:oidc:token",  # the app's secret or PKCE
        "idp:oidc:revoke",
    }
