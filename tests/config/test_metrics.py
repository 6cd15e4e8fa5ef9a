"""What Prometheus is shown: who may ask, what is counted, what the stores know, and that labels have few values."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from apps.backups.models import RestoreDrill
from apps.core import metrics
from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.actions import prove_books
from apps.escrow.ledger.chart import CLEARING, FEES, available_account
from apps.escrow.models import LedgerCheck
from apps.valuations.models import Feed, FeedRun
from config.celery import app
from config.observing import exposition, readings, state
from config.observing.queues import queue_names, queues_now
from tests.factories import make_user
from tests.scans.conftest import make_scan
from tests.trades.conftest import make_trade

TOKEN = "a-token-of-prometheus"


@pytest.fixture
def on(settings):
    settings.METRICS_TOKEN = TOKEN


def ask(client: Client, token: str = TOKEN):
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def told(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, by the names of these."""
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# -- who may ask ---------------------------------------------------------------
def test_without_a_token_they_are_off_and_say_how_to_switch_them_on(client):
    answer = ask(client)
    assert answer.status_code == 404
    assert "Set METRICS_TOKEN" in answer.content.decode()


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong-token-of-somebody", f"Basic {TOKEN}", TOKEN])
def test_only_who_has_the_token_is_answered(client, on, authorization):
    answer = client.get("/metrics", headers={"Authorization": authorization})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    assert b"cardvault_" not in answer.content


@pytest.mark.django_db
def test_a_scrape_by_the_address_of_a_pod_is_answered(client, on):
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", "Host": "10.1.2.3:8000"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert "no-cache" in answer["Cache-Control"]


def test_a_workers_own_server_shows_counts_alone_to_who_has_the_token(on):
    server = exposition.serve(0, "127.0.0.1")
    address = f"http://127.0.0.1:{server.server_port}/"
    try:
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address, timeout=60)
    finally:
        server.shutdown()
        server.server_close()
    assert "cardvault_task_seconds" in text
    assert "cardvault_queue_messages" not in text
    assert refused.value.code == 401


# -- requests ------------------------------------------------------------------
@pytest.mark.django_db
def test_a_request_is_counted_by_the_name_of_its_route(on):
    user, client = make_user(), Client()
    before = told(ask(client).content.decode())
    client.get(f"/members/{user.pk}/")
    client.get(f"/members/{user.pk}/")
    after = told(ask(client).content.decode())

    def grown(*sample: str) -> float:
        return after[sample] - before.get(sample, 0)

    assert grown("cardvault_requests_total", "GET", "member", "2xx") == 2
    assert grown("cardvault_request_seconds_count", "member") == 2
    assert grown("cardvault_request_queries_sum", "member") >= 4
    assert str(user.pk) not in json.dumps([list(sample) for sample in after])


@pytest.mark.django_db
def test_whoever_tries_paths_and_methods_makes_no_labels(on):
    client = Client()
    for number in range(3):
        client.get(f"/nothing/{number}/")
        client.generic(f"NONSENSE{number}", "/healthz")
    routes = {sample[1:] for sample in told(ask(client).content.decode()) if sample[0] == "cardvault_requests_total"}
    assert ("GET", "none", "4xx") in routes
    assert {method for method, _, _ in routes} <= {"GET", "POST", "other"}


def test_switched_off_nothing_is_measured(client):
    before = metrics.REGISTRY.get_sample_value("cardvault_request_seconds_count", {"route": "healthz"})
    client.get("/healthz")
    assert metrics.REGISTRY.get_sample_value("cardvault_request_seconds_count", {"route": "healthz"}) == before


# -- what the stores know -------------------------------------------------------
def test_queues_are_told_with_the_age_of_what_waits_longest():
    assert queue_names() == ["default", "feeds", "notify", "vision"]
    for _ in range(2):
        app.send_task("nothing.of.ours", queue="vision")
    try:
        found = queues_now(now=timezone.now() + dt.timedelta(seconds=90))
    finally:
        with app.connection_for_write() as broker:
            broker.default_channel.queue_purge("vision")
    lengths = {name: length for name, length, _ in found.waiting}
    ages = {name: age for name, _, age in found.waiting}
    assert (lengths["vision"], lengths["feeds"], ages["feeds"]) == (2, 0, 0.0)
    assert 89 < ages["vision"] < 120


@pytest.mark.django_db
def test_money_is_told_by_account_and_currency_and_sums_to_zero():
    seller = available_account(make_user().pk)
    for key, account, money in (("a", seller, Money(12_345, "USD")), ("b", FEES, Money(1000, "JPY"))):
        clearing = Money(-money.amount_minor, money.currency)
        ledger.post(kind="test", idempotency_key=key, cause="", entries=[(account, money), (CLEARING, clearing)])
    found = {sample[:2]: sample[2] for sample in readings.money()}
    assert found["cardvault_money", ("member available", "USD")] == 123.45
    assert found["cardvault_money", ("fees", "JPY")] == 1000
    assert found["cardvault_ledger_sum", ("USD",)] == found["cardvault_ledger_sum", ("JPY",)] == 0


@pytest.mark.django_db
def test_the_last_proof_of_the_books_is_told():
    prove_books()
    LedgerCheck.objects.update(checked_at=timezone.now() - dt.timedelta(hours=30), findings=["a", "b"])
    found = {sample[0]: sample[2] for sample in readings.books()}
    assert found["cardvault_ledger_findings"] == 2
    assert 30 * 3600 <= found["cardvault_ledger_checked_seconds"] < 30 * 3600 + 60


@pytest.mark.django_db
def test_backups_and_drills_are_told_with_their_age():
    assert list(readings.backups()) == []
    with connection.cursor() as cursor:
        cursor.execute("insert into backups_basebackup default values")  # as docker/backup/keep.sh does
    now = timezone.now()
    for days, how in ((9, {"stages": {"restore": 3.0}}), (4, {"trouble": "a wrong passphrase"}), (0, {})):
        RestoreDrill.objects.create(created_at=now - dt.timedelta(days=days), **how)
    found = {sample[0]: sample[2] for sample in readings.backups()}
    assert 0 <= found["cardvault_base_backup_seconds"] < 60
    assert found["cardvault_drill_seconds"] == pytest.approx(9 * 86400, abs=60)  # the one under way proves nothing yet
    assert found["cardvault_drill_failed"] == 1


@pytest.mark.django_db
def test_an_event_that_waits_and_a_hold_that_is_late_are_told_with_their_age():
    trade = make_trade()
    trade.hold.due_at = timezone.now() - dt.timedelta(minutes=30)
    trade.hold.save(update_fields=["due_at"])
    late = {sample[0]: sample[2] for sample in readings.holds()}
    assert late["cardvault_holds_overdue"] == 1
    assert late["cardvault_holds_overdue_oldest_seconds"] == pytest.approx(1800, abs=60)
    pending = {sample[0]: sample[2] for sample in readings.outbox()}
    assert pending["cardvault_outbox_pending"] >= 1
    assert 0 <= pending["cardvault_outbox_oldest_seconds"] < 60


@pytest.mark.django_db
def test_a_feed_that_runs_is_told_with_the_age_of_its_newest_price():
    feed, _ = Feed.objects.update_or_create(
        slug="ours",
        defaults={
            "kind": "csv",
            "is_on": True,
            "pace_minutes": 60,
            "options": {"url": "https://prices.example/a.csv", "source": "shop"},
        },
    )
    run = {"feed": feed, "trigger": "schedule", "ended_at": timezone.now(), "error": "answered 500"}
    FeedRun.objects.create(state="failed", newest_at=timezone.now() - dt.timedelta(hours=5), **run)
    found = {sample[:2]: sample[2] for sample in readings.feeds()}
    assert found["cardvault_feed_lag_seconds", ("ours",)] == pytest.approx(5 * 3600, abs=60)
    assert found["cardvault_feed_failing", ("ours",)] == 1
    Feed.objects.update(is_on=False)
    assert list(readings.feeds()) == []


@pytest.mark.django_db
def test_photos_that_wait_are_told(media):
    make_scan(photos=2, state="queued", cards=0)
    from apps.scans.models import ScanPhoto

    ScanPhoto.objects.update(done_at=None)
    found = {sample[0]: sample[2] for sample in readings.scans()}
    assert found["cardvault_scan_photos_waiting"] == 2


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


# -- when something is wrong ------------------------------------------------------
@pytest.mark.django_db
def test_a_reading_that_fails_is_named_and_the_others_are_shown(client, on, monkeypatch):
    def breaks():
        raise DatabaseError("away")

    broken = state.Reading("broken", (state.Figure("cardvault_broken", "b"),), breaks, 0)
    monkeypatch.setattr(state, "READINGS", [broken, *state.READINGS])
    found = told(ask(client).content.decode())
    assert found["cardvault_reading_failed", "broken"] == 1
    assert {value for sample, value in found.items() if sample[0] == "cardvault_reading_failed"} == {0, 1}
    assert [sample for sample, value in found.items() if sample[0] == "cardvault_reading_failed" and value == 1] == [
        ("cardvault_reading_failed", "broken")
    ]
    assert ("cardvault_outbox_pending",) in found


@pytest.mark.django_db
def test_a_scrape_asks_the_database_a_fixed_number_of_times(client, on, django_assert_max_num_queries):
    ask(client)
    with django_assert_max_num_queries(60):
        ask(client)


@pytest.mark.django_db
def test_what_is_dear_to_ask_is_asked_once_a_while(django_assert_num_queries):
    each = next(one for one in state.READINGS if one.name == "money")
    first = each.samples()
    with django_assert_num_queries(0):
        assert each.samples() == [tuple(sample) for sample in first]
