"""Failures, as people and programs are told of them: what happened, what to do, and nothing private."""

import json
import re

import pytest
from django.db import OperationalError
from django.test import Client

from tests.core.site import FAILURES

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]
EXPECTED = {
    "missing": (404, "NOT_FOUND"),
    "denied": (403, "FORBIDDEN"),
    "suspicious": (400, "BAD_REQUEST"),
    "conflict": (409, "CONFLICT"),
    "not-yours": (403, "NOT_YOURS"),
    "too-large": (413, "TOO_LARGE"),
    "unsupported": (415, "UNSUPPORTED_TYPE"),
    "bug": (500, "SERVER_ERROR"),
    "database-away": (503, "UNAVAILABLE"),
    "redis-away": (503, "UNAVAILABLE"),
}


@pytest.fixture
def browser() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("how", FAILURES)
def test_people_get_a_page(browser, how):
    answer = browser.get(f"/fail/{how}/")
    page = answer.content.decode()
    assert answer.status_code == EXPECTED[how][0]
    assert answer["Content-Type"].startswith("text/html")
    assert "<html" in page
    assert "private reason" not in page
    assert answer["X-Request-ID"] in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("how", FAILURES)
def test_htmx_gets_a_fragment(browser, how):
    answer = browser.get(f"/fail/{how}/", headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert answer.status_code == EXPECTED[how][0]
    assert "<html" not in page
    assert "data-problem-message" in page
    assert "private reason" not in page


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_htmx_that_swaps_the_whole_page_gets_a_page(browser, header):
    answer = browser.get("/fail/missing/", headers={"HX-Request": "true", header: "true"})
    assert b"<html" in answer.content


@pytest.mark.parametrize("how", FAILURES)
def test_programs_get_json(browser, how):
    answer = browser.get(f"/api/v1/fail/{how}")
    status, code = EXPECTED[how]
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error.keys() == {"code", "message", "details", "timestamp"}
    assert error["code"] == code
    assert "private reason" not in answer.content.decode()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", error["timestamp"])


def test_the_message_and_details_of_a_rule_reach_the_reader(browser):
    error = browser.get("/api/v1/fail/conflict").json()["error"]
    assert (error["message"], error["details"]) == ("Somebody was quicker.", {"listing": "0190"})
    assert "Somebody was quicker." in browser.get("/fail/conflict/").content.decode()


def test_a_store_that_is_away_says_when_to_come_back(browser):
    assert browser.get("/fail/database-away/")["Retry-After"] == "10"
    assert browser.get("/api/v1/fail/redis-away")["Retry-After"] == "10"


def test_unknown_addresses_are_told_in_each_form(browser):
    assert browser.get("/api/v1/nothing").json()["error"]["code"] == "NOT_FOUND"
    assert b"<html" in browser.get("/nothing/").content


def test_a_problem_page_does_not_ask_a_database_that_is_away(browser, member, monkeypatch):
    browser.force_login(member)
    from django.db.backends.base.base import BaseDatabaseWrapper

    def away(*told, **also):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(BaseDatabaseWrapper, "_cursor", away)
    page = browser.get("/private/")
    assert page.status_code == 503
    assert b"<html" in page.content
    assert browser.get("/api/v1/me").json()["error"]["code"] == "UNAVAILABLE"


def test_where_even_the_problem_page_fails_there_is_a_plain_line(browser, settings, tmp_path):
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path], "APP_DIRS": False}]
    answer = browser.get("/fail/bug/")
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/plain")


def test_a_form_that_expired_says_so(member):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member)
    answer = strict.post("/accounts/logout/")
    assert answer.status_code == 403
    assert "expired" in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ('{"number": 0}', "application/json", 400, "INVALID_INPUT"),
        ("{", "application/json", 400, "BAD_REQUEST"),
        ("<a/>", "application/xml", 415, "UNSUPPORTED_TYPE"),
    ],
)
def test_wrong_input_to_the_api_is_named(browser, body, kind, status, code):
    answer = browser.post("/api/v1/numbers", body, content_type=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_fields_are_named_in_the_details(browser):
    answer = browser.post("/api/v1/numbers", json.dumps({"number": "x"}), content_type="application/json")
    assert list(answer.json()["error"]["details"]) == ["number"]
    bare = browser.post("/api/v1/numbers", "[]", content_type="application/json")
    assert isinstance(bare.json()["error"]["details"], dict)


def test_a_method_that_is_not_there_is_told_in_the_same_shape(browser):
    answer = browser.delete("/api/v1/numbers")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
