"""The instruments: what is counted and timed where it happens. What the stores know is asked at a scrape (config.observing).

Labels have few values that are known beforehand: routes, tasks, queues, stages. Never an id, a path, an address or anything
that a client writes. docs/observability.md lists all of them.
"""

from __future__ import annotations

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary

from apps.core.slots import Slots, share

SLOTS: Slots | None = share(settings.METRICS_DIR) if settings.METRICS_TOKEN else None
"""None where metrics are off: the instruments then count in memory, and nobody asks."""

REGISTRY = CollectorRegistry()

_OF_REQUESTS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 10)
_OF_TASKS = (0.01, 0.05, 0.2, 1, 5, 20, 60, 300, 900)
_OF_WAITING = (0.1, 1, 5, 15, 60, 300, 900, 3600)
_OF_STAGES = (0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15)
_OF_CONFIDENCE = tuple(i / 10 for i in range(1, 11))

REQUEST_SECONDS = Histogram(
    "cardvault_request_seconds",
    "Time to answer a request, by the name of its route",
    ["route"],
    buckets=_OF_REQUESTS,
    registry=REGISTRY,
)
REQUESTS = Counter(
    "cardvault_requests",
    "Requests by route, method and class of the answer's status (2xx)",
    ["route", "method", "status"],
    registry=REGISTRY,
)
REQUEST_QUERIES = Summary(
    "cardvault_request_queries",
    "Statements that a request sent to PostgreSQL, by route",
    ["route"],
    registry=REGISTRY,
)
REQUESTS_AT_ONCE = Gauge(
    "cardvault_requests_in_progress",
    "Requests that are being answered",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)

TASK_SECONDS = Histogram(
    "cardvault_task_seconds", "Time that a task ran", ["task"], buckets=_OF_TASKS, registry=REGISTRY
)
TASKS = Counter(
    "cardvault_tasks",
    "Tasks that ended, by outcome: success, failure, retry",
    ["task", "outcome"],
    registry=REGISTRY,
)
TASK_WAITED = Histogram(
    "cardvault_task_waited_seconds",
    "Time from sending a task to its beginning, by queue",
    ["queue"],
    buckets=_OF_WAITING,
    registry=REGISTRY,
)

OUTBOX_DELIVERIES = Counter(
    "cardvault_outbox_deliveries",
    "Events handed to a handler, by outcome: success, failure, parked",
    ["handler", "outcome"],
    registry=REGISTRY,
)

WEBSOCKET_CLIENTS = Gauge(
    "cardvault_websocket_clients", "Open websockets", multiprocess_mode="livesum", registry=REGISTRY
)
WEBSOCKETS_CLOSED = Counter(
    "cardvault_websockets_closed", "Websockets that ended, by why: gone or a reason of ours", ["why"], registry=REGISTRY
)

RECOGNITION_SECONDS = Histogram(
    "cardvault_recognition_seconds",
    "Time of one photo in a stage of recognition, by the stage's version",
    ["stage", "version"],
    buckets=_OF_STAGES,
    registry=REGISTRY,
)
RECOGNITION_PHOTOS = Counter(
    "cardvault_recognition_photos",
    "Photos looked at, by outcome: done, unreadable, failed",
    ["outcome"],
    registry=REGISTRY,
)
RECOGNITION_CONFIDENCE = Histogram(
    "cardvault_recognition_confidence",
    "Probability of the first candidate of each card found; 0 where there was none",
    buckets=_OF_CONFIDENCE,
    registry=REGISTRY,
)
