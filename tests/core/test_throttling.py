"""The API's allowance, told on every answer."""

import time

import pytest
import redis
from rest_framework.test import APIClient

from apps.core import throttling
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.site")]


@pytest.fixture
def small(settings):
    """Five requests an hour, three a minute."""
    settings.API_RATE_PER_HOUR, settings.API_RATE_PER_MINUTE = 5, 3


def ask(api=None):
    return (api or APIClient()).get("/api/v1/numbers")


def told(answer) -> tuple[int, int]:
    return int(answer["X-RateLimit-Limit"]), int(answer["X-RateLimit-Remaining"])


def test_every_answer_tells_the_tightest_window(small):
    answers = [ask() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [told(answer) for answer in answers] == [(3, 2), (3, 1), (3, 0)]
    assert 0 < int(answers[0]["X-RateLimit-Reset"]) - time.time() <= 60


def test_over_the_limit_one_is_told_when_to_come_back(small):
    for _ in range(3):
        ask()
    answer = ask()
    assert answer.status_code == 429
    assert told(answer) == (3, 0)
    assert 0 < int(answer["Retry-After"]) <= 61
    error = answer.json()["error"]
    assert error["code"] == "RATE_LIMITED"
    assert error["details"]["retry_after_seconds"] > 0


def test_the_hour_counts_when_it_is_tighter(settings):
    settings.API_RATE_PER_HOUR, settings.API_RATE_PER_MINUTE = 2, 100
    assert [told(ask()) for _ in range(2)] == [(2, 1), (2, 0)]
    answer = ask()
    assert (answer.status_code, told(answer)) == (429, (2, 0))
    assert int(answer["Retry-After"]) > 60


def test_refused_input_counts_and_is_told_too(small):
    answer = APIClient().post("/api/v1/numbers", {"number": 0})
    assert (answer.status_code, told(answer)) == (400, (3, 2))


def test_members_count_by_themselves_wherever_they_come_from(small):
    one, other = make_user(), make_user()
    clients = [APIClient(), APIClient(), APIClient(REMOTE_ADDR="10.0.0.9")]
    for client, user in zip(clients, (one, other, one), strict=True):
        client.force_authenticate(user)
    assert [told(ask(client)) for client in clients] == [(3, 2), (3, 2), (3, 1)]
    assert told(ask()) == (3, 2)


def test_pages_have_no_allowance(small, client):
    assert "X-RateLimit-Limit" not in client.get("/healthz")


@pytest.fixture
def redis_away(monkeypatch):
    throttling.limiter.cache_clear()
    away = redis.ConnectionPool.from_url("redis://127.0.0.1:1/0")
    monkeypatch.setattr(throttling.redis.ConnectionPool, "from_url", lambda *told, **also: away)
    yield
    throttling.limiter.cache_clear()


def test_without_redis_reading_goes_on(redis_away):
    answer = ask()
    assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer


def test_without_redis_guessing_passwords_does_not(redis_away):
    client = APIClient(raise_request_exception=False)
    answer = client.post("/api/v1/auth/login", {"email": "a@example.com", "password": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "UNAVAILABLE")


def test_personal_names_are_not_kept_readable():
    assert "ada" not in throttling.private("Ada@Example.com")
    assert throttling.private("Ada@Example.com ") == throttling.private("ada@example.com")


def test_a_higher_tier_may_ask_more(small):
    shop = make_user(api_tier="shop")
    api = APIClient()
    api.force_authenticate(shop)
    assert told(ask(api)) == (15, 14)
