"""Celery's signals: a task carries the id of the request that caused it, and is timed and counted.

Every message says when it was sent; the reading of queues takes the age of the oldest from that.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import Token
from typing import Any

import structlog
from celery import Task, signals
from django.conf import settings
from structlog.contextvars import bind_contextvars, get_contextvars, reset_contextvars

from apps.core import metrics
from config.observing.queues import SENT_AT, queue_names

log = structlog.get_logger("task")

REQUEST_ID = "request_id"
_under_way: dict[str, tuple[float, Mapping[str, Token[Any]]]] = {}


def start() -> None:
    """Listen."""
    signals.before_task_publish.connect(_sent, weak=False)
    signals.task_prerun.connect(_began, weak=False)
    signals.task_postrun.connect(_ended, weak=False)
    signals.worker_ready.connect(_serve, weak=False)


def _sent(headers: dict[str, Any], **_: object) -> None:
    """Celery gives the headers before the message leaves."""
    headers[SENT_AT] = time.time()
    if known_as := get_contextvars().get(REQUEST_ID):
        headers[REQUEST_ID] = known_as


def _began(task_id: str, task: Task, **_: object) -> None:
    sent, known_as = task.request.get(SENT_AT), task.request.get(REQUEST_ID)
    if not task.request.is_eager:
        _waited(task, sent)
    # What the schedule sent is known by its own id: what it causes is found by that.
    origin = known_as or get_contextvars().get(REQUEST_ID) or task_id
    tokens = bind_contextvars(request_id=origin, task=task.name, task_id=task_id)
    _under_way[task_id] = (time.perf_counter(), tokens)


def _waited(task: Task, sent: object) -> None:
    queue = (task.request.delivery_info or {}).get("routing_key") or ""
    if isinstance(sent, int | float):
        label = queue if queue in queue_names() else "other"
        metrics.TASK_WAITED.labels(label).observe(max(0.0, time.time() - sent))


_OUTCOMES = {"SUCCESS": "success", "RETRY": "retry"}


def _ended(task_id: str, task: Task, state: str | None = None, **_: object) -> None:
    began, tokens = _under_way.pop(task_id, (None, {}))
    if began is None:
        return
    seconds = time.perf_counter() - began
    outcome = _OUTCOMES.get(state or "", "failure")
    metrics.TASK_SECONDS.labels(task.name).observe(seconds)
    metrics.TASKS.labels(task.name, outcome).inc()
    # Some run every two seconds: a line for each would drown the others.
    say = log.debug if outcome == "success" and task_id == get_contextvars().get(REQUEST_ID) else log.info
    say("task.finished", outcome=outcome, ms=round(seconds * 1000, 1))
    reset_contextvars(**tokens)


def _serve(**_: object) -> None:
    """A worker on a machine of its own is asked there."""
    if settings.METRICS_TOKEN and settings.METRICS_PORT:
        from config.observing.exposition import serve

        serve(settings.METRICS_PORT)
