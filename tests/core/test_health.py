"""Health says that the process answers, readiness names what it cannot reach."""

import pytest
from django.db import connection

from apps.core import views


def test_a_process_that_answers_is_healthy(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-cache" in answer["Cache-Control"]


@pytest.mark.django_db
def test_with_everything_there_it_is_ready(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200, {"status": "ok", "checks": {"database": "ok", "redis": "ok"}},
    )  # fmt: skip


@pytest.mark.django_db
def test_being_ready_costs_one_query_once_it_is_known_to_be_migrated(client, django_assert_num_queries):
    client.get("/readyz")
    with django_assert_num_queries(1):
        client.get("/readyz")


@pytest.mark.django_db
def test_without_redis_it_says_redis(client, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "checks": {"database": "ok", "redis": "unreachable"}}


@pytest.mark.django_db(transaction=True)
def test_without_the_database_it_says_database(client, monkeypatch):
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    try:
        answer = client.get("/readyz")
    finally:
        connection.close()
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "unreachable", "redis": "ok"}


@pytest.mark.django_db
def test_before_its_migrations_it_is_not_ready(client, monkeypatch):
    monkeypatch.setattr(views, "_migrated", type(views._migrated)())
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from django_migrations where app = 'core'"
            " and name = (select max(name) from django_migrations where app = 'core')"
        )
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migration" in answer.json()["checks"]["database"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered_by_any_name_and_without_tls(client, settings, path):
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["cards.example.com"], "https://cards.example.com"
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path, headers={"Host": "10.4.0.17:8000"}).status_code == 200
    assert client.get("/", headers={"Host": "10.4.0.17:8000"}).status_code == 400
