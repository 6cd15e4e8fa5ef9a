"""Every request has an id and one line in the log, without personal data; a proxy does not hide the reader."""

import io
import json
import logging
import uuid

import pytest
import structlog
from django.test import Client

from apps.core import logging as our_logging

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]


@pytest.fixture
def lines(monkeypatch):
    """What is written to the log in the form of production, as dictionaries."""
    root = logging.getLogger()
    before, level, known = root.handlers, root.level, structlog.get_config()
    our_logging.configure({"format": "json", "level": "INFO"})
    written = io.StringIO()
    root.handlers[0].setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers, root.level = before, level
    structlog.configure(**known)


def test_an_id_is_made_and_told(client):
    first, second = client.get("/healthz"), client.get("/healthz")
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_a_proxys_id_is_kept_and_nonsense_is_not(client):
    assert client.get("/healthz", headers={"X-Request-ID": "proxy-12345678"})["X-Request-ID"] == "proxy-12345678"
    for nonsense in ("short", "with space and more", "x" * 65, "new\nline-12345"):
        assert client.get("/healthz", headers={"X-Request-ID": nonsense})["X-Request-ID"] != nonsense


def test_a_request_is_one_line_with_its_id_route_and_status(client, lines):
    answer = client.get("/healthz")
    (line,) = lines()
    assert (line["event"], line["method"], line["route"], line["status"]) == ("request.finished", "GET", "healthz", 200)
    assert line["request_id"] == answer["X-Request-ID"]
    assert line["level"] == "info"
    assert line["ms"] >= 0


def test_lines_carry_no_personal_data(client, member, lines):
    client.force_login(member)
    client.get("/nothing/secret-key-in-a-path/?q=private-search", headers={"User-Agent": "private-browser"})
    client.post("/accounts/login/", {"login": member.email, "password": "private-password"})
    client.get("/accounts/confirm-email/secret-key-in-a-path/")
    text = json.dumps(lines())
    assert len(lines()) == 3
    for private in (
        member.email,
        "private-search",
        "private-password",
        "private-browser",
        "secret-key",
        str(member.pk),
    ):
        assert private not in text


def test_a_bug_leaves_its_traceback_with_the_request_id(lines):
    browser = Client(raise_request_exception=False)
    answer = browser.get("/fail/bug/")
    failed, finished = lines()
    assert failed["event"] == "request.failed", "the path may hold a mailed key"
    assert "ZeroDivisionError" in failed["exception"]
    assert failed["request_id"] == finished["request_id"] == answer["X-Request-ID"]
    assert finished["status"] == 500


def test_a_traceback_shows_no_values(lines, capsys):
    our_logging.configure({"format": "console", "level": "INFO"})
    try:
        private = "private-value"
        raise RuntimeError(len(private))
    except RuntimeError:
        structlog.get_logger("test").exception("failed")
    assert "private-value" not in capsys.readouterr().err.replace('private = "private-value"', "")


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "seen"),
    [
        (False, "203.0.113.9", "127.0.0.1"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "", "127.0.0.1"),
        (True, "nonsense", "127.0.0.1"),
    ],
)
def test_the_readers_address_is_what_our_own_proxy_saw(rf, settings, behind_proxy, forwarded, seen):
    from apps.core.middleware import client_address

    settings.BEHIND_PROXY = behind_proxy
    request = rf.get("/", headers={"X-Forwarded-For": forwarded})
    client_address(lambda request: None)(request)
    assert request.META["REMOTE_ADDR"] == seen


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/trades/{}/", "trade"),
        ("/trades/{}/messages/", "trade"),
        ("/api/v1/trades/{}", "trade"),
        ("/scan/{}/", "scan"),
        ("/api/v1/scans/{}", "scan"),
        ("/swaps/{}/", "swap"),
    ],
)
def test_lines_say_which_trade_or_scan_a_request_is_about(client, lines, path, subject):
    known_as = str(uuid.uuid4())
    client.get(path.format(known_as))
    assert lines()[-1][subject] == known_as


def test_lines_of_a_card_of_a_scan_and_of_a_list_name_no_scan(client, lines):
    client.get(f"/scan/cards/{uuid.uuid4()}/")
    client.get("/trades/")
    assert not {"scan", "trade"} & {name for line in lines() for name in line}


def test_what_a_handler_writes_names_the_trade_of_its_event(lines):
    with our_logging.about("trade:0190"), our_logging.about("member:0191"):
        structlog.get_logger("test").info("told")
    (line,) = lines()
    assert (line["trade"], "member" in line) == ("0190", False)
