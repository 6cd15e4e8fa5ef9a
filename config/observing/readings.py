"""The figures that are read from database and Redis at a scrape, one group for each room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import connection
from django.db.models import Count, Min, Q
from django.utils import timezone

from apps.backups.models import BaseBackup, RestoreDrill
from apps.core.models import Delivery, OutboxEvent
from apps.core.money import Money
from apps.escrow import ledger
from apps.escrow.models import Hold, LedgerCheck, Settlement
from apps.escrow.queries import inbox
from apps.escrow.reconciling.models import ReconciliationRun
from apps.notifications.models import Dispatch, Mail, State
from apps.notifications.webhooks.models import MessageState, WebhookMessage
from apps.scans import drift, waiting
from apps.valuations.feeds.queries import statuses
from config.observing.queues import queues_now
from config.observing.state import Figure, Sample, reading

OVERDUE = dt.timedelta(minutes=5)
"""The clock sweeps every half minute; a deadline that passed so long ago was not carried out."""


def _age(at: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds since then, 0 where nothing waits."""
    return max(0.0, (now - at).total_seconds()) if at else 0.0


@reading(
    Figure("cardvault_queue_messages", "Tasks that wait in a queue", ("queue",)),
    Figure("cardvault_queue_oldest_seconds", "Age of the task that waits longest; 0 where none does", ("queue",)),
    Figure("cardvault_queue_taken", "Tasks that workers have and have not finished"),
)
def queues() -> Iterator[Sample]:
    """What waits in Redis for a worker."""
    found = queues_now(now=timezone.now())
    for name, length, age in found.waiting:
        yield "cardvault_queue_messages", (name,), length
        yield "cardvault_queue_oldest_seconds", (name,), age
    yield "cardvault_queue_taken", (), found.taken


@reading(
    Figure("cardvault_outbox_pending", "Deliveries of events to handlers that are still to be made"),
    Figure("cardvault_outbox_oldest_seconds", "Age of the oldest event that a handler still waits for"),
    Figure("cardvault_outbox_parked", "Deliveries that failed at every try and wait for an operator"),
)
def outbox() -> Iterator[Sample]:
    """Events on their way."""
    told = Delivery.objects.filter(delivered_at__isnull=True).aggregate(
        pending=Count("pk", filter=Q(parked_at__isnull=True)),
        parked=Count("pk", filter=Q(parked_at__isnull=False)),
        oldest=Min("event_id", filter=Q(parked_at__isnull=True)),
    )
    since = OutboxEvent.objects.filter(pk=told["oldest"]).values_list("emitted_at", flat=True).first()
    yield "cardvault_outbox_pending", (), told["pending"]
    yield "cardvault_outbox_oldest_seconds", (), _age(since, timezone.now())
    yield "cardvault_outbox_parked", (), told["parked"]


@reading(
    Figure("cardvault_holds_overdue", "Holds whose deadline passed over five minutes ago and was not carried out"),
    Figure("cardvault_holds_overdue_oldest_seconds", "For how long the oldest of them has been due"),
)
def holds() -> Iterator[Sample]:
    """The clock of money that is held."""
    now = timezone.now()
    late = Hold.objects.filter(due_at__lte=now - OVERDUE).aggregate(count=Count("pk"), oldest=Min("due_at"))
    yield "cardvault_holds_overdue", (), late["count"]
    yield "cardvault_holds_overdue_oldest_seconds", (), _age(late["oldest"], now)


@reading(
    Figure(
        "cardvault_money", "Balance of all accounts of a kind, in whole units of the currency", ("account", "currency")
    ),
    Figure(
        "cardvault_ledger_sum", "Sum of all balances of a currency, which is 0 in books that are right", ("currency",)
    ),
    kept_seconds=60,
)
def money() -> Iterator[Sample]:
    """What is held for whom, by the ledger."""
    sums: dict[str, int] = {}
    for each in ledger.totals():
        sums[each.currency] = sums.get(each.currency, 0) + each.balance_minor
        yield "cardvault_money", (each.kind, each.currency), float(Money(each.balance_minor, each.currency).decimal)
    for currency, total in sums.items():
        yield "cardvault_ledger_sum", (currency,), float(Money(total, currency).decimal)


@reading(
    Figure("cardvault_ledger_findings", "Broken invariants that the last proof of the books found"),
    Figure("cardvault_ledger_checked_seconds", "Time since the last proof of the books"),
    Figure("cardvault_ledger_unsealed", "Transactions that no seal covers yet"),
    Figure("cardvault_ledger_unsealed_seconds", "Age of the oldest of them"),
)
def books() -> Iterator[Sample]:
    """Whether the books were found right, and how far the chain of seals has come."""
    now = timezone.now()
    last = LedgerCheck.objects.order_by("-checked_at").first()
    if last is not None:
        yield "cardvault_ledger_findings", (), len(last.findings)
        yield "cardvault_ledger_checked_seconds", (), _age(last.checked_at, now)
    unsealed = ledger.unsealed()
    yield "cardvault_ledger_unsealed", (), unsealed.transactions
    yield "cardvault_ledger_unsealed_seconds", (), _age(unsealed.since, now)


@reading(
    Figure(
        "cardvault_reconciliation_unexplained", "Differences to the processor that nobody explained, at the last look"
    ),
    Figure("cardvault_reconciliation_seconds", "Time since the last comparison with the processor that was finished"),
    Figure("cardvault_payment_events_waiting", "Messages of the processor that are to be handled"),
    Figure("cardvault_payment_events_oldest_seconds", "Age of the oldest of them"),
    Figure("cardvault_payment_events_parked", "Messages of the processor that failed at every try"),
    Figure("cardvault_settlements_failed", "Transfers and refunds that wait for an operator"),
    kept_seconds=10,
)
def payments() -> Iterator[Sample]:
    """What came from the payment processor and goes to it."""
    now = timezone.now()
    last = ReconciliationRun.objects.filter(finished_at__isnull=False).order_by("-created_at").first()
    if last is not None and last.finished_at is not None:
        yield "cardvault_reconciliation_unexplained", (), last.unexplained
        yield "cardvault_reconciliation_seconds", (), _age(last.finished_at, now)
    told = inbox()
    yield "cardvault_payment_events_waiting", (), told.waiting
    yield "cardvault_payment_events_oldest_seconds", (), told.age.total_seconds()
    yield "cardvault_payment_events_parked", (), told.parked
    failed = Settlement.objects.filter(state=Settlement.State.FAILED).count()
    yield "cardvault_settlements_failed", (), failed


@reading(
    Figure("cardvault_feed_lag_seconds", "Age of the newest price that a feed brought, of feeds that run", ("feed",)),
    Figure("cardvault_feed_failing", "1 where a feed's last run failed, stopped, or it is left alone", ("feed",)),
    kept_seconds=30,
)
def feeds() -> Iterator[Sample]:
    """Whether prices come."""
    for status in statuses():
        if status.why_off:
            continue
        if status.lag is not None:
            yield "cardvault_feed_lag_seconds", (status.feed.slug,), status.lag.total_seconds()
        yield "cardvault_feed_failing", (status.feed.slug,), float(status.state in ("failed", "resting", "stopped"))


@reading(
    Figure("cardvault_scan_photos_waiting", "Photos that are not looked at yet"),
    Figure("cardvault_scan_oldest_seconds", "Age of the oldest of them"),
)
def scans() -> Iterator[Sample]:
    """Photos in the queue, as the database knows them."""
    told = waiting.undone().aggregate(count=Count("pk"), oldest=Min("created_at"))
    yield "cardvault_scan_photos_waiting", (), told["count"]
    yield "cardvault_scan_oldest_seconds", (), _age(told["oldest"], timezone.now())


@reading(
    Figure(
        "cardvault_recognition_drift", "Population stability index of the last day's confidence against the reference"
    ),
    Figure("cardvault_recognition_cards", "Cards that it compares, by window: recent, reference", ("window",)),
    kept_seconds=600,
)
def recognition() -> Iterator[Sample]:
    """Whether recognition is as sure as when its versions went into service."""
    found = drift.measured(now=timezone.now())
    yield "cardvault_recognition_cards", ("recent",), sum(found.recent)
    yield "cardvault_recognition_cards", ("reference",), sum(found.reference)
    if (index := found.index) is not None:
        yield "cardvault_recognition_drift", (), index


@reading(
    Figure("cardvault_messages_due", "E-mails, pushes and webhook messages that are due and not sent", ("channel",)),
    Figure("cardvault_messages_oldest_seconds", "For how long the oldest of them has been due", ("channel",)),
    kept_seconds=10,
)
def messages() -> Iterator[Sample]:
    """What members are to be told."""
    now = timezone.now()
    for channel, rows in (
        ("email", Mail.objects.filter(state=State.WAITING)),
        ("push", Dispatch.objects.filter(state=State.WAITING, channel=Dispatch.Channel.PUSH)),
        ("webhook", WebhookMessage.objects.filter(state=MessageState.WAITING)),
    ):
        told = rows.filter(due_at__lte=now).aggregate(count=Count("pk"), oldest=Min("due_at"))
        yield "cardvault_messages_due", (channel,), told["count"]
        yield "cardvault_messages_oldest_seconds", (channel,), _age(told["oldest"], now)


@reading(
    Figure("cardvault_base_backup_seconds", "Time since the last base backup of the database that ended well"),
    Figure("cardvault_drill_seconds", "Time since the last restore drill that proved a backup good"),
    Figure("cardvault_drill_failed", "1 where the last restore drill found the backup not good"),
    kept_seconds=60,
)
def backups() -> Iterator[Sample]:
    """Whether there is something to go back to. What never was is left out."""
    now = timezone.now()
    taken = BaseBackup.objects.order_by("-ended_at").first()
    if taken is not None:
        yield "cardvault_base_backup_seconds", (), _age(taken.ended_at, now)
    drills = RestoreDrill.objects.exclude(stages={}, trouble="").order_by(
        "-created_at"
    )  # one that goes on proves nothing
    if (good := drills.filter(trouble="").first()) is not None:
        yield "cardvault_drill_seconds", (), _age(good.created_at, now)
    if (last := drills.first()) is not None:
        yield "cardvault_drill_failed", (), float(bool(last.trouble))


@reading(
    Figure("cardvault_database_connections", "Connections to this database, by state", ("state",)),
    Figure("cardvault_database_transaction_oldest_seconds", "Age of the oldest transaction that is open"),
)
def database() -> Iterator[Sample]:
    """How PostgreSQL is used."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(state, 'other'), count(*), coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)"
            " from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() group by 1"
        )
        rows = cursor.fetchall()
    for state, count, _ in rows:
        yield "cardvault_database_connections", (state,), count
    yield "cardvault_database_transaction_oldest_seconds", (), float(max((age for _, _, age in rows), default=0))
